//! Works the changes of a journal again.

use super::change::{Cause, Change};
use super::frame;
use crate::tws::Hall;
use crate::{Error, Turn, Venue};

/// What came of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replayed {
    /// Changes that the state did not hold yet.
    pub changes: u64,
    /// Bytes at the end that were written in part. Nobody was told of what they said.
    pub cut: usize,
}

impl Venue {
    /// Works the changes of a journal that this state does not hold yet. Where several journals
    /// follow each other, each is given in turn.
    pub fn replay(&mut self, journal: &[u8]) -> Result<Replayed, Error> {
        let (pages, cut) = frame::pages(journal)?;
        let mut replayed = Replayed { changes: 0, cut };
        for mut page in pages {
            let place = page.as_ptr() as usize - journal.as_ptr() as usize;
            while !page.is_empty() {
                let Some(change) = Change::read(&mut page) else {
                    let fault = "it holds a change that this program does not know";
                    return Err(Error::ReadJournal { at: place, fault });
                };
                if change.after > self.version() {
                    self.redo(&change)?;
                    replayed.changes += 1;
                }
            }
        }
        Ok(replayed)
    }

    fn redo(&mut self, change: &Change) -> Result<(), Error> {
        let found = self.version();
        if found != change.before {
            return Err(Error::ReplayJournal { wanted: change.before, found });
        }
        self.reach(change.at);
        let mut hall = Hall::default();
        let turn = self.work_again(&change.cause, &mut hall)?;
        hall.news(self, &turn);
        match self.version() == change.after {
            true => Ok(()),
            false => Err(Error::ReplayJournal { wanted: change.after, found: self.version() }),
        }
    }

    fn work_again(&mut self, cause: &Cause, hall: &mut Hall) -> Result<Turn, Error> {
        match cause {
            Cause::Ask(request) => self.ask(request),
            Cause::Advance(until) => self.advance(*until),
            Cause::Line { client, message, body } => {
                hall.seat(0, *client);
                Ok(hall.hear(self, 0, (*message, body)))
            }
        }
    }
}

#[cfg(test)]
mod tests;
