//! The words of the command line.

pub(crate) mod agents;
pub(crate) mod broker;
pub(crate) mod depth;
pub(crate) mod exchange;
pub(crate) mod execute;
pub(crate) mod flow;
pub(crate) mod kill;
pub(crate) mod knockout;
pub(crate) mod live;
pub(crate) mod modelling;
pub(crate) mod options;
pub(crate) mod statement;

use std::path::PathBuf;

use base::Day;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::log::Wanted;
use agents::AgentsCommand;
use broker::{BrokerArg, BrokerArgs};
use depth::DepthCommand;
use exchange::ExchangeArgs;
use execute::ExecuteArgs;
use flow::FlowCommand;
use kill::KillCommand;
use knockout::KnockOutCommand;
use modelling::{EvaluateArgs, ExplainArgs, ModelsCommand, TrainArgs, TuneArgs};
use options::OptionsCommand;
use statement::StatementArgs;

/// A machine-learning trading platform: from raw market data to supervised orders, honestly
/// tested on the way.
#[derive(Debug, Parser)]
#[command(
    name = "trimtab",
    version,
    max_term_width = 100,
    after_help = "Examples:
  trimtab demo                        two synthetic markets, one report
  trimtab data ingest prices.csv      a file into the lake
  trimtab study --stocks prices       scan, train and judge on it
  trimtab day --session 2024-06-28 --stocks prices
  trimtab train signals.csv --target won   a model of any kind on any rows
  trimtab features list               every calculator
  trimtab features explain rsi_14     what one of them is
  trimtab experiments                 openings of the held-out part, on record"
)]
pub(crate) struct Cli {
    /// Folder of state and reports.
    #[arg(long, global = true, env = "TRIMTAB_HOME", default_value = "trimtab-home")]
    pub home: PathBuf,
    /// URL of the state store, for example postgres://user@host/name; SQLite in --home when absent.
    #[arg(long, global = true, env = "TRIMTAB_DB")]
    pub db: Option<String>,
    /// Answer in JSON on standard output.
    #[arg(long, global = true)]
    pub json: bool,
    /// Show no progress bars.
    #[arg(long, global = true)]
    pub quiet: bool,
    /// Threads for parallel work; all cores by default. The result is the same for any number.
    #[arg(long, global = true)]
    pub threads: Option<usize>,
    /// What is told of the work on standard error: a level (error, warn, info, debug, trace, off),
    /// or levels of rooms, as info,brokers=debug. Warnings when empty.
    #[arg(
        long,
        global = true,
        value_name = "FILTER",
        env = "TRIMTAB_LOG",
        default_value = "",
        hide_default_value = true
    )]
    pub log: Wanted,
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
    /// Market data: take files in, look at them, prove them, ask questions in SQL.
    #[command(subcommand)]
    Data(DataCommand),
    /// Recorded order books: look at one, replay one with orders in it.
    #[command(subcommand)]
    Depth(DepthCommand),
    /// Work parent orders through a recorded order book by TWAP, VWAP, POV or Almgren-Chriss, and
    /// say what that cost.
    Execute(Box<ExecuteArgs>),
    /// Serve a simulated market and account over HTTP and WebSocket, as Alpaca serves them.
    Exchange(Box<ExchangeArgs>),
    /// The flow of orders behind a recorded order book: fit models, judge them by stylised facts,
    /// write synthetic recordings.
    #[command(subcommand)]
    Flow(Box<FlowCommand>),
    /// Knock-out certificates on an index: quote one, choose a barrier, hold them by a rule.
    #[command(subcommand, name = "knockout")]
    KnockOut(KnockOutCommand),
    /// Options: value one, draw a strategy, look at a recorded chain, test a plan on quotes.
    #[command(subcommand)]
    Options(OptionsCommand),
    /// Stream a synthetic market into the lake, labelled so.
    Synth(SynthArgs),
    /// Scan, train and judge the breakout book on data of the lake; write a report.
    Study(StudyArgs),
    /// Train a model on rows of a file or of the lake, and say how good it is.
    Train(TrainArgs),
    /// Search for settings of a model, then train it with the best.
    Tune(TuneArgs),
    /// Judge a kept model: on its held-out rows, once and on record, or on other rows.
    Evaluate(EvaluateArgs),
    /// Say what a kept model looks at.
    Explain(ExplainArgs),
    /// Models: list, register one from elsewhere, export.
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Agents that learn to trade bars by acting: train an ensemble, judge it on later bars.
    #[command(subcommand)]
    Agents(AgentsCommand),
    /// Walk a session: download, features, scan, score, plan, approve, execute, manage,
    /// reconcile, report. A dry run unless told otherwise.
    Day(DayArgs),
    /// What waits for a person, and the person's word.
    #[command(subcommand)]
    Orders(OrdersCommand),
    /// The kill switch.
    #[command(subcommand)]
    Kill(KillCommand),
    /// Real money: a person's key, and the terms signed with it.
    #[command(subcommand)]
    Live(live::LiveCommand),
    /// Two homes that were to do the same, side by side: every difference of signal, order, fill,
    /// time, price and fee.
    Parity(ParityArgs),
    /// Quotes and bars of some symbols as a broker tells them, until Ctrl-C.
    #[command(after_help = "Examples:
  trimtab watch AAPL SPY --broker alpaca
  trimtab watch AAPL --broker ibkr --json --lines 100")]
    Watch(WatchArgs),
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

