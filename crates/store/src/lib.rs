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
mod appender;
mod equity;
mod error;
mod fills;
mod incidents;
mod intents;
mod journal;
mod kill_switch;
mod kv;
mod ledger;
mod lock;
mod migration;
mod models;
mod open;
mod orders;
mod plans;
mod port;
mod positions;
mod record;
mod runs;
mod signals;
mod simulated_broker;
mod step;
mod trials;
mod tx;
mod vault;

pub use address::{Address, Place};
pub use appender::{Appender, Durability, Entry};
pub use equity::Equity;
pub use error::{Error, Trouble};
pub use fills::FillRecord;
pub use incidents::{Incident, Severity};
pub use intents::{Approval, Decision, Intent, IntentState};
pub use journal::JournalRecord;
pub use kill_switch::{SwitchChange, SwitchState};
pub use kv::Note;
pub use ledger::{LedgerEntry, Line};
pub use lock::Lock;
pub use models::Model;
pub use open::{OpenOptions, Store};
pub use orders::{Order, OrderChange};
pub use plans::{Plan, PlanStatus};
pub use port::{Clock, FailPoint, MachineClock};
pub use positions::Position;
pub use runs::{Run, RunState};
pub use signals::{Score, Signal};
pub use simulated_broker::SimulatedAccount;
pub use step::{StepKey, StepOutcome, StepRecord, StepState};
pub use trials::{Experiment, Trial, TrialClaim, TrialState};
pub use tx::{Tx, Written};
pub use vault::VaultOpening;
