//! Multi-head attention (Vaswani et al. 2017), in PyTorch's form.
//!
//! ```text
//! [q k v] = x W + b      a = softmax(q kᵀ / √d)      y = (a v joined) O + c
//! ```
//! per row and head; x and y are rows × steps × width, d = width / heads. Tensors: `input`
//! width × 3 width (q, k, v), `input_bias`, `output` width × width, `output_bias`. A causal
//! attention hides later steps.

use super::activation::{differentiate_softmax, softmax};
use super::linear::add_columns;
use super::{Ahead, Back, Layer, Trace};
use crate::matmul::{
    Into, Rows, Shape, Strided, multiply, multiply_onto, product, transpose,
    transposed_multiply_add,
};
use crate::real::Real;
use crate::weights::{Init, Plan, Role, Slot};

/// Which steps a step sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// All of them.
    All,
    /// Itself and those before.
    Causal,
}

/// Settings of an attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttentionConfig {
    /// Steps of a sequence.
    pub steps: usize,
    /// Values of a step.
    pub width: usize,
    /// Heads; divides the width.
    pub heads: usize,
    /// Which steps a step sees.
    pub sight: Sight,
}

/// A multi-head attention.
#[derive(Debug, Clone)]
pub struct Attention {
    config: AttentionConfig,
    input: Slot,
    input_bias: Slot,
    output: Slot,
    output_bias: Slot,
}

impl AttentionConfig {
    /// Adds the tensors; the input begins as Xavier's, as in PyTorch.
    ///
    /// Panics when the heads do not divide the width.
    pub fn build(self, plan: &mut Plan) -> Attention {
        let width = self.width;
        assert_eq!(width % self.heads, 0, "heads divide the width");
        let bound = (6.0 / (4 * width) as f64).sqrt();
        let even = (Role::Weight, Init::Uniform(-bound, bound));
        let zero = || (Role::Bias, Init::Constant(0.0));
        Attention {
            config: self,
            input: plan.add("input", &[width, 3 * width], even),
            input_bias: plan.add("input_bias", &[3 * width], zero()),
            output: plan.matrix("output", width, width),
            output_bias: plan.add("output_bias", &[width], zero()),
        }
    }
}

/// The places of one head of one row inside `[q k v]`.
#[derive(Clone, Copy)]
struct Head {
    /// First value of q.
    q: usize,
    /// First value of its output in the joined heads.
    joined: usize,
    /// First value of its weights.
    weights: usize,
}

impl Attention {
    fn heads(&self, rows: usize) -> impl Iterator<Item = Head> {
        let AttentionConfig { steps, width, heads, .. } = self.config;
        let each = width / heads;
        (0..rows * heads).map(move |at| {
            let (row, head) = (at / heads, at % heads);
            Head {
                q: row * steps * 3 * width + head * each,
                joined: row * steps * width + head * each,
                weights: at * steps * steps,
            }
        })
    }
}

impl<R: Real> Layer<R> for Attention {
    fn inputs(&self) -> usize {
        self.config.steps * self.config.width
    }

    fn outputs(&self) -> usize {
        self.config.steps * self.config.width
    }

