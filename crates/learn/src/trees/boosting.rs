//! Boosting: tree after tree, each fitted to the derivatives the earlier ones left.

use base::Seed;
use rand::{Rng as _, RngExt as _};
use serde::{Deserialize, Serialize};

use super::bins::{Binned, Source};
use super::forest::TreeModel;
use super::gradients::Gradients;
use super::growing::{Grower, LeafRows};
use super::objective::Objective;
use super::params::{Direction, TreeParams};
use super::resuming::Ended;
use super::splitting::Judge;
use super::task::Task;
use super::tree::{Kind, Rows, Tree};
use crate::split::{Fold, Train};
use crate::{Error, Learner};

/// Unfitted boosted trees: settings and a seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TreeLearner {
    /// Settings.
    pub params: TreeParams,
    /// Seed of the row and column draws.
    pub seed: Seed,
}

/// What a watcher wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Grow the next tree.
    Go,
    /// Stop here; the trees up to the best round are kept.
    Stop,
}

impl Learner for TreeLearner {
    type Fitted = TreeModel;

    fn fit(&self, train: &Fold<'_, Train>) -> Result<TreeModel, Error> {
        if self.params.watched_share > 0.0 {
            return match self.fit_resumable(train, &mut |_| Flow::Go, None)? {
                Ended::Fitted(model) => Ok(*model),
                Ended::Stopped(_) => unreachable!("nobody asked to stop"),
            };
        }
        let mut boost = Boost::new(self, train)?;
        for round in 0..self.params.n_estimators {
            boost.add_round(round);
        }
        boost.finish()
    }
}

impl TreeLearner {
    /// One model for each of these quantiles, with the other settings as they are.
    pub fn fit_quantiles(
        &self,
        train: &Fold<'_, Train>,
        alphas: &[f64],
    ) -> Result<Vec<TreeModel>, Error> {
        let fit = |&alpha: &f64| {
            let objective = Objective::Quantile { alpha };
            let params = TreeParams { objective, ..self.params.clone() };
            TreeLearner { params, seed: self.seed }.fit(train)
        };
        alphas.iter().map(fit).collect()
    }
}

/// Training under way.
pub(super) struct Boost<'a> {
    learner: &'a TreeLearner,
    features: Vec<String>,
    binned: Binned,
    directions: Vec<Option<Direction>>,
    task: Task,
    base_scores: Vec<f32>,
    /// Those of each output.
    margins: Vec<Vec<f32>>,
    gradients: Vec<Gradients>,
    grower: Grower,
    trees: Vec<Tree>,
}

