//! Convolution in one or two dimensions, channels last.
//!
//! x is rows × height × width × channels, y rows × height' × width' × outputs, with
//! `height' = (height + pad_top + pad_bottom − kernel) / stride + 1`, likewise the width. One
//! dimension is a width of 1. Tensors: `weight` (kernel height · kernel width · channels) ×
//! outputs, `bias`.
//!
//! A convolution is matrix products of patches, which repeat each value of x once for each tap of
//! the kernel. So patches are copied only where x can't be read as if it were them (`view`).

mod patches;
mod pool;
mod shifted;
mod view;

pub use pool::MaxPool;

use super::activation::{Activation, activate, differentiate};
use super::linear::add_columns;
use super::{Ahead, Back, Layer, Trace};
use crate::real::Real;
use crate::weights::{Plan, Slot};

use view::View;

/// One direction of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axis {
    /// Places on the way in.
    pub size: usize,
    /// Places of the kernel.
    pub kernel: usize,
    /// From one output to the next.
    pub stride: usize,
    /// Zeros before and after.
    pub pad: (usize, usize),
}

impl Axis {
    /// No padding, stride 1.
    pub fn valid(size: usize, kernel: usize) -> Axis {
        Axis { size, kernel, stride: 1, pad: (0, 0) }
    }

    /// As many places out as in; an even kernel pads one more behind, as PyTorch's `same` does.
    pub fn same(size: usize, kernel: usize) -> Axis {
        let all = kernel - 1;
        Axis { size, kernel, stride: 1, pad: (all / 2, all - all / 2) }
    }

    /// Kernels side by side.
    pub fn tiled(size: usize, kernel: usize) -> Axis {
        Axis { size, kernel, stride: kernel, pad: (0, 0) }
    }

    /// Nothing but the past: as many places out as in.
    pub fn causal(size: usize, kernel: usize) -> Axis {
        Axis { size, kernel, stride: 1, pad: (kernel - 1, 0) }
    }

    /// A direction with one place.
    pub fn flat() -> Axis {
        Axis::valid(1, 1)
    }

    /// A kernel of one place over each of so many.
    pub fn flat_along(size: usize) -> Axis {
        Axis::valid(size, 1)
    }

    /// Places on the way out.
    pub fn out(self) -> usize {
        (self.size + self.pad.0 + self.pad.1 - self.kernel) / self.stride + 1
    }

    /// The place that a kernel's place sees; `None` in the padding.
    fn place(self, out: usize, tap: usize) -> Option<usize> {
        (out * self.stride + tap).checked_sub(self.pad.0).filter(|place| *place < self.size)
    }
}

/// Values of the output that are worked on at once, so that what lies between two loops over them
/// stays in the second cache.
const LOT: usize = 32 * 1024;

/// Settings of a convolution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConvConfig {
    /// The first direction: time.
    pub height: Axis,
    /// The second: levels; [`Axis::flat`] for one dimension.
    pub width: Axis,
    /// Channels in.
    pub channels: usize,
    /// Channels out.
    pub outputs: usize,
    /// What follows.
    pub activation: Activation,
}

/// A convolution.
#[derive(Debug, Clone)]
pub struct Conv {
    config: ConvConfig,
    view: View,
    weight: Slot,
    bias: Slot,
}

impl Conv {
    /// Rows that are worked on at once.
    fn lot(&self) -> usize {
        (LOT / self.config.row_out()).max(1)
    }
}

impl ConvConfig {
    /// Adds the tensors; both begin even within ±1/√(values of a patch), as in PyTorch.
    pub fn build(self, plan: &mut Plan) -> Conv {
        let patch = self.patch();
        let (weight, bias) =
            (plan.matrix("weight", patch, self.outputs), plan.bias("bias", patch, self.outputs));
        Conv { config: self, view: View::of(self), weight, bias }
    }

    fn patch(self) -> usize {
        self.height.kernel * self.width.kernel * self.channels
    }

    fn places(self) -> usize {
        self.height.out() * self.width.out()
    }

    /// Values of a row of x.
    fn row_in(self) -> usize {
        self.height.size * self.width.size * self.channels
    }

    /// Values of a row of y.
    fn row_out(self) -> usize {
        self.places() * self.outputs
    }

    fn rows<R>(self, x: &[R]) -> std::slice::ChunksExact<'_, R> {
        x.chunks_exact(self.row_in())
    }

    /// For each patch and tap the first value it sees; `None` in the padding.
    fn taps(self) -> impl Iterator<Item = Option<usize>> {
        let ConvConfig { height, width, channels, .. } = self;
        let outs = (0..height.out()).flat_map(move |h| (0..width.out()).map(move |w| (h, w)));
        outs.flat_map(move |(h, w)| {
            (0..height.kernel).flat_map(move |i| (0..width.kernel).map(move |j| (i, j))).map(
                move |(i, j)| {
                    let (row, column) = (height.place(h, i)?, width.place(w, j)?);
                    Some((row * width.size + column) * channels)
                },
            )
        })
    }
}

impl<R: Real> Layer<R> for Conv {
    fn inputs(&self) -> usize {
        self.config.row_in()
    }

    fn outputs(&self) -> usize {
        self.config.row_out()
    }

    /// Room for what the view needs; the weight turned; slopes of the activation for a lot; its
    /// input where it needs one.
    fn trace(&self, rows: usize) -> Trace<R> {
        let ConvConfig { activation, outputs, .. } = self.config;
        let out = self.config.row_out();
        let kept = if activation.needs_input() { rows * out } else { 0 };
        let slope = if activation == Activation::None { 0 } else { rows.min(self.lot()) * out };
        let turned = self.config.patch() * outputs;
        Trace::new([self.view.room(), turned, slope, kept])
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], trace: &mut Trace<R>) {
        let activation = self.config.activation;
        let [room, _, _, kept] = trace.buffers();
        let weights = (self.weight.of(ahead.weights), self.bias.of(ahead.weights));
        let (inputs, outputs) =
            (self.lot() * self.config.row_in(), self.lot() * self.config.row_out());
        let lots = y.chunks_mut(outputs).zip(ahead.x.chunks(inputs));
        for (at, (y, x)) in lots.enumerate() {
            self.view.forward(x, weights, room, y);
            if activation.needs_input() {
                kept[at * outputs..at * outputs + y.len()].copy_from_slice(y);
            }
            activate(activation, y);
        }
    }

    fn backward(&self, back: Back<'_, R>, trace: &mut Trace<R>) {
        let config = self.config;
        let [room, turned, slope, kept] = trace.buffers();
        let (inputs, outputs) =
            (self.lot() * self.config.row_in(), self.lot() * self.config.row_out());
        let at: &[R] = if config.activation.needs_input() { kept } else { back.y };
        let mut dx = back.dx;
        if dx.is_some() {
            self.view.turn(self.weight.of(back.weights), turned);
        }
        let lots = back.x.chunks(inputs).zip(back.dy.chunks(outputs)).zip(at.chunks(outputs));
        for (lot, ((x, dy), at)) in lots.enumerate() {
            let dz: &[R] = if config.activation == Activation::None {
                dy
            } else {
                let slope = &mut slope[..dy.len()];
                differentiate(config.activation, (&at[..dy.len()], dy), slope);
                slope
            };
            add_columns(dz, self.bias.of_mut(back.grads));
            self.view.by_weight((x, dz), room, self.weight.of_mut(back.grads));
            if let Some(dx) = &mut dx {
                let dx = &mut dx[lot * inputs..lot * inputs + x.len()];
                self.view.by_input((dz, turned), room, dx);
            }
        }
    }
}
