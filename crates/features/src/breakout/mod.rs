//! The features of the breakout book (BRK-11, 12), read at the bar that confirms a setup.
//!
//! Each is one function over a [`Moment`] and its [`Setup`], with its description beside it;
//! one family, one file. All are free of scale: prices or volumes in other units change nothing.

mod frame;
mod geometry;
mod levels;
mod momentum;
mod places;
mod strength;
mod volatility;
mod volume;

pub use frame::{Frame, LONG, SHORT, describe};

use crate::moment::Moment;
use crate::pattern::setup::Setup;
use crate::spec::{Input, Spec, Units};

/// One feature read at a setup.
pub(crate) struct AtSetup {
    /// What it is.
    pub(crate) spec: Spec,
    /// Its value; `None` where an input is not available.
    pub(crate) of: fn(&Moment<'_>, &Setup) -> Option<f64>,
}

/// A description whose window the setup decides.
const fn at_setup(
    name: &'static str,
    units: Units,
    inputs: &'static [Input],
    formula: &'static str,
) -> Spec {
    Spec { name, formula, window: 0, warmup: 1, inputs, units, source: "Trimtab" }
}

/// `over ÷ under` where that is a number.
fn ratio(over: f64, under: f64) -> Option<f64> {
    let value = over / under;
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests;
