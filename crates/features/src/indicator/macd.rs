//! Moving average convergence and divergence.

use super::feature::{enrol, on_close};
use super::{Ema, OverPrices};
use crate::spec::Units;

/// The three lines, in price units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MacdLines {
    /// Fast average − slow average.
    pub macd: f64,
    /// Average of the macd line.
    pub signal: f64,
    /// Macd − signal.
    pub histogram: f64,
}

/// EMA(fast) − EMA(slow) and its own EMA (Appel 1979). As in TA-Lib's `MACD` the fast average is
/// seeded so late that both averages exist from the same bar on.
#[derive(Debug, Clone)]
pub struct Macd {
    fast: Ema,
    slow: Ema,
    signal: Ema,
    /// Prices still wanted until all three averages exist.
    wanting: usize,
    /// The fast average starts when no more than this many are wanted.
    fast_starts: usize,
}

impl Macd {
    /// Lengths of the fast, the slow and the signal average; fast and slow may come in any order.
    // Inlined like the averages it makes: a state filled by a call stays in memory, and there each
    // step waits for wide loads of what narrow stores have just written, four times as long.
    #[inline]
    pub fn new(fast: usize, slow: usize, signal: usize) -> Macd {
        let (fast, slow) = (fast.min(slow).max(1), fast.max(slow).max(1));
        let signal_wants = signal.max(1) - 1;
        Macd {
            fast: Ema::new(fast),
            slow: Ema::new(slow),
            signal: Ema::new(signal),
            wanting: slow + signal_wants,
            fast_starts: fast + signal_wants,
        }
    }

    // Inlined on purpose: a call that takes the state would keep it out of registers.
    #[inline(always)]
    fn seed(&mut self, price: f64) -> Option<MacdLines> {
        let starts = self.wanting <= self.fast_starts;
        self.wanting -= 1;
        let slow = self.slow.next(price);
        let fast = if starts { self.fast.next(price) } else { None };
        let macd = fast? - slow?;
        self.signal.next(macd).map(|signal| MacdLines::of(macd, signal))
    }
}

impl MacdLines {
    #[inline(always)]
    fn of(macd: f64, signal: f64) -> MacdLines {
        MacdLines { macd, signal, histogram: macd - signal }
    }
}

impl OverPrices for Macd {
    type Output = MacdLines;

    // Always, for the same reason: left to itself the compiler calls it where it is used often.
    #[inline(always)]
    fn next(&mut self, price: f64) -> Option<MacdLines> {
        if self.wanting > 0 {
            std::hint::cold_path();
            return self.seed(price);
        }
        let macd = self.fast.step(price) - self.slow.step(price);
        Some(MacdLines::of(macd, self.signal.step(macd)))
    }
}

enrol! {
    MACD = on_close(Macd::new(12, 26, 9), |lines| lines.macd);
    name: "macd",
    formula: "EMA12 − EMA26 of the close",
    window: 26,
    warmup: 34,
    units: Units::Price,
    source: "TA-Lib MACD 12 26 9; Appel 1979",
}

enrol! {
    MACD_SIGNAL = on_close(Macd::new(12, 26, 9), |lines| lines.signal);
    name: "macd_signal",
    formula: "EMA9 of the macd line",
    window: 26,
    warmup: 34,
    units: Units::Price,
    source: "TA-Lib MACD 12 26 9; Appel 1979",
}

enrol! {
    MACD_HISTOGRAM = on_close(Macd::new(12, 26, 9), |lines| lines.histogram);
    name: "macd_histogram",
    formula: "macd − macd_signal",
    window: 26,
    warmup: 34,
    units: Units::Price,
    source: "TA-Lib MACD 12 26 9; Appel 1979",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_straight_line_the_averages_lag_by_half_their_lengths() {
        let mut macd = Macd::new(3, 5, 2);
        let lines = (0..60).filter_map(|at| macd.next(f64::from(at))).last().unwrap();
        assert!((lines.macd - 1.0).abs() < 1e-12, "{lines:?}");
        assert!(lines.histogram.abs() < 1e-12, "{lines:?}");
    }

    #[test]
    fn the_first_value_comes_when_the_signal_is_full() {
        let mut macd = Macd::new(3, 5, 2);
        let first = (0..).position(|at| macd.next(f64::from(at)).is_some());
        assert_eq!(first, Some(5));
    }
}
