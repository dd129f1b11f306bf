//! The account's orders, and what is known of those that are open: by instrument, by the time at
//! which they end, and by the money that they hold back. Nothing here grows with orders that
//! ended, and none of it is written down: it is made anew from the orders.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, Index, IndexMut};

use base::{Day, Digest, Ts};
use market::{Cash, InstrumentId};
use serde::{Deserialize, Serialize};

use super::Venue;
use super::order::{Kind, Order, Side};
use crate::chunks::Chunks;
use crate::figures::{is_uuid, wall_day};

/// All orders, the oldest first; an order's place is its number. It remembers which were touched.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Orders {
    all: Chunks<Order>,
    #[serde(skip)]
    touched: Vec<usize>,
}

impl PartialEq for Orders {
    fn eq(&self, other: &Orders) -> bool {
        self.all == other.all
    }
}

impl Orders {
    pub(super) fn push(&mut self, order: Order) {
        self.touch(self.all.len());
        self.all.push(order);
    }

    /// Says that what an order costs may be another now.
    pub(super) fn touch(&mut self, number: usize) {
        if self.touched.last() != Some(&number) {
            self.touched.push(number);
        }
    }
}

impl Deref for Orders {
    type Target = Chunks<Order>;

    fn deref(&self) -> &Chunks<Order> {
        &self.all
    }
}

impl Index<usize> for Orders {
    type Output = Order;

    fn index(&self, number: usize) -> &Order {
        &self.all[number]
    }
}

impl IndexMut<usize> for Orders {
    fn index_mut(&mut self, number: usize) -> &mut Order {
        self.touch(number);
        &mut self.all[number]
    }
}

/// Numbers of orders by a name. The names themselves stand in the orders; here each takes 128
/// bits: those of a UUID, of any other text those of its digest.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<u128, usize>);

impl Names {
    pub(super) fn insert(&mut self, name: &str, number: usize) {
        self.0.insert(short(name), number);
    }

    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.0.get(&short(name)).copied()
    }
}

fn short(name: &str) -> u128 {
    let plain = is_uuid(name) && !name.bytes().any(|byte| byte.is_ascii_uppercase());
    let hex = match plain {
        true => name.replace('-', ""),
        false => Digest::of(name.as_bytes()).as_str()[..32].to_owned(),
    };
    u128::from_str_radix(&hex, 16).unwrap_or_default()
}

/// What is known of the orders that are open.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Their numbers by instrument, and when each ends.
    of: BTreeMap<InstrumentId, BTreeSet<usize>>,
    /// Those that sell and those that buy.
    sides: BTreeMap<(InstrumentId, bool), BTreeSet<usize>>,
    /// Those of which one cancels the others.
    groups: BTreeMap<String, BTreeSet<usize>>,
    /// Those that have parts.
    combos: BTreeSet<usize>,
    ends: BTreeSet<(Ts, usize)>,
    /// What each holds back, where it is something, and all of it.
    costs: BTreeMap<usize, Cash>,
    cost: Cash,
    /// The last day on which an order ended, and those that did.
    ended_on: Day,
    ended: BTreeSet<usize>,
}

impl Waiting {
    pub(super) fn add(&mut self, number: usize, order: &Order) {
        if order.combo.is_some() {
            self.combos.insert(number);
        }
        self.of.entry(order.instrument).or_default().insert(number);
        let side = (order.instrument, order.side == Side::Buy);
        self.sides.entry(side).or_default().insert(number);
        if let Some(group) = &order.group {
            self.groups.entry(group.clone()).or_default().insert(number);
        }
        self.ends.insert((order.expires, number));
    }

    pub(super) fn remove(&mut self, number: usize, order: &Order) {
        if let Some(numbers) = self.of.get_mut(&order.instrument) {
            numbers.remove(&number);
        }
        let side = (order.instrument, order.side == Side::Buy);
        if let Some(numbers) = self.sides.get_mut(&side) {
            numbers.remove(&number);
        }
        if let Some(group) = &order.group
            && let Some(numbers) = self.groups.get_mut(group)
        {
            numbers.remove(&number);
            if numbers.is_empty() {
                self.groups.remove(group);
            }
        }
        self.combos.remove(&number);
        self.ends.remove(&(order.expires, number));
        self.end(number, order);
    }

    fn end(&mut self, number: usize, order: &Order) {
        let day = wall_day(order.updated_at);
        if day > self.ended_on {
            self.ended_on = day;
            self.ended.clear();
        }
        if day == self.ended_on {
            self.ended.insert(number);
        }
    }

    /// Those that end by a time.
    pub(super) fn due(&self, now: Ts) -> Vec<usize> {
        let mut due: Vec<usize> =
            self.ends.range(..=(now, usize::MAX)).map(|(_, number)| *number).collect();
        due.sort_unstable();
        due
    }

