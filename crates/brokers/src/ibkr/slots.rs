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
    /// True once TWS has shown it.
    pub is_known: bool,
    /// It lies in TWS and was not transmitted.
    pub is_draft: bool,
    /// It was asked to be taken back.
    pub is_leaving: bool,
    /// It was asked to be changed, and no answer has come.
    pub is_changing: bool,
    /// Nobody here wants it: it stands until the desk takes it back.
    pub is_stranger: bool,
    /// Its number belongs to another order.
    pub is_taken: bool,
    /// Whether it stands is to be looked up.
    pub is_doubted: bool,
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
            is_known: false,
            is_draft: false,
            is_leaving: false,
            is_changing: false,
            is_stranger: false,
            is_taken: false,
            is_doubted: false,
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
            is_known: true,
            is_draft: seen.status == Status::Draft,
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
