//! Our end of the wire, and the disk under the journal.

use std::cell::RefCell;
use std::rc::Rc;

use base::Ts;
use desk::driver::Durable;
use desk::{Journal, Line, Record};
use market::remote::{Heard, Said, Wire};

/// What lies at our end: said and not yet carried off, arrived and not yet heard.
#[derive(Debug, Default)]
pub(super) struct Lying {
    pub(super) said: Vec<Said>,
    pub(super) arrived: Vec<Heard>,
}

/// Our end of the wire.
#[derive(Debug, Clone, Default)]
pub(super) struct Pipe(pub(super) Rc<RefCell<Lying>>);

impl Wire for Pipe {
    fn say(&mut self, said: &Said) {
        self.0.borrow_mut().said.push(said.clone());
    }

    fn hear(&mut self, into: &mut Vec<Heard>) {
        into.append(&mut self.0.borrow_mut().arrived);
    }
}

/// The disk is full.
#[derive(Debug, thiserror::Error)]
#[error("the disk is full")]
pub(super) struct DiskFull;

/// A journal on a disk that keeps what was committed.
#[derive(Debug, Default)]
pub(super) struct Disk {
    pub(super) kept: Vec<Line>,
    pending: Vec<Line>,
    pub(super) full: bool,
}

impl Disk {
    /// The process is gone, and with it what was not committed.
    pub(super) fn lose(&mut self) {
        self.pending.clear();
    }

    /// What this turn has written.
    pub(super) fn pending(&self) -> &[Line] {
        &self.pending
    }
}

impl Journal for Disk {
    fn write(&mut self, seq: u64, at: Ts, record: impl FnOnce() -> Record) {
        self.pending.push(Line { seq, at, record: record() });
    }
}

impl Durable for Disk {
    type Error = DiskFull;

    fn commit(&mut self) -> Result<(), DiskFull> {
        if self.full {
            return Err(DiskFull);
        }
        self.kept.append(&mut self.pending);
        Ok(())
    }
}
