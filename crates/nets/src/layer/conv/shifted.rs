//! Kernels along time alone: each tap is a matrix product of x, shifted by some steps.
//!
//! ```text
//! y[t] = bias + Σ_k x[t + k − pad] · W[k]        dx[s] = Σ_k dz[s + pad − k] · W[k]ᵀ
//! dW[k] = Σ_t x[t + k − pad]ᵀ · dz[t]
//! ```
//! No patch is copied. Steps outside are left out, which is what zeros would come to.

use std::ops::Range;

use super::ConvConfig;
use crate::layer::linear::repeat;
use crate::matmul::{Into, Rows, Shape, Strided, product};
use crate::real::Real;
use crate::turning::transpose;

/// Lines of a product: what all taps read and write stays in the first two caches, and products in
/// mixed precision, which pack 96 lines at a time, find whole blocks.
const LINES: usize = 480;

/// A kernel along time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shifted {
    /// Steps of x and of y.
    steps: (usize, usize),
    /// Zeros before the first step.
    pad: usize,
    /// Lines of a step.
    width: usize,
    channels: usize,
    outputs: usize,
}

/// Steps of lines of so many values.
#[derive(Clone, Copy)]
struct Lines<'a, R> {
    values: &'a [R],
    steps: usize,
    columns: usize,
}

impl Shifted {
    pub(super) fn new(config: ConvConfig) -> Shifted {
        let ConvConfig { height, width, channels, outputs, .. } = config;
        Shifted {
            steps: (height.size, height.out()),
            pad: height.pad.0,
            width: width.size,
            channels,
            outputs,
        }
    }

    /// As [`super::view::View::forward`].
    pub(super) fn forward<R: Real>(&self, x: &[R], (weight, bias): (&[R], &[R]), y: &mut [R]) {
        for (x, y) in self.seen(x).zip(y.chunks_exact_mut(self.row_out())) {
            self.slide(x, (weight, Into::Onto(bias)), (y, self.outputs), |tap| self.shift(tap));
        }
    }

    /// As [`super::view::View::by_input`].
    pub(super) fn by_input<R: Real>(&self, (dz, turned): (&[R], &[R]), dx: &mut [R]) {
        for (dz, dx) in self.made(dz).zip(dx.chunks_exact_mut(self.row_in())) {
            self.slide(dz, (turned, Into::Replace), (dx, self.channels), |tap| -self.shift(tap));
        }
    }

    /// As [`super::view::View::turn`]: tap by tap.
    pub(super) fn turn<R: Real>(&self, weight: &[R], turned: &mut [R]) {
        let tap = self.channels * self.outputs;
        for (weight, turned) in weight.chunks_exact(tap).zip(turned.chunks_exact_mut(tap)) {
            transpose(weight, (self.channels, self.outputs), turned);
        }
    }

    /// As [`super::view::View::by_weight`].
    pub(super) fn by_weight<R: Real>(&self, (x, dz): (&[R], &[R]), by_weight: &mut [R]) {
        for (x, dz) in self.seen(x).zip(self.made(dz)) {
            for some in self.stretches(dz.steps) {
                let taps = by_weight.chunks_exact_mut(self.channels * self.outputs);
                for (tap, by_weight) in taps.enumerate() {
                    let shift = self.shift(tap);
                    let at = inside(&some, shift, x.steps);
                    if at.is_empty() {
                        continue;
                    }
                    let shape = Shape {
                        rows: self.channels,
                        depth: at.len() * self.width,
                        columns: self.outputs,
                    };
                    let a = Strided::transposed(x.from(&at, shift, self.width), self.channels);
                    let b = Rows { values: dz.from(&at, 0, self.width), stride: self.outputs };
                    product((a, b), (shape, Into::Add), by_weight, self.outputs);
                }
            }
        }
    }

    /// `to[t] = begin + Σ_k from[t + shift(k)] · weight[k]`.
    fn slide<R: Real>(
        &self,
        from: Lines<'_, R>,
        (weight, begin): (&[R], Into<'_, R>),
        (to, columns): (&mut [R], usize),
        shift: impl Fn(usize) -> isize,
    ) {
        let line = self.width * columns;
        for some in self.stretches(to.len() / line) {
            let mut into = begin;
            if inside(&some, shift(0), from.steps) != some {
                let to = &mut to[some.start * line..some.end * line];
                match begin {
                    Into::Onto(line) => repeat(line, to),
                    _ => to.fill(R::ZERO),
                }
                into = Into::Add;
            }
            for (tap, weight) in weight.chunks_exact(from.columns * columns).enumerate() {
                let at = inside(&some, shift(tap), from.steps);
                if at.is_empty() {
                    continue;
                }
                let rows = at.len() * self.width;
                let shape = Shape { rows, depth: from.columns, columns };
                let a = Strided::plain(from.from(&at, shift(tap), self.width), from.columns);
                let b = Rows { values: weight, stride: columns };
                product((a, b), (shape, into), &mut to[at.start * line..], columns);
                into = Into::Add;
            }
        }
    }

    /// From a step of y to the step of x that this tap sees.
    fn shift(&self, tap: usize) -> isize {
        tap as isize - self.pad as isize
    }

    /// Steps that are worked on at once.
    fn stretches(&self, steps: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let some = (LINES / self.width).max(1);
        (0..steps).step_by(some).map(move |begun| begun..steps.min(begun + some))
    }

    fn row_in(&self) -> usize {
        self.steps.0 * self.width * self.channels
    }

    fn row_out(&self) -> usize {
        self.steps.1 * self.width * self.outputs
    }

    /// Rows of x.
    fn seen<'a, R>(&self, x: &'a [R]) -> impl Iterator<Item = Lines<'a, R>> + use<'a, R> {
        let (steps, columns) = (self.steps.0, self.channels);
        x.chunks_exact(self.row_in()).map(move |values| Lines { values, steps, columns })
    }

    /// Rows of y, or of gradients by it.
    fn made<'a, R>(&self, y: &'a [R]) -> impl Iterator<Item = Lines<'a, R>> + use<'a, R> {
        let (steps, columns) = (self.steps.1, self.outputs);
        y.chunks_exact(self.row_out()).map(move |values| Lines { values, steps, columns })
    }
}

impl<'a, R> Lines<'a, R> {
    /// Lines from the first of these steps on, shifted.
    fn from(&self, at: &Range<usize>, shift: isize, width: usize) -> &'a [R] {
        &self.values[at.start.strict_add_signed(shift) * width * self.columns..]
    }
}

/// Those of these steps that stay inside when they are shifted.
fn inside(some: &Range<usize>, shift: isize, steps: usize) -> Range<usize> {
    let first = 0_usize.saturating_add_signed(-shift).max(some.start);
    let end = steps.saturating_add_signed(-shift).min(some.end);
    first..end.max(first)
}
