//! The engine's journal in the store: what a turn wrote is kept in one transaction, as fast as the
//! database takes it.

use std::ops::Range;

use ::desk::driver::Durable;
use ::desk::journal::{Journal, Line, Record};
use base::Ts;
use store::{Appender, Entry, Tx};

use crate::Error;

/// Lines of a turn, until they are kept.
#[derive(Debug)]
pub struct StoreJournal<'s> {
    appender: Appender<'s>,
    lines: Vec<Line>,
    /// Lines that are kept and were not taken.
    kept: Vec<Line>,
    /// The lines as JSON, one behind the other, and where each lies; kept for their memory.
    text: Vec<u8>,
    places: Vec<Range<usize>>,
}

impl<'s> StoreJournal<'s> {
    /// A journal that goes on behind what is there.
    pub fn new(appender: Appender<'s>) -> StoreJournal<'s> {
        let (text, places) = (Vec::new(), Vec::new());
        StoreJournal { appender, lines: Vec::new(), kept: Vec::new(), text, places }
    }

    /// The lines that were kept since they were last taken.
    pub fn take(&mut self) -> std::vec::Drain<'_, Line> {
        self.kept.drain(..)
    }

    /// Does what can wait.
    ///
    /// # Errors
    /// Where the disk is full or broken; what was kept is there all the same.
    pub fn rest(&mut self) -> Result<(), Error> {
        Ok(self.appender.rest()?)
    }

    fn write_out(&mut self) -> Result<(), Error> {
        self.text.clear();
        self.places.clear();
        for line in &self.lines {
            let from = self.text.len();
            serde_json::to_writer(&mut self.text, &line.record).map_err(Error::WriteJournal)?;
            self.places.push(from..self.text.len());
        }
        Ok(())
    }
}

impl Journal for StoreJournal<'_> {
    fn write(&mut self, seq: u64, at: Ts, record: impl FnOnce() -> Record) {
        self.lines.push(Line { seq, at, record: record() });
    }
}

impl Durable for StoreJournal<'_> {
    type Error = Error;

    fn commit(&mut self) -> Result<(), Error> {
        self.write_out()?;
        let mut entries = Vec::with_capacity(self.lines.len());
        for (line, place) in self.lines.iter().zip(&self.places) {
            // JSON is UTF-8.
            let record = std::str::from_utf8(&self.text[place.clone()]).unwrap_or_default();
            entries.push(Entry { at: line.at, kind: kind_of(record), record });
        }
        let first = self.lines.first().map_or(self.appender.next_seq(), |line| line.seq as i64 + 1);
        if first != self.appender.next_seq() {
            return Err(Error::ContinueJournal { line: first, next: self.appender.next_seq() });
        }
        self.appender.append(&entries)?;
        self.kept.append(&mut self.lines);
        Ok(())
    }
}

/// Lines of the journal read at once.
const PAGE: u32 = 10_000;

/// The whole journal of an engine.
///
/// # Errors
/// Where the database can't be read, or a record is none that this program knows.
pub fn lines(tx: &Tx<'_>) -> Result<Vec<Line>, Error> {
    let mut all = Vec::new();
    loop {
        let from = all.len() as i64 + 1;
        let some = tx.journal_from(from, PAGE)?;
        let count = some.len();
        for record in some {
            let read: Record = serde_json::from_value(record.record).map_err(Error::ReadAccount)?;
            all.push(Line { seq: record.seq as u64 - 1, at: record.at, record: read });
        }
        if count < PAGE as usize {
            return Ok(all);
        }
    }
}

/// The name of a record's variant, which its JSON begins with.
pub(crate) fn kind_of(record: &str) -> &str {
    record.split('"').nth(1).unwrap_or("record")
}
