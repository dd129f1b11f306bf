//! How wide the breakout bar is.

use super::places::mean_true_range;
use super::{at_bar, ratio};
use crate::spec::Input::Own;
use crate::spec::Units;

at_bar! {
    BREAKOUT_DAY_ATR_MULTIPLE = |m| {
        let before = &m.own[..m.own.len().checked_sub(1)?];
        ratio(m.candle()?.range(), mean_true_range(before, 14)?)
    };
    name: "breakout_day_atr_multiple",
    formula: "range of the breakout bar ÷ mean true range of the 14 bars before it",
    window: 16,
    warmup: 16,
    inputs: &[Own],
    units: Units::Atrs,
}
