//! Health of an asset (ALC-6): an autoencoder, or a variational one, with three heads.
//!
//! ```text
//! x → dense → latent → { health 1 logit | volatility 3 | behaviour 3 | x̂ }
//! variational: x → dense → [μ | ln σ²] → z = μ + σ ε → the same, and [μ | ln σ²] beside it
//! ```
//! Targets of a row: health in 0..=1, volatility bucket, behaviour, and the inputs again. The
//! loss is a weighted sum of binary cross-entropy, two cross-entropies, the squared error of the
//! reconstruction and, where variational, the divergence (Kingma and Welling 2014).

use serde::{Deserialize, Serialize};

use super::sizes;
use crate::layer::activation::Activate;
use crate::layer::{Activation, Chain, Fork, Gaussian, Layer, LinearConfig};
use crate::loss::{Bce, CrossEntropy, GaussianKl, Heads, Squared};
use crate::training::Network;
use crate::weights::Plan;
use crate::{Error, Real};

/// Plain or variational.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Latent {
    /// The latent is what the encoder says.
    Plain,
    /// The latent is drawn.
    Drawn {
        /// Weight of the divergence.
        divergence_weight: f64,
    },
}

/// An autoencoder with three heads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// Features of an asset.
    pub inputs: usize,
    /// Units of each encoder layer; the decoder has them backward.
    pub hidden: Vec<usize>,
    /// Values of the latent.
    pub latent: usize,
    /// Plain or variational.
    pub kind: Latent,
    /// Volatility buckets.
    pub buckets: usize,
    /// Behaviours.
    pub behaviours: usize,
    /// Weights of health, volatility, behaviour and reconstruction.
    pub weights: [f64; 4],
}

impl Default for Health {
    fn default() -> Health {
        Health {
            inputs: 16,
            hidden: vec![32],
            latent: 8,
            kind: Latent::Plain,
            buckets: 3,
            behaviours: 3,
            weights: [1.0; 4],
        }
    }
}

impl Health {
    /// The network.
    pub fn build<R: Real>(&self) -> Result<Network<R>, Error> {
        let all = [("inputs", self.inputs), ("latent", self.latent), ("buckets", self.buckets)];
        sizes("health", &all)?;
        sizes("health", &[("behaviours", self.behaviours)])?;
        let mut plan = Plan::default();
        let latent = match self.kind {
            Latent::Plain => self.latent,
            Latent::Drawn { .. } => 2 * self.latent,
        };
        let mut widths = vec![self.inputs];
        widths.extend(&self.hidden);
        widths.push(latent);
        let encoder = plan.within("encoder", |plan| dense(plan, &widths));
        let reader = self.reader(&mut plan);
        let [health, volatility, behaviour, rebuilt] = self.weights;
        let loss = Heads::default()
            .and(health, Bce { width: 1, positive_weight: 1.0 })
            .and(volatility, CrossEntropy::new(self.buckets))
            .and(behaviour, CrossEntropy::new(self.behaviours))
            .and(rebuilt, Squared { width: self.inputs });
        Ok(match self.kind {
            Latent::Plain => {
                Network { layer: Box::new(encoder.then(reader)), plan, loss: Box::new(loss) }
            }
            Latent::Drawn { divergence_weight } => {
                let itself = Activate { width: latent, activation: Activation::None };
                let drawn = Chain::new(Gaussian { latent: self.latent }).then(reader);
                let both = Fork::new(latent).and(drawn).and(itself);
                let loss = loss.and(divergence_weight, GaussianKl { latent: self.latent });
                Network { layer: Box::new(encoder.then(both)), plan, loss: Box::new(loss) }
            }
        })
    }

    /// The heads and the decoder, side by side.
    fn reader<R: Real>(&self, plan: &mut Plan) -> Fork<R> {
        let mut head = |name: &str, outputs: usize| {
            plan.within(name, |plan| LinearConfig::new(self.latent, outputs).build(plan))
        };
        let (health, volatility) = (head("health", 1), head("volatility", self.buckets));
        let behaviour = head("behaviour", self.behaviours);
        let mut widths = vec![self.latent];
        widths.extend(self.hidden.iter().rev());
        widths.push(self.inputs);
        let decoder = plan.within("decoder", |plan| dense(plan, &widths));
        Fork::new(self.latent).and(health).and(volatility).and(behaviour).and(decoder)
    }
}

/// Linear layers with GELU between them.
fn dense<R: Real>(plan: &mut Plan, widths: &[usize]) -> Chain<R> {
    let mut layers: Vec<Box<dyn Layer<R>>> = Vec::new();
    for (at, pair) in widths.windows(2).enumerate() {
        let last = at + 2 == widths.len();
        let activation = if last { Activation::None } else { Activation::Gelu };
        let config = LinearConfig::new(pair[0], pair[1]).then(activation);
        layers.push(Box::new(plan.within(at.to_string(), |plan| config.build(plan))));
    }
    Chain::of(layers)
}
