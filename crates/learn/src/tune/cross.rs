//! Cross-validation of settings on purged folds.

use base::stats::{mean, std_dev};
use base::{Prob, Seed};
use rayon::prelude::*;

use super::ScoredRow;
use super::settings::{Aim, tree_params};
use crate::eliminate::Judgement;
use crate::search::{Outcome, Params, Run, Trial};
use crate::split::Pair;
use crate::trees::{Flow, TreeLearner, TreeModel};
use crate::{Error, Learner as _, Model as _};

/// Folds and what is made small on them.
pub(super) struct Cross<'a> {
    pub(super) pairs: Vec<Pair<'a>>,
    pub(super) aim: Aim,
}

/// Trees of one fold and the scores of the rows they had not seen.
struct Fitted {
    trees: TreeModel,
    scores: Vec<Prob>,
    loss: f64,
}

impl Cross<'_> {
    /// One trial: fold after fold, given up when the mean loss so far is poor.
    pub(super) fn attempt(&self, run: &mut Run<'_>) -> Result<Outcome, Error> {
        let mut losses = Vec::with_capacity(self.pairs.len());
        for (fold, pair) in self.pairs.iter().enumerate() {
            if run.is_stopping() {
                let total = self.pairs.len();
                return Err(Error::Stopped { done: fold, total, unit: "folds of a trial" });
            }
            losses.push(self.fit(pair, run.params, run.seed.index(fold as u64))?.loss);
            let last = fold + 1 == self.pairs.len();
            if run.report(fold as u32, mean(&losses)) == Flow::Stop && !last {
                return Ok(Outcome::Pruned);
            }
        }
        Ok(Outcome::Value(mean(&losses)))
    }

    /// What the best trial says of its features. The same fits as in the trial.
    pub(super) fn judge(&self, best: &Trial) -> Result<Judgement, Error> {
        let seed = Seed::from_number(best.seed);
        let fits = self.fit_all(&best.params, seed)?;
        let losses: Vec<f64> = fits.iter().map(|fitted| fitted.loss).collect();
        let mut gains = vec![0.0; fits.first().map_or(0, |fitted| fitted.trees.features().len())];
        for fitted in &fits {
            let lines = fitted.trees.importances();
            // Shares, so that a fold with larger gains does not speak louder.
            let whole: f64 = lines.iter().map(|line| line.gain).sum();
            for (gain, line) in gains.iter_mut().zip(&lines) {
                *gain += if whole > 0.0 { line.gain / whole } else { 0.0 };
            }
        }
        Ok(Judgement {
            params: best.params.clone(),
            loss: mean(&losses),
            standard_error: std_dev(&losses) / (losses.len() as f64).sqrt(),
            gains,
        })
    }

    /// Scores of all rows by trees that had not seen them, in order of time.
    pub(super) fn out_of_fold(&self, params: &Params, seed: Seed) -> Result<Vec<ScoredRow>, Error> {
        let fits = self.fit_all(params, seed.child("folds"))?;
        let mut rows = Vec::new();
        for (pair, fitted) in self.pairs.iter().zip(fits) {
            let samples = pair.valid.samples();
            for (&row, score) in pair.valid.rows().iter().zip(fitted.scores) {
                let key = samples.panel().keys()[row];
                rows.push(ScoredRow { key, score, won: samples.labels()[row] });
            }
        }
        Ok(rows)
    }

    fn fit_all(&self, params: &Params, seed: Seed) -> Result<Vec<Fitted>, Error> {
        let folds = self.pairs.par_iter().enumerate();
        folds.map(|(fold, pair)| self.fit(pair, params, seed.index(fold as u64))).collect()
    }

    fn fit(&self, pair: &Pair<'_>, params: &Params, seed: Seed) -> Result<Fitted, Error> {
        let learner = TreeLearner { params: tree_params(params, &pair.train)?, seed };
        let trees = learner.fit(&pair.train)?;
        let scores = trees.predict_proba(&pair.valid.panel())?;
        let loss = self.aim.loss(&scores, &pair.valid.labels());
        Ok(Fitted { trees, scores, loss })
    }
}
