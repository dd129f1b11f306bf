//! What the desk wants of a broker: its orders that have not ended, and what of each is still to be
//! filled. A wire compares it with what stands at the broker.

use std::collections::BTreeMap;

use base::Ts;
use market::remote::{Heard, Report};
use market::{ClientOrderId, OrderKind, OrderRequest, OrderState, Qty};

/// An order of the desk's that has not ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Kept {
    pub(crate) request: OrderRequest,
    /// Later ones have larger numbers.
    pub(crate) arrived: u64,
    /// Filled; without a sign.
    pub(crate) filled: Qty,
    /// Filled by others of its group since it came; without a sign.
    pub(crate) taken: Qty,
    pub(crate) is_cancelling: bool,
    /// True once the desk was told that it works.
    pub(crate) is_told: bool,
    /// From before the process began: whether it stands at the broker is not known yet.
    pub(crate) is_recalled: bool,
    /// Refusals that may pass, and when to ask again.
    pub(crate) refusals: u32,
    pub(crate) not_before: Option<Ts>,
}

impl Kept {
    pub(crate) fn new(request: &OrderRequest, arrived: u64) -> Kept {
        Kept {
            request: request.clone(),
            arrived,
            filled: Qty::ZERO,
            taken: Qty::ZERO,
            is_cancelling: false,
            is_told: false,
            is_recalled: false,
            refusals: 0,
            not_before: None,
        }
    }

    pub(crate) fn is_stop(&self) -> bool {
        matches!(self.request.kind, OrderKind::Stop { .. } | OrderKind::StopLimit { .. })
    }

    pub(crate) fn is_market(&self) -> bool {
        matches!(self.request.kind, OrderKind::Market | OrderKind::MarketOnClose)
    }

    /// The group that an exit belongs to, alone where it has none; nothing for orders that open.
    pub(crate) fn group(&self) -> Option<&str> {
        let request = &self.request;
        let group = request.oco_group.as_deref().unwrap_or(request.id.as_str());
        Some(group).filter(|_| request.reduce_only)
    }

    fn report(&self, state: OrderState, reason: &str) -> Report {
        let buys = self.request.qty > Qty::ZERO;
        Report {
            order: self.request.id.clone(),
            instrument: self.request.instrument,
            state,
            filled: if buys { self.filled } else { -self.filled },
            reason: reason.to_owned(),
        }
    }

    /// As the books tell it.
    pub(crate) fn standing(&self) -> Report {
        self.report(if self.is_told { OrderState::Working } else { OrderState::Sent }, "")
    }
}

/// All that the desk wants, and what it is to be told of it.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// What the desk wants and has not ended.
    pub(crate) kept: BTreeMap<ClientOrderId, Kept>,
    /// Opening orders that have ended while others hang on them: ordered and filled.
    pub(crate) ended: BTreeMap<ClientOrderId, (Qty, Qty)>,
    /// What the desk is to be told.
    pub(crate) heard: Vec<Heard>,
}

impl Shelf {
    /// Takes an order in; the same twice is one order.
    pub(crate) fn keep(&mut self, request: &OrderRequest, arrived: u64) {
        match self.kept.get_mut(&request.id) {
            Some(kept) if kept.is_told => {
                let again = kept.report(OrderState::Working, "");
                self.heard.push(Heard::Order(again));
            }
            Some(kept) => kept.is_recalled = false,
            None => drop(self.kept.insert(request.id.clone(), Kept::new(request, arrived))),
        }
    }

    /// Takes an order in that was said in an earlier life.
    pub(crate) fn recall(
        &mut self,
        request: &OrderRequest,
        arrived: u64,
        (filled, taken): (Qty, Qty),
    ) {
        let kept = Kept { filled, taken, is_recalled: true, ..Kept::new(request, arrived) };
        self.kept.insert(request.id.clone(), kept);
    }

