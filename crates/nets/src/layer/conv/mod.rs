//! Convolution in one or two dimensions, channels last.
//!
//! x is rows × height × width × channels, y rows × height' × width' × outputs, with
//! `height' = (height + pad_top + pad_bottom − kernel) / stride + 1`, likewise the width. One
//! dimension is a width of 1. Patches are laid out as lines (im2col), so that the rest is one
//! matrix product. Tensors: `weight` (kernel height · kernel width · channels) × outputs, `bias`.

use super::activation::{Activation, activate, differentiate};
use super::linear::add_columns;
use super::{Ahead, Back, Layer, Trace};
use crate::machine::kernel;
use crate::matmul::{Shape, multiply, multiply_onto, transposed_multiply_add};
use crate::real::Real;
use crate::turning::transpose;
use crate::weights::{Plan, Slot};

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

/// Marks a tap in the padding.
const PADDING: usize = usize::MAX;

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
    /// For each patch and tap the first value it sees; `PADDING` outside.
    taps: Vec<usize>,
    weight: Slot,
    bias: Slot,
}

impl ConvConfig {
    /// Adds the tensors; both begin even within ±1/√(values of a patch), as in PyTorch.
    pub fn build(self, plan: &mut Plan) -> Conv {
        let patch = self.patch();
        let (weight, bias) =
            (plan.matrix("weight", patch, self.outputs), plan.bias("bias", patch, self.outputs));
        let taps = self.taps().map(|tap| tap.unwrap_or(PADDING)).collect();
        Conv { config: self, taps, weight, bias }
    }

    fn patch(self) -> usize {
        self.height.kernel * self.width.kernel * self.channels
    }

    fn places(self) -> usize {
        self.height.out() * self.width.out()
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
        self.config.height.size * self.config.width.size * self.config.channels
    }

    fn outputs(&self) -> usize {
        self.config.places() * self.config.outputs
    }

    /// Patches; their gradients; slopes of the activation; the weight turned; input of the
    /// activation where it needs one.
    fn trace(&self, rows: usize) -> Trace<R> {
        let (patch, places) = (self.config.patch(), rows * self.config.places());
        let out = places * self.config.outputs;
        let kept = if self.config.activation.needs_input() { out } else { 0 };
        let slope = if self.config.activation == Activation::None { 0 } else { out };
        let turned = patch * self.config.outputs;
        Trace::new([places * patch, places * patch, slope, turned, kept])
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], trace: &mut Trace<R>) {
        let config = self.config;
        let [patches, _, _, _, kept] = trace.buffers();
        let inputs = Layer::<R>::inputs(self);
        let (patch, places) = (config.patch(), config.places());
        let rows = ahead.x.len() / inputs;
        let lines = patches.chunks_exact_mut(places * patch);
        for (lines, x) in lines.zip(ahead.x.chunks_exact(inputs)) {
            gather((x, config.channels), &self.taps, lines);
        }
        let shape = Shape { rows: rows * places, depth: patch, columns: config.outputs };
        multiply_onto(
            &patches[..rows * places * patch],
            self.weight.of(ahead.weights),
            shape,
            self.bias.of(ahead.weights),
            y,
        );
        if config.activation.needs_input() {
            kept[..y.len()].copy_from_slice(y);
        }
        activate(config.activation, y);
    }

    fn backward(&self, back: Back<'_, R>, trace: &mut Trace<R>) {
        let config = self.config;
        let [patches, by_patch, slope, turned, kept] = trace.buffers();
        let inputs = Layer::<R>::inputs(self);
        let (patch, places) = (config.patch(), config.places());
        let rows = back.x.len() / inputs;
        let len = back.dy.len();
        let dz: &[R] = if config.activation == Activation::None {
            back.dy
        } else {
            let at: &[R] = if config.activation.needs_input() { &kept[..len] } else { back.y };
            differentiate(config.activation, (at, back.dy), &mut slope[..len]);
            &slope[..len]
        };
        let shape = Shape { rows: patch, depth: rows * places, columns: config.outputs };
        let lines = &patches[..rows * places * patch];
        transposed_multiply_add(lines, dz, shape, self.weight.of_mut(back.grads));
        add_columns(dz, self.bias.of_mut(back.grads));
        let Some(dx) = back.dx else { return };
        transpose(self.weight.of(back.weights), (patch, config.outputs), turned);
        let by_patch = &mut by_patch[..rows * places * patch];
        let shape = Shape { rows: rows * places, depth: config.outputs, columns: patch };
        multiply(dz, turned, shape, by_patch);
        dx.fill(R::ZERO);
        let lines = by_patch.chunks_exact(places * patch);
        for (lines, dx) in lines.zip(dx.chunks_exact_mut(inputs)) {
            scatter((lines, config.channels), &self.taps, dx);
        }
    }
}

