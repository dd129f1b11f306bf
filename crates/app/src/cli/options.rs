//! The words of `trimtab options`.

use std::path::PathBuf;

use base::Day;
use clap::{Args, Subcommand, ValueEnum};

/// Options.
#[derive(Debug, Subcommand)]
pub(crate) enum OptionsCommand {
    /// Value one contract, or find the volatility of its price: Greeks, method, error.
    #[command(after_help = "Examples:
  trimtab options price call --strike 105 --spot 100 --days 30 --rate 0.04 --volatility 0.2
  trimtab options price put --strike 100 --spot 98 --at 2024-01-15 --expiry 2024-06-21 --american \\
      --rate 0.05 --dividend 2024-03-01=0.5 --price 5.10
  trimtab options price call --strike 80 --forward 82.5 --years 0.25 --volatility 0.35")]
    Price(Box<PriceArgs>),
    /// Draw what a strategy brings: breakevens, most and worst, margin, chance of a profit.
    #[command(after_help = "Examples:
  trimtab options payoff iron-condor --strikes 90,95,105,110 --prices 0.5,1.2,1.3,0.4 \\
      --spot 100 --days 30 --volatility 0.2
  trimtab options payoff calendar --right call --strikes 100 --spot 100 --days 30 --far-days 60 \\
      --volatility 0.25 --rate 0.04
  trimtab options payoff legs --leg '+1 call 100 @3.10' --leg '-2 call 110 @0.80' \\
      --leg '+1 call 120 90d' --spot 101 --days 45 --volatility 0.3")]
    Payoff(Box<PayoffArgs>),
    /// Look at a recorded chain: what is refused and why, arbitrage, SVI and SSVI surfaces.
    #[command(after_help = "Examples:
  trimtab options chain equity_options_daily_quote.parquet --symbol AAPL --at 2014-06-06T20:00
  trimtab options chain SP500-18-oct-2024.json --at 2024-10-10T18:00 --rate 0.045
  trimtab options chain option_chain_universe_eod.parquet --symbol AAPL --at 2014-06-05")]
    Chain(ChainArgs),
    /// Run a plan over recorded quotes at real bid and ask: fills with their evidence, a report.
    #[command(after_help = "Examples:
  trimtab options backtest equity_options_hour_quote.parquet --symbol AAPL --strategy iron-condor \\
      --delta 0.25 --width 10 --days 5..20 --split 2014-06-09=7:1 --oldest-min 61
  trimtab options backtest index_options_minute_quote.parquet --symbol SPXW --strategy straddle \\
      --moneyness 1 --days 1..3 --close-days 0 --margin broad-index
  trimtab options backtest --made 2022-01-03..2023-12-29 --strategy vertical --right put \\
      --delta 0.3 --width 5 --days 14..28 --close-days 3 --take 0.5")]
    Backtest(Box<BacktestArgs>),
}

/// Call or put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RightArg {
    /// To buy.
    Call,
    /// To sell.
    Put,
}

/// One contract.
#[derive(Debug, Args)]
pub(crate) struct PriceArgs {
    /// Call or put.
    #[arg(value_enum)]
    pub right: RightArg,
    /// The strike.
    #[arg(long)]
    pub strike: f64,
    /// Price of the underlying.
    #[arg(long, required_unless_present = "forward", conflicts_with = "forward")]
    pub spot: Option<f64>,
    /// Price of a future, or agreed for delivery at expiry.
    #[arg(long)]
    pub forward: Option<f64>,
    /// Time to expiry.
    #[command(flatten)]
    pub time: TimeArgs,
    /// Interest and payments.
    #[command(flatten)]
    pub carry: CarryArgs,
    /// Volatility a year; 0.2 is 20 %.
    #[arg(long, required_unless_present = "price", conflicts_with = "price")]
    pub volatility: Option<f64>,
    /// The option's price, to find its volatility.
    #[arg(long)]
    pub price: Option<f64>,
    /// It may be exercised at any time.
    #[arg(long)]
    pub american: bool,
}

/// Time to expiry.
#[derive(Debug, Args)]
pub(crate) struct TimeArgs {
    /// Years to expiry.
    #[arg(long, conflicts_with_all = ["days", "expiry"])]
    pub years: Option<f64>,
    /// Days to expiry, of 365.25 a year.
    #[arg(long, conflicts_with = "expiry")]
    pub days: Option<f64>,
    /// Day of expiry; counted from --at.
    #[arg(long, requires = "at")]
    pub expiry: Option<Day>,
    /// The day from which days of expiry and of dividends are counted.
    #[arg(long)]
    pub at: Option<Day>,
}

