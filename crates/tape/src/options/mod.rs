//! Recorded option quotes, trades, open interest and chains, read into the words of
//! [`market::option`].
//!
//! Files name their underlyings and give local New York times; [`Roots`] says which contract a
//! name means, [`market::LocalClock`] turns times into UTC. A bar is known at its END, and of a
//! bar of quotes only the last bid and ask are kept. Prices were quoted in steps of 1/10,000 or more: floats
//! are rounded to that. A missing bid or ask is no quote on that side. What can't be a fact of a
//! market is counted in [`Counts`], never repaired.
//!
//! Files are Parquet, or CSV with the same names of columns.
//! Start reading at [`contents`], [`quotes`], then [`chain_json`].

mod chain;
mod columns;
mod contents;
mod files;
mod snapshot;
#[cfg(test)]
mod tests;
mod text;

pub use chain::{ChainRow, universe};
pub use contents::{Contents, Kind, contents};
pub use files::{open_interest, quotes, session_close, trades};
pub use snapshot::{Snapshot, chain_csv, chain_json};

use std::collections::BTreeMap;

use base::{Day, Span};
use market::{ExerciseStyle, InstrumentId, OptionContract, OptionRight, Price, Qty, Settlement};
use serde::Serialize;

/// What a name in a file stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Root {
    /// The underlying.
    pub underlying: InstrumentId,
    /// When its options may be exercised.
    pub style: ExerciseStyle,
    /// What changes hands.
    pub settlement: Settlement,
    /// Units of the underlying by which premium and strike are multiplied.
    pub multiplier: u32,
}

impl Root {
    /// American options on 100 shares.
    pub fn shares(underlying: InstrumentId) -> Root {
        let (style, settlement) = (ExerciseStyle::American, Settlement::Physical);
        Root { underlying, style, settlement, multiplier: 100 }
    }

    /// European options on 100 times an index.
    pub fn index(underlying: InstrumentId, settlement: Settlement) -> Root {
        Root { underlying, style: ExerciseStyle::European, settlement, multiplier: 100 }
    }

    /// The contract of that right, strike and expiry.
    pub fn contract(&self, right: OptionRight, strike: Price, expiry: Day) -> OptionContract {
        OptionContract {
            underlying: self.underlying,
            expiry,
            strike,
            right,
            style: self.style,
            settlement: self.settlement,
            multiplier: self.multiplier,
            shares: Qty::whole(i64::from(self.multiplier)),
        }
    }
}

/// What each name in a file stands for; rows of other names are counted and passed over.
pub type Roots = BTreeMap<String, Root>;

/// How long a bar of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// A minute.
    Minute,
    /// An hour of the clock; the first of a session is cut short by its opening.
    Hour,
    /// A session, stamped with midnight of its day; known at its close.
    Session,
}

impl Frame {
    /// Length where it is one of the clock.
    fn length(self) -> Option<Span> {
        match self {
            Frame::Minute => Some(Span::from_minutes(1)),
            Frame::Hour => Some(Span::from_hours(1)),
            Frame::Session => None,
        }
    }
}

/// What was read and what was passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Rows of the file.
    pub rows: u64,
    /// Rows handed on.
    pub read: u64,
    /// Rows of names that the roots lack.
    pub other_names: u64,
    /// Rows without a contract, or with one that can't be: no expiry, a strike of 0, no right.
    pub no_contract: u64,
    /// Rows with a price that is negative or no number, or a size below 0.
    pub bad_numbers: u64,
    /// Rows with a time that no session has, or before 2007.
    pub bad_times: u64,
}
