//! The recipes: what each book trades, on which features and models, and when.
//!
//! **For**: one folder a book; its `mod.rs` reads from universe to decision.
//! **Must never know**: where data are kept or shown (`lake`, `store`, `report`), which broker
//! takes the orders. No I/O.
//! **Start reading** at [`breakout`].

pub mod breakout;
pub mod intraday;
pub mod knockout;
pub mod making;
pub mod options;
pub mod settings;

/// What can go wrong in this room. The variant names the operation that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Settings that can't be read.
    #[error("read settings {file}{place}: {fault}{hint}")]
    ReadSettings {
        /// Name of the file.
        file: String,
        /// Line and column, where known.
        place: String,
        /// What is wrong.
        fault: String,
        /// The nearest known key, as a question; empty when none is near.
        hint: String,
    },
    /// Settings that contradict each other.
    #[error("check settings: {fault}")]
    CheckSettings {
        /// What is wrong.
        fault: String,
    },
    /// A feature that no calculator has.
    #[error("make features")]
    MakeFeatures(#[from] features::Error),
    /// A price or amount that is none.
    #[error("make money")]
    MakeMoney(#[from] market::Error),
    /// Rows that do not fit together.
    #[error("collect rows")]
    CollectRows(#[from] base::Error),
    /// A model that can't be trained or read.
    #[error("train the {side} model")]
    Train {
        /// Which side.
        side: market::Side,
        /// Why.
        #[source]
        source: learn::Error,
    },
    /// An agent that can't be trained, or can't act.
    #[error("run agent")]
    RunAgent(#[source] learn::Error),
    /// A synthetic market that can't be made.
    #[error("make a synthetic market")]
    MakeMarket(#[from] sim::Error),
    /// Too few signals for what was asked.
    #[error(
        "train the {side} model: {found} signals of {wanted} needed; add symbols or years, or \
         loosen the scan"
    )]
    CountSignals {
        /// Which side.
        side: market::Side,
        /// Signals found.
        found: usize,
        /// Least number.
        wanted: usize,
    },
}
