//! Random numbers of the market: normal, uniform, and the fat tails of volatility.

use base::Seed;
use base::seed::Rng;
use rand::Rng as _;
use rand_distr::{ChiSquared, Distribution, StandardNormal};

/// Largest factor by which one day's volatility may exceed what was expected.
const LARGEST_SURPRISE: f64 = 5.0;

/// A stream of random numbers.
pub(super) struct Draw {
    rng: Rng,
}

impl Draw {
    pub(super) fn new(seed: Seed) -> Draw {
        Draw { rng: seed.rng() }
    }

    /// Standard normal.
    #[inline]
    pub(super) fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.rng)
    }

    /// Uniform over 0 < x ≤ 1.
    #[inline]
    pub(super) fn uniform(&mut self) -> f64 {
        ((self.rng.next_u64() >> 11) + 1) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.uniform() <= probability
    }

    /// A whole number in `from..=to`.
    pub(super) fn whole(&mut self, from: u32, to: u32) -> u32 {
        from + (self.uniform() * f64::from(to - from + 1)).min(f64::from(to - from)) as u32
    }

    /// The surprise in one day's volatility. Student's t is a normal with a random variance:
    /// t = z × √(ν ÷ χ²ν); here scaled to unit variance. Keeping variance and normal apart lets
    /// the price be an exact martingale given the variance, which exp of a t could not be.
    pub(super) fn surprise(&mut self, chi: &ChiSquared<f64>, degrees: f64) -> f64 {
        let chi = chi.sample(&mut self.rng).max(1e-6);
        ((degrees - 2.0) / chi).sqrt().min(LARGEST_SURPRISE)
    }
}
