//! Several losses on stretches of one row of outputs.

use std::ops::Range;

use super::{Judged, Loss};
use crate::matmul::copy_columns;
use crate::real::Real;

/// One loss on a stretch of the outputs.
struct Head<R> {
    outputs: Range<usize>,
    targets: Range<usize>,
    weight: f64,
    loss: Box<dyn Loss<R>>,
}

/// A weighted sum of losses, each on its own outputs and targets.
pub struct Heads<R> {
    heads: Vec<Head<R>>,
}

impl<R: Real> Default for Heads<R> {
    fn default() -> Heads<R> {
        Heads { heads: Vec::new() }
    }
}

impl<R: Real> Heads<R> {
    /// The same with one more loss on the next outputs and the next targets.
    pub fn and(mut self, weight: f64, loss: impl Loss<R> + 'static) -> Heads<R> {
        let (output, target) = (self.outputs(), self.targets());
        let outputs = output..output + loss.outputs();
        let targets = target..target + loss.targets();
        self.heads.push(Head { outputs, targets, weight, loss: Box::new(loss) });
        self
    }
}

impl<R: Real> Loss<R> for Heads<R> {
    fn outputs(&self) -> usize {
        self.heads.last().map_or(0, |head| head.outputs.end)
    }

    fn targets(&self) -> usize {
        self.heads.last().map_or(0, |head| head.targets.end)
    }

    /// Outputs, slopes and targets of one head after the other, and what its loss wants.
    fn room(&self, rows: usize) -> usize {
        let of = |head: &Head<R>| {
            rows * (2 * head.outputs.len() + head.targets.len()) + head.loss.room(rows)
        };
        self.heads.iter().map(of).max().unwrap_or(0)
    }

    fn judge(&self, rows: Judged<'_, R>, dy: &mut [R]) -> f64 {
        let count = dy.len() / self.outputs().max(1);
        self.judge_in(rows, dy, &mut vec![R::ZERO; self.room(count)])
    }

    fn judge_in(&self, rows: Judged<'_, R>, dy: &mut [R], room: &mut [R]) -> f64 {
        let (outputs, targets) = (self.outputs(), self.targets());
        let count = dy.len() / outputs.max(1);
        let mut total = 0.0;
        for head in &self.heads {
            let wide = head.outputs.len();
            let (y, room) = room.split_at_mut(count * wide);
            let (slopes, room) = room.split_at_mut(count * wide);
            let (target, room) = room.split_at_mut(count * head.targets.len());
            copy_columns((rows.y, outputs), head.outputs.clone(), y);
            copy_columns((rows.target, targets), head.targets.clone(), target);
            let part = Judged { y, target, scale: rows.scale * head.weight, ..rows };
            total += head.loss.judge_in(part, slopes, room);
            for (dy, slopes) in dy.chunks_exact_mut(outputs).zip(slopes.chunks_exact(wide)) {
                dy[head.outputs.clone()].copy_from_slice(slopes);
            }
        }
        total
    }
}
