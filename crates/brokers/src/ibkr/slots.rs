//! What stands at TWS: an order under a number of ours.

use base::Ts;
use market::{ClientOrderId, InstrumentId, OrderState, Qty};

use super::line::{Seen, Status};

/// How an order of TWS's ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    pub state: OrderState,
    /// When that was heard.
    pub at: Ts,
}

/// Whether TWS has shown an order, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Never,
    /// It lies in TWS and was not transmitted.
    Draft,
    Whole,
}

impl Shown {
    pub(super) fn of(status: Status) -> Shown {
        if status == Status::Draft { Shown::Draft } else { Shown::Whole }
    }
}

/// What was asked of an order and not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    None,
    /// To change.
    Changing,
    /// To be taken back.
    Leaving,
}

/// Whether it is to be looked up how an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    None,
    Look,
    /// Its number was used before: if that was not for this order, it needs another one.
    Taken,
}

/// An order at TWS.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Slot {
    /// Our order that it stands for.
    pub order: ClientOrderId,
    pub instrument: InstrumentId,
    pub buys: bool,
    /// TWS's own number, once known.
    pub permanent: i64,
    /// The number of the order that it sleeps under, and its group, as TWS knows them.
    pub parent: i32,
    pub group: String,
    /// Filled, as counted from its executions; without a sign.
    pub filled: Qty,
    /// Filled, as TWS says.
    pub said: Qty,
    /// Still to be filled, as TWS says; before it says so, what it was placed with.
    pub left: Qty,
    pub shown: Shown,
    pub way: Way,
    pub doubt: Doubt,
    /// Nobody here wants it: it stands until the desk takes it back.
    pub is_stranger: bool,
    /// Looks in which it was not found.
    pub missed: u32,
    pub ending: Option<Ending>,
    /// When it was placed or changed last, when anything was last asked of it, and when something
    /// new was last heard.
    pub placed: Ts,
    pub asked: Ts,
    pub moved: Ts,
}

impl Slot {
    pub(super) fn new(order: &ClientOrderId, instrument: InstrumentId, qty: Qty, now: Ts) -> Slot {
        Slot {
            order: order.clone(),
            instrument,
            buys: qty > Qty::ZERO,
            permanent: 0,
            parent: 0,
            group: String::new(),
            filled: Qty::ZERO,
            said: Qty::ZERO,
            left: qty.abs(),
            shown: Shown::Never,
            way: Way::None,
            doubt: Doubt::None,
            is_stranger: false,
            missed: 0,
            ending: None,
            placed: now,
            asked: now,
            moved: now,
        }
    }

    /// One that stands from before.
    pub(super) fn adopted(
        order: ClientOrderId,
        instrument: InstrumentId,
        seen: &Seen,
        now: Ts,
    ) -> Slot {
        let left = seen.left.unwrap_or_default();
        Slot {
            buys: seen.buys,
            permanent: seen.permanent,
            parent: seen.parent,
            group: seen.group.clone(),
            filled: seen.filled,
            said: seen.filled,
            left,
            shown: Shown::of(seen.status),
            ..Slot::new(&order, instrument, left, now)
        }
    }

    /// True while it may trade.
    pub(super) fn is_open(&self) -> bool {
        self.ending.is_none()
    }

    /// True once it has ended and all that it filled was counted.
    pub(super) fn is_whole(&self) -> bool {
        self.ending.is_some() && self.filled >= self.said
    }
}

/// How an order ended that TWS says is done.
pub(super) fn state(status: Status) -> OrderState {
    match status {
        Status::Filled => OrderState::Filled,
        Status::Cancelled => OrderState::Cancelled,
        Status::Inactive => OrderState::Rejected,
        Status::Draft | Status::Sent | Status::Working => OrderState::Working,
    }
}
