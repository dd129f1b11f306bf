//! Trees that can be grown in several sittings, bit for bit as in one.

use serde::{Deserialize, Serialize};

use super::boosting::{Boost, Flow, TreeLearner};
use super::forest::TreeModel;
use crate::split::{Fold, Train};
use crate::{Error, Model as _, resuming};

/// What a watcher sees after a round of training that may be broken off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grown {
    /// Rounds done.
    pub rounds: u32,
    /// The metric of the objective on the training rows.
    pub train_loss: f64,
}

/// How training ended.
pub type Ended = crate::Ended<TreeModel, TreeCheckpoint>;

/// Where a training stands between two rounds: the trees so far, and what they were grown on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeCheckpoint {
    format: String,
    problem: String,
    rounds: u32,
    model: serde_json::Value,
}

const FORMAT: &str = "trimtab-trees-checkpoint-1";

impl TreeCheckpoint {
    /// The checkpoint as a file.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(self)
            .map_err(|source| Error::WriteJson { what: "checkpoint of trees", source })
    }

    /// A checkpoint from a file.
    pub fn from_bytes(bytes: &[u8]) -> Result<TreeCheckpoint, Error> {
        serde_json::from_slice(bytes)
            .map_err(|fault| Error::ReadCheckpoint { what: fault.to_string() })
    }
}

impl TreeLearner {
    /// Fits while a watcher looks on, from the start or from where an earlier training ended.
    pub fn fit_resumable(
        &self,
        train: &Fold<'_, Train>,
        after_round: &mut dyn FnMut(Grown) -> Flow,
        resume: Option<&TreeCheckpoint>,
    ) -> Result<Ended, Error> {
        let problem = resuming::problem(self, train)?;
        let mut boost = Boost::new(self, train)?;
        let mut rounds = 0;
        if let Some(checkpoint) = resume {
            resuming::check([&checkpoint.format, FORMAT], [&checkpoint.problem, &problem])?;
            let bytes = serde_json::to_vec(&checkpoint.model)
                .map_err(|source| Error::WriteJson { what: "checkpoint of trees", source })?;
            boost.take_over(TreeModel::from_bytes(&bytes)?, train);
            rounds = checkpoint.rounds;
        }
        while rounds < self.params.n_estimators {
            boost.add_round(rounds);
            rounds += 1;
            let grown = Grown { rounds, train_loss: boost.train_loss() };
            if after_round(grown) == Flow::Stop && rounds < self.params.n_estimators {
                let bytes = boost.finish()?.to_bytes()?;
                let model = serde_json::from_slice(&bytes)
                    .map_err(|source| Error::WriteJson { what: "checkpoint of trees", source })?;
                let format = FORMAT.to_owned();
                return Ok(Ended::Stopped(TreeCheckpoint { format, problem, rounds, model }));
            }
        }
        Ok(Ended::Fitted(Box::new(boost.finish()?)))
    }
}
