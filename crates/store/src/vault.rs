//! Openings of the held-out vault: one per experiment, on record.

use base::Ts;
use serde_json::Value as Json;

use crate::record::record;
use crate::{Error, Tx, Written};

record! {
    /// The one time that an experiment was scored on held-out data.
    VaultOpening in "vault_openings" by [experiment] {
        /// The experiment.
        experiment: String,
        /// Version of the data it was scored on.
        data_version: String,
        /// Who opened it.
        who: String,
        /// When.
        at: Ts,
        /// What was found.
        result: Json,
    }
}

impl Tx<'_> {
    /// Writes down that the vault was opened. A second opening with anything different is
    /// refused: [`Error::RecordOnce`].
    pub fn record_vault_opening(&self, opening: &VaultOpening) -> Result<Written, Error> {
        self.insert_once(opening)
    }

    /// The opening of an experiment's vault, if it was opened.
    pub fn vault_opening(&self, experiment: &str) -> Result<Option<VaultOpening>, Error> {
        self.find(vec![experiment.into()])
    }

    /// All openings, by experiment.
    pub fn vault_openings(&self) -> Result<Vec<VaultOpening>, Error> {
        self.select("order by experiment", vec![])
    }

    /// All openings of the same held-out data, by experiment.
    pub fn vault_openings_of(&self, data_version: &str) -> Result<Vec<VaultOpening>, Error> {
        self.select("where data_version = $1 order by experiment", vec![data_version.into()])
    }
}
