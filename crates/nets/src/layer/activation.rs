//! Activations: element by element, and softmax over a row.

use serde::{Deserialize, Serialize};

use super::{Ahead, Back, Layer, Trace};
use crate::machine::{Machine, kernel};
use crate::real::Real;
use crate::strands::{dot, fold, most, onto};

/// A function applied to each value.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// The value itself.
    #[default]
    None,
    /// max(x, 0).
    Relu,
    /// x above 0, slope · x below.
    LeakyRelu(f64),
    /// x Φ(x), the exact form (Hendrycks and Gimpel 2016).
    Gelu,
    /// Hyperbolic tangent.
    Tanh,
    /// 1 / (1 + e^-x).
    Sigmoid,
    /// x · sigmoid(x).
    Silu,
    /// 1.7159 tanh(2x/3), the activation of closed-form continuous cells.
    LecunTanh,
}

impl Activation {
    /// True when the derivative needs the input; else the output is enough.
    pub fn needs_input(self) -> bool {
        matches!(self, Activation::Gelu | Activation::Silu)
    }
}

const ROOT_HALF: f64 = std::f64::consts::FRAC_1_SQRT_2;
/// 1 / √(2π).
const NORMAL_PEAK: f64 = 0.398_942_280_401_432_7;

kernel! {
    /// Applies an activation in place.
    pub fn activate<R>(activation: Activation, values: &mut [R]) {
        match activation {
            Activation::None => {}
            Activation::Relu => onto(values, [], |x, []| x.positive()),
            Activation::LeakyRelu(slope) => {
                let slope = R::of(slope);
                onto(values, [], |x, []| x.positive() - slope * (-x).positive());
            }
            Activation::Gelu => {
                let (half, root) = (R::of(0.5), R::of(ROOT_HALF));
                onto(values, [], |x, []| half * x * (R::ONE + (x * root).erf::<M>()));
            }
            Activation::Tanh => onto(values, [], |x, []| x.tanh::<M>()),
            Activation::Sigmoid => onto(values, [], |x, []| x.sigmoid::<M>()),
            Activation::Silu => onto(values, [], |x, []| x * x.sigmoid::<M>()),
            Activation::LecunTanh => {
                let (scale, inner) = (R::of(1.7159), R::of(0.666));
                onto(values, [], |x, []| scale * (x * inner).tanh::<M>());
            }
        }
    }
}

kernel! {
    /// Gradient by the input of an activation. `at` is its input where
    /// [`Activation::needs_input`], else its output.
    pub fn differentiate<R>(activation: Activation, of: (&[R], &[R]), dx: &mut [R]) {
        let (at, dy) = of;
        let each = dx.iter_mut().zip(at.iter().zip(dy));
        match activation {
            Activation::None => dx.copy_from_slice(dy),
            Activation::Relu => {
                each.for_each(|(dx, (y, dy))| *dx = if *y > R::ZERO { *dy } else { R::ZERO });
            }
            Activation::LeakyRelu(slope) => {
                let slope = R::of(slope);
                each.for_each(|(dx, (y, dy))| {
                    *dx = if *y > R::ZERO { *dy } else { slope * *dy };
                });
            }
            Activation::Gelu => each.for_each(|(dx, (x, dy))| *dx = *dy * gelu_slope::<R, M>(*x)),
            Activation::Tanh => {
                each.for_each(|(dx, (y, dy))| *dx = *dy * (R::ONE - *y * *y));
            }
            Activation::Sigmoid => {
                each.for_each(|(dx, (y, dy))| *dx = *dy * *y * (R::ONE - *y));
            }
            Activation::Silu => each.for_each(|(dx, (x, dy))| {
                let s = x.sigmoid::<M>();
                *dx = *dy * s * (R::ONE + *x * (R::ONE - s));
            }),
            Activation::LecunTanh => {
                let (scale, inner) = (R::of(1.7159), R::of(0.666));
                each.for_each(|(dx, (y, dy))| {
                    let t = *y / scale;
                    *dx = *dy * scale * inner * (R::ONE - t * t);
                });
            }
        }
    }
}

