//! Words of `trimtab live`.

use std::path::PathBuf;

use base::Day;
use clap::{Args, Subcommand};

/// Real money: a person's key, and the terms signed with it.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  trimtab live key --to ~/keep/live.key              (where orders are not sent from)
  trimtab live trust 3b6a27bc…                       (the public half, where they are)
  trimtab live sign --key ~/keep/live.key --broker alpaca --account 123456789 \\
    --largest-order 2500 --largest-gross 10000 --first-day 2026-01-05 --last-day 2026-01-30 \\
    --to live.toml
  trimtab day … --mode live --live-terms live.toml --broker alpaca")]
pub(crate) enum LiveCommand {
    /// Make a key for signing. Keep it where orders are not sent from.
    Key {
        /// File for the secret half; none is overwritten.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Trust a key: what it signs may trade real money from this home.
    Trust {
        /// Its public half, as `live key` prints it.
        key: String,
    },
    /// Sign terms.
    Sign(SignArgs),
    /// Say what terms allow, and whether they hold.
    Show {
        /// The signed terms.
        #[arg(value_name = "FILE")]
        terms: PathBuf,
        /// On that session.
        #[arg(long)]
        session: Day,
    },
}

/// Terms to be signed.
#[derive(Debug, Args)]
pub(crate) struct SignArgs {
    /// File with the secret half of the key.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// The broker, by the word of --broker.
    #[arg(long)]
    pub broker: String,
    /// The account, by the broker's number for it.
    #[arg(long)]
    pub account: String,
    /// The book.
    #[arg(long, default_value = "breakout")]
    pub book: String,
    /// Largest value of one order.
    #[arg(long, value_name = "CASH")]
    pub largest_order: String,
    /// Largest value of all positions.
    #[arg(long, value_name = "CASH")]
    pub largest_gross: String,
    /// First session on which it may trade.
    #[arg(long)]
    pub first_day: Day,
    /// Last session on which it may.
    #[arg(long)]
    pub last_day: Day,
    /// It may trade options, too.
    #[arg(long)]
    pub options: bool,
    /// File for the signed terms.
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
}
