//! A broker outside: its wire, its clock, what it says of a session that is over. The port through
//! which the day reaches it.

use std::collections::{BTreeMap, BTreeSet};

use ::desk::courier::{Clocks, Patience};
use base::{Day, Ts};
use market::remote::Wire;
use market::{Bar, Candle, ChainPart, SeriesQuote, Session, Universe};

/// Something wrong on the way to the broker, of which a person is to know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alarm {
    /// What it is about: one word, of which one alarm is raised at a time.
    pub kind: String,
    /// What is the matter and what to do.
    pub words: String,
    /// When it was raised.
    pub since: Ts,
}

/// A broker that is reached over a wire.
pub trait Outside: Send {
    /// The account, in words that name it for good: a home belongs to one.
    fn account(&self) -> &str;

    /// Opens the wire for these instruments.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    fn wire(&mut self, universe: &Universe) -> Result<Box<dyn Wire>, String>;

    /// How long the courier over that wire waits for what.
    fn patience(&self) -> Patience;

    /// The broker's time of day, and a clock that never jumps.
    ///
    /// # Errors
    /// Where the broker can't be asked; it is asked again at the next turn.
    fn clocks(&mut self) -> Result<Clocks, String>;

    /// Bars of so many minutes of the running session, by symbol and start: those that ended since
    /// the last call, oldest first. The first call for a symbol tells all since the open, and so
    /// does the first one after a restart.
    ///
    /// # Errors
    /// Where the broker can't be asked; it is asked again at the next turn.
    fn bars(
        &mut self,
        session: &Session,
        minutes: u16,
        symbols: &BTreeSet<String>,
    ) -> Result<Vec<(String, Ts, Bar)>, String>;

    /// Daily bars of a session that is over, by symbol; those that did not trade are left out. Of a
    /// spread the bar is what its options were quoted at last.
    ///
    /// # Errors
    /// Where the broker can't be asked; it is asked again at the next turn.
    fn daily(&mut self, day: Day, symbols: &[String]) -> Result<BTreeMap<String, Candle>, String>;

    /// Options on a share, with their quotes.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    fn chain(&mut self, share: &str, part: &ChainPart) -> Result<Vec<SeriesQuote>, String>;

    /// The alarms that are raised now.
    fn alarms(&mut self) -> Vec<Alarm> {
        Vec::new()
    }

    /// Waits until something may have come.
    fn wait(&mut self);
}
