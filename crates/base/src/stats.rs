//! Plain statistics over slices. All sums run in index order, so a result is the same on every
//! machine and for every number of threads.

/// Arithmetic mean; NaN for an empty slice.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Sample variance (n − 1); NaN below two values.
pub fn variance(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return f64::NAN;
    }
    let centre = mean(values);
    let squares: f64 = values.iter().map(|v| (v - centre).powi(2)).sum();
    squares / (values.len() - 1) as f64
}

/// Sample standard deviation (n − 1); NaN below two values.
pub fn std_dev(values: &[f64]) -> f64 {
    variance(values).sqrt()
}

/// Standardised central moment of the given order (population form): 3 is skewness, 4 kurtosis.
pub fn standard_moment(values: &[f64], order: i32) -> f64 {
    let centre = mean(values);
    let count = values.len() as f64;
    let second = values.iter().map(|v| (v - centre).powi(2)).sum::<f64>() / count;
    let moment = values.iter().map(|v| (v - centre).powi(order)).sum::<f64>() / count;
    moment / second.powf(f64::from(order) / 2.0)
}

/// Skewness.
pub fn skewness(values: &[f64]) -> f64 {
    standard_moment(values, 3)
}

/// Excess kurtosis: 0 for a normal distribution.
pub fn excess_kurtosis(values: &[f64]) -> f64 {
    standard_moment(values, 4) - 3.0
}

/// Quantile by linear interpolation between order statistics (type 7 of Hyndman and Fan 1996).
/// `sorted` must be ascending; NaN when empty.
pub fn quantile_of_sorted(sorted: &[f64], level: f64) -> f64 {
    if sorted.is_empty() {
        return f64::NAN;
    }
    let place = level.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = place.ceil() as usize;
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

/// Quantile of values in any order; NaN when empty.
pub fn quantile(values: &[f64], level: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile_of_sorted(&sorted, level)
}

/// The middle value; NaN when empty.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The place of each value among all from 1, equal ones sharing the mean of theirs.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let middle = before as f64 + (tied.len() + 1) as f64 / 2.0;
        tied.iter().for_each(|&at| ranks[at] = middle);
        before += tied.len();
    }
    ranks
}

/// Pearson correlation of two slices of one length; NaN when either is constant.
pub fn correlation(left: &[f64], right: &[f64]) -> f64 {
    let (centre_left, centre_right) = (mean(left), mean(right));
    let (mut cross, mut square_left, mut square_right) = (0.0, 0.0, 0.0);
    for (a, b) in left.iter().zip(right) {
        cross += (a - centre_left) * (b - centre_right);
        square_left += (a - centre_left).powi(2);
        square_right += (b - centre_right).powi(2);
    }
    cross / (square_left * square_right).sqrt()
}

/// Autocorrelation at a lag, normalised by the full-sample variance.
pub fn autocorrelation(values: &[f64], lag: usize) -> f64 {
    let centre = mean(values);
    let total: f64 = values.iter().map(|v| (v - centre).powi(2)).sum();
    let shifted = values.iter().skip(lag);
    values.iter().zip(shifted).map(|(a, b)| (a - centre) * (b - centre)).sum::<f64>() / total
}

/// Largest fall from a running maximum, as a fraction of that maximum; 0 when it never fell.
pub fn max_drawdown(equity: &[f64]) -> f64 {
    let mut peak = f64::NEG_INFINITY;
    let mut worst: f64 = 0.0;
    for &value in equity {
        peak = peak.max(value);
        worst = worst.max(1.0 - value / peak);
    }
    worst
}

/// The logistic curve: the probability whose log odds are x.
#[inline]
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Turns scores into probabilities that add up to 1.
pub fn softmax(scores: &mut [f32]) {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0f64;
    for score in scores.iter_mut() {
        *score = (*score - largest).exp();
        sum += f64::from(*score);
    }
    scores.iter_mut().for_each(|score| *score /= sum as f32);
}

/// Distribution function of the standard normal (W. J. Cody's erfc, via complementary series;
/// absolute error below 1e-15).
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x / std::f64::consts::SQRT_2)
}

