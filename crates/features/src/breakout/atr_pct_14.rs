//! How much the stock moves in a day.

use super::places::mean_true_range;
use super::{at_bar, ratio};
use crate::spec::Input::Own;
use crate::spec::Units;

at_bar! {
    ATR_PCT_14 = |m| ratio(100.0 * mean_true_range(m.own, 14)?, m.candle()?.close);
    name: "atr_pct_14",
    formula: "100 × mean true range of 14 bars ÷ close",
    window: 15,
    warmup: 15,
    inputs: &[Own],
    units: Units::Percent,
}
