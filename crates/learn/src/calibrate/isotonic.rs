//! The monotone curve of least squares: pool adjacent violators (Ayer et al. 1955).

use base::Prob;
use serde::{Deserialize, Serialize};

use super::clamped;

/// Knots of the curve, straight in between, flat outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Isotonic {
    /// Ascending pairs of score and probability.
    knots: Vec<(f64, f64)>,
}

/// Rows pooled to one value.
struct Pool {
    from: f64,
    to: f64,
    wins: f64,
    rows: f64,
}

impl Isotonic {
    /// Fits the curve. Rows of one score are one point.
    pub fn fit(scores: &[Prob], labels: &[bool]) -> Isotonic {
        let mut rows: Vec<(f64, f64)> = scores
            .iter()
            .zip(labels)
            .map(|(score, &label)| (score.get(), if label { 1.0 } else { 0.0 }))
            .collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut pools: Vec<Pool> = Vec::new();
        for tied in rows.chunk_by(|a, b| a.0 == b.0) {
            let wins = tied.iter().map(|row| row.1).sum();
            let mut pool = Pool { from: tied[0].0, to: tied[0].0, wins, rows: tied.len() as f64 };
            while let Some(last) =
                pools.pop_if(|last| last.wins * pool.rows >= pool.wins * last.rows)
            {
                pool.from = last.from;
                pool.wins += last.wins;
                pool.rows += last.rows;
            }
            pools.push(pool);
        }
        let mut knots = Vec::with_capacity(2 * pools.len());
        for pool in &pools {
            let value = pool.wins / pool.rows;
            knots.push((pool.from, value));
            if pool.to > pool.from {
                knots.push((pool.to, value));
            }
        }
        Isotonic { knots }
    }

    /// The probability for a score.
    pub fn apply(&self, score: Prob) -> Prob {
        let at = self.knots.partition_point(|knot| knot.0 <= score.get());
        let value = match (at.checked_sub(1).map(|below| self.knots[below]), self.knots.get(at)) {
            (Some(low), Some(high)) => {
                low.1 + (high.1 - low.1) * (score.get() - low.0) / (high.0 - low.0)
            }
            (Some(last), None) => last.1,
            (None, Some(first)) => first.1,
            (None, None) => score.get(),
        };
        clamped(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn prob(value: f64) -> Prob {
        Prob::new(value).unwrap()
    }

    #[test]
    fn violators_are_pooled() {
        let scores: Vec<Prob> = [0.1, 0.2, 0.3, 0.4].map(prob).into();
        // As sklearn.isotonic.IsotonicRegression: 0, 0.5, 0.5, 1.
        let curve = Isotonic::fit(&scores, &[false, true, false, true]);
        let found: Vec<f64> = scores.iter().map(|&s| curve.apply(s).get()).collect();
        assert_eq!(found, [0.0, 0.5, 0.5, 1.0]);
        assert!((curve.apply(prob(0.15)).get() - 0.25).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn the_curve_never_falls(
            rows in prop::collection::vec((0.0f64..1.0, any::<bool>()), 1..200),
        ) {
            let (scores, labels): (Vec<Prob>, Vec<bool>) =
                rows.iter().map(|&(score, label)| (prob(score), label)).unzip();
            let curve = Isotonic::fit(&scores, &labels);
            let values: Vec<f64> =
                (0..=100).map(|i| curve.apply(prob(f64::from(i) / 100.0)).get()).collect();
            prop_assert!(values.windows(2).all(|pair| pair[0] <= pair[1] + 1e-12));
        }
    }
}