/// Complementary error function (Numerical Recipes, 3rd ed., §6.2.2, Chebyshev; 1.2e-7 relative
/// is not enough for tails, so the 28-term expansion is used: about 1e-15).
pub fn erfc(x: f64) -> f64 {
    let z = x.abs();
    let t = 2.0 / (2.0 + z);
    let ty = 4.0 * t - 2.0;
    let (mut d, mut dd) = (0.0, 0.0);
    for &c in ERFC_CHEBYSHEV[1..].iter().rev() {
        let previous = d;
        d = ty * d - dd + c;
        dd = previous;
    }
    let answer = t * (-z * z + 0.5 * (ERFC_CHEBYSHEV[0] + ty * d) - dd).exp();
    if x >= 0.0 { answer } else { 2.0 - answer }
}

#[allow(clippy::excessive_precision)] // digits as printed in the book
const ERFC_CHEBYSHEV: [f64; 28] = [
    -1.3026537197817094,
    6.4196979235649026e-1,
    1.9476473204185836e-2,
    -9.561514786808631e-3,
    -9.46595344482036e-4,
    3.66839497852761e-4,
    4.2523324806907e-5,
    -2.0278578112534e-5,
    -1.624290004647e-6,
    1.303655835580e-6,
    1.5626441722e-8,
    -8.5238095915e-8,
    6.529054439e-9,
    5.059343495e-9,
    -9.91364156e-10,
    -2.27365122e-10,
    9.6467911e-11,
    2.394038e-12,
    -6.886027e-12,
    8.94487e-13,
    3.13092e-13,
    -1.12708e-13,
    3.81e-16,
    7.106e-15,
    -1.523e-15,
    -9.4e-17,
    1.21e-16,
    -2.8e-17,
];

/// Interval of a share, from how often it came true in how many rows (Wilson 1927). NaN without
/// rows.
pub fn wilson(wins: usize, rows: usize, level: f64) -> (f64, f64) {
    let z = normal_quantile(0.5 + level / 2.0);
    let (n, p) = (rows as f64, wins as f64 / rows as f64);
    let centre = p + z * z / (2.0 * n);
    let reach = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    (((centre - reach) / scale).max(0.0), ((centre + reach) / scale).min(1.0))
}

/// Inverse of [`normal_cdf`] (Acklam's rational start, two Newton steps).
pub fn normal_quantile(level: f64) -> f64 {
    if level <= 0.0 || level >= 1.0 {
        return if level <= 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let tail = level.min(1.0 - level);
    let t = (-2.0 * tail.ln()).sqrt();
    // Abramowitz and Stegun 26.2.23, then polished.
    let start = t
        - (2.515517 + 0.802853 * t + 0.010328 * t * t)
            / (1.0 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t);
    let mut x = if level < 0.5 { -start } else { start };
    for _ in 0..4 {
        let density = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
        x -= (normal_cdf(x) - level) / density;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_matches_statsmodels() {
        // statsmodels.stats.proportion.proportion_confint(7, 10, method="wilson")
        let (low, high) = wilson(7, 10, 0.95);
        assert!((low - 0.396_777).abs() < 1e-5 && (high - 0.892_209).abs() < 1e-5, "{low} {high}");
    }

    #[test]
    fn quantiles_match_numpy() {
        let values = [3.0, 1.0, 2.0, 5.0, 4.0];
        assert_eq!(quantile(&values, 0.25), 2.0);
        assert_eq!(quantile(&values, 0.9), 4.6);
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn normal_distribution_matches_scipy() {
        // scipy.stats.norm.cdf / ppf
        let cases = [(0.0, 0.5), (1.0, 0.8413447460685429), (-3.0, 0.0013498980316300933)];
        for (x, p) in cases {
            assert!((normal_cdf(x) - p).abs() < 1e-14, "cdf {x}: {}", normal_cdf(x));
            assert!((normal_quantile(p) - x).abs() < 1e-11, "ppf {p}");
        }
        assert!((normal_quantile(0.975) - 1.959963984540054).abs() < 1e-12);
    }

    #[test]
    fn drawdown_is_measured_from_the_running_peak() {
        assert!((max_drawdown(&[1.0, 2.0, 1.5, 3.0, 2.4]) - 0.25).abs() < 1e-15);
        assert_eq!(max_drawdown(&[1.0, 2.0]), 0.0);
    }

    #[test]
    fn correlation_of_opposites_is_minus_one() {
        assert!((correlation(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]) + 1.0).abs() < 1e-15);
    }
}