    fn hold(&mut self, number: usize, cost: Cash) {
        let before = match cost == Cash::ZERO {
            true => self.costs.remove(&number),
            false => self.costs.insert(number, cost),
        };
        self.cost = self.cost + cost - before.unwrap_or(Cash::ZERO);
    }
}

impl Venue {
    /// Open orders of an instrument, the oldest first.
    pub(super) fn open_orders_of(&self, instrument: InstrumentId) -> Vec<usize> {
        let open = self.waiting.of.get(&instrument);
        open.map_or_else(Vec::new, |numbers| numbers.iter().copied().collect())
    }

    /// Open orders of an instrument on one side, the oldest first.
    pub(super) fn open_side_of(&self, instrument: InstrumentId, side: Side) -> Vec<usize> {
        let open = self.waiting.sides.get(&(instrument, side == Side::Buy));
        open.map_or_else(Vec::new, |numbers| numbers.iter().copied().collect())
    }

    /// Open orders of parts, the oldest first.
    pub(super) fn open_combos(&self) -> Vec<usize> {
        self.waiting.combos.iter().copied().collect()
    }

    /// Open orders of an order's group, and it itself where it is open; the oldest first.
    pub(super) fn open_group_of(&self, number: usize) -> Vec<usize> {
        let group = self.state.orders[number].group.as_ref();
        let numbers = group.and_then(|group| self.waiting.groups.get(group));
        numbers.map_or_else(Vec::new, |numbers| numbers.iter().copied().collect())
    }

    /// Open orders that what the exchange said of some may concern: those, their groups, and
    /// what waits for them.
    pub(super) fn concerned(&self, said_of: impl Iterator<Item = usize>) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        for number in said_of {
            let Some(order) = self.state.orders.get(number) else { continue };
            found.insert(number);
            found.extend(&order.legs);
            found.extend(self.open_group_of(number));
        }
        found.retain(|number| self.state.open.contains(number));
        found
    }

    /// Numbers of all open orders, the oldest first.
    pub(crate) fn open_orders(&self) -> impl Iterator<Item = usize> {
        self.state.open.iter().copied()
    }

    /// Numbers of the orders that ended on the last day on which any did, the oldest first.
    pub(crate) fn ended_last(&self) -> impl Iterator<Item = usize> {
        self.waiting.ended.iter().copied()
    }

    /// Takes an order in among those that are open.
    pub(super) fn open_order(&mut self, number: usize) {
        self.state.open.insert(number);
        self.waiting.add(number, &self.state.orders[number]);
    }

    /// Takes an order out that ended.
    pub(super) fn close_order(&mut self, number: usize) {
        self.state.open.remove(&number);
        self.waiting.remove(number, &self.state.orders[number]);
    }

    /// Says that the price of an instrument moved: what is not held back at a price of its own
    /// costs something else now.
    pub(super) fn revalue(&mut self, instrument: InstrumentId) {
        let Some(numbers) = self.waiting.of.get(&instrument) else { return };
        for number in numbers {
            let order = &self.state.orders.all[*number];
            if order.side == Side::Sell || order.kind == Kind::Market {
                self.state.orders.touched.push(*number);
            }
        }
    }

    /// Brings the money that orders hold back up to date with what happened to them.
    pub(super) fn reckon(&mut self) {
        let mut touched = std::mem::take(&mut self.state.orders.touched);
        for number in touched.drain(..) {
            let cost = self.cost_of(number);
            self.waiting.hold(number, cost);
        }
        self.state.orders.touched = touched;
    }

    /// Money that all open orders hold back.
    pub(super) fn held_back(&self) -> Cash {
        debug_assert!(self.state.orders.touched.is_empty(), "an order was touched since");
        debug_assert_eq!(
            self.waiting.cost,
            self.state.open.iter().map(|number| self.cost_of(*number)).sum()
        );
        self.waiting.cost
    }

    /// Makes what is not written down.
    pub(super) fn find_waiting(&mut self) {
        for (number, order) in self.state.orders.iter().enumerate() {
            if !order.status.is_open() {
                self.waiting.end(number, order);
            }
        }
        for number in self.state.open.clone() {
            self.waiting.add(number, &self.state.orders[number]);
            self.state.orders.touch(number);
        }
        self.reckon();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_anything_are_others() {
        let id = "01234567-89ab-8def-a123-456789abcdef";
        let mut names = Names::default();
        let all = [id.to_owned(), id.to_uppercase(), id.replace('-', "_"), "a".into(), "".into()];
        for (number, name) in all.iter().enumerate() {
            assert_eq!(names.find(name), None, "{name}");
            names.insert(name, number);
        }
        assert!(all.iter().enumerate().all(|(number, name)| names.find(name) == Some(number)));
    }
}
