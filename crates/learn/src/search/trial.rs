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
    /// It did worse than others half-way and was given up.
    Pruned,
    /// Its settings could not be tried, or its loss was not a number.
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
    /// Losses after the first, where a study has several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<f64>,
    /// Losses reported on the way, by step.
    pub intermediate: Vec<(u32, f64)>,
    /// Seed the trial ran with.
    pub seed: u64,
}

impl Trial {
    /// All losses; `None` unless complete.
    pub fn losses(&self) -> Option<Vec<f64>> {
        let first = self.value?;
        Some(std::iter::once(first).chain(self.further.iter().copied()).collect())
    }
}

/// Keeps the trials of studies. Nothing is ever taken away.
pub trait TrialLog: Send {
    /// All trials of the study that have ended, by number.
    fn load(&self, study: &str) -> Result<Vec<Trial>, PortError>;

    /// Keeps one more.
    fn append(&mut self, study: &str, trial: &Trial) -> Result<(), PortError>;

    /// The way to share trials with other processes on the same study; `None` where this process
    /// is alone.
    fn sharing(&mut self) -> Option<&mut dyn Sharing> {
        None
    }
}

/// Shares the trials of a study among processes.
///
/// Every process proposes the same trials, because a proposal is a function of the seed and of
/// trials that have ended; so all there is to share is who tries which. A claim runs out, so that
/// a trial whose process died is tried again, with the same settings and the same seed. When two
/// processes do end the same trial, the first record stands and [`TrialLog::append`] keeps it.
pub trait Sharing {
    /// Takes a trial unless another process has it or it has ended. One statement: of two
    /// processes that ask at once, one is told `true`.
    fn claim(&mut self, study: &str, claim: &Claim<'_>) -> Result<bool, PortError>;

    /// Says that the trial is still under way here.
    fn renew(&mut self, study: &str, number: usize) -> Result<(), PortError>;

    /// Gives a trial back untried.
    fn release(&mut self, study: &str, number: usize) -> Result<(), PortError>;

    /// Lets some time pass for others to end their trials.
    fn wait(&mut self) -> Result<(), PortError>;
}

/// A trial to be tried here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Claim<'a> {
    /// Its number.
    pub number: usize,
    /// Its settings.
    pub params: &'a Params,
    /// Seed it will run with.
    pub seed: u64,
}

/// Trials kept in memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrialMemory {
    studies: BTreeMap<String, BTreeMap<usize, Trial>>,
}

impl TrialMemory {
    /// Number of trials of all studies: the count that deflates a Sharpe ratio.
    pub fn count(&self) -> usize {
        self.studies.values().map(BTreeMap::len).sum()
    }
}

impl TrialLog for TrialMemory {
    fn load(&self, study: &str) -> Result<Vec<Trial>, PortError> {
        Ok(self.studies.get(study).into_iter().flat_map(BTreeMap::values).cloned().collect())
    }

    fn append(&mut self, study: &str, trial: &Trial) -> Result<(), PortError> {
        let trials = self.studies.entry(study.to_owned()).or_default();
        trials.entry(trial.number).or_insert_with(|| trial.clone());
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
