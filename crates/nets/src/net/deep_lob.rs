//! A network over order books after DeepLOB (Zhang, Zohren and Roberts 2019, figure 3), with
//! three outcomes (EST-3): direction, spread transition, market impact.
//!
//! ```text
//! x steps × (levels · 4): price and size of both sides, level by level
//!   → conv 1×2 / 2, 4×1, 4×1 → conv 1×2 / 2, 4×1, 4×1 → conv 1×levels, 4×1, 4×1
//!   → inception: 1×1–3×1 | 1×1–5×1 | pool 3–1×1 → LSTM → [direction 3 | spread 3 | impact 1]
//! ```
//! Convolutions along time are padded, so that steps stay; each is followed by a leaky ReLU of
//! slope 0.01. Targets of a row: direction, spread transition, impact.

use serde::{Deserialize, Serialize};

use super::sizes;
use crate::layer::{
    Activation, Axis, Chain, ConvConfig, Fork, LastStep, Layer, LinearConfig, LstmConfig, MaxPool,
    TimeMajor,
};
use crate::loss::{CrossEntropy, Heads, Huber};
use crate::training::Network;
use crate::weights::Plan;
use crate::{Error, Real};

/// A network over order books.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeepLob {
    /// Books of a sequence.
    pub steps: usize,
    /// Levels of a book.
    pub levels: usize,
    /// Channels of each convolution.
    pub filters: usize,
    /// Channels of each branch of the inception.
    pub branch: usize,
    /// Units of the LSTM.
    pub units: usize,
    /// Weights of direction, spread transition and impact.
    pub weights: [f64; 3],
}

impl Default for DeepLob {
    fn default() -> DeepLob {
        DeepLob { steps: 100, levels: 10, filters: 16, branch: 32, units: 64, weights: [1.0; 3] }
    }
}

const BENT: Activation = Activation::LeakyRelu(0.01);

impl DeepLob {
    /// The network.
    pub fn build<R: Real>(&self) -> Result<Network<R>, Error> {
        let DeepLob { steps, levels, filters, branch, units, .. } = *self;
        let all = [("steps", steps), ("levels", levels), ("filters", filters), ("branch", branch)];
        sizes("deep_lob", &all)?;
        sizes("deep_lob", &[("units", units)])?;
        let mut plan = Plan::default();
        let mut layers: Vec<Box<dyn Layer<R>>> = Vec::new();
        let (mut width, mut channels) = (4 * levels, 1);
        // Price with size, side with side, then all levels.
        for (at, kernel) in [2, 2, levels].into_iter().enumerate() {
            let across = ConvConfig {
                height: Axis::flat_along(steps),
                width: Axis::tiled(width, kernel),
                channels,
                outputs: filters,
                activation: BENT,
            };
            width /= kernel;
            channels = filters;
            let mut layer =
                |name: String, config: ConvConfig| plan.within(name, |plan| config.build(plan));
            let along = self.along(4, width, (filters, filters));
            layers.push(Box::new(layer(format!("block.{at}.across"), across)));
            layers.push(Box::new(layer(format!("block.{at}.along.0"), along)));
            layers.push(Box::new(layer(format!("block.{at}.along.1"), along)));
        }
        let inception = self.inception(&mut plan);
        let lstm = LstmConfig { steps, inputs: 3 * branch, units };
        let lstm = plan.within("lstm", |plan| lstm.build(plan));
        let chain = Chain::of(layers)
            .then(inception)
            .then(TimeMajor { steps, width: 3 * branch })
            .then(lstm);
        let mut head = |name: &str, outputs: usize| {
            plan.within(name, |plan| LinearConfig::new(units, outputs).build(plan))
        };
        let (direction, spread, impact) =
            (head("direction", 3), head("spread", 3), head("impact", 1));
        let heads = Fork::new(units).and(direction).and(spread).and(impact);
        let loss = Heads::default()
            .and(self.weights[0], CrossEntropy::new(3))
            .and(self.weights[1], CrossEntropy::new(3))
            .and(self.weights[2], Huber { width: 1, delta: 1.0 });
        let layer = Box::new(chain.then(LastStep { steps, width: units }).then(heads));
        Ok(Network { layer, plan, loss: Box::new(loss) })
    }

    /// A convolution along time over each column.
    fn along(
        &self,
        kernel: usize,
        width: usize,
        (channels, outputs): (usize, usize),
    ) -> ConvConfig {
        let height = Axis::same(self.steps, kernel);
        let width = Axis::flat_along(width);
        ConvConfig { height, width, channels, outputs, activation: BENT }
    }

    /// Three looks at different lengths of time, joined step by step.
    fn inception<R: Real>(&self, plan: &mut Plan) -> Fork<R> {
        let DeepLob { steps, filters, branch, .. } = *self;
        let mut conv = |name: &str, kernel: usize, channels: usize| {
            let config = self.along(kernel, 1, (channels, branch));
            plan.within(format!("inception.{name}"), |plan| config.build(plan))
        };
        let three = Chain::new(conv("three.0", 1, filters)).then(conv("three.1", 3, branch));
        let five = Chain::new(conv("five.0", 1, filters)).then(conv("five.1", 5, branch));
        let pool = MaxPool::new(Axis::same(steps, 3), Axis::flat(), filters);
        let pool = Chain::new(pool).then(conv("pool", 1, filters));
        Fork::new(steps * filters).stepped(steps).and(three).and(five).and(pool)
    }
}
