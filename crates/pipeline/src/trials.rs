//! Trials of a search, kept in the state store from the first one.

use learn::PortError;
use learn::search::{State, Trial, TrialLog};
use store::{Experiment, Store, TrialState, Tx};

use crate::study::StudyRequest;

pub(crate) struct StoreTrials<'a> {
    pub(crate) store: &'a Store,
    pub(crate) request: &'a StudyRequest,
}

impl TrialLog for StoreTrials<'_> {
    fn load(&self, study: &str) -> Result<Vec<Trial>, PortError> {
        let kept = self.store.read(|tx| tx.trials(study))?;
        kept.into_iter().map(read).collect()
    }

    fn append(&mut self, study: &str, trial: &Trial) -> Result<(), PortError> {
        let record = store::Trial {
            experiment: study.to_owned(),
            number: u32::try_from(trial.number)?,
            state: match trial.state {
                State::Complete => TrialState::Complete,
                State::Pruned => TrialState::Pruned,
                State::Failed => TrialState::Failed,
            },
            params: serde_json::to_value(&trial.params)?,
            value: trial.value,
            intermediate: trial.intermediate.iter().map(|(s, v)| (u64::from(*s), *v)).collect(),
            seed: trial.seed,
            started: self.request.at,
            finished: Some(self.request.at),
        };
        self.store.transaction("trial", |tx| -> Result<(), store::Error> {
            enrol(
                tx,
                Experiment {
                    id: study.to_owned(),
                    created: self.request.at,
                    data_version: self.request.data_version.clone(),
                    seed: self.request.seed,
                    spec: serde_json::json!({ "study": self.request.name }),
                },
            )?;
            tx.record_trial(&record)?;
            Ok(())
        })?;
        Ok(())
    }
}

/// Writes an experiment down unless it is known.
pub(crate) fn enrol(tx: &Tx<'_>, experiment: Experiment) -> Result<(), store::Error> {
    if tx.experiment(&experiment.id)?.is_none() {
        tx.record_experiment(&experiment)?;
    }
    Ok(())
}

fn read(record: store::Trial) -> Result<Trial, PortError> {
    let state = match record.state {
        TrialState::Complete => State::Complete,
        TrialState::Pruned => State::Pruned,
        _ => State::Failed,
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
        intermediate,
        seed: record.seed,
    })
}
