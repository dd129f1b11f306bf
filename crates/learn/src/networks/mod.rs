//! Networks as a model family: rows of a panel in, forecasts out.
//!
//! A [`NetworkLearner`] scales the columns by what it saw in training, cuts the last rows off to
//! know when to stop, trains a [`nets::net::Design`] and keeps the best weights. Between epochs
//! it can be watched, stopped and resumed from a [`Checkpoint`], bit for bit.

mod checkpoint;
mod fitting;
mod groups;
mod model;
mod shape;
mod windows;

use base::Seed;
use nets::net::Design;
use nets::optim::{Optimiser, Schedule};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::scaling::Missing;

pub use checkpoint::Checkpoint;
pub use fitting::{Ended, Epoch, Watch};
pub use model::NetworkModel;
pub(crate) use shape::reading;
pub use windows::{keep, windows, windows_beside};

/// What the matrix products of a training are taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// `f32` throughout.
    #[default]
    Whole,
    /// Operands of products rounded to bfloat16, all else in `f32` ([`nets::brief`]): faster, and
    /// for processors that have the instruction alone. Weights and forecasts are in `f32`.
    Mixed,
}

/// How a network is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkParams {
    /// The network. Sizes of input and answer follow the data.
    pub design: Design,
    /// Passes over the rows.
    pub epochs: u32,
    /// Rows of a step; fewer where there are fewer.
    pub batch: usize,
    /// Rates of learning over all steps.
    pub schedule: Schedule,
    /// Rule by which weights move.
    pub optimiser: Optimiser,
    /// Largest length of the gradient; `None` clips nothing.
    pub clip: Option<f64>,
    /// Share of the rows, the last in time, that say when to stop; 0 trains on all for all epochs.
    pub watched_share: f64,
    /// Epochs without a better loss on those before training ends.
    pub patience: u32,
    /// What is done about absent values.
    pub missing: Missing,
    /// Rows that one thread treats together. Part of the result, unlike the number of threads.
    pub shard_rows: usize,
    /// What products are taken in.
    pub precision: Precision,
}

impl Default for NetworkParams {
    fn default() -> NetworkParams {
        NetworkParams {
            design: shape::dense(vec![64, 64]),
            epochs: 100,
            batch: 64,
            schedule: Schedule::Constant { rate: 1e-3 },
            optimiser: Optimiser::ADAM,
            clip: Some(5.0),
            watched_share: 0.15,
            patience: 10,
            missing: Missing::Refuse,
            shard_rows: 64,
            precision: Precision::Whole,
        }
    }
}

impl NetworkParams {
    /// Refuses settings that make no sense.
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |name: &str, value: f64, rule: &'static str| {
            Err(Error::CheckParams { name: name.to_owned(), value, rule })
        };
        if self.epochs == 0 {
            return refuse("epochs", 0.0, "must be at least 1");
        }
        if self.batch == 0 || self.shard_rows == 0 {
            return refuse("batch and shard_rows", 0.0, "must be at least 1");
        }
        if self.precision == Precision::Mixed && !nets::brief::is_fast_here() {
            let what = "this processor takes no products in bfloat16 (AVX512-BF16); set precision \
                        to whole"
                .to_owned();
            return Err(Error::Fit { model: "network", what });
        }
        if !(0.0..0.9).contains(&self.watched_share) {
            return refuse("watched_share", self.watched_share, "must lie in 0..0.9");
        }
        match self.clip {
            Some(clip) if clip <= 0.0 || clip.is_nan() => refuse("clip", clip, "must be positive"),
            _ => Ok(()),
        }
    }
}

/// An unfitted network: settings and a seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkLearner {
    /// Settings.
    pub params: NetworkParams,
    /// Seed of weights, order of rows, and draws.
    pub seed: Seed,
}
