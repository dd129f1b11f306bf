//! The words of `trimtab flow`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::depth::FileArgs;

/// The flow of orders behind a recorded order book.
#[derive(Debug, Subcommand)]
pub(crate) enum FlowCommand {
    /// Fit a zero-intelligence and a Hawkes flow to a recording, and keep them in a file.
    #[command(after_help = "Examples:
  trimtab flow fit es_mbo.dbn.zst
  trimtab flow fit btcusdt.jsonl.gz --tick 0.1 --lot 0.001 --kernels 2 --out btc.json")]
    Fit(FitArgs),
    /// Measure the stylised facts of a recording and of simulated flows, side by side.
    #[command(after_help = "Examples:
  trimtab flow facts es_mbo.dbn.zst                       fits all flows, simulates, compares
  trimtab flow facts es_mbo.dbn.zst --model hawkes
  trimtab flow facts next_day.dbn.zst --against es.json   flows of another recording
  trimtab flow facts es_mbo.dbn.zst --alone               the recording alone")]
    Facts(FactsArgs),
    /// Write a synthetic order-by-order recording.
    #[command(after_help = "Examples:
  trimtab flow synth es.json --out made.dbn.zst --minutes 30
  trimtab flow synth --crowd --out noise.dbn.zst --minutes 60 --seed 3
  trimtab flow synth --crowd --planted-ticks 2 --out planted.dbn.zst --minutes 60
  trimtab depth look noise.dbn.zst")]
    Synth(SynthFlowArgs),
}

/// What of a recording is looked at.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// First moment, UTC: 2024-08-08T12:00:00, or 12:00:00 of the recording's first day; that
    /// after the first whole book when left out.
    #[arg(long)]
    pub from: Option<String>,
    /// Last moment, UTC; the recording's when left out.
    #[arg(long)]
    pub to: Option<String>,
    /// Farthest that an order counts, in ticks from the other side's best price; what takes in
    /// most limit orders, 10 to 100, when left out.
    #[arg(long, value_name = "TICKS")]
    pub nearest: Option<i64>,
    /// Step of the recorder's clock, in milliseconds; found in the recording when left out.
    #[arg(long)]
    pub clock_ms: Option<f64>,
}

/// A fit.
#[derive(Debug, Args)]
pub(crate) struct FitArgs {
    /// The recording.
    #[command(flatten)]
    pub file: FileArgs,
    /// What of it is looked at.
    #[command(flatten)]
    pub watch: WatchArgs,
    /// Kernels of the Hawkes flow, 1 to 4; each has a decay of its own.
    #[arg(long, default_value_t = 3)]
    pub kernels: usize,
    /// Where the flows are kept; in --home, under `flows`, when left out.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Seed of the intervals.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// A flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModelArg {
    /// Zero intelligence: constant rates.
    Zi,
    /// Events that bring forth events.
    Hawkes,
    /// A flow around a fair price that some know.
    Crowd,
}

/// Facts.
#[derive(Debug, Args)]
pub(crate) struct FactsArgs {
    /// The recording.
    #[command(flatten)]
    pub file: FileArgs,
    /// What of it is looked at.
    #[command(flatten)]
    pub watch: WatchArgs,
    /// Flows of `trimtab flow fit`; fitted to this very recording when left out.
    #[arg(long, value_name = "MODEL.json")]
    pub against: Option<PathBuf>,
    /// Which flows are simulated, zi,hawkes,crowd; all when left out.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub model: Vec<ModelArg>,
    /// Measure the recording alone.
    #[arg(long, conflicts_with_all = ["against", "model", "minutes"])]
    pub alone: bool,
    /// Kernels of the Hawkes flow, where one is fitted here.
    #[arg(long, default_value_t = 3, conflicts_with = "against")]
    pub kernels: usize,
    /// Minutes that each flow is simulated for; as long as the recording when left out.
    #[arg(long)]
    pub minutes: Option<f64>,
    /// Seed of simulations and intervals.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// A made recording.
#[derive(Debug, Args)]
pub(crate) struct SynthFlowArgs {
    /// Flows of `trimtab flow fit`; a plain built-in market with --crowd alone.
    pub file: Option<PathBuf>,
    /// A crowd: the flow around a fair price that is a martingale, which some know.
    #[arg(long, conflicts_with = "model")]
    pub crowd: bool,
    /// Which flow of the file; the Hawkes flow where there is one, when left out.
    #[arg(long, value_enum)]
    pub model: Option<ModelArg>,
    /// Where to: a name that ends in .dbn or .dbn.zst.
    #[arg(long)]
    pub out: PathBuf,
    /// Seed of everything: the same seed gives the same bytes.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How long.
    #[arg(long, default_value_t = 30.0)]
    pub minutes: f64,
    /// Plant an edge: ticks that the fair price drifts after an imbalance of one of market orders;
    /// negative for a price that comes back, 0 for none.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true, value_name = "TICKS")]
    pub planted_ticks: f64,
    /// Seconds over which the imbalance is taken, and then the drift.
    #[arg(long, default_value_t = 1.0, value_name = "SECONDS")]
    pub planted_over_s: f64,
    /// What the instrument shall be called.
    #[arg(long, default_value = "MADE")]
    pub symbol: String,
}