    /// True while the order that it sleeps under is open.
    pub(crate) fn is_asleep(&self, kept: &Kept) -> bool {
        kept.request.parent.as_ref().is_some_and(|parent| self.kept.contains_key(parent))
    }

    /// What of an order is still to be filled, without a sign.
    pub(crate) fn open_qty(&self, kept: &Kept) -> Qty {
        let whole = kept.request.qty.abs();
        let parent = kept.request.parent.as_ref().and_then(|parent| self.ended.get(parent));
        let share = match parent {
            None => whole,
            Some((asked, filled)) => {
                let part = i128::from(whole.raw()) * i128::from(filled.raw());
                Qty::from_raw((part / i128::from(asked.raw().max(1))) as i64)
            }
        };
        (share - kept.filled - kept.taken).max(Qty::ZERO)
    }

    /// Tells the desk that an order works, the first time.
    pub(crate) fn tell_working(&mut self, order: &ClientOrderId) {
        if let Some(kept) = self.kept.get_mut(order)
            && !kept.is_told
        {
            kept.is_told = true;
            let told = kept.report(OrderState::Working, "");
            self.heard.push(Heard::Order(told));
        }
    }

    /// Tells the desk that an order has ended, and forgets it. What sleeps under it learns how much
    /// it opened.
    pub(crate) fn tell_ended(&mut self, order: &ClientOrderId, state: OrderState, reason: &str) {
        let Some(kept) = self.kept.remove(order) else { return };
        self.heard.push(Heard::Order(kept.report(state, reason)));
        self.ended.insert(order.clone(), (kept.request.qty.abs(), kept.filled));
        let parents: Vec<ClientOrderId> =
            self.kept.values().filter_map(|kept| kept.request.parent.clone()).collect();
        self.ended.retain(|order, _| parents.contains(order));
    }

    /// An order filled more: it is booked to it and taken off the others of its group.
    pub(crate) fn book(&mut self, order: &ClientOrderId, by: Qty) {
        let Some(kept) = self.kept.get_mut(order) else { return };
        kept.filled += by;
        let Some(group) = kept.request.oco_group.clone() else { return };
        for other in self.kept.values_mut() {
            if other.request.oco_group.as_ref() == Some(&group) && other.request.id != *order {
                other.taken += by;
            }
        }
    }

    /// Orders that are taken back or used up, and stand nowhere: they have ended.
    pub(crate) fn release(&mut self, stands: impl Fn(&ClientOrderId) -> bool) {
        let over: Vec<ClientOrderId> = self
            .kept
            .values()
            .filter(|kept| !kept.is_recalled && !stands(&kept.request.id))
            .filter(|kept| {
                kept.is_cancelling || (!self.is_asleep(kept) && self.open_qty(kept) == Qty::ZERO)
            })
            .map(|kept| kept.request.id.clone())
            .collect();
        for order in over {
            let kept = &self.kept[&order];
            let (state, reason) = match (kept.filled >= kept.request.qty.abs(), kept.is_cancelling)
            {
                (true, _) => (OrderState::Filled, ""),
                (false, true) => (OrderState::Cancelled, ""),
                (false, false) => (OrderState::Cancelled, "nothing is left for it"),
            };
            self.tell_ended(&order, state, reason);
        }
    }

    /// What an order of an earlier life had filled when the account was read.
    pub(crate) fn count_recalled(&mut self, order: &ClientOrderId, filled: Qty, is_open: bool) {
        let Some(kept) = self.kept.get(order).filter(|kept| kept.is_recalled) else { return };
        let more = (filled - kept.filled).max(Qty::ZERO);
        if more > Qty::ZERO {
            self.book(order, more);
        }
        let Some(kept) = self.kept.get(order) else { return };
        let is_full = kept.filled + kept.taken >= kept.request.qty.abs();
        // The desk hears of its end from the books.
        if is_full || (!is_open && !kept.request.reduce_only) {
            let asked = kept.request.qty.abs();
            self.ended.insert(order.clone(), (asked, kept.filled));
            self.kept.remove(order);
        }
    }
}
