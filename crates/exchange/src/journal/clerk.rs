//! An account whose changes are written down as they happen.

use base::Ts;

use super::change::{Cause, Change};
use super::frame::Page;
use crate::tws::{Hall, LineId};
use crate::{Error, Request, Turn, Venue};

/// What a bar that was worked weighs beside the bytes that said so: working it again takes time.
const BAR_WEIGHT: u64 = 64;

/// The account with its other door, and what changed in it since that was kept.
pub(crate) struct Clerk {
    pub(crate) venue: Venue,
    pub(crate) hall: Hall,
    /// What is not kept yet.
    pub(crate) page: Page,
    /// What working the changes again would take beside reading them, in bytes.
    pub(crate) weight: u64,
}

impl Clerk {
    pub(crate) fn new(venue: Venue) -> Clerk {
        Clerk { venue, hall: Hall::default(), page: Page::default(), weight: 0 }
    }

    /// Answers a request.
    pub(crate) fn ask(&mut self, request: Request) -> Result<Turn, Error> {
        let stand = self.stand();
        let turn = self.venue.ask(&request)?;
        Ok(self.note(stand, turn, || Cause::Ask(request)))
    }

    /// Takes in a message on a line.
    pub(crate) fn hear(&mut self, id: LineId, (message, body): (u32, Vec<u8>)) -> Turn {
        let stand = self.stand();
        let turn = self.hall.hear(&mut self.venue, id, (message, &body));
        let client = self.hall.client(id).unwrap_or_default();
        self.note(stand, turn, || Cause::Line { client, message, body })
    }

    /// Lets the clock run. Where nothing happened but that it ran, the next change says so.
    pub(crate) fn advance(&mut self, until: Ts) -> Result<Turn, Error> {
        let stand = self.stand();
        let turn = self.venue.advance(until)?;
        Ok(self.note(stand, turn, || Cause::Advance(until)))
    }

    /// The time in the market, and how many changes there were.
    fn stand(&self) -> (Ts, u64) {
        (self.venue.now(), self.venue.version())
    }

    /// Tells the hall what came of a turn, and writes down what brought a change about.
    fn note(&mut self, (at, before): (Ts, u64), turn: Turn, cause: impl FnOnce() -> Cause) -> Turn {
        self.hall.news(&mut self.venue, &turn);
        let after = self.venue.version();
        if after != before {
            Change { at, before, after, cause: cause() }.write(&mut self.page);
            self.weight += BAR_WEIGHT * turn.prints.len() as u64;
        }
        turn
    }
}
