//! What derivatives are worth: options and their surfaces, knock-out certificates.
//!
//! **For**: formulas of value, sensitivity and probability, exact to rounding, each with its
//! source. Numbers in, numbers out.
//! **Must never know**: quotes, orders, accounts, files, clocks. It says what a thing is worth,
//! never what anyone asks for it. No I/O.
//! **Start reading** at [`contract`], then [`black`], then [`vanilla`].

pub mod batch;
pub mod black;
pub mod chain;
pub mod contract;
pub mod future;
pub mod implied;
pub mod margin;
pub mod normal;
pub mod payoff;
pub mod strategy;
pub mod surface;
pub mod vanilla;

pub use contract::{Market, Right, Vanilla};
pub use vanilla::Greeks;

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
    /// Sensitivities where the value has a corner: no time or no volatility is left and the
    /// forward stands at the strike.
    #[error("differentiate value at its corner: forward {forward} is the strike, nothing can move")]
    Corner {
        /// The forward price, equal to the strike.
        forward: f64,
    },
    /// Columns of different lengths.
    #[error("read {given} {what} for {wanted} options")]
    Length {
        /// Which column.
        what: &'static str,
        /// Its length.
        given: usize,
        /// The number of options.
        wanted: usize,
    },
    /// Numbers so extreme that the result does not fit a float.
    #[error("compute {what}: the result is not a finite number")]
    Overflow {
        /// What was computed.
        what: &'static str,
    },
}

/// `value` if it is finite and above zero.
pub(crate) fn positive(what: &'static str, value: f64) -> Result<f64, Error> {
    let fits = value > 0.0 && value < f64::INFINITY;
    let allowed = "a finite number above 0";
    if fits { Ok(value) } else { Err(Error::Value { what, value, allowed }) }
}

/// `value` if it is finite and not below zero.
pub(crate) fn not_negative(what: &'static str, value: f64) -> Result<f64, Error> {
    let fits = (0.0..f64::INFINITY).contains(&value);
    let allowed = "a finite number of at least 0";
    if fits { Ok(value) } else { Err(Error::Value { what, value, allowed }) }
}

/// `value` if it is finite.
pub(crate) fn finite(what: &'static str, value: f64) -> Result<f64, Error> {
    let allowed = "a finite number";
    if value.is_finite() { Ok(value) } else { Err(Error::Value { what, value, allowed }) }
}
