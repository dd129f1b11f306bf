//! Orders, fills and the evidence for each fill.

use std::fmt;

use base::Ts;
use serde::{Deserialize, Serialize};

use crate::{BarSize, BrokerRef, Cash, InstrumentId, Price, Qty};

pub use crate::order_id::ClientOrderId;

/// Direction of a trade or a bet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Buys, or profits from a rise.
    Long,
    /// Sells, or profits from a fall.
    Short,
}

impl Side {
    /// +1 for long, −1 for short.
    pub const fn sign(self) -> f64 {
        match self {
            Side::Long => 1.0,
            Side::Short => -1.0,
        }
    }

    /// The other side.
    pub const fn opposite(self) -> Side {
        match self {
            Side::Long => Side::Short,
            Side::Short => Side::Long,
        }
    }

    /// The quantity with this side's sign; `size` is taken as a magnitude.
    pub const fn signed(self, size: Qty) -> Qty {
        match self {
            Side::Long => size.abs(),
            Side::Short => Qty::from_raw(-size.abs().raw()),
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Side::Long => "long",
            Side::Short => "short",
        })
    }
}

/// How an order may be filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum OrderKind {
    /// At the next price there is.
    Market,
    /// At the closing auction of the session.
    MarketOnClose,
    /// At the limit or better.
    Limit {
        /// Worst price accepted.
        limit: Price,
    },
    /// As a market order once the stop price is touched.
    Stop {
        /// Price that wakes the order.
        stop: Price,
    },
    /// As a limit order once the stop price is touched.
    StopLimit {
        /// Price that wakes the order.
        stop: Price,
        /// Worst price accepted.
        limit: Price,
    },
}

/// How long an order may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// Until the session ends.
    #[default]
    Day,
    /// Until cancelled.
    Gtc,
    /// Until the day's trading ends, before and after the session too where the broker trades then.
    /// Limits alone: outside the session a price can be anything.
    AllHours,
}

/// A wish to trade, as sent to a broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRequest {
    /// Our name for it.
    pub id: ClientOrderId,
    /// What to trade.
    pub instrument: InstrumentId,
    /// Signed quantity: positive buys, negative sells.
    pub qty: Qty,
    /// How it may be filled.
    pub kind: OrderKind,
    /// How long it may wait.
    pub tif: TimeInForce,
    /// One cancels the other: a fill of one order takes its quantity off every other order of
    /// the group, and an order with nothing left is cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oco_group: Option<String>,
    /// The order sleeps until this one's first fill; then it is live for the share of its
    /// quantity that the parent has filled. It is cancelled when the parent ends unfilled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ClientOrderId>,
    /// It closes what is held and opens nothing: a wire never places it where nothing is held
    /// against it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reduce_only: bool,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Written down, not sent.
    Draft,
    /// Sent, not yet acknowledged.
    Sent,
    /// Waiting at the broker.
    Working,
    /// Wholly filled.
    Filled,
    /// Taken back, by us or the broker.
    Cancelled,
    /// Refused by the broker.
    Rejected,
    /// Its time ran out.
    Expired,
}

impl OrderState {
    /// True once nothing more can happen to the order.
    pub const fn is_done(self) -> bool {
        !matches!(self, OrderState::Draft | OrderState::Sent | OrderState::Working)
    }
}

/// The rule that allowed a fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FillRule {
    /// A market order at the first price after it was sent.
    NextOpen,
    /// A closing order at the close.
    AtClose,
    /// A limit that the bar traded through.
    LimitTouched,
    /// A limit that the bar's open was already better than: filled at the open.
    LimitGap,
    /// A stop that the bar touched.
    StopTouched,
    /// A stop that the bar's open was already beyond: filled at the open, worse than the stop.
    StopGap,
    /// The bar held both stop and target; the stop is taken (the conservative rule).
    StopBeforeTarget,
    /// Closed at the last known price because the position's time ran out.
    Expiry,
}

/// What a simulated fill rests on. A fill without fresh, past-only evidence is a hard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// When the bar began.
    pub bar_start: Ts,
    /// When the bar became known.
    pub bar_known: Ts,
    /// How long the bar is.
    pub bar_size: BarSize,
    /// The rule that allowed it.
    pub rule: FillRule,
}

/// A trade done for one of our orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The order.
    pub order: ClientOrderId,
    /// What was traded.
    pub instrument: InstrumentId,
    /// When it happened.
    pub at: Ts,
    /// Signed quantity.
    pub qty: Qty,
    /// Raw price, slippage included.
    pub price: Price,
    /// Commission and fees; positive costs money.
    pub fee: Cash,
    /// What a simulated fill rests on; `None` for a real broker's.
    pub evidence: Option<Evidence>,
    /// The broker's name for it; `None` where the broker is simulated in place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<BrokerRef>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_of_any_sign_is_negative() {
        assert_eq!(Side::Short.signed(Qty::whole(3)), Qty::whole(-3));
        assert_eq!(Side::Short.signed(Qty::whole(-3)), Qty::whole(-3));
        assert_eq!(Side::Long.signed(Qty::whole(-3)), Qty::whole(3));
    }
}
