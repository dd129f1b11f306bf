//! The crowd's own resting orders, so that one can be drawn by lot.

use market::depth::{BookSide, OrderKey};
use serde::{Deserialize, Serialize};

/// Low bits of a key: where its owner keeps it.
const SLOT_BITS: u32 = 24;

/// The orders of both sides. A key holds its slot, so finding one takes no search.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Roster {
    slots: Vec<Entry>,
    free: Vec<u32>,
    bids: Vec<u32>,
    asks: Vec<u32>,
    serial: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    key: OrderKey,
    side: BookSide,
    /// Where it lies in its side's list.
    place: u32,
}

impl Roster {
    /// A key never given before, whose order is on the roster from now on.
    pub(super) fn enter(&mut self, side: BookSide) -> OrderKey {
        self.serial += 1;
        let slot = self.free.pop().unwrap_or(self.slots.len() as u32);
        let key = OrderKey(self.serial << SLOT_BITS | u64::from(slot));
        let list = self.list(side);
        list.push(slot);
        let entry = Entry { key, side, place: list.len() as u32 - 1 };
        match self.slots.get_mut(slot as usize) {
            Some(free) => *free = entry,
            None => self.slots.push(entry),
        }
        key
    }

    /// A key for an order that never rests.
    pub(super) fn passing(&mut self) -> OrderKey {
        self.serial += 1;
        OrderKey(self.serial << SLOT_BITS | ((1 << SLOT_BITS) - 1))
    }

    /// Strikes an order off; nothing happens where it is not on the roster.
    pub(super) fn leave(&mut self, key: OrderKey) {
        let slot = (key.0 & ((1 << SLOT_BITS) - 1)) as u32;
        let Some(entry) = self.slots.get(slot as usize).copied().filter(|it| it.key == key) else {
            return;
        };
        let list = self.list(entry.side);
        list.swap_remove(entry.place as usize);
        let moved = list.get(entry.place as usize).copied();
        if let Some(moved) = moved {
            self.slots[moved as usize].place = entry.place;
        }
        self.slots[slot as usize].key = OrderKey(0);
        self.free.push(slot);
    }

    /// Whether an order is on it.
    pub(super) fn has(&self, key: OrderKey) -> bool {
        let slot = key.0 & ((1 << SLOT_BITS) - 1);
        self.slots.get(slot as usize).is_some_and(|entry| entry.key == key)
    }

    /// How many of a side.
    pub(super) fn count(&self, side: BookSide) -> usize {
        match side {
            BookSide::Bid => self.bids.len(),
            BookSide::Ask => self.asks.len(),
        }
    }

    /// The order in that place of a side's list.
    pub(super) fn get(&self, side: BookSide, place: usize) -> Option<OrderKey> {
        let list = match side {
            BookSide::Bid => &self.bids,
            BookSide::Ask => &self.asks,
        };
        list.get(place).map(|slot| self.slots[*slot as usize].key)
    }

    fn list(&mut self, side: BookSide) -> &mut Vec<u32> {
        match side {
            BookSide::Bid => &mut self.bids,
            BookSide::Ask => &mut self.asks,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_roster_holds_what_entered_and_has_not_left(
            deeds in proptest::collection::vec((0u8..3, 0usize..64), 1..300),
        ) {
            let (mut roster, mut held) = (Roster::default(), BTreeSet::new());
            for (deed, pick) in deeds {
                let side = if pick % 2 == 0 { BookSide::Bid } else { BookSide::Ask };
                if deed < 2 {
                    prop_assert!(held.insert(roster.enter(side)), "a key given twice");
                } else if let Some(key) = roster.get(side, pick % roster.count(side).max(1)) {
                    prop_assert!(roster.has(key) && held.remove(&key));
                    roster.leave(key);
                    roster.leave(key);
                    roster.leave(OrderKey(u64::MAX));
                }
                let listed: BTreeSet<OrderKey> = [BookSide::Bid, BookSide::Ask]
                    .into_iter()
                    .flat_map(|side| (0..roster.count(side)).map(move |k| (side, k)))
                    .filter_map(|(side, k)| roster.get(side, k))
                    .collect();
                prop_assert_eq!(&listed, &held);
            }
        }
    }
}
