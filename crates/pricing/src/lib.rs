//! What derivatives are worth: options and their surfaces, knock-out certificates.
//!
//! **For**: formulas of value, sensitivity and probability, exact to rounding, each with its
//! source. Numbers in, numbers out.
//! **Must never know**: quotes, orders, accounts, files, clocks. It says what a thing is worth,
//! never what anyone asks for it. No I/O.

/// What can go wrong in this room. The variant names the operation that failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A number that no contract or market can have.
    #[error("value {what}: {value} is not {allowed}")]
    Value {
        /// Which number.
        what: &'static str,
        /// The number as given.
        value: f64,
        /// What it may be.
        allowed: &'static str,
    },
}
