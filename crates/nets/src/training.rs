//! A network under training: weights, gradients, what the optimiser remembers.
//!
//! A batch is cut into shards of a fixed number of rows. Shards may run on several threads; their
//! gradients are added in order, so the result is the same for any number of threads.

use base::Seed;
use rayon::prelude::*;

use crate::Error;
use crate::layer::{Ahead, Back, Layer, Mode, Trace};
use crate::loss::{Judged, Loss};
use crate::optim::{Descent, Optimiser, clip};
use crate::real::Real;
use crate::weights::Plan;

/// A network: its layers, the tensors they asked for, and what it is judged by.
pub struct Network<R> {
    /// Layers.
    pub layer: Box<dyn Layer<R>>,
    /// Tensors.
    pub plan: Plan,
    /// Loss.
    pub loss: Box<dyn Loss<R>>,
}

/// How a network is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Regime {
    /// Rule by which weights move.
    pub optimiser: Optimiser,
    /// Largest length of the gradient.
    pub clip: Option<f64>,
    /// Largest number of rows of a shard; fewer, but at least 16, where what a network remembers
    /// of so many would not stay in a cache. Part of the result, unlike the number of threads.
    pub shard_rows: usize,
    /// Largest batch.
    pub batch_rows: usize,
    /// Seed of weights and draws.
    pub seed: Seed,
}

/// Rows of a step.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a, R> {
    /// Inputs; rows × inputs.
    pub x: &'a [R],
    /// Targets; rows × targets.
    pub target: &'a [R],
    /// Weight of each row; `None` is 1.
    pub weights: Option<&'a [R]>,
}

/// What a step found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Weighted mean loss.
    pub loss: f64,
    /// Length of the gradient before clipping.
    pub gradient: f64,
}

/// Values that a shard may remember: a shared cache of 32 MiB.
const CACHE_VALUES: usize = 8 << 20;
/// Rows below which no shard is cut for the cache's sake.
const FEWEST_ROWS: usize = 16;

/// Values that are remembered for each row, without those of a pass as a whole.
fn values_of_a_row<R: Real>(network: &Network<R>) -> usize {
    let values = |rows| network.layer.trace(rows).len();
    (values(2 * FEWEST_ROWS) - values(FEWEST_ROWS)) / FEWEST_ROWS
}

/// A network under training.
pub struct Training<R> {
    network: Network<R>,
    regime: Regime,
    weights: Vec<R>,
    grads: Vec<R>,
    descent: Descent<R>,
    shards: Vec<Shard<R>>,
}

/// A part of a batch, and what it came to.
struct Shard<R> {
    room: Room<R>,
    grads: Vec<R>,
    loss: f64,
}

/// Room for the rows of a shard.
struct Room<R> {
    trace: Trace<R>,
    y: Vec<R>,
    dy: Vec<R>,
    /// What the loss needs.
    loss: Vec<R>,
}

impl<R: Real> Training<R> {
    /// Draws the weights and makes all room that steps will need.
    pub fn new(network: Network<R>, regime: Regime) -> Training<R> {
        let weights = network.plan.draw(regime.seed.child("weights"));
        let fitting = (CACHE_VALUES / values_of_a_row(&network).max(1)).max(FEWEST_ROWS);
        let rows = regime.shard_rows.min(regime.batch_rows).min(fitting).max(1);
        let count = regime.batch_rows.div_ceil(rows);
        let outputs = rows * network.layer.outputs();
        let shard = |at: usize| Shard {
            room: Room {
                trace: network.layer.trace(rows),
                y: vec![R::ZERO; outputs],
                dy: vec![R::ZERO; outputs],
                loss: vec![R::ZERO; network.loss.room(rows)],
            },
            // The first shard writes where the sum is wanted.
            grads: vec![R::ZERO; if at == 0 { 0 } else { weights.len() }],
            loss: 0.0,
        };
        let shards = (0..count).map(shard).collect();
        let descent = Descent::new(regime.optimiser, &network.plan);
        let grads = vec![R::ZERO; weights.len()];
        Training {
            regime: Regime { shard_rows: rows, ..regime },
            network,
            weights,
            grads,
            descent,
            shards,
        }
    }

    /// One step at this rate. A loss or a gradient that is no number is an error, and moves no
    /// weight.
    ///
    /// Panics when the batch is larger than the regime says.
    pub fn step(&mut self, batch: Batch<'_, R>, rate: f64) -> Result<Found, Error> {
        let found = self.gradient(batch);
        for (what, value) in [("the loss", found.loss), ("the gradient", found.gradient)] {
            if !value.is_finite() {
                return Err(Error::exploded(what, value, self.descent.steps()));
            }
        }
        self.descent.step(rate, &self.grads, &mut self.weights);
        Ok(found)
    }

    /// The loss and its gradient, clipped; no weight moves.
    pub fn gradient(&mut self, batch: Batch<'_, R>) -> Found {
        let loss = self.backward(batch);
        let gradient = clip(&mut self.grads, self.regime.clip.unwrap_or(f64::INFINITY));
        Found { loss, gradient }
    }

