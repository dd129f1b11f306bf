//! The groups of benchmarks, one file each.

pub mod agents;
pub mod agree;
pub mod backtest;
pub mod books;
pub mod chains;
pub mod day;
pub mod decoding;
pub mod environments;
pub mod exchange;
pub mod features;
pub mod indicators;
pub mod ingest;
pub mod networks;
pub mod options;
pub mod orders;
mod recording;
pub mod replay;
pub mod scan;
pub mod search;
pub mod startup;
pub mod trees;

use anyhow::{Result, bail};

use crate::Bench;
use crate::line::Line;

type Run = fn(&Bench) -> Result<Vec<Line>>;

/// Every group by its suite, in the order in which they run.
pub const GROUPS: &[(&str, &str, Run)] = &[
    ("spine", "indicators", indicators::run),
    ("spine", "features", features::run),
    ("spine", "scan", scan::run),
    ("spine", "ingest", ingest::run),
    ("spine", "backtest", backtest::run),
    ("spine", "day", day::run),
    ("spine", "startup", startup::run),
    ("learn", "agents", agents::run),
    ("learn", "networks", networks::run),
    ("learn", "trees", trees::run),
    ("learn", "search", search::run),
    ("physics", "books", books::run),
    ("physics", "decoding", decoding::run),
    ("physics", "replay", replay::run),
    ("physics", "options", options::run),
    ("physics", "chains", chains::run),
    ("physics", "environments", environments::run),
    ("orders", "orders", orders::run),
    ("orders", "exchange", exchange::run),
    ("real", "agree", agree::run),
];

/// The groups of a suite.
pub fn of_suite(suite: &str) -> impl Iterator<Item = &'static str> {
    GROUPS.iter().filter(move |(of, _, _)| *of == suite).map(|(_, group, _)| *group)
}

/// Runs one group.
pub fn run(name: &str, bench: &Bench) -> Result<Vec<Line>> {
    match GROUPS.iter().find(|(_, group, _)| *group == name) {
        Some((_, _, run)) => run(bench),
        None => {
            let known: Vec<&str> = GROUPS.iter().map(|(_, group, _)| *group).collect();
            bail!("no group {name:?}; known are {}", known.join(", "))
        }
    }
}
