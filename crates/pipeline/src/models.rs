//! Models in the store: what a study trained, for the day to use.

use base::{Digest, Ts};
use learn::{Classifier, Model as _};
use market::Side;
use serde_json::json;
use store::{Model, Store, Written};

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
    let version = artifact.digest.short().to_string();
    let held_out = study.bet_gate().map(|line| json!({"trades": line.trades, "net_r": line.net_r}));
    let model = Model {
        name: name(study.side),
        version: version.clone(),
        digest: artifact.digest.to_string(),
        created: at,
        card: json!({
            "card": study.tuned.classifier.card(),
            "held_out": held_out,
            "has_edge": study.has_edge(),
        }),
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

/// The newest model of a side.
pub fn newest(store: &Store, side: Side) -> Result<Option<Enrolled>, Error> {
    let found = store.read(|tx| tx.latest_model(&name(side)))?;
    let Some(model) = found else { return Ok(None) };
    let bytes = model.artifact.unwrap_or_default();
    let found = Digest::of(&bytes).to_string();
    if found != model.digest {
        let wanted = model.digest;
        return Err(Error::KeepModel(learn::Error::VerifyModel { found, wanted }));
    }
    let classifier = Classifier::from_bytes(&bytes)?;
    let has_edge = model.card["has_edge"].as_bool().unwrap_or(false);
    Ok(Some(Enrolled { version: model.version, classifier, has_edge }))
}
