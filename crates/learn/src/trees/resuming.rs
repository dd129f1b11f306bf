//! Trees that can be grown in several sittings, bit for bit as in one.

use base::Digest;
use serde::{Deserialize, Serialize};

use super::boosting::{Boost, Flow, TreeLearner};
use super::forest::TreeModel;
use crate::split::{Fold, Train};
use crate::{Error, Model as _};

/// What a watcher sees after a round of training that may be broken off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grown {
    /// Rounds done.
    pub rounds: u32,
    /// The metric of the objective on the training rows.
    pub train_loss: f64,
}

/// How training ended.
#[derive(Debug)]
pub enum Ended {
    /// With a model.
    Fitted(Box<TreeModel>),
    /// It was asked to stop; the checkpoint resumes.
    Stopped(TreeCheckpoint),
}

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
        let read: Result<TreeCheckpoint, _> = serde_json::from_slice(bytes);
        match read {
            Ok(made) if made.format == FORMAT => Ok(made),
            Ok(made) => {
                let what = format!("its format is {:?}, not {FORMAT:?}", made.format);
                Err(Error::ReadCheckpoint { what })
            }
            Err(fault) => Err(Error::ReadCheckpoint { what: fault.to_string() }),
        }
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
        let problem = self.problem(train)?;
        let mut boost = Boost::new(self, train)?;
        let mut rounds = 0;
        if let Some(checkpoint) = resume {
            if checkpoint.problem != problem {
                let what = "it is of other rows, settings or another seed; train anew, or give \
                            what it was made with"
                    .to_owned();
                return Err(Error::ReadCheckpoint { what });
            }
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

    /// Digest of rows and settings, so that a checkpoint resumes nothing else.
    fn problem(&self, train: &Fold<'_, Train>) -> Result<String, Error> {
        let settings = serde_json::to_string(self)
            .map_err(|source| Error::WriteJson { what: "settings of trees", source })?;
        let both = format!("{settings} {} {:?}", train.samples().digest(), train.rows());
        Ok(Digest::of(both.as_bytes()).to_string())
    }
}
