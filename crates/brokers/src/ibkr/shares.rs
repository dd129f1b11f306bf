//! How many shares an exit may stand for.

use std::collections::BTreeMap;

use market::Qty;

use super::Ibkr;
use super::line::Line;
use super::slots::Slot;
use crate::shelf::Kept;

/// The smallest number of whole shares that is no less.
pub(super) fn whole_up(qty: Qty) -> Qty {
    let part = qty.raw().rem_euclid(Qty::SCALE);
    if part == 0 { qty } else { Qty::from_raw(qty.raw() - part + Qty::SCALE) }
}

/// The largest number of whole shares that is no more.
fn whole_down(qty: Qty) -> Qty {
    Qty::from_raw(qty.raw() - qty.raw().rem_euclid(Qty::SCALE))
}

impl<L: Line> Ibkr<L> {
    /// What is held that an exit could reduce, without a sign.
    pub(super) fn held_for(&self, kept: &Kept) -> Qty {
        let held = self.held.get(&kept.request.instrument).copied().unwrap_or_default();
        match held.is_negative() == kept.request.qty.is_negative() {
            true => Qty::ZERO,
            false => whole_down(held.abs()),
        }
    }

    /// The same less what stands for other groups on that side.
    pub(super) fn free(&self, kept: &Kept) -> Qty {
        let own = kept.group();
        let mut promised: BTreeMap<&str, Qty> = BTreeMap::new();
        for slot in self.slots.values().filter(|slot| self.is_beside(slot, kept)) {
            let other = self.shelf.kept.get(&slot.order);
            let group = other.and_then(Kept::group).unwrap_or(slot.order.as_str());
            if own == Some(group) {
                continue;
            }
            let most = promised.entry(group).or_default();
            *most = (*most).max(self.promised(slot, other));
        }
        let promised: Qty = promised.into_values().sum();
        (self.held_for(kept) - promised).max(Qty::ZERO)
    }

    fn is_beside(&self, slot: &Slot, kept: &Kept) -> bool {
        let request = &kept.request;
        slot.is_open()
            && slot.instrument == request.instrument
            && slot.buys != request.qty.is_negative()
            && self.shelf.kept.get(&slot.order).is_none_or(|other| other.request.reduce_only)
    }

    /// Shares that an order may trade now: of one asleep, its part of what the other has filled.
    fn promised(&self, slot: &Slot, kept: Option<&Kept>) -> Qty {
        let parent = kept.and_then(|kept| kept.request.parent.as_ref());
        match parent.and_then(|parent| self.shelf.kept.get(parent)) {
            Some(parent) => slot.left.min(parent.filled),
            None => slot.left,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_whole() {
        let half = Qty::from_raw(Qty::SCALE * 7 / 2);
        assert_eq!((whole_up(half), whole_down(half)), (Qty::whole(4), Qty::whole(3)));
        assert_eq!(
            (whole_up(Qty::whole(4)), whole_down(Qty::whole(4))),
            (Qty::whole(4), Qty::whole(4))
        );
    }
}