kernel! {
    /// Copies what each tap sees.
    fn gather<R>(from: (&[R], usize), taps: &[usize], lines: &mut [R]) {
        let (x, channels) = from;
        if channels == 1 {
            for (to, tap) in lines.iter_mut().zip(taps) {
                *to = x.get(*tap).copied().unwrap_or(R::ZERO);
            }
            return;
        }
        for (to, tap) in lines.chunks_exact_mut(channels).zip(taps) {
            match *tap {
                PADDING => to.fill(R::ZERO),
                tap => {
                    for (to, from) in to.iter_mut().zip(&x[tap..tap + channels]) {
                        *to = *from;
                    }
                }
            }
        }
    }
}

kernel! {
    /// Adds gradients to what each tap saw.
    fn scatter<R>(from: (&[R], usize), taps: &[usize], dx: &mut [R]) {
        let (lines, channels) = from;
        for (from, tap) in lines.chunks_exact(channels).zip(taps) {
            if *tap != PADDING {
                for (to, from) in dx[*tap..*tap + channels].iter_mut().zip(from) {
                    *to += *from;
                }
            }
        }
    }
}

/// The largest of each patch, channel by channel; padding never wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaxPool {
    inputs: usize,
    channels: usize,
    /// Places of a patch.
    patch: usize,
    /// For each patch and place the first value it sees; `PADDING` outside.
    taps: Vec<usize>,
}

impl MaxPool {
    /// A pool over time, then levels ([`Axis::flat`] for one dimension), of so many channels.
    pub fn new(height: Axis, width: Axis, channels: usize) -> MaxPool {
        let outputs = channels;
        let seen = ConvConfig { height, width, channels, outputs, activation: Activation::None };
        MaxPool {
            inputs: height.size * width.size * channels,
            channels,
            patch: height.kernel * width.kernel,
            taps: seen.taps().map(|tap| tap.unwrap_or(PADDING)).collect(),
        }
    }

    /// Calls `found(output, input)` for the winner of each patch and channel of a row.
    fn winners<R: Real>(&self, x: &[R], mut found: impl FnMut(usize, usize)) {
        let better = |best: usize, next: usize| if x[next] > x[best] { next } else { best };
        for (place, taps) in self.taps.chunks_exact(self.patch).enumerate() {
            for channel in 0..self.channels {
                let seen = taps.iter().filter(|tap| **tap != PADDING).map(|tap| tap + channel);
                if let Some(best) = seen.reduce(better) {
                    found(place * self.channels + channel, best);
                }
            }
        }
    }
}

impl<R: Real> Layer<R> for MaxPool {
    fn inputs(&self) -> usize {
        self.inputs
    }

    fn outputs(&self) -> usize {
        self.taps.len() / self.patch * self.channels
    }

    fn learns(&self) -> bool {
        false
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], _trace: &mut Trace<R>) {
        let outputs = Layer::<R>::outputs(self);
        for (y, x) in y.chunks_exact_mut(outputs).zip(ahead.x.chunks_exact(self.inputs)) {
            self.winners(x, |to, from| y[to] = x[from]);
        }
    }

    fn backward(&self, back: Back<'_, R>, _trace: &mut Trace<R>) {
        let outputs = Layer::<R>::outputs(self);
        let Some(dx) = back.dx else { return };
        dx.fill(R::ZERO);
        let rows = back.x.chunks_exact(self.inputs).zip(back.dy.chunks_exact(outputs));
        for (dx, (x, dy)) in dx.chunks_exact_mut(self.inputs).zip(rows) {
            self.winners(x, |to, from| dx[from] += dy[to]);
        }
    }
}
