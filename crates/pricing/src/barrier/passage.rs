//! The chance that a drifting Brownian motion meets a level within a time.

use base::stats::normal_cdf;

/// Chance that a Brownian motion with `drift` and `deviation` a √year meets, within `years`, a
/// level that lies `distance` ahead of it, where a positive drift goes towards the level.
///
/// ```text
/// Φ((ν T − d) / (σ √T)) + exp(2 ν d / σ²) Φ((−ν T − d) / (σ √T))
/// ```
/// Borodin and Salminen, *Handbook of Brownian Motion*, 2.2.0.2. One at a distance of zero or
/// less, zero in no time. The arguments must be finite, `deviation` positive.
pub fn first_passage(distance: f64, drift: f64, deviation: f64, years: f64) -> f64 {
    if distance <= 0.0 {
        return 1.0;
    }
    if years <= 0.0 {
        return 0.0;
    }
    let spread = deviation * years.sqrt();
    let ahead = normal_cdf((drift * years - distance) / spread);
    let power = 2.0 * drift * distance / (deviation * deviation);
    let mirrored = exp_times_cdf(power, (-drift * years - distance) / spread);
    (ahead + mirrored).clamp(0.0, 1.0)
}

/// e^power × Φ(x), also where the first overflows and the second vanishes.
pub(crate) fn exp_times_cdf(power: f64, x: f64) -> f64 {
    if x > -30.0 { power.exp() * normal_cdf(x) } else { (power + ln_cdf_far(x)).exp() }
}

/// ln Φ(x) for x below −30, by the asymptotic series (Abramowitz and Stegun 26.2.12); the first
/// term left out is below 1e-10 of the value.
fn ln_cdf_far(x: f64) -> f64 {
    let square = x * x;
    let series =
        1.0 - 1.0 / square + 3.0 / square.powi(2) - 15.0 / square.powi(3) + 105.0 / square.powi(4);
    -0.5 * square - (-x).ln() - 0.5 * std::f64::consts::TAU.ln() + series.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_motion_without_drift_obeys_the_reflection_principle() {
        let chance = first_passage(0.1, 0.0, 0.2, 0.25);
        assert!((chance - 2.0 * normal_cdf(-1.0)).abs() < 1e-14, "{chance}");
    }

    #[test]
    fn a_motion_away_from_the_level_meets_it_at_the_exponential_rate_in_the_end() {
        let chance = first_passage(0.1, -0.05, 0.2, 1e9);
        assert!((chance - (-2.0f64 * 0.05 * 0.1 / 0.04).exp()).abs() < 1e-12, "{chance}");
    }

    #[test]
    fn tails_join_and_do_not_overflow() {
        let (near, far) = (exp_times_cdf(0.0, -30.0 + 1e-9), exp_times_cdf(0.0, -30.0));
        assert!((near / far - 1.0).abs() < 1e-7, "{near} {far}");
        // Drift a thousand deviations strong: certain, not infinite or no number.
        assert_eq!(first_passage(0.1, 100.0, 0.01, 1.0), 1.0);
        assert_eq!(first_passage(0.1, -100.0, 0.01, 1.0), 0.0);
    }
}
