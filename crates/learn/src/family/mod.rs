//! All model families behind one learner: a choice that is plain data.
//!
//! A [`Family`] names a kind of model with its settings; with a seed it is a [`FamilyLearner`].
//! What it fits is a [`Trained`], whose bytes say by themselves which family they are of.

mod average;
mod calibrated;
mod framing;
mod naming;
mod searching;
mod watching;

use base::{Panel, Prob, Seed};
use serde::{Deserialize, Serialize};

use crate::logistic::{LogisticModel, LogisticParams};
use crate::networks::{NetworkLearner, NetworkModel, NetworkParams};
use crate::split::{Fold, Train};
use crate::trees::{Flow, Objective, TreeLearner, TreeModel, TreeParams};
use crate::{Error, Forecasts, Learner, Model, Targets};

pub use average::{Average, AverageParams};
pub use calibrated::Calibrated;
pub use watching::{FamilyEnded, FamilyWatch, Step};

/// A kind of model with its settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "family", rename_all = "snake_case")]
pub enum Family {
    /// Gradient-boosted trees: wins, numbers, quantiles, classes, orders. The objective follows
    /// the targets unless the settings name one that learns them.
    Trees(TreeParams),
    /// Logistic regression: wins.
    Logistic(LogisticParams),
    /// Networks: wins, classes, numbers, several numbers.
    Network(NetworkParams),
    /// Several of the others, averaged.
    Average(AverageParams),
}

/// An unfitted model of any family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FamilyLearner {
    /// What kind, with its settings.
    pub family: Family,
    /// Seed of every draw.
    pub seed: Seed,
}

/// A fitted model of any family.
#[derive(Debug, Clone, PartialEq)]
pub enum Trained {
    /// Gradient-boosted trees.
    Trees(TreeModel),
    /// Logistic regression.
    Logistic(LogisticModel),
    /// A network.
    Network(NetworkModel),
    /// Several of the others, averaged.
    Average(Average),
    /// Any of the others behind a curve that makes its chances come true.
    Calibrated(Box<Calibrated>),
}

impl Family {
    /// The family's name.
    pub fn name(&self) -> &'static str {
        match self {
            Family::Trees(_) => "trees",
            Family::Logistic(_) => "logistic",
            Family::Network(_) => "network",
            Family::Average(_) => "average",
        }
    }

    /// Rounds of trees, or epochs of networks, unless training ends early.
    pub fn rounds(&self) -> u32 {
        match self {
            Family::Trees(params) => params.n_estimators,
            Family::Logistic(_) => 1,
            Family::Network(params) => params.epochs,
            Family::Average(params) => params.rounds(),
        }
    }
}

/// The objective that learns these targets; the one given where it does.
fn objective(given: Objective, targets: &Targets) -> Result<Objective, Error> {
    Ok(match (targets, given) {
        (Targets::Wins(_), _) => Objective::Logistic,
        (Targets::Numbers(_), Objective::Quantile { alpha }) => Objective::Quantile { alpha },
        (Targets::Numbers(_), _) => Objective::SquaredError,
        (Targets::Classes { count, .. }, _) => Objective::Softmax { classes: *count },
        (Targets::Ranks { .. }, Objective::RankPairwise) => Objective::RankPairwise,
        (Targets::Ranks { .. }, _) => Objective::RankNdcg,
        (Targets::Many(_), _) => {
            let what = "trees learn one target; several need a network".to_owned();
            return Err(Error::Fit { model: "boosted trees", what });
        }
    })
}

impl Learner for FamilyLearner {
    type Fitted = Trained;

    fn fit(&self, train: &Fold<'_, Train>) -> Result<Trained, Error> {
        Ok(match &self.family {
            Family::Trees(params) => {
                let objective = objective(params.objective, train.samples().targets())?;
                let params = TreeParams { objective, ..params.clone() };
                Trained::Trees(TreeLearner { params, seed: self.seed }.fit(train)?)
            }
            Family::Logistic(params) => Trained::Logistic(params.fit(train)?),
            Family::Network(params) => {
                let learner = NetworkLearner { params: params.clone(), seed: self.seed };
                Trained::Network(learner.fit(train)?)
            }
            Family::Average(params) => {
                let watch = FamilyWatch { after_step: &mut |_| Flow::Go, resume: None };
                match average::fit((self, params), train, watch)? {
                    FamilyEnded::Fitted(model) => *model,
                    FamilyEnded::Stopped(_) => unreachable!("nobody asked to stop"),
                }
            }
        })
    }
}

