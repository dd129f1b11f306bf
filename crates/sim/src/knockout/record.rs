//! What happened to certificates and orders, and why it could.

use base::{Span, Ts};
use market::{Cash, ClientOrderId, InstrumentId, Price};
use serde::{Deserialize, Serialize};

use super::print::Print;

/// The rule by which something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A market order at the issuer's quote at the first price after it arrived.
    QuoteAtOpen,
    /// A limit that the quote at the first price was already within: filled at the quote.
    LimitAtOpen,
    /// A limit that the quote reached inside a candle: filled at the limit.
    LimitTouched,
    /// A stop that the quote at the first price was already beyond: filled at the quote.
    StopGap,
    /// A stop that the quote reached inside a candle: filled at the stop.
    StopTouched,
    /// The first price lies at the barrier or beyond: the index leapt.
    BarrierGap,
    /// A candle's low or high reached the barrier.
    BarrierTouched,
    /// A night passed.
    Overnight,
}

/// What an event rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The tick or candle.
    pub print: Print,
    /// How old the print's first price was when the print became known: by so much the event may
    /// lie further back than `known` says.
    pub age: Span,
    /// The rule.
    pub rule: Rule,
}

impl Proof {
    pub(super) fn of(print: &Print, rule: Rule) -> Proof {
        Proof { print: *print, age: print.known() - print.begins(), rule }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Happened {
    /// An order was filled, all of it.
    Filled {
        /// The order.
        order: ClientOrderId,
        /// The certificate.
        certificate: InstrumentId,
        /// Signed pieces; negative is a sale.
        pieces: i64,
        /// The issuer's price.
        price: Price,
        /// What it did to the cash, fee included.
        amount: Cash,
    },
    /// A certificate died, held or not.
    KnockedOut {
        /// The certificate.
        certificate: InstrumentId,
        /// Where the issuer unwound.
        index: f64,
        /// Paid for one piece.
        residual: Price,
        /// Pieces that were held.
        pieces: i64,
        /// What it did to the cash.
        amount: Cash,
    },
    /// Strike and barrier moved overnight.
    Financed {
        /// The certificate.
        certificate: InstrumentId,
        /// Calendar days.
        days: u32,
        /// The strike after it.
        strike: f64,
        /// The barrier after it.
        barrier: f64,
    },
}

/// An event with its proof and the account after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// When it happened, at the latest.
    pub at: Ts,
    /// When it could be known.
    pub known: Ts,
    /// What happened.
    pub what: Happened,
    /// Why it could.
    pub proof: Proof,
    /// Cash after it, in whole cents.
    pub cash: Cash,
    /// Cash and positions at the bid after it, in whole cents.
    pub equity: Cash,
}
