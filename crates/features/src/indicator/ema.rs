//! Exponential moving average.

use super::OverPrices;
use super::feature::{enrol, on_close};
use crate::spec::Units;

/// EMA_t = β · EMA_{t−1} + α · price, β = (n − 1) / (n + 1), α = 1 − β, seeded with the mean of
/// the first n prices. TA-Lib's `EMA`, without its fused multiply-add (last bits differ).
#[derive(Debug, Clone)]
pub struct Ema {
    /// β · average, ready for the next bar; the sum of the seed until there is an average. Kept
    /// multiplied so that the two products of a step don't stand side by side: the compiler
    /// packs them into one vector, and the packing costs more than the step.
    carried: f64,
    alpha: f64,
    beta: f64,
    /// Prices still wanted for the seed; 0 once there is an average.
    wanting: usize,
    period: f64,
}

impl Ema {
    /// An average over that many prices, at least one.
    pub fn new(period: usize) -> Ema {
        let period = period.max(1);
        let beta = (period as f64 - 1.0) / (period as f64 + 1.0);
        Ema { carried: 0.0, alpha: 1.0 - beta, beta, wanting: period, period: period as f64 }
    }

    // Inlined on purpose: a call that takes the state would keep it out of registers.
    #[inline(always)]
    fn seed(&mut self, price: f64) -> Option<f64> {
        self.carried += price;
        self.wanting -= 1;
        if self.wanting > 0 {
            return None;
        }
        let average = self.carried / self.period;
        self.carried = self.beta * average;
        Some(average)
    }
}

impl OverPrices for Ema {
    type Output = f64;

    #[inline]
    fn next(&mut self, price: f64) -> Option<f64> {
        if self.wanting > 0 {
            return self.seed(price);
        }
        let average = self.carried + self.alpha * price;
        self.carried = self.beta * average;
        Some(average)
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
