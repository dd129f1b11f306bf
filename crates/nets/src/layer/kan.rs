//! Kolmogorov–Arnold layer (Liu et al. 2024): a learned curve on each edge.
//!
//! `y_j = Σ_i [ w_ij silu(x_i) + Σ_k c_ijk B_k(x_i) ]`, B the B-splines of a degree over an even
//! grid, by the recursion of Cox and de Boor. Outside the grid the splines fade to 0 and the silu
//! goes on. Tensors: `base` inputs × outputs, `spline` (inputs · splines) × outputs.

use super::{Ahead, Back, Layer, Trace};
use crate::machine::kernel;
use crate::matmul::{Shape, multiply, multiply_add, transposed_multiply_add};
use crate::real::Real;
use crate::turning::transpose;
use crate::weights::{Init, Plan, Role, Slot};

/// Settings of a KAN layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KanConfig {
    /// Values in.
    pub inputs: usize,
    /// Values out.
    pub outputs: usize,
    /// Intervals of the grid.
    pub intervals: usize,
    /// Degree of the splines, 0 to 5.
    pub degree: usize,
    /// Where the grid begins and ends.
    pub range: (f64, f64),
}

/// A KAN layer.
#[derive(Debug, Clone)]
pub struct Kan {
    config: KanConfig,
    base: Slot,
    spline: Slot,
}

/// Highest degree.
const DEGREES: usize = 5;

impl KanConfig {
    /// Five intervals of cubic splines over −1..1.
    pub fn new(inputs: usize, outputs: usize) -> KanConfig {
        KanConfig { inputs, outputs, intervals: 5, degree: 3, range: (-1.0, 1.0) }
    }

    /// Adds the tensors: the base as PyTorch's linear layer, splines small.
    pub fn build(self, plan: &mut Plan) -> Kan {
        let splines = self.inputs * self.splines();
        let deviation = 0.1 / (splines as f64).sqrt();
        let small = (Role::Weight, Init::Normal(deviation));
        Kan {
            config: self,
            base: plan.matrix("base", self.inputs, self.outputs),
            spline: plan.add("spline", &[splines, self.outputs], small),
        }
    }

    fn splines(self) -> usize {
        self.intervals + self.degree
    }
}

impl<R: Real> Layer<R> for Kan {
    fn inputs(&self) -> usize {
        self.config.inputs
    }

    fn outputs(&self) -> usize {
        self.config.outputs
    }

    /// silu(x); splines and their slopes; gradients by both; both tensors turned.
    fn trace(&self, rows: usize) -> Trace<R> {
        let KanConfig { inputs, outputs, .. } = self.config;
        let wide = inputs * self.config.splines();
        let turned = wide.max(inputs) * outputs;
        Trace::new([rows * inputs, rows * wide, rows * wide, rows * inputs, rows * wide, turned])
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], trace: &mut Trace<R>) {
        let KanConfig { inputs, outputs, .. } = self.config;
        let [silus, splines, slopes, ..] = trace.buffers::<6>();
        let rows = ahead.x.len() / inputs;
        let wide = inputs * self.config.splines();
        let (silus, splines) = (&mut silus[..rows * inputs], &mut splines[..rows * wide]);
        bend(self.config, ahead.x, silus, (splines, &mut slopes[..rows * wide]));
        let shape = Shape { rows, depth: inputs, columns: outputs };
        multiply(silus, self.base.of(ahead.weights), shape, y);
        let shape = Shape { rows, depth: wide, columns: outputs };
        multiply_add(splines, self.spline.of(ahead.weights), shape, y);
    }

    fn backward(&self, back: Back<'_, R>, trace: &mut Trace<R>) {
        let KanConfig { inputs, outputs, .. } = self.config;
        let [silus, splines, slopes, by_silu, by_spline, turned] = trace.buffers();
        let Back { weights, x, dy, grads, dx, .. } = back;
        let rows = x.len() / inputs;
        let count = self.config.splines();
        let wide = inputs * count;
        let shape = Shape { rows: inputs, depth: rows, columns: outputs };
        transposed_multiply_add(silus, dy, shape, self.base.of_mut(grads));
        let shape = Shape { rows: wide, depth: rows, columns: outputs };
        transposed_multiply_add(splines, dy, shape, self.spline.of_mut(grads));
        let Some(dx) = dx else { return };
        transpose(self.base.of(weights), (inputs, outputs), turned);
        let by_silu = &mut by_silu[..rows * inputs];
        multiply(dy, turned, Shape { rows, depth: outputs, columns: inputs }, by_silu);
        transpose(self.spline.of(weights), (wide, outputs), turned);
        let by_spline = &mut by_spline[..rows * wide];
        multiply(dy, turned, Shape { rows, depth: outputs, columns: wide }, by_spline);
        straighten((x, by_silu), (&slopes[..rows * wide], by_spline), count, dx);
    }
}

