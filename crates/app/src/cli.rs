//! The words of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A machine-learning trading platform: from raw market data to supervised orders, honestly
/// tested on the way.
#[derive(Debug, Parser)]
#[command(
    name = "trimtab",
    version,
    max_term_width = 100,
    after_help = "Examples:
  trimtab demo                        two synthetic markets, one report
  trimtab features list               every calculator
  trimtab features explain rsi_14     what one of them is
  trimtab experiments                 openings of the held-out part, on record"
)]
pub(crate) struct Cli {
    /// Folder of state and reports.
    #[arg(long, global = true, env = "TRIMTAB_HOME", default_value = "trimtab-home")]
    pub home: PathBuf,
    /// Answer in JSON on standard output.
    #[arg(long, global = true)]
    pub json: bool,
    /// Show no progress bars.
    #[arg(long, global = true)]
    pub quiet: bool,
    /// Threads for parallel work; all cores by default. The result is the same for any number.
    #[arg(long, global = true)]
    pub threads: Option<usize>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make two synthetic markets, one with a planted edge and one with none; scan, train and
    /// judge the breakout book on both, and write one report.
    Demo(DemoArgs),
    /// The calculators: list them, explain one.
    #[command(subcommand)]
    Features(FeaturesCommand),
    /// Openings of the held-out part, on record.
    #[command(after_help = "Example: trimtab experiments --json")]
    Experiments,
    /// Print a completion script for a shell.
    #[command(after_help = "Example: trimtab completions bash > trimtab.bash")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// How big the demo is.
#[derive(Debug, Args)]
#[command(after_help = "Example: trimtab demo --symbols 400 --years 10")]
pub(crate) struct DemoArgs {
    /// Stocks in each market.
    #[arg(long, default_value_t = 400)]
    pub symbols: usize,
    /// Years of daily bars.
    #[arg(long, default_value_t = 10)]
    pub years: u32,
    /// Seed of everything.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Strength of the planted edge, in daily volatilities a session.
    #[arg(long, default_value_t = 0.8)]
    pub strength: f64,
    /// Numbers of the book; built in when left out.
    #[arg(long)]
    pub book_config: Option<PathBuf>,
}

/// The calculators.
#[derive(Debug, Subcommand)]
pub(crate) enum FeaturesCommand {
    /// List all.
    List,
    /// Say what one is: formula, window, inputs, units, source.
    Explain {
        /// Its name.
        name: String,
    },
}
