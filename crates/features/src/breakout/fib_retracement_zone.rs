//! How much of the rally the base gave back, in Fibonacci zones.

use super::{at_setup, ratio};
use crate::spec::Input::Setup;
use crate::spec::Units;

at_setup! {
    FIB_RETRACEMENT_ZONE = |_, s| {
        let depth = ratio(s.consol_high - s.consol_low, s.rally_high - s.rally_low)?;
        Some(EDGES.iter().filter(|edge| depth >= **edge).count() as f64)
    };
    name: "fib_retracement_zone",
    formula: "zone of the base's deepest retracement of the rally: 0 below 0.236, 1 below 0.382, \
              2 below 0.5, 3 below 0.618, 4 below 0.786, else 5",
    inputs: &[Setup],
    units: Units::Score,
}

/// Edges between the zones, in parts of the rally.
const EDGES: [f64; 5] = [0.236, 0.382, 0.5, 0.618, 0.786];