kernel! {
    fn bend<R>(config: KanConfig, x: &[R], silus: &mut [R], splines: (&mut [R], &mut [R])) {
        let count = config.splines();
        let lines = splines.0.chunks_exact_mut(count).zip(splines.1.chunks_exact_mut(count));
        for ((x, silu), (values, slopes)) in x.iter().zip(silus).zip(lines) {
            *silu = *x * x.sigmoid::<M>();
            one(config, *x, values, slopes);
        }
    }
}

/// All splines at one place. At most degree + 1 of them differ from 0.
#[inline(always)]
fn one<R: Real>(config: KanConfig, x: R, values: &mut [R], slopes: &mut [R]) {
    let (low, high) = config.range;
    let step = (high - low) / config.intervals as f64;
    let place = (x.f64() - low) / step;
    values.fill(R::ZERO);
    slopes.fill(R::ZERO);
    let degree = config.degree.min(DEGREES);
    let cell = place.floor();
    // The grid goes on by `degree` cells on both sides.
    if !(cell >= -(degree as f64) && cell < (config.intervals + degree) as f64) {
        return;
    }
    let first = cell as i64;
    let along = place - cell;
    // Even knots: the splines of a degree over the cell, from the left.
    let mut at = [0.0f64; DEGREES + 1];
    at[0] = 1.0;
    let mut lower = at;
    for level in 1..=degree {
        lower = at;
        let mut next = [0.0f64; DEGREES + 1];
        for (k, value) in lower.iter().enumerate().take(level) {
            let right = (k as f64 + 1.0 - along) / level as f64;
            next[k] += value * right;
            next[k + 1] += value * (1.0 - right);
        }
        at = next;
    }
    for k in 0..=degree {
        let spline = first + k as i64;
        if spline < 0 || spline >= values.len() as i64 {
            continue;
        }
        values[spline as usize] = R::of(at[k]);
        if degree > 0 {
            let before = if k > 0 { lower[k - 1] } else { 0.0 };
            let here = if k < degree { lower[k] } else { 0.0 };
            slopes[spline as usize] = R::of((before - here) / step);
        }
    }
}

kernel! {
    /// `dx = ds silu'(x) + Σ dB B'(x)`.
    fn straighten<R>(
        silu: (&[R], &[R]),
        splines: (&[R], &[R]),
        count: usize,
        dx: &mut [R],
    ) {
        let lines = splines.0.chunks_exact(count).zip(splines.1.chunks_exact(count));
        for ((dx, (x, by_silu)), (slopes, by_spline)) in
            dx.iter_mut().zip(silu.0.iter().zip(silu.1)).zip(lines)
        {
            let s = x.sigmoid::<M>();
            let mut sum = *by_silu * s * (R::ONE + *x * (R::ONE - s));
            for (slope, by) in slopes.iter().zip(by_spline) {
                sum = slope.fma::<M>(*by, sum);
            }
            *dx = sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splines_add_up_to_one_inside_the_grid() {
        for degree in 0..=4 {
            let config = KanConfig { degree, ..KanConfig::new(1, 1) };
            let count = config.splines();
            for step in 0..200 {
                let x = -0.999 + f64::from(step) * 0.01 - 1e-9;
                let (mut values, mut slopes) = (vec![0.0; count], vec![0.0; count]);
                one(config, x, &mut values, &mut slopes);
                let sum: f64 = values.iter().sum();
                assert!((sum - 1.0).abs() < 1e-12, "degree {degree}, x {x}: {sum}");
                assert!(slopes.iter().sum::<f64>().abs() < 1e-9);
            }
        }
    }
}
