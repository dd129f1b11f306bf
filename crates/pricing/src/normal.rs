//! The standard normal distribution, accurate in its tails.

use std::f64::consts::FRAC_1_SQRT_2;

use implied_vol::{DefaultSpecialFn, SpecialFn};

/// `1 / sqrt(2 π)`.
const PEAK: f64 = 0.398_942_280_401_432_7;
/// `sqrt(π / 2)`: the tail is this times the density times `erfcx(z / √2)`.
const HALF_TURN: f64 = 1.253_314_137_315_500_3;
/// Up to here Cody's error function is a ratio of polynomials.
const NEAR: f64 = 0.468_75;

/// Density at `z`.
#[inline]
pub fn density(z: f64) -> f64 {
    PEAK * (-0.5 * z * z).exp()
}

/// Probability of a value below `z`, to full relative accuracy far into the lower tail (Cody 1969,
/// Mathematics of Computation 23, p. 631; an asymptotic series below −10).
#[inline]
pub fn cumulative(z: f64) -> f64 {
    DefaultSpecialFn::norm_cdf(z)
}

/// [`cumulative`] at `z` where the density there is known: without an exponential of its own.
#[inline]
pub(crate) fn cumulative_by(z: f64, density: f64) -> f64 {
    let place = z.abs() * FRAC_1_SQRT_2;
    if place <= NEAR {
        return 0.5 * DefaultSpecialFn::erfc(-z * FRAC_1_SQRT_2);
    }
    let tail = HALF_TURN * density * DefaultSpecialFn::erfcx(place);
    if z < 0.0 { tail } else { 1.0 - tail }
}

/// The `z` below which a value lies with probability `level` (Jäckel 2024, PJ-2024-Inverse-Normal).
/// −∞ at 0, +∞ at 1, NaN outside.
pub fn quantile(level: f64) -> f64 {
    match level {
        0.0 => f64::NEG_INFINITY,
        1.0 => f64::INFINITY,
        inside if inside > 0.0 && inside < 1.0 => DefaultSpecialFn::inverse_norm_cdf(inside),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_density_gives_the_same_probability() {
        for step in -3700..=3700 {
            let z = f64::from(step) * 0.01;
            let (slow, fast) = (cumulative(z), cumulative_by(z, density(z)));
            assert!((fast / slow - 1.0).abs() < 1e-13, "{z}: {slow:e} {fast:e}");
        }
        assert_eq!(cumulative_by(f64::INFINITY, 0.0), 1.0);
        assert_eq!(cumulative_by(f64::NEG_INFINITY, 0.0), 0.0);
    }
}
