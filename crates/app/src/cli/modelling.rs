//! Words for models: train, tune, evaluate, explain, and the list of them.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What a target holds.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum KindArg {
    /// 1 for a win, 0 for none.
    Wins,
    /// Any number.
    Numbers,
    /// Names or numbers of classes.
    Classes,
    /// How high a row belongs among those of its group.
    Ranks,
}

/// Rows, and which column is what.
#[derive(Debug, Args)]
pub(crate) struct RowsArgs {
    /// A CSV or Parquet file with a row of names.
    pub data: Option<PathBuf>,
    /// A question to the lake instead of a file.
    #[arg(long, value_name = "QUERY", conflicts_with = "data")]
    pub sql: Option<String>,
    /// Column that is foretold; several, separated by commas, for a network with several heads.
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    pub target: Vec<String>,
    /// What the target holds; found out when absent.
    #[arg(long, value_enum)]
    pub kind: Option<KindArg>,
    /// Column that says when a row was known; found out when absent.
    #[arg(long, value_name = "COLUMN")]
    pub time: Option<String>,
    /// Column that says what a row speaks of, a symbol for example; found out when absent.
    #[arg(long, value_name = "COLUMN")]
    pub id: Option<String>,
    /// Column that says when the target was known; the row's own time when absent.
    #[arg(long, value_name = "COLUMN")]
    pub ends: Option<String>,
    /// Column whose equal values make a group to rank; rows of one time when absent.
    #[arg(long, value_name = "COLUMN")]
    pub group: Option<String>,
    /// Column with weights of rows.
    #[arg(long, value_name = "COLUMN")]
    pub weight: Option<String>,
    /// Columns to read, separated by commas; all other columns of numbers when absent.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub features: Vec<String>,
    /// Columns to leave out, separated by commas.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub drop: Vec<String>,
    /// Rows of one id that make up a sequence; for models that read sequences.
    #[arg(long, value_name = "ROWS")]
    pub steps: Option<usize>,
    /// Columns that stand still, separated by commas: of a sequence its last row has them. dual
    /// reads them in a branch of their own.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub still: Vec<String>,
}

/// The curve that makes chances come true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CurveArg {
    /// Whichever is best on rows it was not fitted on; none where that is.
    Best,
    /// A logistic curve over the log odds.
    Platt,
    /// A monotone curve of any shape.
    Isotonic,
}

/// What a trade wins and costs, for the expected value of a threshold.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct StakesArgs {
    /// What a win brings, in R: multiples of what a loss takes.
    #[arg(long, value_name = "R", default_value_t = 1.0)]
    pub reward_to_risk: f64,
    /// What each trade costs, in R.
    #[arg(long, value_name = "R", default_value_t = 0.0)]
    pub cost_r: f64,
}

/// The model and how it is trained.
#[derive(Debug, Args)]
pub(crate) struct LearnArgs {
    /// Kind of model; `trimtab models kinds` lists all. Several are averaged: gru+trees, or mlp*5
    /// for five seeds of one.
    #[arg(long, default_value = "trees")]
    pub model: String,
    /// Name it is kept under; that of the file and the kind when absent.
    #[arg(long)]
    pub name: Option<String>,
    /// A setting by its path: PATH=VALUE. May be given many times.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// A TOML or JSON file of settings.
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// Steps of walking forward that tell how good it is; 0 for none.
    #[arg(long, default_value_t = 3)]
    pub folds: usize,
    /// Share of the rows held out, the latest ones; `evaluate` opens them once.
    #[arg(long, value_name = "SHARE", default_value_t = 0.2)]
    pub held_out: f64,
    /// Days kept empty between learning and judging.
    #[arg(long, value_name = "DAYS", default_value_t = 0.0)]
    pub embargo_days: f64,
    /// Make chances of a win come true by a curve that is fitted on the forecasts of walking
    /// forward, never on the held-out rows.
    #[arg(long, value_enum, value_name = "CURVE")]
    pub calibrate: Option<CurveArg>,
    /// Seed of everything.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Also write the model to this file: XGBoost's JSON for trees, safetensors for networks.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Training.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trimtab train signals.csv --target won
  trimtab train signals.parquet --target won --model mlp --set epochs=50 --set design.hidden=[32]
  trimtab train days.csv --target regime --model gru --steps 20 --ends known_at
  trimtab train --sql \"select * from bars_daily\" --target close --kind numbers
  trimtab train signals.csv --target won --calibrate best --reward-to-risk 2.5
  trimtab train days.csv --target regime --model regime_ensemble --steps 21
  trimtab train long.csv --target gain,fall,rise --model dual --steps 32 --still sector,size
  trimtab train books.parquet --model deep_lob --target direction,spread,impact

Ctrl-C leaves a checkpoint, and so does a crash; the same command goes on from there.")]
pub(crate) struct TrainArgs {
    /// The rows.
    #[command(flatten)]
    pub rows: RowsArgs,
    /// The model.
    #[command(flatten)]
    pub learn: LearnArgs,
    /// Stakes.
    #[command(flatten)]
    pub stakes: StakesArgs,
}

/// How settings are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MethodArg {
    /// Tree-structured Parzen estimator.
    Tpe,
    /// Gaussian process with expected improvement.
    Gp,
    /// Genetic.
    Genetic,
    /// At random.
    Random,
    /// A lattice.
    Grid,
}

