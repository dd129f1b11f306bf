//! Least-squares line through the last n prices.

use super::OverPrices;
use super::feature::{enrol, on_close};
use super::ring::Ring;
use crate::spec::Units;

/// The line at the last bar of its window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Height at the last bar. TA-Lib's `LINEARREG`.
    pub end: f64,
    /// Rise a bar. TA-Lib's `LINEARREG_SLOPE`.
    pub slope: f64,
}

/// Ordinary least squares of price on bar number, by running sums that are taken anew every 32
/// windows and where a far larger price has just left.
#[derive(Debug, Clone)]
pub struct LinearRegression {
    ring: Ring,
    sum: f64,
    /// Σ (bars ago · price).
    aged_sum: f64,
    absolute_sum: f64,
    leaving: f64,
    until_reseed: usize,
    seen: usize,
    period: usize,
}

const WINDOWS_PER_RESEED: usize = 32;
const LARGER: f64 = 100.0;

impl LinearRegression {
    /// A window of that many prices, at least two.
    pub fn new(period: usize) -> LinearRegression {
        let period = period.max(2);
        LinearRegression {
            ring: Ring::new(period),
            sum: 0.0,
            aged_sum: 0.0,
            absolute_sum: 0.0,
            leaving: 0.0,
            until_reseed: 0,
            seen: 0,
            period,
        }
    }

    fn reseed(&mut self) {
        self.until_reseed = WINDOWS_PER_RESEED * self.period;
        (self.sum, self.aged_sum, self.absolute_sum) = (0.0, 0.0, 0.0);
        for (place, price) in self.ring.iter().enumerate() {
            self.sum += price;
            self.aged_sum += (self.period - 1 - place) as f64 * price;
            self.absolute_sum += price.abs();
        }
    }

    fn slide(&mut self, price: f64) {
        let weighted = self.period as f64 * self.leaving;
        self.aged_sum = self.aged_sum + self.sum - weighted;
        self.sum = self.sum - self.leaving + price;
        self.absolute_sum = self.absolute_sum - self.leaving.abs() + price.abs();
        self.until_reseed -= 1;
        if self.until_reseed == 0 || weighted.abs() > LARGER * self.absolute_sum {
            self.reseed();
        }
    }

    fn line(&self) -> Line {
        let count = self.period as f64;
        let sum_x = count * (count - 1.0) * 0.5;
        let squares_x = count * (count - 1.0) * (2.0 * count - 1.0) / 6.0;
        let divisor = sum_x * sum_x - count * squares_x;
        let slope = (count * self.aged_sum - sum_x * self.sum) / divisor;
        let start = (self.sum - slope * sum_x) / count;
        Line { end: start + slope * (count - 1.0), slope }
    }
}

impl OverPrices for LinearRegression {
    type Output = Line;

    #[inline]
    fn next(&mut self, price: f64) -> Option<Line> {
        let oldest = self.ring.push(price);
        if self.seen == self.period {
            self.slide(price);
        } else {
            self.seen += 1;
            if self.seen < self.period {
                return None;
            }
            self.reseed();
        }
        self.leaving = oldest;
        Some(self.line())
    }
}

enrol! {
    LINEAR_REGRESSION_14 = on_close(LinearRegression::new(14), |line| line.end);
    name: "linear_regression_14",
    formula: "end of the least-squares line through 14 closes",
    window: 14,
    warmup: 14,
    units: Units::Price,
    source: "TA-Lib LINEARREG",
}

enrol! {
    LINEAR_REGRESSION_SLOPE_14 = on_close(LinearRegression::new(14), |line| line.slope);
    name: "linear_regression_slope_14",
    formula: "slope of the least-squares line through 14 closes",
    window: 14,
    warmup: 14,
    units: Units::PricePerBar,
    source: "TA-Lib LINEARREG_SLOPE",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_a_straight_line() {
        let mut regression = LinearRegression::new(4);
        let line = (0..300).filter_map(|at| regression.next(5.0 + 2.0 * f64::from(at))).last();
        let line = line.unwrap();
        assert!((line.slope - 2.0).abs() < 1e-9 && (line.end - 603.0).abs() < 1e-9, "{line:?}");
    }
}
