//! One network of an agent: layers, weights, gradients and optimiser in one place.

use base::Seed;
use nets::Plan;
use nets::layer::linear::Begin;
use nets::layer::{
    Activation, Ahead, Back, Chain, GruConfig, LastStep, Layer, LinearConfig, Mode, TimeMajor,
    Trace,
};
use nets::optim::{Descent, Optimiser, clip};
use nets::weights::Slot;
use serde::{Deserialize, Serialize};

use super::checkpoint::Archive;
use crate::Error;

/// What stands between observations and the last linear layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Body {
    /// Linear layers, each followed by the activation.
    Dense {
        /// Units of each layer.
        hidden: Vec<usize>,
        /// What follows each.
        activation: Activation,
    },
    /// A gated recurrent unit over observations that are sequences, oldest step first (see
    /// [`super::History`]), then linear layers with tanh.
    Gru {
        /// Steps of an observation.
        steps: usize,
        /// Units of the state.
        units: usize,
        /// Units of each layer behind it.
        hidden: Vec<usize>,
    },
}

impl Body {
    /// Two layers of 64 with tanh, as Stable-Baselines3 has its policies.
    pub fn policy() -> Body {
        Body::Dense { hidden: vec![64, 64], activation: Activation::Tanh }
    }

    /// Two layers of 64 with ReLU, as Stable-Baselines3 has its action values.
    pub fn values() -> Body {
        Body::Dense { hidden: vec![64, 64], activation: Activation::Relu }
    }

    fn check(&self, inputs: usize) -> Result<(), Error> {
        let hidden = match self {
            Body::Dense { hidden, .. } | Body::Gru { hidden, .. } => hidden,
        };
        if hidden.contains(&0) {
            let what = "a layer of 0 units".to_owned();
            return Err(Error::MatchSpaces { what });
        }
        match self {
            Body::Gru { steps, units, .. }
                if *steps == 0 || *units == 0 || !inputs.is_multiple_of(*steps) =>
            {
                let what = format!("observations of {inputs} values are not {steps} equal steps");
                Err(Error::MatchSpaces { what })
            }
            _ => Ok(()),
        }
    }
}

/// How a network begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Opening {
    /// Orthogonal: √2 within, this gain at the end.
    Orthogonal(f64),
    /// Even, as PyTorch.
    Even,
}

/// What a network maps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// Most rows of a pass.
    pub(crate) rows: usize,
}

/// A network with all that its training needs; a pass allocates nothing.
pub(crate) struct Tower {
    layer: Chain<f32>,
    shape: Shape,
    trace: Trace<f32>,
    descent: Descent<f32>,
    pub(crate) weights: Vec<f32>,
    pub(crate) grads: Vec<f32>,
    /// Outputs of the last pass.
    pub(crate) y: Vec<f32>,
    /// Gradient by them, to be filled before the backward pass.
    pub(crate) dy: Vec<f32>,
    /// The tensor beside the layers, where one was asked for.
    beside: Option<Slot>,
    /// A step that is owed: its rate, and what its gradient is multiplied by.
    owed: Option<(f64, f64)>,
}

/// How a tower is made.
pub(crate) struct Making<'a> {
    pub(crate) body: &'a Body,
    pub(crate) shape: Shape,
    pub(crate) opening: Opening,
    pub(crate) optimiser: Optimiser,
    /// Values that are learned beside the layers, and how they begin.
    pub(crate) beside: Option<(usize, f64)>,
}

impl Tower {
    /// Draws the weights and makes all room.
    pub(crate) fn new(making: Making<'_>, seed: Seed) -> Result<Tower, Error> {
        Tower::topped(making, seed, |chain| chain)
    }

    /// The same with more layers on top.
    pub(crate) fn topped(
        making: Making<'_>,
        seed: Seed,
        top: impl FnOnce(Chain<f32>) -> Chain<f32>,
    ) -> Result<Tower, Error> {
        let Making { body, shape, opening, optimiser, beside } = making;
        body.check(shape.inputs)?;
        let mut plan = Plan::default();
        let layer = top(build(body, (shape.inputs, shape.outputs), opening, &mut plan));
        let beside = beside.map(|(width, value)| {
            let init = nets::weights::Init::Constant(value);
            plan.add("beside", &[width], (nets::weights::Role::Bias, init))
        });
        let outputs = layer.outputs();
        Ok(Tower {
            trace: layer.trace(shape.rows),
            descent: Descent::new(optimiser, &plan),
            weights: plan.draw(seed),
            grads: vec![0.0; plan.len()],
            y: vec![0.0; shape.rows * outputs],
            dy: vec![0.0; shape.rows * outputs],
            shape: Shape { outputs, ..shape },
            layer,
            beside,
            owed: None,
        })
    }

    pub(crate) fn inputs(&self) -> usize {
        self.shape.inputs
    }

    pub(crate) fn rows(&self) -> usize {
        self.shape.rows
    }

