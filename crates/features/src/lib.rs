//! Events to numbers: indicators, pattern geometry, breakout features, labels.
//!
//! **For**: one calculator per feature, fed bar by bar. Training, backtest and live run the same
//! code, so they can't differ.
//! **Must never know**: where bars come from, what a model does with the numbers, what time it
//! is. No I/O. A calculator sees a [`Moment`], which ends at the current bar; it has no way to
//! ask for a later one. Only `label` looks forward, and nothing on the way to an order uses it.
//! **Start reading** at [`moment`], then [`spec`], then [`catalog`]; one indicator such as
//! [`indicator::rsi`] shows the rest.

pub mod breakout;
pub mod catalog;
pub mod indicator;
pub mod label;
pub mod moment;
pub mod pattern;
pub mod spec;

pub use catalog::{Entry, find, make, specs};
pub use moment::{Caps, Feature, Moment};
pub use pattern::setup::Setup;
pub use spec::{Input, Spec, Units};

/// What can go wrong in this room. The variant names the operation that failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A feature that the catalog does not have.
    #[error("find feature {name:?}: not among the {count} of the catalog{hint}")]
    FindFeature {
        /// The name asked for.
        name: String,
        /// How many features there are.
        count: usize,
        /// The nearest name there is, as a question; empty when none is near.
        hint: String,
    },
}
