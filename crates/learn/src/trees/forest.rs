//! A fitted model: trees over named columns.

use base::{Panel, Prob};
use rayon::prelude::*;

use super::flat::FlatForest;
use super::objective::Objective;
use super::tree::{Kind, Rows, Tree};
use crate::{Error, Forecasts, Model};

/// Rows predicted together, so that a tree stays in cache while they pass.
const ROW_BLOCK: usize = 64;

/// Rows above which trees are laid out anew for speed.
const MANY_ROWS: usize = 64;

/// Rows above which threads share the work.
const PARALLEL_ROWS: usize = 4096;

/// A fitted boosted-tree model.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeModel {
    pub(super) features: Vec<String>,
    /// Which columns hold codes of categories.
    pub(super) categorical: Vec<bool>,
    pub(super) objective: Objective,
    /// What is predicted before the first tree, as model files keep it.
    pub(super) base_scores: Vec<f32>,
    /// Weight the positive class had; kept for the record only.
    pub(super) scale_pos_weight: f32,
    /// One for each output in turn.
    pub(super) trees: Vec<Tree>,
}

/// How much a column mattered, as XGBoost counts it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Importance {
    /// The column.
    pub feature: String,
    /// Mean gain of its splits (`gain`); 0 when it has none.
    pub gain: f64,
    /// Sum of the gains of its splits (`total_gain`).
    pub total_gain: f64,
    /// Number of its splits (`weight`).
    pub weight: u64,
    /// Mean sum of second derivatives at its splits (`cover`).
    pub cover: f64,
}

impl TreeModel {
    /// Number of trees.
    pub fn tree_count(&self) -> usize {
        self.trees.len()
    }

    /// What the trees were trained for.
    pub fn objective(&self) -> Objective {
        self.objective
    }

    /// The margins of each row, row after row: log odds, numbers or scores; one for each class.
    pub fn margins(&self, panel: &Panel) -> Result<Vec<f32>, Error> {
        let columns = self.columns(panel)?;
        let outputs = self.objective.outputs();
        let mut margins: Vec<f32> = self.bases().collect::<Vec<_>>().repeat(panel.len());
        let blocks = ROW_BLOCK * outputs;
        if panel.len() < MANY_ROWS {
            let rows = Rows::gather(&columns, 0..panel.len());
            for (at, tree) in self.trees.iter().enumerate() {
                for (row, margins) in margins.chunks_exact_mut(outputs).enumerate() {
                    margins[at % outputs] += tree.value(rows.row(row));
                }
            }
            return Ok(margins);
        }
        let forest = FlatForest::new(&self.trees);
        let predict = |(block, margins): (usize, &mut [f32])| {
            let start = block * ROW_BLOCK;
            let rows = Rows::gather(&columns, start..start + margins.len() / outputs);
            forest.add(&rows, outputs, margins);
        };
        match panel.len() >= PARALLEL_ROWS {
            true => margins.par_chunks_mut(blocks).enumerate().for_each(predict),
            false => margins.chunks_mut(blocks).enumerate().for_each(predict),
        }
        Ok(margins)
    }

    /// The margin of each output before the first tree.
    pub(super) fn bases(&self) -> impl Iterator<Item = f32> {
        self.base_scores.iter().map(|&score| self.objective.margin_of(score))
    }

    /// The panel's columns in the order of the model.
    pub(super) fn columns<'a>(&self, panel: &'a Panel) -> Result<Vec<&'a [f64]>, Error> {
        let find = |name: &String| panel.column(name);
        let found: Result<Vec<_>, _> = self.features.iter().map(find).collect();
        found.map_err(|source| Error::MatchColumns { source })
    }

    /// Importance of each column, in the order of the model.
    pub fn importances(&self) -> Vec<Importance> {
        let blank = |name: &String| Importance {
            feature: name.clone(),
            gain: 0.0,
            total_gain: 0.0,
            weight: 0,
            cover: 0.0,
        };
        let mut table: Vec<Importance> = self.features.iter().map(blank).collect();
        for node in self.trees.iter().flat_map(|tree| &tree.nodes) {
            if let Kind::Branch(branch) = node.kind {
                let line = &mut table[branch.column as usize];
                line.total_gain += f64::from(branch.gain);
                line.cover += f64::from(node.cover);
                line.weight += 1;
            }
        }
        for line in &mut table {
            let splits = line.weight.max(1) as f64;
            line.gain = line.total_gain / splits;
            line.cover /= splits;
        }
        table
    }
}

impl Model for TreeModel {
    fn features(&self) -> &[String] {
        &self.features
    }

    /// What the objective speaks of: probabilities of wins or of classes, numbers, quantiles,
    /// scores that order.
    fn predict(&self, panel: &Panel) -> Result<Forecasts, Error> {
        let outputs = self.objective.outputs();
        let mut values = self.margins(panel)?;
        values.chunks_exact_mut(outputs).for_each(|row| self.objective.transform(row));
        Ok(Forecasts::new(outputs, values))
    }

    fn predict_proba(&self, panel: &Panel) -> Result<Vec<Prob>, Error> {
        if self.objective != Objective::Logistic {
            let what = format!(
                "these trees were trained for {}, which gives no probability of a win; use \
                 TreeModel::predict",
                self.objective.name()
            );
            return Err(Error::Measure { what });
        }
        let found = self.predict(panel)?;
        let check = |(row, &value): (usize, &f32)| {
            Prob::new(f64::from(value)).map_err(|source| Error::Predict { row, source })
        };
        found.values().iter().enumerate().map(check).collect()
    }

    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        super::xgboost_json::write(self)
    }

    fn from_bytes(bytes: &[u8]) -> Result<TreeModel, Error> {
        super::xgboost_json::read(bytes)
    }
}
