//! How wide the breakout bar is beside those of the base.

use super::places::base;
use super::{at_setup, ratio};
use crate::spec::Input::{Own, Setup};
use crate::spec::Units;

at_setup! {
    BREAKOUT_RANGE_TO_CONSOL_AVG_RANGE_RATIO = |m, s| {
        let bars = base(m, s)?;
        let mean = bars.iter().map(|bar| bar.range()).sum::<f64>() / bars.len() as f64;
        ratio(m.candle()?.range(), mean)
    };
    name: "breakout_range_to_consol_avg_range_ratio",
    formula: "range of the breakout bar ÷ mean range of the base's bars",
    inputs: &[Own, Setup],
    units: Units::Ratio,
}
