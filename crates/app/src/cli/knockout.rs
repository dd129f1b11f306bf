//! The words of `trimtab knockout`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::StampArg;

/// Knock-out certificates on an index.
#[derive(Debug, Subcommand)]
pub(crate) enum KnockOutCommand {
    /// Say what one certificate is worth: bid and ask, leverage, distance and chance of its death,
    /// and what a night costs.
    #[command(after_help = "Examples:
  trimtab knockout quote --side long --index 18000 --strike 17100 --volatility 18
  trimtab knockout quote --side short --index 18000 --distance-percent 4 --volatility 25
  trimtab knockout quote --side long --index 18000 --strike 16800 --barrier 17100 --volatility 18 \\
    --jump-chance-percent 1 --jump-percent 4")]
    Quote(Box<QuoteArgs>),
    /// Weigh a ladder of barriers for a view and a utility, choose one, and write a report.
    #[command(after_help = "Examples:
  trimtab knockout choose --side long --index 18000 --volatility 18 --drift-percent 60
  trimtab knockout choose --side short --index 18000 --volatility 25 --up-chance 0.4 \\
    --move-percent 2
  trimtab knockout choose --side long --index 18000 --volatility 18 --drift-percent 60 \\
    --utility expected --max-knock-out-percent 10 --distances 1,2,3,4,6,8")]
    Choose(Box<ChooseArgs>),
    /// Hold certificates by a rule on bars of an index, and write a report.
    #[command(after_help = "Examples:
  trimtab knockout life dax_15m.parquet --calendar none --side alternate --sigmas 1.5
  trimtab knockout life us_5min.parquet --symbol QQQ --index-hours new-york --distance-percent 3
  trimtab knockout life spx.csv --symbol SPX --index-hours new-york --side trend --hold 10
  trimtab knockout life --made-sessions 2500 --side alternate --sigmas 1")]
    Life(Box<LifeArgs>),
}

/// A certificate's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DirectionArg {
    /// Gains from a rise.
    Long,
    /// Gains from a fall.
    Short,
}

/// What all certificates have in common.
#[derive(Debug, Args)]
pub(crate) struct OfferArgs {
    /// Units of the index in one certificate; 1, 0.1 or 0.01 by the level when left out.
    #[arg(long)]
    pub ratio: Option<f64>,
    /// Overnight rate that the strike is financed by, percent a year.
    #[arg(long, default_value_t = 3.0, allow_negative_numbers = true)]
    pub rate_percent: f64,
    /// The issuer's margin, percent a year: added for a long, taken off for a short.
    #[arg(long, default_value_t = 3.0)]
    pub margin_percent: f64,
    /// Days that make a year of interest.
    #[arg(long, default_value_t = 360.0)]
    pub year_days: f64,
    /// The issuer's spread in points of the index; a hundredth of a percent of it when left out.
    #[arg(long)]
    pub spread_points: Option<f64>,
    /// Step of the issuer's prices.
    #[arg(long, default_value = "0.01")]
    pub tick: String,
}

/// What is expected of the index.
#[derive(Debug, Args)]
pub(crate) struct ViewArgs {
    /// Volatility, percent a year, nights included, jumps not.
    #[arg(long)]
    pub volatility: f64,
    /// Horizon in sessions, each with the night before it.
    #[arg(long, default_value_t = 5)]
    pub sessions: u32,
    /// Growth of the index's mean, percent a year, continuously compounded.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pub drift_percent: f64,
    /// Instead of a drift: the chance that the index ends up by --move-percent, else down by it.
    #[arg(long, requires = "move_percent", conflicts_with = "drift_percent")]
    pub up_chance: Option<f64>,
    /// The mean move of either case over the horizon, percent.
    #[arg(long, requires = "up_chance")]
    pub move_percent: Option<f64>,
    /// Part of a day's variance that falls into the night, percent; nobody watches there.
    #[arg(long, default_value_t = 30.0)]
    pub night_percent: f64,
    /// Chance that a night holds a jump besides, percent.
    #[arg(long, default_value_t = 0.0)]
    pub jump_chance_percent: f64,
    /// Deviation of a jump, percent of the index.
    #[arg(long, default_value_t = 3.0)]
    pub jump_percent: f64,
    /// Paths drawn.
    #[arg(long, default_value_t = 20_000)]
    pub paths: usize,
    /// Seed of the paths.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
}

