//! Runs a study: tries its proposals in parallel, keeps every trial as it ends, and shares the
//! work with other processes where there are any.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::run::{Objective, Run, Watch};
use super::space::Params;
use super::study::Study;
use super::trial::{Claim, Progress, Trial, TrialLog};
use crate::{Error, PortError};

/// What a study needs from outside.
pub struct Ports<'a> {
    /// Where trials are kept.
    pub log: &'a mut dyn TrialLog,
    /// Who is told how far it is.
    pub progress: &'a dyn Progress,
    /// Set to stop after the trials under way.
    pub stop: &'a AtomicBool,
}

/// Trials on record, by number.
type Kept = BTreeMap<usize, Trial>;

/// A batch under way: the trials before it, and its own proposals.
struct Batch<'a> {
    finished: &'a [Trial],
    proposals: &'a [Params],
}

impl Study {
    /// Runs what is left of the study and answers all its trials. Runs in the current pool of
    /// threads. With several processes on one study, each answers all trials, whoever ran them.
    pub fn run(
        &self,
        objective: &Objective<'_>,
        ports: &mut Ports<'_>,
    ) -> Result<Vec<Trial>, Error> {
        self.check_plan()?;
        let total = self.size();
        let mut kept = self.load(&*ports.log)?;
        let mut finished: Vec<Trial> = Vec::with_capacity(total);
        while finished.len() < total {
            let numbers = finished.len()..(finished.len() + self.batch()).min(total);
            if !numbers.clone().all(|number| kept.contains_key(&number)) {
                let proposals = self.propose(&finished, numbers.len());
                let batch = Batch { finished: &finished, proposals: &proposals };
                self.complete(&batch, objective, (&mut kept, ports))?;
            }
            finished.extend(numbers.filter_map(|number| kept.remove(&number)));
            self.check_losses(&finished)?;
        }
        Ok(finished)
    }

    /// Tries what is missing of a batch, or waits for those who do.
    fn complete(
        &self,
        batch: &Batch<'_>,
        objective: &Objective<'_>,
        (kept, ports): (&mut Kept, &mut Ports<'_>),
    ) -> Result<(), Error> {
        let begun = batch.finished.len();
        loop {
            self.check_batch(batch, kept)?;
            let missing: Vec<usize> = (begun..begun + batch.proposals.len())
                .filter(|number| !kept.contains_key(number))
                .collect();
            if missing.is_empty() {
                return Ok(());
            }
            let done = begun + batch.proposals.len() - missing.len();
            if ports.stop.load(Ordering::Relaxed) {
                return Err(Error::Stopped { done, total: self.size(), unit: "trials" });
            }
            let mine = self.claim(batch, &missing, ports.log)?;
            if mine.is_empty() {
                self.wait(ports.log)?;
            } else {
                let found = self.try_all(batch, objective, (&mine, done, ports))?;
                kept.extend(found.into_iter().map(|trial| (trial.number, trial)));
            }
            if ports.log.sharing().is_some() {
                *kept = self.load(&*ports.log)?;
            }
        }
    }

    /// Tries trials in parallel and keeps each as it ends.
    fn try_all(
        &self,
        batch: &Batch<'_>,
        objective: &Objective<'_>,
        (numbers, done, ports): (&[usize], usize, &mut Ports<'_>),
    ) -> Result<Vec<Trial>, Error> {
        let (progress, stop, total) = (ports.progress, ports.stop, self.size());
        let log = Mutex::new(&mut *ports.log);
        let log = || log.lock().unwrap_or_else(PoisonError::into_inner);
        // A claim that could not be renewed may be taken by another process, which would find
        // the same; a log out of reach shows when the trial is kept.
        let alive = |number: usize| {
            let mut log = log();
            let _ = log.sharing().map(|sharing| sharing.renew(&self.name, number));
        };
        let watch = Watch { earlier: batch.finished, pruning: self.pruning, stop, alive: &alive };
        let done = AtomicUsize::new(done);
        progress.step(done.load(Ordering::Relaxed), total, &self.name);
        let attempt = |&number: &usize| {
            let params = &batch.proposals[number - batch.finished.len()];
            let mut run = Run::new(number, params, self.seed_of(number), &watch);
            let outcome = objective(&mut run);
            let mut log = log();
            let trial = match outcome {
                Ok(outcome) => run.ended(outcome),
                Err(error) => {
                    // The error is the one to tell; a claim not given back runs out.
                    let _ = log.sharing().map(|sharing| sharing.release(&self.name, number));
                    return Err(error);
                }
            };
            let keeping = |source| self.log_error(&format!("keep trial {number}"), source);
            log.append(&self.name, &trial).map_err(keeping)?;
            drop(log);
            progress.step(done.fetch_add(1, Ordering::Relaxed) + 1, total, &self.name);
            Ok(trial)
        };
        // All end before the first error is told, so that what was tried is on record.
        let found: Vec<Result<Trial, Error>> = numbers.par_iter().map(attempt).collect();
        found.into_iter().collect()
    }

    /// Trials of the batch to be tried here now: all that are missing, or as many as there are
    /// threads where others may want the rest.
    fn claim(
        &self,
        batch: &Batch<'_>,
        missing: &[usize],
        log: &mut dyn TrialLog,
    ) -> Result<Vec<usize>, Error> {
        let Some(sharing) = log.sharing() else { return Ok(missing.to_vec()) };
        let mut mine = Vec::new();
        for &number in missing {
            if mine.len() == rayon::current_num_threads() {
                break;
            }
            let params = &batch.proposals[number - batch.finished.len()];
            let claim = Claim { number, params, seed: self.seed_of(number).number() };
            let claiming = |source| self.log_error(&format!("claim trial {number}"), source);
            if sharing.claim(&self.name, &claim).map_err(claiming)? {
                mine.push(number);
            }
        }
        Ok(mine)
    }

    fn wait(&self, log: &mut dyn TrialLog) -> Result<(), Error> {
        let waiting = |source| self.log_error("wait for trials of others", source);
        log.sharing().map_or(Ok(()), |sharing| sharing.wait().map_err(waiting))
    }

    fn load(&self, log: &dyn TrialLog) -> Result<Kept, Error> {
        let loading = |source| self.log_error("load the trials", source);
        let trials = log.load(&self.name).map_err(loading)?;
        for trial in &trials {
            self.check(trial)?;
        }
        Ok(trials.into_iter().map(|trial| (trial.number, trial)).collect())
    }

    fn check_batch(&self, batch: &Batch<'_>, kept: &Kept) -> Result<(), Error> {
        let begun = batch.finished.len();
        for (number, params) in (begun..).zip(batch.proposals) {
            if kept.get(&number).is_some_and(|trial| trial.params != *params) {
                let what = format!("trial {number} of study {:?} was not proposed now", self.name);
                return Err(Error::ResumeStudy { what });
            }
        }
        Ok(())
    }

    fn log_error(&self, what: &str, source: PortError) -> Error {
        Error::UseLog { what: format!("{what} of study {:?}", self.name), source }
    }
}
