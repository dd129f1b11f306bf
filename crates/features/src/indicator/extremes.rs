//! Highest and lowest of a window in constant time.
//!
//! The block method of van Herk (1992) and Gil and Werman (1993) instead of a monotone queue:
//! the same values, two comparisons a bar, and no branch that the processor can't foresee.
//! The series is cut into blocks of the window's length. The extreme of a window is that of the
//! current block so far and of the rest of the previous one, whose suffix extremes are computed
//! once when the block ends.

use super::OverPrices;
use super::feature::{enrol, on_close};
use crate::spec::Units;

/// Rolling maximum over anything ordered; `lowest` must be below every value.
#[derive(Debug, Clone)]
pub(crate) struct Crest<T> {
    /// Before `at`: values of the current block. From `at` on: suffix maxima of the previous
    /// block. One place more than the window, always `lowest`.
    block: Box<[T]>,
    at: usize,
    current: T,
    lowest: T,
}

impl<T: Copy + PartialOrd> Crest<T> {
    pub(crate) fn new(window: usize, lowest: T) -> Crest<T> {
        let block = vec![lowest; window.max(1) + 1].into_boxed_slice();
        Crest { block, at: 0, current: lowest, lowest }
    }

    /// Takes a value; the maximum of the window that it ends, or of all values while there are
    /// fewer. Of equal values the later one is given.
    #[inline]
    pub(crate) fn next(&mut self, value: T) -> T {
        self.current = later_maximum(self.current, value);
        self.block[self.at] = value;
        self.at += 1;
        let crest = later_maximum(self.block[self.at], self.current);
        if self.at + 1 == self.block.len() {
            self.close_block();
        }
        crest
    }

    // Inlined on purpose: a call that takes the state would keep it out of registers.
    #[inline(always)]
    fn close_block(&mut self) {
        for place in (0..self.block.len() - 1).rev() {
            self.block[place] = later_maximum(self.block[place], self.block[place + 1]);
        }
        self.at = 0;
        self.current = self.lowest;
    }
}

#[inline]
fn later_maximum<T: Copy + PartialOrd>(earlier: T, later: T) -> T {
    if earlier > later { earlier } else { later }
}

/// Highest of the last n values. TA-Lib's `MAX` to the last bit.
#[derive(Debug, Clone)]
pub struct Highest {
    crest: Crest<f64>,
    wanting: usize,
}

/// Lowest of the last n values. TA-Lib's `MIN` to the last bit.
#[derive(Debug, Clone)]
pub struct Lowest {
    negated: Highest,
}

impl Highest {
    /// A window of that many values, at least one.
    pub fn new(period: usize) -> Highest {
        Highest { crest: Crest::new(period, f64::NEG_INFINITY), wanting: period.max(1) }
    }
}

impl OverPrices for Highest {
    type Output = f64;

    #[inline]
    fn next(&mut self, price: f64) -> Option<f64> {
        let highest = self.crest.next(price);
        self.wanting = self.wanting.saturating_sub(1);
        (self.wanting == 0).then_some(highest)
    }
}

impl Lowest {
    /// A window of that many values, at least one.
    pub fn new(period: usize) -> Lowest {
        Lowest { negated: Highest::new(period) }
    }
}

impl OverPrices for Lowest {
    type Output = f64;

    #[inline]
    fn next(&mut self, price: f64) -> Option<f64> {
        self.negated.next(-price).map(|highest| -highest)
    }
}

enrol! {
    HIGHEST_CLOSE_20 = on_close(Highest::new(20), |value| value);
    name: "highest_close_20",
    formula: "highest of 20 closes",
    window: 20,
    warmup: 20,
    units: Units::Price,
    source: "TA-Lib MAX",
}

enrol! {
    LOWEST_CLOSE_20 = on_close(Lowest::new(20), |value| value);
    name: "lowest_close_20",
    formula: "lowest of 20 closes",
    window: 20,
    warmup: 20,
    units: Units::Price,
    source: "TA-Lib MIN",
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn extremes_equal_those_of_the_window(
            values in proptest::collection::vec(-9i32..9, 1..60),
            period in 1usize..12,
        ) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let (mut highest, mut lowest) = (Highest::new(period), Lowest::new(period));
            for (at, &value) in values.iter().enumerate() {
                let found = (highest.next(value), lowest.next(value));
                let window = (at + 1).checked_sub(period).map(|from| &values[from..=at]);
                let top = window.map(|w| w.iter().copied().fold(f64::NEG_INFINITY, f64::max));
                let bottom = window.map(|w| w.iter().copied().fold(f64::INFINITY, f64::min));
                prop_assert_eq!(found, (top, bottom));
            }
        }
    }

    #[test]
    fn of_equal_values_the_later_is_given() {
        let mut crest = Crest::new(3, (f64::NEG_INFINITY, 0));
        let found = [(1.0, 1), (2.0, 2), (2.0, 3), (1.0, 4), (1.0, 5)].map(|v| crest.next(v).1);
        assert_eq!(found, [1, 2, 3, 3, 3]);
    }
}
