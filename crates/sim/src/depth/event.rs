//! What came of a command.

use base::Ts;
use market::depth::{BookSide, DepthChange, DepthMessage, Lots, OrderKey, Packet, Ticks};
use serde::{Deserialize, Serialize};

use super::Owner;

/// One thing that happened at a venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VenueEvent {
    /// An order was taken in. What became of it follows.
    Accepted {
        /// Which.
        order: OrderKey,
    },
    /// A command was refused; nothing changed.
    Rejected {
        /// The order it spoke of.
        order: OrderKey,
        /// Why.
        reason: RejectReason,
    },
    /// Two orders traded.
    Traded(Trade),
    /// An order, or part of one, was cancelled.
    Cancelled {
        /// Which.
        order: OrderKey,
        /// How much of it.
        size: Lots,
        /// What remains of it.
        left: Lots,
        /// Why.
        reason: CancelReason,
    },
    /// An order has another price or size, as was asked.
    Replaced {
        /// Which.
        order: OrderKey,
        /// Its limit, or its trigger where it sleeps.
        price: Ticks,
        /// What remained of it before.
        before: Lots,
        /// What remains of it now, before it trades at its new price.
        left: Lots,
        /// Whether it kept its place.
        priority: Priority,
    },
    /// An order stands at another price than it was sent with or had: it slid, or followed the
    /// touch. `None`: it sleeps.
    Repriced {
        /// Which.
        order: OrderKey,
        /// Where.
        price: Option<Ticks>,
    },
    /// A stop woke.
    Triggered {
        /// Which.
        order: OrderKey,
    },
    /// The time of an order ran out.
    Expired {
        /// Which.
        order: OrderKey,
        /// What was left of it.
        size: Lots,
    },
    /// An auction took place.
    Auctioned {
        /// Its price; `None` where nothing could trade.
        price: Option<Ticks>,
        /// How much traded.
        size: Lots,
    },
}

/// A trade between two orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// Price: that of the resting order, or of the auction.
    pub price: Ticks,
    /// Size.
    pub size: Lots,
    /// The order that rested; in an auction, the selling one.
    pub maker: OrderKey,
    /// Who sent it.
    pub maker_owner: Owner,
    /// What remains of it, hidden parts included.
    pub maker_left: Lots,
    /// The order that arrived; in an auction, the buying one.
    pub taker: OrderKey,
    /// Who sent it.
    pub taker_owner: Owner,
    /// What remains of it.
    pub taker_left: Lots,
    /// Side of the taker; `None` in an auction.
    pub aggressor: Option<BookSide>,
}

/// Whether an order kept its place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// It did.
    Kept,
    /// It joined the end of the queue, or traded.
    Lost,
}

/// Why a command was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// A size that is not positive, or more than the venue takes.
    Size,
    /// A displayed part that is not positive.
    Peak,
    /// A price, trigger or cap outside the venue's band.
    OffBand,
    /// An order of that key lives already.
    DuplicateKey,
    /// No order of that key lives.
    UnknownOrder,
    /// A stop that the last trade would have woken already.
    StopWrongSide,
    /// An order that must not take, and would have.
    WouldTake,
    /// The venue does not take such an order in this phase.
    NotInPhase,
    /// Wishes that exclude each other: a market order that rests, a pegged order that is
    /// displayed, an auction order that is good for an instant, a hidden one that must take.
    Contradiction,
    /// An order of this kind has no price to be changed.
    NotReplaceable,
}

/// Why an order was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// It was asked for.
    Asked,
    /// Nothing (more) to trade with, and it must not rest.
    NoMatch,
    /// It could not trade wholly.
    NotWhole,
    /// It would have traded with its own owner.
    SelfTrade,
    /// The sum of sizes at its price would not have fitted its type.
    LevelFull,
}

/// How much a feed shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedDepth {
    /// There is no feed.
    #[default]
    Silent,
    /// The size at each price (L2), and trades.
    Levels,
    /// Every displayed order (L3), and trades.
    Orders,
}

/// Where a venue writes. The caller empties it; its memory is used again.
#[derive(Debug, Clone, Default)]
pub struct Outbox {
    /// What happened, in order.
    pub events: Vec<VenueEvent>,
    /// What a feed shows of it. Known when it happens: delay is for others to add.
    pub messages: Vec<DepthMessage>,
    depth: FeedDepth,
    at: Ts,
}

impl Outbox {
    /// An empty one for a feed of that depth.
    pub fn new(depth: FeedDepth) -> Outbox {
        Outbox { depth, ..Outbox::default() }
    }

    /// Forgets all that was written.
    pub fn clear(&mut self) {
        self.events.clear();
        self.messages.clear();
    }

    /// How much the feed shows.
    pub const fn depth(&self) -> FeedDepth {
        self.depth
    }

    /// Begins the messages of a moment; give what it answers to [`Outbox::end`].
    pub(super) fn begin(&mut self, at: Ts) -> usize {
        self.at = at;
        self.messages.len()
    }

    /// Only the last message of a moment leaves the book whole.
    pub(super) fn end(&mut self, begun: usize) {
        if let Some(last) = self.messages.get_mut(begun..).and_then(<[_]>::last_mut) {
            last.packet = Packet::Last;
        }
    }

    #[inline]
    pub(super) fn event(&mut self, event: VenueEvent) {
        self.events.push(event);
    }

    #[inline]
    pub(super) fn reject(&mut self, order: OrderKey, reason: RejectReason) {
        self.events.push(VenueEvent::Rejected { order, reason });
    }

    #[inline]
    pub(super) fn show(&mut self, change: DepthChange) {
        if self.depth != FeedDepth::Silent {
            let (at, packet) = (self.at, Packet::More);
            self.messages.push(DepthMessage { at, known: at, change, packet });
        }
    }
}
