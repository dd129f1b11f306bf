//! True range and its Wilder average.

use market::Candle;

use super::OverCandles;
use super::decay::Decay;
use super::feature::{enrol, on_candle};
use crate::spec::Units;

/// max(high − low, |high − previous close|, |low − previous close|); from the second candle on.
/// TA-Lib's `TRANGE` to the last bit.
#[derive(Debug, Clone, Default)]
pub struct TrueRange {
    previous_close: Option<f64>,
}

/// Wilder's average true range (1978, p. 21): the mean of the first n true ranges, then
/// (n − 1)/n of the old plus 1/n of the new. TA-Lib's `ATR` without its fused multiply-add.
#[derive(Debug, Clone)]
pub struct Atr {
    previous_close: f64,
    decay: Decay,
    /// Candles still wanted for the seed; 0 once there is an average.
    wanting: usize,
    period: usize,
}

/// 100 · ATR / close. TA-Lib's `NATR`.
#[derive(Debug, Clone)]
pub struct Natr {
    atr: Atr,
}

/// The true range by comparisons alone; the general `f64::max` also looks for NaN.
#[inline]
pub(crate) fn true_range(candle: &Candle, previous_close: f64) -> f64 {
    let up = (previous_close - candle.high).abs();
    let down = (previous_close - candle.low).abs();
    let range = candle.high - candle.low;
    let range = if up > range { up } else { range };
    if down > range { down } else { range }
}

impl TrueRange {
    /// Before the first candle.
    pub fn new() -> TrueRange {
        TrueRange::default()
    }
}

impl OverCandles for TrueRange {
    type Output = f64;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<f64> {
        let previous = self.previous_close.replace(candle.close)?;
        Some(true_range(candle, previous))
    }
}

impl Atr {
    /// An average over that many true ranges, at least one.
    pub fn new(period: usize) -> Atr {
        let period = period.max(1);
        let decay = Decay::keeping((period as f64 - 1.0) / period as f64);
        Atr { previous_close: 0.0, decay, wanting: period + 1, period }
    }
}

impl OverCandles for Atr {
    type Output = f64;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<f64> {
        let range = true_range(candle, self.previous_close);
        self.previous_close = candle.close;
        if self.wanting > 0 {
            std::hint::cold_path();
            // The first candle has no close before it.
            if self.wanting <= self.period {
                self.decay.gather(range);
            }
            self.wanting -= 1;
            return (self.wanting == 0).then(|| self.decay.start(self.period as f64));
        }
        Some(self.decay.next(range))
    }
}

impl Natr {
    /// An average over that many true ranges, at least one.
    pub fn new(period: usize) -> Natr {
        Natr { atr: Atr::new(period) }
    }
}

impl OverCandles for Natr {
    type Output = f64;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<f64> {
        let atr = self.atr.next(candle)?;
        Some(if candle.close != 0.0 { atr / candle.close * 100.0 } else { 0.0 })
    }
}

enrol! {
    ATR_14 = on_candle(Atr::new(14), |value| value);
    name: "atr_14",
    formula: "Wilder average of 14 true ranges",
    window: 14,
    warmup: 15,
    units: Units::Price,
    source: "TA-Lib ATR; Wilder 1978 p. 21",
}

enrol! {
    NATR_14 = on_candle(Natr::new(14), |value| value);
    name: "natr_14",
    formula: "100 · atr_14 / close",
    window: 14,
    warmup: 15,
    units: Units::Percent,
    source: "TA-Lib NATR",
}

enrol! {
    TRUE_RANGE = on_candle(TrueRange::new(), |value| value);
    name: "true_range",
    formula: "max(high − low, |high − previous close|, |low − previous close|)",
    window: 2,
    warmup: 2,
    units: Units::Price,
    source: "TA-Lib TRANGE",
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candle(low: f64, high: f64) -> Candle {
        Candle { low, high, close: high, open: low, ..Candle::default() }
    }

    #[test]
    fn a_gap_counts_toward_the_range() {
        let mut range = TrueRange::new();
        assert_eq!(range.next(&candle(1.0, 2.0)), None);
        assert_eq!(range.next(&candle(5.0, 6.0)), Some(4.0));
    }

    #[test]
    fn the_average_needs_a_close_before_its_first_range() {
        let mut atr = Atr::new(2);
        let candles = [candle(1.0, 2.0), candle(2.0, 3.0), candle(3.0, 6.0), candle(6.0, 10.0)];
        let found = candles.map(|candle| atr.next(&candle));
        assert_eq!(found, [None, None, Some(2.0), Some(3.0)]);
    }
}
