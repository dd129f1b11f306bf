//! GRUs or LSTMs one above the other; the last step is read out. Recurrent policies and values.

use serde::{Deserialize, Serialize};

use super::mlp::Answer;
use super::sizes;
use crate::layer::{Chain, GruConfig, LastStep, LinearConfig, LstmConfig, TimeMajor};
use crate::training::Network;
use crate::weights::Plan;
use crate::{Error, Real};

/// Which cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// Gated recurrent unit.
    Gru,
    /// Long short-term memory.
    Lstm,
}

/// Recurrent layers, the last step read out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recurrent {
    /// Steps of a sequence.
    pub steps: usize,
    /// Values of a step.
    pub inputs: usize,
    /// Which cell.
    pub cell: Cell,
    /// Units of each layer.
    pub units: usize,
    /// Layers.
    pub layers: usize,
    /// What the last layer says.
    pub answer: Answer,
}

impl Recurrent {
    /// The network.
    pub fn build<R: Real>(&self) -> Result<Network<R>, Error> {
        let Recurrent { steps, inputs, units, layers, .. } = *self;
        let all = [("steps", steps), ("inputs", inputs), ("units", units), ("layers", layers)];
        sizes("recurrent", &all)?;
        sizes("recurrent", &[("outputs", self.answer.outputs())])?;
        let mut plan = Plan::default();
        let mut chain = Chain::new(TimeMajor { steps, width: inputs });
        for layer in 0..layers {
            let inputs = if layer == 0 { inputs } else { units };
            chain = plan.within(layer.to_string(), |plan| match self.cell {
                Cell::Gru => chain.then(GruConfig { steps, inputs, units }.build(plan)),
                Cell::Lstm => chain.then(LstmConfig { steps, inputs, units }.build(plan)),
            });
        }
        let head = LinearConfig::new(units, self.answer.outputs());
        let head = plan.within("head", |plan| head.build(plan));
        let chain = chain.then(LastStep { steps, width: units }).then(head);
        Ok(Network { layer: Box::new(chain), plan, loss: self.answer.loss() })
    }
}
