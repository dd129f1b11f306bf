//! The regime GRU (ALC-5): GRUs over the days, attention over their states, a regime.
//!
//! ```text
//! x 21 × 10 → GRU 64 → GRU 64 → attention pooling → dropout → linear → 5 logits
//! ```

use serde::{Deserialize, Serialize};

use super::{share, sizes, weighed};
use crate::layer::{Chain, Dropout, GruConfig, LinearConfig, PoolingConfig, TimeMajor};
use crate::loss::CrossEntropy;
use crate::training::Network;
use crate::weights::Plan;
use crate::{Error, Real};

/// The regime GRU.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegimeGru {
    /// Days of a sequence.
    pub steps: usize,
    /// Features of a day.
    pub inputs: usize,
    /// Units of each GRU.
    pub units: usize,
    /// GRUs one above the other.
    pub layers: usize,
    /// Share dropped before the last layer.
    pub dropout: f64,
    /// Regimes.
    pub classes: usize,
    /// Weight of each regime; empty is 1 for all.
    #[serde(default)]
    pub class_weights: Vec<f64>,
    /// Share of the target spread over all regimes.
    #[serde(default)]
    pub smoothing: f64,
}

impl Default for RegimeGru {
    fn default() -> RegimeGru {
        let class_weights = Vec::new();
        let (steps, inputs, units, layers, classes) = (21, 10, 64, 2, 5);
        RegimeGru {
            steps,
            inputs,
            units,
            layers,
            dropout: 0.2,
            classes,
            class_weights,
            smoothing: 0.0,
        }
    }
}

impl RegimeGru {
    /// The network.
    pub fn build<R: Real>(&self) -> Result<Network<R>, Error> {
        let RegimeGru { steps, inputs, units, layers, classes, .. } = *self;
        let all = [("steps", steps), ("inputs", inputs), ("units", units), ("layers", layers)];
        sizes("regime_gru", &all)?;
        sizes("regime_gru", &[("classes", classes)])?;
        share("regime_gru", "dropout", self.dropout)?;
        weighed("regime_gru", &self.class_weights, classes)?;
        let mut plan = Plan::default();
        let mut chain = Chain::new(TimeMajor { steps, width: inputs });
        for layer in 0..layers {
            let inputs = if layer == 0 { inputs } else { units };
            let gru = GruConfig { steps, inputs, units };
            chain = chain.then(plan.within(format!("gru.{layer}"), |plan| gru.build(plan)));
        }
        let pooling = PoolingConfig { steps, width: units };
        let pooling = plan.within("attention", |plan| pooling.build(plan));
        let head = plan.within("head", |plan| LinearConfig::new(units, classes).build(plan));
        let chain = chain.then(pooling).then(Dropout::new(units, self.dropout)).then(head);
        let (class_weights, smoothing) = (self.class_weights.clone(), self.smoothing);
        let loss = CrossEntropy { classes, class_weights, smoothing };
        Ok(Network { layer: Box::new(chain), plan, loss: Box::new(loss) })
    }
}
