//! Orders in the queues of their prices.
//!
//! All orders lie in one slab; those of one price are linked in the order in which they came.
//! Joining, leaving and shrinking touch the order, its neighbours and its level.

use super::{Band, BookSide, Fault, Lots, Ticks};

const NONE: u32 = u32::MAX;

/// Where an order lies, until it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slot(pub u32);

/// An order that rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resting {
    /// Its side.
    pub side: BookSide,
    /// Its limit.
    pub price: Ticks,
    /// What remains of it.
    pub size: Lots,
}

/// All that rests at one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Sum of the sizes.
    pub total: Lots,
    /// How many orders.
    pub orders: u32,
    head: u32,
    tail: u32,
}

impl Default for Level {
    fn default() -> Level {
        Level { total: Lots::ZERO, orders: 0, head: NONE, tail: NONE }
    }
}

/// 32 bytes, half a cache line: what is far apart in memory is what costs time.
#[derive(Debug, Clone, Copy)]
struct Node {
    tag: u64,
    /// Twice the price, plus one for an ask.
    place: i64,
    size: i64,
    prev: u32,
    next: u32,
}

impl Node {
    #[inline]
    const fn resting(&self) -> Resting {
        let side = if self.place & 1 == 0 { BookSide::Bid } else { BookSide::Ask };
        Resting { side, price: Ticks(self.place >> 1), size: Lots(self.size) }
    }
}

#[inline]
const fn place(side: BookSide, price: Ticks) -> i64 {
    match side {
        BookSide::Bid => price.0 << 1,
        BookSide::Ask => (price.0 << 1) | 1,
    }
}

/// Orders of both sides in the queues of their prices: first come, first served.
///
/// The caller keeps the [`Slot`] of each order and hangs a number of its own on it, the tag.
/// Prices must lie within ±2⁶⁰, sizes be positive; a slot must be of an order that rests. A slot
/// of one that has left names nobody or, later, another order.
#[derive(Debug, Clone)]
pub struct Queues {
    nodes: Vec<Node>,
    /// First of the free nodes, linked by `next`.
    free: u32,
    len: usize,
    bids: Band<Level>,
    asks: Band<Level>,
}

impl Default for Queues {
    fn default() -> Queues {
        Queues::new()
    }
}

impl Queues {
    /// No order at all.
    pub fn new() -> Queues {
        Queues {
            nodes: Vec::new(),
            free: NONE,
            len: 0,
            bids: Band::new(BookSide::Bid),
            asks: Band::new(BookSide::Ask),
        }
    }

    /// How many orders rest.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True where none does.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes all orders away.
    pub fn clear(&mut self) {
        self.nodes.clear();
        self.free = NONE;
        self.len = 0;
        self.bids.clear();
        self.asks.clear();
    }

    /// Puts an order at the end of the queue at its price. Refused where the sum of that price
    /// would not fit its type.
    #[inline]
    pub fn push(&mut self, order: Resting, tag: u64) -> Result<Slot, Fault> {
        let fits = |level: &Level| level.total.0.checked_add(order.size.0).is_some();
        if !self.band(order.side).get(order.price).is_none_or(fits) {
            return Err(Fault::OutOfRange);
        }
        let place = place(order.side, order.price);
        let node = Node { tag, place, size: order.size.0, prev: NONE, next: NONE };
        let at = self.allot(node);
        self.link(at, order);
        Ok(Slot(at))
    }

    /// Takes an order away, whatever remains of it.
    #[inline]
    pub fn remove(&mut self, slot: Slot) -> Resting {
        let order = self.unlink(slot);
        self.nodes[slot.0 as usize].next = self.free;
        self.free = slot.0;
        self.len -= 1;
        order
    }

    /// Takes part of an order, which keeps its place; with nothing left it is gone. `by` must not
    /// be more than there is. What remains.
    #[inline]
    pub fn take(&mut self, slot: Slot, by: Lots) -> Lots {
        let node = &mut self.nodes[slot.0 as usize];
        if by.0 >= node.size {
            self.remove(slot);
            return Lots::ZERO;
        }
        node.size -= by.0;
        let order = node.resting();
        if let Some(level) = self.band_mut(order.side).get_mut(order.price) {
            level.total -= by;
        }
        order.size
    }

    /// Puts an order at the end of the queue at another price, or at its own, with another size.
    /// Refused, and nothing changed, where the sum of that price would not fit its type.
    pub fn requeue(&mut self, slot: Slot, price: Ticks, size: Lots) -> Result<(), Fault> {
        let old = self.get(slot);
        let freed = if old.price == price { old.size } else { Lots::ZERO };
        let there = self.size_at(old.side, price) - freed;
        there.0.checked_add(size.0).ok_or(Fault::OutOfRange)?;
        self.unlink(slot);
        let node = &mut self.nodes[slot.0 as usize];
        (node.place, node.size) = (place(old.side, price), size.0);
        (node.prev, node.next) = (NONE, NONE);
        self.link(slot.0, Resting { price, size, ..old });
        Ok(())
    }

