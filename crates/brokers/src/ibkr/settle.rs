//! From what is wanted to what is asked: compares what the desk wants with what stands, and asks
//! for the difference. Settling twice asks for nothing the second time.

use market::{ClientOrderId, InstrumentId, Qty};

use super::line::{Ask, Line, Terms};
use super::shares::whole_up;
use super::slots::{Shown, Slot, Way};
use super::{Ibkr, Stage};
use crate::shelf::Kept;

impl<L: Line> Ibkr<L> {
    /// Asks for whatever is missing, stands wrong, or should be gone.
    pub(super) fn settle(&mut self) {
        if self.stage != Stage::Ready {
            return;
        }
        self.close_slots();
        self.release();
        self.end_slots();
        self.place_openings();
        self.place_sleepers();
        self.place_exits();
        self.transmit();
        self.resize();
        self.release();
    }

    fn release(&mut self) {
        let slots = &self.slots;
        self.shelf.release(|order| slots.values().any(|slot| slot.order == *order));
    }

    /// True where an order of that name stands, or is being placed.
    fn stands(&self, order: &ClientOrderId) -> bool {
        self.slots.values().any(|slot| slot.order == *order)
    }

    /// Takes back what should be gone.
    fn end_slots(&mut self) {
        let (now, again) = (self.now(), self.waits.look);
        let over: Vec<i32> = self
            .slots
            .iter()
            .filter(|(_, slot)| slot.is_open() && !slot.is_stranger && slot.left > Qty::ZERO)
            .filter(|(_, slot)| slot.way != Way::Leaving || now >= slot.asked + again)
            .filter(|(_, slot)| {
                slot.way == Way::Leaving
                    || self.shelf.kept.get(&slot.order).is_none_or(|kept| self.is_over(kept, slot))
            })
            .map(|(id, _)| *id)
            .collect();
        for id in over {
            self.leave(id);
        }
    }

    fn is_over(&self, kept: &Kept, slot: &Slot) -> bool {
        let is_bare = kept.request.reduce_only
            && !self.shelf.is_asleep(kept)
            && self.is_quiet(slot)
            && self.held_for(kept) == Qty::ZERO;
        kept.is_cancelling || is_bare || self.shelf.open_qty(kept) == Qty::ZERO
    }

    pub(super) fn leave(&mut self, id: i32) {
        let now = self.now();
        let Some(slot) = self.slots.get_mut(&id) else { return };
        slot.way = Way::Leaving;
        slot.asked = now;
        self.line.ask(Ask::Cancel(id));
    }

    /// Orders that are due to be placed, older ones first.
    fn due(&self, fits: impl Fn(&Kept) -> bool) -> Vec<ClientOrderId> {
        let now = self.now();
        let wanted = self.shelf.kept.values().filter(|kept| {
            !kept.is_cancelling
                && !kept.is_recalled
                && kept.not_before.is_none_or(|at| now >= at)
                && self.shelf.open_qty(kept) > Qty::ZERO
                && !self.stands(&kept.request.id)
                && fits(kept)
        });
        let mut due: Vec<(u64, ClientOrderId)> =
            wanted.map(|kept| (kept.arrived, kept.request.id.clone())).collect();
        due.sort();
        due.into_iter().map(|(_, order)| order).collect()
    }

    /// Orders that open, each with what sleeps under it: TWS works all of them once the last has
    /// come.
    fn place_openings(&mut self) {
        for order in self.due(|kept| !kept.request.reduce_only && !self.shelf.is_asleep(kept)) {
            let children = self.due(|kept| kept.request.parent.as_ref() == Some(&order));
            let qty = whole_up(self.shelf.open_qty(&self.shelf.kept[&order]));
            let parent = self.place(&order, qty, (None, children.is_empty()));
            let count = children.len();
            for (at, child) in children.into_iter().enumerate() {
                let qty = self.shelf.kept[&child].request.qty.abs();
                self.place(&child, qty, (Some(parent), at + 1 == count));
            }
        }
    }

    /// Orders that came after the one that they sleep under.
    fn place_sleepers(&mut self) {
        for order in self.due(|kept| self.shelf.is_asleep(kept)) {
            let kept = &self.shelf.kept[&order];
            let qty = whole_up(self.shelf.open_qty(kept));
            let is_parent = |slot: &Slot| kept.request.parent.as_ref() == Some(&slot.order);
            let parent = self.slots.iter().find(|(_, slot)| is_parent(slot) && slot.is_open());
            if let Some((parent, _)) = parent.filter(|(_, slot)| slot.way != Way::Leaving) {
                let parent = *parent;
                self.place(&order, qty, (Some(parent), true));
            }
        }
    }