/// One certificate.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("level").required(true))]
pub(crate) struct QuoteArgs {
    /// Which way it gains.
    #[arg(long, value_enum)]
    pub side: DirectionArg,
    /// The index now.
    #[arg(long)]
    pub index: f64,
    /// The strike, that is the financing level.
    #[arg(long, group = "level")]
    pub strike: Option<f64>,
    /// The barrier; the strike when left out.
    #[arg(long, requires = "strike")]
    pub barrier: Option<f64>,
    /// Instead of a strike: the distance of the barrier, percent of the index.
    #[arg(long, group = "level")]
    pub distance_percent: Option<f64>,
    /// The issuer's terms.
    #[command(flatten)]
    pub offer: OfferArgs,
    /// The view.
    #[command(flatten)]
    pub view: ViewArgs,
}

/// What is made large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum UtilityArg {
    /// The mean of the logarithm of wealth.
    Log,
    /// The mean of (w^(1-a) - 1) / (1 - a), with the aversion a.
    Crra,
    /// The mean less a/2 times the variance, with the aversion a.
    MeanVariance,
    /// The expected gain; bound it with --max-knock-out-percent.
    Expected,
}

/// What is staked and made large.
#[derive(Debug, Args)]
pub(crate) struct UtilityArgs {
    /// What is made large.
    #[arg(long, value_enum)]
    pub utility: Option<UtilityArg>,
    /// The aversion to risk of crra and mean-variance.
    #[arg(long, default_value_t = 2.0)]
    pub aversion: f64,
    /// Largest chance of a knock-out that is borne, percent: the upper end of its 95 % interval.
    #[arg(long)]
    pub max_knock_out_percent: Option<f64>,
    /// Distances of the barriers weighed, percent of the index, such as 1,2,3,5,8.
    #[arg(long, value_delimiter = ',')]
    pub distances: Option<Vec<f64>>,
}

/// A ladder of barriers.
#[derive(Debug, Args)]
pub(crate) struct ChooseArgs {
    /// Which way they gain.
    #[arg(long, value_enum)]
    pub side: DirectionArg,
    /// The index now.
    #[arg(long)]
    pub index: f64,
    /// What is made large; the logarithm of wealth when left out.
    #[command(flatten)]
    pub utility: UtilityArgs,
    /// Levels of the barriers weighed, such as 17000,17250,17500; sixteen by the horizon when
    /// neither levels nor distances are given.
    #[arg(long, value_delimiter = ',', conflicts_with = "distances")]
    pub barriers: Option<Vec<f64>>,
    /// Part of the wealth that is spent, percent.
    #[arg(long, default_value_t = 10.0)]
    pub stake_percent: f64,
    /// Sell when so much of the stake is lost, percent; never when left out.
    #[arg(long)]
    pub stop_loss_percent: Option<f64>,
    /// Distance of barriers from their strikes, percent of the strike; 0 is an open-end turbo.
    #[arg(long, default_value_t = 0.0)]
    pub buffer_percent: f64,
    /// The issuer's terms.
    #[command(flatten)]
    pub offer: OfferArgs,
    /// The view.
    #[command(flatten)]
    pub view: ViewArgs,
}

/// When the index is calculated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HoursArg {
    /// Xetra: 09:00 to 17:30 in Frankfurt.
    Xetra,
    /// 09:30 to 16:00 in New York.
    NewYork,
}

/// Where a touch kills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WatchArg {
    /// While the index is calculated.
    Index,
    /// While the issuer quotes.
    Issuer,
    /// In every bar.
    Always,
}

/// Where the issuer unwinds after a touch inside a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum UnwindArg {
    /// At the worst price of the bar.
    Worst,
    /// At the barrier.
    Barrier,
}

