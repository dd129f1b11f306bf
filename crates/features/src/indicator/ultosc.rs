//! Ultimate oscillator.

use market::Candle;

use super::OverCandles;
use super::atr::true_range;
use super::feature::{enrol, on_candle};
use super::ring::Ring;
use crate::spec::Units;

/// 100 · (4 A₁ + 2 A₂ + A₃) / 7, each A the buying pressure over the true range of its window
/// (Williams 1985). TA-Lib's `ULTOSC`; a window without range adds nothing.
#[derive(Debug, Clone)]
pub struct UltimateOscillator {
    previous_close: Option<f64>,
    windows: [Pressure; 3],
    idle: usize,
    wanting: usize,
}

/// Sums over one window.
#[derive(Debug, Clone)]
struct Pressure {
    buying: Ring,
    range: Ring,
    buying_sum: f64,
    range_sum: f64,
    period: usize,
}

impl Pressure {
    fn new(period: usize) -> Pressure {
        Pressure {
            buying: Ring::new(period),
            range: Ring::new(period),
            buying_sum: 0.0,
            range_sum: 0.0,
            period,
        }
    }

    /// Buying over range, 0 without a range. `idle` is the number of bars since one that moved.
    fn next(&mut self, buying: f64, range: f64, idle: usize) -> f64 {
        let (old_buying, old_range) = (self.buying.push(buying), self.range.push(range));
        self.buying_sum += buying;
        self.range_sum += range;
        if idle >= self.period {
            // What is left in the sums is rounding.
            (self.buying_sum, self.range_sum) = (0.0, 0.0);
        }
        let share = if self.range_sum > 0.0 { self.buying_sum / self.range_sum } else { 0.0 };
        self.buying_sum -= old_buying;
        self.range_sum -= old_range;
        share
    }
}

impl UltimateOscillator {
    /// Three windows, each at least one bar; 7, 14 and 28 are usual. The shortest weighs most.
    pub fn new(mut periods: [usize; 3]) -> UltimateOscillator {
        periods.sort_unstable();
        let windows = periods.map(|period| Pressure::new(period.max(1)));
        UltimateOscillator { previous_close: None, windows, idle: 0, wanting: periods[2].max(1) }
    }
}

impl OverCandles for UltimateOscillator {
    type Output = f64;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<f64> {
        let previous = self.previous_close.replace(candle.close)?;
        let low = if candle.low < previous { candle.low } else { previous };
        let (buying, range) = (candle.close - low, true_range(candle, previous));
        self.idle = if range + buying.abs() <= 0.0 { self.idle + 1 } else { 0 };
        let mut total = 0.0;
        for (weight, window) in [4.0, 2.0, 1.0].into_iter().zip(&mut self.windows) {
            total += weight * window.next(buying, range, self.idle);
        }
        self.wanting = self.wanting.saturating_sub(1);
        (self.wanting == 0).then_some(100.0 * (total / 7.0))
    }
}

enrol! {
    ULTIMATE_OSCILLATOR = on_candle(UltimateOscillator::new([7, 14, 28]), |value| value);
    name: "ultimate_oscillator",
    formula: "100 · (4 A7 + 2 A14 + A28) / 7, A = buying pressure / true range",
    window: 28,
    warmup: 29,
    units: Units::Oscillator,
    source: "TA-Lib ULTOSC 7 14 28; Williams 1985",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closes_at_the_top_of_every_range_read_100() {
        let candle = |p: f64| Candle { low: p, high: p, close: p, open: p, ..Candle::default() };
        let mut oscillator = UltimateOscillator::new([1, 2, 3]);
        let found = [1.0, 2.0, 3.0, 4.0].map(|price| oscillator.next(&candle(price)));
        assert_eq!(found, [None, None, None, Some(100.0)]);
    }
}
