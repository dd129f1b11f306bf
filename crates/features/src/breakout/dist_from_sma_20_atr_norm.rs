//! How far the stock has run from its mean, in daily moves.

use super::places::{mean_close, mean_true_range};
use super::{at_bar, ratio};
use crate::spec::Input::Own;
use crate::spec::Units;

at_bar! {
    DIST_FROM_SMA_20_ATR_NORM = |m| {
        let distance = m.candle()?.close - mean_close(m.own, 20)?;
        ratio(distance, mean_true_range(m.own, 14)?)
    };
    name: "dist_from_sma_20_atr_norm",
    formula: "(close − mean of 20 closes) ÷ mean true range of 14 bars",
    window: 20,
    warmup: 20,
    inputs: &[Own],
    units: Units::Atrs,
}
