//! Boosting: tree after tree, each fitted to the derivatives the earlier ones left.

use base::Seed;
use rand::{Rng as _, RngExt as _};
use serde::{Deserialize, Serialize};

use super::bins::Binned;
use super::forest::{TreeModel, logit};
use super::gradients::{Gradients, Target, sigmoid};
use super::growing::{Grower, LeafRows};
use super::params::TreeParams;
use super::splitting::Judge;
use super::tree::{Rows, Tree};
use crate::split::{Fold, Train, Valid};
use crate::{Error, Learner};

/// Unfitted boosted trees: settings and a seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TreeLearner {
    /// Settings.
    pub params: TreeParams,
    /// Seed of the row and column draws.
    pub seed: Seed,
}

/// What a watcher sees after a tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Round {
    /// Trees so far.
    pub trees: u32,
    /// Mean log loss on the validation rows.
    pub valid_log_loss: f64,
}

/// What a watcher wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Grow the next tree.
    Go,
    /// Stop here; the trees up to the best round are kept.
    Stop,
}

/// Watches training on validation rows.
pub struct Watch<'w, 'a> {
    /// Rows that are judged after each tree.
    pub valid: &'w Fold<'a, Valid>,
    /// Stop after this many trees without a better log loss; `None` grows them all.
    pub patience: Option<u32>,
    /// Called after each tree.
    pub after_round: &'w mut dyn FnMut(Round) -> Flow,
}

impl Learner for TreeLearner {
    type Fitted = TreeModel;

    fn fit(&self, train: &Fold<'_, Train>) -> Result<TreeModel, Error> {
        let mut boost = Boost::new(self, train)?;
        for round in 0..self.params.n_estimators {
            boost.add_tree(round);
        }
        Ok(boost.finish())
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
        let panel = watch.valid.samples().panel();
        let columns: Vec<&[f64]> = panel.columns().iter().map(Vec::as_slice).collect();
        let rows = Rows::gather(&columns, watch.valid.rows().iter().copied());
        if rows.len() == 0 {
            return Err(refuse("there is no validation row to watch".to_owned()));
        }
        let labels = watch.valid.labels();
        let mut margins = vec![logit(boost.base_score); rows.len()];
        let (mut best, mut best_loss, mut early) = (0, f64::INFINITY, false);
        for round in 0..self.params.n_estimators {
            rows.add(boost.add_tree(round), &mut margins);
            let seen = Round { trees: round + 1, valid_log_loss: log_loss(&margins, &labels) };
            if seen.valid_log_loss < best_loss {
                (best, best_loss) = (seen.trees, seen.valid_log_loss);
            }
            let tired = watch.patience.is_some_and(|patience| seen.trees - best >= patience);
            if (watch.after_round)(seen) == Flow::Stop || tired {
                early = true;
                break;
            }
        }
        if early || watch.patience.is_some() {
            boost.trees.truncate(best as usize);
        }
        Ok(boost.finish())
    }
}

/// Training under way.
struct Boost<'a> {
    learner: &'a TreeLearner,
    features: Vec<String>,
    binned: Binned,
    targets: Vec<Target>,
    base_score: f32,
    margins: Vec<f32>,
    gradients: Gradients,
    grower: Grower,
    trees: Vec<Tree>,
}