/// Interest and payments.
#[derive(Debug, Args)]
pub(crate) struct CarryArgs {
    /// Interest a year, continuously compounded; 0.04 is 4 %.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pub rate: f64,
    /// Yield of the underlying a year, continuously compounded.
    #[arg(long = "yield", default_value_t = 0.0, allow_negative_numbers = true)]
    pub yield_rate: f64,
    /// A payment in cash by its ex-day: 2024-03-01=0.5. May be given many times.
    #[arg(long, value_name = "DAY=CASH")]
    pub dividend: Vec<String>,
}

/// A strategy by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StrategyArg {
    /// Two strikes of one right; --stance says which side.
    Vertical,
    /// Put spread and call spread sold.
    IronCondor,
    /// One low and one high strike bought, two of the middle sold.
    Butterfly,
    /// Put and call of one strike.
    Straddle,
    /// Near expiry sold, far one bought.
    Calendar,
    /// The underlying, and a call sold on it.
    CoveredCall,
    /// The underlying, a put bought and a call sold.
    Collar,
    /// Put and call of two strikes; pay-offs alone.
    Strangle,
    /// Spelt out with --leg; pay-offs alone.
    Legs,
}

/// Bought or sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StanceArg {
    /// Bought: a debit.
    Long,
    /// Sold: a credit.
    Short,
}

/// What kind of underlying, for margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClassArg {
    /// A share.
    Equity,
    /// An index of one industry.
    NarrowIndex,
    /// An index of a whole market.
    BroadIndex,
}

/// A pay-off.
#[derive(Debug, Args)]
pub(crate) struct PayoffArgs {
    /// The strategy.
    #[arg(value_enum)]
    pub strategy: StrategyArg,
    /// Its strikes, ascending: 90,95,105,110.
    #[arg(long, value_delimiter = ',')]
    pub strikes: Vec<f64>,
    /// Prices of its options in that order; those of the formula when left out.
    #[arg(long, value_delimiter = ',')]
    pub prices: Vec<f64>,
    /// A leg: '+1 call 105 @2.10', '-1 put 95 60d', '+1 shares'. May be given many times.
    #[arg(long, value_name = "LEG", allow_hyphen_values = true)]
    pub leg: Vec<String>,
    /// Calls or puts, of a vertical, butterfly or calendar.
    #[arg(long, value_enum, default_value_t = RightArg::Call)]
    pub right: RightArg,
    /// Bought or sold. A sold vertical takes in a credit; an iron condor is sold as it is.
    #[arg(long, value_enum, default_value_t = StanceArg::Long)]
    pub stance: StanceArg,
    /// How many.
    #[arg(long, default_value_t = 1.0)]
    pub quantity: f64,
    /// Units of the underlying in a contract.
    #[arg(long, default_value_t = 100.0)]
    pub multiplier: f64,
    /// Price of the underlying.
    #[arg(long)]
    pub spot: f64,
    /// Days to expiry, of 365.25 a year.
    #[arg(long)]
    pub days: f64,
    /// Days to the far expiry of a calendar.
    #[arg(long)]
    pub far_days: Option<f64>,
    /// Volatility a year, for chances, values before expiry and prices left out.
    #[arg(long)]
    pub volatility: f64,
    /// Interest a year, continuously compounded.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pub rate: f64,
    /// Yield of the underlying a year.
    #[arg(long = "yield", default_value_t = 0.0, allow_negative_numbers = true)]
    pub yield_rate: f64,
    /// What kind of underlying, for margin.
    #[arg(long, value_enum, default_value_t = ClassArg::Equity)]
    pub class: ClassArg,
}

/// A recorded file.
#[derive(Debug, Args)]
pub(crate) struct RecordedArgs {
    /// Which underlying of several.
    #[arg(long)]
    pub symbol: Option<String>,
    /// When its options may be exercised; known for the usual indices, American for all else.
    #[arg(long, value_enum)]
    pub style: Option<StyleArg>,
    /// Interest and payments.
    #[command(flatten)]
    pub carry: CarryArgs,
    /// Oldest age of a quote that is taken, in minutes.
    #[arg(long, default_value_t = 5.0)]
    pub oldest_min: f64,
}

/// When an option may be exercised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StyleArg {
    /// At any time.
    American,
    /// At expiry.
    European,
}

/// A chain.
#[derive(Debug, Args)]
pub(crate) struct ChainArgs {
    /// Parquet of quotes or of chains at the end of a day, or a snapshot in JSON or CSV.
    pub file: PathBuf,
    /// How it is read.
    #[command(flatten)]
    pub recorded: RecordedArgs,
    /// The moment, UTC: 2014-06-06T20:00, or a day; the one with the most quotes when left out.
    #[arg(long)]
    pub at: Option<String>,
    /// Price of the underlying; the file's, or implied by call and put, when left out.
    #[arg(long)]
    pub spot: Option<f64>,
    /// The expiry of a snapshot in CSV.
    #[arg(long)]
    pub expiry: Option<Day>,
    /// Expiries with fewer days left are not fitted.
    #[arg(long, default_value_t = 2.0)]
    pub least_days: f64,
}

