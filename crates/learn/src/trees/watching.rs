//! Rows that trees are judged on after each round, and when training has waited long enough.

use super::boosting::{Boost, Flow, TreeLearner, refuse};
use super::forest::TreeModel;
use super::task::Task;
use super::tree::{Rows, Tree};
use crate::Error;
use crate::split::{Fold, Train, Valid};

/// What a watcher sees after a round: one tree, or one for each class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Round {
    /// Rounds so far.
    pub trees: u32,
    /// The metric of the objective ([`super::Objective::metric`]) on the validation rows; smaller
    /// is better.
    pub valid_loss: f64,
}

/// Watches training on validation rows.
pub struct Watch<'w, 'a> {
    /// Rows that are judged after each round.
    pub valid: &'w Fold<'a, Valid>,
    /// Stop after this many rounds without a better loss; `None` grows them all.
    pub patience: Option<u32>,
    /// Called after each round.
    pub after_round: &'w mut dyn FnMut(Round) -> Flow,
}

/// Watched rows, what the trees so far say of them, and the best round.
pub(super) struct Watched {
    task: Task,
    rows: Rows,
    /// Those of each output.
    margins: Vec<Vec<f32>>,
    rounds: u32,
    best: u32,
    best_loss: f64,
}

impl Watched {
    /// No round yet.
    pub(super) fn new(boost: &Boost<'_>, valid: &Fold<'_, Valid>) -> Result<Watched, Error> {
        let task = Task::new(boost.objective(), valid, 1.0)?;
        let panel = valid.samples().panel();
        let columns: Vec<&[f64]> = panel.columns().iter().map(Vec::as_slice).collect();
        let rows = Rows::gather(&columns, valid.rows().iter().copied());
        if rows.len() == 0 {
            return Err(refuse("there is no validation row to watch".to_owned()));
        }
        let margins = boost.bases().map(|base| vec![base; rows.len()]).collect();
        Ok(Watched { task, rows, margins, rounds: 0, best: 0, best_loss: f64::INFINITY })
    }

    /// Adds the trees of a round; the loss with them.
    pub(super) fn judge(&mut self, trees: &[Tree]) -> f64 {
        for (tree, margins) in trees.iter().zip(&mut self.margins) {
            self.rows.add(tree, margins);
        }
        self.rounds += 1;
        let loss = self.task.loss(&self.margins);
        if loss < self.best_loss {
            (self.best, self.best_loss) = (self.rounds, loss);
        }
        loss
    }

    /// True when so many rounds were no better.
    pub(super) fn is_tired(&self, patience: u32) -> bool {
        self.rounds - self.best >= patience
    }

    /// The round of the least loss.
    pub(super) fn best(&self) -> Result<u32, Error> {
        match self.best {
            0 => Err(refuse("the loss on the watched rows was never a number".to_owned())),
            best => Ok(best),
        }
    }
}

impl TreeLearner {
    /// Fits while a watcher looks on, and keeps the trees up to the best validation round when
    /// training ends early.
    pub fn fit_watched(
        &self,
        train: &Fold<'_, Train>,
        watch: Watch<'_, '_>,
    ) -> Result<TreeModel, Error> {
        let mut boost = Boost::new(self, train)?;
        let mut watched = Watched::new(&boost, watch.valid)?;
        let mut early = false;
        for round in 0..self.params.n_estimators {
            let valid_loss = watched.judge(boost.add_round(round));
            let tired = watch.patience.is_some_and(|patience| watched.is_tired(patience));
            if (watch.after_round)(Round { trees: round + 1, valid_loss }) == Flow::Stop || tired {
                early = true;
                break;
            }
        }
        if early || watch.patience.is_some() {
            boost.keep(watched.best()?);
        }
        boost.finish()
    }
}
