//! What stands at the broker: packs of one to three orders that Alpaca takes as one.
//!
//! Alpaca lets one order at a time sell a share: a stop and a target for the same shares must be
//! placed as one (`oco`), and with their entry as one (`bracket`, `oto`).

use base::Ts;
use market::{ClientOrderId, InstrumentId, Qty};

/// What an order of a pack is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// It stands alone.
    Only,
    /// It opens, and the others wait for it.
    Entry,
    /// It takes profit.
    Target,
    /// It takes the loss.
    Stop,
    /// It sells at the market what of a share its target left.
    Remnant,
}

/// An order of a pack.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leg {
    /// Our order that it serves.
    pub order: ClientOrderId,
    pub task: Task,
    /// Alpaca's name, once known.
    pub id: Option<String>,
    /// Its quantity, without a sign; legs shrink to what their entry filled, and by what their
    /// sibling did.
    pub qty: Qty,
    /// Filled, as last seen; without a sign.
    pub filled: Qty,
    pub is_open: bool,
}

impl Leg {
    pub(super) fn new(order: &ClientOrderId, task: Task, qty: Qty) -> Leg {
        let order = order.clone();
        Leg { order, task, id: None, qty, filled: Qty::ZERO, is_open: true }
    }
}

/// What is under way with a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing: it stands.
    Standing,
    /// It is being placed, or looked for.
    Asking,
    /// One of its legs is being moved.
    Moving,
    /// It was asked to be taken back.
    Leaving,
}

/// Orders that Alpaca has as one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pack {
    /// The name it was placed under: those of our orders, and which attempt it is.
    pub name: String,
    /// All names that its orders were given.
    pub names: Vec<String>,
    pub instrument: InstrumentId,
    pub legs: Vec<Leg>,
    pub phase: Phase,
    /// The order that one of its legs is about to serve.
    pub moving_to: Option<ClientOrderId>,
    /// It stood before the process began, and nobody has wanted it yet.
    pub is_adopted: bool,
    /// Since when its entry is filled in part.
    pub partial_since: Option<Ts>,
    /// Taken back by us, for another to take its place or because we were told to.
    pub is_ours_to_end: bool,
}

impl Pack {
    /// The leg that opens and has not ended.
    pub(super) fn open_entry(&self) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.task == Task::Entry && leg.is_open)
    }

    pub(super) fn open_legs(&self) -> impl Iterator<Item = &Leg> {
        self.legs.iter().filter(|leg| leg.is_open)
    }

    /// What is still to be filled, without a sign.
    pub(super) fn open_qty(&self) -> Qty {
        let open = self.open_legs().map(|leg| leg.qty - leg.filled).min();
        open.unwrap_or_default().max(Qty::ZERO)
    }

    pub(super) fn serves(&self, order: &ClientOrderId) -> bool {
        let comes = self.phase != Phase::Standing && self.moving_to.as_ref() == Some(order);
        comes || self.open_legs().any(|leg| leg.order == *order)
    }

    pub(super) fn leg_of(&mut self, id: &str) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| leg.id.as_deref() == Some(id))
    }

    /// Alpaca's name of the order that ends all of it when taken back.
    pub(super) fn head(&self) -> Option<&str> {
        self.open_legs().find_map(|leg| leg.id.as_deref())
    }
}

/// A name for orders that are placed as one; Alpaca takes each name once.
pub(super) fn name(orders: &[&ClientOrderId], attempt: u32) -> String {
    let names: Vec<&str> = orders.iter().map(|order| order.as_str()).collect();
    match attempt {
        0 => names.join("."),
        attempt => format!("{}~{attempt}", names.join(".")),
    }
}

/// A name without its attempt, and the attempt.
pub(super) fn attempt(name: &str) -> (&str, u32) {
    let cut = name.split_once('~');
    cut.and_then(|(base, number)| Some((base, number.parse().ok()?))).unwrap_or((name, 0))
}
