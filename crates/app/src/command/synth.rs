//! `trimtab synth`: a synthetic market in the lake.

use std::path::Path;

use pipeline::synth::{SynthRequest, fill};
use sim::synth::{Edge, SynthConfig};
use store::{Clock as _, MachineClock};

use super::data::lake;
use crate::cli::SynthArgs;
use crate::failure::Failure;
use crate::terminal::{Bar, Terminal};

pub(crate) fn run(args: &SynthArgs, home: &Path, terminal: Terminal) -> Result<(), Failure> {
    let request = SynthRequest {
        config: SynthConfig {
            symbols: args.symbols,
            years: args.years,
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
