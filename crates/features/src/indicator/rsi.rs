//! Relative strength index.

use super::OverPrices;
use super::feature::{enrol, on_close};
use crate::spec::Units;

/// 100 · gain / (gain + loss), both smoothed by Wilder (1978, p. 65): seeded with the mean of the
/// first n changes, then (n − 1)/n of the old plus 1/n of the new. TA-Lib's `RSI` to the last bit;
/// 50 where nothing ever moved.
#[derive(Debug, Clone)]
pub struct Rsi {
    previous: f64,
    gain: f64,
    loss: f64,
    kept: f64,
    share: f64,
    seen: usize,
    period: usize,
}

impl Rsi {
    /// An index over that many changes, at least two.
    pub fn new(period: usize) -> Rsi {
        let period = period.max(2);
        let (kept, share) = (period as f64 - 1.0, 1.0 / period as f64);
        Rsi { previous: 0.0, gain: 0.0, loss: 0.0, kept, share, seen: 0, period }
    }

    // Inlined on purpose: a call that takes the state would keep it out of registers.
    #[inline(always)]
    fn seed(&mut self, price: f64) -> Option<f64> {
        if self.seen > 0 {
            let change = price - self.previous;
            let up = if change > 0.0 { change } else { 0.0 };
            self.gain += up;
            self.loss += up - change;
        }
        self.previous = price;
        self.seen += 1;
        if self.seen <= self.period {
            return None;
        }
        self.gain *= self.share;
        self.loss *= self.share;
        Some(self.index())
    }

    #[inline]
    fn index(&self) -> f64 {
        let total = self.gain + self.loss;
        if total > 0.0 { 100.0 * (self.gain / total) } else { 50.0 }
    }
}

impl OverPrices for Rsi {
    type Output = f64;

    #[inline]
    fn next(&mut self, price: f64) -> Option<f64> {
        if self.seen <= self.period {
            return self.seed(price);
        }
        let change = price - self.previous;
        self.previous = price;
        let up = if change > 0.0 { change } else { 0.0 };
        self.gain = (self.gain * self.kept + up) * self.share;
        self.loss = (self.loss * self.kept + (up - change)) * self.share;
        Some(self.index())
    }
}

enrol! {
    RSI_14 = on_close(Rsi::new(14), |value| value);
    name: "rsi_14",
    formula: "100 · gain / (gain + loss), Wilder averages of 14 changes",
    window: 14,
    warmup: 15,
    units: Units::Oscillator,
    source: "TA-Lib RSI; Wilder 1978 p. 65",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_that_only_rises_is_at_100() {
        let mut rsi = Rsi::new(2);
        let found = [1.0, 2.0, 3.0, 4.0].map(|price| rsi.next(price));
        assert_eq!(found, [None, None, Some(100.0), Some(100.0)]);
    }

    #[test]
    fn a_flat_series_is_in_the_middle() {
        let mut rsi = Rsi::new(2);
        assert_eq!([5.0; 3].map(|price| rsi.next(price)), [None, None, Some(50.0)]);
    }
}
