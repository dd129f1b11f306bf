//! The words of the command line.

use std::path::PathBuf;

use base::Day;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// A machine-learning trading platform: from raw market data to supervised orders, honestly
/// tested on the way.
#[derive(Debug, Parser)]
#[command(
    name = "trimtab",
    version,
    max_term_width = 100,
    after_help = "Examples:
  trimtab demo                                   two synthetic markets, one report
  trimtab data ingest bars.csv --dataset mine    read bars into the lake
  trimtab study breakout --dataset mine          scan, train, test on held-out data, report
  trimtab day --date 2024-06-28                  walk one day, sending nothing
  trimtab features explain rsi_14                what a feature is"
)]
pub struct Cli {
    /// Folder of tables, state and reports.
    #[arg(long, global = true, env = "TRIMTAB_HOME", default_value = "trimtab-home")]
    pub home: PathBuf,
    /// Settings file; `HOME/trimtab.toml` when it exists.
    #[arg(long, global = true)]
    pub config: Option<PathBuf>,
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
pub enum Command {
    /// Make two synthetic markets, one with a planted edge and one with none; study both, walk
    /// one day with the simulated broker, and write one report.
    Demo(DemoArgs),
    /// Make a synthetic market and put it into the lake.
    Synth(SynthArgs),
    /// Market data: ingest, list, look, verify, query.
    #[command(subcommand)]
    Data(DataCommand),
    /// The calculators: list them, explain one.
    #[command(subcommand)]
    Features(FeaturesCommand),
    /// Find rally, base and breakout in a data set.
    Scan(ScanArgs),
    /// Scan, train, test once on held-out data, backtest, and report.
    Study(StudyArgs),
    /// Walk one day: download, features, scan, score, plan, approve, execute, manage, reconcile,
    /// report. Sends nothing unless told to.
    Day(DayArgs),
    /// Waiting intents and orders.
    #[command(subcommand)]
    Orders(OrdersCommand),
    /// The kill switch.
    #[command(subcommand)]
    Kill(KillCommand),
    /// Experiments, trials and openings of the held-out vault.
    #[command(subcommand)]
    Experiments(ExperimentsCommand),
    /// Print a completion script for a shell.
    #[command(after_help = "Example: trimtab completions bash > ~/.local/share/bash-completion/completions/trimtab")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// How big the demo is.
#[derive(Debug, Args)]
#[command(after_help = "Example: trimtab demo --symbols 400 --years 10")]
pub struct DemoArgs {
    /// Stocks in each market.
    #[arg(long, default_value_t = 400)]
    pub symbols: u32,
    /// Years of daily bars.
    #[arg(long, default_value_t = 10)]
    pub years: u32,
    /// Seed of everything.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Trials of the search for each model.
    #[arg(long, default_value_t = 30)]
    pub trials: usize,
}

/// Which market to make.
#[derive(Debug, Args)]
#[command(after_help = "Example: trimtab synth --symbols 8000 --years 20 --edge none --dataset big")]
pub struct SynthArgs {
    /// Name of the data set.
    #[arg(long)]
    pub dataset: String,
    /// Stocks.
    #[arg(long, default_value_t = 500)]
    pub symbols: u32,
    /// Years of daily bars.
    #[arg(long, default_value_t = 10)]
    pub years: u32,
    /// What there is to find.
    #[arg(long, value_enum, default_value_t = EdgeChoice::None)]
    pub edge: EdgeChoice,
    /// Seed of everything.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
}

/// What there is to find in a synthetic market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EdgeChoice {
    /// Nothing: prices are a martingale.
    None,
    /// Some breakouts really continue, by a known amount.
    Planted,
}

/// Market data.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// Read files into the lake. Rows that fail a check go to quarantine, with the reason.
    #[command(after_help = "Examples:
  trimtab data ingest prices.parquet --dataset mine
  trimtab data ingest prices.csv --dataset mine --map day=Date,open=O,high=H,low=L,close=C
  trimtab data ingest lean/equity/usa --dataset lean --layout lean")]
    Ingest {
        /// A CSV or Parquet file, or a folder of a known layout.
        path: PathBuf,
        /// Name of the data set.
        #[arg(long)]
        dataset: String,
        /// Columns by name: `day=Date,close=Last`. Detected when left out.
        #[arg(long, value_delimiter = ',')]
        map: Vec<String>,
        /// Layout; detected when left out: csv, parquet, lean, stooq, yahoo.
        #[arg(long)]
        layout: Option<String>,
    },
    /// List data sets with their ranges, rows and versions.
    Ls,
    /// Show one data set: manifests, quality, and the bars of a symbol.
    Show {
        /// The data set.
        dataset: String,
        /// Show the last bars of this symbol.
        #[arg(long)]
        symbol: Option<String>,
    },
    /// Hash every file again and prove that past versions read back exactly.
    Verify {
        /// Only this table.
        #[arg(long)]
        table: Option<String>,
    },
    /// Ask in SQL over every table; reads only.
    #[command(after_help = "Example: trimtab data sql \"select symbol, count(*) from bars_daily group by 1 limit 5\"")]
    Sql {
        /// The query.
        query: String,
    },
}

