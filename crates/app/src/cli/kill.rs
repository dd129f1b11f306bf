//! Words of `trimtab kill`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::broker::BrokerArgs;

/// The kill switch.
#[derive(Debug, Subcommand)]
pub(crate) enum KillCommand {
    /// Halt: nothing is sent from now on. A file KILL in the home folder does the same.
    On(Box<PullArgs>),
    /// Release.
    Off {
        /// Why.
        #[arg(long, default_value = "")]
        why: String,
    },
    /// Say where it stands.
    Status,
}

/// How it is pulled.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trimtab kill on --why \"data look wrong\"
  trimtab kill on --broker alpaca         and takes entries back that stand there

A `trimtab day` that runs takes its entries back by itself. Where none runs, orders that stand at a
broker go on standing unless --broker says where they are to be taken back.")]
pub(crate) struct PullArgs {
    /// Why.
    #[arg(long, default_value = "")]
    pub why: String,
    /// The signed terms, where the account holds real money.
    #[arg(long, value_name = "FILE")]
    pub live_terms: Option<PathBuf>,
    /// Where entries are taken back.
    #[command(flatten)]
    pub broker: BrokerArgs,
}
