//! Commodity channel index.

use market::Candle;

use super::feature::{enrol, on_candle};
use super::ring::Ring;
use super::{OverCandles, typical_price};
use crate::spec::Units;

/// (typical − mean) / (0.015 · mean absolute deviation) over n candles (Lambert 1980). TA-Lib's
/// `CCI`; 0 where the window is flat. The deviation is about a mean that moves with every bar, so
/// each bar walks the window: time grows with n, not with the history.
#[derive(Debug, Clone)]
pub struct Cci {
    ring: Ring,
    wanting: usize,
    period: usize,
}

impl Cci {
    /// A window of that many candles, at least two.
    pub fn new(period: usize) -> Cci {
        let period = period.max(2);
        Cci { ring: Ring::new(period), wanting: period, period }
    }
}

impl OverCandles for Cci {
    type Output = f64;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<f64> {
        let typical = typical_price(candle);
        self.ring.push(typical);
        self.wanting = self.wanting.saturating_sub(1);
        if self.wanting > 0 {
            return None;
        }
        let count = self.period as f64;
        let mean = self.ring.places().iter().sum::<f64>() / count;
        let distances = self.ring.places().iter().map(|price| (price - mean).abs());
        let deviation = distances.sum::<f64>() / count;
        let distance = typical - mean;
        let rounding = 1e-14 * mean.abs();
        let flat = distance.abs() <= rounding || deviation <= rounding;
        Some(if flat { 0.0 } else { distance / (0.015 * deviation) })
    }
}

enrol! {
    CCI_14 = on_candle(Cci::new(14), |value| value);
    name: "cci_14",
    formula: "(typical − mean) / (0.015 · mean absolute deviation) of 14",
    window: 14,
    warmup: 14,
    units: Units::Score,
    source: "TA-Lib CCI; Lambert 1980",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mean_deviation_above_the_mean_is_two_thirds_of_a_hundred() {
        let candle = |p: f64| Candle { low: p, high: p, close: p, open: p, ..Candle::default() };
        let mut cci = Cci::new(2);
        assert_eq!(cci.next(&candle(1.0)), None);
        assert!((cci.next(&candle(3.0)).unwrap() - 1.0 / 0.015).abs() < 1e-9);
        cci.next(&candle(3.0));
        assert_eq!(cci.next(&candle(3.0)), Some(0.0));
    }
}
