//! The memory of the simulated broker. It has a table of its own and is read by nobody else, as a
//! real broker's books would lie outside.

use base::Ts;
use serde_json::Value as Json;

use crate::record::record;
use crate::{Error, Tx};

record! {
    /// All that the simulated broker knows of an account.
    SimulatedAccount in "broker_sim" by [account] {
        /// The account.
        account: String,
        /// When it last changed.
        updated: Ts,
        /// Orders, positions, cash as the broker sees them.
        state: Json,
    }
}

impl Tx<'_> {
    /// Writes what the simulated broker knows, in place of what it knew.
    pub fn put_simulated_account(&self, account: &str, state: Json) -> Result<(), Error> {
        let account = account.to_owned();
        self.put(&SimulatedAccount { account, updated: self.now(), state })
    }

    /// What the simulated broker knows of an account.
    pub fn simulated_account(&self, account: &str) -> Result<Option<SimulatedAccount>, Error> {
        self.find(vec![account.into()])
    }
}
