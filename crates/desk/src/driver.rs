//! The driver of a live engine: one turn after another, each on record before it has effects
//! (EXE-1, EXE-3).
//!
//! A turn hears the broker, steps the engine through what happened, commits the journal, and only
//! then lets the courier send. Killed between any two of these, [`Driver::start`] on what the
//! journal kept goes on as if nothing had been.

mod bare;

use std::collections::BTreeMap;

use market::remote::Wire;
use market::{
    Broker, ClientOrderId, Command, Corporate, Currency, Event, InstrumentId, Universe, What,
};

pub use self::bare::BARE;
use self::bare::Bare;
use crate::courier::{Clocks, Courier, Patience};
use crate::engine::{Book, Engine, EngineConfig};
use crate::journal::{Journal, Line, State};
use crate::reconcile::{Difference, differences};

/// A journal that keeps what it was given once it says so.
pub trait Durable: Journal {
    /// Why it could not.
    type Error: std::error::Error;

    /// Keeps all that was written since the last commit, or nothing of it.
    ///
    /// # Errors
    /// Where nothing was kept. The driver must then be dropped, and started on what is there.
    fn commit(&mut self) -> Result<(), Self::Error>;
}

/// What ends a driver.
#[derive(Debug, thiserror::Error)]
pub enum Ended<E: std::error::Error> {
    /// The engine met what it can't go on with.
    #[error("step engine")]
    StepEngine(#[from] crate::Error),
    /// The journal kept nothing of the turn, and nothing of it was sent.
    #[error("commit journal")]
    CommitJournal(#[source] E),
}

/// Books in a row that must show a difference before anything is frozen by it: facts may be on
/// their way.
const BOOKS_THAT_AGREE: u32 = 3;

/// An engine, its courier, and what they have differed in.
#[derive(Debug)]
pub struct Driver<K, W> {
    engine: Engine<K>,
    courier: Courier<W>,
    currency: Currency,
    /// The number of the books last compared.
    compared: u64,
    /// How many books in a row have shown each difference.
    seen: BTreeMap<Difference, u32>,
    /// What is held without a stop.
    bare: Bare,
}

impl<K: Book, W: Wire> Driver<K, W> {
    /// Starts on the lines that a journal kept; a fresh account has none.
    ///
    /// # Errors
    /// [`crate::Error`] for settings that make no sense and for a journal with gaps.
    pub fn start(
        (config, universe): (EngineConfig, &Universe),
        book: K,
        (wire, patience): (W, Patience),
        clocks: Clocks,
        lines: &[Line],
    ) -> Result<Driver<K, W>, crate::Error> {
        let currency = config.currency;
        let engine = match lines {
            [] => Engine::new(config, universe, book)?,
            lines => Engine::restore(config, universe, book, lines)?,
        };
        let lived = lines.first().zip(lines.last()).map(|(first, last)| (first.at, last.at));
        let courier = Courier::restore((wire, patience), clocks, engine.state(), lived);
        let (seen, bare) = (BTreeMap::new(), Bare::default());
        Ok(Driver { engine, courier, currency, compared: 0, seen, bare })
    }

    /// Everything of a turn but its effects: what is decided is written, and nothing is sent.
    ///
    /// # Errors
    /// [`crate::Error`] where the engine can't go on.
    pub fn decide<J: Journal>(
        &mut self,
        clocks: Clocks,
        events: &[Event],
        journal: &mut J,
    ) -> Result<(), crate::Error> {
        self.courier.turn(clocks);
        for incident in self.courier.incidents() {
            self.engine.report(incident, journal);
        }
        for event in events {
            self.step(event.clone(), journal)?;
        }
        let timer = |name: &str| What::Timer { name: name.to_owned() };
        let tick = |what| Event { at: clocks.wall, known: clocks.wall, what };
        if events.is_empty() {
            self.step(tick(timer("turn")), journal)?;
        }
        for command in self.reconcile() {
            self.step(tick(What::Command(command)), journal)?;
        }
        for incident in self.bare.look(self.engine.state(), clocks.steady) {
            self.engine.report(incident, journal);
        }
        Ok(())
    }

    /// Time never runs back for the engine, whatever the clock does.
    fn step<J: Journal>(&mut self, event: Event, journal: &mut J) -> Result<(), crate::Error> {
        let known = event.known.max(self.engine.view().now());
        let split = match &event.what {
            What::Corporate { instrument, action: Corporate::Split { .. } } => Some(*instrument),
            _ => None,
        };
        self.engine.step(&Event { known, ..event }, &mut self.courier, journal)?;
        if let Some(instrument) = split {
            // The broker has taken them back, or still has them at the old price.
            self.engine.take_back(instrument, &mut self.courier, journal);
        }
        Ok(())
    }

    /// A whole turn.
    ///
    /// # Errors
    /// [`Ended`], after which the driver must be dropped and started anew.
    pub fn turn<J: Durable>(
        &mut self,
        clocks: Clocks,
        events: &[Event],
        journal: &mut J,
    ) -> Result<(), Ended<J::Error>> {
        self.decide(clocks, events, journal)?;
        journal.commit().map_err(Ended::CommitJournal)?;
        self.courier.flush();
        Ok(())
    }

    /// Sends what was decided, once the journal has kept it. [`Driver::turn`] does so by itself.
    pub fn flush(&mut self) {
        self.courier.flush();
    }

    /// Compares the account with new books; what differs for long is frozen. An order of ours that
    /// the engine is done with is taken back at once.
    fn reconcile(&mut self) -> Vec<Command> {
        let Some((_, books)) = self.courier.books() else { return Vec::new() };
        if books.number == self.compared || !self.courier.is_settled() {
            return Vec::new();
        }
        self.compared = books.number;
        let found = differences(self.engine.state(), self.currency, books);
        self.seen.retain(|difference, _| found.contains(difference));
        let mut commands = Vec::new();
        for difference in found {
            let times = self.seen.entry(difference.clone()).or_default();
            *times += 1;
            if let Difference::Stranger { order, .. } = &difference {
                // One that the courier carried is larger there than the engine took it to be: the
                // engine is done with it.
                self.courier.cancel(self.engine.view().now(), order);
            }
            if *times == BOOKS_THAT_AGREE {
                let (instrument, incident) = (difference.instrument(), difference.to_string());
                commands.push(Command::Freeze { instrument, incident });
            }
        }
        if !self.seen.is_empty() {
            self.courier.want_books();
        }
        commands
    }

    /// Differences that the last books have shown, and in how many books in a row.
    pub fn differences(&self) -> &BTreeMap<Difference, u32> {
        &self.seen
    }

    /// Those that were not seen often enough to freeze anything.
    pub fn fresh_differences(&self) -> impl Iterator<Item = &Difference> {
        let fresh = self.seen.iter().filter(|(_, times)| **times < BOOKS_THAT_AGREE);
        fresh.map(|(difference, _)| difference)
    }

    /// True where the two sides differ and have differed for so long that it is frozen: more of
    /// the same will not help.
    pub fn is_stuck(&self) -> bool {
        !self.seen.is_empty() && self.seen.values().all(|times| *times >= BOOKS_THAT_AGREE)
    }

    /// All that the engine remembers.
    pub fn state(&self) -> &State {
        self.engine.state()
    }

    /// The engine.
    pub fn engine(&self) -> &Engine<K> {
        &self.engine
    }

    /// The courier.
    pub fn courier(&mut self) -> &mut Courier<W> {
        &mut self.courier
    }

    /// True when nothing is on its way and nothing is missing.
    pub fn is_settled(&self) -> bool {
        self.courier.is_settled()
    }

    /// Whether the engine takes an order to be out.
    pub fn is_out(&self, order: &ClientOrderId) -> bool {
        self.engine.state().orders.get(order).is_some()
    }

    /// Whether nothing may be opened in an instrument.
    pub fn is_frozen(&self, instrument: InstrumentId) -> bool {
        self.engine.state().is_frozen(instrument)
    }
}

#[cfg(test)]
mod tests;
