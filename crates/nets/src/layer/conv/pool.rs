//! The largest of each patch.

use super::patches::{PADDING, table};
use super::{Axis, ConvConfig};
use crate::layer::{Activation, Ahead, Back, Layer, Trace};
use crate::real::Real;

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
            taps: table(seen),
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
