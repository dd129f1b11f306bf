//! Losses of classes: cross-entropy, focal, binary.

use base::stats::sigmoid;

use super::{Judged, Loss};
use crate::machine::{Plain, kernel};
use crate::real::Real;

/// Cross-entropy over logits: `−Σ q ln softmax(y)`, q the target class with its weight and
/// smoothing, as PyTorch has it: `q = 1 − s` at the class, `s / classes` more everywhere.
///
/// The batch is scaled by its rows, not by the weights of its classes.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossEntropy {
    /// Number of classes.
    pub classes: usize,
    /// Weight of each class; empty is 1 for all.
    pub class_weights: Vec<f64>,
    /// Share of the target spread over all classes, in 0..1.
    pub smoothing: f64,
}

impl CrossEntropy {
    /// Plain, over so many classes.
    pub fn new(classes: usize) -> CrossEntropy {
        CrossEntropy { classes, class_weights: Vec::new(), smoothing: 0.0 }
    }
}

impl<R: Real> Loss<R> for CrossEntropy {
    fn outputs(&self) -> usize {
        self.classes
    }

    fn targets(&self) -> usize {
        1
    }

    fn judge(&self, rows: Judged<'_, R>, dy: &mut [R]) -> f64 {
        dy.copy_from_slice(rows.y);
        log_softmax(dy, self.classes);
        let weight_of = |class: usize| self.class_weights.get(class).copied().unwrap_or(1.0);
        let spread = self.smoothing / self.classes as f64;
        let mut total = 0.0;
        for (row, dy) in dy.chunks_exact_mut(self.classes).enumerate() {
            let class = class_of(rows.target[row], self.classes);
            let weight = rows.weight(row);
            let share = |at: usize| {
                let hit = if at == class { 1.0 - self.smoothing } else { 0.0 };
                weight_of(at) * spread + weight_of(class) * hit
            };
            if self.smoothing == 0.0 {
                let weight = weight * R::of(weight_of(class));
                total -= (weight * dy[class]).f64();
                dy.iter_mut().for_each(|log| *log = weight * log.exp::<Plain>());
                dy[class] -= weight;
                continue;
            }
            let whole: f64 = (0..self.classes).map(share).sum();
            for (at, log) in dy.iter_mut().enumerate() {
                total -= weight.f64() * share(at) * log.f64();
                *log = weight * (R::of(whole) * log.exp::<Plain>() - R::of(share(at)));
            }
        }
        total
    }
}

/// The class that a number names, held to the classes there are.
fn class_of<R: Real>(target: R, classes: usize) -> usize {
    (target.f64().max(0.0) as usize).min(classes - 1)
}

kernel! {
    /// `y − ln Σ e^y` of each row, in place.
    pub fn log_softmax<R>(values: &mut [R], columns: usize) {
        for row in values.chunks_exact_mut(columns) {
            let mut most = row[0];
            for value in row.iter() {
                most = if *value > most { *value } else { most };
            }
            let mut sum = R::ZERO;
            for value in row.iter() {
                sum += (*value - most).exp::<M>();
            }
            let shift = most + sum.ln();
            for value in row.iter_mut() {
                *value -= shift;
            }
        }
    }
}

/// Focal loss (Lin et al. 2017) over logits: `−w (1 − p)^γ ln p` at the target class.
#[derive(Debug, Clone, PartialEq)]
pub struct Focal {
    /// Number of classes.
    pub classes: usize,
    /// Weight of each class; empty is 1 for all.
    pub class_weights: Vec<f64>,
    /// How much easy rows count less; 0 is cross-entropy.
    pub gamma: f64,
}

impl<R: Real> Loss<R> for Focal {
    fn outputs(&self) -> usize {
        self.classes
    }

    fn targets(&self) -> usize {
        1
    }

    /// With `p` of the target: `∂/∂y_j = w [γ (1−p)^(γ−1) p ln p − (1−p)^γ] (δ_j − p_j)`.
    fn judge(&self, rows: Judged<'_, R>, dy: &mut [R]) -> f64 {
        dy.copy_from_slice(rows.y);
        log_softmax(dy, self.classes);
        let mut total = 0.0;
        for (row, dy) in dy.chunks_exact_mut(self.classes).enumerate() {
            let class = class_of(rows.target[row], self.classes);
            let weight = self.class_weights.get(class).copied().unwrap_or(1.0);
            let weight = weight * rows.weight(row).f64();
            let log = dy[class].f64();
            let p = log.exp();
            let miss = (1.0 - p).max(0.0);
            total -= weight * miss.powf(self.gamma) * log;
            let steep = match self.gamma {
                0.0 => 0.0,
                gamma => gamma * miss.powf(gamma - 1.0) * p * log,
            };
            let by_log = R::of(weight * (steep - miss.powf(self.gamma)));
            for (at, log) in dy.iter_mut().enumerate() {
                let hit = if at == class { R::ONE } else { R::ZERO };
                *log = by_log * (hit - log.exp::<Plain>());
            }
        }
        total
    }
}

/// Binary cross-entropy over logits, one or more a row: targets lie in 0..=1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bce {
    /// Logits of a row.
    pub width: usize,
    /// Weight of the positive side.
    pub positive_weight: f64,
}

impl<R: Real> Loss<R> for Bce {
    fn outputs(&self) -> usize {
        self.width
    }

    fn targets(&self) -> usize {
        self.width
    }

    /// The mean over the logits of a row.
    fn judge(&self, rows: Judged<'_, R>, dy: &mut [R]) -> f64 {
        let share = 1.0 / self.width as f64;
        let mut total = 0.0;
        for (at, dy) in dy.iter_mut().enumerate() {
            let weight = rows.weight(at / self.width).f64() * share;
            let (y, target) = (rows.y[at].f64(), rows.target[at].f64());
            let (up, down) = (self.positive_weight * target, 1.0 - target);
            // ln(1 + e^-y), without overflow on either side.
            let soft = (-y.abs()).exp().ln_1p() + (-y).max(0.0);
            total += weight * (up * soft + down * (soft + y));
            let p = sigmoid(y);
            *dy = R::of(weight * (down * p - up * (1.0 - p)));
        }
        total
    }
}
