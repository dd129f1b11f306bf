//! Moments within the day at which nothing is on its way: then both sides must be the same.

use anyhow::Result;
use base::Ts;
use desk::driver::Driver;
use market::remote::{Heard, Said};

use super::world::{Happening, World};

/// Whether all that the broker did has been told.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    /// When something was last lost that only books can tell.
    lost: Option<Ts>,
    /// When the broker was last asked for its books, and the number of that question.
    asked: Option<(u64, Ts)>,
}

impl Quiet {
    /// A message or an order was lost.
    pub(super) fn lost(&mut self, at: Ts) {
        self.lost = Some(at);
    }

    /// The broker hears a question.
    pub(super) fn asked(&mut self, at: Ts, said: &Said) {
        if let Said::AskBooks { number, .. } = said {
            self.asked = Some((*number, at));
        }
    }

    /// Books made since then tell what was lost.
    pub(super) fn heard(&mut self, heard: &Heard) {
        let Heard::Books(books) = heard else { return };
        let made = self.asked.filter(|(number, _)| *number == books.number).map(|(_, at)| at);
        if self.lost < made {
            self.lost = None;
        }
    }
}

impl World {
    /// Compares both sides where nothing is on its way and nothing lost that was not told since.
    pub(super) fn compare_if_quiet(&mut self) -> Result<()> {
        let travels =
            |what: &Happening| matches!(what, Happening::ToBroker(_) | Happening::ToUs(..));
        let quiet = self.connected
            && self.quiet.lost.is_none()
            && self.news.is_empty()
            && self.far.said.is_empty()
            && self.driver.as_ref().is_some_and(Driver::is_settled)
            && self.pipe.0.borrow().arrived.is_empty()
            && !self.queue.values().any(travels);
        if let (true, Some(state)) = (quiet, self.state()) {
            self.oracle.agree(&self.far, state)?;
            self.shown.compared_within += 1;
        }
        Ok(())
    }
}
