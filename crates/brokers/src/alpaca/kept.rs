//! What the desk wants: its orders, and how much of each is to stand at the broker now.

use std::collections::BTreeMap;

use base::Ts;
use market::remote::{Heard, Report};
use market::{ClientOrderId, InstrumentId, OrderKind, OrderRequest, OrderState, Qty};

use super::Alpaca;
use super::line::Line;

/// An order of the desk's that has not ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kept {
    pub request: OrderRequest,
    /// Later ones have larger numbers.
    pub arrived: u64,
    /// Filled; without a sign.
    pub filled: Qty,
    /// Filled by others of its group since it came; without a sign.
    pub taken: Qty,
    pub is_cancelling: bool,
    /// True once the desk was told that it works.
    pub is_told: bool,
    /// From before the process began: whether it stands at the broker is not known yet.
    pub is_recalled: bool,
    /// Refusals that may pass, and when to ask again.
    pub refusals: u32,
    pub not_before: Option<Ts>,
}

/// What of a group should stand at the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub instrument: InstrumentId,
    /// The target before the stop, or one alone.
    pub orders: Vec<ClientOrderId>,
    /// Without a sign.
    pub qty: Qty,
}

/// Exits of which one cancels the others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Group {
    /// All of them that are awake, also those that are being taken back.
    pub members: Vec<ClientOrderId>,
    pub wanted: Option<Wanted>,
}

impl Kept {
    pub(super) fn new(request: &OrderRequest, arrived: u64) -> Kept {
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

    pub(super) fn is_stop(&self) -> bool {
        matches!(self.request.kind, OrderKind::Stop { .. } | OrderKind::StopLimit { .. })
    }

    pub(super) fn is_market(&self) -> bool {
        matches!(self.request.kind, OrderKind::Market | OrderKind::MarketOnClose)
    }

    fn report(&self, state: OrderState, reason: &str) -> Heard {
        let buys = self.request.qty > Qty::ZERO;
        Heard::Order(Report {
            order: self.request.id.clone(),
            instrument: self.request.instrument,
            state,
            filled: if buys { self.filled } else { -self.filled },
            reason: reason.to_owned(),
        })
    }

    /// As the books tell it.
    pub(super) fn standing(&self) -> Option<Report> {
        let state = if self.is_told { OrderState::Working } else { OrderState::Sent };
        match self.report(state, "") {
            Heard::Order(report) => Some(report),
            _ => None,
        }
    }
}

impl<L: Line> Alpaca<L> {
    /// Takes an order in; the same twice is one order.
    pub(super) fn keep(&mut self, request: &OrderRequest) {
        let arrived = self.number();
        match self.kept.get_mut(&request.id) {
            Some(kept) if kept.is_told => {
                let again = kept.report(OrderState::Working, "");
                self.heard.push(again);
            }
            Some(kept) => kept.is_recalled = false,
            None => drop(self.kept.insert(request.id.clone(), Kept::new(request, arrived))),
        }
    }

    /// Takes an order back: at once where it does not stand at the broker, else when that says so.
    pub(super) fn drop_order(&mut self, order: &ClientOrderId) {
        if let Some(kept) = self.kept.get_mut(order) {
            kept.is_cancelling = true;
        } else if let Some(pack) = self.pack_of(order)
            && let Some(pack) = self.packs.get_mut(&pack)
        {
            // An order of ours that the desk does not know: it goes with all of its pack.
            pack.is_ours_to_end = true;
        }
    }

    /// True while the order that it sleeps under is open.
    pub(super) fn is_asleep(&self, kept: &Kept) -> bool {
        kept.request.parent.as_ref().is_some_and(|parent| self.kept.contains_key(parent))
    }

    /// What of an order is still to be filled, without a sign.
    pub(super) fn open_qty(&self, kept: &Kept) -> Qty {
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

    /// The groups of exits, and what of each should stand at the broker: the newest stop with the
    /// newest target, or what closes at the market alone.
    pub(super) fn groups(&self) -> Vec<Group> {
        let mut groups: BTreeMap<&str, Vec<&Kept>> = BTreeMap::new();
        for kept in self.kept.values().filter(|kept| !kept.is_recalled && !self.is_asleep(kept)) {
            if let Some(group) = self.group_of(kept) {
                groups.entry(group).or_default().push(kept);
            }
        }
        groups.into_values().map(|members| self.group(&members)).collect()
    }

    /// The group that an exit belongs to, alone where it has none; nothing for orders that open.
    pub(super) fn group_of<'a>(&self, kept: &'a Kept) -> Option<&'a str> {
        let request = &kept.request;
        let group = request.oco_group.as_deref().unwrap_or(request.id.as_str());
        Some(group).filter(|_| request.reduce_only)
    }

    fn group(&self, members: &[&Kept]) -> Group {
        let newest = |fits: &dyn Fn(&Kept) -> bool| {
            let live = members.iter().copied().filter(|kept| {
                !kept.is_cancelling && self.open_qty(kept) > Qty::ZERO && fits(kept)
            });
            live.max_by_key(|kept| kept.arrived)
        };
        let market = newest(&Kept::is_market);
        let stop = newest(&Kept::is_stop);
        let target = newest(&|kept| !kept.is_stop() && !kept.is_market());
        let chosen: Vec<&Kept> = match market {
            Some(market) => vec![market],
            None => target.into_iter().chain(stop).collect(),
        };
        let wanted = chosen.last().map(|last| Wanted {
            instrument: last.request.instrument,
            qty: self.open_qty(last),
            orders: chosen.iter().map(|kept| kept.request.id.clone()).collect(),
        });
        let members = members.iter().map(|kept| kept.request.id.clone()).collect();
        Group { members, wanted }
    }

    /// Tells the desk that an order works, the first time.
    pub(super) fn tell_working(&mut self, order: &ClientOrderId) {
        if let Some(kept) = self.kept.get_mut(order)
            && !kept.is_told
        {
            kept.is_told = true;
            let told = kept.report(OrderState::Working, "");
            self.heard.push(told);
        }
    }

    /// Tells the desk that an order has ended, and forgets it. What sleeps under it learns how much
    /// it opened.
    pub(super) fn tell_ended(&mut self, order: &ClientOrderId, state: OrderState, reason: &str) {
        let Some(kept) = self.kept.remove(order) else { return };
        self.heard.push(kept.report(state, reason));
        self.ended.insert(order.clone(), (kept.request.qty.abs(), kept.filled));
        let parents: Vec<ClientOrderId> =
            self.kept.values().filter_map(|kept| kept.request.parent.clone()).collect();
        self.ended.retain(|order, _| parents.contains(order));
    }

    /// An order filled more: it is booked to it and taken off the others of its group.
    pub(super) fn book(&mut self, order: &ClientOrderId, by: Qty) {
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
    pub(super) fn release(&mut self) {
        let over: Vec<ClientOrderId> = self
            .kept
            .values()
            .filter(|kept| !kept.is_recalled && self.pack_of(&kept.request.id).is_none())
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
}
