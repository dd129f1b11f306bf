//! What a feed should not have said.

use std::fmt;

use base::Ts;
use serde::{Deserialize, Serialize};

/// Why a message was refused, or what was wrong with a book after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Best bid above best ask, after a whole packet.
    Crossed,
    /// Best bid equal to best ask, after a whole packet.
    Locked,
    /// The feed's sequence numbers jumped.
    SequenceGap,
    /// A message known before the one in front of it.
    ClockBackwards,
    /// A size below zero.
    NegativeSize,
    /// A size of zero where one must be positive.
    ZeroSize,
    /// A price or size that does not lie on the instrument's grid.
    OffGrid,
    /// A price or size too far from zero to be one.
    OutOfRange,
    /// A change of an order that is not there.
    UnknownOrder,
    /// A new order under the key of one that is there.
    DuplicateOrder,
    /// More was taken from an order than it had.
    Overdrawn,
    /// A trade that its side's best price could not have given.
    TradeThrough,
    /// A change of an order told to a book of levels, or the like.
    OtherDepth,
}

impl Fault {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Fault; 13] = [
        Fault::Crossed,
        Fault::Locked,
        Fault::SequenceGap,
        Fault::ClockBackwards,
        Fault::NegativeSize,
        Fault::ZeroSize,
        Fault::OffGrid,
        Fault::OutOfRange,
        Fault::UnknownOrder,
        Fault::DuplicateOrder,
        Fault::Overdrawn,
        Fault::TradeThrough,
        Fault::OtherDepth,
    ];

    /// What happened and what was done about it.
    pub const fn explanation(self) -> &'static str {
        match self {
            Fault::Crossed => "best bid above best ask: nobody trades until it is whole again",
            Fault::Locked => "best bid equals best ask: shown as it is",
            Fault::SequenceGap => "messages are missing: the book waits for a snapshot",
            Fault::ClockBackwards => "received before its predecessor: taken at the later time",
            Fault::NegativeSize => "a size below zero: refused",
            Fault::ZeroSize => "nothing where something must be: refused",
            Fault::OffGrid => "between two steps of price or size: refused",
            Fault::OutOfRange => "a price or size too far from zero to be one: refused",
            Fault::UnknownOrder => "an order from before the recording, or never seen: refused",
            Fault::DuplicateOrder => "an order of that key rests already: refused",
            Fault::Overdrawn => "more taken than there was: the order is removed",
            Fault::TradeThrough => "a trade beyond the best price: shown, and used for no fill",
            Fault::OtherDepth => "a change for a book of another depth: refused",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.explanation())
    }
}

/// How often each fault was seen, and when first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FaultCounts {
    seen: std::collections::BTreeMap<Fault, Seen>,
}

/// One kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// How often.
    pub times: u64,
    /// When first.
    pub first: Ts,
}

impl FaultCounts {
    /// Counts one.
    #[cold]
    pub fn count(&mut self, fault: Fault, at: Ts) {
        self.seen.entry(fault).or_insert(Seen { times: 0, first: at }).times += 1;
    }

    /// How often one was seen.
    pub fn of(&self, fault: Fault) -> u64 {
        self.seen.get(&fault).map_or(0, |seen| seen.times)
    }

    /// All that were seen, in the order of [`Fault::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Fault, Seen)> + '_ {
        self.seen.iter().map(|(fault, seen)| (*fault, *seen))
    }

    /// How many in all.
    pub fn total(&self) -> u64 {
        self.seen.values().map(|seen| seen.times).sum()
    }
}
