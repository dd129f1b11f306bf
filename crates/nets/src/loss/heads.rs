//! Several losses on stretches of one row of outputs.

use std::ops::Range;

use super::{Judged, Loss};
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

    fn judge(&self, rows: Judged<'_, R>, dy: &mut [R]) -> f64 {
        let (outputs, targets) = (self.outputs(), self.targets());
        let mut total = 0.0;
        for head in &self.heads {
            let y = columns(rows.y, outputs, &head.outputs);
            let target = columns(rows.target, targets, &head.targets);
            let mut slopes = vec![R::ZERO; y.len()];
            let scale = rows.scale * head.weight;
            let part = Judged { y: &y, target: &target, scale, ..rows };
            total += head.loss.judge(part, &mut slopes);
            let wide = head.outputs.len();
            for (dy, slopes) in dy.chunks_exact_mut(outputs).zip(slopes.chunks_exact(wide)) {
                dy[head.outputs.clone()].copy_from_slice(slopes);
            }
        }
        total
    }
}

fn columns<R: Copy>(from: &[R], width: usize, of: &Range<usize>) -> Vec<R> {
    match width {
        0 => Vec::new(),
        _ => from.chunks_exact(width).flat_map(|row| row[of.clone()].to_vec()).collect(),
    }
}
