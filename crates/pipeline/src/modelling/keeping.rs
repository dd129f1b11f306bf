//! Models under names in the store: the artifact, and a card that says all of how it came about.

use base::{Digest, Panel, Prob, Span, Ts};
use learn::family::{Family, FamilyLearner, Trained};
use learn::score::Sheet;
use learn::{Error as LearnError, Forecasts, Model, Reading};
use onnx::{Contract, Kind, OnnxModel};
use serde::{Deserialize, Serialize};
use store::Store;

use super::chances::Chances;
use super::rows::{Roles, Source, TargetKind, Texts};
use crate::models::Filed;
use crate::{Error, models};

/// Folder of the store that models lie in.
const FOLDER: &str = "model/";

/// How a model came about, and what was told of it before anyone looked at the held-out rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Family, settings and seed.
    pub learner: FamilyLearner,
    /// Where the rows came from.
    pub source: Source,
    /// Which column was what.
    pub roles: Roles,
    /// Digest of all rows with their targets, the held-out ones among them.
    pub data: Digest,
    /// Rows learnt from.
    pub rows: usize,
    /// First instant of a row learnt from, and the last one at which a target was known.
    pub period: (Ts, Ts),
    /// Share of rows held out, the latest ones.
    pub held_out_share: f64,
    /// Rows held out.
    pub held_out_rows: usize,
    /// Time kept empty between learning and judging.
    pub embargo: Span,
    /// Steps of walking forward.
    pub folds: usize,
    /// What walking forward through the rows learnt from has found; absent for no steps.
    pub walked: Option<Sheet>,
    /// Whether its chances came true there, where the target is a win.
    #[serde(default)]
    pub chances: Option<Chances>,
    /// The search that chose the settings, and how many trials it ran.
    pub search: Option<(String, usize)>,
    /// What the reader must know: what was found out about the rows, and what was mended to
    /// train on them.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Revision of the code.
    pub code_revision: String,
    /// When it was trained.
    pub created: Ts,
}

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// It was trained here.
    Trained(Box<Card>),
    /// It was trained elsewhere and brought as ONNX, under this contract.
    Outside(Box<Contract>),
}

/// A model trained here or elsewhere.
#[derive(Debug, Clone)]
pub enum AnyModel {
    /// Of a family of ours.
    Own(Trained),
    /// ONNX.
    Outside(OnnxModel),
}

/// A model out of the store.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its name.
    pub name: String,
    /// Its version: the beginning of the artifact's digest.
    pub version: String,
    /// Digest of the artifact.
    pub digest: Digest,
    /// How it came about.
    pub origin: Origin,
    /// The model.
    pub model: AnyModel,
}

/// The name that models of this room have in the store.
fn filed(name: &str) -> String {
    format!("{FOLDER}{name}")
}

/// What a family makes of columns of text: trees take categories.
pub fn texts(learner: &FamilyLearner) -> Texts {
    let takes_codes = |family: &Family| matches!(family, Family::Trees(_));
    let codes = match &learner.family {
        Family::Average(params) => params.members.iter().all(takes_codes),
        family => takes_codes(family),
    };
    if codes { Texts::Codes } else { Texts::Refused }
}

/// Keeps a model; the same one twice is kept once.
pub fn keep(
    store: &Store,
    name: &str,
    origin: Origin,
    model: AnyModel,
    at: Ts,
) -> Result<Kept, Error> {
    let artifact = model.to_artifact()?;
    let digest = artifact.digest.clone();
    let card = serde_json::to_value(&origin).map_err(Error::WriteCard)?;
    let version = models::file(store, (&filed(name), card), artifact, at)?;
    Ok(Kept { name: name.to_owned(), version, digest, origin, model })
}

/// The newest model of this name, or this version of it.
pub fn find(store: &Store, name: &str, version: Option<&str>) -> Result<Kept, Error> {
    let Some(mut record) = models::on_file(store, &filed(name), version)? else {
        let known: Vec<String> = list(store)?.into_iter().map(|listed| listed.name).collect();
        let known = match known.is_empty() {
            true => "there is none; `trimtab train` makes one".to_owned(),
            false => format!("there is {}", known.join(", ")),
        };
        let version = version.map_or_else(String::new, |version| format!(" version {version}"));
        return Err(Error::FindKept { name: format!("{name}{version}"), known });
    };
    let artifact = models::artifact(&mut record)?;
    let origin = serde_json::from_value(record.card).map_err(Error::ReadCard)?;
    let model = AnyModel::from_bytes(&artifact.bytes)?;
    let (name, version, digest) = (name.to_owned(), record.version, artifact.digest);
    Ok(Kept { name, version, digest, origin, model })
}