    /// Outputs for rows, at most as many as there is room for.
    pub(crate) fn forward(&mut self, x: &[f32]) -> &mut [f32] {
        let wide = x.len() / self.shape.inputs * self.shape.outputs;
        let ahead = Ahead { weights: &self.weights, x, mode: Mode::Predict };
        self.layer.forward(ahead, &mut self.y[..wide], &mut self.trace);
        &mut self.y[..wide]
    }

    /// Outputs for any number of rows, a stretch at a time.
    pub(crate) fn forward_all(&mut self, x: &[f32], y: &mut [f32]) {
        let (high, inputs, outputs) = (self.shape.rows, self.shape.inputs, self.shape.outputs);
        for (x, y) in x.chunks(high * inputs).zip(y.chunks_mut(high * outputs)) {
            let ahead = Ahead { weights: &self.weights, x, mode: Mode::Predict };
            self.layer.forward(ahead, y, &mut self.trace);
        }
    }

    /// Adds the gradients of these rows, whose `dy` was filled after their forward pass.
    pub(crate) fn backward(&mut self, x: &[f32]) {
        let wide = x.len() / self.shape.inputs * self.shape.outputs;
        let back = Back {
            weights: &self.weights,
            x,
            y: &self.y[..wide],
            dy: &self.dy[..wide],
            grads: &mut self.grads,
            dx: None,
        };
        self.layer.backward(back, &mut self.trace);
    }

    /// Length of the gradient.
    pub(crate) fn gradient_length(&mut self) -> f64 {
        clip(&mut self.grads, f64::INFINITY)
    }

    /// Owes a step against the gradients times a scale. It is paid by [`Tower::settle`], so that
    /// both networks of an agent take theirs side by side with the passes of the next batch.
    pub(crate) fn owe(&mut self, rate: f64, scale: f64) {
        self.owed = Some((rate, scale));
    }

    /// Takes the step that is owed, and forgets the gradients.
    pub(crate) fn settle(&mut self) {
        if let Some((rate, scale)) = self.owed.take() {
            if scale != 1.0 {
                let scale = scale as f32;
                self.grads.iter_mut().for_each(|grad| *grad *= scale);
            }
            self.descent.step(rate, &self.grads, &mut self.weights);
        }
        self.grads.fill(0.0);
    }

    /// The values beside the layers.
    pub(crate) fn beside(&self) -> &[f32] {
        self.beside.map_or(&[], |slot| slot.of(&self.weights))
    }

    /// Gradients of the values beside the layers.
    pub(crate) fn beside_grads(&mut self) -> &mut [f32] {
        match self.beside {
            Some(slot) => slot.of_mut(&mut self.grads),
            None => &mut [],
        }
    }

    /// Writes weights and moments under this name.
    pub(crate) fn save(&self, name: &str, archive: &mut Archive) {
        let (first, second) = self.descent.moments();
        archive.put_f32(&format!("{name}.weights"), self.weights.clone());
        archive.put_f32(&format!("{name}.first"), first.to_vec());
        archive.put_f32(&format!("{name}.second"), second.to_vec());
        archive.put_u64(&format!("{name}.descents"), vec![self.descent.steps()]);
    }

    /// Takes back what [`Tower::save`] wrote.
    pub(crate) fn restore(&mut self, name: &str, archive: &Archive) -> Result<(), Error> {
        let len = self.weights.len();
        let values = |part: &str| archive.f32(&format!("{name}.{part}"), len);
        self.weights.copy_from_slice(values("weights")?);
        let steps = archive.u64(&format!("{name}.descents"), 1)?[0];
        self.descent.restore(steps, values("first")?, values("second")?);
        Ok(())
    }
}

fn build(
    body: &Body,
    (inputs, outputs): (usize, usize),
    opening: Opening,
    plan: &mut Plan,
) -> Chain<f32> {
    let (within, last) = match opening {
        Opening::Orthogonal(gain) => {
            (Begin::Orthogonal(std::f64::consts::SQRT_2), Begin::Orthogonal(gain))
        }
        Opening::Even => (Begin::Even, Begin::Even),
    };
    let mut layers: Vec<Box<dyn Layer<f32>>> = Vec::new();
    let (mut width, hidden, activation) = match body {
        Body::Dense { hidden, activation } => (inputs, hidden, *activation),
        Body::Gru { steps, units, hidden } => {
            let values = inputs / steps;
            let config = GruConfig { steps: *steps, inputs: values, units: *units };
            layers.push(Box::new(TimeMajor { steps: *steps, width: values }));
            layers.push(Box::new(plan.within("gru", |plan| config.build(plan))));
            layers.push(Box::new(LastStep { steps: *steps, width: *units }));
            (*units, hidden, Activation::Tanh)
        }
    };
    let mut add = |name: String, config: LinearConfig| {
        layers.push(Box::new(plan.within(name, |plan| config.build(plan))));
    };
    for (at, units) in hidden.iter().enumerate() {
        add(format!("{at}"), LinearConfig::new(width, *units).then(activation).begun(within));
        width = *units;
    }
    add("last".to_owned(), LinearConfig::new(width, outputs).begun(last));
    Chain::of(layers)
}
