//! Rolling population variance and standard deviation.

use super::OverPrices;
use super::feature::{enrol, on_close};
use super::ring::Ring;
use crate::spec::Units;

/// Variance of the last n prices (population form, ÷ n), by running sums about a shift. Where the
/// sums have cancelled, and every 32 windows, they are taken anew. TA-Lib's `VAR` to the last bit.
#[derive(Debug, Clone)]
pub struct Variance {
    ring: Ring,
    shift: f64,
    sum: f64,
    squares: f64,
    peak_squares: f64,
    share: f64,
    until_reseed: usize,
    seen: usize,
    period: usize,
}

/// Square root of [`Variance`]. TA-Lib's `STDDEV` with a factor of 1.
#[derive(Debug, Clone)]
pub struct StdDev {
    variance: Variance,
}

const WINDOWS_PER_RESEED: usize = 32;
/// Below this share of the second moment the difference of the sums has lost six digits.
const CANCELLED: f64 = 0.000001;
/// Below this share it is rounding alone, and the prices are equal.
const FLAT: f64 = 0.000000000001;

impl Variance {
    /// A window of that many prices, at least one.
    pub fn new(period: usize) -> Variance {
        let period = period.max(1);
        Variance {
            ring: Ring::new(period),
            shift: 0.0,
            sum: 0.0,
            squares: 0.0,
            peak_squares: 0.0,
            share: 1.0 / period as f64,
            until_reseed: WINDOWS_PER_RESEED * period,
            seen: 0,
            period,
        }
    }

    /// Mean and variance of the sums as they stand.
    #[inline]
    fn spread(&self) -> f64 {
        let mean = self.sum * self.share;
        self.squares * self.share - mean * mean
    }

    #[inline]
    fn add(&mut self, price: f64) {
        let distance = price - self.shift;
        self.sum += distance;
        self.squares += distance * distance;
    }

    #[inline]
    fn remove(&mut self, price: f64) {
        let distance = price - self.shift;
        self.sum -= distance;
        self.squares -= distance * distance;
    }
}

/// Sums taken anew over a window.
struct Fresh {
    shift: f64,
    sum: f64,
    squares: f64,
    variance: f64,
}

impl Fresh {
    fn about(shift: f64, window: [&[f64]; 2], share: f64) -> Fresh {
        let (mut sum, mut squares) = (0.0, 0.0);
        for price in window[0].iter().chain(window[1]) {
            let distance = price - shift;
            sum += distance;
            squares += distance * distance;
        }
        let mean = sum * share;
        Fresh { shift, sum, squares, variance: squares * share - mean * mean }
    }

    /// About the mean, or about the newest price where even that cancels.
    #[cold]
    fn of(window: [&[f64]; 2], newest: f64, share: f64) -> Fresh {
        let mean = window[0].iter().chain(window[1]).sum::<f64>() * share;
        let mut fresh = Fresh::about(mean, window, share);
        if fresh.variance < CANCELLED * (fresh.squares * share) {
            fresh = Fresh::about(newest, window, share);
        }
        if fresh.variance < FLAT * (fresh.squares * share) {
            fresh.variance = 0.0;
        }
        fresh
    }
}

impl OverPrices for Variance {
    type Output = f64;

    #[inline]
    fn next(&mut self, price: f64) -> Option<f64> {
        if self.seen == 0 {
            self.shift = price;
        }
        let oldest = self.ring.push(price);
        self.add(price);
        if self.seen + 1 < self.period {
            self.seen += 1;
            self.peak_squares = self.squares;
            return None;
        }
        self.seen = self.period;
        if self.squares > self.peak_squares {
            self.peak_squares = self.squares;
        }
        let mut variance = self.spread();
        self.until_reseed -= 1;
        let cancelled = variance < CANCELLED * (self.peak_squares * self.share);
        if cancelled || self.until_reseed == 0 {
            let fresh = Fresh::of(self.ring.halves(), price, self.share);
            (self.shift, self.sum, self.squares) = (fresh.shift, fresh.sum, fresh.squares);
            (self.peak_squares, variance) = (fresh.squares, fresh.variance);
            self.until_reseed = WINDOWS_PER_RESEED * self.period;
        }
        self.remove(oldest);
        Some(variance)
    }
}

impl StdDev {
    /// A window of that many prices, at least one.
    pub fn new(period: usize) -> StdDev {
        StdDev { variance: Variance::new(period) }
    }
}

impl OverPrices for StdDev {
    type Output = f64;

    #[inline]
    fn next(&mut self, price: f64) -> Option<f64> {
        self.variance.next(price).map(f64::sqrt)
    }
}

enrol! {
    STD_DEV_20 = on_close(StdDev::new(20), |value| value);
    name: "std_dev_20",
    formula: "population standard deviation of 20 closes",
    window: 20,
    warmup: 20,
    units: Units::Price,
    source: "TA-Lib STDDEV",
}

enrol! {
    VARIANCE_20 = on_close(Variance::new(20), |value| value);
    name: "variance_20",
    formula: "population variance of 20 closes",
    window: 20,
    warmup: 20,
    units: Units::PriceSquared,
    source: "TA-Lib VAR",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_divides_by_the_count() {
        let mut deviation = StdDev::new(2);
        let found = [1.0, 3.0, 3.0].map(|price| deviation.next(price));
        assert_eq!(found, [None, Some(1.0), Some(0.0)]);
    }

    #[test]
    fn a_small_spread_at_a_high_price_survives() {
        let mut variance = Variance::new(4);
        let found = (0..200).filter_map(|at| variance.next(1e9 + f64::from(at % 2))).last();
        assert!((found.unwrap() - 0.25).abs() < 1e-9, "{found:?}");
    }
}
