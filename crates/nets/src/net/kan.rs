//! A Kolmogorov–Arnold network (Liu et al. 2024): layers of learned curves.

use serde::{Deserialize, Serialize};

use super::mlp::Answer;
use super::sizes;
use crate::layer::{Chain, KanConfig, Layer, NormConfig};
use crate::training::Network;
use crate::weights::Plan;
use crate::{Error, Real};

/// A Kolmogorov–Arnold network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KanNet {
    /// Values of a row; they should lie mostly within −1..1.
    pub inputs: usize,
    /// Units of each hidden layer.
    pub hidden: Vec<usize>,
    /// Intervals of each grid.
    pub intervals: usize,
    /// Degree of the splines, 1 to 5.
    pub degree: usize,
    /// What the last layer says.
    pub answer: Answer,
}

impl KanNet {
    /// The network. Between layers rows are normalised, so that they stay on the grid.
    pub fn build<R: Real>(&self) -> Result<Network<R>, Error> {
        let (intervals, degree, outputs) = (self.intervals, self.degree, self.answer.outputs());
        sizes("kan", &[("inputs", self.inputs), ("intervals", intervals), ("outputs", outputs)])?;
        if !(1..=5).contains(&degree) {
            let what = format!("degree is {degree}, not in 1..=5");
            return Err(Error::Build { network: "kan", what });
        }
        self.answer.check("kan")?;
        let mut plan = Plan::default();
        let mut layers: Vec<Box<dyn Layer<R>>> = Vec::new();
        let mut wide = self.inputs;
        for (at, units) in self.hidden.iter().chain([&outputs]).enumerate() {
            sizes("kan", &[("a layer", *units)])?;
            let config = KanConfig { intervals, degree, ..KanConfig::new(wide, *units) };
            // Normalised rows spread to about ±2.
            let range = if at == 0 { (-1.0, 1.0) } else { (-2.0, 2.0) };
            let config = KanConfig { range, ..config };
            let layer = plan.within(at.to_string(), |plan| config.build(plan));
            if at > 0 {
                let norm =
                    plan.within(format!("norm.{at}"), |plan| NormConfig::new(wide).build(plan));
                layers.push(Box::new(norm));
            }
            layers.push(Box::new(layer));
            wide = *units;
        }
        let layer = Box::new(Chain::of(layers));
        Ok(Network { layer, plan, loss: self.answer.loss() })
    }
}
