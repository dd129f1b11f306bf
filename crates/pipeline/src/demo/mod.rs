//! Two synthetic markets, one with a planted edge and one with none, and one report beside them:
//! the reader sees the system find the one and refuse the other.

mod pages;

use base::Ts;
use books::breakout::BreakoutConfig;
use report::{Origin, Page, Provenance};
use sim::synth::{Edge, SynthConfig};
use store::Store;

use crate::study::{self, Study, StudyRequest};
use crate::synthetic::{self, SyntheticMarket};
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
    /// The market.
    pub market: SyntheticMarket,
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

/// Makes and studies both markets.
pub fn run(request: DemoRequest, store: &Store, progress: &dyn Progress) -> Result<Demo, Error> {
    let planted = half(&request, Edge::Planted { strength: request.strength }, store, progress)?;
    let none = half(&request, Edge::None, store, progress)?;
    Ok(Demo { planted, none, request })
}

fn half(
    request: &DemoRequest,
    edge: Edge,
    store: &Store,
    progress: &dyn Progress,
) -> Result<Half, Error> {
    let config = SynthConfig {
        symbols: request.symbols,
        years: request.years,
        edge,
        seed: request.seed,
        ..SynthConfig::default()
    };
    let market = synthetic::make(config, progress)?;
    let version = format!("synthetic {}", market.digest.short());
    let study = StudyRequest {
        name: format!("demo/{}/seed {}", market.digest.short(), request.seed),
        by: request.by.clone(),
        at: request.at,
        seed: request.seed,
        config: request.config.clone(),
        data_version: version.clone(),
        code_revision: request.code_revision.clone(),
    };
    let study = study::run(&market, &study, store, progress)?;
    let provenance = Provenance {
        data_version: version,
        origin: Origin::Synthetic,
        seed: Some(request.seed),
        code_revision: request.code_revision.clone(),
    };
    Ok(Half { market, study, provenance })
}

impl Demo {
    /// The report.
    pub fn page(&self) -> Result<Page, Error> {
        pages::demo(self)
    }
}

#[cfg(test)]
mod tests;