impl Command {
    /// Whether what it says is kept: where it goes on for hours with nobody before the terminal, or
    /// acts at a broker.
    pub(crate) fn keeps_log(&self) -> bool {
        match self {
            Command::Exchange(_) => true,
            Command::Day(args) => args.broker.broker != BrokerArg::Simulated,
            Command::Kill(KillCommand::On(args)) => args.broker.broker != BrokerArg::Simulated,
            _ => false,
        }
    }
}

/// Prices that are watched.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// Which.
    #[arg(required = true)]
    pub symbols: Vec<String>,
    /// End after so many lines.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub lines: Option<u64>,
    /// Whom to ask.
    #[command(flatten)]
    pub broker: BrokerArgs,
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

/// Market data.
#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Take in a file or a folder: CSV, Parquet, LEAN, Stooq or Yahoo, found out by itself.
    Ingest(IngestArgs),
    /// List all appends.
    Ls,
    /// Show the last bars of a symbol.
    Show(ShowArgs),
    /// Say what the quality gate found.
    Quality {
        /// The dataset; all when absent.
        dataset: Option<String>,
    },
    /// Hash everything again and prove that each version reads back as it was written.
    Verify,
    /// Ask a question over all tables: bars_daily, bars_intraday, corporate_actions,
    /// fundamentals, instruments, macro_series, quarantine.
    #[command(
        after_help = "Example: trimtab data sql \"select symbol, max(close) from bars_daily \
                            group by symbol order by 2 desc limit 5\""
    )]
    Sql {
        /// The question.
        query: String,
        /// Answer as CSV.
        #[arg(long)]
        csv: bool,
    },
}

/// What a source did to its prices.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum AdjustedArg {
    /// Nothing: as traded.
    None,
    /// Divided by later splits.
    Splits,
    /// Rescaled for later splits and dividends.
    All,
}

/// Which end of a short bar its time names.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum StampArg {
    /// The start.
    Start,
    /// The end.
    End,
}

/// A source.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trimtab data ingest AAPL.csv
  trimtab data ingest prices.parquet --dataset us --adjusted splits
  trimtab data ingest odd.csv --map close=last --map date=when
  trimtab data ingest lean/Data/equity")]
pub(crate) struct IngestArgs {
    /// A file or a folder.
    pub path: PathBuf,
    /// Name of the dataset; that of the file when absent.
    #[arg(long)]
    pub dataset: Option<String>,
    /// A column by name: FIELD=COLUMN. May be given many times.
    #[arg(long)]
    pub map: Vec<String>,
    /// What the source did to its prices.
    #[arg(long, value_enum, default_value = "none")]
    pub adjusted: AdjustedArg,
    /// The exchange whose sessions the bars have: XNYS, XETR, XLON, or none.
    #[arg(long, default_value = "XNYS")]
    pub calendar: String,
    /// Which end of a short bar its time names.
    #[arg(long, value_enum, default_value = "start")]
    pub stamp: StampArg,
}

/// What is shown.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: trimtab data show AAPL --dataset us --last 5 --known-by 2020-06-30"
)]
pub(crate) struct ShowArgs {
    /// The symbol.
    pub symbol: String,
    /// The dataset; the only one when absent.
    #[arg(long)]
    pub dataset: Option<String>,
    /// Bars shown.
    #[arg(long, default_value_t = 20)]
    pub last: usize,
    /// Show what was known at the end of this day.
    #[arg(long)]
    pub known_by: Option<Day>,
    /// Prices as in the source instead of adjusted forward.
    #[arg(long)]
    pub raw: bool,
}

/// A synthetic market.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trimtab synth --symbols 500 --years 10
  trimtab synth --symbols 8000 --years 20 --dataset big
  trimtab synth --symbols 20 --years 1 --minutes 5 --dataset short
  trimtab synth --strength 0.8 --dataset planted")]
pub(crate) struct SynthArgs {
    /// Stocks; funds and a volatility index come on top.
    #[arg(long, default_value_t = 500)]
    pub symbols: usize,
    /// Years of sessions.
    #[arg(long, default_value_t = 10)]
    pub years: u32,
    /// First day; when absent 2016-01-04, or earlier where the years would end after 2025.
    #[arg(long)]
    pub start: Option<Day>,
    /// Seed of everything.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Strength of a planted edge, in daily volatilities a session; 0 for none.
    #[arg(long, default_value_t = 0.0)]
    pub strength: f64,
    /// Also bars of so many minutes.
    #[arg(long)]
    pub minutes: Option<u16>,
    /// Name of the dataset.
    #[arg(long, default_value = "synthetic")]
    pub dataset: String,
}

