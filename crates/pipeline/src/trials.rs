//! Trials of a search, kept in the state store from the first one; by one process or by several
//! that share a study.

use std::collections::BTreeMap;

use base::{Span, Ts};
use learn::PortError;
use learn::search::{Claim, Sharing, State, Trial, TrialLog};
use serde_json::Value as Json;
use store::{Experiment, Store, TrialState, Tx};

/// What is written down of a search before its first trial.
#[derive(Debug, Clone, PartialEq)]
pub struct Enrolment {
    /// When it is run, told by the caller.
    pub at: Ts,
    /// Version of the data it reads.
    pub data_version: String,
    /// The seed of all its randomness.
    pub seed: u64,
    /// What is searched, how, and for what.
    pub spec: Json,
}

/// How a process shares studies with others.
#[derive(Clone, Copy)]
pub struct Shared<'a> {
    /// Name of this process, unlike that of any other, before it or beside it.
    pub worker: &'a str,
    /// How long a trial is this process's after each report. A trial of a process that died is
    /// tried again when this has passed; one that reports less often may be tried twice.
    pub lease: Span,
    /// Lets some time pass, before others' trials are looked for again.
    pub pause: &'a (dyn Fn() + Send + Sync),
}

/// The trials of studies in the store.
pub struct StoreTrials<'a> {
    store: &'a Store,
    enrolment: Enrolment,
    shared: Option<Shared<'a>>,
    claims: BTreeMap<usize, Held>,
}

/// When a trial was claimed, and when the claim was last renewed.
#[derive(Debug, Clone, Copy)]
struct Held {
    since: Ts,
    renewed: Ts,
}

impl<'a> StoreTrials<'a> {
    /// For a process that is alone with its studies.
    pub fn alone(store: &'a Store, enrolment: Enrolment) -> StoreTrials<'a> {
        StoreTrials { store, enrolment, shared: None, claims: BTreeMap::new() }
    }

    /// For one of several processes on the same studies. All must be given the same enrolment
    /// but for the time; the first one's is kept.
    pub fn shared(store: &'a Store, enrolment: Enrolment, shared: Shared<'a>) -> StoreTrials<'a> {
        StoreTrials { store, enrolment, shared: Some(shared), claims: BTreeMap::new() }
    }

    fn enrol(&self, tx: &Tx<'_>, study: &str) -> Result<(), store::Error> {
        let Enrolment { at, data_version, seed, spec } = self.enrolment.clone();
        tx.ensure_experiment(&Experiment {
            id: study.to_owned(),
            created: at,
            data_version,
            seed,
            spec,
        })
    }

    fn record(&self, study: &str, trial: &Trial) -> Result<store::Trial, PortError> {
        Ok(store::Trial {
            experiment: study.to_owned(),
            number: u32::try_from(trial.number)?,
            state: match trial.state {
                State::Complete => TrialState::Complete,
                State::Pruned => TrialState::Pruned,
                State::Failed => TrialState::Failed,
            },
            params: serde_json::to_value(&trial.params)?,
            value: trial.value,
            further: trial.further.clone(),
            intermediate: trial.intermediate.iter().map(|(s, v)| (u64::from(*s), *v)).collect(),
            seed: trial.seed,
            started: self.claims.get(&trial.number).map_or(self.enrolment.at, |held| held.since),
            finished: Some(match self.shared {
                Some(_) => self.store.now(),
                None => self.enrolment.at,
            }),
        })
    }
}

impl TrialLog for StoreTrials<'_> {
    fn load(&self, study: &str) -> Result<Vec<Trial>, PortError> {
        let kept = self.store.read(|tx| tx.trials(study))?;
        kept.into_iter().filter(|trial| trial.state != TrialState::Running).map(read).collect()
    }

    fn append(&mut self, study: &str, trial: &Trial) -> Result<(), PortError> {
        let record = self.record(study, trial)?;
        let worker = self.shared.map(|shared| shared.worker);
        self.store.transaction("trial", |tx| -> Result<(), store::Error> {
            self.enrol(tx, study)?;
            match worker {
                // Of two processes that end the same trial the first is believed.
                Some(worker) => {
                    tx.end_trial(&record)?;
                    tx.give_back(study, record.number, worker)
                }
                None => tx.record_trial(&record).map(drop),
            }
        })?;
        self.claims.remove(&trial.number);
        Ok(())
    }

    fn sharing(&mut self) -> Option<&mut dyn Sharing> {
        self.shared.is_some().then_some(self as &mut dyn Sharing)
    }
}

impl<'a> StoreTrials<'a> {
    fn shared_as(&self) -> Result<Shared<'a>, PortError> {
        self.shared.ok_or_else(|| "this log is not shared".into())
    }
}

impl Sharing for StoreTrials<'_> {
    fn claim(&mut self, study: &str, claim: &Claim<'_>) -> Result<bool, PortError> {
        let Shared { worker, lease, .. } = self.shared_as()?;
        let number = u32::try_from(claim.number)?;
        let params = serde_json::to_value(claim.params)?;
        let (taken, now) =
            self.store.transaction("claim", |tx| -> Result<(bool, Ts), store::Error> {
                self.enrol(tx, study)?;
                let now = tx.now();
                let trial = store::Trial {
                    experiment: study.to_owned(),
                    number,
                    state: TrialState::Running,
                    params,
                    value: None,
                    further: Vec::new(),
                    intermediate: Vec::new(),
                    seed: claim.seed,
                    started: now,
                    finished: None,
                };
                Ok((tx.claim_trial(&trial, worker, lease)?, now))
            })?;
        if taken {
            self.claims.insert(claim.number, Held { since: now, renewed: now });
        }
        Ok(taken)
    }

    /// Writes only when a third of the lease has passed: an objective may report often.
    fn renew(&mut self, study: &str, number: usize) -> Result<(), PortError> {
        let Shared { worker, lease, .. } = self.shared_as()?;
        let now = self.store.now();
        let third = Span::from_nanos(lease.nanos() / 3);
        let Some(held) = self.claims.get_mut(&number) else { return Ok(()) };
        if now < held.renewed + third {
            return Ok(());
        }
        held.renewed = now;
        let key = (study, u32::try_from(number)?);
        self.store.transaction("renew", |tx| tx.renew_claim(key, worker, lease))?;
        Ok(())
    }

    fn release(&mut self, study: &str, number: usize) -> Result<(), PortError> {
        let Shared { worker, .. } = self.shared_as()?;
        let key = u32::try_from(number)?;
        self.store.transaction("release", |tx| tx.give_back(study, key, worker))?;
        self.claims.remove(&number);
        Ok(())
    }

    fn wait(&mut self) -> Result<(), PortError> {
        (self.shared_as()?.pause)();
        Ok(())
    }
}

/// Writes an experiment down unless it is known.
pub(crate) fn enrol(tx: &Tx<'_>, experiment: Experiment) -> Result<(), store::Error> {
    tx.ensure_experiment(&experiment)
}

fn read(record: store::Trial) -> Result<Trial, PortError> {
    let state = match record.state {
        TrialState::Complete => State::Complete,
        TrialState::Pruned => State::Pruned,
        TrialState::Running | TrialState::Failed => State::Failed,
    };
    let steps = record.intermediate.into_iter();
    let intermediate = steps
        .map(|(step, value)| Ok((u32::try_from(step)?, value)))
        .collect::<Result<_, PortError>>()?;
    Ok(Trial {
        number: record.number as usize,
        params: serde_json::from_value(record.params)?,
        state,
        value: record.value,
        further: record.further,
        intermediate,
        seed: record.seed,
    })
}
