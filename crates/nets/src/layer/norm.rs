//! Layer normalisation (Ba, Kiros and Hinton 2016).
//!
//! `y = (x − mean) / √(variance + ε) ⊙ gain + bias`, mean and variance over the row, the variance
//! by the count, as PyTorch does.

use super::{Ahead, Back, Layer, Trace};
use crate::machine::kernel;
use crate::real::Real;
use crate::strands::{dot, fold};
use crate::weights::{Init, Plan, Role, Slot};

/// Settings of a layer normalisation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormConfig {
    /// Values of a row.
    pub width: usize,
    /// Added to the variance.
    pub epsilon: f64,
}

/// A layer normalisation.
#[derive(Debug, Clone)]
pub struct Norm {
    config: NormConfig,
    gain: Slot,
    bias: Slot,
}

impl NormConfig {
    /// With PyTorch's ε of 1e-5.
    pub fn new(width: usize) -> NormConfig {
        NormConfig { width, epsilon: 1e-5 }
    }

    /// Adds `gain`, which begins at 1, and `bias`, which begins at 0.
    pub fn build(self, plan: &mut Plan) -> Norm {
        let gain = plan.add("gain", &[self.width], (Role::Bias, Init::Constant(1.0)));
        let bias = plan.add("bias", &[self.width], (Role::Bias, Init::Constant(0.0)));
        Norm { config: self, gain, bias }
    }
}

impl<R: Real> Layer<R> for Norm {
    fn inputs(&self) -> usize {
        self.config.width
    }

    fn outputs(&self) -> usize {
        self.config.width
    }

    /// Normalised values; one over the deviation of each row.
    fn trace(&self, rows: usize) -> Trace<R> {
        Trace::new([rows * self.config.width, rows])
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], trace: &mut Trace<R>) {
        let [normal, scales] = trace.buffers();
        let (gain, bias) = (self.gain.of(ahead.weights), self.bias.of(ahead.weights));
        normalise(ahead.x, (gain, bias, R::of(self.config.epsilon)), (normal, scales), y);
    }

    fn backward(&self, back: Back<'_, R>, trace: &mut Trace<R>) {
        let [normal, scales] = trace.buffers();
        let width = self.config.width;
        let normal = &normal[..back.dy.len()];
        gain_slopes((normal, back.dy), self.gain.of_mut(back.grads));
        super::linear::add_columns(back.dy, self.bias.of_mut(back.grads));
        if let Some(dx) = back.dx {
            let gain = self.gain.of(back.weights);
            slopes((normal, back.dy), (gain, &scales[..back.dy.len() / width]), dx);
        }
    }
}

/// Sums over a row run in this many strands.
const STRANDS: usize = 8;

kernel! {
    fn normalise<R>(
        x: &[R],
        how: (&[R], &[R], R),
        kept: (&mut [R], &mut [R]),
        y: &mut [R],
    ) {
        let (gain, bias, epsilon) = how;
        let (normal, scales) = kept;
        let width = gain.len();
        let share = R::of(1.0 / width as f64);
        let rows = x.chunks_exact(width).zip(y.chunks_exact_mut(width));
        let kept = normal.chunks_exact_mut(width).zip(scales.iter_mut());
        for ((x, y), (normal, scale)) in rows.zip(kept) {
            let mean = fold::<R, STRANDS>(x, |sum, value| sum + value) * share;
            let square = |value: R| (value - mean) * (value - mean);
            let variance = fold::<R, STRANDS>(x, |sum, value| sum + square(value)) * share;
            *scale = R::ONE / (variance + epsilon).sqrt();
            for (normal, x) in normal.iter_mut().zip(x) {
                *normal = (*x - mean) * *scale;
            }
            for ((y, normal), (gain, bias)) in y.iter_mut().zip(&*normal).zip(gain.iter().zip(bias))
            {
                *y = normal.fma::<M>(*gain, *bias);
            }
        }
    }
}

kernel! {
    fn gain_slopes<R>(of: (&[R], &[R]), sums: &mut [R]) {
        let width = sums.len();
        for (normal, dy) in of.0.chunks_exact(width).zip(of.1.chunks_exact(width)) {
            for ((sum, normal), dy) in sums.iter_mut().zip(normal).zip(dy) {
                *sum = normal.fma::<M>(*dy, *sum);
            }
        }
    }
}

kernel! {
    /// `dx = s (g − mean g − n mean(g n))` with `g = gain ⊙ dy`, n the normalised values and s one
    /// over the deviation.
    fn slopes<R>(of: (&[R], &[R]), how: (&[R], &[R]), dx: &mut [R]) {
        let (gain, scales) = how;
        let width = gain.len();
        let share = R::of(1.0 / width as f64);
        let rows = of.0.chunks_exact(width).zip(of.1.chunks_exact(width));
        for ((dx, (normal, dy)), scale) in dx.chunks_exact_mut(width).zip(rows).zip(scales) {
            for ((dx, dy), gain) in dx.iter_mut().zip(dy).zip(gain) {
                *dx = *dy * *gain;
            }
            let mean = fold::<R, STRANDS>(dx, |sum, value| sum + value) * share;
            let shared = dot::<R, M, STRANDS>(dx, normal) * share;
            for (dx, normal) in dx.iter_mut().zip(normal) {
                *dx = *scale * (*dx - mean - *normal * shared);
            }
        }
    }
}
