//! What a feed says about an order book.

use base::Ts;
use serde::{Deserialize, Serialize};

use super::{Lots, Ticks};
use crate::Side;

/// A side of an order book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookSide {
    /// Those who wait to buy.
    Bid,
    /// Those who wait to sell.
    Ask,
}

impl BookSide {
    /// The other side.
    pub const fn opposite(self) -> BookSide {
        match self {
            BookSide::Bid => BookSide::Ask,
            BookSide::Ask => BookSide::Bid,
        }
    }

    /// +1 for bids, −1 for asks: what a resting order of this side does to a position.
    pub const fn sign(self) -> i64 {
        match self {
            BookSide::Bid => 1,
            BookSide::Ask => -1,
        }
    }

    /// True where a price of this side is nearer to the other side than `than`.
    pub const fn is_better(self, price: Ticks, than: Ticks) -> bool {
        match self {
            BookSide::Bid => price.0 > than.0,
            BookSide::Ask => price.0 < than.0,
        }
    }

    /// True where an order of this side with that limit may trade at that price.
    pub const fn accepts(self, limit: Ticks, price: Ticks) -> bool {
        match self {
            BookSide::Bid => price.0 <= limit.0,
            BookSide::Ask => price.0 >= limit.0,
        }
    }
}

impl From<Side> for BookSide {
    fn from(side: Side) -> BookSide {
        match side {
            Side::Long => BookSide::Bid,
            Side::Short => BookSide::Ask,
        }
    }
}

/// The venue's name for a resting order.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct OrderKey(pub u64);

/// Whether more messages of the same moment follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Packet {
    /// More follow: until then the book may look crossed, and nobody may act on it.
    More,
    /// The book is whole again.
    Last,
}

/// One thing that a feed said about the book of one instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepthMessage {
    /// When the venue says it happened.
    pub at: Ts,
    /// When the recorder received it. Clocks of venue and recorder may differ, so this may lie
    /// before `at`; what orders the feed is this one.
    pub known: Ts,
    /// What was said.
    pub change: DepthChange,
    /// Whether the book is whole after it.
    pub packet: Packet,
}

/// What was said. Sizes are what remains, unless it says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DepthChange {
    /// The book is empty; what follows builds it anew.
    Clear,
    /// Best price of a side and its size, of a feed that shows no more; size zero: none.
    Best {
        /// Which side.
        side: BookSide,
        /// Its best price.
        price: Ticks,
        /// Size there.
        size: Lots,
    },
    /// All that rests at a price now; zero removes the level.
    Level {
        /// Which side.
        side: BookSide,
        /// The price.
        price: Ticks,
        /// Size there now.
        size: Lots,
    },
    /// An order joined the end of the queue at its price.
    Add {
        /// The order.
        order: OrderKey,
        /// Its side.
        side: BookSide,
        /// Its limit.
        price: Ticks,
        /// Its visible size.
        size: Lots,
    },
    /// An order has another size or price. It keeps its place in the queue only where the price
    /// stays and the size does not grow.
    Replace {
        /// The order.
        order: OrderKey,
        /// Its limit now.
        price: Ticks,
        /// Its size now.
        size: Lots,
    },
    /// Part of an order was taken back; it keeps its place.
    Reduce {
        /// The order.
        order: OrderKey,
        /// How much was taken back.
        by: Lots,
    },
    /// An order is gone without a trade.
    Delete {
        /// The order.
        order: OrderKey,
    },
    /// A resting order traded; it keeps its place with the rest and is gone at zero.
    Execute {
        /// The order.
        order: OrderKey,
        /// How much traded.
        size: Lots,
    },
    /// A trade was printed. It changes no book by itself: the change comes as a message of its
    /// own, before or after.
    Trade {
        /// Which side's resting orders were hit; `None` where the feed does not say: a cross, an
        /// auction, a hidden order.
        resting: Option<BookSide>,
        /// Price.
        price: Ticks,
        /// Size.
        size: Lots,
    },
    /// Messages are missing before this one: the book can't be trusted until it is built anew.
    Gap {
        /// How many are missing, where the feed's numbers tell; at least one.
        missed: u64,
    },
}