impl<'a> Boost<'a> {
    pub(super) fn new(
        learner: &'a TreeLearner,
        train: &Fold<'_, Train>,
    ) -> Result<Boost<'a>, Error> {
        let params = &learner.params;
        params.check()?;
        let panel = train.samples().panel();
        if panel.names().is_empty() {
            return Err(refuse("the panel has no columns".to_owned()));
        }
        if train.rows().len() > u32::MAX as usize / 2 {
            return Err(refuse(format!("{} rows are too many", train.rows().len())));
        }
        let named = params.monotone.keys().chain(&params.categorical);
        if let Some(name) = named.into_iter().find(|name| !panel.names().contains(name)) {
            return Err(refuse(format!(
                "column {name:?} is named as monotone or categorical, but the panel has {}",
                panel.names().join(" ")
            )));
        }
        let task = Task::new(params.objective, train, params.scale_pos_weight)?;
        let base_scores = task.base_scores()?;
        let columns: Vec<Source<'_>> = panel
            .names()
            .iter()
            .zip(panel.columns())
            .map(|(name, values)| Source { values, categorical: params.categorical.contains(name) })
            .collect();
        let binned = Binned::new(&columns, train.rows(), params.max_bins)
            .map_err(|bad| bad.named(panel.names()))?;
        let directions = match params.monotone.is_empty() {
            true => Vec::new(),
            false => panel.names().iter().map(|name| params.monotone.get(name).copied()).collect(),
        };
        let outputs = params.objective.outputs();
        let margin = |&score: &f32| vec![params.objective.margin_of(score); binned.rows()];
        Ok(Boost {
            learner,
            features: panel.names().to_vec(),
            directions,
            margins: base_scores.iter().map(margin).collect(),
            binned,
            task,
            base_scores,
            gradients: (0..outputs).map(|_| Gradients::default()).collect(),
            grower: Grower::default(),
            trees: Vec::with_capacity(params.n_estimators as usize * outputs),
        })
    }

    pub(super) fn objective(&self) -> Objective {
        self.learner.params.objective
    }

    /// What every row begins with, for each output.
    pub(super) fn bases(&self) -> impl Iterator<Item = f32> {
        let objective = self.learner.params.objective;
        self.base_scores.iter().map(move |&score| objective.margin_of(score))
    }

    /// Goes on from these trees: margins are what they were after the last of them.
    pub(super) fn take_over(&mut self, model: TreeModel, train: &Fold<'_, Train>) {
        let columns = train.samples().panel().columns();
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let rows = Rows::gather(&columns, train.rows().iter().copied());
        let outputs = self.margins.len();
        for (at, tree) in model.trees.iter().enumerate() {
            rows.add(tree, &mut self.margins[at % outputs]);
        }
        self.trees = model.trees;
    }

    /// Keeps the trees of so many rounds alone.
    pub(super) fn keep(&mut self, rounds: u32) {
        self.trees.truncate(rounds as usize * self.margins.len());
    }

    /// The metric of the objective on the training rows.
    pub(super) fn train_loss(&self) -> f64 {
        self.task.loss(&self.margins)
    }

    /// Grows one tree for each output, on the same derivatives.
    pub(super) fn add_round(&mut self, round: u32) -> &[Tree] {
        let outputs = self.gradients.len();
        let from = self.trees.len();
        for output in 0..outputs {
            let number = u64::from(round) * outputs as u64 + output as u64;
            let seed = self.learner.seed.child("tree").index(number);
            let (task, margins, gradients) = (&self.task, &self.margins, &mut self.gradients);
            let (rows, share) = (self.binned.rows() as u32, self.learner.params.subsample);
            let grower = &mut self.grower;
            let differentiate = || {
                if output == 0 {
                    task.differentiate(margins, gradients);
                }
            };
            rayon::join(differentiate, || draw_rows(grower, (rows, share), seed));
            self.add_tree(output, seed);
        }
        &self.trees[from..]
    }

    fn add_tree(&mut self, output: usize, seed: Seed) {
        let params = &self.learner.params;
        let columns = draw_columns(self.binned.width(), params.colsample_bytree, seed);
        self.gradients[output].quantise(self.grower.drawn.rows().len());
        let judge = Judge {
            params,
            gradients: &self.gradients[output],
            binned: &self.binned,
            columns: &columns,
            directions: &self.directions,
        };
        let (task, margins) = (&self.task, &self.margins[output]);
        let rule = |rows: &[u32]| task.leaf_value(margins, rows).unwrap_or(0.0);
        let (tree, leaves) = match task.has_leaf_values() {
            true => self.grower.grow(judge, Some(&rule)),
            false => self.grower.grow(judge, None),
        };
        self.move_margins(output, &leaves);
        self.trees.push(tree);
    }

    fn move_margins(&mut self, output: usize, leaves: &[LeafRows]) {
        let margins = &mut self.margins[output];
        for leaf in leaves {
            let drawn = &self.grower.drawn.rows()[leaf.drawn.clone()];
            let left_out = &self.grower.left_out.rows()[leaf.left_out.clone()];
            for &row in drawn.iter().chain(left_out) {
                margins[row as usize] += leaf.value;
            }
        }
    }

    /// Refuses a model that would predict something that is no number.
    pub(super) fn finish(self) -> Result<TreeModel, Error> {
        let params = &self.learner.params;
        let broken = |tree: &Tree| {
            tree.nodes.iter().any(|node| {
                let value = match node.kind {
                    Kind::Leaf { value } => value,
                    Kind::Branch(branch) => branch.gain,
                };
                !(value.is_finite() && node.weight.is_finite() && node.cover.is_finite())
            })
        };
        if let Some(tree) = self.trees.iter().position(broken) {
            return Err(refuse(format!(
                "tree {tree} holds a number past 32-bit floats; scale the targets or weights down"
            )));
        }
        let categorical = |name: &String| params.categorical.contains(name);
        Ok(TreeModel {
            categorical: self.features.iter().map(categorical).collect(),
            features: self.features,
            objective: params.objective,
            base_scores: self.base_scores,
            scale_pos_weight: params.scale_pos_weight as f32,
            trees: self.trees,
        })
    }
}

/// Draws the rows of one tree.
fn draw_rows(grower: &mut Grower, (rows, share): (u32, f64), seed: Seed) {
    if share >= 1.0 {
        return grower.take_all(rows);
    }
    let mut rng = seed.child("rows").rng();
    grower.take(rows, || rng.random::<f64>() < share);
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

pub(super) fn refuse(what: String) -> Error {
    Error::Fit { model: "boosted trees", what }
}
