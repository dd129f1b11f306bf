//! Experiments and every trial ever run in them, from the first one on.

use base::Ts;
use serde_json::Value as Json;

use crate::record::{record, words};
use crate::{Error, Tx, Written};

words! {
    /// How a trial stands.
    TrialState {
        /// Under way, or its process died.
        Running = "running",
        /// It ended with a value.
        Complete = "complete",
        /// It was stopped early because others did better.
        Pruned = "pruned",
        /// It ended with an error.
        Failed = "failed",
    }
}

record! {
    /// A question put to the data.
    Experiment in "experiments" by [id] {
        /// Its name, unique.
        id: String,
        /// When it was set up.
        created: Ts,
        /// Version of the data it reads.
        data_version: String,
        /// The seed of all its randomness.
        seed: u64,
        /// What is searched, how, and for what.
        spec: Json,
    }
}

record! {
    /// One setting that was tried.
    Trial in "trials" by [experiment, number] {
        /// The experiment.
        experiment: String,
        /// Its number in the experiment, from 0.
        number: u32,
        /// How it stands.
        state: TrialState,
        /// The setting.
        params: Json,
        /// What it scored.
        value: Option<f64>,
        /// Scores on the way: step and value.
        intermediate: Vec<(u64, f64)>,
        /// The seed of its randomness.
        seed: u64,
        /// When it began.
        started: Ts,
        /// When it ended.
        finished: Option<Ts>,
    }
}

impl Tx<'_> {
    /// Writes down an experiment before its first trial.
    pub fn record_experiment(&self, experiment: &Experiment) -> Result<Written, Error> {
        self.insert_once(experiment)
    }

    /// The experiment of this name.
    pub fn experiment(&self, id: &str) -> Result<Option<Experiment>, Error> {
        self.find(vec![id.into()])
    }

    /// Writes a trial, new or further along. A trial that has ended does not change any more.
    pub fn record_trial(&self, trial: &Trial) -> Result<Written, Error> {
        let key = vec![trial.experiment.as_str().into(), i64::from(trial.number).into()];
        match self.find::<Trial>(key)? {
            Some(earlier) if earlier.state == TrialState::Running => {
                // The condition keeps a slower twin from undoing what a faster one has ended.
                self.put_where(trial, "trials.state = 'running'")?;
                Ok(Written::New)
            }
            Some(_) | None => self.insert_once(trial),
        }
    }

    /// All trials of an experiment, in order of number.
    pub fn trials(&self, experiment: &str) -> Result<Vec<Trial>, Error> {
        self.select("where experiment = $1 order by number", vec![experiment.into()])
    }

    /// How many trials were ever run, in all experiments whose name begins so. This is the count
    /// that deflates a Sharpe ratio, so pruned and failed ones are in it.
    pub fn trial_count(&self, experiment_prefix: &str) -> Result<u64, Error> {
        self.count::<Trial>(
            "where substr(experiment, 1, length($1)) = $1",
            vec![experiment_prefix.into()],
        )
    }
}
