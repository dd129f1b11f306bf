//! Dense layers: policies, values, and classifiers of rows without time.

use serde::{Deserialize, Serialize};

use super::{share, sizes, weighed};
use crate::layer::{Activation, Chain, Dropout, Layer, LinearConfig};
use crate::loss::{
    Bce, CrossEntropy, Listwise, Loss, Pairwise, Quantile, RankLoss, Squared, StopLoss,
};
use crate::training::Network;
use crate::weights::Plan;
use crate::{Error, Real};

/// What the last layer says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Logits of classes, with the weight of each (empty: 1) and label smoothing.
    Classes {
        /// Number of classes.
        count: usize,
        /// Weight of each class.
        #[serde(default)]
        weights: Vec<f64>,
        /// Share of the target spread over all classes.
        #[serde(default)]
        smoothing: f64,
    },
    /// Logits of yes or no, one a question.
    Binary {
        /// Number of questions.
        count: usize,
        /// Weight of yes.
        positive_weight: f64,
    },
    /// Numbers, by least squares.
    Numbers {
        /// How many.
        count: usize,
    },
    /// Quantiles of one number.
    Quantiles {
        /// In 0..1.
        of: Vec<f64>,
    },
    /// A score by which the rows of a group are put in order. A batch must hold whole groups.
    Order {
        /// How it is taught.
        #[serde(default)]
        by: RankLoss,
    },
    /// Logits of a direction and of a barrier, taught by a simulated stop loss. Targets are the
    /// return to the horizon, the fall and the rise on the way.
    Stopped(StopLoss),
}

impl Answer {
    /// Outputs of a row.
    pub fn outputs(&self) -> usize {
        match self {
            Answer::Classes { count, .. }
            | Answer::Binary { count, .. }
            | Answer::Numbers { count } => *count,
            Answer::Quantiles { of } => of.len(),
            Answer::Order { .. } => 1,
            Answer::Stopped(_) => 2,
        }
    }

    /// Refuses what makes no loss.
    pub(super) fn check(&self, network: &'static str) -> Result<(), Error> {
        match self {
            Answer::Classes { count, weights, .. } => weighed(network, weights, *count),
            Answer::Stopped(loss) => loss.check(network),
            _ => Ok(()),
        }
    }

    /// The loss that teaches it.
    pub fn loss<R: Real>(&self) -> Box<dyn Loss<R>> {
        match self.clone() {
            Answer::Classes { count, weights, smoothing } => {
                Box::new(CrossEntropy { classes: count, class_weights: weights, smoothing })
            }
            Answer::Binary { count, positive_weight } => {
                Box::new(Bce { width: count, positive_weight })
            }
            Answer::Numbers { count } => Box::new(Squared { width: count }),
            Answer::Quantiles { of } => Box::new(Quantile { quantiles: of }),
            Answer::Order { by: RankLoss::Pairwise } => Box::new(Pairwise),
            Answer::Order { by: RankLoss::Listwise } => Box::new(Listwise),
            Answer::Stopped(loss) => Box::new(loss),
        }
    }
}

/// Dense layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mlp {
    /// Values of a row.
    pub inputs: usize,
    /// Units of each hidden layer.
    pub hidden: Vec<usize>,
    /// After each hidden layer.
    pub activation: Activation,
    /// Share dropped after each hidden layer.
    #[serde(default)]
    pub dropout: f64,
    /// What the last layer says.
    pub answer: Answer,
}

impl Mlp {
    /// The network.
    pub fn build<R: Real>(&self) -> Result<Network<R>, Error> {
        sizes("mlp", &[("inputs", self.inputs), ("outputs", self.answer.outputs())])?;
        share("mlp", "dropout", self.dropout)?;
        self.answer.check("mlp")?;
        let hidden: Vec<(&str, usize)> =
            self.hidden.iter().map(|units| ("a layer", *units)).collect();
        sizes("mlp", &hidden)?;
        let mut plan = Plan::default();
        let chain = layers(&mut plan, self, self.answer.outputs());
        Ok(Network { layer: Box::new(chain), plan, loss: self.answer.loss() })
    }
}

/// The hidden layers and a last linear one, named `0`, `1`, … in the plan.
fn layers<R: Real>(plan: &mut Plan, mlp: &Mlp, outputs: usize) -> Chain<R> {
    let mut wide = mlp.inputs;
    let mut layers: Vec<Box<dyn Layer<R>>> = Vec::new();
    for (at, units) in mlp.hidden.iter().enumerate() {
        let config = LinearConfig::new(wide, *units).then(mlp.activation);
        layers.push(Box::new(plan.within(at.to_string(), |plan| config.build(plan))));
        if mlp.dropout > 0.0 {
            layers.push(Box::new(Dropout::new(*units, mlp.dropout)));
        }
        wide = *units;
    }
    let last = LinearConfig::new(wide, outputs);
    layers.push(Box::new(plan.within(mlp.hidden.len().to_string(), |plan| last.build(plan))));
    Chain::of(layers)
}
