//! The groups of benchmarks, one file each.

pub mod backtest;
pub mod day;
pub mod features;
pub mod indicators;
pub mod ingest;
pub mod scan;
pub mod startup;
pub mod trees;

use anyhow::{Result, bail};

use crate::Bench;
use crate::line::Line;

type Run = fn(&Bench) -> Result<Vec<Line>>;

/// Every group, in the order in which they run.
pub const GROUPS: &[(&str, Run)] = &[
    ("indicators", indicators::run),
    ("features", features::run),
    ("scan", scan::run),
    ("ingest", ingest::run),
    ("backtest", backtest::run),
    ("trees", trees::run),
    ("day", day::run),
    ("startup", startup::run),
];

/// Runs one group.
pub fn run(name: &str, bench: &Bench) -> Result<Vec<Line>> {
    match GROUPS.iter().find(|(group, _)| *group == name) {
        Some((_, run)) => run(bench),
        None => {
            let known: Vec<&str> = GROUPS.iter().map(|(group, _)| *group).collect();
            bail!("no group {name:?}; known are {}", known.join(", "))
        }
    }
}
