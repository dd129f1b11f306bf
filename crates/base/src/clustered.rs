//! The interval of a mean when values come in clusters that rise and fall together.
//!
//! Variance: the sum over clusters of the squared sum of their deviations (Liang and Zeger 1986),
//! with the small-sample factor G ÷ (G − 1); quantiles of Student's t with G − 1 degrees of
//! freedom for G clusters (Cameron and Miller 2015, *A Practitioner's Guide to Cluster-Robust
//! Inference*, section VI). With a few long clusters it is wider than a bootstrap of blocks, which
//! then says too much.

use std::collections::BTreeMap;

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::bootstrap::Interval;

/// The mean of all values, each with its cluster. All ends are NaN with fewer than two clusters:
/// nothing can be said then.
pub fn clustered_mean<K: Ord>(values: impl IntoIterator<Item = (K, f64)>, level: f64) -> Interval {
    let mut clusters: BTreeMap<K, Vec<f64>> = BTreeMap::new();
    for (cluster, value) in values {
        clusters.entry(cluster).or_default().push(value);
    }
    let count: usize = clusters.values().map(Vec::len).sum();
    let value = clusters.values().flatten().sum::<f64>() / count as f64;
    let number = clusters.len() as f64;
    let nothing = Interval { value, low: f64::NAN, high: f64::NAN, level };
    let Ok(student) = StudentsT::new(0.0, 1.0, number - 1.0) else { return nothing };
    let deviation = |values: &Vec<f64>| values.iter().map(|v| v - value).sum::<f64>();
    let squares: f64 = clusters.values().map(|values| deviation(values).powi(2)).sum();
    let error = (number / (number - 1.0) * squares).sqrt() / count as f64;
    let half = student.inverse_cdf(0.5 + level / 2.0) * error;
    Interval { value, low: value - half, high: value + half, level }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean, low, high.
    const GOLDEN: [f64; 3] = [0.2166666666666667, -1.9643345671171146, 2.397667900450448];

    /// Four values in each of three clusters. The ends were computed with NumPy and SciPy 1.16 by
    /// the formula above.
    #[test]
    fn the_ends_are_those_of_the_published_formula() {
        let values =
            [(0, [1.0, 1.5, 0.5, 1.2]), (1, [-1.0, -0.5, -1.2, -0.1]), (2, [0.4, 0.2, -0.3, 0.9])];
        let all = values.iter().flat_map(|(c, values)| values.iter().map(move |v| (*c, *v)));
        let found = clustered_mean(all, 0.95);
        assert!((found.value - GOLDEN[0]).abs() < 1e-12, "{found:?}");
        assert!((found.low - GOLDEN[1]).abs() < 1e-9, "{found:?}");
        assert!((found.high - GOLDEN[2]).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn nothing_is_said_of_one_cluster_or_none() {
        assert!(clustered_mean([(0, 1.0), (0, 2.0)], 0.95).low.is_nan());
        assert!(clustered_mean(Vec::<(u8, f64)>::new(), 0.95).low.is_nan());
    }

    #[test]
    fn values_that_move_together_have_a_wider_interval() {
        let together = (0..40).map(|i| (i / 4, f64::from(i / 4 % 2)));
        let apart = (0..40).map(|i| (i, f64::from(i / 4 % 2)));
        let width = |it: Interval| it.high - it.low;
        let (wide, narrow) = (clustered_mean(together, 0.95), clustered_mean(apart, 0.95));
        assert!(width(wide) > 2.0 * width(narrow));
    }
}
