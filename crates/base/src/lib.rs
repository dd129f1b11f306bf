//! Time, seeded randomness, panels, statistics, fixed-point numbers.
//!
//! **For**: what every other room needs before a single word of trading is said.
//! **Must never know**: markets, files, networks, clocks. There is no I/O here, and no way to
//! ask what time it is or to draw a number that no seed decided.
//! **Start reading** at [`time`], then [`seed`], then [`panel`].

pub mod bootstrap;
pub mod chance;
pub mod clustered;
pub mod fixed;
pub mod hash;
pub mod panel;
pub mod panics;
pub mod seed;
pub mod stats;
pub mod time;

pub use bootstrap::Interval;
pub use chance::Prob;
pub use fixed::{Fixed, Rounding};
pub use hash::Digest;
pub use panel::{Panel, RowKey};
pub use seed::Seed;
pub use time::{Day, Span, Ts};

/// What can go wrong in this room. The variant names the operation that failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A text was not a calendar day.
    #[error("read day from {text:?}: expected YYYY-MM-DD")]
    ReadDay {
        /// The text as given.
        text: String,
    },
    /// A number does not fit the fixed-point type, or is not a number at all.
    #[error("make fixed-point number from {value}: outside ±{limit} or not finite")]
    MakeFixed {
        /// The number as given.
        value: f64,
        /// Largest magnitude that fits.
        limit: f64,
    },
    /// A text was not a decimal number.
    #[error("read decimal from {text:?}")]
    ReadFixed {
        /// The text as given.
        text: String,
    },
    /// A probability outside 0..=1.
    #[error("make probability from {value}: must lie in 0..=1")]
    MakeProb {
        /// The number as given.
        value: f64,
    },
    /// A column that the panel does not have.
    #[error("find column {name:?} in panel: it has {known}")]
    FindColumn {
        /// The column asked for.
        name: String,
        /// The columns there are, joined by blanks.
        known: String,
    },
    /// A row with the wrong number of values.
    #[error("push row of {given} values into panel of {wanted} columns")]
    PushRow {
        /// Values given.
        given: usize,
        /// Columns of the panel.
        wanted: usize,
    },
}
