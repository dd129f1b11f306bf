//! Numbered records of all that happened and was decided. The state is a fold of them.
//!
//! A record is written before it is acted on (EXE-1): the order is in the journal before it is
//! with the broker, so a restart can never lose or double one.

mod fold;
mod parity;
mod record;

pub(crate) use fold::keeper_in;
pub use fold::{BookDay, State, Told};
pub use parity::{Difference, Scope, compare};
pub use record::{Closed, Line, Record};

use base::Ts;

/// Where records go. The record is built only where someone keeps it.
pub trait Journal {
    /// Takes the next record.
    fn write(&mut self, seq: u64, at: Ts, record: impl FnOnce() -> Record);
}

/// Keeps all lines in memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MemoryJournal {
    /// The lines, in order.
    pub lines: Vec<Line>,
}

/// Keeps nothing; a backtest that wants only its last state pays nothing for records.
#[derive(Debug, Clone, Copy, Default)]
pub struct NullJournal;

impl Journal for MemoryJournal {
    fn write(&mut self, seq: u64, at: Ts, record: impl FnOnce() -> Record) {
        self.lines.push(Line { seq, at, record: record() });
    }
}

impl Journal for NullJournal {
    fn write(&mut self, _seq: u64, _at: Ts, _record: impl FnOnce() -> Record) {}
}
