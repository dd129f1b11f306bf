//! A logistic curve over log odds (Platt 1999), fitted with Newton steps and halving
//! (Lin, Lin and Weng 2007, "A note on Platt's probabilistic outputs").

use base::Prob;
use base::stats::sigmoid;
use serde::{Deserialize, Serialize};

use super::clamped;

const STEPS: usize = 100;
const SMALLEST_STEP: f64 = 1e-10;

/// `p = 1 / (1 + exp(-(slope · log odds + intercept)))`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Platt {
    /// 1 leaves scores as they are.
    pub slope: f64,
    /// 0 leaves scores as they are.
    pub intercept: f64,
}

impl Platt {
    /// The curve of least log loss, with Platt's softened targets `(n₊+1)/(n₊+2)`, `1/(n₋+2)`.
    pub fn fit(scores: &[Prob], labels: &[bool]) -> Platt {
        let wins = labels.iter().filter(|&&label| label).count() as f64;
        let losses = labels.len() as f64 - wins;
        let (high, low) = ((wins + 1.0) / (wins + 2.0), 1.0 / (losses + 2.0));
        let rows: Vec<(f64, f64)> = scores
            .iter()
            .zip(labels)
            .map(|(&score, &label)| (log_odds(score), if label { high } else { low }))
            .collect();
        let mut curve = Platt { slope: 1.0, intercept: 0.0 };
        let mut loss = curve.loss(&rows);
        for _ in 0..STEPS {
            let (down_slope, down_intercept) = curve.newton(&rows);
            let mut size = 1.0;
            let better = loop {
                let tried = Platt {
                    slope: curve.slope - size * down_slope,
                    intercept: curve.intercept - size * down_intercept,
                };
                let found = tried.loss(&rows);
                if found < loss {
                    break Some((tried, found));
                }
                size /= 2.0;
                if size < SMALLEST_STEP {
                    break None;
                }
            };
            let Some((tried, found)) = better else { break };
            let gained = loss - found;
            (curve, loss) = (tried, found);
            if gained < 1e-12 * rows.len() as f64 {
                break;
            }
        }
        curve
    }

    /// The probability for a score.
    pub fn apply(&self, score: Prob) -> Prob {
        clamped(self.value(log_odds(score)))
    }

    fn value(&self, odds: f64) -> f64 {
        sigmoid(self.slope * odds + self.intercept)
    }

    fn loss(&self, rows: &[(f64, f64)]) -> f64 {
        let row_loss = |&(odds, target): &(f64, f64)| {
            let z = self.slope * odds + self.intercept;
            // ln(1 + e^z) - t z, without overflow.
            z.max(0.0) + (-z.abs()).exp().ln_1p() - target * z
        };
        rows.iter().map(row_loss).sum()
    }

    /// The Newton step: inverse Hessian times gradient.
    fn newton(&self, rows: &[(f64, f64)]) -> (f64, f64) {
        let (mut g, mut h) = ([0.0; 2], [1e-12, 0.0, 1e-12]);
        for &(odds, target) in rows {
            let p = self.value(odds);
            let (error, spread) = (p - target, p * (1.0 - p));
            g[0] += error * odds;
            g[1] += error;
            h[0] += spread * odds * odds;
            h[1] += spread * odds;
            h[2] += spread;
        }
        let determinant = (h[0] * h[2] - h[1] * h[1]).max(1e-18);
        ((h[2] * g[0] - h[1] * g[1]) / determinant, (h[0] * g[1] - h[1] * g[0]) / determinant)
    }
}

fn log_odds(score: Prob) -> f64 {
    let p = score.get().clamp(1e-7, 1.0 - 1e-7);
    (p / (1.0 - p)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fit_has_no_slope_left_to_descend() {
        let scores: Vec<Prob> =
            (0..200).map(|i| Prob::new(f64::from(i % 50) / 60.0 + 0.05).unwrap()).collect();
        let labels: Vec<bool> = (0..200).map(|i| (i * 7) % 50 < i % 50).collect();
        let curve = Platt::fit(&scores, &labels);
        let (slope, intercept) = curve.newton(
            &scores
                .iter()
                .zip(&labels)
                .map(|(&s, &l)| {
                    let wins = labels.iter().filter(|&&l| l).count() as f64;
                    let high = (wins + 1.0) / (wins + 2.0);
                    (log_odds(s), if l { high } else { 1.0 / (202.0 - wins) })
                })
                .collect::<Vec<_>>(),
        );
        assert!(slope.abs() < 1e-4 && intercept.abs() < 1e-4, "{curve:?} {slope} {intercept}");
    }
}