    /// Exits that are awake, for no more than is held.
    fn place_exits(&mut self) {
        let now = self.now();
        let is_awake = |kept: &Kept| kept.request.reduce_only && !self.shelf.is_asleep(kept);
        let due = self.due(is_awake);
        self.bare.retain(|order, _| due.contains(order));
        for order in due {
            let kept = &self.shelf.kept[&order];
            let qty = whole_up(self.shelf.open_qty(kept)).min(self.free(kept));
            if qty > Qty::ZERO {
                self.bare.remove(&order);
                self.place(&order, qty, (None, true));
            } else if self.held_for(kept) == Qty::ZERO {
                let since = *self.bare.entry(order.clone()).or_insert(now);
                if now >= since + self.waits.look {
                    let reason = "nothing is held that it could reduce";
                    self.shelf.tell_ended(&order, market::OrderState::Cancelled, reason);
                }
            }
        }
    }

    /// Places an order; gives its number.
    fn place(
        &mut self,
        order: &ClientOrderId,
        qty: Qty,
        (parent, is_last): (Option<i32>, bool),
    ) -> i32 {
        let now = self.now();
        let id = self.spare.remove(order).unwrap_or_else(|| {
            let id = self.next_order;
            self.next_order += 1;
            id
        });
        let request = self.shelf.kept[order].request.clone();
        let qty = if request.qty.is_negative() { -qty } else { qty };
        let group = request.oco_group.as_deref().map(|group| self.group_name(group));
        let terms = Terms {
            symbol: self.symbol(request.instrument),
            reference: order.as_str().to_owned(),
            qty,
            kind: request.kind,
            tif: request.tif,
            parent,
            group: group.clone(),
            is_last,
        };
        let slot = Slot {
            parent: parent.unwrap_or_default(),
            group: group.unwrap_or_default(),
            ..Slot::new(order, request.instrument, qty, now)
        };
        self.slots.insert(id, slot);
        self.line.ask(Ask::Place(id, terms));
        id
    }

    /// Drafts whose family has come in part only: the rest was placed anew, or is not wanted.
    fn transmit(&mut self) {
        let (now, wait) = (self.now(), self.waits.quiet);
        let is_stuck = |slot: &Slot| {
            slot.shown == Shown::Draft
                && slot.is_open()
                && slot.way != Way::Leaving
                && now >= slot.asked + wait
                && now >= slot.moved + wait
        };
        let stuck: Vec<i32> =
            self.slots.iter().filter(|(_, slot)| is_stuck(slot)).map(|(id, _)| *id).collect();
        for id in stuck {
            let left = self.slots[&id].left;
            self.change(id, left);
        }
    }

    /// Changes how much of an order is still to be filled.
    fn change(&mut self, id: i32, left: Qty) {
        let now = self.now();
        let Some(slot) = self.slots.get_mut(&id) else { return };
        let Some(kept) = self.shelf.kept.get(&slot.order) else { return };
        let qty = slot.filled + left;
        slot.way = Way::Changing;
        (slot.asked, slot.placed) = (now, now);
        let terms = Terms {
            symbol: self.universe.get(slot.instrument).symbol.clone(),
            reference: slot.order.as_str().to_owned(),
            qty: if slot.buys { qty } else { -qty },
            kind: kept.request.kind,
            tif: kept.request.tif,
            // TWS refuses another group than the one it knows.
            parent: Some(slot.parent).filter(|parent| *parent != 0),
            group: Some(slot.group.clone()).filter(|group| !group.is_empty()),
            is_last: true,
        };
        self.line.ask(Ask::Place(id, terms));
    }

    /// Exits that stand for more or less than is left for them. TWS reduces those of a group by
    /// itself; what came too late for that is put right once all is quiet.
    fn resize(&mut self) {
        let mut wrong: Vec<(i32, Qty)> = Vec::new();
        for (id, slot) in &self.slots {
            let Some(kept) = self.shelf.kept.get(&slot.order) else { continue };
            let is_awake = kept.request.reduce_only && !self.shelf.is_asleep(kept);
            let is_steady = slot.is_open() && slot.shown == Shown::Whole;
            let is_free = slot.way == Way::None && !slot.is_stranger;
            if is_awake && is_steady && is_free && self.is_quiet(slot) {
                let qty = whole_up(self.shelf.open_qty(kept)).min(self.free(kept));
                if qty != slot.left && qty > Qty::ZERO {
                    wrong.push((*id, qty));
                }
            }
        }
        for (id, qty) in wrong {
            self.change(id, qty);
        }
    }

    /// True where nothing was heard of an order, and nothing of its kind traded, for a while.
    fn is_quiet(&self, slot: &Slot) -> bool {
        let now = self.now();
        let traded = self.traded_at.get(&slot.instrument).copied();
        let last = traded.map_or(slot.moved, |at| at.max(slot.moved)).max(slot.asked);
        now >= last + self.waits.quiet
    }

    /// A group's name as TWS is told it: short, of letters that it takes, and another one once it
    /// has filled.
    pub(super) fn group_name(&self, group: &str) -> String {
        let leg = match self.groups.get(group) {
            None => group.to_owned(),
            Some(number) => format!("{group}~{number}"),
        };
        ClientOrderId::derive("group", &leg).as_str().to_owned()
    }

    fn symbol(&self, instrument: InstrumentId) -> String {
        self.universe.get(instrument).symbol.clone()
    }
}
