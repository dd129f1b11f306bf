//! Openings of the held-out part, kept in the state store.
//!
//! An opening is written down before the rows are given out (`NAME#begun`) and again with its
//! result (`NAME`), so work that broke off in between stays visible.

use base::Digest;
use learn::PortError;
use learn::split::{OpeningRecord, VaultLog};
use store::{Experiment, Store, VaultOpening};

use crate::trials::enrol;

pub(crate) struct StoreVault<'a> {
    pub(crate) store: &'a Store,
    /// Seed of the experiment's randomness, for the record.
    pub(crate) seed: u64,
}

fn begun(experiment: &str) -> String {
    format!("{experiment}#begun")
}

impl VaultLog for StoreVault<'_> {
    fn find(&self, experiment: &str) -> Result<Option<OpeningRecord>, PortError> {
        let found = self.store.read(|tx| -> Result<_, store::Error> {
            match tx.vault_opening(experiment)? {
                Some(done) => Ok(Some(done)),
                None => tx.vault_opening(&begun(experiment)),
            }
        })?;
        let record = found.map(|opening| serde_json::from_value(opening.result)).transpose()?;
        Ok(record)
    }

    fn count_others(&self, vault: &Digest, experiment: &str) -> Result<usize, PortError> {
        let all = self.store.read(|tx| tx.vault_openings_of(vault.as_str()))?;
        let others = all.iter().filter(|opening| {
            opening.experiment.ends_with("#begun") && opening.experiment != begun(experiment)
        });
        Ok(others.count())
    }

    fn keep(&mut self, record: &OpeningRecord) -> Result<(), PortError> {
        let name = match record.result {
            Some(_) => record.opening.experiment.clone(),
            None => begun(&record.opening.experiment),
        };
        let opening = VaultOpening {
            experiment: name,
            data_version: record.vault.to_string(),
            who: record.opening.by.clone(),
            at: record.opening.at,
            result: serde_json::to_value(record)?,
        };
        self.store.transaction("vault", |tx| -> Result<(), store::Error> {
            enrol(
                tx,
                Experiment {
                    id: opening.experiment.clone(),
                    created: opening.at,
                    data_version: opening.data_version.clone(),
                    seed: self.seed,
                    spec: serde_json::json!({ "subject": record.opening.subject }),
                },
            )?;
            tx.record_vault_opening(&opening)?;
            Ok(())
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Ts;
    use learn::split::Opening;

    fn record(experiment: &str, result: Option<serde_json::Value>) -> OpeningRecord {
        let digest = Digest::of(b"rows");
        let opening = Opening {
            experiment: experiment.to_owned(),
            by: "test".to_owned(),
            at: Ts::from_seconds(5),
            subject: Digest::of(b"model"),
        };
        OpeningRecord { vault: digest, opening, result }
    }

    #[test]
    fn an_opening_that_broke_off_is_found_without_a_result() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_file(&folder.path().join("state.db")).unwrap();
        let mut vault = StoreVault { store: &store, seed: 7 };
        assert_eq!(vault.find("a").unwrap(), None);
        vault.keep(&record("a", None)).unwrap();
        assert_eq!(vault.find("a").unwrap(), Some(record("a", None)));
        let done = record("a", Some(serde_json::json!({"auc": 0.5})));
        vault.keep(&done).unwrap();
        assert_eq!(vault.find("a").unwrap(), Some(done));
        let digest = Digest::of(b"rows");
        assert_eq!(vault.count_others(&digest, "a").unwrap(), 0);
        assert_eq!(vault.count_others(&digest, "b").unwrap(), 1);
    }
}
