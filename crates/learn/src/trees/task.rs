//! The rows of one training: targets and weights, the derivatives of the loss and its value.

use rayon::prelude::*;

use super::gradients::{Derivative, Gradients, ROW_BLOCK};
use super::objective::{Objective, fast_exp};
use super::ranking::Ranking;
use crate::split::Fold;
use crate::{Error, Targets};

/// Least second derivative, so that no leaf divides by 0 (`kRtEps` of XGBoost).
const LEAST_HESSIAN: f32 = 1e-16;

/// What is to be learnt from which rows.
#[derive(Debug)]
pub(super) struct Task {
    objective: Objective,
    /// 0 or 1, the number, the class or the relevance.
    values: Vec<f32>,
    /// Sample weight, times the weight of its class.
    weights: Vec<f32>,
    ranking: Option<Ranking>,
}

impl Task {
    /// Refuses targets of a kind that is not the objective's. Wins weigh `win_weight` times as
    /// much.
    pub(super) fn new<P>(
        objective: Objective,
        fold: &Fold<'_, P>,
        win_weight: f64,
    ) -> Result<Task, Error> {
        let (targets, weights) = (fold.samples().targets(), fold.samples().weights());
        let rows = fold.rows();
        let fits = match (objective, targets) {
            (Objective::Logistic, Targets::Wins(_))
            | (Objective::SquaredError | Objective::Quantile { .. }, Targets::Numbers(_))
            | (Objective::RankPairwise | Objective::RankNdcg, Targets::Ranks { .. }) => true,
            (Objective::Softmax { classes }, Targets::Classes { count, .. }) => classes == *count,
            _ => false,
        };
        if !fits {
            return Err(refuse(format!(
                "objective {} ({objective:?}) can't learn from targets that are {}{}",
                objective.name(),
                targets.kind(),
                if let Targets::Classes { count, .. } = targets {
                    format!(", {count} of them")
                } else {
                    String::new()
                }
            )));
        }
        let values: Vec<f32> = rows.iter().map(|&row| targets.number(row) as f32).collect();
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            let row = rows[at];
            let given = targets.number(row);
            return Err(refuse(format!("the target {given} of row {row} is past 32-bit floats")));
        }
        let weight = |(&row, &value): (&usize, &f32)| {
            let class = match objective {
                Objective::Logistic if value > 0.0 => win_weight,
                _ => 1.0,
            };
            (weights[row] * class) as f32
        };
        let weights: Vec<f32> = rows.iter().zip(&values).map(weight).collect();
        let groups: Option<Vec<i64>> = rows.iter().map(|&row| targets.group(row)).collect();
        let ranking = groups
            .filter(|_| matches!(objective, Objective::RankPairwise | Objective::RankNdcg))
            .map(|groups| Ranking::new(&groups, &values, objective == Objective::RankNdcg));
        Ok(Task { objective, values, weights, ranking })
    }

    /// The constants that fit best, as model files keep them. Refuses rows that can't be learnt
    /// from.
    pub(super) fn base_scores(&self) -> Result<Vec<f32>, Error> {
        let total = self.sum(|_| true);
        if self.values.is_empty() || total <= 0.0 {
            return Err(refuse("there is no training row with weight".to_owned()));
        }
        match self.objective {
            Objective::Logistic => {
                let wins = self.sum(|value| value > 0.0);
                if wins <= 0.0 || wins >= total {
                    return Err(self.one_class(if wins > 0.0 { "positive" } else { "negative" }));
                }
                Ok(vec![(wins / total) as f32])
            }
            Objective::Softmax { classes } => {
                let share = |class: u32| self.sum(|value| value == class as f32) / total;
                let shares: Vec<f64> = (0..classes).map(share).collect();
                if let Some(only) = shares.iter().position(|&share| share >= 1.0) {
                    return Err(self.one_class(&format!("of class {only}")));
                }
                // A class without a row is unlikely, not impossible.
                Ok(shares.into_iter().map(|share| share.max(1e-6).ln() as f32).collect())
            }
            Objective::SquaredError => {
                let pairs = self.values.iter().zip(&self.weights);
                let sum: f64 = pairs.map(|(&v, &w)| f64::from(v) * f64::from(w)).sum();
                Ok(vec![(sum / total) as f32])
            }
            Objective::Quantile { alpha } => {
                let pairs = self.values.iter().zip(&self.weights).map(|(&v, &w)| (v, w));
                Ok(vec![quantile(pairs.collect(), alpha)])
            }
            Objective::RankPairwise | Objective::RankNdcg => match &self.ranking {
                Some(ranking) if ranking.has_pairs() => Ok(vec![0.0]),
                _ => Err(refuse(
                    "no group has two rows of different relevance; there is nothing to order"
                        .to_owned(),
                )),
            },
        }
    }

    fn sum(&self, keep: impl Fn(f32) -> bool) -> f64 {
        let pairs = self.values.iter().zip(&self.weights);
        pairs.filter(|(value, _)| keep(**value)).map(|(_, &weight)| f64::from(weight)).sum()
    }

    fn one_class(&self, which: &str) -> Error {
        let count = self.values.len();
        refuse(format!("all {count} training rows are {which}; there is nothing to tell apart"))
    }

    /// Derivatives of the loss at these margins: one list of margins, and one of derivatives, for
    /// each output.
    pub(super) fn differentiate(&self, margins: &[Vec<f32>], into: &mut [Gradients]) {
        if let Objective::Softmax { .. } = self.objective {
            return self.differentiate_classes(margins, into);
        }
        let (Some(margins), Some(into)) = (margins.first(), into.first_mut()) else { return };
        let exact = into.exact_mut();
        exact.resize(self.values.len(), (0.0, 0.0));
        if let Some(ranking) = &self.ranking {
            return ranking.differentiate(margins, &self.weights, exact);
        }
        match self.objective {
            Objective::Logistic => self.each(margins, exact, |margin, value| {
                let p = 1.0 / (1.0 + fast_exp(-margin));
                let curve = p * (1.0 - p);
                (p - value, if curve > LEAST_HESSIAN { curve } else { LEAST_HESSIAN })
            }),
            Objective::Quantile { alpha } => {
                let alpha = alpha as f32;
                self.each(margins, exact, |margin, value| {
                    (if margin >= value { 1.0 - alpha } else { -alpha }, 1.0)
                });
            }
            _ => self.each(margins, exact, |margin, value| (margin - value, 1.0)),
        }
    }

    fn each(
        &self,
        margins: &[f32],
        exact: &mut [Derivative],
        loss: impl Fn(f32, f32) -> Derivative + Sync,
    ) {
        let blocks = exact.par_chunks_mut(ROW_BLOCK).zip(margins.par_chunks(ROW_BLOCK));
        let given = self.values.par_chunks(ROW_BLOCK).zip(self.weights.par_chunks(ROW_BLOCK));
        blocks.zip(given).for_each(|((exact, margins), (values, weights))| {
            let rows = margins.iter().zip(values).zip(weights);
            for (into, ((&margin, &value), &weight)) in exact.iter_mut().zip(rows) {
                let (gradient, hessian) = loss(margin, value);
                *into = (gradient * weight, hessian * weight);
            }
        });
    }

    /// Softmax: `p - y` and, as XGBoost has it, `2 p (1 - p)`.
    fn differentiate_classes(&self, margins: &[Vec<f32>], into: &mut [Gradients]) {
        let rows = self.values.len();
        let mut sums = vec![0.0f32; rows];
        let mut largest = vec![f32::NEG_INFINITY; rows];
        for margins in margins {
            largest.iter_mut().zip(margins).for_each(|(l, &m)| *l = l.max(m));
        }
        for (margins, into) in margins.iter().zip(into.iter_mut()) {
            let exact = into.exact_mut();
            exact.resize(rows, (0.0, 0.0));
            for (row, exact) in exact.iter_mut().enumerate() {
                exact.0 = fast_exp(margins[row] - largest[row]);
                sums[row] += exact.0;
            }
        }
        for (class, into) in into.iter_mut().enumerate() {
            for (row, exact) in into.exact_mut().iter_mut().enumerate() {
                let p = exact.0 / sums[row];
                let label = if self.values[row] == class as f32 { 1.0 } else { 0.0 };
                let weight = self.weights[row];
                *exact = ((p - label) * weight, (2.0 * p * (1.0 - p)).max(LEAST_HESSIAN) * weight);
            }
        }
    }

    /// The weight of a leaf by its rows, where that is not the second-order step: the quantile of
    /// the residuals, since the pinball loss has no curve to step on.
    pub(super) fn leaf_value(&self, margins: &[f32], rows: &[u32]) -> Option<f64> {
        let Objective::Quantile { alpha } = self.objective else { return None };
        let residual = |&row: &u32| {
            let row = row as usize;
            (self.values[row] - margins[row], self.weights[row])
        };
        Some(f64::from(quantile(rows.iter().map(residual).collect(), alpha)))
    }

    /// True when [`Task::leaf_value`] says something.
    pub(super) fn has_leaf_values(&self) -> bool {
        matches!(self.objective, Objective::Quantile { .. })
    }

    /// The metric of the objective at these margins, weighted.
    pub(super) fn loss(&self, margins: &[Vec<f32>]) -> f64 {
        let first = &margins[0];
        if let Some(ranking) = &self.ranking {
            return ranking.loss(first);
        }
        let mean = |loss: &dyn Fn(usize) -> f64| {
            let of_row = |row: usize| f64::from(self.weights[row]) * loss(row);
            let total: f64 = self.weights.iter().map(|&weight| f64::from(weight)).sum();
            (0..self.values.len()).map(of_row).sum::<f64>() / total
        };
        let gap = |row: usize| f64::from(self.values[row]) - f64::from(first[row]);
        match self.objective {
            Objective::SquaredError => mean(&|row| gap(row).powi(2)).sqrt(),
            Objective::Quantile { alpha } => {
                mean(&|row| (alpha * gap(row)).max((alpha - 1.0) * gap(row)))
            }
            Objective::Softmax { .. } => mean(&|row| {
                let of_row = || margins.iter().map(|of_class| f64::from(of_class[row]));
                let largest = of_row().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = of_row().map(|margin| (margin - largest).exp()).sum();
                let own = f64::from(margins[self.values[row] as usize][row]);
                sum.ln() + largest - own
            }),
            _ => mean(&|row| {
                let p = f64::from(super::objective::sigmoid(first[row])).clamp(1e-7, 1.0 - 1e-7);
                if self.values[row] > 0.0 { -p.ln() } else { -(1.0 - p).ln() }
            }),
        }
    }
}

/// The smallest value at which the weights of it and those below reach the share `alpha`; between
/// two neighbours when all weigh the same (Hyndman and Fan 1996, type 6, as XGBoost has it).
fn quantile(mut pairs: Vec<(f32, f32)>, alpha: f64) -> f32 {
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let Some(&(last, weight)) = pairs.last() else { return 0.0 };
    let count = pairs.len() as f64;
    if pairs.iter().all(|pair| pair.1 == weight) {
        let place = alpha * (count + 1.0);
        if place <= 1.0 {
            return pairs[0].0;
        }
        if place >= count {
            return last;
        }
        let below = place.floor();
        let (low, high) =
            (f64::from(pairs[below as usize - 1].0), f64::from(pairs[below as usize].0));
        return (low + (place - below) * (high - low)) as f32;
    }
    let wanted = alpha * pairs.iter().map(|pair| f64::from(pair.1)).sum::<f64>();
    let mut sum = 0.0;
    for &(value, weight) in &pairs {
        sum += f64::from(weight);
        if sum >= wanted {
            return value;
        }
    }
    last
}

fn refuse(what: String) -> Error {
    Error::Fit { model: "boosted trees", what }
}
