//! Facts that are points of a curve.

use serde::{Deserialize, Serialize};

/// A curve that several facts make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Curve {
    /// Lots by ticks from the best price.
    Depth,
    /// Autocorrelation of the signs of market orders by lag.
    SignMemory,
    /// Variance of the middle a second, by seconds over which it moves.
    Signature,
    /// Part of the waits between events above so many seconds.
    Waits,
    /// Events a second by hours since midnight, UTC.
    DayTime,
}

/// Where a fact lies on a curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Which curve.
    pub curve: Curve,
    /// Where along it, in the curve's unit.
    pub at: f64,
}
