//! What is tuned for, and over which settings.

use base::Prob;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::score::{brier, precision_weighted};
use crate::search::{Domain, Params, Space, Value};
use crate::split::{Fold, Train};
use crate::trees::TreeParams;

/// What a search makes small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// One minus F-beta with β = 0.5 at the threshold 0.5.
    PrecisionWeighted,
    /// The Brier score.
    Brier,
}

impl Aim {
    /// The loss of scores.
    pub fn loss(self, scores: &[Prob], labels: &[bool]) -> f64 {
        match self {
            Aim::PrecisionWeighted => 1.0 - precision_weighted(scores, labels, Prob::HALF),
            Aim::Brier => brier(scores, labels),
        }
    }
}

/// The nine settings of boosted trees that are searched, with the domains we start from.
pub fn tree_space() -> Result<Space, Error> {
    let log = |low, high| Domain::LogFloat { low, high };
    let even = |low, high| Domain::Float { low, high };
    let domains = [
        ("colsample_bytree", even(0.4, 1.0)),
        ("gamma", even(0.0, 5.0)),
        ("learning_rate", log(0.01, 0.3)),
        ("max_depth", Domain::Int { low: 2, high: 7 }),
        ("min_child_weight", log(0.5, 30.0)),
        ("n_estimators", Domain::Int { low: 50, high: 500 }),
        ("reg_alpha", log(1e-3, 10.0)),
        ("reg_lambda", log(1e-2, 30.0)),
        ("subsample", even(0.5, 1.0)),
    ];
    Space::new(domains.map(|(name, domain)| (name.to_owned(), domain)))
}

/// The settings as trees take them; positives weigh losses ÷ wins of the training rows. A name
/// that is no setting of trees is refused.
pub fn tree_params(params: &Params, train: &Fold<'_, Train>) -> Result<TreeParams, Error> {
    let labels = train.labels();
    let wins = labels.iter().filter(|&&label| label).count();
    let mut made = TreeParams::default();
    if wins > 0 && wins < labels.len() {
        made.scale_pos_weight = (labels.len() - wins) as f64 / wins as f64;
    }
    for (name, value) in params {
        set(&mut made, name, value)?;
    }
    made.check()?;
    Ok(made)
}

fn set(made: &mut TreeParams, name: &str, value: &Value) -> Result<(), Error> {
    let refuse = |what: &str| Error::BuildSpace { name: name.to_owned(), what: what.to_owned() };
    let number = value.number().ok_or_else(|| refuse("must be a number for trees"))?;
    match name {
        "n_estimators" => made.n_estimators = number as u32,
        "max_depth" => made.max_depth = number as u32,
        "max_bins" => made.max_bins = number as u32,
        "learning_rate" => made.learning_rate = number,
        "subsample" => made.subsample = number,
        "colsample_bytree" => made.colsample_bytree = number,
        "reg_alpha" => made.reg_alpha = number,
        "reg_lambda" => made.reg_lambda = number,
        "min_child_weight" => made.min_child_weight = number,
        "gamma" => made.gamma = number,
        "scale_pos_weight" => made.scale_pos_weight = number,
        _ => return Err(refuse("is no setting of boosted trees")),
    }
    Ok(())
}
