//! The engine: size, risk, orders, exit plans, ledger, journal, performance; parent orders and
//! what they cost.
//!
//! **For**: turning a book's intents into orders under limits, keeping every position behind its
//! stop, and accounting for it all to the cent; the same code for backtest, paper and live.
//! **Must never know**: how a number was learnt, how a feature is computed, how a fill is
//! simulated, where anything is stored. No I/O, no clock: time comes with the events.
//! **Start reading** at [`engine`], then [`exit`], then [`journal`].
//!
//! ```text
//! Event -> Book.on -> Intent -> size -> risk -> Approved<Intent> -> orders -> Broker
//!       <- fills, moves <- Broker        -> ledger, exit plans     -> Journal (numbered records)
//! ```

pub mod courier;
pub mod driver;
pub mod engine;
pub mod execution;
pub mod exit;
pub mod intent;
pub mod journal;
pub mod ledger;
pub mod live;
pub mod orders;
pub mod performance;
pub mod reconcile;
pub mod risk;
pub mod size;
pub mod tca;
mod usual;

pub use engine::{Approval, Book, Decision, Engine, EngineConfig, Mode, OnKill, View};
pub use exit::{ExitPlan, ExitReason, Keeper};
pub use intent::{Amount, Bet, Entry, Intent};
pub use journal::{Journal, Line, MemoryJournal, NullJournal, Record, State};
pub use ledger::{Ledger, Position};
pub use risk::{Approved, Limits, Reason, Refusal};

use base::Ts;
use market::{ClientOrderId, InstrumentId};

/// What can go wrong in this room. The variant names the operation that failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// An event that was known before the one already taken.
    #[error("take event known at {known}: the engine has already seen {now}")]
    TakeEvent {
        /// When the event was known.
        known: Ts,
        /// The engine's time.
        now: Ts,
    },
    /// An instrument outside the universe the engine was built for.
    #[error("find instrument {}: the universe has {count}", instrument.0)]
    FindInstrument {
        /// The instrument asked for.
        instrument: InstrumentId,
        /// How many there are.
        count: usize,
    },
    /// A fill that can't be booked.
    #[error("book fill of order {order}: {fault}")]
    BookFill {
        /// The order.
        order: ClientOrderId,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A corporate action that can't be applied.
    #[error("apply split of ratio {ratio} to instrument {}", instrument.0)]
    ApplySplit {
        /// Whose split.
        instrument: InstrumentId,
        /// New shares for each old one.
        ratio: f64,
    },
    /// A journal with a missing or repeated number.
    #[error("fold journal: expected line {expected}, found line {found}")]
    FoldJournal {
        /// The number that should have come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// A record that speaks of something the journal never introduced.
    #[error("fold journal line {line}: unknown {what}")]
    FoldRecord {
        /// Number of the line.
        line: u64,
        /// What is unknown.
        what: String,
    },
    /// A setting that makes no sense.
    #[error("check setting {key} = {value}: {wanted}")]
    CheckSetting {
        /// The key.
        key: &'static str,
        /// The value given.
        value: f64,
        /// What it should be.
        wanted: &'static str,
    },
    /// A setting of one book that makes no sense.
    #[error("check setting limits.books.{book}.{key} = {value}: {wanted}")]
    CheckBookSetting {
        /// The book.
        book: String,
        /// The key.
        key: &'static str,
        /// The value given.
        value: f64,
        /// What it should be.
        wanted: &'static str,
    },
    /// A parent order that can't be worked, or a story about it that can't be true.
    #[error("work parent order {parent:?}: {fault}")]
    WorkParent {
        /// The parent.
        parent: String,
        /// What is wrong.
        fault: String,
    },
    /// Fills or a market that can't be analysed.
    #[error("analyse costs of {parent:?}: {fault}")]
    AnalyseCosts {
        /// The parent order.
        parent: String,
        /// What is wrong.
        fault: String,
    },
    /// A number is not a price, a quantity or an amount.
    #[error("make money")]
    MakeMoney(#[from] market::Error),
}
