//! Where in its fortnight's range the close is.

use super::{at_bar, ratio};
use crate::spec::Input::Own;
use crate::spec::Units;

at_bar! {
    STOCH_14 = |m| {
        let bars = m.recent(14)?;
        let high = bars.iter().fold(f64::NEG_INFINITY, |high, bar| high.max(bar.high));
        let low = bars.iter().fold(f64::INFINITY, |low, bar| low.min(bar.low));
        ratio(100.0 * (m.candle()?.close - low), high - low)
    };
    name: "stoch_14",
    formula: "100 × (close − lowest low) ÷ (highest high − lowest low) of 14 bars; none where they \
              are equal",
    window: 14,
    warmup: 14,
    inputs: &[Own],
    units: Units::Oscillator,
}
