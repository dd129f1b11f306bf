//! The words of `trimtab depth`.

use std::path::PathBuf;

use base::Day;
use clap::{Args, Subcommand, ValueEnum};

/// Recorded order books.
#[derive(Debug, Subcommand)]
pub(crate) enum DepthCommand {
    /// Say what is in a recording: format, messages, faults, spread, depth, delay.
    #[command(after_help = "Example: trimtab depth look es_mbo.dbn.zst")]
    Look {
        /// The recording.
        #[command(flatten)]
        file: FileArgs,
    },
    /// Replay a recording with a market maker in it, and write a report.
    #[command(after_help = "Examples:
  trimtab depth replay btcusdt.jsonl.gz --tick 0.1 --lot 0.001 --maker-bps 2 --taker-bps 5
  trimtab depth replay es_mbo.dbn.zst --latency-ms 0.5 --size 1 --most 5 --multiplier 50
  trimtab depth replay btcusd_perp.jsonl.gz --tick 0.1 --lot 1 --inverse --multiplier 100")]
    Replay(ReplayArgs),
}

/// A recording.
#[derive(Debug, Args)]
pub(crate) struct FileArgs {
    /// The file: DBN, Binance lines, LOBSTER, Bitstamp or LEAN ticks, packed or not.
    pub file: PathBuf,
    /// Step of prices; found from the file when left out.
    #[arg(long, requires = "lot")]
    pub tick: Option<String>,
    /// Step of sizes; found from the file when left out.
    #[arg(long, requires = "tick")]
    pub lot: Option<String>,
    /// Which instrument of several.
    #[arg(long)]
    pub symbol: Option<String>,
    /// The day, where neither bytes nor name say it.
    #[arg(long)]
    pub day: Option<Day>,
    /// For Binance: the last update of the recording that this one continues.
    #[arg(long)]
    pub after_update: Option<u64>,
}

/// A replay.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The recording.
    #[command(flatten)]
    pub file: FileArgs,
    /// What is assumed of the venue.
    #[command(flatten)]
    pub venue: VenueArgs,
    /// Orders a side, one tick apart.
    #[arg(long, default_value_t = 1)]
    pub levels: u16,
    /// Lots of each order.
    #[arg(long, default_value_t = 10)]
    pub size: u32,
    /// It stops adding to a position of so many lots.
    #[arg(long, default_value_t = 50)]
    pub most: u32,
    /// How often it looks, in milliseconds.
    #[arg(long, default_value_t = 100.0)]
    pub every_ms: f64,
    /// Units of the underlying in a contract; with --inverse the quote currency that it stands
    /// for.
    #[arg(long, default_value = "1")]
    pub multiplier: String,
    /// Contracts settled in the coin that is priced (Binance COIN-M): money is counted in
    /// millionths of the coin.
    #[arg(long)]
    pub inverse: bool,
}

/// What is assumed of the way to the venue, its queues, its healing and its fees.
#[derive(Debug, Args)]
pub(crate) struct VenueArgs {
    /// Time to the venue, and back, in milliseconds.
    #[arg(long, default_value_t = 10.0)]
    pub latency_ms: f64,
    /// What is assumed of cancellations in front of our orders, where the feed shows no orders.
    #[arg(long, value_enum, default_value_t = QueueArg::RiskAverse)]
    pub queue: QueueArg,
    /// Time after which half of what we took is back, in milliseconds.
    #[arg(long, default_value_t = 1_000.0)]
    pub half_life_ms: f64,
    /// Fee of orders that rest, in basis points of the value; negative is a rebate.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pub maker_bps: f64,
    /// Fee of orders that take, in basis points of the value.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pub taker_bps: f64,
    /// Fee of each unit traded, on top.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pub per_unit: f64,
}

/// A queue model.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum QueueArg {
    /// All cancel behind us.
    RiskAverse,
    /// By the squares of what stands ahead and behind.
    Share,
}
