//! A fitted network: its weights, and how the columns it reads were scaled.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use base::{Panel, Prob};
use nets::layer::activation::softmax;
use nets::layer::{Ahead, Mode};
use nets::net::Design;
use nets::saving;
use nets::training::Network;
use serde::{Deserialize, Serialize};

use super::shape::{self, Meaning};
use crate::scaling::Scaling;
use crate::{Error, Forecasts, Model};

/// Rows that are predicted together.
const TOGETHER: usize = 64;

/// A fitted network.
#[derive(Clone)]
pub struct NetworkModel {
    card: Card,
    weights: Vec<f32>,
    /// What the card's design builds, once for all predictions.
    network: Arc<Network<f32>>,
}

/// The network follows from the card.
impl PartialEq for NetworkModel {
    fn eq(&self, other: &NetworkModel) -> bool {
        self.card == other.card && self.weights == other.weights
    }
}

impl fmt::Debug for NetworkModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = f.debug_struct("NetworkModel");
        told.field("card", &self.card).field("weights", &self.weights).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Card {
    format: String,
    design: Design,
    scaling: Scaling,
    meaning: Meaning,
    epochs: u32,
    best_epoch: u32,
    watched_loss: Option<f64>,
    /// What training did otherwise than it was told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

const FORMAT: &str = "trimtab-network-1";

impl NetworkModel {
    /// A model of the network that this design builds, with these weights.
    pub(super) fn new(
        design: Design,
        (network, weights): (Network<f32>, Vec<f32>),
        scaling: Scaling,
        meaning: Meaning,
    ) -> NetworkModel {
        let format = FORMAT.to_owned();
        let (epochs, best_epoch, watched_loss) = (0, 0, None);
        let card = Card {
            format,
            design,
            scaling,
            meaning,
            epochs,
            best_epoch,
            watched_loss,
            notes: Vec::new(),
        };
        NetworkModel { card, weights, network: Arc::new(network) }
    }

    pub(super) fn with_record(
        mut self,
        epochs: u32,
        best_epoch: u32,
        watched_loss: Option<f64>,
    ) -> NetworkModel {
        (self.card.epochs, self.card.best_epoch) = (epochs, best_epoch);
        self.card.watched_loss = watched_loss;
        self
    }

    pub(super) fn with_notes(mut self, notes: Vec<String>) -> NetworkModel {
        self.card.notes = notes;
        self
    }

    /// What was mended in columns and settings to train it, a line each.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.card.scaling.notes();
        notes.extend(self.card.notes.iter().cloned());
        notes
    }

    /// The network's name.
    pub fn name(&self) -> &'static str {
        shape::name(&self.card.design)
    }

    /// The network.
    pub fn design(&self) -> &Design {
        &self.card.design
    }

    /// How the columns were scaled.
    pub fn scaling(&self) -> &Scaling {
        &self.card.scaling
    }

    /// Epochs trained, the epoch whose weights these are, and its loss on the watched rows.
    pub fn record(&self) -> (u32, u32, Option<f64>) {
        (self.card.epochs, self.card.best_epoch, self.card.watched_loss)
    }

    /// Raw outputs of the network for rows as it reads them, one after the other.
    pub(super) fn outputs(&self, x: &[f32]) -> Forecasts {
        let layer = &self.network.layer;
        let (wide, high) = (layer.inputs(), layer.outputs());
        let rows = x.len() / wide;
        let mut y = vec![0.0; rows * high];
        let mut trace = layer.trace(TOGETHER.min(rows.max(1)));
        let parts = x.chunks(TOGETHER * wide).zip(y.chunks_mut(TOGETHER * high));
        for (x, y) in parts {
            let ahead = Ahead { weights: &self.weights, x, mode: Mode::Predict };
            layer.forward(ahead, y, &mut trace);
        }
        Forecasts::new(high, y)
    }
}

impl Model for NetworkModel {
    fn features(&self) -> &[String] {
        &self.card.scaling.columns
    }

    fn predict(&self, panel: &Panel) -> Result<Forecasts, Error> {
        let rows: Vec<usize> = (0..panel.len()).collect();
        let raw = self.outputs(&self.card.scaling.apply(panel, &rows)?);
        raw.check()?;
        let (mut y, high) = (raw.values().to_vec(), raw.outputs());
        match self.card.meaning {
            Meaning::Win => y.iter_mut().for_each(|y| *y = 1.0 / (1.0 + (-*y).exp())),
            Meaning::Classes => softmax(&mut y, high),
            Meaning::Numbers | Meaning::Heads => {}
        }
        Ok(Forecasts::new(high, y))
    }

    fn predict_proba(&self, panel: &Panel) -> Result<Vec<Prob>, Error> {
        let forecasts = self.predict(panel)?;
        let at = match (self.card.meaning, forecasts.outputs()) {
            (Meaning::Win, _) => 0,
            (Meaning::Classes, 2) => 1,
            (_, outputs) => {
                let what = format!("it gives {outputs} outputs, not the chance of a win");
                return Err(Error::Fit { model: self.name(), what });
            }
        };
        let probs = forecasts.rows().enumerate();
        let probs = probs.map(|(row, outputs)| {
            let value = f64::from(outputs[at]);
            Prob::new(value).map_err(|source| Error::Predict { row, source })
        });
        probs.collect()
    }

    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let bytes = saving::save(&self.network.plan, &self.weights, &BTreeMap::new(), &self.card);
        bytes.map_err(|source| Error::SaveNetwork { source })
    }

    fn from_bytes(bytes: &[u8]) -> Result<NetworkModel, Error> {
        let reading = |source| Error::ReadNetwork { source };
        let saved: saving::Saved<Card> = saving::read(bytes).map_err(reading)?;
        if saved.card.format != FORMAT {
            let what = format!("its format is {:?}, not {FORMAT:?}", saved.card.format);
            return Err(Error::ReadModel { what });
        }
        let network: Network<f32> = saved.card.design.build().map_err(reading)?;
        let weights = saved.weights(&network.plan).map_err(reading)?;
        if network.layer.inputs() != saved.card.scaling.width() {
            let what = "its columns are not as many as its network reads".to_owned();
            return Err(Error::ReadModel { what });
        }
        Ok(NetworkModel { card: saved.card, weights, network: Arc::new(network) })
    }
}
