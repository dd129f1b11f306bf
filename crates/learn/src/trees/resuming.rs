//! Trees that can be grown in several sittings, bit for bit as in one.

use serde::{Deserialize, Serialize};

use super::boosting::{Boost, Flow, TreeLearner};
use super::forest::TreeModel;
use super::watching::Watched;
use crate::split::{Fold, Train, Valid};
use crate::{Error, Model as _, resuming, watched};

/// What a watcher sees after a round of training that may be broken off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grown {
    /// Rounds done.
    pub rounds: u32,
    /// The metric of the objective on the training rows.
    pub train_loss: f64,
    /// The same on the watched rows; `None` where none are watched.
    pub watched_loss: Option<f64>,
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

    /// The trees, where they were grown on this problem.
    fn model(&self, problem: &str) -> Result<TreeModel, Error> {
        resuming::check([&self.format, FORMAT], [&self.problem, problem])?;
        let bytes = serde_json::to_vec(&self.model)
            .map_err(|source| Error::WriteJson { what: "checkpoint of trees", source })?;
        TreeModel::from_bytes(&bytes)
    }

    /// A checkpoint from a file.
    pub fn from_bytes(bytes: &[u8]) -> Result<TreeCheckpoint, Error> {
        serde_json::from_slice(bytes)
            .map_err(|fault| Error::ReadCheckpoint { what: fault.to_string() })
    }
}

impl TreeLearner {
    /// Fits while a watcher looks on, from the start or from where an earlier training ended.
    /// Where the settings have the last rows watched, it ends when those get no better.
    pub fn fit_resumable(
        &self,
        train: &Fold<'_, Train>,
        after_round: &mut dyn FnMut(Grown) -> Flow,
        resume: Option<&TreeCheckpoint>,
    ) -> Result<Ended, Error> {
        let problem = resuming::problem(self, train)?;
        let (learned, valid) = self.parted(train)?;
        let mut boost = Boost::new(self, &learned)?;
        let valid = valid.filter(|valid| !valid.rows().is_empty());
        let mut watched = valid.map(|valid| Watched::new(&boost, &valid)).transpose()?;
        let mut rounds = 0;
        if let Some(checkpoint) = resume {
            let model = checkpoint.model(&problem)?;
            if let Some(watched) = &mut watched {
                let outputs = self.params.objective.outputs();
                for trees in model.trees.chunks(outputs) {
                    watched.judge(trees);
                }
            }
            boost.take_over(model, &learned);
            rounds = checkpoint.rounds;
        }
        let mut tired = false;
        while rounds < self.params.n_estimators && !tired {
            let trees = boost.add_round(rounds);
            let watched_loss = watched.as_mut().map(|watched| watched.judge(trees));
            tired = watched.as_ref().is_some_and(|it| it.is_tired(self.params.patience));
            rounds += 1;
            let last = tired || rounds == self.params.n_estimators;
            let grown = Grown { rounds, train_loss: boost.train_loss(), watched_loss };
            if after_round(grown) == Flow::Stop && !last {
                let bytes = boost.finish()?.to_bytes()?;
                let model = serde_json::from_slice(&bytes)
                    .map_err(|source| Error::WriteJson { what: "checkpoint of trees", source })?;
                let format = FORMAT.to_owned();
                return Ok(Ended::Stopped(TreeCheckpoint { format, problem, rounds, model }));
            }
        }
        if let Some(watched) = watched {
            boost.keep(watched.best()?);
        }
        Ok(Ended::Fitted(Box::new(boost.finish()?)))
    }

    /// The rows to learn from, and those to watch.
    fn parted<'a>(&self, train: &Fold<'a, Train>) -> Result<Parted<'a>, Error> {
        self.params.check()?;
        if self.params.watched_share == 0.0 {
            return Ok((train.clone(), None));
        }
        let cut = watched::cut("boosted trees", train, self.params.watched_share)?;
        let (learned, valid) = train.parted(cut);
        Ok((learned, Some(valid)))
    }
}

/// Rows learned from, and rows watched.
type Parted<'a> = (Fold<'a, Train>, Option<Fold<'a, Valid>>);
