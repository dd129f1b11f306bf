//! What a study is, and what it proposes.

use base::Seed;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::genetic::GeneticPlan;
use super::gp::GpPlan;
use super::lattice::Lattice;
use super::pruning::Pruning;
use super::space::{Params, Space};
use super::tpe::TpePlan;
use super::trial::Trial;
use crate::Error;

/// How the next settings are found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Learns from finished trials by the densities of good and bad ones. Cheap, and at home in
    /// any space.
    Tpe(TpePlan),
    /// Learns from finished trials by a Gaussian process. Finds better settings in fewer trials
    /// where losses are smooth; each proposal costs milliseconds.
    Gp(GpPlan),
    /// Breeds generations; for several losses, or many cheap trials.
    Genetic(GeneticPlan),
    /// Draws evenly.
    Random,
    /// Walks a lattice of this many values a setting; domains with fewer values use those.
    Grid {
        /// Values of each continuous setting.
        steps: usize,
    },
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

impl Study {
    /// Settings of the next batch; a pure function of the trials of earlier batches.
    pub(super) fn propose(&self, finished: &[Trial], count: usize) -> Vec<Params> {
        let mut proposals = Vec::with_capacity(count);
        let lattice = match self.method {
            Method::Grid { steps } => Some(Lattice::new(&self.space, steps)),
            _ => None,
        };
        let whole = self.seed.child("propose");
        for number in finished.len()..finished.len() + count {
            let seeds = (whole, whole.index(number as u64));
            let seen = (finished, proposals.as_slice());
            let params = match (self.method, &lattice) {
                (Method::Tpe(plan), _) => plan.propose(&self.space, seen, seeds.1),
                (Method::Gp(plan), _) => plan.propose(&self.space, seen, seeds),
                (Method::Genetic(plan), _) => plan.propose(&self.space, (finished, number), seeds),
                (Method::Grid { .. }, Some(lattice)) => self.space.decode(&lattice.point(number)),
                (Method::Random | Method::Grid { .. }, _) => {
                    let mut rng = seeds.1.rng();
                    let width = self.space.layout().width();
                    let point: Vec<f64> = (0..width).map(|_| rng.random()).collect();
                    self.space.decode(&point)
                }
            };
            proposals.push(params);
        }
        proposals
    }

    /// Number of trials: the lattice may have fewer points than were asked for.
    pub(super) fn size(&self) -> usize {
        match self.method {
            Method::Grid { steps } => self.trials.min(Lattice::new(&self.space, steps).size()),
            _ => self.trials,
        }
    }

    /// Trials proposed together; a generation is.
    pub(super) fn batch(&self) -> usize {
        match self.method {
            Method::Genetic(plan) => plan.population.max(2),
            _ => self.batch.max(1),
        }
    }

    pub(super) fn seed_of(&self, number: usize) -> Seed {
        self.seed.child("trial").index(number as u64)
    }

    /// Refuses rules that make no sense.
    pub(super) fn check_plan(&self) -> Result<(), Error> {
        match self.pruning.and_then(Pruning::fault) {
            Some(what) => Err(self.refusal(what.to_owned())),
            None => Ok(()),
        }
    }

    /// Refuses trials of another study.
    pub(super) fn check(&self, trial: &Trial) -> Result<(), Error> {
        let known = trial.seed == self.seed_of(trial.number).number();
        if known && self.space.holds(&trial.params) {
            return Ok(());
        }
        let what = format!(
            "trial {} of study {:?} is not one of these settings and this seed",
            trial.number, self.name
        );
        Err(Error::ResumeStudy { what })
    }

    /// Refuses a trial with more or fewer losses than the first, or several for a method that
    /// takes one.
    pub(super) fn check_losses(&self, trials: &[Trial]) -> Result<(), Error> {
        let mut complete = trials.iter().filter(|trial| trial.value.is_some());
        let Some(first) = complete.next() else { return Ok(()) };
        if matches!(self.method, Method::Gp(_)) && !first.further.is_empty() {
            let what = "a Gaussian process takes one loss; several need the genetic search or TPE";
            return Err(self.refusal(what.to_owned()));
        }
        match complete.find(|trial| trial.further.len() != first.further.len()) {
            None => Ok(()),
            Some(odd) => Err(self.refusal(format!(
                "trial {} has {} losses, trial {} has {}",
                odd.number,
                odd.further.len() + 1,
                first.number,
                first.further.len() + 1
            ))),
        }
    }

    fn refusal(&self, what: String) -> Error {
        Error::RunStudy { study: self.name.clone(), what }
    }
}

/// The complete trial of least (first) loss; the earliest among equals.
pub fn best(trials: &[Trial]) -> Option<&Trial> {
    let complete = trials.iter().filter_map(|trial| trial.value.map(|value| (value, trial)));
    complete.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.number.cmp(&b.1.number))).map(|(_, t)| t)
}