/// Datasets that a book reads.
#[derive(Debug, Args)]
pub(crate) struct DatasetArgs {
    /// Dataset of daily bars of stocks.
    #[arg(long)]
    pub stocks: String,
    /// Dataset of funds (SPY, QQQ, sector funds); the stocks' own when absent.
    #[arg(long)]
    pub funds: Option<String>,
    /// Dataset with the symbol VIX; left out when absent.
    #[arg(long)]
    pub volatility: Option<String>,
    /// Dataset of shorter bars, for fills and exits; left out when absent.
    #[arg(long)]
    pub finer: Option<String>,
}

/// A study on data of the lake.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trimtab study --stocks synthetic
  trimtab study --stocks us --funds etf --volatility vix --finer us_5min --from 2020-08-01")]
pub(crate) struct StudyArgs {
    /// The data.
    #[command(flatten)]
    pub datasets: DatasetArgs,
    /// First day.
    #[arg(long)]
    pub from: Option<Day>,
    /// Last day.
    #[arg(long)]
    pub to: Option<Day>,
    /// Use what was known at the end of this day; all that is known now when absent.
    #[arg(long)]
    pub known_by: Option<Day>,
    /// Name of the experiment; the datasets' when absent. Its held-out part opens once.
    #[arg(long)]
    pub name: Option<String>,
    /// Seed of everything.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Numbers of the book; built in when left out.
    #[arg(long)]
    pub book_config: Option<PathBuf>,
}

/// What may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeArg {
    /// Nothing: what would be sent is written down.
    DryRun,
    /// Orders to the simulated broker, or to a paper account.
    Paper,
    /// Orders to an account with real money, as signed terms allow.
    Live,
}

/// A session.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trimtab day --session 2024-06-28 --stocks us
  trimtab day --session 2024-06-28 --stocks us --mode paper
  trimtab orders approve --all && trimtab day --session 2024-06-28 --stocks us --mode paper
  trimtab day --session 2024-06-28 --stocks us --mode paper --unattended
  trimtab day --session 2024-06-28 --stocks us --only score

The steps: download, features, scan, score, plan, approve, execute, manage, reconcile, report.
A step that is done is not run again, unless --from or --only asks for it.")]
pub(crate) struct DayArgs {
    /// The session to trade; decided on what was known before its open.
    #[arg(long)]
    pub session: Day,
    /// The data.
    #[command(flatten)]
    pub datasets: DatasetArgs,
    /// What may be sent.
    #[arg(long, value_enum, default_value = "dry-run")]
    pub mode: ModeArg,
    /// The signed terms, with --mode live.
    #[arg(long, value_name = "FILE", required_if_eq("mode", "live"))]
    pub live_terms: Option<PathBuf>,
    /// Approve all that passes the limits, without a person.
    #[arg(long)]
    pub unattended: bool,
    /// Trade on the scanner alone, with small and equal risk.
    #[arg(long)]
    pub scanner_only: bool,
    /// Run again from this step on, though it is done; what was sent stays sent.
    #[arg(long, value_name = "STEP", conflicts_with = "only")]
    pub from: Option<String>,
    /// Run this step alone, though it is done.
    #[arg(long, value_name = "STEP")]
    pub only: Option<String>,
    /// Pass over this step. May be given many times.
    #[arg(long, value_name = "STEP")]
    pub skip: Vec<String>,
    /// Hours that an intent waits for a person; then it expires.
    #[arg(long, default_value_t = 24)]
    pub approve_within_hours: u32,
    /// Money at the very start of the account.
    #[arg(long, default_value = "100000.00")]
    pub cash: String,
    /// Numbers of the book; built in when left out.
    #[arg(long)]
    pub book_config: Option<PathBuf>,
    /// The broker.
    #[command(flatten)]
    pub broker: BrokerArgs,
}

/// Intents of the last day walked.
#[derive(Debug, Subcommand)]
pub(crate) enum OrdersCommand {
    /// List intents and open incidents.
    Ls,
    /// List only the intents that wait for a word, with the time until which it may come.
    Pending,
    /// Let intents trade.
    Approve(DecideArgs),
    /// Do not let them trade.
    Reject(DecideArgs),
    /// Write down how an incident was settled.
    Resolve {
        /// The incident.
        incident: String,
        /// How it was settled.
        #[arg(long)]
        how: String,
    },
    /// Hold the broker's own statement against what was booked here.
    Statement(StatementArgs),
}

/// A person's word.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trimtab orders approve 2024-06-27/AAPL/long
  trimtab orders reject --all --why \"earnings tonight\"")]
pub(crate) struct DecideArgs {
    /// The intents.
    pub intent: Vec<String>,
    /// All that wait.
    #[arg(long)]
    pub all: bool,
    /// Why.
    #[arg(long, default_value = "")]
    pub why: String,
}

/// The other run.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trimtab --home live parity --against simulated")]
pub(crate) struct ParityArgs {
    /// The home folder of the other run.
    #[arg(long, value_name = "HOME")]
    pub against: PathBuf,
    /// Also write it as a page.
    #[arg(long, value_name = "FILE")]
    pub page: Option<PathBuf>,
}