    /// `[q k v]`; weights of all heads; joined heads; gradients of the three; a turned block; both
    /// tensors turned; gradients by one head's weights and scores.
    fn trace(&self, rows: usize) -> Trace<R> {
        let AttentionConfig { steps, width, heads, .. } = self.config;
        let all = rows * steps;
        let weights = rows * heads * steps * steps;
        Trace::new([
            all * 3 * width,
            weights,
            all * width,
            all * 3 * width,
            steps * steps.max(width),
            all * width,
            3 * width * width,
            width * width,
            2 * steps * steps,
        ])
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], trace: &mut Trace<R>) {
        let AttentionConfig { steps, width, heads, sight } = self.config;
        let rows = ahead.x.len() / (steps * width);
        let [qkv, kept, joined, _, turned, ..] = trace.buffers::<9>();
        let (all, each, three) = (rows * steps, width / heads, 3 * width);
        let qkv = &mut qkv[..all * three];
        let shape = Shape { rows: all, depth: width, columns: three };
        multiply_onto(
            ahead.x,
            self.input.of(ahead.weights),
            shape,
            self.input_bias.of(ahead.weights),
            qkv,
        );
        let scale = R::of(1.0 / (each as f64).sqrt());
        let joined = &mut joined[..all * width];
        for head in self.heads(rows) {
            let seen = &mut kept[head.weights..head.weights + steps * steps];
            turn((&qkv[head.q + width..], three), (steps, each), turned);
            let q = Strided { values: &qkv[head.q..], row: three, column: 1 };
            let k = Rows { values: &turned[..], stride: steps };
            let shape = Shape { rows: steps, depth: each, columns: steps };
            product((q, k), (shape, Into::Replace), seen, steps);
            seen.iter_mut().for_each(|value| *value *= scale);
            attend(seen, steps, sight);
            let a = Strided::plain(&*seen, steps);
            let v = Rows { values: &qkv[head.q + 2 * width..], stride: three };
            let shape = Shape { rows: steps, depth: steps, columns: each };
            product((a, v), (shape, Into::Replace), &mut joined[head.joined..], width);
        }
        let shape = Shape { rows: all, depth: width, columns: width };
        multiply_onto(
            joined,
            self.output.of(ahead.weights),
            shape,
            self.output_bias.of(ahead.weights),
            y,
        );
    }

    fn backward(&self, back: Back<'_, R>, trace: &mut Trace<R>) {
        let AttentionConfig { steps, width, heads, .. } = self.config;
        let Back { weights, x, dy, grads, dx, .. } = back;
        let rows = x.len() / (steps * width);
        let [qkv, kept, joined, slopes, turned, toward, input_turned, output_turned, scores] =
            trace.buffers::<9>();
        let (all, each, three) = (rows * steps, width / heads, 3 * width);
        let (joined, toward) = (&joined[..all * width], &mut toward[..all * width]);
        let square = Shape { rows: width, depth: all, columns: width };
        transposed_multiply_add(joined, dy, square, self.output.of_mut(grads));
        add_columns(dy, self.output_bias.of_mut(grads));
        transpose(self.output.of(weights), (width, width), output_turned);
        let shape = Shape { rows: all, depth: width, columns: width };
        multiply(dy, output_turned, shape, toward);
        let scale = R::of(1.0 / (each as f64).sqrt());
        let slopes = &mut slopes[..all * three];
        let (by_weight, by_score) = scores.split_at_mut(steps * steps);
        for head in self.heads(rows) {
            let seen = &kept[head.weights..head.weights + steps * steps];
            // By the weights: dy vᵀ.
            turn((&qkv[head.q + 2 * width..], three), (steps, each), turned);
            let of_head = Strided { values: &toward[head.joined..], row: width, column: 1 };
            let shape = Shape { rows: steps, depth: each, columns: steps };
            let v = Rows { values: &turned[..], stride: steps };
            product((of_head, v), (shape, Into::Replace), by_weight, steps);
            differentiate_softmax((seen, &*by_weight), steps, by_score);
            by_score.iter_mut().for_each(|value| *value *= scale);
            // By v: aᵀ dy. By q: s k. By k: sᵀ q.
            let shape = Shape { rows: steps, depth: steps, columns: each };
            let dy = Rows { values: &toward[head.joined..], stride: width };
            let a = Strided::transposed(seen, steps);
            product((a, dy), (shape, Into::Replace), &mut slopes[head.q + 2 * width..], three);
            let k = Rows { values: &qkv[head.q + width..], stride: three };
            let s = Strided::plain(&*by_score, steps);
            product((s, k), (shape, Into::Replace), &mut slopes[head.q..], three);
            let q = Rows { values: &qkv[head.q..], stride: three };
            let s = Strided::transposed(&*by_score, steps);
            product((s, q), (shape, Into::Replace), &mut slopes[head.q + width..], three);
        }
        let shape = Shape { rows: width, depth: all, columns: three };
        transposed_multiply_add(x, slopes, shape, self.input.of_mut(grads));
        add_columns(slopes, self.input_bias.of_mut(grads));
        if let Some(dx) = dx {
            transpose(self.input.of(weights), (width, three), input_turned);
            multiply(slopes, input_turned, Shape { rows: all, depth: three, columns: width }, dx);
        }
    }
}

/// Hides later steps where asked, and makes weights of scores.
fn attend<R: Real>(scores: &mut [R], steps: usize, sight: Sight) {
    if sight == Sight::Causal {
        for (step, row) in scores.chunks_exact_mut(steps).enumerate() {
            row[step + 1..].fill(R::of(-1e30));
        }
    }
    softmax(scores, steps);
}

/// The transpose of `steps` rows of `each` values that lie `stride` apart.
fn turn<R: Copy>((from, stride): (&[R], usize), (steps, each): (usize, usize), to: &mut [R]) {
    for step in 0..steps {
        for (at, value) in from[step * stride..step * stride + each].iter().enumerate() {
            to[at * steps + step] = *value;
        }
    }
}
