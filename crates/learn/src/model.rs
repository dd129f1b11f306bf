//! One trait to train, one to predict; models travel as JSON bytes with their digest.

use std::collections::BTreeMap;

use base::{Digest, Panel, Prob};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::split::{Fold, Train};

/// An unfitted model: settings and a seed. Fitting takes training rows and nothing else.
pub trait Learner: Sync {
    /// What fitting gives.
    type Fitted: Model;

    /// Learns from the rows. The same rows and settings give the same model, bit for bit,
    /// whatever the number of threads.
    fn fit(&self, train: &Fold<'_, Train>) -> Result<Self::Fitted, Error>;
}

/// A fitted model of the probability of a win.
pub trait Model: Sized + Send + Sync {
    /// The columns it reads.
    fn features(&self) -> &[String];

    /// One probability a row. Columns are found by name; others are ignored; a missing one is an
    /// error that names it.
    fn predict_proba(&self, panel: &Panel) -> Result<Vec<Prob>, Error>;

    /// The model as JSON.
    fn to_json(&self) -> Result<Vec<u8>, Error>;

    /// Reads what [`Model::to_json`] wrote.
    fn from_json(bytes: &[u8]) -> Result<Self, Error>;

    /// The bytes with their digest.
    fn to_artifact(&self) -> Result<Artifact, Error> {
        let bytes = self.to_json()?;
        Ok(Artifact { digest: Digest::of(&bytes), bytes })
    }

    /// Reads an artifact whose bytes are those that were hashed.
    fn from_artifact(artifact: &Artifact) -> Result<Self, Error> {
        let found = Digest::of(&artifact.bytes);
        if found != artifact.digest {
            let wanted = artifact.digest.to_string();
            return Err(Error::VerifyModel { found: found.to_string(), wanted });
        }
        Self::from_json(&artifact.bytes)
    }
}

/// A model as stored: JSON, never code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// SHA-256 of the bytes.
    pub digest: Digest,
    /// JSON.
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
