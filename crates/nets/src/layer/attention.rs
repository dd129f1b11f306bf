//! Multi-head attention (Vaswani et al. 2017), in PyTorch's form.
//!
//! ```text
//! [q k v] = x W + b      a = softmax(q kᵀ / √d)      y = (a v joined) O + c
//! ```
//! per row and head; x and y are rows × steps × width, d = width / heads. Tensors: `input`
//! width × 3 width (q, k, v), `input_bias`, `output` width × width, `output_bias`. A causal
//! attention hides later steps.

use super::activation::{differentiate_softmax, scaled_softmax};
use super::linear::add_columns;
use super::{Ahead, Back, Layer, Trace};
use crate::matmul::{
    Into, Rows, Shape, Strided, multiply, multiply_onto, product, transposed_multiply_add,
};
use crate::real::{LANES, Real};
use crate::turning::{transpose, turn};
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
    /// First line among those of a row's keys or values, turned.
    turned: usize,
}

/// A score that leaves no weight.
const HIDDEN: f64 = -1e30;

impl Attention {
    /// Values of a line of scores: whole vectors, of which what is beyond the steps counts for
    /// nothing.
    fn line(&self) -> usize {
        self.config.steps.next_multiple_of(LANES)
    }

    fn heads(&self, row: usize) -> impl Iterator<Item = Head> {
        let AttentionConfig { steps, width, heads, .. } = self.config;
        let (each, line) = (width / heads, self.line());
        (0..heads).map(move |head| Head {
            q: row * steps * 3 * width + head * each,
            joined: row * steps * width + head * each,
            weights: (row * heads + head) * steps * line,
            turned: head * each * line,
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

    /// `[q k v]`; weights of all heads; joined heads; gradients of the three; a row's keys or
    /// values turned; both tensors turned; gradients by one head's weights and scores.
    fn trace(&self, rows: usize) -> Trace<R> {
        let AttentionConfig { steps, width, heads, .. } = self.config;
        let all = rows * steps;
        let weights = rows * heads * steps * self.line();
        Trace::new([
            all * 3 * width,
            weights,
            all * width,
            all * 3 * width,
            width * self.line(),
            all * width,
            3 * width * width,
            width * width,
            2 * steps * self.line(),
        ])
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], trace: &mut Trace<R>) {
        let AttentionConfig { steps, width, heads, sight } = self.config;
        let rows = ahead.x.len() / (steps * width);
        let [qkv, kept, joined, _, turned, ..] = trace.buffers::<9>();
        let (all, each, three) = (rows * steps, width / heads, 3 * width);
        let line = self.line();
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
        for row in 0..rows {
            let keys = Rows { values: &qkv[row * steps * three + width..], stride: three };
            turn(keys, (steps, width), turned, line);
            for head in self.heads(row) {
                let seen = &mut kept[head.weights..head.weights + steps * line];
                let q = Strided { values: &qkv[head.q..], row: three, column: 1 };
                let k = Rows { values: &turned[head.turned..], stride: line };
                let shape = Shape { rows: steps, depth: each, columns: line };
                product((q, k), (shape, Into::Replace), seen, line);
                hide(seen, (steps, line), sight);
                scaled_softmax(seen, line, scale);
                let a = Strided::plain(&*seen, line);
                let v = Rows { values: &qkv[head.q + 2 * width..], stride: three };
                let shape = Shape { rows: steps, depth: steps, columns: each };
                product((a, v), (shape, Into::Replace), &mut joined[head.joined..], width);
            }
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
        let line = self.line();
        let (joined, toward) = (&joined[..all * width], &mut toward[..all * width]);
        let square = Shape { rows: width, depth: all, columns: width };
        transposed_multiply_add(joined, dy, square, self.output.of_mut(grads));
        add_columns(dy, self.output_bias.of_mut(grads));
        transpose(self.output.of(weights), (width, width), output_turned);
        let shape = Shape { rows: all, depth: width, columns: width };
        multiply(dy, output_turned, shape, toward);
        let scale = R::of(1.0 / (each as f64).sqrt());
        let slopes = &mut slopes[..all * three];
        let (by_weight, by_score) = scores.split_at_mut(steps * line);
        for row in 0..rows {
            let values = Rows { values: &qkv[row * steps * three + 2 * width..], stride: three };
            turn(values, (steps, width), turned, line);
            for head in self.heads(row) {
                let seen = &kept[head.weights..head.weights + steps * line];
                // By the weights: dy vᵀ.
                let of_head = Strided { values: &toward[head.joined..], row: width, column: 1 };
                let shape = Shape { rows: steps, depth: each, columns: line };
                let v = Rows { values: &turned[head.turned..], stride: line };
                product((of_head, v), (shape, Into::Replace), by_weight, line);
                differentiate_softmax((seen, &*by_weight), line, scale, by_score);
                // By v: aᵀ dy. By q: s k. By k: sᵀ q.
                let shape = Shape { rows: steps, depth: steps, columns: each };
                let dy = Rows { values: &toward[head.joined..], stride: width };
                let a = Strided::transposed(seen, line);
                product((a, dy), (shape, Into::Replace), &mut slopes[head.q + 2 * width..], three);
                let k = Rows { values: &qkv[head.q + width..], stride: three };
                let s = Strided::plain(&*by_score, line);
                product((s, k), (shape, Into::Replace), &mut slopes[head.q..], three);
                let q = Rows { values: &qkv[head.q..], stride: three };
                let s = Strided::transposed(&*by_score, line);
                product((s, q), (shape, Into::Replace), &mut slopes[head.q + width..], three);
            }
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

/// Hides what is beyond the steps, and later steps where asked.
fn hide<R: Real>(scores: &mut [R], (steps, line): (usize, usize), sight: Sight) {
    for (step, row) in scores.chunks_exact_mut(line).enumerate() {
        let seen = if sight == Sight::Causal { step + 1 } else { steps };
        row[seen..].fill(R::of(HIDDEN));
    }
}
