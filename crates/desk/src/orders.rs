//! Our mirror of the orders at the broker, and what each is for.

use std::collections::BTreeMap;

use base::Ts;
use market::{ClientOrderId, Fill, InstrumentId, OrderKind, OrderRequest, OrderState, Qty};
use serde::{Deserialize, Serialize};

use crate::ledger::{divided, multiplied};

/// What an order is for. Numbers are those of tranches of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Opens a planned position.
    Entry,
    /// Enlarges one.
    AddOn,
    /// Protects a tranche.
    Stop(u16),
    /// Takes a tranche's profit.
    Target(u16),
    /// Closes a tranche at the market.
    Exit(u16),
    /// Opens without a plan.
    Plain,
    /// Closes what no plan keeps.
    Close,
}

/// An order that is not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Working {
    /// As it was sent; a split adjusts it.
    pub request: OrderRequest,
    /// What it is for.
    pub role: Role,
    /// The intent behind it; empty for a plain closing order.
    pub intent: String,
    /// When it was sent.
    pub sent: Ts,
    /// Where it stands.
    pub state: OrderState,
    /// Signed quantity filled.
    pub filled: Qty,
    /// Magnitude that fills of its OCO group took off it.
    pub reduced: Qty,
    /// True once we asked to take it back.
    pub cancelling: bool,
}

/// All orders that are not done, by id.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Orders {
    working: BTreeMap<ClientOrderId, Working>,
}

impl Role {
    /// True for orders that open or enlarge.
    pub const fn opens(self) -> bool {
        matches!(self, Role::Entry | Role::AddOn | Role::Plain)
    }
}

impl Working {
    /// Magnitude that may still fill.
    pub fn left(&self) -> Qty {
        self.request.qty.abs() - self.filled.abs() - self.reduced
    }
}

impl Orders {
    /// The order of that id, while it is not done.
    pub fn get(&self, id: &ClientOrderId) -> Option<&Working> {
        self.working.get(id)
    }

    /// All, ordered by id.
    pub fn iter(&self) -> impl Iterator<Item = &Working> {
        self.working.values()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.working.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.working.is_empty()
    }

    /// Writes a new order down.
    pub fn send(&mut self, order: Working) {
        self.working.insert(order.request.id.clone(), order);
    }

    /// Notes that an order is being taken back; false when it is done or being taken back already.
    pub fn cancel(&mut self, id: &ClientOrderId) -> bool {
        match self.working.get_mut(id) {
            Some(order) if !order.cancelling => {
                order.cancelling = true;
                true
            }
            _ => false,
        }
    }

    /// Moves an order to another state; one that is done is forgotten.
    pub fn moved(&mut self, id: &ClientOrderId, state: OrderState) {
        if state.is_done() {
            self.working.remove(id);
        } else if let Some(order) = self.working.get_mut(id) {
            order.state = state;
        }
    }

    /// Takes in a fill: it comes off the other orders of the group; what is full is done.
    pub fn filled(&mut self, fill: &Fill) {
        let Some(order) = self.working.get_mut(&fill.order) else { return };
        order.filled += fill.qty;
        let group = order.request.oco_group.clone();
        if order.left() <= Qty::ZERO {
            self.working.remove(&fill.order);
        }
        if group.is_none() {
            return;
        }
        let siblings = self.working.values_mut().filter(|other| {
            other.request.instrument == fill.instrument
                && other.request.oco_group == group
                && other.request.id != fill.order
        });
        for other in siblings {
            other.reduced += fill.qty.abs();
        }
    }

    /// Multiplies quantities and divides prices of an instrument's orders.
    pub fn split(&mut self, instrument: InstrumentId, ratio: f64) {
        let mine = self.working.values_mut();
        for order in mine.filter(|order| order.request.instrument == instrument) {
            order.request.qty = multiplied(order.request.qty, ratio);
            order.filled = multiplied(order.filled, ratio);
            order.reduced = multiplied(order.reduced, ratio);
            match &mut order.request.kind {
                OrderKind::Market | OrderKind::MarketOnClose => {}
                OrderKind::Limit { limit: price } | OrderKind::Stop { stop: price } => {
                    *price = divided(*price, ratio);
                }
                OrderKind::StopLimit { stop, limit } => {
                    *stop = divided(*stop, ratio);
                    *limit = divided(*limit, ratio);
                }
            }
        }
    }
}
