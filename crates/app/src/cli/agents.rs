//! Words for agents that learn by acting.

use std::path::PathBuf;

use base::Day;
use clap::{Args, Subcommand, ValueEnum};

use super::StampArg;
use super::modelling::KeptArgs;

/// Agents that learn to trade bars.
#[derive(Debug, Subcommand)]
pub(crate) enum AgentsCommand {
    /// Train members of an ensemble on the earlier bars, with and without costs; the latest bars
    /// are held out.
    #[command(after_help = "Examples:
  trimtab agents train --made-sessions 60 --name first
  trimtab agents train --dataset us --symbol SPY --agent dqn --members 10 --costs both
  trimtab agents train gld_1min.parquet --recurrent --steps 200000 --half-spread-bps 0.5
  trimtab agents train --made-sessions 60 --made-reversion-bps 20 --name power

Ctrl-C leaves a checkpoint of each agent, and so does a crash; the same command goes on from there.")]
    Train(Box<AgentsTrainArgs>),
    /// Judge kept agents: on their held-out bars, once and on record, or on other bars.
    #[command(after_help = "Examples:
  trimtab agents evaluate first                     opens the held-out bars, once, on record
  trimtab agents evaluate first newer.csv           on other bars
  trimtab agents evaluate first --made-sessions 60 --seed 8")]
    Evaluate(Box<AgentsEvaluateArgs>),
    /// List all.
    Ls,
    /// List the algorithms, with the settings that --set changes.
    Kinds,
}

/// Bars of one instrument.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("bars"))]
pub(crate) struct TapeArgs {
    /// CSV or Parquet with time, open, high, low, close, volume.
    #[arg(group = "bars")]
    pub file: Option<PathBuf>,
    /// Instead of a file: a dataset of the lake, its bars shorter than a session where it has any.
    #[arg(long, group = "bars")]
    pub dataset: Option<String>,
    /// Instead of a file: so many sessions of a synthetic stock, labelled so.
    #[arg(long, group = "bars", value_name = "SESSIONS")]
    pub made_sessions: Option<u32>,
    /// Minutes of a made bar.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=390))]
    pub made_minutes: u16,
    /// An edge planted in made bars: deviation of displacements that come back, in basis points; 0
    /// for none.
    #[arg(long, value_name = "BPS", default_value_t = 0.0)]
    pub made_reversion_bps: f64,
    /// Daily bars of the dataset, though it has shorter ones.
    #[arg(long, requires = "dataset")]
    pub daily: bool,
    /// Use what the lake knew at the end of this day; all that is known now when absent.
    #[arg(long, requires = "dataset")]
    pub known_by: Option<Day>,
    /// Which symbol of several.
    #[arg(long)]
    pub symbol: Option<String>,
    /// First day.
    #[arg(long)]
    pub from: Option<Day>,
    /// Last day.
    #[arg(long)]
    pub to: Option<Day>,
    /// A column of the file by name: FIELD=COLUMN. May be given many times.
    #[arg(long)]
    pub map: Vec<String>,
    /// The exchange whose clock the file's times have: XNYS, XETR, XLON; none for UTC.
    #[arg(long, default_value = "XNYS")]
    pub calendar: String,
    /// Which end of a short bar its time names.
    #[arg(long, value_enum, default_value = "start")]
    pub stamp: StampArg,
    /// Seed of everything, made bars included.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
}

/// An algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AgentArg {
    /// Deep Q-learning.
    Dqn,
    /// Proximal policy optimisation.
    Ppo,
    /// Advantage actor-critic.
    A2c,
    /// REINFORCE with a baseline.
    Reinforce,
}

impl AgentArg {
    /// Its name in the room that learns.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            AgentArg::Dqn => "dqn",
            AgentArg::Ppo => "ppo",
            AgentArg::A2c => "a2c",
            AgentArg::Reinforce => "reinforce",
        }
    }
}

/// Whether agents meet costs while they learn. All are judged with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CostsArg {
    /// They do.
    On,
    /// They do not: naive agents.
    Off,
    /// Some do and some do not, side by side.
    Both,
}

/// What a trade is assumed to cost.
#[derive(Debug, Args)]
pub(crate) struct CostArgs {
    /// Half the quoted spread, in basis points.
    #[arg(long, default_value_t = 0.3)]
    pub half_spread_bps: f64,
    /// The fee, percent of the value.
    #[arg(long, default_value_t = 0.002)]
    pub fee_percent: f64,
    /// Instead of a percentage: the fee, dollars a share.
    #[arg(long, conflicts_with = "fee_percent")]
    pub fee_per_share: Option<f64>,
    /// Slippage is this divided by the square root of the bar's volume, a part of the price.
    #[arg(long, default_value_t = 0.01)]
    pub impact: f64,
}

/// Training.
#[derive(Debug, Args)]
pub(crate) struct AgentsTrainArgs {
    /// The bars.
    #[command(flatten)]
    pub tape: TapeArgs,
    /// The algorithm.
    #[arg(long, value_enum, default_value_t = AgentArg::Ppo)]
    pub agent: AgentArg,
    /// Read the bars one after the other with a recurrent network, instead of all at once with a
    /// dense one.
    #[arg(long)]
    pub recurrent: bool,
    /// Agents of each school, which differ in their seed alone.
    #[arg(long, default_value_t = 10)]
    pub members: usize,
    /// Steps of each agent, in all its environments.
    #[arg(long, default_value_t = 50_000)]
    pub steps: u64,
    /// Whether agents meet costs while they learn; all are judged with them.
    #[arg(long, value_enum, default_value_t = CostsArg::Both)]
    pub costs: CostsArg,
    /// What a trade costs.
    #[command(flatten)]
    pub cost: CostArgs,
    /// Bars of an episode; a day's when absent, or a quarter's of daily bars.
    #[arg(long)]
    pub episode: Option<usize>,
    /// Environments that an agent steps as one.
    #[arg(long, default_value_t = 8)]
    pub environments: usize,
    /// Share of the bars held out, the latest ones; `agents evaluate` opens them once.
    #[arg(long, value_name = "SHARE", default_value_t = 0.25)]
    pub held_out: f64,
    /// A setting of the algorithm by its path: PATH=VALUE. May be given many times.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Name they are kept under; that of the instrument and the algorithm when absent.
    #[arg(long)]
    pub name: Option<String>,
}

/// Judging.
#[derive(Debug, Args)]
pub(crate) struct AgentsEvaluateArgs {
    /// The agents.
    #[command(flatten)]
    pub kept: KeptArgs,
    /// The bars; their own held-out ones when absent.
    #[command(flatten)]
    pub tape: TapeArgs,
}
