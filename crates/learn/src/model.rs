//! One trait to train, one to predict; models travel as bytes with their digest: JSON, or
//! safetensors with a card in JSON.

use std::collections::BTreeMap;

use base::{Digest, Panel, Prob};
use serde::{Deserialize, Serialize};

use crate::split::{Fold, Train};
use crate::{Error, Forecasts};

/// An unfitted model: settings and a seed. Fitting takes training rows and nothing else.
pub trait Learner: Sync {
    /// What fitting gives.
    type Fitted: Model;

    /// Learns from the rows. The same rows and settings give the same model, bit for bit,
    /// whatever the number of threads.
    fn fit(&self, train: &Fold<'_, Train>) -> Result<Self::Fitted, Error>;
}

/// A fitted model.
pub trait Model: Sized + Send + Sync {
    /// The columns it reads.
    fn features(&self) -> &[String];

    /// What the model says of each row: probabilities of a win or of classes, numbers, quantiles,
    /// scores. Columns are found as in [`Model::predict_proba`].
    fn predict(&self, panel: &Panel) -> Result<Forecasts, Error>;

    /// The probability of a win for each row; an error where the model speaks of something else.
    /// Columns are found by name; others are ignored; a missing one is an
    /// error that names it.
    fn predict_proba(&self, panel: &Panel) -> Result<Vec<Prob>, Error>;

    /// The model as bytes.
    fn to_bytes(&self) -> Result<Vec<u8>, Error>;

    /// Reads what [`Model::to_bytes`] wrote.
    fn from_bytes(bytes: &[u8]) -> Result<Self, Error>;

    /// The bytes with their digest.
    fn to_artifact(&self) -> Result<Artifact, Error> {
        let bytes = self.to_bytes()?;
        Ok(Artifact { digest: Digest::of(&bytes), bytes })
    }

    /// Reads an artifact whose bytes are those that were hashed.
    fn from_artifact(artifact: &Artifact) -> Result<Self, Error> {
        let found = Digest::of(&artifact.bytes);
        if found != artifact.digest {
            let wanted = artifact.digest.to_string();
            return Err(Error::VerifyModel { found: found.to_string(), wanted });
        }
        Self::from_bytes(&artifact.bytes)
    }
}

/// A model as stored: JSON or safetensors, never code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// SHA-256 of the bytes.
    pub digest: Digest,
    /// The model.
    pub bytes: Vec<u8>,
}

/// What a reader must know of a model before trusting it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// Version of the data it was trained on.
    pub data_version: String,
    /// Seed of every draw.
    pub seed: u64,
    /// Columns it reads, in order.
    pub features: Vec<String>,
    /// Columns that had no value at all and were left out.
    pub unavailable: Vec<String>,
    /// Settings.
    pub params: BTreeMap<String, serde_json::Value>,
    /// Figures by name.
    pub metrics: BTreeMap<String, f64>,
    /// Revision of the code that trained it.
    pub code_revision: String,
}
