//! Reliability: does a probability of 0.6 win six times in ten?

use base::Prob;
use base::stats::wilson;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Rows whose probability fell into one stretch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// From this probability on.
    pub from: f64,
    /// Up to this one, itself excluded but for the last bucket.
    pub to: f64,
    /// Rows.
    pub count: usize,
    /// Mean probability; absent without rows.
    pub mean_probability: Option<f64>,
    /// Share that won; absent without rows.
    pub win_rate: Option<f64>,
    /// 95 % interval of the share (Wilson 1927); absent without rows.
    pub interval: Option<(f64, f64)>,
}

/// The curve with its summary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// Buckets of equal width over 0..=1.
    pub buckets: Vec<Bucket>,
    /// Expected calibration error: mean distance of bucket and win rate, weighted by rows.
    pub expected_error: f64,
}

impl Reliability {
    /// Sorts rows into `count` buckets.
    pub fn measure(scores: &[Prob], labels: &[bool], count: usize) -> Result<Reliability, Error> {
        crate::score::check_lengths(scores, labels)?;
        let count = count.max(1);
        let mut sums = vec![(0usize, 0.0, 0usize); count];
        for (score, &label) in scores.iter().zip(labels) {
            let at = ((score.get() * count as f64) as usize).min(count - 1);
            sums[at].0 += 1;
            sums[at].1 += score.get();
            sums[at].2 += usize::from(label);
        }
        let mut expected_error = 0.0;
        let mut buckets = Vec::with_capacity(count);
        for (at, (rows, sum, wins)) in sums.into_iter().enumerate() {
            let (mean, rate) = (sum / rows as f64, wins as f64 / rows as f64);
            if rows > 0 {
                expected_error += rows as f64 / scores.len() as f64 * (mean - rate).abs();
            }
            buckets.push(Bucket {
                from: at as f64 / count as f64,
                to: (at + 1) as f64 / count as f64,
                count: rows,
                mean_probability: (rows > 0).then_some(mean),
                win_rate: (rows > 0).then_some(rate),
                interval: (rows > 0).then(|| wilson(wins, rows, 0.95)),
            });
        }
        Ok(Reliability { buckets, expected_error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_once_and_the_error_is_their_distance() {
        let scores: Vec<Prob> = [0.05, 0.05, 0.95, 1.0].map(|p| Prob::new(p).unwrap()).into();
        let found = Reliability::measure(&scores, &[false, true, true, true], 10).unwrap();
        assert_eq!(found.buckets[0].count, 2);
        assert_eq!(found.buckets[9].count, 2);
        assert_eq!(found.buckets[5].win_rate, None);
        assert!((found.expected_error - (0.5 * 0.45 + 0.5 * 0.025)).abs() < 1e-12);
    }
}