impl<'a> Boost<'a> {
    fn new(learner: &'a TreeLearner, train: &Fold<'_, Train>) -> Result<Boost<'a>, Error> {
        learner.params.check()?;
        let panel = train.samples().panel();
        if panel.names().is_empty() {
            return Err(refuse("the panel has no columns".to_owned()));
        }
        if train.rows().len() > u32::MAX as usize / 2 {
            return Err(refuse(format!("{} rows are too many", train.rows().len())));
        }
        let targets = targets(train, learner.params.scale_pos_weight);
        let base_score = base_score(&targets)?;
        let columns: Vec<&[f64]> = panel.columns().iter().map(Vec::as_slice).collect();
        let binned = Binned::new(&columns, train.rows(), learner.params.max_bins)
            .map_err(|infinite| infinite.named(panel.names()))?;
        Ok(Boost {
            learner,
            features: panel.names().to_vec(),
            margins: vec![logit(base_score); binned.rows()],
            binned,
            targets,
            base_score,
            gradients: Gradients::default(),
            grower: Grower::default(),
            trees: Vec::with_capacity(learner.params.n_estimators as usize),
        })
    }

    fn add_tree(&mut self, round: u32) -> &Tree {
        let params = &self.learner.params;
        let seed = self.learner.seed.child("tree").index(u64::from(round));
        self.draw_rows(seed);
        let columns = draw_columns(self.binned.width(), params.colsample_bytree, seed);
        self.gradients.differentiate(&self.margins, &self.targets);
        self.gradients.quantise(self.grower.drawn.rows());
        let judge =
            Judge { params, gradients: &self.gradients, binned: &self.binned, columns: &columns };
        let (tree, leaves) = self.grower.grow(judge);
        self.move_margins(&leaves);
        let at = self.trees.len();
        self.trees.push(tree);
        &self.trees[at]
    }

    fn draw_rows(&mut self, seed: Seed) {
        let rows = self.binned.rows() as u32;
        let share = self.learner.params.subsample;
        if share >= 1.0 {
            return self.grower.take_all(rows);
        }
        let mut rng = seed.child("rows").rng();
        self.grower.take(rows, || rng.random::<f64>() < share);
    }

    fn move_margins(&mut self, leaves: &[LeafRows]) {
        for leaf in leaves {
            let drawn = &self.grower.drawn.rows()[leaf.drawn.clone()];
            let left_out = &self.grower.left_out.rows()[leaf.left_out.clone()];
            for &row in drawn.iter().chain(left_out) {
                self.margins[row as usize] += leaf.value;
            }
        }
    }

    fn finish(self) -> TreeModel {
        TreeModel {
            features: self.features,
            base_score: self.base_score,
            scale_pos_weight: self.learner.params.scale_pos_weight as f32,
            trees: self.trees,
        }
    }
}

fn targets(train: &Fold<'_, Train>, scale_pos_weight: f64) -> Vec<Target> {
    let (labels, weights) = (train.samples().labels(), train.samples().weights());
    let target = |&row: &usize| {
        let class = if labels[row] { scale_pos_weight } else { 1.0 };
        Target { positive: labels[row], weight: (weights[row] * class) as f32 }
    };
    train.rows().iter().map(target).collect()
}

/// The weighted share of positives: the constant that fits best.
fn base_score(targets: &[Target]) -> Result<f32, Error> {
    let total: f64 = targets.iter().map(|t| f64::from(t.weight)).sum();
    let wins = targets.iter().filter(|t| t.positive).map(|t| f64::from(t.weight)).sum::<f64>();
    if targets.is_empty() || total <= 0.0 {
        return Err(refuse("there is no training row with weight".to_owned()));
    }
    if wins <= 0.0 || wins >= total {
        let all = if wins > 0.0 { "positive" } else { "negative" };
        return Err(refuse(format!(
            "all {} training rows are {all}; there is nothing to tell apart",
            targets.len()
        )));
    }
    Ok((wins / total) as f32)
}

/// Columns of one tree, ascending: at least one (Fisher–Yates, stopped early).
fn draw_columns(width: usize, share: f64, seed: Seed) -> Vec<usize> {
    let count = ((width as f64 * share) as usize).clamp(1, width);
    let mut columns: Vec<usize> = (0..width).collect();
    if count < width {
        let mut rng = seed.child("columns").rng();
        for at in 0..count {
            let other = at + (rng.next_u64() % (width - at) as u64) as usize;
            columns.swap(at, other);
        }
        columns.truncate(count);
        columns.sort_unstable();
    }
    columns
}

/// Mean log loss of margins, with probabilities kept 1e-7 away from 0 and 1.
fn log_loss(margins: &[f32], labels: &[bool]) -> f64 {
    let loss = |(&margin, &label): (&f32, &bool)| {
        let p = f64::from(sigmoid(margin)).clamp(1e-7, 1.0 - 1e-7);
        if label { -p.ln() } else { -(1.0 - p).ln() }
    };
    margins.iter().zip(labels).map(loss).sum::<f64>() / margins.len() as f64
}

fn refuse(what: String) -> Error {
    Error::Fit { model: "boosted trees", what }
}
