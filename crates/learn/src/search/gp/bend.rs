//! Bending losses towards a normal distribution: Yeo and Johnson (2000), the power by its
//! likelihood. A Gaussian process takes a few huge losses for cliffs; bent, they are slopes.

use base::stats::{mean, std_dev};

/// Powers tried. Two keeps large losses apart, minus two flattens them.
const POWERS: (f64, f64) = (-2.0, 2.0);
/// Golden-section steps to the most likely power.
const STEPS: usize = 30;

/// Bends in place; the order is kept, and mean and deviation become 0 and 1.
pub(super) fn bend(values: &mut [f64]) {
    standardise(values);
    let power = most_likely(values);
    values.iter_mut().for_each(|value| *value = bent(*value, power));
    standardise(values);
}

fn standardise(values: &mut [f64]) {
    let (middle, width) = (mean(values), std_dev(values));
    let width = if width.is_finite() && width > 0.0 { width } else { 1.0 };
    values.iter_mut().for_each(|value| *value = (*value - middle) / width);
}

/// The transformation with a power.
fn bent(value: f64, power: f64) -> f64 {
    let box_cox = |value: f64, power: f64| {
        if power.abs() < 1e-9 { value.ln_1p() } else { ((power * value.ln_1p()).exp_m1()) / power }
    };
    if value >= 0.0 { box_cox(value, power) } else { -box_cox(-value, 2.0 - power) }
}

/// Logarithm of the likelihood of normal values, without constants.
fn likelihood(values: &[f64], power: f64) -> f64 {
    let all: Vec<f64> = values.iter().map(|value| bent(*value, power)).collect();
    let stretch: f64 = values.iter().map(|value| value.signum() * value.abs().ln_1p()).sum();
    -(values.len() as f64) * std_dev(&all).max(1e-12).ln() + (power - 1.0) * stretch
}

fn most_likely(values: &[f64]) -> f64 {
    let golden = 0.5 * (5f64.sqrt() - 1.0);
    let (mut low, mut high) = POWERS;
    for _ in 0..STEPS {
        let (left, right) = (high - golden * (high - low), low + golden * (high - low));
        if likelihood(values, left) < likelihood(values, right) {
            low = left;
        } else {
            high = right;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::stats::skewness;

    #[test]
    fn skewed_losses_become_even_and_keep_their_order() {
        let mut values: Vec<f64> = (0..60).map(|i| (f64::from(i) / 6.0).exp()).collect();
        let before = skewness(&values);
        bend(&mut values);
        let after = skewness(&values);
        assert!(after.abs() < 0.4 * before, "{before} -> {after}");
        assert!(values.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(mean(&values).abs() < 1e-12 && (std_dev(&values) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn equal_losses_stay_finite() {
        let mut values = vec![3.0; 5];
        bend(&mut values);
        assert_eq!(values, [0.0; 5]);
    }
}
