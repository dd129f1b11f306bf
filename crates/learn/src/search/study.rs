//! Runs a study: proposes batches, tries them in parallel, keeps every trial.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use base::Seed;
use base::stats::median;
use rand::RngExt as _;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::space::{Domain, Params, Space};
use super::tpe::TpePlan;
use super::trial::{Progress, State, Trial, TrialLog};
use crate::Error;
use crate::trees::Flow;

/// How the next settings are found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Learns from finished trials.
    Tpe(TpePlan),
    /// Draws evenly.
    Random,
    /// Walks a lattice of this many values a setting; domains with fewer values use those.
    Grid {
        /// Values of each continuous setting.
        steps: usize,
    },
}

/// When a trial is given up half-way: its loss is above the median of complete trials at the
/// same step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pruning {
    /// Complete trials needed before any is given up.
    pub warm_trials: usize,
    /// Steps that no trial is given up at.
    pub warm_steps: u32,
}

/// A search, fully described. Less is better.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// Name its trials are kept under.
    pub name: String,
    /// Settings searched.
    pub space: Space,
    /// How.
    pub method: Method,
    /// Trials in all.
    pub trials: usize,
    /// Trials proposed together. Part of the result, unlike the number of threads.
    pub batch: usize,
    /// `None` runs every trial to its end.
    pub pruning: Option<Pruning>,
    /// Seed of proposals and trials.
    pub seed: Seed,
}

/// How an objective ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// The loss.
    Value(f64),
    /// It was told to give up.
    Pruned,
}

/// A trial under way, as its objective sees it.
#[derive(Debug)]
pub struct Run<'a> {
    /// Settings to try.
    pub params: &'a Params,
    /// Seed for every draw of the trial.
    pub seed: Seed,
    intermediate: Vec<(u32, f64)>,
    earlier: &'a [Trial],
    pruning: Option<Pruning>,
    stop: &'a AtomicBool,
}

impl Run<'_> {
    /// Reports the loss so far; on [`Flow::Stop`] the objective should return
    /// [`Outcome::Pruned`].
    pub fn report(&mut self, step: u32, loss: f64) -> Flow {
        self.intermediate.push((step, loss));
        let Some(pruning) = self.pruning else { return Flow::Go };
        let peers: Vec<f64> = self
            .earlier
            .iter()
            .filter(|trial| trial.state == State::Complete)
            .filter_map(|trial| trial.intermediate.iter().find(|seen| seen.0 == step))
            .map(|seen| seen.1)
            .collect();
        let warm = step < pruning.warm_steps || peers.len() < pruning.warm_trials.max(1);
        if !warm && loss > median(&peers) { Flow::Stop } else { Flow::Go }
    }

    /// True when the whole study was asked to stop; the objective may end with
    /// [`Error::Stopped`].
    pub fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// The loss of some settings.
pub type Objective<'o> = dyn Fn(&mut Run<'_>) -> Result<Outcome, Error> + Sync + 'o;

/// What a study needs from outside.
pub struct Ports<'a> {
    /// Where trials are kept.
    pub log: &'a mut dyn TrialLog,
    /// Who is told how far it is.
    pub progress: &'a dyn Progress,
    /// Set to stop after the trials under way.
    pub stop: &'a AtomicBool,
}

impl Study {
    /// Runs what is left of the study and answers all its trials. Runs in the current pool of
    /// threads.
    pub fn run(
        &self,
        objective: &Objective<'_>,
        ports: &mut Ports<'_>,
    ) -> Result<Vec<Trial>, Error> {
        let loading = |source| Error::UseLog {
            what: format!("load the trials of study {:?}", self.name),
            source,
        };
        let total = self.size();
        let mut trials = ports.log.load(&self.name).map_err(loading)?;
        self.check(&trials)?;
        trials.truncate(total);
        while trials.len() < total {
            if ports.stop.load(Ordering::Relaxed) {
                return Err(Error::Stopped { done: trials.len(), total, unit: "trials" });
            }
            let begun = trials.len() / self.batch() * self.batch();
            let ends = (begun + self.batch()).min(total);
            let proposals = self.propose(&trials[..begun], ends - begun);
            self.check_batch(&trials[begun..], &proposals)?;
            let found = self.try_batch(objective, (&trials, &proposals), ports);
            for trial in found {
                let trial = trial?;
                let keeping = |source| Error::UseLog {
                    what: format!("keep trial {} of study {:?}", trial.number, self.name),
                    source,
                };
                ports.log.append(&self.name, &trial).map_err(keeping)?;
                trials.push(trial);
            }
        }
        Ok(trials)
    }