    fn backward(&mut self, batch: Batch<'_, R>) -> f64 {
        let (layer, weights) = (&*self.network.layer, &self.weights[..]);
        let loss = &*self.network.loss;
        let rows = batch.x.len() / layer.inputs();
        let total = match batch.weights {
            Some(weights) => weights.iter().map(|weight| weight.f64()).sum(),
            None => rows as f64,
        };
        let draws = self.regime.seed.child("draws").index(self.descent.steps());
        let high = self.regime.shard_rows;
        let part = |at: usize| {
            let rows = at * high..((at + 1) * high).min(rows);
            let cut = |width: usize| rows.start * width..rows.end * width;
            let batch = Batch {
                x: &batch.x[cut(layer.inputs())],
                target: &batch.target[cut(loss.targets())],
                weights: batch.weights.map(|weights| &weights[rows.clone()]),
            };
            (batch, Mode::Train { draws: draws.index(at as u64).number() })
        };
        let count = rows.div_ceil(high);
        let run = |at: usize, room: &mut Room<R>, grads: &mut [R]| {
            let (batch, mode) = part(at);
            grads.fill(R::ZERO);
            one_shard((layer, loss), (weights, mode), (batch, 1.0 / total), room, grads)
        };
        let (first, others) = self.shards[..count].split_at_mut(1);
        if others.is_empty() {
            return run(0, &mut first[0].room, &mut self.grads);
        }
        let grads = &mut self.grads;
        let mut sum;
        if rayon::current_num_threads() == 1 {
            // All in the first one's room: that of the others stays untouched.
            sum = run(0, &mut first[0].room, grads);
            for (at, shard) in others.iter_mut().enumerate() {
                shard.loss = run(at + 1, &mut first[0].room, &mut shard.grads);
            }
        } else {
            let each = |(at, shard): (usize, &mut Shard<R>)| {
                shard.loss = run(at + 1, &mut shard.room, &mut shard.grads);
            };
            (sum, ()) = rayon::join(
                || run(0, &mut first[0].room, grads),
                || others.par_iter_mut().enumerate().for_each(each),
            );
        }
        for shard in others {
            sum += shard.loss;
            grads.iter_mut().zip(&shard.grads).for_each(|(sum, grad)| *sum += *grad);
        }
        sum
    }

    /// Outputs for rows, without draws; `y` is rows × outputs.
    pub fn predict(&mut self, x: &[R], y: &mut [R]) {
        let (inputs, outputs) = (self.network.layer.inputs(), self.network.layer.outputs());
        let high = self.regime.shard_rows;
        let parts = x.chunks(high * inputs).zip(y.chunks_mut(high * outputs));
        let trace = &mut self.shards[0].room.trace;
        for (x, y) in parts {
            let ahead = Ahead { weights: &self.weights, x, mode: Mode::Predict };
            self.network.layer.forward(ahead, y, trace);
        }
    }

    /// Weighted mean loss of rows, without draws.
    pub fn loss(&mut self, batch: Batch<'_, R>) -> f64 {
        let rows = batch.x.len() / self.network.layer.inputs();
        let mut y = vec![R::ZERO; rows * self.network.layer.outputs()];
        self.predict(batch.x, &mut y);
        let total = match batch.weights {
            Some(weights) => weights.iter().map(|weight| weight.f64()).sum(),
            None => rows as f64,
        };
        let mut slopes = vec![R::ZERO; y.len()];
        let judged =
            Judged { y: &y, target: batch.target, weights: batch.weights, scale: 1.0 / total };
        self.network.loss.judge(judged, &mut slopes)
    }

    /// The network.
    pub fn network(&self) -> &Network<R> {
        &self.network
    }

    /// All weights.
    pub fn weights(&self) -> &[R] {
        &self.weights
    }

    /// All weights, to be set from outside.
    pub fn weights_mut(&mut self) -> &mut [R] {
        &mut self.weights
    }

    /// Gradients of the last step.
    pub fn grads(&self) -> &[R] {
        &self.grads
    }

    /// The optimiser.
    pub fn descent(&self) -> &Descent<R> {
        &self.descent
    }

    /// The optimiser, to be restored.
    pub fn descent_mut(&mut self) -> &mut Descent<R> {
        &mut self.descent
    }
}

/// Forward, loss and backward of one shard.
fn one_shard<R: Real>(
    (layer, loss): (&dyn Layer<R>, &dyn Loss<R>),
    (weights, mode): (&[R], Mode),
    (batch, scale): (Batch<'_, R>, f64),
    room: &mut Room<R>,
    grads: &mut [R],
) -> f64 {
    let rows = batch.x.len() / layer.inputs();
    let wide = rows * layer.outputs();
    let (y, dy) = (&mut room.y[..wide], &mut room.dy[..wide]);
    layer.forward(Ahead { weights, x: batch.x, mode }, y, &mut room.trace);
    let judged = Judged { y, target: batch.target, weights: batch.weights, scale };
    let found = loss.judge_in(judged, dy, &mut room.loss);
    let back = Back { weights, x: batch.x, y, dy, grads, dx: None };
    layer.backward(back, &mut room.trace);
    found
}
