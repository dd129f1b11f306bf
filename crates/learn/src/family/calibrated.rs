//! A model whose probability of a win was calibrated on rows that it did not learn from.

use base::{Panel, Prob};

use super::Trained;
use super::framing::{frame, parts};
use crate::calibrate::Calibration;
use crate::{Error, Forecasts, Model};

/// Mark of stored bytes.
pub(super) const MARK: &[u8] = b"trimtab calibrated 1\n";

/// A model and the curve behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibrated {
    calibration: Calibration,
    model: Trained,
}

impl Calibrated {
    /// Puts a curve behind a model. One that was calibrated before is refused.
    pub fn new(model: Trained, calibration: Calibration) -> Result<Calibrated, Error> {
        match model {
            Trained::Calibrated(_) => {
                Err(Error::Measure { what: "the model has been calibrated before".to_owned() })
            }
            model => Ok(Calibrated { calibration, model }),
        }
    }

    /// The map from the model's scores to probabilities.
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// The model, whose scores are not calibrated.
    pub fn model(&self) -> &Trained {
        &self.model
    }

    /// Calibrated probabilities of a win.
    pub(super) fn predict(&self, panel: &Panel) -> Result<Forecasts, Error> {
        let probs = self.predict_proba(panel)?;
        Ok(Forecasts::new(1, probs.into_iter().map(|prob| prob.get() as f32).collect()))
    }

    pub(super) fn predict_proba(&self, panel: &Panel) -> Result<Vec<Prob>, Error> {
        let scores = self.model.predict_proba(panel)?;
        Ok(scores.into_iter().map(|score| self.calibration.apply(score)).collect())
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let curve = serde_json::to_vec(&self.calibration)
            .map_err(|source| Error::WriteJson { what: "calibration", source })?;
        Ok(frame(MARK, &[&curve, &self.model.to_bytes()?]))
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Calibrated, Error> {
        let refuse =
            |what: String| Error::ReadModel { what: format!("a calibrated model: {what}") };
        let found = parts(MARK, bytes).ok_or_else(|| refuse("it was cut short".to_owned()))?;
        let [curve, model] = found[..] else {
            return Err(refuse(format!("it has {} parts, not 2", found.len())));
        };
        let calibration =
            serde_json::from_slice(curve).map_err(|fault| refuse(fault.to_string()))?;
        Ok(Calibrated { calibration, model: Trained::uncalibrated_from_bytes(model)? })
    }
}