    /// Tries the proposals of a batch that are not on record yet.
    fn try_batch(
        &self,
        objective: &Objective<'_>,
        (trials, proposals): (&[Trial], &[Params]),
        ports: &Ports<'_>,
    ) -> Vec<Result<Trial, Error>> {
        let begun = trials.len() / self.batch() * self.batch();
        let done = AtomicUsize::new(trials.len());
        let (stop, progress, total) = (ports.stop, ports.progress, self.size());
        progress.step(trials.len(), total, &self.name);
        let numbers = trials.len()..begun + proposals.len();
        let attempt = |number: usize| {
            let mut run = Run {
                params: &proposals[number - begun],
                seed: self.seed_of(number),
                intermediate: Vec::new(),
                earlier: &trials[..begun],
                pruning: self.pruning,
                stop,
            };
            let outcome = objective(&mut run)?;
            progress.step(done.fetch_add(1, Ordering::Relaxed) + 1, total, &self.name);
            Ok(record(number, run, outcome))
        };
        numbers.into_par_iter().map(attempt).collect()
    }

    /// Settings of the next batch; a pure function of the trials of earlier batches.
    fn propose(&self, finished: &[Trial], count: usize) -> Vec<Params> {
        let mut proposals = Vec::with_capacity(count);
        for number in finished.len()..finished.len() + count {
            let seed = self.seed.child("propose").index(number as u64);
            let params = match self.method {
                Method::Tpe(plan) => plan.propose(&self.space, (finished, &proposals), seed),
                Method::Random => {
                    let mut rng = seed.rng();
                    let width = self.space.domains().len();
                    let point: Vec<f64> = (0..width).map(|_| rng.random()).collect();
                    self.space.decode(&point)
                }
                Method::Grid { steps } => self.space.decode(&self.lattice(steps, number)),
            };
            proposals.push(params);
        }
        proposals
    }

    /// The point of that number on the lattice; the last setting changes fastest.
    fn lattice(&self, steps: usize, number: usize) -> Vec<f64> {
        let mut rest = number;
        let mut point = Vec::with_capacity(self.space.domains().len());
        for domain in self.space.domains().values().rev() {
            let count = lattice_count(domain, steps);
            let at = rest % count;
            rest /= count;
            point.push(match domain.steps() {
                Some(_) => (at as f64 + 0.5) / count as f64,
                None if count == 1 => 0.5,
                None => at as f64 / (count - 1) as f64,
            });
        }
        point.reverse();
        point
    }

    /// Number of trials: the lattice may have fewer points than were asked for.
    fn size(&self) -> usize {
        let Method::Grid { steps } = self.method else { return self.trials };
        let counts = self.space.domains().values().map(|domain| lattice_count(domain, steps));
        let points = counts.fold(1usize, usize::saturating_mul);
        self.trials.min(points)
    }

    fn batch(&self) -> usize {
        self.batch.max(1)
    }

    fn seed_of(&self, number: usize) -> Seed {
        self.seed.child("trial").index(number as u64)
    }

    fn check(&self, trials: &[Trial]) -> Result<(), Error> {
        for (number, trial) in trials.iter().enumerate() {
            let known = trial.number == number && trial.seed == self.seed_of(number).number();
            if !known || !self.space.holds(&trial.params) {
                let what = format!(
                    "trial {} of study {:?} is not one of these settings and this seed",
                    trial.number, self.name
                );
                return Err(Error::ResumeStudy { what });
            }
        }
        Ok(())
    }

    fn check_batch(&self, kept: &[Trial], proposals: &[Params]) -> Result<(), Error> {
        match kept.iter().zip(proposals).find(|(trial, params)| trial.params != **params) {
            None => Ok(()),
            Some((trial, _)) => {
                let number = trial.number;
                let what = format!("trial {number} of study {:?} was not proposed now", self.name);
                Err(Error::ResumeStudy { what })
            }
        }
    }
}

fn record(number: usize, run: Run<'_>, outcome: Outcome) -> Trial {
    let (state, value) = match outcome {
        Outcome::Value(value) if value.is_finite() => (State::Complete, Some(value)),
        Outcome::Value(_) => (State::Failed, None),
        Outcome::Pruned => (State::Pruned, None),
    };
    Trial {
        number,
        params: run.params.clone(),
        state,
        value,
        intermediate: run.intermediate,
        seed: run.seed.number(),
    }
}

fn lattice_count(domain: &Domain, steps: usize) -> usize {
    let steps = steps.max(1);
    match domain {
        Domain::Choice(names) => names.len(),
        Domain::Int { low, high } => steps.min((high - low + 1) as usize),
        _ => steps,
    }
}

/// The complete trial of least loss; the earliest among equals.
pub fn best(trials: &[Trial]) -> Option<&Trial> {
    let complete = trials.iter().filter_map(|trial| trial.value.map(|value| (value, trial)));
    complete.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.number.cmp(&b.1.number))).map(|(_, t)| t)
}
