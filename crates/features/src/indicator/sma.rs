//! Simple moving average.

use super::OverPrices;
use super::feature::{enrol, on_close};
use super::ring::Ring;
use crate::spec::Units;

/// Mean of the last `period` prices. Equal to TA-Lib's `SMA` to the last bit: the same running
/// sum in the same order.
#[derive(Debug, Clone)]
pub struct Sma {
    ring: Ring,
    sum: f64,
    divisor: f64,
    wanting: usize,
}

impl Sma {
    /// An average over that many prices, at least one.
    pub fn new(period: usize) -> Sma {
        let period = period.max(1);
        Sma { ring: Ring::new(period), sum: 0.0, divisor: period as f64, wanting: period }
    }
}

impl OverPrices for Sma {
    type Output = f64;

    #[inline]
    fn next(&mut self, price: f64) -> Option<f64> {
        let oldest = self.ring.push(price);
        let total = self.sum + price;
        self.sum = total - oldest;
        self.wanting = self.wanting.saturating_sub(1);
        (self.wanting == 0).then(|| total / self.divisor)
    }
}

enrol! {
    SMA_20 = on_close(Sma::new(20), |value| value);
    name: "sma_20",
    formula: "mean of the last 20 closes",
    window: 20,
    warmup: 20,
    units: Units::Price,
    source: "TA-Lib SMA",
}

enrol! {
    SMA_50 = on_close(Sma::new(50), |value| value);
    name: "sma_50",
    formula: "mean of the last 50 closes",
    window: 50,
    warmup: 50,
    units: Units::Price,
    source: "TA-Lib SMA",
}

enrol! {
    SMA_200 = on_close(Sma::new(200), |value| value);
    name: "sma_200",
    formula: "mean of the last 200 closes",
    window: 200,
    warmup: 200,
    units: Units::Price,
    source: "TA-Lib SMA",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_the_last_three() {
        let mut sma = Sma::new(3);
        let found: Vec<_> = [1.0, 2.0, 6.0, 7.0].map(|price| sma.next(price)).to_vec();
        assert_eq!(found, [None, None, Some(3.0), Some(5.0)]);
    }
}