#[inline(always)]
fn gelu_slope<R: Real, M: Machine>(x: R) -> R {
    let (erf, bell) = (x * R::of(ROOT_HALF)).erf_and_bell::<M>();
    R::of(0.5) * (R::ONE + erf) + x * R::of(NORMAL_PEAK) * bell
}

/// Sums over a row run in this many strands.
const STRANDS: usize = 8;
/// Rows that a softmax takes together.
const BESIDE: usize = 8;

/// Softmax of each row of `columns` values, in place.
pub fn softmax<R: Real>(values: &mut [R], columns: usize) {
    scaled_softmax(values, columns, R::ONE);
}

kernel! {
    /// Softmax of `scale` times each row of `columns` values, in place; the largest is taken away
    /// first. The scale is positive.
    pub fn scaled_softmax<R>(values: &mut [R], columns: usize, scale: R) {
        // Each part for some rows before the next part, so that no row waits for its own last step.
        for some in values.chunks_mut(columns * BESIDE) {
            let mut of_rows = [R::ZERO; BESIDE];
            for (row, to) in some.chunks_exact(columns).zip(&mut of_rows) {
                *to = most::<R, STRANDS>(row);
            }
            for (row, most) in some.chunks_exact_mut(columns).zip(&of_rows) {
                for value in row {
                    *value = ((*value - *most) * scale).exp::<M>();
                }
            }
            for (row, to) in some.chunks_exact(columns).zip(&mut of_rows) {
                *to = R::ONE / fold::<R, STRANDS>(row, |sum, value| sum + value);
            }
            for (row, share) in some.chunks_exact_mut(columns).zip(&of_rows) {
                onto(row, [], |value, []| value * *share);
            }
        }
    }
}

kernel! {
    /// Gradient by the input of a softmax: `dx = scale · y (dy − Σ y dy)`.
    pub fn differentiate_softmax<R>(of: (&[R], &[R]), columns: usize, scale: R, dx: &mut [R]) {
        let (y, dy) = of;
        let rows = y.chunks_exact(columns).zip(dy.chunks_exact(columns));
        for (dx, (y, dy)) in dx.chunks_exact_mut(columns).zip(rows) {
            let shared = dot::<R, M, STRANDS>(y, dy);
            onto(dx, [y, dy], |_, [y, dy]| scale * y * (dy - shared));
        }
    }
}

/// An activation as a layer of its own.
#[derive(Debug, Clone, Copy)]
pub struct Activate {
    /// Values of a row.
    pub width: usize,
    /// What is applied.
    pub activation: Activation,
}

impl<R: Real> Layer<R> for Activate {
    fn inputs(&self) -> usize {
        self.width
    }

    fn outputs(&self) -> usize {
        self.width
    }

    fn learns(&self) -> bool {
        false
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], _trace: &mut Trace<R>) {
        y.copy_from_slice(ahead.x);
        activate(self.activation, y);
    }

    fn backward(&self, back: Back<'_, R>, _trace: &mut Trace<R>) {
        if let Some(dx) = back.dx {
            let at = if self.activation.needs_input() { back.x } else { back.y };
            differentiate(self.activation, (at, back.dy), dx);
        }
    }
}

/// Softmax over each row as a layer.
#[derive(Debug, Clone, Copy)]
pub struct Softmax {
    /// Values of a row.
    pub width: usize,
}

impl<R: Real> Layer<R> for Softmax {
    fn inputs(&self) -> usize {
        self.width
    }

    fn outputs(&self) -> usize {
        self.width
    }

    fn learns(&self) -> bool {
        false
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], _trace: &mut Trace<R>) {
        y.copy_from_slice(ahead.x);
        softmax(y, self.width);
    }

    fn backward(&self, back: Back<'_, R>, _trace: &mut Trace<R>) {
        if let Some(dx) = back.dx {
            differentiate_softmax((back.y, back.dy), self.width, R::ONE, dx);
        }
    }
}
