//! Our orders, and what became of them.

use base::Ts;
use market::Cash;
use market::depth::{BookSide, Lots, OrderKey, Ticks};
use serde::{Deserialize, Serialize};

/// Our name for an order of ours.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct OwnId(pub u64);

/// How an order may trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "terms")]
pub enum Terms {
    /// At once, at whatever price there is; what finds nothing is cancelled.
    Market,
    /// At the limit or better; what does not trade at once rests.
    Limit {
        /// Worst price accepted.
        price: Ticks,
    },
    /// Rests at the limit, and is rejected where it would trade at once.
    PostOnly {
        /// The limit.
        price: Ticks,
    },
    /// At the limit or better at once; the rest is cancelled.
    ImmediateOrCancel {
        /// Worst price accepted.
        price: Ticks,
    },
    /// Wholly at the limit or better at once, or not at all.
    FillOrKill {
        /// Worst price accepted.
        price: Ticks,
    },
}

impl Terms {
    /// The limit; `None` for market orders.
    pub const fn limit(self) -> Option<Ticks> {
        match self {
            Terms::Market => None,
            Terms::Limit { price }
            | Terms::PostOnly { price }
            | Terms::ImmediateOrCancel { price }
            | Terms::FillOrKill { price } => Some(price),
        }
    }

    /// True where what does not trade at once stays.
    pub const fn rests(self) -> bool {
        matches!(self, Terms::Limit { .. } | Terms::PostOnly { .. })
    }
}

/// A wish to trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Our name for it.
    pub id: OwnId,
    /// Bid to buy, ask to sell.
    pub side: BookSide,
    /// How much.
    pub size: Lots,
    /// How.
    pub terms: Terms,
}

/// Why the venue did not take an order or a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reject {
    /// The size is not positive.
    SizeNotPositive,
    /// An order of that name rests already.
    DuplicateId,
    /// It would have traded at once.
    WouldTake,
    /// It would have traded with an order of our own.
    WouldTradeWithSelf,
    /// Nobody rests on the other side within the limit.
    NothingToTake,
    /// Too little rests on the other side within the limit.
    NotWhole,
    /// The recording has a gap here: nobody knows what rests.
    BookNotKnown,
    /// No such order rests: it was filled, cancelled, or never there.
    NoSuchOrder,
}

/// Where an order of ours stands, as far as we have heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Sent, not yet answered.
    Sent,
    /// Rests.
    Working,
    /// All of it traded.
    Filled,
    /// What did not trade is gone.
    Cancelled,
    /// Refused.
    Rejected(Reject),
}

impl Standing {
    /// True once nothing more can happen to it.
    pub const fn is_done(self) -> bool {
        !matches!(self, Standing::Sent | Standing::Working)
    }
}

/// The rule that allowed a fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DepthRule {
    /// It took what a level showed when it arrived.
    TookLevel,
    /// More traded at its price than stood in front of it.
    QueuePassed,
    /// A trade at a worse price than its own: it had priority.
    TradedThrough,
    /// The other side moved to its price or beyond.
    BookReached,
    /// An order that stood behind it traded: it had priority.
    OrderBehindTraded,
}

/// What a simulated fill rests on: the recorded message, and what it showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepthEvidence {
    /// The rule.
    pub rule: DepthRule,
    /// The message's number in the recording, from 0; for taken liquidity, the last one that the
    /// venue had published before the order arrived.
    pub message: u64,
    /// When that message happened at the venue; never after the fill.
    pub message_at: Ts,
    /// The recorded price that allowed it: of the level taken, the trade, or the other side.
    pub shown_price: Ticks,
    /// The recorded size there.
    pub shown_size: Lots,
    /// The recorded order that traded, where the feed shows orders.
    pub order: Option<OrderKey>,
}

/// Whether a trade took liquidity or gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It rested.
    Maker,
    /// It took.
    Taker,
}

/// A trade done for one of our orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepthFill {
    /// The order.
    pub order: OwnId,
    /// When it happened at the venue.
    pub at: Ts,
    /// Bid: we bought.
    pub side: BookSide,
    /// The price.
    pub price: Ticks,
    /// How much.
    pub size: Lots,
    /// Whether we rested or took.
    pub role: Role,
    /// The fee; positive costs money, a rebate is negative.
    pub fee: Cash,
    /// What it rests on.
    pub evidence: DepthEvidence,
}

/// What the venue tells us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The order rests.
    Accepted(OwnId),
    /// A trade.
    Filled(DepthFill),
    /// What did not trade is gone.
    Cancelled(OwnId),
    /// The order was refused.
    Rejected(OwnId, Reject),
    /// The cancellation was refused.
    CancelRejected(OwnId, Reject),
}
