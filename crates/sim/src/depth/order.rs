//! What a venue can be asked to do.

use market::depth::{BookSide, Lots, OrderKey, Ticks};
use serde::{Deserialize, Serialize};

/// Who sent an order; only asked for to keep somebody from trading with himself.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Owner(pub u32);

/// An order as it is sent to a venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewOrder {
    /// Its name; must not be that of an order that lives.
    pub key: OrderKey,
    /// Who sends it.
    pub owner: Owner,
    /// Whether it buys (bid) or sells (ask).
    pub side: BookSide,
    /// How much; positive.
    pub size: Lots,
    /// At what price.
    pub kind: Kind,
    /// For how long.
    pub life: Life,
    /// How much of it others see while it rests.
    pub display: Display,
    /// What happens where it would trade with an order of the same owner.
    pub guard: Guard,
}

impl NewOrder {
    /// A displayed limit order that lives until it is cancelled and may trade with anyone.
    pub const fn limit(
        key: OrderKey,
        owner: Owner,
        side: BookSide,
        price: Ticks,
        size: Lots,
    ) -> NewOrder {
        let kind = Kind::Limit { limit: price, posting: Posting::MayTake };
        let (life, display, guard) = (Life::Gtc, Display::Whole, Guard::Allow);
        NewOrder { key, owner, side, size, kind, life, display, guard }
    }

    /// A market order that may trade with anyone.
    pub const fn market(key: OrderKey, owner: Owner, side: BookSide, size: Lots) -> NewOrder {
        let (life, display, guard) = (Life::Ioc, Display::Whole, Guard::Allow);
        NewOrder { key, owner, side, size, kind: Kind::Market, life, display, guard }
    }
}

/// At what price an order may trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// At any price there is, now; what finds none is cancelled.
    Market,
    /// At the limit or better.
    Limit {
        /// Worst price accepted.
        limit: Ticks,
        /// Whether it may take.
        posting: Posting,
    },
    /// Sleeps until a trade at the trigger or beyond (at or above for a buy, at or below for a
    /// sale), then a market order.
    Stop {
        /// Price that wakes it.
        trigger: Ticks,
    },
    /// As a stop, then a limit order.
    StopLimit {
        /// Price that wakes it.
        trigger: Ticks,
        /// Worst price accepted.
        limit: Ticks,
    },
    /// Follows the displayed touch, hidden. It never stands at or through the displayed price of
    /// the other side: it stays a tick away. While what it follows is missing, it sleeps. Moved to
    /// a new price it joins the end of the queue there; of those moved at once, the one entered
    /// first comes first.
    Peg {
        /// What it follows.
        to: PegTo,
        /// Ticks towards the other side; negative stays back.
        offset: i64,
        /// Worst price accepted, if any.
        cap: Option<Ticks>,
    },
    /// Trades in an auction only; what is left after it expires.
    Auction {
        /// In which.
        session: Session,
        /// Worst price accepted; `None`: at any (market-on-open, market-on-close).
        limit: Option<Ticks>,
    },
}

/// Whether a limit order may take what rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Posting {
    /// It may.
    #[default]
    MayTake,
    /// It is rejected where it would.
    PostOrReject,
    /// Where it would, it rests one tick before the best price of the other side.
    PostOrSlide,
}

/// How long an order lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Life {
    /// Until cancelled.
    #[default]
    Gtc,
    /// Until the venue closes.
    Day,
    /// What can't trade at once is cancelled.
    Ioc,
    /// Trades at once and wholly, or not at all.
    Fok,
}

/// How much of a resting order others see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Display {
    /// All.
    #[default]
    Whole,
    /// At most that much (an iceberg). Once it has traded, the next part joins the end of the
    /// queue.
    Peak(Lots),
    /// Nothing; it stands behind all that is displayed at its price.
    Hidden,
}

/// What happens where an order would trade with one of the same owner. The word of the arriving
/// order counts; in an auction, of the one that came to wait later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// They trade.
    #[default]
    Allow,
    /// What is left of the arriving order is cancelled.
    CancelNewest,
    /// The resting order is cancelled.
    CancelOldest,
    /// Both are.
    CancelBoth,
    /// Both shrink by what would have traded.
    Decrement,
}

/// What a pegged order follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PegTo {
    /// The displayed best price of its own side.
    Primary,
    /// The middle of the displayed touch, rounded away from the other side.
    Mid,
    /// The displayed best price of the other side.
    Market,
}

/// One of the two auctions of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Session {
    /// The opening auction.
    Open,
    /// The closing auction.
    Close,
}

/// What a venue does with orders now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Takes none; only cancels.
    Closed,
    /// Collects them for an auction; nothing trades until the phase ends.
    Call(Session),
    /// Matches them as they come.
    Continuous,
}

/// One thing asked of a venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Enter an order.
    Submit(NewOrder),
    /// Take an order back.
    Cancel {
        /// Which.
        order: OrderKey,
    },
    /// Give an order another price or size. It keeps its place only where the price stays and the
    /// size does not grow.
    Replace {
        /// Which.
        order: OrderKey,
        /// Its limit from now on; for a stop that sleeps, its trigger.
        price: Ticks,
        /// What shall remain of it from now on, hidden parts included.
        size: Lots,
    },
    /// Go to another phase. Leaving a call runs its auction; closing ends all day orders.
    Enter(Phase),
}
