//! Exponential moving average.

use super::OverPrices;
use super::decay::Decay;
use super::feature::{enrol, on_close};
use crate::spec::Units;

/// EMA_t = β · EMA_{t−1} + α · price, β = (n − 1) / (n + 1), α = 1 − β, seeded with the mean of
/// the first n prices. TA-Lib's `EMA`, without its fused multiply-add (last bits differ).
#[derive(Debug, Clone)]
pub struct Ema {
    decay: Decay,
    /// Prices still wanted for the seed; 0 once there is an average.
    wanting: usize,
    period: f64,
}

impl Ema {
    /// An average over that many prices, at least one.
    #[inline]
    pub fn new(period: usize) -> Ema {
        let (period, wanting) = (period.max(1) as f64, period.max(1));
        Ema { decay: Decay::keeping((period - 1.0) / (period + 1.0)), wanting, period }
    }

    /// The step of [`OverPrices::next`] once there is an average.
    #[inline(always)]
    pub(super) fn step(&mut self, price: f64) -> f64 {
        self.decay.next(price)
    }
}

impl OverPrices for Ema {
    type Output = f64;

    #[inline]
    fn next(&mut self, price: f64) -> Option<f64> {
        if self.wanting > 0 {
            std::hint::cold_path();
            self.decay.gather(price);
            self.wanting -= 1;
            return (self.wanting == 0).then(|| self.decay.start(self.period));
        }
        Some(self.step(price))
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