/// Which side is bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SidesArg {
    /// Always long.
    Long,
    /// Always short.
    Short,
    /// One after the other.
    Alternate,
    /// Long above the mean of the last closes, else short.
    Trend,
}

/// The bars.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("bars").required(true))]
pub(crate) struct BarsArgs {
    /// CSV or Parquet with time, open, high, low, close.
    #[arg(group = "bars")]
    pub file: Option<PathBuf>,
    /// Instead of a file: so many made sessions, labelled so.
    #[arg(long, group = "bars")]
    pub made_sessions: Option<u32>,
    /// Which symbol of several.
    #[arg(long)]
    pub symbol: Option<String>,
    /// A column by name: FIELD=COLUMN. May be given many times.
    #[arg(long)]
    pub map: Vec<String>,
    /// The exchange whose clock the file's times have: XNYS, XETR, XLON; none for UTC.
    #[arg(long, default_value = "XNYS")]
    pub calendar: String,
    /// Which end of a short bar its time names.
    #[arg(long, value_enum, default_value = "start")]
    pub stamp: StampArg,
    /// When the index is calculated.
    #[arg(long, value_enum, default_value_t = HoursArg::Xetra)]
    pub index_hours: HoursArg,
}

/// The rule and the issuer.
#[derive(Debug, Args)]
pub(crate) struct LifeArgs {
    /// The bars.
    #[command(flatten)]
    pub bars: BarsArgs,
    /// Which side is bought.
    #[arg(long, value_enum, default_value_t = SidesArg::Long)]
    pub side: SidesArg,
    /// Closes of the mean that --side trend looks at.
    #[arg(long, default_value_t = 20)]
    pub trend_sessions: usize,
    /// Barriers at a fixed distance, percent of the index.
    #[arg(long, conflicts_with_all = ["sigmas", "utility", "distances"])]
    pub distance_percent: Option<f64>,
    /// Barriers at so many measured deviations of the index over the time held; 1.5 when nothing
    /// else is said.
    #[arg(long, conflicts_with_all = ["utility", "distances"])]
    pub sigmas: Option<f64>,
    /// Or the best by a utility.
    #[command(flatten)]
    pub utility: UtilityArgs,
    /// Growth of the index that is expected, percent a year.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pub drift_percent: f64,
    /// Sold when so many sessions have begun after the one in which it was bought.
    #[arg(long, default_value_t = 5)]
    pub hold: u32,
    /// Part of the equity that a purchase spends, percent.
    #[arg(long, default_value_t = 10.0)]
    pub stake_percent: f64,
    /// Money at the start.
    #[arg(long, default_value = "10000.00")]
    pub cash: String,
    /// Distance of barriers from their strikes, percent of the strike; 0 is an open-end turbo.
    #[arg(long, default_value_t = 0.0)]
    pub buffer_percent: f64,
    /// The issuer's terms.
    #[command(flatten)]
    pub offer: OfferArgs,
    /// When a touch kills.
    #[arg(long, value_enum, default_value_t = WatchArg::Index)]
    pub watch: WatchArg,
    /// Where the issuer unwinds after a touch inside a bar.
    #[arg(long, value_enum, default_value_t = UnwindArg::Worst)]
    pub unwind: UnwindArg,
    /// From sending an order to its arrival, in milliseconds.
    #[arg(long, default_value_t = 500.0)]
    pub latency_ms: f64,
    /// The broker's fee of each order.
    #[arg(long, default_value = "0.00")]
    pub fee: String,
    /// Sessions over which volatility is measured before the first purchase.
    #[arg(long, default_value_t = 20)]
    pub volatility_sessions: usize,
    /// Paths by which a chance of a knock-out is told.
    #[arg(long, default_value_t = 1_000)]
    pub paths: usize,
    /// Seed of the paths, and of made bars.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Volatility of made bars, percent a year.
    #[arg(long, default_value_t = 18.0)]
    pub made_volatility: f64,
}