/// When trials are given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PruningArg {
    /// Never.
    None,
    /// Above the median of the others at the same step.
    Median,
    /// By several halvings side by side.
    Hyperband,
}

/// A search for settings.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trimtab tune signals.csv --target won --trials 100
  trimtab tune signals.csv --target won --model mlp --method gp --space space.toml

A space by paths of settings:
  \"max_depth\" = { int = { low = 2, high = 8 } }
  \"learning_rate\" = { log_float = { low = 0.01, high = 0.3 } }
  \"design.hidden\" = { choice = [\"[32]\", \"[64,64]\"] }

Trials are kept in the state store: the same command goes on where it was stopped, and with
--shared several processes work on one search.")]
pub(crate) struct TuneArgs {
    /// The rows.
    #[command(flatten)]
    pub rows: RowsArgs,
    /// The model.
    #[command(flatten)]
    pub learn: LearnArgs,
    /// Trials in all.
    #[arg(long, default_value_t = 50)]
    pub trials: usize,
    /// How settings are searched.
    #[arg(long, value_enum, default_value = "tpe")]
    pub method: MethodArg,
    /// Trials proposed together; part of the result.
    #[arg(long, default_value_t = 4)]
    pub batch: usize,
    /// When trials are given up.
    #[arg(long, value_enum, default_value = "median")]
    pub pruning: PruningArg,
    /// A TOML or JSON file of settings and what each may be; built in for each kind when absent.
    #[arg(long, value_name = "FILE")]
    pub space: Option<PathBuf>,
    /// Share the search with other processes on the same state store.
    #[arg(long)]
    pub shared: bool,
    /// Stakes.
    #[command(flatten)]
    pub stakes: StakesArgs,
}

/// A kept model.
#[derive(Debug, Args)]
pub(crate) struct KeptArgs {
    /// Name of the model.
    pub name: String,
    /// Its version; the newest when absent.
    #[arg(long)]
    pub version: Option<String>,
}

/// Judging.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trimtab evaluate signals-trees                  opens the held-out rows, once, on record
  trimtab evaluate signals-trees newer.csv        on other rows
  trimtab evaluate outside newer.csv --target won")]
pub(crate) struct EvaluateArgs {
    /// The model.
    #[command(flatten)]
    pub kept: KeptArgs,
    /// The rows; the model's own held-out ones when absent.
    #[command(flatten)]
    pub rows: RowsArgs,
    /// Stakes.
    #[command(flatten)]
    pub stakes: StakesArgs,
}

/// Explaining.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trimtab explain signals-trees
  trimtab explain signals-trees newer.csv --shuffles 20")]
pub(crate) struct ExplainArgs {
    /// The model.
    #[command(flatten)]
    pub kept: KeptArgs,
    /// The rows; those it learned from when absent.
    #[command(flatten)]
    pub rows: RowsArgs,
    /// Shuffles of each column.
    #[arg(long, default_value_t = 10)]
    pub shuffles: u64,
    /// Most rows that are asked about, the latest ones.
    #[arg(long, value_name = "ROWS", default_value_t = 5000)]
    pub most_rows: usize,
}

/// Models on record.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// List all.
    Ls,
    /// List the kinds of models that can be trained, with their settings.
    Kinds,
    /// Take in a model that was trained elsewhere and exported to ONNX.
    #[command(after_help = "Example: trimtab models register mlp.onnx --contract mlp.json

The contract, which `docs/howto/bring-a-model.md` explains:
  {\"name\": \"outside\", \"features\": [\"momentum\", \"range\"], \"kind\": \"win_logit\",
   \"check\": [{\"input\": [0.5, -1.25], \"output\": [0.8413]}]}")]
    Register {
        /// The ONNX file.
        file: PathBuf,
        /// What it reads and gives, and rows to prove it by.
        #[arg(long, value_name = "FILE")]
        contract: PathBuf,
    },
    /// Write a model to a file: XGBoost's JSON for trees, safetensors for networks.
    Export {
        /// The model.
        #[command(flatten)]
        kept: KeptArgs,
        /// The file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}
