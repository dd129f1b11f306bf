//! Exponential moving average.

use super::OverPrices;
use super::feature::{enrol, on_close};
use crate::spec::Units;

/// EMA_t = β · EMA_{t−1} + α · price, β = (n − 1) / (n + 1), α = 1 − β, seeded with the mean of
/// the first n prices. TA-Lib's `EMA`, without its fused multiply-add (last bits differ).
#[derive(Debug, Clone)]
pub struct Ema {
    average: f64,
    alpha: f64,
    beta: f64,
    seen: usize,
    period: usize,
}

impl Ema {
    /// An average over that many prices, at least one.
    pub fn new(period: usize) -> Ema {
        let period = period.max(1);
        let beta = (period as f64 - 1.0) / (period as f64 + 1.0);
        Ema { average: 0.0, alpha: 1.0 - beta, beta, seen: 0, period }
    }

    // Inlined on purpose: a call that takes the state would keep it out of registers.
    #[inline(always)]
    fn seed(&mut self, price: f64) -> Option<f64> {
        self.average += price;
        self.seen += 1;
        if self.seen < self.period {
            return None;
        }
        self.average /= self.period as f64;
        Some(self.average)
    }
}

impl OverPrices for Ema {
    type Output = f64;

    #[inline]
    fn next(&mut self, price: f64) -> Option<f64> {
        if self.seen < self.period {
            return self.seed(price);
        }
        self.average = self.beta * self.average + self.alpha * price;
        Some(self.average)
    }
}

enrol! {
    EMA_20 = on_close(Ema::new(20), |value| value);
    name: "ema_20",
    formula: "EMA + 2/21 · (close − EMA), seeded with the mean of 20 closes",
    window: 20,
    warmup: 20,
    units: Units::Price,
    source: "TA-Lib EMA",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_starts_at_the_mean_and_moves_a_share_toward_each_price() {
        let mut ema = Ema::new(3);
        let found = [1.0, 2.0, 3.0, 6.0].map(|price| ema.next(price));
        assert_eq!(found, [None, None, Some(2.0), Some(4.0)]);
    }
}
