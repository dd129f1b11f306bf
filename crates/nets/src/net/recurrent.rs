//! GRUs or LSTMs one above the other; the last step is read out. Recurrent policies and values.

use serde::{Deserialize, Serialize};

use super::mlp::Answer;
use super::sizes;
use crate::layer::{Chain, Gru, GruConfig, LastStep, Linear, LinearConfig, LstmConfig, TimeMajor};
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

/// A GRU network that is fed one step at a time and remembers its state: what a live feed needs.
/// After as many steps as a sequence has, it says what the network says of that sequence.
#[derive(Debug, Clone)]
pub struct Stream {
    layers: Vec<Gru>,
    head: Linear,
    states: Vec<f32>,
    room: Vec<f32>,
    units: usize,
}

impl Stream {
    /// Forgets everything.
    pub fn reset(&mut self) {
        self.states.fill(0.0);
    }

    /// Takes one step of inputs in and writes the outputs.
    pub fn advance(&mut self, weights: &[f32], x: &[f32], y: &mut [f32]) {
        let mut states = self.states.as_mut_slice();
        let mut below: &[f32] = x;
        for layer in &self.layers {
            let (state, above) = states.split_at_mut(self.units);
            layer.advance(weights, below, (state, &mut self.room));
            below = state;
            states = above;
        }
        self.head.one_row(weights, below, y);
    }
}

impl Recurrent {
    /// The network as a stream; GRUs only.
    pub fn stream(&self) -> Result<Stream, Error> {
        let refuse = |what: &str| Error::Build { network: "recurrent", what: what.to_owned() };
        if self.cell != Cell::Gru {
            return Err(refuse("streams are of GRUs"));
        }
        // The same order of tensors as the network's own plan.
        self.build::<f32>()?;
        let mut plan = Plan::default();
        let Recurrent { steps, inputs, units, layers, .. } = *self;
        let layer = |plan: &mut Plan, at: usize| {
            let inputs = if at == 0 { inputs } else { units };
            plan.within(at.to_string(), |plan| GruConfig { steps, inputs, units }.build(plan))
        };
        let layers = (0..layers).map(|at| layer(&mut plan, at)).collect::<Vec<Gru>>();
        let head = LinearConfig::new(units, self.answer.outputs());
        let head = plan.within("head", |plan| head.build(plan));
        let states = vec![0.0; layers.len() * units];
        Ok(Stream { layers, head, states, room: vec![0.0; 8 * units], units })
    }

    /// The network.
    pub fn build<R: Real>(&self) -> Result<Network<R>, Error> {
        let Recurrent { steps, inputs, units, layers, .. } = *self;
        let all = [("steps", steps), ("inputs", inputs), ("units", units), ("layers", layers)];
        sizes("recurrent", &all)?;
        sizes("recurrent", &[("outputs", self.answer.outputs())])?;
        self.answer.check("recurrent")?;
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
