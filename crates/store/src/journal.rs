//! The journal: numbered events and decisions, without a gap, never changed.

use base::Ts;
use serde_json::Value as Json;

use crate::record::record;
use crate::{Error, Tx, Written};

record! {
    /// Something that happened or was decided.
    JournalRecord in "journal" by [seq] {
        /// Its number, from 1.
        seq: i64,
        /// When.
        at: Ts,
        /// What kind of thing it is.
        kind: String,
        /// The thing itself.
        record: Json,
    }
}

impl Tx<'_> {
    /// The number that the next record must have.
    pub fn next_journal_seq(&self) -> Result<i64, Error> {
        Ok(self.largest::<JournalRecord>("seq")?.saturating_add(1))
    }

    /// Appends a record with its number. The same again changes nothing; a gap is refused.
    pub fn append_journal(&self, record: &JournalRecord) -> Result<Written, Error> {
        let next = self.next_journal_seq()?;
        if record.seq > next || record.seq < 1 {
            return Err(Error::AppendJournal { given: record.seq, next });
        }
        self.insert_once(record)
    }

    /// Records from a number on, in order.
    pub fn journal_from(&self, seq: i64, limit: u32) -> Result<Vec<JournalRecord>, Error> {
        let values = vec![seq.into(), i64::from(limit).into()];
        self.select("where seq >= $1 order by seq limit $2", values)
    }
}
