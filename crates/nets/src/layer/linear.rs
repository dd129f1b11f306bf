//! Linear layer, with an activation fused behind it.
//!
//! `y = f(x W + b)`; x rows × inputs, W inputs × outputs, b outputs. PyTorch stores W transposed.
//! Backward: `dz = dy f'(z)`, `dW += xᵀ dz`, `db += Σ dz`, `dx = dz Wᵀ`.

use super::activation::{Activation, activate, differentiate};
use super::{Ahead, Back, Layer, Trace};
use crate::machine::kernel;
use crate::matmul::{Shape, multiply, multiply_onto, transposed_multiply_add};
use crate::real::Real;
use crate::turning::transpose;
use crate::weights::{Init, Plan, Role, Slot};

/// Settings of a linear layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearConfig {
    /// Values in.
    pub inputs: usize,
    /// Values out.
    pub outputs: usize,
    /// What follows.
    pub activation: Activation,
    /// How the weights begin.
    pub begin: Begin,
}

/// How the weights of a linear layer begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Begin {
    /// Even within ±1/√inputs, as PyTorch does.
    Even,
    /// Orthogonal with this gain, biases 0: usual for policies.
    Orthogonal(f64),
}

/// A linear layer.
#[derive(Debug, Clone)]
pub struct Linear {
    config: LinearConfig,
    weight: Slot,
    bias: Slot,
}

impl LinearConfig {
    /// Without activation, begun as PyTorch does.
    pub fn new(inputs: usize, outputs: usize) -> LinearConfig {
        LinearConfig { inputs, outputs, activation: Activation::None, begin: Begin::Even }
    }

    /// The same with an activation.
    pub fn then(self, activation: Activation) -> LinearConfig {
        LinearConfig { activation, ..self }
    }

    /// The same with another beginning.
    pub fn begun(self, begin: Begin) -> LinearConfig {
        LinearConfig { begin, ..self }
    }

    /// Adds the tensors `weight` and `bias` to the plan.
    pub fn build(self, plan: &mut Plan) -> Linear {
        let LinearConfig { inputs, outputs, begin, .. } = self;
        let (weight, bias) = match begin {
            Begin::Even => {
                (plan.matrix("weight", inputs, outputs), plan.bias("bias", inputs, outputs))
            }
            Begin::Orthogonal(gain) => (
                plan.add("weight", &[inputs, outputs], (Role::Weight, Init::Orthogonal(gain))),
                plan.add("bias", &[outputs], (Role::Bias, Init::Constant(0.0))),
            ),
        };
        Linear { config: self, weight, bias }
    }
}

impl Linear {
    /// One row, without a trace: for prediction alone.
    pub fn one_row<R: Real>(&self, weights: &[R], x: &[R], y: &mut [R]) {
        self.lines(weights, x, y);
        activate(self.config.activation, y);
    }

    /// `x W + b`.
    fn lines<R: Real>(&self, weights: &[R], x: &[R], y: &mut [R]) {
        let LinearConfig { inputs, outputs, .. } = self.config;
        let shape = Shape { rows: y.len() / outputs, depth: inputs, columns: outputs };
        multiply_onto(x, self.weight.of(weights), shape, self.bias.of(weights), y);
    }
}

impl<R: Real> Layer<R> for Linear {
    fn inputs(&self) -> usize {
        self.config.inputs
    }

    fn outputs(&self) -> usize {
        self.config.outputs
    }

    fn trace(&self, rows: usize) -> Trace<R> {
        let LinearConfig { inputs, outputs, activation, .. } = self.config;
        let kept = if activation.needs_input() { rows * outputs } else { 0 };
        let slope = if activation == Activation::None { 0 } else { rows * outputs };
        Trace::new([kept, slope, inputs * outputs])
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], trace: &mut Trace<R>) {
        let [kept, _, _] = trace.buffers();
        self.lines(ahead.weights, ahead.x, y);
        let activation = self.config.activation;
        if activation.needs_input() {
            kept[..y.len()].copy_from_slice(y);
        }
        activate(activation, y);
    }

    fn backward(&self, back: Back<'_, R>, trace: &mut Trace<R>) {
        let LinearConfig { inputs, outputs, activation, .. } = self.config;
        let [kept, slope, turned] = trace.buffers();
        let len = back.dy.len();
        let rows = len / outputs;
        let dz: &[R] = if activation == Activation::None {
            back.dy
        } else {
            let at: &[R] = if activation.needs_input() { &kept[..len] } else { back.y };
            differentiate(activation, (at, back.dy), &mut slope[..len]);
            &slope[..len]
        };
        let shape = Shape { rows: inputs, depth: rows, columns: outputs };
        transposed_multiply_add(back.x, dz, shape, self.weight.of_mut(back.grads));
        add_columns(dz, self.bias.of_mut(back.grads));
        if let Some(dx) = back.dx {
            transpose(self.weight.of(back.weights), (inputs, outputs), turned);
            multiply(dz, turned, Shape { rows, depth: outputs, columns: inputs }, dx);
        }
    }
}

/// Fills each row of `y` with `line`.
pub fn repeat<R: Real>(line: &[R], y: &mut [R]) {
    for row in y.chunks_exact_mut(line.len()) {
        row.copy_from_slice(line);
    }
}

kernel! {
    /// Adds the rows of a matrix to `sums`, one after the other.
    pub fn add_columns<R>(rows: &[R], sums: &mut [R]) {
        for row in rows.chunks_exact(sums.len()) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += *value;
            }
        }
    }
}
