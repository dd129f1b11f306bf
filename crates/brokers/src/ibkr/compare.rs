//! What a look at the account means for what is known here: orders taken over from an earlier
//! life, found again, gone, or never come.

use std::collections::BTreeMap;

use market::{ClientOrderId, OrderState, Qty};

use super::Ibkr;
use super::books::Round;
use super::line::{Line, Seen};
use super::slots::{self, Doubt, Ending, Shown, Slot};
use super::trades::name;

/// Looks that must miss an order that stood, before it counts as gone.
const MOST_MISSED: u32 = 2;

impl<L: Line> Ibkr<L> {
    /// The first look: what stands is taken over. Orders of an earlier life that stand go on,
    /// exits that do not are placed again, and what opens and does not stand is left to the desk.
    pub(super) fn take_over(&mut self, round: &Round) {
        let mut lives: BTreeMap<ClientOrderId, (Qty, bool)> = BTreeMap::new();
        for seen in round.open.iter().chain(&round.completed) {
            let (filled, is_open) = lives.entry(name(&seen.reference, seen.permanent)).or_default();
            *filled += seen.filled;
            *is_open |= !seen.status.is_done();
        }
        let mut executed: BTreeMap<ClientOrderId, Qty> = BTreeMap::new();
        for trade in round.made() {
            let order = name(&trade.reference, trade.permanent);
            *executed.entry(order).or_default() += trade.qty.abs();
        }
        for (order, qty) in executed {
            let (filled, _) = lives.entry(order).or_default();
            *filled = (*filled).max(qty);
        }
        for (order, (filled, is_open)) in lives {
            self.shelf.count_recalled(&order, filled, is_open);
        }
        round.open.iter().for_each(|seen| self.adopt(seen));
        let slots = &self.slots;
        let stands = |order: &ClientOrderId| slots.values().any(|slot| slot.order == *order);
        self.shelf
            .kept
            .retain(|order, kept| !kept.is_recalled || kept.request.reduce_only || stands(order));
        for kept in self.shelf.kept.values_mut().filter(|kept| kept.is_recalled) {
            kept.is_recalled = false;
            kept.is_told = true;
        }
    }

    /// An order of our client's that is not known here.
    pub(super) fn adopt(&mut self, seen: &Seen) {
        let is_new = seen.is_own
            && seen.id > 0
            && !seen.status.is_done()
            && !self.slots.contains_key(&seen.id)
            && !self.gone.contains_key(&seen.id);
        let Some(instrument) = self.universe.find(&seen.symbol).ok().filter(|_| is_new) else {
            return;
        };
        self.next_order = self.next_order.max(seen.id + 1);
        let order = name(&seen.reference, seen.permanent);
        let is_double = self.slots.values().any(|slot| slot.order == order && slot.is_open());
        if seen.permanent != 0 {
            self.permanents.insert(seen.permanent);
        }
        let mut slot = Slot::adopted(order, instrument, seen, self.now());
        slot.is_stranger = !self.shelf.kept.contains_key(&slot.order) || is_double;
        self.slots.insert(seen.id, slot);
        if is_double {
            // One name is one order.
            self.leave(seen.id);
        }
    }

    /// Holds what is known here against what was read: orders that were placed before the look
    /// began and are in none of its parts never came, or are no more.
    pub(super) fn compare(&mut self, round: &Round) {
        for seen in &round.open {
            self.adopt(seen);
            self.see(seen, round.began);
        }
        let is_open = |id: i32| round.open.iter().any(|seen| seen.is_own && seen.id == id);
        let missing: Vec<i32> = self
            .slots
            .iter()
            .filter(|(id, slot)| slot.is_open() && slot.placed < round.began && !is_open(**id))
            .map(|(id, _)| *id)
            .collect();
        for id in missing {
            match self.found_completed(id, round) {
                Some(seen) => {
                    let said = (seen.filled, slots::state(seen.status), seen.permanent);
                    self.finished(id, said);
                }
                None => self.missed(id, round),
            }
        }
        for slot in self.slots.values_mut().filter(|slot| slot.placed < round.began) {
            slot.doubt = Doubt::None;
        }
    }

    /// An order among those that ended: by TWS's number where that is known, else by its name,
    /// where no other of that name is meant.
    fn found_completed<'a>(&self, id: i32, round: &'a Round) -> Option<&'a Seen> {
        let slot = self.slots.get(&id)?;
        let is_another = |seen: &Seen| self.permanents.contains(&seen.permanent);
        round.completed.iter().find(|seen| match slot.permanent {
            0 => name(&seen.reference, seen.permanent) == slot.order && !is_another(seen),
            permanent => seen.permanent == permanent,
        })
    }

    /// An order that a look did not find.
    fn missed(&mut self, id: i32, round: &Round) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        let traded = round.filled(id);
        if traded > Qty::ZERO {
            let state = match slot.left == Qty::ZERO {
                true => OrderState::Filled,
                false => OrderState::Cancelled,
            };
            let permanent = slot.permanent;
            self.finished(id, (traded, state, permanent));
        } else if slot.shown != Shown::Never {
            slot.missed += 1;
            if slot.missed >= MOST_MISSED {
                let (said, permanent) = (slot.said, slot.permanent);
                self.finished(id, (said, OrderState::Cancelled, permanent));
            }
        } else {
            // It never came: it is placed again, under the same number, which TWS takes once.
            if let Some(slot) = self.slots.remove(&id)
                && slot.doubt != Doubt::Taken
            {
                self.spare.insert(slot.order, id);
            }
        }
    }

    /// An order has ended at TWS.
    pub(super) fn finished(&mut self, id: i32, (filled, state, permanent): (Qty, OrderState, i64)) {
        let now = self.now();
        let Some(slot) = self.slots.get_mut(&id) else { return };
        slot.said = slot.said.max(filled);
        if permanent != 0 {
            slot.permanent = permanent;
            self.permanents.insert(permanent);
        }
        if slot.ending.is_none() {
            slot.ending = Some(Ending { state, at: now });
            slot.moved = now;
        }
    }
}
