//! Steps that turn data into studies and reports, and what they leave on record.
//!
//! **For**: the jobs a person starts from the command line, each of which may be run twice.
//! **Must never know**: the terminal, the environment, the clock; `app` passes them in.
//! **Start reading** at [`demo`], then [`study`].

pub mod backtest;
pub mod demo;
pub mod history;
pub mod lake_history;
pub mod models;
pub mod progress;
pub mod study;
pub mod synth;
pub mod synthetic;
mod trials;
mod vault;

pub use progress::{Progress, Silent};

/// What can go wrong in this room. The variant names the operation that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A synthetic market that can't be made.
    #[error("make synthetic market")]
    MakeMarket(#[from] sim::Error),
    /// A book that could not do its work.
    #[error("run book")]
    RunBook(#[from] books::Error),
    /// The state store did not take or give a record.
    #[error("keep state")]
    KeepState(#[from] store::Error),
    /// A model that can't be written or read.
    #[error("keep model")]
    KeepModel(#[from] learn::Error),
    /// Work ended because it was asked to.
    #[error("stopped; run the same command again to go on from what is on record")]
    Stopped,
    /// The engine refused an event.
    #[error("run engine")]
    RunEngine(#[from] desk::Error),
    /// Market data that can't be read or kept.
    #[error("keep market data")]
    KeepData(#[from] lake::Error),
    /// Names or days that the market's words refuse.
    #[error("read market")]
    ReadMarket(#[from] market::Error),
}