    /// An order.
    #[inline]
    pub fn get(&self, slot: Slot) -> Resting {
        self.nodes[slot.0 as usize].resting()
    }

    /// What its owner hung on it.
    #[inline]
    pub fn tag(&self, slot: Slot) -> u64 {
        self.nodes[slot.0 as usize].tag
    }

    /// The best price of a side, and all that rests there.
    #[inline]
    pub fn best(&self, side: BookSide) -> Option<(Ticks, Level)> {
        let band = self.band(side);
        let price = band.best()?;
        band.get(price).map(|level| (price, *level))
    }

    /// The best price of a side.
    #[inline]
    pub fn best_price(&self, side: BookSide) -> Option<Ticks> {
        self.band(side).best()
    }

    /// The order that trades first on a side.
    #[inline]
    pub fn front(&self, side: BookSide) -> Option<Slot> {
        self.best(side).map(|(_, level)| Slot(level.head))
    }

    /// The first order of a price.
    pub fn first_at(&self, side: BookSide, price: Ticks) -> Option<Slot> {
        self.band(side).get(price).map(|level| Slot(level.head))
    }

    /// The order behind one in its queue.
    #[inline]
    pub fn behind(&self, slot: Slot) -> Option<Slot> {
        let next = self.nodes[slot.0 as usize].next;
        (next != NONE).then_some(Slot(next))
    }

    /// Sum of the sizes before an order in its queue. Walks the queue: time grows with the number
    /// of orders before it.
    pub fn ahead_of(&self, slot: Slot) -> Lots {
        let mut sum = 0;
        let mut at = self.nodes[slot.0 as usize].prev;
        while let Some(node) = self.nodes.get(at as usize) {
            sum += node.size;
            at = node.prev;
        }
        Lots(sum)
    }

    /// All that rests at a price.
    pub fn level(&self, side: BookSide, price: Ticks) -> Option<Level> {
        self.band(side).get(price).copied()
    }

    /// Sum of the sizes at a price.
    pub fn size_at(&self, side: BookSide, price: Ticks) -> Lots {
        self.band(side).get(price).map_or(Lots::ZERO, |level| level.total)
    }

    /// All prices of a side at which orders rest, best first.
    pub fn levels(&self, side: BookSide) -> impl Iterator<Item = (Ticks, Level)> {
        self.band(side).iter().map(|(price, level)| (price, *level))
    }

    /// The orders of a price in the order in which they trade.
    pub fn queue(&self, side: BookSide, price: Ticks) -> impl Iterator<Item = Slot> {
        std::iter::successors(self.first_at(side, price), |slot| self.behind(*slot))
    }

    #[inline]
    const fn band(&self, side: BookSide) -> &Band<Level> {
        match side {
            BookSide::Bid => &self.bids,
            BookSide::Ask => &self.asks,
        }
    }

    #[inline]
    const fn band_mut(&mut self, side: BookSide) -> &mut Band<Level> {
        match side {
            BookSide::Bid => &mut self.bids,
            BookSide::Ask => &mut self.asks,
        }
    }

    #[inline]
    fn allot(&mut self, node: Node) -> u32 {
        self.len += 1;
        let at = self.free;
        match self.nodes.get_mut(at as usize) {
            Some(free) => {
                self.free = free.next;
                *free = node;
                at
            }
            None => {
                self.nodes.push(node);
                self.nodes.len() as u32 - 1
            }
        }
    }

    #[inline]
    fn link(&mut self, at: u32, order: Resting) {
        let level = self.band_mut(order.side).open(order.price);
        let last = std::mem::replace(&mut level.tail, at);
        level.total += order.size;
        level.orders += 1;
        if last == NONE {
            level.head = at;
            return;
        }
        self.nodes[at as usize].prev = last;
        self.nodes[last as usize].next = at;
    }

    #[inline]
    fn unlink(&mut self, slot: Slot) -> Resting {
        let node = self.nodes[slot.0 as usize];
        let order = node.resting();
        if let Some(before) = self.nodes.get_mut(node.prev as usize) {
            before.next = node.next;
        }
        if let Some(behind) = self.nodes.get_mut(node.next as usize) {
            behind.prev = node.prev;
        }
        let band = self.band_mut(order.side);
        if node.prev == NONE && node.next == NONE {
            band.remove(order.price);
        } else if let Some(level) = band.get_mut(order.price) {
            level.total -= order.size;
            level.orders -= 1;
            level.head = if node.prev == NONE { node.next } else { level.head };
            level.tail = if node.next == NONE { node.prev } else { level.tail };
        }
        order
    }
}
