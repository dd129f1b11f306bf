//! Losses: how wrong rows of outputs are, and the gradient of that.
//!
//! A target is one or more numbers a row; a class is its number. A loss is a weighted sum over
//! rows times a scale that the caller chooses, usually one over the weight of the whole batch, so
//! that parts of a batch add up to the whole.

pub mod classes;
pub mod heads;
pub mod ranks;
pub mod stop_loss;
pub mod values;

use crate::real::Real;

pub use classes::{Bce, CrossEntropy, Focal};
pub use heads::Heads;
pub use ranks::{Listwise, Pairwise, RankLoss};
pub use stop_loss::StopLoss;
pub use values::{GaussianKl, Huber, Quantile, Squared};

/// Rows to be judged.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a, R> {
    /// Outputs of the network; rows × outputs.
    pub y: &'a [R],
    /// Targets; rows × targets.
    pub target: &'a [R],
    /// Weight of each row; `None` is 1.
    pub weights: Option<&'a [R]>,
    /// Multiplies everything.
    pub scale: f64,
}

impl<R: Real> Judged<'_, R> {
    /// Weight × scale of a row.
    #[inline]
    pub fn weight(&self, row: usize) -> R {
        match self.weights {
            Some(weights) => weights[row] * R::of(self.scale),
            None => R::of(self.scale),
        }
    }
}

/// A loss.
pub trait Loss<R: Real>: Send + Sync {
    /// Outputs of a row.
    fn outputs(&self) -> usize;

    /// Targets of a row.
    fn targets(&self) -> usize;

    /// The loss; `dy` (rows × outputs) is replaced by its gradient.
    fn judge(&self, rows: Judged<'_, R>, dy: &mut [R]) -> f64;

    /// Values of scratch that [`Loss::judge_in`] wants for up to so many rows.
    fn room(&self, _rows: usize) -> usize {
        0
    }

    /// The same as [`Loss::judge`] in the caller's scratch, so that a step allocates nothing.
    fn judge_in(&self, rows: Judged<'_, R>, dy: &mut [R], _room: &mut [R]) -> f64 {
        self.judge(rows, dy)
    }
}
