//! The record of a trial, and the ports through which it is kept and shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::space::Params;
use crate::PortError;

/// How a trial ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It has a value.
    Complete,
    /// It was worse than the median half-way and was given up.
    Pruned,
    /// Its value was not a number.
    Failed,
}

/// One trial, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// From 0, in the order of proposal.
    pub number: usize,
    /// Settings tried.
    pub params: Params,
    /// How it ended.
    pub state: State,
    /// Loss, less is better; absent unless complete.
    pub value: Option<f64>,
    /// Losses reported on the way, by step.
    pub intermediate: Vec<(u32, f64)>,
    /// Seed the trial ran with.
    pub seed: u64,
}

/// Keeps the trials of studies. Nothing is ever taken away.
pub trait TrialLog: Send {
    /// All trials of the study, by number.
    fn load(&self, study: &str) -> Result<Vec<Trial>, PortError>;

    /// Keeps one more.
    fn append(&mut self, study: &str, trial: &Trial) -> Result<(), PortError>;
}

/// Trials kept in memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrialMemory {
    studies: BTreeMap<String, Vec<Trial>>,
}

impl TrialMemory {
    /// Number of trials of all studies: the count that deflates a Sharpe ratio.
    pub fn count(&self) -> usize {
        self.studies.values().map(Vec::len).sum()
    }
}

impl TrialLog for TrialMemory {
    fn load(&self, study: &str) -> Result<Vec<Trial>, PortError> {
        Ok(self.studies.get(study).cloned().unwrap_or_default())
    }

    fn append(&mut self, study: &str, trial: &Trial) -> Result<(), PortError> {
        self.studies.entry(study.to_owned()).or_default().push(trial.clone());
        Ok(())
    }
}

/// Is told how far long work has come.
pub trait Progress: Sync {
    /// `done` of `total` steps are done; `note` says what is going on.
    fn step(&self, done: usize, total: usize, note: &str);
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn step(&self, _done: usize, _total: usize, _note: &str) {}
}
