//! How long is waited before the next try: longer each time, never longer than a bound, and never
//! for two clients alike.

use base::{Seed, Span};
use rand::RngExt as _;

/// Waits that double, up to a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait.
    pub first: Span,
    /// The longest.
    pub longest: Span,
}

impl Backoff {
    /// The wait after so many tries that failed, from 1 on: doubled for each, then up to a quarter
    /// shorter, by a draw of the node of that number.
    pub fn wait(&self, tries: u32, seed: Seed) -> Span {
        let doubled = self.first.nanos().saturating_mul(1 << tries.saturating_sub(1).min(30));
        let whole = doubled.min(self.longest.nanos()).max(1);
        let less = seed.index(u64::from(tries)).rng().random_range(0..=whole / 4);
        Span::from_nanos(whole - less)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff =
        Backoff { first: Span::from_seconds(1), longest: Span::from_seconds(30) };

    #[test]
    fn waits_double_up_to_the_longest_and_are_the_same_for_the_same_seed() {
        let seed = Seed::root(7);
        let waits: Vec<f64> = (1..9).map(|tries| BACKOFF.wait(tries, seed).seconds()).collect();
        for (wait, whole) in waits.iter().zip([1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]) {
            assert!((0.75 * whole..=whole).contains(wait), "{waits:?}");
        }
        assert_eq!(BACKOFF.wait(3, seed), BACKOFF.wait(3, Seed::root(7)));
        assert_ne!(BACKOFF.wait(3, seed), BACKOFF.wait(3, Seed::root(8)));
    }

    #[test]
    fn no_number_of_tries_waits_longer_than_the_longest_or_not_at_all() {
        for tries in [0, 1, 31, 32, 33, 1_000, u32::MAX] {
            let wait = BACKOFF.wait(tries, Seed::root(1));
            assert!(wait > Span::ZERO && wait <= BACKOFF.longest, "{tries} {wait:?}");
        }
    }
}
