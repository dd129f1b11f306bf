//! Sharpe ratios that own up to their uncertainty and to the number of trials.
//!
//! Bailey and López de Prado, "The Sharpe ratio efficient frontier" (2012) and "The deflated
//! Sharpe ratio" (2014). All ratios are per period, not per year.

use base::stats::{excess_kurtosis, mean, normal_cdf, normal_quantile, skewness, std_dev};

/// Euler's constant γ.
const EULER: f64 = 0.577_215_664_901_532_9;

/// What a series of returns says of its Sharpe ratio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Track {
    /// Mean over standard deviation, per period.
    pub sharpe: f64,
    /// Number of periods.
    pub periods: usize,
    /// Skewness of the returns.
    pub skewness: f64,
    /// Kurtosis of the returns; 3 for a normal distribution.
    pub kurtosis: f64,
}

impl Track {
    /// Measures a series of returns.
    pub fn of(returns: &[f64]) -> Track {
        Track {
            sharpe: mean(returns) / std_dev(returns),
            periods: returns.len(),
            skewness: skewness(returns),
            kurtosis: excess_kurtosis(returns) + 3.0,
        }
    }

    /// Probability that the true ratio exceeds `benchmark` (2012, equation 11):
    /// `Φ((SR - SR*) √(n-1) / √(1 - γ₃ SR + (γ₄ - 1) SR² / 4))`.
    pub fn probabilistic(&self, benchmark: f64) -> f64 {
        let spread = 1.0 - self.skewness * self.sharpe
            + (self.kurtosis - 1.0) / 4.0 * self.sharpe * self.sharpe;
        let periods = (self.periods as f64 - 1.0).sqrt();
        normal_cdf((self.sharpe - benchmark) * periods / spread.sqrt())
    }

    /// Probability that the true ratio exceeds what the best of `trials` worthless strategies
    /// would have shown. `variance` is that of the trials' ratios.
    pub fn deflated(&self, trials: usize, variance: f64) -> f64 {
        self.probabilistic(expected_best(trials, variance))
    }
}

/// The ratio the best of `trials` worthless strategies is expected to show (2014, equation 1).
pub fn expected_best(trials: usize, variance: f64) -> f64 {
    if trials < 2 {
        return 0.0;
    }
    let count = trials as f64;
    let common = normal_quantile(1.0 - 1.0 / count);
    let rare = normal_quantile(1.0 - 1.0 / (count * std::f64::consts::E));
    variance.sqrt() * ((1.0 - EULER) * common + EULER * rare)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of the 2014 paper: 100 trials of variance 1/2 a year, 1,250 days,
    /// ratio 2.5 a year, skewness -3, kurtosis 10: SR₀ = 0.1132 a day, deflated 0.9004.
    #[test]
    fn the_worked_example_of_the_paper() {
        let track =
            Track { sharpe: 2.5 / 250f64.sqrt(), periods: 1_250, skewness: -3.0, kurtosis: 10.0 };
        assert!((expected_best(100, 0.5 / 250.0) - 0.1132).abs() < 5e-5);
        assert!((track.deflated(100, 0.5 / 250.0) - 0.9004).abs() < 5e-4);
    }

    #[test]
    fn more_trials_deflate_more() {
        let track = Track { sharpe: 0.1, periods: 500, skewness: 0.0, kurtosis: 3.0 };
        assert!(track.deflated(10, 0.002) > track.deflated(1_000, 0.002));
        assert_eq!(track.deflated(1, 0.002), track.probabilistic(0.0));
    }
}
