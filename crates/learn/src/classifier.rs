//! What a book keeps: trees, their calibration and the card that says where they come from.

use base::{Panel, Prob};
use serde::{Deserialize, Serialize};

use crate::calibrate::Calibration;
use crate::trees::TreeModel;
use crate::{Error, Forecasts, Model, ModelCard};

/// Mark of the artifact's layout.
const FORMAT: &str = "trimtab-classifier-1";

/// A calibrated classifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Classifier {
    format: String,
    card: ModelCard,
    calibration: Calibration,
    trees: TreeModel,
}

impl Classifier {
    /// Puts the parts together.
    pub fn new(trees: TreeModel, calibration: Calibration, card: ModelCard) -> Classifier {
        Classifier { format: FORMAT.to_owned(), card, calibration, trees }
    }

    /// Where it comes from.
    pub fn card(&self) -> &ModelCard {
        &self.card
    }

    /// The map from the trees' scores to probabilities.
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// The trees, whose scores are not calibrated.
    pub fn trees(&self) -> &TreeModel {
        &self.trees
    }
}

impl Model for Classifier {
    fn features(&self) -> &[String] {
        self.trees.features()
    }

    /// Calibrated probabilities of a win.
    fn predict(&self, panel: &Panel) -> Result<Forecasts, Error> {
        let probs = self.predict_proba(panel)?;
        Ok(Forecasts::new(1, probs.into_iter().map(|prob| prob.get() as f32).collect()))
    }

    fn predict_proba(&self, panel: &Panel) -> Result<Vec<Prob>, Error> {
        let scores = self.trees.predict_proba(panel)?;
        Ok(scores.into_iter().map(|score| self.calibration.apply(score)).collect())
    }

    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(self).map_err(|source| Error::WriteJson { what: "classifier", source })
    }

    fn from_bytes(bytes: &[u8]) -> Result<Classifier, Error> {
        let refuse = |what| Error::ReadModel { what };
        let read: Classifier =
            serde_json::from_slice(bytes).map_err(|source| refuse(source.to_string()))?;
        if read.format != FORMAT {
            return Err(refuse(format!("its format is {:?}, not {FORMAT:?}", read.format)));
        }
        Ok(read)
    }
}
