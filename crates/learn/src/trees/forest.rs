//! A fitted model: trees over named columns.

use base::{Panel, Prob};

use super::gradients::sigmoid;
use super::tree::{Kind, Rows, Tree};
use crate::{Error, Model};

/// Rows predicted together, so that a tree stays in cache while they pass.
const ROW_BLOCK: usize = 256;

/// A fitted boosted-tree model.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeModel {
    pub(super) features: Vec<String>,
    /// Probability before the first tree.
    pub(super) base_score: f32,
    /// Weight the positive class had; kept for the record only.
    pub(super) scale_pos_weight: f32,
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

    /// The margin (log odds) of each row.
    pub fn margins(&self, panel: &Panel) -> Result<Vec<f32>, Error> {
        let columns = self.columns(panel)?;
        let mut margins = vec![logit(self.base_score); panel.len()];
        for (block, margins) in margins.chunks_mut(ROW_BLOCK).enumerate() {
            let start = block * ROW_BLOCK;
            let rows = Rows::gather(&columns, start..start + margins.len());
            for tree in &self.trees {
                rows.add(tree, margins);
            }
        }
        Ok(margins)
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
            if let Kind::Branch { column, gain, .. } = node.kind {
                let line = &mut table[column as usize];
                line.total_gain += f64::from(gain);
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

/// The margin of a probability.
pub(super) fn logit(probability: f32) -> f32 {
    -(1.0 / probability - 1.0).ln()
}

impl Model for TreeModel {
    fn features(&self) -> &[String] {
        &self.features
    }

    fn predict_proba(&self, panel: &Panel) -> Result<Vec<Prob>, Error> {
        let margins = self.margins(panel)?;
        let check = |(row, &margin): (usize, &f32)| {
            let value = f64::from(sigmoid(margin));
            Prob::new(value).map_err(|source| Error::Predict { row, source })
        };
        margins.iter().enumerate().map(check).collect()
    }

    fn to_json(&self) -> Result<Vec<u8>, Error> {
        super::xgboost_json::write(self)
    }

    fn from_json(bytes: &[u8]) -> Result<TreeModel, Error> {
        super::xgboost_json::read(bytes)
    }
}
