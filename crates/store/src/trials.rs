//! Experiments and every trial ever run in them, from the first one on.

use base::{Span, Ts};
use serde_json::Value as Json;

use crate::record::{Record as _, record, words};
use crate::tx::Sql;
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
        /// What it scored otherwise, where several things are scored.
        further: Vec<f64>,
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

record! {
    /// Which process tries a trial, and until when nobody else may.
    TrialClaim in "trial_claims" by [experiment, number] {
        /// The experiment.
        experiment: String,
        /// The trial's number in it.
        number: u32,
        /// Name of the process, unique.
        worker: String,
        /// When the claim runs out.
        expires: Ts,
    }
}

impl Tx<'_> {
    /// Takes a trial for a process, for the length of the lease, and writes it down as running.
    /// `false` when the trial has ended or another process has it. Of several processes that ask
    /// at once, one is told `true`.
    pub fn claim_trial(&self, trial: &Trial, worker: &str, lease: Span) -> Result<bool, Error> {
        let now = self.now();
        let claim = TrialClaim {
            experiment: trial.experiment.clone(),
            number: trial.number,
            worker: worker.to_owned(),
            expires: now + lease,
        };
        // One statement decides; the rest of the transaction only looks.
        let condition = format!("trial_claims.expires <= {}", now.micros());
        if self.put_where(&claim, &condition)? == 0 {
            return Ok(false);
        }
        match self.find::<Trial>(trial_key(trial))? {
            Some(known) if known.state != TrialState::Running => {
                self.give_back(&trial.experiment, trial.number, worker)?;
                Ok(false)
            }
            Some(_) => Ok(true),
            None => {
                self.put_where(trial, "false")?;
                Ok(true)
            }
        }
    }

    /// Makes a claim last another lease, if the process still has it.
    pub fn renew_claim(
        &self,
        (experiment, number): (&str, u32),
        worker: &str,
        lease: Span,
    ) -> Result<(), Error> {
        let text = "update trial_claims set expires = $1 \
            where experiment = $2 and number = $3 and worker = $4";
        let expires = (self.now() + lease).micros();
        let values =
            vec![expires.into(), experiment.into(), i64::from(number).into(), worker.into()];
        self.run(Sql { table: TrialClaim::TABLE, text, values })?;
        Ok(())
    }

    /// Gives a trial back, if the process still has it.
    pub fn give_back(&self, experiment: &str, number: u32, worker: &str) -> Result<(), Error> {
        let text = "delete from trial_claims where experiment = $1 and number = $2 and worker = $3";
        let values = vec![experiment.into(), i64::from(number).into(), worker.into()];
        self.run(Sql { table: TrialClaim::TABLE, text, values })?;
        Ok(())
    }

    /// Claims on trials of an experiment, in order of number.
    pub fn trial_claims(&self, experiment: &str) -> Result<Vec<TrialClaim>, Error> {
        self.select("where experiment = $1 order by number", vec![experiment.into()])
    }

    /// Writes down how a trial ended, unless another process has done so: the first record stands.
    pub fn end_trial(&self, trial: &Trial) -> Result<Written, Error> {
        match self.put_where(trial, "trials.state = 'running'")? {
            0 => Ok(Written::Already),
            _ => Ok(Written::New),
        }
    }

    /// Writes down an experiment unless it is known.
    pub fn ensure_experiment(&self, experiment: &Experiment) -> Result<(), Error> {
        self.put_where(experiment, "false")?;
        Ok(())
    }

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
        match self.find::<Trial>(trial_key(trial))? {
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

fn trial_key(trial: &Trial) -> Vec<sea_orm::Value> {
    vec![trial.experiment.as_str().into(), i64::from(trial.number).into()]
}
