//! The words of `trimtab execute`.

use clap::{Args, ValueEnum};

use super::depth::{FileArgs, VenueArgs};

/// Parent orders in a recorded order book.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trimtab execute btcusdt.jsonl.gz --side buy --qty 5 --parents 20 --taker-bps 5 --maker-bps 2
  trimtab execute es_mbo.dbn.zst --side alternate --qty 20 --parents 30 --compare
  trimtab execute es_mbo.dbn.zst --side sell --qty 50 --pace pov --rate 0.05 --style aggressive
  trimtab execute btcusdt.jsonl.gz --side buy --qty 5 --from 12:00:00 --to 12:05:00 --limit-bps 3")]
pub(crate) struct ExecuteArgs {
    /// The recording.
    #[command(flatten)]
    pub file: FileArgs,
    /// What is wanted.
    #[command(flatten)]
    pub order: OrderArgs,
    /// The pace.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// How children are sent.
    #[command(flatten)]
    pub children: ChildrenArgs,
    /// What is assumed of the venue.
    #[command(flatten)]
    pub venue: VenueArgs,
}

/// What is wanted.
#[derive(Debug, Args)]
pub(crate) struct OrderArgs {
    /// Buy, sell, or one after the other.
    #[arg(long, value_enum)]
    pub side: SideArg,
    /// Size of each parent, in units.
    #[arg(long)]
    pub qty: String,
    /// How many parents, spread evenly over the time.
    #[arg(long, default_value_t = 1)]
    pub parents: u32,
    /// First moment, UTC: 2024-08-08T12:00:00, or 12:00:00 of the recording's first day; the first
    /// whole book when left out.
    #[arg(long)]
    pub from: Option<String>,
    /// Last moment, UTC; the recording's when left out.
    #[arg(long)]
    pub to: Option<String>,
    /// Seconds each parent is worked for; four fifths of its share of the time when left out.
    #[arg(long, value_name = "SECONDS")]
    pub over_s: Option<f64>,
    /// Worst price of any child.
    #[arg(long, conflicts_with = "limit_bps")]
    pub limit: Option<String>,
    /// Worst price of any child, in basis points beyond the middle at its parent's start.
    #[arg(long)]
    pub limit_bps: Option<f64>,
    /// Largest part that a parent may be of all volume since its start, above 0 and below 1.
    #[arg(long)]
    pub participation: Option<f64>,
    /// Seconds after the end at which a price counts as what stayed; a quarter of the time, at
    /// most 60, when left out.
    #[arg(long, value_name = "SECONDS")]
    pub reversion_s: Option<f64>,
}

/// Which way.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SideArg {
    /// Buy.
    Buy,
    /// Sell.
    Sell,
    /// The first buys, the next sells, and so on.
    Alternate,
}

/// A pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PaceArg {
    /// In proportion to time.
    Twap,
    /// In proportion to an expected volume.
    Vwap,
    /// In proportion to the volume that is traded.
    Pov,
    /// Early, as a dislike of variance has it.
    AlmgrenChriss,
}

/// The pace.
#[derive(Debug, Args)]
pub(crate) struct PaceArgs {
    /// The pace.
    #[arg(long, value_enum, default_value_t = PaceArg::Twap)]
    pub pace: PaceArg,
    /// Work all four paces over the same stretches, and put them in one table.
    #[arg(long, conflicts_with = "pace")]
    pub compare: bool,
    /// VWAP: shares of volume in equal steps over the time, such as 3,2,1,2,3; an assumed U when
    /// left out.
    #[arg(long, value_delimiter = ',')]
    pub volumes: Option<Vec<f64>>,
    /// POV: our part of all volume, above 0 and below 1.
    #[arg(long, default_value_t = 0.1)]
    pub rate: f64,
    /// POV: largest part of the volume since the child before; twice the rate, below 1, when left
    /// out.
    #[arg(long)]
    pub catch_up: Option<f64>,
    /// Almgren-Chriss: κT, how many times over e the rest would fall; 0 is TWAP.
    #[arg(long, default_value_t = 2.0)]
    pub urgency: f64,
    /// Almgren-Chriss: λ, dislike of variance per unit of money, instead of --urgency.
    #[arg(long, conflicts_with = "urgency", requires_all = ["volatility", "temporary"])]
    pub risk_aversion: Option<f64>,
    /// Almgren-Chriss: σ, in price over the square root of a second.
    #[arg(long, requires = "risk_aversion")]
    pub volatility: Option<f64>,
    /// Almgren-Chriss: η, in price for one unit a second.
    #[arg(long, requires = "risk_aversion")]
    pub temporary: Option<f64>,
}

/// How children are priced.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum StyleArg {
    /// They take at once.
    Aggressive,
    /// They wait at our side's best price, then take.
    PassiveFirst,
}

/// How children are sent.
#[derive(Debug, Args)]
pub(crate) struct ChildrenArgs {
    /// How children are priced.
    #[arg(long, value_enum, default_value_t = StyleArg::PassiveFirst)]
    pub style: StyleArg,
    /// Seconds a child may rest; half the time of a slice when left out.
    #[arg(long, value_name = "SECONDS")]
    pub patience_s: Option<f64>,
    /// A child is no smaller than its parent divided by this.
    #[arg(long, default_value_t = 20)]
    pub slices: u32,
    /// Largest child, in units.
    #[arg(long)]
    pub largest_child: Option<String>,
    /// So many seconds before the end all that is left takes, 0 for never; a twentieth of the time
    /// when left out, and never for POV.
    #[arg(long, value_name = "SECONDS")]
    pub finish_s: Option<f64>,
    /// How often a worker looks, in milliseconds.
    #[arg(long, default_value_t = 10.0)]
    pub every_ms: f64,
}
