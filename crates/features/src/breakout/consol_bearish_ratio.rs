//! How often the base closed down.

use super::places::base;
use super::{at_setup, ratio};
use crate::spec::Input::{Own, Setup};
use crate::spec::Units;

at_setup! {
    CONSOL_BEARISH_RATIO = |m, s| {
        let bars = base(m, s)?;
        let bearish = bars.iter().filter(|candle| candle.close < candle.open).count();
        ratio(bearish as f64, bars.len() as f64)
    };
    name: "consol_bearish_ratio",
    formula: "share of the base's bars that close below their open",
    inputs: &[Own, Setup],
    units: Units::Ratio,
}
