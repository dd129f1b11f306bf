//! Models in the store: what a study trained, for the day to use.

use base::{Digest, Ts};
use learn::model::Artifact;
use learn::{Classifier, Model as _};
use market::Side;
use serde_json::{Value as Json, json};
use store::{Model, Store, Tx, Written};

use crate::Error;
use crate::study::SideStudy;

/// A model as the day takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Enrolled {
    /// Digest of its artifact.
    pub version: String,
    /// For scoring.
    pub classifier: Classifier,
    /// Whether its study found an edge.
    pub has_edge: bool,
}

/// The name of a side's model.
pub fn name(side: Side) -> String {
    format!("breakout/{side}")
}

/// Keeps the model of a study; the same model twice is kept once. Gives its version.
pub fn enrol(store: &Store, study: &SideStudy, at: Ts) -> Result<String, Error> {
    let artifact = study.tuned.classifier.to_artifact()?;
    let held_out = study.bet_gate().map(|line| json!({"trades": line.trades, "net_r": line.net_r}));
    let card = json!({
        "card": study.tuned.classifier.card(),
        "held_out": held_out,
        "has_edge": study.has_edge(),
    });
    file(store, (&name(study.side), card), artifact, at)
}

/// Files a model under a name with its card; the same one twice is kept once. Gives its version,
/// the beginning of the artifact's digest.
pub(crate) fn file(
    store: &Store,
    (name, card): (&str, Json),
    artifact: Artifact,
    at: Ts,
) -> Result<String, Error> {
    let version = artifact.digest.short().to_owned();
    let model = Model {
        name: name.to_owned(),
        version: version.clone(),
        digest: artifact.digest.to_string(),
        created: at,
        card,
        artifact: Some(artifact.bytes),
        path: None,
    };
    store.transaction("models", |tx| -> Result<(), store::Error> {
        if tx.model(&model.name, &model.version)?.is_none() {
            let _: Written = tx.record_model(&model)?;
        }
        Ok(())
    })?;
    Ok(version)
}

/// The newest model of a name, or this version of it.
pub(crate) fn on_file(
    store: &Store,
    name: &str,
    version: Option<&str>,
) -> Result<Option<Model>, Error> {
    Ok(store.read(|tx| match version {
        Some(version) => tx.model(name, version),
        None => tx.latest_model(name),
    })?)
}

/// What is on file under one name.
pub(crate) struct Filed {
    /// The name within its folder.
    pub(crate) name: String,
    /// Versions there are.
    pub(crate) versions: usize,
    /// The newest of them.
    pub(crate) newest: Model,
}

/// All that is on file in a folder, in order of the names.
pub(crate) fn folder(store: &Store, folder: &str) -> Result<Vec<Filed>, Error> {
    let filed = |tx: &Tx<'_>, full: &str| -> Result<Option<Filed>, store::Error> {
        let Some(name) = full.strip_prefix(folder) else { return Ok(None) };
        let all = tx.model_versions(full)?;
        let (name, versions) = (name.to_owned(), all.len());
        Ok(all.into_iter().next().map(|newest| Filed { name, versions, newest }))
    };
    Ok(store.read(|tx| -> Result<_, store::Error> {
        let names = tx.model_names()?;
        names.iter().filter_map(|name| filed(tx, name).transpose()).collect()
    })?)
}

/// The artifact of a model on file. Refused where its bytes are not those that were hashed.
pub(crate) fn artifact(model: &mut Model) -> Result<Artifact, Error> {
    let bytes = model.artifact.take().unwrap_or_default();
    let digest = Digest::of(&bytes);
    if digest.to_string() != model.digest {
        let (found, wanted) = (digest.to_string(), model.digest.clone());
        return Err(Error::Learn(learn::Error::VerifyModel { found, wanted }));
    }
    Ok(Artifact { digest, bytes })
}

/// The newest model of a side.
pub fn newest(store: &Store, side: Side) -> Result<Option<Enrolled>, Error> {
    let found = store.read(|tx| tx.latest_model(&name(side)))?;
    let Some(mut model) = found else { return Ok(None) };
    let classifier = Classifier::from_bytes(&artifact(&mut model)?.bytes)?;
    let has_edge = model.card["has_edge"].as_bool().unwrap_or(false);
    Ok(Some(Enrolled { version: model.version, classifier, has_edge }))
}