/// What a position needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MarginArg {
    /// Nothing.
    None,
    /// Cash for the worst at expiry.
    WorstCase,
    /// The rules of the exchanges, for a share.
    Equity,
    /// The same, for an index of a whole market.
    BroadIndex,
}

/// At which price orders fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FillArg {
    /// A purchase pays the ask, a sale gets the bid.
    Touch,
    /// Halfway: for comparison alone.
    Mid,
}

/// Which quotes an order may fill on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ArrivalArg {
    /// The one that stands when it is sent.
    Standing,
    /// Only one that came later.
    Next,
}

/// What trading costs beside the spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FeesArg {
    /// Interactive Brokers' commission, regulatory and clearing fees.
    Ibkr,
    /// Nothing.
    None,
}

/// A backtest.
#[derive(Debug, Args)]
pub(crate) struct BacktestArgs {
    /// Parquet of quotes.
    #[arg(required_unless_present = "made", conflicts_with = "made")]
    pub file: Option<PathBuf>,
    /// Made chains in place of a file, labelled synthetic: 2022-01-03..2023-12-29.
    #[arg(long, value_name = "FROM..TO")]
    pub made: Option<String>,
    /// Seed of made chains and of early assignment.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// How it is read.
    #[command(flatten)]
    pub recorded: RecordedArgs,
    /// First day.
    #[arg(long)]
    pub from: Option<Day>,
    /// Last day.
    #[arg(long)]
    pub to: Option<Day>,
    /// A split by its first day: 2014-06-09=7:1. May be given many times.
    #[arg(long, value_name = "DAY=NEW:OLD")]
    pub split: Vec<String>,
    /// What is traded.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// On what terms.
    #[command(flatten)]
    pub terms: TermsArgs,
}

/// What is traded, and when.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// The strategy.
    #[arg(long, value_enum)]
    pub strategy: StrategyArg,
    /// Calls or puts, of a vertical, butterfly or calendar.
    #[arg(long, value_enum, default_value_t = RightArg::Put)]
    pub right: RightArg,
    /// Bought or sold, of a vertical or a straddle.
    #[arg(long, value_enum, default_value_t = StanceArg::Short)]
    pub stance: StanceArg,
    /// Magnitude of the delta at which strikes are chosen.
    #[arg(long, conflicts_with = "moneyness")]
    pub delta: Option<f64>,
    /// Delta of the call, where it is another than that of the put.
    #[arg(long)]
    pub call_delta: Option<f64>,
    /// The strike as a part of the price of the underlying, in place of a delta.
    #[arg(long)]
    pub moneyness: Option<f64>,
    /// Distance of the outer strikes, in the underlying's price.
    #[arg(long)]
    pub width: Option<String>,
    /// Least and most days to expiry at entry; the expiry nearest the middle is taken.
    #[arg(long, default_value = "20..45")]
    pub days: String,
    /// Days by which the later expiry of a calendar is later, at least.
    #[arg(long, default_value_t = 14)]
    pub apart: i32,
    /// How many units.
    #[arg(long, default_value_t = 1)]
    pub units: u32,
    /// Close at so many days to expiry, and open anew.
    #[arg(long)]
    pub close_days: Option<i32>,
    /// Close after so many days.
    #[arg(long)]
    pub hold_days: Option<i32>,
    /// Close at a profit of this part of the premium.
    #[arg(long)]
    pub take: Option<f64>,
    /// Close at a loss of this part of the premium.
    #[arg(long)]
    pub stop: Option<f64>,
}

/// Money, fills, fees, margin.
#[derive(Debug, Args)]
pub(crate) struct TermsArgs {
    /// Cash at the start.
    #[arg(long, default_value = "100000.00")]
    pub cash: String,
    /// At which price orders fill.
    #[arg(long, value_enum, default_value_t = FillArg::Touch)]
    pub fill: FillArg,
    /// Which quotes an order may fill on.
    #[arg(long, value_enum, default_value_t = ArrivalArg::Standing)]
    pub arrival: ArrivalArg,
    /// Fees.
    #[arg(long, value_enum, default_value_t = FeesArg::Ibkr)]
    pub fees: FeesArg,
    /// Margin.
    #[arg(long, value_enum, default_value_t = MarginArg::WorstCase)]
    pub margin: MarginArg,
    /// Part of short contracts that are assigned early where it pays their holders; 0 for none.
    #[arg(long, default_value_t = 1.0)]
    pub assigned: f64,
}
