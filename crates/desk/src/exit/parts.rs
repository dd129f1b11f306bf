//! Of what a plan at work is made: the orders that open, and the parts that are held.

use base::Ts;
use market::{Cash, ClientOrderId, Price, Qty};
use serde::{Deserialize, Serialize};

use super::plan::TargetAt;
use crate::usual::is_usual;

/// An order that opens: the entry or the add-on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// The order.
    pub id: ClientOrderId,
    /// Quantity sent.
    pub asked: Qty,
    /// Quantity filled.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub filled: Qty,
    /// Price × quantity of the fills.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub value: Cash,
    /// True once nothing more can happen to the order.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub done: bool,
}

/// A part of the position with its own stop and take-profit in one OCO group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tranche {
    /// True for the part that the add-on opened.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub added: bool,
    /// Its part of the leg's quantity.
    pub asked: Qty,
    /// Entered and still held.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub open: Qty,
    /// Entered so far.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub entered: Qty,
    /// Where it takes profit; `None` rides on the stop.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub target: Option<TargetAt>,
    /// Name of its OCO group.
    pub group: String,
    /// The stop in force, or asleep.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub stop: Option<Live>,
    /// A stop sent to replace it, not yet working.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub next_stop: Option<Live>,
    /// The take-profit.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub target_order: Option<Live>,
    /// The order that closes it at the market.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub exit_order: Option<Live>,
}

/// An order of a bracket as the keeper last asked for it, less what its group has filled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// The order.
    pub id: ClientOrderId,
    /// Its price; zero for a market order.
    pub price: Price,
    /// Quantity not yet filled.
    pub qty: Qty,
    /// Whether the broker has said that it works.
    #[serde(default = "confirmed")]
    pub confirmed: bool,
    /// When that was heard; unknown in plans written down before they knew.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub confirmed_at: Option<Ts>,
}

impl Live {
    /// One that is about to be sent.
    pub fn new(id: ClientOrderId, price: Price, qty: Qty) -> Live {
        Live { id, price, qty, confirmed: false, confirmed_at: None }
    }

    /// Whether it surely stood in its group at that time: a fill of another order of the group
    /// has then taken its quantity off this one. A fill may be heard long after it was done, and
    /// what was sent meanwhile is as large as it was sent.
    pub fn stood_at(&self, at: Ts) -> bool {
        self.confirmed && self.confirmed_at.is_none_or(|confirmed| confirmed <= at)
    }
}

/// What plans written down before they knew assume.
const fn confirmed() -> bool {
    true
}