/// A line of the list of models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its newest version.
    pub version: String,
    /// Versions there are.
    pub versions: usize,
    /// What it is.
    pub family: String,
    /// When the newest was made.
    pub created: Ts,
}

/// All models, in order of their names.
pub fn list(store: &Store) -> Result<Vec<Listed>, Error> {
    let all = models::folder(store, FOLDER)?;
    let line = |Filed { name, versions, newest }: Filed| {
        let family = match serde_json::from_value(newest.card).ok()? {
            Origin::Trained(card) => card.learner.family.name().to_owned(),
            Origin::Outside(_) => "onnx".to_owned(),
        };
        let (version, created) = (newest.version, newest.created);
        Some(Listed { name, version, versions, family, created })
    };
    Ok(all.into_iter().filter_map(line).collect())
}

/// Takes in a model that was trained elsewhere: read, held to its contract, and kept.
pub fn register(store: &Store, onnx: &[u8], contract: Contract, at: Ts) -> Result<Kept, Error> {
    let name = contract.name.clone();
    let model = OnnxModel::register(onnx, contract.clone()).map_err(Error::Register)?;
    keep(store, &name, Origin::Outside(Box::new(contract)), AnyModel::Outside(model), at)
}

impl Kept {
    /// How it was trained, where that was here.
    pub fn card(&self) -> Option<&Card> {
        match &self.origin {
            Origin::Trained(card) => Some(card),
            Origin::Outside(_) => None,
        }
    }

    /// Which column is what in the rows it reads; a target must be named where it comes from
    /// elsewhere.
    pub fn roles(&self) -> Roles {
        match &self.origin {
            Origin::Trained(card) => card.roles.clone(),
            Origin::Outside(contract) => Roles {
                features: contract.features.clone(),
                steps: contract.steps.unwrap_or(1),
                kind: Some(match contract.kind {
                    Kind::Win | Kind::WinLogit => TargetKind::Wins,
                    Kind::Classes { .. } | Kind::ClassScores { .. } => TargetKind::Classes,
                    Kind::Number | Kind::Numbers { .. } => TargetKind::Numbers,
                }),
                ..Roles::default()
            },
        }
    }

    /// What it makes of columns of text.
    pub fn texts(&self) -> Texts {
        self.card().map_or(Texts::Refused, |card| texts(&card.learner))
    }

    /// How its numbers are to be read.
    pub fn reading(&self) -> Reading {
        self.card().map(|card| card.learner.family.reading()).unwrap_or_default()
    }
}

impl AnyModel {
    /// The model itself, without the curve that calibrates it, where it is of a family of ours.
    pub fn own(&self) -> Option<&Trained> {
        match self {
            AnyModel::Own(model) => Some(model.uncalibrated()),
            AnyModel::Outside(_) => None,
        }
    }
}

impl Model for AnyModel {
    fn features(&self) -> &[String] {
        match self {
            AnyModel::Own(model) => model.features(),
            AnyModel::Outside(model) => model.features(),
        }
    }

    fn predict(&self, panel: &Panel) -> Result<Forecasts, LearnError> {
        match self {
            AnyModel::Own(model) => model.predict(panel),
            AnyModel::Outside(model) => model.predict(panel),
        }
    }

    fn predict_proba(&self, panel: &Panel) -> Result<Vec<Prob>, LearnError> {
        match self {
            AnyModel::Own(model) => model.predict_proba(panel),
            AnyModel::Outside(model) => model.predict_proba(panel),
        }
    }

    fn to_bytes(&self) -> Result<Vec<u8>, LearnError> {
        match self {
            AnyModel::Own(model) => model.to_bytes(),
            AnyModel::Outside(model) => model.to_bytes(),
        }
    }

    fn from_bytes(bytes: &[u8]) -> Result<AnyModel, LearnError> {
        match onnx::is_container(bytes) {
            true => Ok(AnyModel::Outside(OnnxModel::from_bytes(bytes)?)),
            false => Ok(AnyModel::Own(Trained::from_bytes(bytes)?)),
        }
    }
}
