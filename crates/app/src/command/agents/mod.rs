//! `trimtab agents`: agents that learn to trade bars by acting.

mod evaluate;
mod show;
mod train;

use std::path::Path;

use base::{Day, Ts};
use learn::agents::Algorithm;
use pipeline::agents::{Eyes, Source, Wanted, keeping, usual};
use serde_json::Value as Json;
use store::{Clock as _, MachineClock};

use super::data::{calendar, named};
use crate::cli::StampArg;
use crate::cli::agents::{AgentsCommand, TapeArgs};
use crate::failure::Failure;
use crate::state;
use crate::terminal::{Terminal, headed};

pub(crate) fn run(
    command: &AgentsCommand,
    place: (&Path, Option<&str>),
    terminal: Terminal,
) -> Result<(), Failure> {
    match command {
        AgentsCommand::Train(args) => train::run(args, place, terminal),
        AgentsCommand::Evaluate(args) => evaluate::run(args, place, terminal),
        AgentsCommand::Ls => list(place, terminal),
        AgentsCommand::Kinds => kinds(terminal),
    }
}

fn list((home, url): (&Path, Option<&str>), terminal: Terminal) -> Result<(), Failure> {
    let all = keeping::list(&state::open(home, url)?)?;
    let mut table =
        headed(["name", "version", "versions", "algorithm", "schools", "trades", "made"]);
    for line in &all {
        let schools: Vec<&str> = line.schools.iter().map(|school| school.name()).collect();
        let label = if line.synthetic { " (SYNTHETIC)" } else { "" };
        table.add_row([
            line.name.clone(),
            line.version.clone(),
            line.versions.to_string(),
            line.algorithm.clone(),
            format!("{} of {}", line.members, schools.join(" and ")),
            format!("{}{label}", line.symbol),
            line.created.utc_day().to_string(),
        ]);
    }
    terminal.answer(&all, table)
}

/// Steps for which the usual settings are shown.
const SHOWN_STEPS: u64 = 50_000;

fn kinds(terminal: Terminal) -> Result<(), Failure> {
    let all: Vec<(&str, &str, Option<Algorithm>)> = Algorithm::NAMES
        .into_iter()
        .map(|(name, what)| (name, what, usual(name, SHOWN_STEPS, Eyes::Window)))
        .collect();
    let mut text = String::new();
    for (name, what, algorithm) in &all {
        let settings = serde_json::to_string_pretty(algorithm)
            .map_err(|error| Failure::new(format!("write settings: {error}")))?;
        text.push_str(&format!("{name}: {what}\n{settings}\n"));
    }
    terminal.answer(&all, text.trim_end())
}

/// The bars that the words ask for; nothing where they name none.
fn wanted(args: &TapeArgs) -> Result<Option<Wanted>, Failure> {
    let source = match (&args.file, &args.dataset, args.made_sessions) {
        (Some(path), _, _) => {
            if !path.exists() {
                let failure = Failure::new(format!("read {}: no such file", path.display()));
                return Err(failure.advise("check the path"));
            }
            // Known to be a calendar before anything is read.
            calendar(&args.calendar)?;
            Source::File {
                // Whole, so that the record means the same from another folder.
                path: std::path::absolute(path).unwrap_or_else(|_| path.clone()),
                names: named(&args.map)?,
                calendar: (args.calendar != "none").then(|| args.calendar.clone()),
                ends: matches!(args.stamp, StampArg::End),
            }
        }
        (None, Some(dataset), _) => Source::Lake {
            dataset: dataset.clone(),
            daily: args.daily,
            known_by: args.known_by.map_or_else(|| MachineClock.now(), end_of),
        },
        (None, None, Some(sessions)) => Source::Made {
            sessions,
            minutes: args.made_minutes,
            seed: args.seed,
            reversion_bps: args.made_reversion_bps,
        },
        (None, None, None) => return Ok(None),
    };
    Ok(Some(Wanted { source, symbol: args.symbol.clone(), from: args.from, to: args.to }))
}

fn end_of(day: Day) -> Ts {
    day.plus(1).start()
}

/// The algorithm with the settings that the words change.
fn algorithm(name: &str, (steps, eyes): (u64, Eyes), set: &[String]) -> Result<Algorithm, Failure> {
    let Some(mut algorithm) = usual(name, steps, eyes) else {
        return Err(Failure::new(format!("read --agent {name:?}: there is no such algorithm"))
            .advise("`trimtab agents kinds` lists them"));
    };
    for text in set {
        let Some((path, value)) = text.split_once('=') else {
            return Err(Failure::new(format!("read --set {text:?}: it is not PATH=VALUE"))
                .advise("write for example --set gamma=0.95"));
        };
        let value = serde_json::from_str(value).unwrap_or_else(|_| Json::String(value.to_owned()));
        algorithm = algorithm.with(path, &value)?;
    }
    Ok(algorithm)
}
