//! The standard normal distribution, accurate in its tails.

use implied_vol::{DefaultSpecialFn, SpecialFn};

/// `1 / sqrt(2 π)`.
const PEAK: f64 = 0.398_942_280_401_432_7;

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
