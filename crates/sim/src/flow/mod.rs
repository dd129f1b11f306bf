//! Order flows: who sends which order when, and what a stream of them looks like.
//!
//! Two flows fill an order book without anybody thinking: one of constant rates ("zero
//! intelligence") and one whose events bring forth more events ([`hawkes`]). Both are calibrated
//! from messages. What a stream of messages looks like is measured the same way for
//! a recorded and for a simulated one, and compared in bands: a fact that fails is shown.
//!
//! Start reading at [`FlowKind`], then [`hawkes`].

pub mod crowd;
mod distance;
pub mod facts;
pub mod hawkes;
pub mod model;
pub mod sizes;
pub mod watch;

pub use crowd::{Course, Crowd, CrowdConfig, CrowdState, Fair, FlowEdge};
pub use distance::ZeroIntervals;
pub use facts::{Fact, FactsConfig, Measured, Verdict};
pub use hawkes::{Arrival, Hawkes, HawkesParameters};
pub use model::{FlowModel, FlowSizes, HawkesFlow, ZeroFlow};
pub use sizes::{SizeLaw, Splitting};
pub use watch::{FlowEvent, WatchConfig, Watched, watch};

use market::depth::BookSide;
use serde::{Deserialize, Serialize};

/// The six things that a flow does to a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowKind {
    /// Buys at once.
    MarketBuy,
    /// Sells at once.
    MarketSell,
    /// A new bid that rests.
    LimitBuy,
    /// A new ask that rests.
    LimitSell,
    /// A resting bid is taken back, whole or in part.
    CancelBuy,
    /// A resting ask is taken back, whole or in part.
    CancelSell,
}

impl FlowKind {
    /// All kinds, in the order of [`FlowKind::index`].
    pub const ALL: [FlowKind; 6] = [
        FlowKind::MarketBuy,
        FlowKind::MarketSell,
        FlowKind::LimitBuy,
        FlowKind::LimitSell,
        FlowKind::CancelBuy,
        FlowKind::CancelSell,
    ];

    /// Its place in [`FlowKind::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// A market order that takes from this side's resting orders.
    pub const fn market_against(resting: BookSide) -> FlowKind {
        match resting {
            BookSide::Bid => FlowKind::MarketSell,
            BookSide::Ask => FlowKind::MarketBuy,
        }
    }

    /// A limit order of that side.
    pub const fn limit(side: BookSide) -> FlowKind {
        match side {
            BookSide::Bid => FlowKind::LimitBuy,
            BookSide::Ask => FlowKind::LimitSell,
        }
    }

    /// A cancellation on that side.
    pub const fn cancel(side: BookSide) -> FlowKind {
        match side {
            BookSide::Bid => FlowKind::CancelBuy,
            BookSide::Ask => FlowKind::CancelSell,
        }
    }

    /// The side of the book that the order is of: a market order's is that of its owner.
    pub const fn side(self) -> BookSide {
        match self {
            FlowKind::MarketBuy | FlowKind::LimitBuy | FlowKind::CancelBuy => BookSide::Bid,
            FlowKind::MarketSell | FlowKind::LimitSell | FlowKind::CancelSell => BookSide::Ask,
        }
    }

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            FlowKind::MarketBuy => "market buy",
            FlowKind::MarketSell => "market sell",
            FlowKind::LimitBuy => "limit buy",
            FlowKind::LimitSell => "limit sell",
            FlowKind::CancelBuy => "cancel buy",
            FlowKind::CancelSell => "cancel sell",
        }
    }
}