/// The calculators.
#[derive(Debug, Subcommand)]
pub enum FeaturesCommand {
    /// List all, or those of a book's side.
    List,
    /// Say what one is: formula, window, inputs, units, source.
    Explain {
        /// Its name.
        name: String,
    },
}

/// Where to look for patterns.
#[derive(Debug, Args)]
#[command(after_help = "Example: trimtab scan breakout --dataset mine --from 2024-01-01")]
pub struct ScanArgs {
    /// The book.
    #[arg(value_parser = ["breakout"])]
    pub book: String,
    /// The data set.
    #[arg(long)]
    pub dataset: String,
    /// First day of a signal.
    #[arg(long)]
    pub from: Option<Day>,
    /// Last day of a signal.
    #[arg(long)]
    pub to: Option<Day>,
}

/// What to study.
#[derive(Debug, Args)]
#[command(after_help = "Example: trimtab study breakout --dataset mine --context etfs,vix --trials 60")]
pub struct StudyArgs {
    /// The book.
    #[arg(value_parser = ["breakout"])]
    pub book: String,
    /// The data set of stocks.
    #[arg(long)]
    pub dataset: String,
    /// Data sets of funds and indices; the stocks' own when left out.
    #[arg(long, value_delimiter = ',')]
    pub context: Vec<String>,
    /// Numbers of the book; built in when left out.
    #[arg(long)]
    pub book_config: Option<PathBuf>,
    /// Trials of the search for each model.
    #[arg(long)]
    pub trials: Option<usize>,
    /// Seed of everything.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
}

/// Which day to walk, and how far.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trimtab day --date 2024-06-28                           plan only; nothing is sent
  trimtab day --date 2024-06-28 --mode paper              waits for `trimtab orders approve`
  trimtab day --date 2024-06-28 --mode paper --approve all --from approve")]
pub struct DayArgs {
    /// The session; the last one in the data when left out.
    #[arg(long)]
    pub date: Option<Day>,
    /// The data set of stocks.
    #[arg(long)]
    pub dataset: Option<String>,
    /// Data sets of funds and indices.
    #[arg(long, value_delimiter = ',')]
    pub context: Vec<String>,
    /// What happens to approved orders.
    #[arg(long, value_enum, default_value_t = ModeChoice::DryRun)]
    pub mode: ModeChoice,
    /// Who approves.
    #[arg(long, value_enum, default_value_t = ApprovalChoice::Human)]
    pub approve: ApprovalChoice,
    /// Begin at this step.
    #[arg(long)]
    pub from: Option<String>,
    /// Walk only this step.
    #[arg(long, conflicts_with = "from")]
    pub only: Option<String>,
    /// Leave these steps out.
    #[arg(long, value_delimiter = ',')]
    pub skip: Vec<String>,
    /// Walk finished steps again.
    #[arg(long)]
    pub again: bool,
}

/// What happens to approved orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModeChoice {
    /// They are written down and not sent.
    DryRun,
    /// They go to the simulated broker.
    Paper,
}

/// Who approves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ApprovalChoice {
    /// A person, with `trimtab orders approve`.
    Human,
    /// Nobody has to: every planned intent goes on.
    All,
}

/// Waiting intents and orders.
#[derive(Debug, Subcommand)]
pub enum OrdersCommand {
    /// Intents that wait for approval.
    Pending,
    /// Orders and their states.
    List,
    /// Let an intent trade; `all` for every waiting one.
    Approve {
        /// The intent.
        intent: String,
    },
    /// Do not let it trade.
    Reject {
        /// The intent.
        intent: String,
    },
}

/// The kill switch.
#[derive(Debug, Subcommand)]
pub enum KillCommand {
    /// Halt all trading at once.
    On {
        /// Why.
        #[arg(long, default_value = "by hand")]
        reason: String,
    },
    /// Allow trading again.
    Off,
    /// Say whether it is on.
    Status,
}

/// Experiments, trials and openings of the held-out vault.
#[derive(Debug, Subcommand)]
pub enum ExperimentsCommand {
    /// All experiments with their number of trials.
    Ls,
    /// One experiment with its trials.
    Show {
        /// Its id.
        id: String,
    },
}
