//! Where a training stands between two epochs.

use std::collections::BTreeMap;

use nets::Real;
use nets::optim::Stopping;
use nets::real::{plain, taken};
use nets::saving;
use nets::training::Training;
use serde::{Deserialize, Serialize};

use crate::{Error, resuming};

/// What an epoch leaves to the next beside weights and moments.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    pub(super) epochs: u32,
    pub(super) stopping: Stopping,
    pub(super) best: Vec<f32>,
    pub(super) best_epoch: u32,
    pub(super) tired: bool,
}

impl State {
    pub(super) fn new(stopping: Stopping) -> State {
        State { epochs: 0, stopping, best: Vec::new(), best_epoch: 0, tired: false }
    }
}

/// Weights, moments, the best weights so far: safetensors with a card.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    bytes: Vec<u8>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Card {
    format: String,
    problem: String,
    epochs: u32,
    steps: u64,
    stopping: Stopping,
    best_epoch: u32,
    has_best: bool,
}

const FORMAT: &str = "trimtab-network-checkpoint-1";

impl Checkpoint {
    pub(super) fn of<R: Real>(
        training: &Training<R>,
        state: &State,
        problem: &str,
    ) -> Result<Checkpoint, Error> {
        let (first, second) = training.descent().moments();
        let mut more = BTreeMap::from([
            ("moments.first".to_owned(), plain(first)),
            ("moments.second".to_owned(), plain(second)),
        ]);
        if !state.best.is_empty() {
            more.insert("best".to_owned(), state.best.clone());
        }
        let card = Card {
            format: FORMAT.to_owned(),
            problem: problem.to_owned(),
            epochs: state.epochs,
            steps: training.descent().steps(),
            stopping: state.stopping,
            best_epoch: state.best_epoch,
            has_best: !state.best.is_empty(),
        };
        let plan = &training.network().plan;
        let bytes = saving::save(plan, &plain(training.weights()), &more, &card);
        Ok(Checkpoint { bytes: bytes.map_err(|source| Error::SaveNetwork { source })? })
    }

    /// The checkpoint as a file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A checkpoint from a file; it is read when training resumes.
    pub fn from_bytes(bytes: Vec<u8>) -> Checkpoint {
        Checkpoint { bytes }
    }

    pub(super) fn restore<R: Real>(
        &self,
        training: &mut Training<R>,
        problem: &str,
    ) -> Result<State, Error> {
        let reading = |source| Error::ReadNetwork { source };
        let saved: saving::Saved<Card> = saving::read(&self.bytes).map_err(reading)?;
        let card = &saved.card;
        resuming::check([&card.format, FORMAT], [&card.problem, problem])?;
        let plan = &training.network().plan;
        let weights = saved.weights::<R>(plan).map_err(reading)?;
        let extra = |name: &str| saved.extra(name, weights.len()).map_err(reading);
        let (first, second) = (extra("moments.first")?, extra("moments.second")?);
        let best = if card.has_best { extra("best")?.to_vec() } else { Vec::new() };
        training.descent_mut().restore(card.steps, &taken(first), &taken(second));
        training.weights_mut().copy_from_slice(&weights);
        let (epochs, best_epoch) = (card.epochs, card.best_epoch);
        Ok(State { epochs, stopping: card.stopping, best, best_epoch, tired: false })
    }
}
