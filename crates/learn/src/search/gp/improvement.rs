//! The logarithm of expected improvement, exact where the improvement is too small for its own
//! logarithm (Ament, Daulton, Eriksson, Balandat and Bakshy 2023).

use std::f64::consts::{PI, SQRT_2};

use base::stats::erfc;

use super::regression::{Forecast, Process};

/// Left of here a series takes over from a difference of close numbers.
const FAR: f64 = -6.0;

/// ln E[max(best - f, 0)] at a point.
pub(super) fn log_improvement(forecast: Forecast, best: f64) -> f64 {
    let z = (best - forecast.mean) / forecast.deviation;
    forecast.deviation.ln() + log_h(z).0
}

/// The same with its gradient, which is written.
pub(super) fn with_gradient(process: &Process, best: f64, at: &[f64], slope: &mut [f64]) -> f64 {
    let slopes = process.slopes(at);
    let Forecast { mean, deviation } = slopes.forecast;
    let z = (best - mean) / deviation;
    let (log_h, turn) = log_h(z);
    for (axis, slope) in slope.iter_mut().enumerate() {
        let of_z = -(slopes.mean[axis] + z * slopes.deviation[axis]) / deviation;
        *slope = slopes.deviation[axis] / deviation + turn * of_z;
    }
    deviation.ln() + log_h
}

/// ln(φ(z) + z Φ(z)) and its derivative Φ(z) / (φ(z) + z Φ(z)).
fn log_h(z: f64) -> (f64, f64) {
    let log_density = -0.5 * z * z - 0.5 * (2.0 * PI).ln();
    if z > FAR {
        let below = 0.5 * erfc(-z / SQRT_2);
        let h = log_density.exp() + z * below;
        return (h.ln(), below / h);
    }
    // Φ(z) = φ(z) / |z| · (1 - 1/z² + 3/z⁴ - …) and φ + zΦ is what is left of it (Abramowitz and
    // Stegun 26.2.12).
    let s = 1.0 / (z * z);
    let h = s * (1.0 - s * (3.0 - s * (15.0 - s * (105.0 - s * (945.0 - s * 10_395.0)))));
    (log_density + h.ln(), (1.0 - h) / (z.abs() * h))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_that_of_the_known_formula() {
        // φ(z) + z Φ(z), reckoned with 50 digits.
        let cases = [
            (0.0, 0.398_942_280_401_432_7),
            (1.5, 1.529_306_793_762_604_6),
            (-1.0, 0.083_315_470_587_686_3),
            (-5.0, 5.346_165_533_832_815e-8),
        ];
        for (z, h) in cases {
            assert!((log_h(z).0 - f64::ln(h)).abs() < 1e-9, "{z}: {} {h}", log_h(z).0.exp());
        }
    }

    #[test]
    fn both_branches_meet_and_slopes_are_slopes() {
        let gap = log_h(FAR + 1e-9).0 - log_h(FAR - 1e-9).0;
        assert!(gap.abs() < 2e-4, "{gap}");
        for z in [-40.0, -7.0, -3.0, 0.3, 4.0] {
            let wanted = (log_h(z + 1e-5).0 - log_h(z - 1e-5).0) / 2e-5;
            assert!((log_h(z).1 - wanted).abs() < 1e-3 * wanted, "{z}: {wanted}");
        }
    }
}
