//! How far the close is from its mean; one calculation, two lines.

use super::places::mean_close;
use super::{at_bar, ratio};
use crate::moment::Moment;
use crate::spec::Input::Own;
use crate::spec::Units;

at_bar! {
    DIST_FROM_SMA_5 = |m| distance(m, 5);
    name: "dist_from_sma_5",
    formula: "100 × (close ÷ mean of 5 closes − 1)",
    window: 5,
    warmup: 5,
    inputs: &[Own],
    units: Units::Percent,
}

at_bar! {
    DIST_FROM_SMA_20 = |m| distance(m, 20);
    name: "dist_from_sma_20",
    formula: "100 × (close ÷ mean of 20 closes − 1)",
    window: 20,
    warmup: 20,
    inputs: &[Own],
    units: Units::Percent,
}

fn distance(moment: &Moment<'_>, bars: usize) -> Option<f64> {
    ratio(100.0 * moment.candle()?.close, mean_close(moment.own, bars)?).map(|v| v - 100.0)
}
