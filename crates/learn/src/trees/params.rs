//! The settings of boosted trees, under the names XGBoost gave them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::objective::Objective;
use crate::Error;

/// Largest depth that can be asked for; 2^16 leaves is far past any use.
const DEEPEST: u32 = 16;

/// Settings of one boosted-tree model. Names and meanings are XGBoost's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeParams {
    /// Number of trees.
    pub n_estimators: u32,
    /// Most splits between the root and a leaf.
    pub max_depth: u32,
    /// Shrinks each tree's contribution.
    pub learning_rate: f64,
    /// Share of rows drawn for each tree, without replacement.
    pub subsample: f64,
    /// Share of columns drawn for each tree.
    pub colsample_bytree: f64,
    /// L1 penalty on leaf weights.
    pub reg_alpha: f64,
    /// L2 penalty on leaf weights.
    pub reg_lambda: f64,
    /// Least sum of second derivatives on each side of a split.
    pub min_child_weight: f64,
    /// Least gain of a split.
    pub gamma: f64,
    /// Weight of a positive row relative to a negative one.
    pub scale_pos_weight: f64,
    /// Most histogram bins a column; one more is kept for missing values.
    pub max_bins: u32,
    /// What is made small.
    #[serde(default)]
    pub objective: Objective,
    /// Columns in which the margin may only rise, or only fall.
    #[serde(default)]
    pub monotone: BTreeMap<String, Direction>,
    /// Columns whose values are codes of categories: whole numbers from 0 to 254.
    #[serde(default)]
    pub categorical: BTreeSet<String>,
    /// Columns with fewer categories than this are split one category against the others.
    #[serde(default = "usual_one_hot")]
    pub max_cat_to_onehot: u32,
    /// Most categories on the right side of a split.
    #[serde(default = "usual_categories")]
    pub max_cat_threshold: u32,
    /// Share of the rows, the last in time, that say when to stop; 0 learns from all and grows
    /// all trees.
    #[serde(default)]
    pub watched_share: f64,
    /// Rounds without a better loss on those before training ends; the trees up to the best round
    /// are kept.
    #[serde(default = "usual_patience")]
    pub patience: u32,
}

/// Which way a margin may go as a column rises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Up or level.
    Rising,
    /// Down or level.
    Falling,
}

fn usual_one_hot() -> u32 {
    4
}

fn usual_categories() -> u32 {
    64
}

fn usual_patience() -> u32 {
    10
}

impl Default for TreeParams {
    fn default() -> TreeParams {
        TreeParams {
            n_estimators: 300,
            max_depth: 6,
            learning_rate: 0.1,
            subsample: 1.0,
            colsample_bytree: 1.0,
            reg_alpha: 0.0,
            reg_lambda: 1.0,
            min_child_weight: 1.0,
            gamma: 0.0,
            scale_pos_weight: 1.0,
            max_bins: 255,
            objective: Objective::default(),
            monotone: BTreeMap::new(),
            categorical: BTreeSet::new(),
            max_cat_to_onehot: usual_one_hot(),
            max_cat_threshold: usual_categories(),
            watched_share: 0.0,
            patience: usual_patience(),
        }
    }
}

impl TreeParams {
    /// Refuses what makes no sense; the error names the setting.
    pub fn check(&self) -> Result<(), Error> {
        let rules = [
            ("n_estimators", f64::from(self.n_estimators), 1.0, 1e6, "must lie in 1..=1000000"),
            ("max_depth", f64::from(self.max_depth), 1.0, f64::from(DEEPEST), "must lie in 1..=16"),
            ("learning_rate", self.learning_rate, 1e-9, 1.0, "must lie in (0, 1]"),
            ("subsample", self.subsample, 1e-6, 1.0, "must lie in (0, 1]"),
            ("colsample_bytree", self.colsample_bytree, 1e-6, 1.0, "must lie in (0, 1]"),
            ("reg_alpha", self.reg_alpha, 0.0, f64::MAX, "must be finite and not negative"),
            ("reg_lambda", self.reg_lambda, 0.0, f64::MAX, "must be finite and not negative"),
            (
                "min_child_weight",
                self.min_child_weight,
                0.0,
                f64::MAX,
                "must be finite and not negative",
            ),
            ("gamma", self.gamma, 0.0, f64::MAX, "must be finite and not negative"),
            ("scale_pos_weight", self.scale_pos_weight, 1e-9, f64::MAX, "must be positive"),
            ("max_bins", f64::from(self.max_bins), 2.0, 255.0, "must lie in 2..=255"),
            ("patience", f64::from(self.patience), 1.0, f64::MAX, "must be at least 1"),
            (
                "max_cat_threshold",
                f64::from(self.max_cat_threshold),
                1.0,
                255.0,
                "must lie in 1..=255",
            ),
        ];
        for (name, value, low, high, rule) in rules {
            if !(low..=high).contains(&value) {
                return Err(Error::CheckParams { name: name.to_owned(), value, rule });
            }
        }
        if !(0.0..0.9).contains(&self.watched_share) {
            let (name, value) = ("watched_share".to_owned(), self.watched_share);
            return Err(Error::CheckParams { name, value, rule: "must lie in 0..0.9" });
        }
        self.objective.check()?;
        self.check_columns()
    }

    fn check_columns(&self) -> Result<(), Error> {
        let refuse = |what: String| Err(Error::Fit { model: "boosted trees", what });
        if let Some(name) = self.monotone.keys().find(|name| self.categorical.contains(*name)) {
            return refuse(format!(
                "column {name:?} is categorical, so it can't be monotone; name it once"
            ));
        }
        if !self.monotone.is_empty() && matches!(self.objective, Objective::Quantile { .. }) {
            return refuse(
                "quantiles of residuals replace the leaf values, which would break a monotone \
                 constraint; leave out `monotone` or use another objective"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_impossible_setting_is_named() {
        let cases = [
            (TreeParams { subsample: 0.0, ..TreeParams::default() }, "subsample"),
            (TreeParams { learning_rate: f64::NAN, ..TreeParams::default() }, "learning_rate"),
            (TreeParams { max_depth: 17, ..TreeParams::default() }, "max_depth"),
            (TreeParams { gamma: -1.0, ..TreeParams::default() }, "gamma"),
            (TreeParams { watched_share: 0.9, ..TreeParams::default() }, "watched_share"),
            (TreeParams { patience: 0, ..TreeParams::default() }, "patience"),
            (TreeParams { max_bins: 256, ..TreeParams::default() }, "max_bins"),
        ];
        for (params, name) in cases {
            let said = params.check().unwrap_err().to_string();
            assert!(said.contains(name), "{said}");
        }
    }

    #[test]
    fn the_defaults_are_allowed() {
        assert!(TreeParams::default().check().is_ok());
    }
}
