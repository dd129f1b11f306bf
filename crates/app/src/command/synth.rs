//! `trimtab synth`: a synthetic market in the lake.

use std::path::Path;

use base::Day;
use pipeline::synth::{SynthRequest, fill};
use sim::synth::{Edge, SynthConfig};
use store::{Clock as _, MachineClock};

use super::data::lake;
use crate::cli::SynthArgs;
use crate::failure::Failure;
use crate::terminal::{Bar, Terminal};

/// The year before which a market ends when nobody says when it begins.
const LAST_YEAR: u32 = 2026;

/// The default of [`SynthConfig`], or early enough for so many years.
fn start(years: u32) -> Day {
    let start = SynthConfig::default().start;
    let early = i16::try_from(LAST_YEAR.saturating_sub(years)).unwrap_or(i16::MAX);
    Day::from_ymd(early, 1, 1).map_or(start, |early| early.min(start))
}

pub(crate) fn run(args: &SynthArgs, home: &Path, terminal: Terminal) -> Result<(), Failure> {
    let request = SynthRequest {
        config: SynthConfig {
            symbols: args.symbols,
            years: args.years,
            start: args.start.unwrap_or_else(|| start(args.years)),
            seed: args.seed,
            edge: match args.strength {
                0.0 => Edge::None,
                strength => Edge::Planted { strength },
            },
            ..SynthConfig::default()
        },
        dataset: args.dataset.clone(),
        minutes: args.minutes,
        at: MachineClock.now(),
    };
    let manifests = fill(&lake(home), &request, &Bar::new(terminal))?;
    let line = |m: &lake::Manifest| {
        format!("{}/{} version {}: {} rows", m.table, m.dataset, m.version, m.rows)
    };
    let lines: Vec<String> = manifests.iter().map(line).collect();
    terminal.answer(&manifests, format!("SYNTHETIC\n{}", lines.join("\n")))
}
