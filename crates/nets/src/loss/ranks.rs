//! Losses of order: which of a group's rows should stand first.
//!
//! Outputs are one score a row; a target is `[relevance, group]`. Rows of a group follow each
//! other, and a group is never cut by the caller.

use serde::{Deserialize, Serialize};

use super::{Judged, Loss};
use crate::real::Real;

/// A loss of order, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RankLoss {
    /// [`Pairwise`]: which of two comes first, whatever the scale of relevance. The work grows
    /// with the square of a group.
    #[default]
    Pairwise,
    /// [`Listwise`]: for groups of thousands; relevance counts as a logit.
    Listwise,
}

/// RankNet (Burges et al. 2005): `ln(1 + e^−(s_i − s_j))` over the pairs of a group in which i is
/// more relevant than j, averaged over the pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pairwise;

/// ListNet (Cao et al. 2007): cross-entropy of the softmax of scores against the softmax of
/// relevances, group by group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listwise;

/// Stretches of rows of one group.
fn groups<R: Real>(target: &[R]) -> impl Iterator<Item = std::ops::Range<usize>> {
    let rows = target.len() / 2;
    let mut begun = 0;
    std::iter::from_fn(move || {
        let first = begun;
        if first == rows {
            return None;
        }
        begun += 1;
        while begun < rows && target[2 * begun + 1] == target[2 * first + 1] {
            begun += 1;
        }
        Some(first..begun)
    })
}

impl<R: Real> Loss<R> for Pairwise {
    fn outputs(&self) -> usize {
        1
    }

    fn targets(&self) -> usize {
        2
    }

    fn judge(&self, rows: Judged<'_, R>, dy: &mut [R]) -> f64 {
        dy.fill(R::ZERO);
        let relevance = |row: usize| rows.target[2 * row].f64();
        let mut total = 0.0;
        for group in groups(rows.target) {
            let pairs = || {
                let all = group.clone();
                all.clone().flat_map(move |i| all.clone().map(move |j| (i, j)))
            };
            let ordered = pairs().filter(|(i, j)| relevance(*i) > relevance(*j)).count();
            for (i, j) in pairs().filter(|(i, j)| relevance(*i) > relevance(*j)) {
                let weight = rows.weight(i).f64() * group.len() as f64 / ordered as f64;
                let gap = (rows.y[i] - rows.y[j]).f64();
                total += weight * ((-gap.abs()).exp().ln_1p() + (-gap).max(0.0));
                let slope = R::of(weight / (1.0 + gap.exp()));
                dy[i] -= slope;
                dy[j] += slope;
            }
        }
        total
    }
}

impl<R: Real> Loss<R> for Listwise {
    fn outputs(&self) -> usize {
        1
    }

    fn targets(&self) -> usize {
        2
    }

    fn judge(&self, rows: Judged<'_, R>, dy: &mut [R]) -> f64 {
        let mut total = 0.0;
        for group in groups(rows.target) {
            let weight = rows.weight(group.start).f64() * group.len() as f64;
            let scores = group.clone().map(|row| rows.y[row].f64());
            let wanted = group.clone().map(|row| rows.target[2 * row].f64());
            let (score_peak, wanted_peak) = (peak(scores.clone()), peak(wanted.clone()));
            let scored: f64 = scores.clone().map(|score| (score - score_peak).exp()).sum();
            let hoped: f64 = wanted.clone().map(|value| (value - wanted_peak).exp()).sum();
            for ((row, score), value) in group.zip(scores).zip(wanted) {
                let hope = (value - wanted_peak).exp() / hoped;
                let log = score - score_peak - scored.ln();
                total -= weight * hope * log;
                dy[row] = R::of(weight * (log.exp() - hope));
            }
        }
        total
    }
}

fn peak(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::NEG_INFINITY, f64::max)
}
