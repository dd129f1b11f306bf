//! The brake: who pulled it, who released it, when and why. Every change is kept.

use base::Ts;

use crate::record::{record, words};
use crate::{Error, Tx, Written};

words! {
    /// Where the brake stands.
    SwitchState {
        /// Trading is allowed.
        Armed = "armed",
        /// Trading is halted.
        Pulled = "pulled",
    }
}

record! {
    /// One change of the brake.
    SwitchChange in "kill_switch" by [seq] {
        /// Its number, from 1.
        seq: i64,
        /// Where the brake stands from then on.
        state: SwitchState,
        /// Who.
        who: String,
        /// Why.
        why: String,
        /// When.
        at: Ts,
    }
}

impl Tx<'_> {
    /// Pulls or releases the brake. Where it stands already, nothing changes.
    pub fn set_kill_switch(
        &self,
        state: SwitchState,
        who: &str,
        why: &str,
    ) -> Result<Written, Error> {
        let last = self.kill_switch()?;
        let stands = last.as_ref().map_or(SwitchState::Armed, |change| change.state);
        if stands == state {
            return Ok(Written::Already);
        }
        let seq = last.map_or(1, |change| change.seq + 1);
        let (who, why) = (who.to_owned(), why.to_owned());
        self.insert_once(&SwitchChange { seq, state, who, why, at: self.now() })
    }

    /// The last change of the brake; none means that it was never pulled.
    pub fn kill_switch(&self) -> Result<Option<SwitchChange>, Error> {
        Ok(self.select("order by seq desc limit 1", Vec::new())?.into_iter().next())
    }
}
