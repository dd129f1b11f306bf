//! Stochastic oscillator, fast and slow (Lane 1957).

use market::Candle;

use super::feature::{enrol, on_candle};
use super::{Highest, Lowest, OverCandles, OverPrices, Sma};
use crate::spec::Units;

/// %K and its average %D, both 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StochLines {
    /// Place of the close in the window's range.
    pub k: f64,
    /// Average of %K.
    pub d: f64,
}

/// 100 · (close − lowest low) / (highest high − lowest low) over n candles.
#[derive(Debug, Clone)]
pub(crate) struct RawK {
    highest: Highest,
    lowest: Lowest,
}

/// %K raw and %D its mean. TA-Lib's `STOCHF` to the last bit; 0 where the window is flat.
#[derive(Debug, Clone)]
pub struct FastStoch {
    raw: RawK,
    d: Sma,
}

/// %K smoothed by a mean and %D the mean of that. TA-Lib's `STOCH` to the last bit.
#[derive(Debug, Clone)]
pub struct Stoch {
    raw: RawK,
    k: Sma,
    d: Sma,
}

impl RawK {
    pub(crate) fn new(period: usize) -> RawK {
        RawK { highest: Highest::new(period), lowest: Lowest::new(period) }
    }

    #[inline]
    pub(crate) fn next(&mut self, candle: &Candle) -> Option<f64> {
        let lowest = self.lowest.next(candle.low);
        let highest = self.highest.next(candle.high);
        Some(place_in_range(candle.close, lowest?, highest?))
    }

    #[inline]
    pub(crate) fn next_price(&mut self, price: f64) -> Option<f64> {
        let lowest = self.lowest.next(price);
        let highest = self.highest.next(price);
        Some(place_in_range(price, lowest?, highest?))
    }
}

#[inline]
fn place_in_range(close: f64, lowest: f64, highest: f64) -> f64 {
    let range = highest - lowest;
    if is_flat(range, highest, lowest) { 0.0 } else { (close - lowest) / range * 100.0 }
}

/// True where a range is rounding alone, measured against its own two ends.
#[inline]
pub(crate) fn is_flat(range: f64, highest: f64, lowest: f64) -> bool {
    range.abs() <= 1e-14 * (highest.abs() + lowest.abs())
}

impl FastStoch {
    /// Window of the range and length of %D, each at least one.
    pub fn new(period: usize, d_period: usize) -> FastStoch {
        FastStoch { raw: RawK::new(period), d: Sma::new(d_period) }
    }

    #[inline]
    pub(crate) fn next_price(&mut self, price: f64) -> Option<StochLines> {
        let k = self.raw.next_price(price)?;
        Some(StochLines { k, d: self.d.next(k)? })
    }
}

impl OverCandles for FastStoch {
    type Output = StochLines;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<StochLines> {
        let k = self.raw.next(candle)?;
        Some(StochLines { k, d: self.d.next(k)? })
    }
}

impl Stoch {
    /// Window of the range, length of the mean that makes %K, length of %D; each at least one.
    pub fn new(period: usize, k_period: usize, d_period: usize) -> Stoch {
        Stoch { raw: RawK::new(period), k: Sma::new(k_period), d: Sma::new(d_period) }
    }
}

impl OverCandles for Stoch {
    type Output = StochLines;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<StochLines> {
        let k = self.k.next(self.raw.next(candle)?)?;
        Some(StochLines { k, d: self.d.next(k)? })
    }
}

enrol! {
    STOCH_FAST_D_14 = on_candle(FastStoch::new(14, 3), |lines| lines.d);
    name: "stoch_fast_d_14",
    formula: "mean of 3 stoch_fast_k_14",
    window: 14,
    warmup: 16,
    units: Units::Oscillator,
    source: "TA-Lib STOCHF 14 3",
}

enrol! {
    STOCH_FAST_K_14 = on_candle(FastStoch::new(14, 3), |lines| lines.k);
    name: "stoch_fast_k_14",
    formula: "100 · (close − lowest low) / (highest high − lowest low) of 14",
    window: 14,
    warmup: 16,
    units: Units::Oscillator,
    source: "TA-Lib STOCHF 14 3",
}

enrol! {
    STOCH_SLOW_D_14 = on_candle(Stoch::new(14, 3, 3), |lines| lines.d);
    name: "stoch_slow_d_14",
    formula: "mean of 3 stoch_slow_k_14",
    window: 14,
    warmup: 18,
    units: Units::Oscillator,
    source: "TA-Lib STOCH 14 3 3",
}

enrol! {
    STOCH_SLOW_K_14 = on_candle(Stoch::new(14, 3, 3), |lines| lines.k);
    name: "stoch_slow_k_14",
    formula: "mean of 3 stoch_fast_k_14",
    window: 14,
    warmup: 18,
    units: Units::Oscillator,
    source: "TA-Lib STOCH 14 3 3",
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candle(low: f64, high: f64, close: f64) -> Candle {
        Candle { low, high, close, open: close, ..Candle::default() }
    }

    #[test]
    fn it_places_the_close_in_the_range_of_the_window() {
        let mut stoch = FastStoch::new(2, 1);
        assert!(stoch.next(&candle(0.0, 4.0, 1.0)).is_none());
        assert_eq!(stoch.next(&candle(1.0, 2.0, 1.0)), Some(StochLines { k: 25.0, d: 25.0 }));
    }

    #[test]
    fn a_flat_window_is_at_zero() {
        let mut stoch = Stoch::new(1, 1, 1);
        assert_eq!(stoch.next(&candle(5.0, 5.0, 5.0)), Some(StochLines { k: 0.0, d: 0.0 }));
    }
}
