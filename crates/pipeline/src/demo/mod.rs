//! Two synthetic markets, one with a planted edge and one with none, and one report beside them:
//! the reader sees the system find the one and refuse the other.

mod pages;

use base::{Digest, Ts};
use books::breakout::BreakoutConfig;
use lake::Lake;
use report::{Page, Provenance};
use sim::synth::{Edge, SynthConfig};
use store::Store;

use crate::history::History as _;
use crate::lake_history::{LakeHistory, Parts};
use crate::study::{self, Study, StudyRequest};
use crate::synth::{SynthRequest, fill};
use crate::{Error, Progress};

/// How big the demo is, and who runs it when.
#[derive(Debug, Clone)]
pub struct DemoRequest {
    /// Stocks in each market.
    pub symbols: usize,
    /// Years of sessions.
    pub years: u32,
    /// Seed of everything.
    pub seed: u64,
    /// Strength of the planted edge, in daily volatilities a session.
    pub strength: f64,
    /// Numbers of the book.
    pub config: BreakoutConfig,
    /// Who asks.
    pub by: String,
    /// When, told by the caller.
    pub at: Ts,
    /// Revision of the code.
    pub code_revision: String,
}

/// One market with what was found in it.
pub struct Half {
    /// Its dataset in the lake.
    pub dataset: String,
    /// The market, as the lake knows it.
    pub history: LakeHistory,
    /// What was found.
    pub study: Study,
    /// What figures about it rest on.
    pub provenance: Provenance,
}

/// What the demo found.
pub struct Demo {
    /// The market with a planted edge.
    pub planted: Half,
    /// The market without.
    pub none: Half,
    /// What was asked.
    pub request: DemoRequest,
}

/// Where the demo keeps its markets and its findings.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The markets.
    pub lake: &'a Lake,
    /// Trials and openings of the held-out part.
    pub store: &'a Store,
}

/// Makes both markets, takes them into the lake and studies what it then holds.
pub fn run(request: DemoRequest, place: Place<'_>, progress: &dyn Progress) -> Result<Demo, Error> {
    let planted = half(&request, Edge::Planted { strength: request.strength }, place, progress)?;
    let none = half(&request, Edge::None, place, progress)?;
    Ok(Demo { planted, none, request })
}

fn half(
    request: &DemoRequest,
    edge: Edge,
    place: Place<'_>,
    progress: &dyn Progress,
) -> Result<Half, Error> {
    let config = SynthConfig {
        symbols: request.symbols,
        years: request.years,
        edge,
        seed: request.seed,
        ..SynthConfig::default()
    };
    let digest = Digest::of(format!("{config:?}").as_bytes());
    let dataset = format!("demo_{}", digest.short());
    let (name, at) = (dataset.clone(), request.at);
    fill(place.lake, &SynthRequest { config, dataset: name, minutes: None, at }, progress)?;
    let history = LakeHistory::open(place.lake, &Parts::of(&dataset), request.at)?;
    let study = StudyRequest {
        name: format!("{dataset}/seed {}", request.seed),
        by: request.by.clone(),
        at: request.at,
        seed: request.seed,
        config: request.config.clone(),
        data_version: history.data_version(),
        code_revision: request.code_revision.clone(),
    };
    let study = study::run(&history, &study, place.store, progress)?;
    let provenance = Provenance {
        data_version: history.data_version(),
        origin: history.origin(),
        seed: Some(request.seed),
        code_revision: request.code_revision.clone(),
    };
    Ok(Half { dataset, history, study, provenance })
}

impl Demo {
    /// The report.
    pub fn page(&self) -> Result<Page, Error> {
        pages::demo(self)
    }
}

#[cfg(test)]
mod tests;
