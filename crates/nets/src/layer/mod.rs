//! Layers: one file each, with its settings, its forward and its backward pass.
//!
//! A layer maps rows to rows. A row is `inputs` values and becomes `outputs` values; a sequence
//! is a row of steps × width. Recurrent layers want sequences **time-major** (step, row, value),
//! so that each step is one contiguous matrix; [`chain::TimeMajor`] turns them. Layers own no
//! numbers: weights live in one flat array (see
//! [`crate::weights`]), and what a pass remembers lives in a [`Trace`] that is made once for the
//! largest batch. A step allocates nothing.

pub mod activation;
pub mod attention;
pub mod cfc;
pub mod chain;
pub mod conv;
pub mod dropout;
pub mod embedding;
pub mod gaussian;
pub mod gru;
mod hearing;
pub mod kan;
pub mod linear;
pub mod lstm;
pub mod ltc;
pub mod norm;
pub mod pooling;
mod synapses;
pub mod tokens;
pub mod wiring;

use crate::real::Real;

pub use activation::Activation;
pub use attention::{Attention, AttentionConfig, Sight};
pub use cfc::{Cfc, CfcConfig, wired_cfc};
pub use chain::{Chain, EachStep, Fork, LastStep, Residual, TimeMajor};
pub use conv::{Axis, Conv, ConvConfig, MaxPool};
pub use dropout::Dropout;
pub use embedding::{Embedding, EmbeddingConfig};
pub use gaussian::Gaussian;
pub use gru::{Gru, GruConfig};
pub use kan::{Kan, KanConfig};
pub use linear::{Linear, LinearConfig};
pub use lstm::{Lstm, LstmConfig};
pub use ltc::{Ltc, LtcConfig};
pub use norm::{Norm, NormConfig};
pub use pooling::{Pooling, PoolingConfig};
pub use tokens::{Class, First, Position, Tokens, TokensConfig};
pub use wiring::Wiring;

/// Whether a pass learns. Only dropout and drawn latents differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// No draws.
    Predict,
    /// Draws come from this number, which differs from step to step and from shard to shard.
    Train {
        /// Node of the tree of randomness.
        draws: u64,
    },
}

/// A forward pass: what it reads.
#[derive(Debug, Clone, Copy)]
pub struct Ahead<'a, R> {
    /// All weights of the network.
    pub weights: &'a [R],
    /// Input; rows × inputs.
    pub x: &'a [R],
    /// Whether the pass learns.
    pub mode: Mode,
}

/// A backward pass: what it reads and where gradients go.
#[derive(Debug)]
pub struct Back<'a, R> {
    /// All weights of the network.
    pub weights: &'a [R],
    /// The input of the forward pass.
    pub x: &'a [R],
    /// Its output.
    pub y: &'a [R],
    /// Gradient of the loss by the output.
    pub dy: &'a [R],
    /// Gradients of all weights; added to.
    pub grads: &'a mut [R],
    /// Gradient by the input; replaced. `None` where nobody asks.
    pub dx: Option<&'a mut [R]>,
}

/// What a layer remembers from forward to backward, and its scratch space.
#[derive(Debug, Default)]
pub struct Trace<R> {
    buffers: Vec<Vec<R>>,
    inner: Vec<Trace<R>>,
    draws: u64,
}

impl<R: Real> Trace<R> {
    /// Buffers of these lengths.
    pub fn new<const N: usize>(lengths: [usize; N]) -> Trace<R> {
        let buffers = lengths.map(|len| vec![R::ZERO; len]).into();
        Trace { buffers, inner: Vec::new(), draws: 0 }
    }

    /// The same with the traces of inner layers.
    pub fn with_inner(self, inner: Vec<Trace<R>>) -> Trace<R> {
        Trace { inner, ..self }
    }

    /// The buffers, in the order in which they were asked for.
    ///
    /// Panics when there are not so many.
    pub fn buffers<const N: usize>(&mut self) -> [&mut Vec<R>; N] {
        match self.buffers.get_disjoint_mut(std::array::from_fn(|at| at)) {
            Ok(buffers) => buffers,
            Err(_) => unreachable!("a layer asks for the buffers that it made"),
        }
    }

    /// Values in all.
    pub fn len(&self) -> usize {
        let inner = self.inner.iter().map(Trace::len);
        self.buffers.iter().map(Vec::len).chain(inner).sum()
    }

    /// True when nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Buffers and inner traces, apart.
    pub fn parts(&mut self) -> (&mut [Vec<R>], &mut [Trace<R>]) {
        (&mut self.buffers, &mut self.inner)
    }

    /// The draws of the last forward pass.
    pub fn draws(&self) -> u64 {
        self.draws
    }

    /// Keeps the draws of a forward pass for its backward pass.
    pub fn keep_draws(&mut self, draws: u64) {
        self.draws = draws;
    }
}

/// A layer of a network.
pub trait Layer<R: Real>: Send + Sync {
    /// Values of a row on the way in.
    fn inputs(&self) -> usize;

    /// Values of a row on the way out.
    fn outputs(&self) -> usize;

    /// False for a layer without weights: where it comes first, no gradient need reach it.
    fn learns(&self) -> bool {
        true
    }

    /// Room for batches of up to so many rows; none for a layer that remembers nothing.
    fn trace(&self, _rows: usize) -> Trace<R> {
        Trace::new([])
    }

    /// Fills `y` (rows × outputs).
    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], trace: &mut Trace<R>);

    /// Adds to the gradients of the weights, fills `dx`. Follows a forward pass on the same rows
    /// with the same trace.
    fn backward(&self, back: Back<'_, R>, trace: &mut Trace<R>);
}