impl Trained {
    /// What was mended in columns and settings to train it, a line each.
    pub fn notes(&self) -> Vec<String> {
        match self {
            Trained::Trees(_) => Vec::new(),
            Trained::Logistic(model) => model.notes(),
            Trained::Network(model) => model.notes(),
            Trained::Average(model) => model.notes(),
            Trained::Calibrated(calibrated) => calibrated.model().notes(),
        }
    }

    /// The model itself, without the curve that calibrates it.
    pub fn uncalibrated(&self) -> &Trained {
        match self {
            Trained::Calibrated(calibrated) => calibrated.model(),
            other => other,
        }
    }

    /// How much the members disagree on each row, where the model is an average; see
    /// [`Average::disagreement`].
    pub fn disagreement(&self, panel: &Panel) -> Result<Option<Vec<f64>>, Error> {
        match self.uncalibrated() {
            Trained::Average(average) => average.disagreement(panel).map(Some),
            _ => Ok(None),
        }
    }
}

impl Model for Trained {
    fn features(&self) -> &[String] {
        match self {
            Trained::Trees(model) => model.features(),
            Trained::Logistic(model) => model.features(),
            Trained::Network(model) => model.features(),
            Trained::Average(model) => model.features(),
            Trained::Calibrated(calibrated) => calibrated.model().features(),
        }
    }

    fn predict(&self, panel: &Panel) -> Result<Forecasts, Error> {
        match self {
            Trained::Trees(model) => model.predict(panel),
            Trained::Logistic(model) => model.predict(panel),
            Trained::Network(model) => model.predict(panel),
            Trained::Average(model) => model.predict(panel),
            Trained::Calibrated(calibrated) => calibrated.predict(panel),
        }
    }

    fn predict_proba(&self, panel: &Panel) -> Result<Vec<Prob>, Error> {
        match self {
            Trained::Trees(model) => model.predict_proba(panel),
            Trained::Logistic(model) => model.predict_proba(panel),
            Trained::Network(model) => model.predict_proba(panel),
            Trained::Average(model) => model.predict_proba(panel),
            Trained::Calibrated(calibrated) => calibrated.predict_proba(panel),
        }
    }

    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        match self {
            Trained::Trees(model) => model.to_bytes(),
            Trained::Logistic(model) => model.to_bytes(),
            Trained::Network(model) => model.to_bytes(),
            Trained::Average(model) => model.to_bytes(),
            Trained::Calibrated(calibrated) => calibrated.to_bytes(),
        }
    }

    /// Trees are XGBoost's JSON, a logistic regression is JSON that names its format, a network is
    /// safetensors; averages and calibrated models begin with a mark of their own.
    fn from_bytes(bytes: &[u8]) -> Result<Trained, Error> {
        match bytes.starts_with(calibrated::MARK) {
            true => Ok(Trained::Calibrated(Box::new(Calibrated::from_bytes(bytes)?))),
            false => Trained::uncalibrated_from_bytes(bytes),
        }
    }
}

impl Trained {
    fn uncalibrated_from_bytes(bytes: &[u8]) -> Result<Trained, Error> {
        match bytes.starts_with(average::MODEL) {
            true => Ok(Trained::Average(Average::from_bytes(bytes)?)),
            false => Trained::plain_from_bytes(bytes),
        }
    }

    /// A model that holds no other.
    fn plain_from_bytes(bytes: &[u8]) -> Result<Trained, Error> {
        let begins = bytes.trim_ascii_start();
        if !begins.starts_with(b"{") {
            return Ok(Trained::Network(NetworkModel::from_bytes(bytes)?));
        }
        #[derive(Deserialize)]
        struct Marked {
            format: Option<String>,
        }
        match serde_json::from_slice::<Marked>(bytes) {
            Ok(Marked { format: Some(_) }) => {
                Ok(Trained::Logistic(LogisticModel::from_bytes(bytes)?))
            }
            Ok(Marked { format: None }) => Ok(Trained::Trees(TreeModel::from_bytes(bytes)?)),
            // The length of a header can begin with the byte of a brace.
            Err(fault) => NetworkModel::from_bytes(bytes)
                .map(Trained::Network)
                .map_err(|_| Error::ReadModel { what: fault.to_string() }),
        }
    }
}
