//! Prices as they are made: quotes and bars of a minute from a broker's stream, put together to
//! bars of a session without a hole.
//!
//! A stream breaks and comes back, and what was missed in between is not told again. So bars are
//! told only for stretches through which the stream was heard without a break; for any other the
//! broker's history is asked first ([`Session::bars`]).

mod session;
mod strand;
mod stream;

use std::collections::BTreeSet;

use base::{Span, Ts};
use market::{Bar, Price};

pub use session::{Session, Whole};
pub use stream::Stream;
pub(crate) use stream::{Far, Unheard};

/// A bar of one minute or less, as traded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minute {
    /// Whose.
    pub symbol: String,
    /// When it began.
    pub start: Ts,
    /// How long it was.
    pub length: Span,
    /// Its prices.
    pub bar: Bar,
}

/// The best bid and ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// Whose.
    pub symbol: String,
    /// When it stood; `None` where the broker does not say.
    pub at: Option<Ts>,
    /// What is bid a share, and for how many; `None` where nobody bids.
    pub bid: Option<(Price, u64)>,
    /// What is asked a share, and for how many; `None` where nobody offers.
    pub ask: Option<(Price, u64)>,
}

/// What a stream tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A minute, or a part of one, is over. One without a trade has no bar.
    Minute(Minute),
    /// A quote.
    Quote(Quote),
    /// All up to then was told.
    Time(Ts),
    /// Trading of a symbol was halted, or goes on; in the broker's words.
    Halted {
        /// Whose.
        symbol: String,
        /// False where it goes on.
        is_halted: bool,
        /// Why.
        words: String,
    },
    /// From now on these are heard, and no others.
    Hears(BTreeSet<String>),
    /// The stream broke; it is opened again by itself.
    Lost(String),
}

/// A broker's stream of prices. Nothing here blocks.
pub trait Feed {
    /// Wants these symbols, and no others.
    fn want(&mut self, symbols: &BTreeSet<String>);

    /// Moves out what was told since the last call.
    fn hear(&mut self, into: &mut Vec<Told>);
}

impl<F: Feed + ?Sized> Feed for Box<F> {
    fn want(&mut self, symbols: &BTreeSet<String>) {
        (**self).want(symbols);
    }

    fn hear(&mut self, into: &mut Vec<Told>) {
        (**self).hear(into);
    }
}

impl<H: History + ?Sized> History for Box<H> {
    fn minutes(&self, symbols: &[String], from: Ts, to: Ts) -> Result<Vec<Minute>, String> {
        (**self).minutes(symbols, from, to)
    }
}

/// A broker's bars of the past.
pub trait History {
    /// Bars of a minute that began at `from` or later and before `to`, in any order.
    ///
    /// # Errors
    /// In words, without a secret.
    fn minutes(&self, symbols: &[String], from: Ts, to: Ts) -> Result<Vec<Minute>, String>;
}
