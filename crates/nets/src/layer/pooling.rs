//! Attention pooling: a sequence becomes one weighted mean of its steps.
//!
//! ```text
//! u = tanh(h W + b)     a = softmax over steps of u · v     y = Σ a h
//! ```
//! (Yang et al. 2016, "Hierarchical attention networks", section 2.2.) Input is time-major, steps
//! × rows × width; output rows × width. Tensors: `weight` width × width, `bias`, `query`.

use super::activation::{Activation, activate, differentiate, differentiate_softmax, softmax};
use super::linear::add_columns;
use super::{Ahead, Back, Layer, Trace};
use crate::matmul::{Shape, multiply, multiply_onto, transposed_multiply_add};
use crate::real::Real;
use crate::turning::transpose;
use crate::weights::{Plan, Slot};

/// Settings of an attention pooling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolingConfig {
    /// Steps of a sequence.
    pub steps: usize,
    /// Values of a step.
    pub width: usize,
}

/// An attention pooling.
#[derive(Debug, Clone)]
pub struct Pooling {
    config: PoolingConfig,
    weight: Slot,
    bias: Slot,
    query: Slot,
}

impl PoolingConfig {
    /// Adds the tensors to the plan.
    pub fn build(self, plan: &mut Plan) -> Pooling {
        let width = self.width;
        Pooling {
            config: self,
            weight: plan.matrix("weight", width, width),
            bias: plan.bias("bias", width, width),
            query: plan.matrix("query", width, 1),
        }
    }
}

impl<R: Real> Layer<R> for Pooling {
    fn inputs(&self) -> usize {
        self.config.steps * self.config.width
    }

    fn outputs(&self) -> usize {
        self.config.width
    }

    /// u; scores time-major; weights row-major; gradients of weights, of scores and of u; W turned.
    fn trace(&self, rows: usize) -> Trace<R> {
        let PoolingConfig { steps, width } = self.config;
        let (all, wide) = (rows * steps, rows * steps * width);
        Trace::new([wide, all, all, all, all, wide, wide, width * width])
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], trace: &mut Trace<R>) {
        let PoolingConfig { steps, width } = self.config;
        let rows = y.len() / width;
        let [u, scores, shares, ..] = trace.buffers::<8>();
        let all = rows * steps;
        let u = &mut u[..all * width];
        let shape = Shape { rows: all, depth: width, columns: width };
        multiply_onto(
            ahead.x,
            self.weight.of(ahead.weights),
            shape,
            self.bias.of(ahead.weights),
            u,
        );
        activate(Activation::Tanh, u);
        let scores = &mut scores[..all];
        let shape = Shape { rows: all, depth: width, columns: 1 };
        multiply(u, self.query.of(ahead.weights), shape, scores);
        let shares = &mut shares[..all];
        transpose(scores, (steps, rows), shares);
        softmax(shares, steps);
        y.fill(R::ZERO);
        for (step, x) in ahead.x.chunks_exact(rows * width).enumerate() {
            let lines = y.chunks_exact_mut(width).zip(x.chunks_exact(width));
            for (row, (y, x)) in lines.enumerate() {
                let share = shares[row * steps + step];
                y.iter_mut().zip(x).for_each(|(y, x)| *y += share * *x);
            }
        }
    }

    fn backward(&self, back: Back<'_, R>, trace: &mut Trace<R>) {
        let PoolingConfig { steps, width } = self.config;
        let Back { weights, x, dy, grads, dx, .. } = back;
        let rows = dy.len() / width;
        let all = rows * steps;
        let [u, scores, shares, by_share, by_score, by_u, by_sum, turned] = trace.buffers::<8>();
        let (u, shares) = (&u[..all * width], &shares[..all]);
        let by_share = &mut by_share[..all];
        for (step, x) in x.chunks_exact(rows * width).enumerate() {
            let lines = dy.chunks_exact(width).zip(x.chunks_exact(width));
            for (row, (dy, x)) in lines.enumerate() {
                by_share[row * steps + step] = dy.iter().zip(x).map(|(dy, x)| *dy * *x).sum();
            }
        }
        let by_score = &mut by_score[..all];
        differentiate_softmax((shares, &*by_share), steps, R::ONE, by_score);
        // Back to time-major, in the room of the scores.
        let scores = &mut scores[..all];
        transpose(by_score, (rows, steps), scores);
        let shape = Shape { rows: width, depth: all, columns: 1 };
        transposed_multiply_add(u, scores, shape, self.query.of_mut(grads));
        let query = self.query.of(weights);
        let by_u = &mut by_u[..all * width];
        for (by_u, score) in by_u.chunks_exact_mut(width).zip(&*scores) {
            by_u.iter_mut().zip(query).for_each(|(by_u, query)| *by_u = *score * *query);
        }
        let by_sum = &mut by_sum[..all * width];
        differentiate(Activation::Tanh, (u, &*by_u), by_sum);
        let shape = Shape { rows: width, depth: all, columns: width };
        transposed_multiply_add(x, by_sum, shape, self.weight.of_mut(grads));
        add_columns(by_sum, self.bias.of_mut(grads));
        let Some(dx) = dx else { return };
        transpose(self.weight.of(weights), (width, width), turned);
        multiply(by_sum, turned, Shape { rows: all, depth: width, columns: width }, dx);
        for (step, dx) in dx.chunks_exact_mut(rows * width).enumerate() {
            let lines = dx.chunks_exact_mut(width).zip(dy.chunks_exact(width));
            for (row, (dx, dy)) in lines.enumerate() {
                let share = shares[row * steps + step];
                dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx += share * *dy);
            }
        }
    }
}
