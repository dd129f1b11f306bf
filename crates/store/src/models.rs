//! The registry of models: card, digest and artifact, or the path of a large one.

use base::Ts;
use serde_json::Value as Json;

use crate::record::record;
use crate::{Error, Tx, Written};

record! {
    /// One version of a model. It has either an artifact or a path, never both.
    Model in "models" by [name, version] {
        /// The model.
        name: String,
        /// Its version.
        version: String,
        /// Digest of the artifact.
        digest: String,
        /// When it was made.
        created: Ts,
        /// Data version, seed, features, metrics, code revision.
        card: Json,
        /// The bytes of a small artifact.
        artifact: Option<Vec<u8>>,
        /// Where a large artifact lies.
        path: Option<String>,
    }
}

impl Tx<'_> {
    /// Writes down a version of a model; a version never changes.
    pub fn record_model(&self, model: &Model) -> Result<Written, Error> {
        self.insert_once(model)
    }

    /// This version of a model.
    pub fn model(&self, name: &str, version: &str) -> Result<Option<Model>, Error> {
        self.find(vec![name.into(), version.into()])
    }

    /// Names of all models, in order.
    pub fn model_names(&self) -> Result<Vec<String>, Error> {
        let all: Vec<Model> = self.select("order by name, created", Vec::new())?;
        let mut names: Vec<String> = all.into_iter().map(|model| model.name).collect();
        names.dedup();
        Ok(names)
    }

    /// All versions of a model, the newest first.
    pub fn model_versions(&self, name: &str) -> Result<Vec<Model>, Error> {
        self.select("where name = $1 order by created desc, version desc", vec![name.into()])
    }

    /// The newest version of a model.
    pub fn latest_model(&self, name: &str) -> Result<Option<Model>, Error> {
        let rest = "where name = $1 order by created desc, version desc limit 1";
        Ok(self.select(rest, vec![name.into()])?.into_iter().next())
    }
}
