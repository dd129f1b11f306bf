//! Training of any family that is watched, broken off and resumed.

use super::{Family, FamilyLearner, Trained, average, objective};
use crate::networks::{self, Checkpoint, Epoch, NetworkLearner};
use crate::split::{Fold, Train};
use crate::trees::{self, Flow, Grown, TreeCheckpoint, TreeLearner, TreeParams};
use crate::{Error, Learner as _};

/// What a watcher sees after a round of trees or an epoch of a network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Rounds or epochs done.
    pub done: u32,
    /// All of them, unless training ends early.
    pub total: u32,
    /// Loss on the rows learnt from.
    pub train_loss: f64,
    /// Loss on the rows watched, where some are.
    pub watched_loss: Option<f64>,
}

/// Watches training of any family.
pub struct FamilyWatch<'w> {
    /// Called after each round or epoch; to stop here leaves a checkpoint.
    pub after_step: &'w mut dyn FnMut(Step) -> Flow,
    /// The checkpoint of an earlier training, as bytes.
    pub resume: Option<&'w [u8]>,
}

/// How training ended; a checkpoint is bytes.
pub type FamilyEnded = crate::Ended<Trained, Vec<u8>>;

impl FamilyLearner {
    /// Trains while a watcher looks on. A logistic regression is fitted in one go.
    pub fn fit_watched(
        &self,
        train: &Fold<'_, Train>,
        watch: FamilyWatch<'_>,
    ) -> Result<FamilyEnded, Error> {
        match &self.family {
            Family::Trees(params) => self.grow(params, train, watch),
            Family::Network(params) => {
                let learner = NetworkLearner { params: params.clone(), seed: self.seed };
                teach(&learner, train, watch)
            }
            Family::Average(params) => average::fit((self, params), train, watch),
            Family::Logistic(_) => Ok(FamilyEnded::Fitted(Box::new(self.fit(train)?))),
        }
    }

    fn grow(
        &self,
        params: &TreeParams,
        train: &Fold<'_, Train>,
        watch: FamilyWatch<'_>,
    ) -> Result<FamilyEnded, Error> {
        let objective = objective(params.objective, train.samples().targets())?;
        let params = TreeParams { objective, ..params.clone() };
        let total = params.n_estimators;
        let resume = watch.resume.map(TreeCheckpoint::from_bytes).transpose()?;
        let mut after = |grown: Grown| {
            let Grown { rounds: done, train_loss, watched_loss } = grown;
            (watch.after_step)(Step { done, total, train_loss, watched_loss })
        };
        let learner = TreeLearner { params, seed: self.seed };
        Ok(match learner.fit_resumable(train, &mut after, resume.as_ref())? {
            trees::Ended::Fitted(model) => FamilyEnded::Fitted(Box::new(Trained::Trees(*model))),
            trees::Ended::Stopped(checkpoint) => FamilyEnded::Stopped(checkpoint.to_bytes()?),
        })
    }
}

fn teach(
    learner: &NetworkLearner,
    train: &Fold<'_, Train>,
    watch: FamilyWatch<'_>,
) -> Result<FamilyEnded, Error> {
    let resume = watch.resume.map(|bytes| Checkpoint::from_bytes(bytes.to_vec()));
    let mut after = |epoch: Epoch| {
        let Epoch { done, total, train_loss, watched_loss, .. } = epoch;
        (watch.after_step)(Step { done, total, train_loss, watched_loss })
    };
    let watch = networks::Watch { after_epoch: &mut after, resume: resume.as_ref() };
    Ok(match learner.fit_watched(train, watch)? {
        networks::Ended::Fitted(model) => FamilyEnded::Fitted(Box::new(Trained::Network(*model))),
        networks::Ended::Stopped(checkpoint) => FamilyEnded::Stopped(checkpoint.bytes().to_vec()),
    })
}
