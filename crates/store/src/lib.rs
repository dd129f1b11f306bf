//! State: runs, steps, experiments, intents, orders, fills, ledger, journal.
//!
//! **For**: one relational store as the only truth about what was done, in SQLite by default and
//! in PostgreSQL by another URL, with the same behaviour. Whatever is acted on is written here
//! first; whatever is written twice is written once.
//! **Must never know**: features, models, strategies, how a step is computed. What another room
//! owns is kept as JSON. This room does I/O (a database, a lock file) and nothing else does it
//! for state.
//! **Start reading** at [`Store`], then [`Tx`], then [`step`](StepKey), then the file of the
//! table in question: each group of tables has one.

mod address;
mod error;
mod lock;
mod migration;
mod open;
mod port;
mod record;
mod step;
mod tx;

mod kv;
mod runs;

pub use address::{Address, Place};
pub use error::{Error, Trouble};
pub use kv::Note;
pub use lock::Lock;
pub use open::{OpenOptions, Store};
pub use port::{Clock, FailPoint, MachineClock};
pub use runs::{Run, RunState};
pub use step::{StepKey, StepOutcome, StepRecord, StepState};
pub use tx::{Tx, Written};
