//! Every order in its queue: a book by order.

use super::table::KeyTable;
use super::{
    BookSide, DepthChange, DepthMessage, Fault, Lots, OrderKey, Queues, Resting, Slot, Ticks, judge,
};

/// Every order that rests, in the queue of its price (L3).
#[derive(Debug, Clone)]
pub struct Orders {
    queues: Queues,
    table: KeyTable,
    is_trusted: bool,
}

impl Default for Orders {
    fn default() -> Orders {
        Orders::new()
    }
}

impl Orders {
    /// Nothing rests.
    pub fn new() -> Orders {
        Orders { queues: Queues::new(), table: KeyTable::default(), is_trusted: true }
    }

    /// Takes [`DepthChange::Clear`] and the changes of orders: `Add`, `Replace`, `Reduce`,
    /// `Delete`, `Execute`; trades change nothing. After a gap changes are still taken, but the
    /// book is not trusted until it is cleared.
    ///
    /// # Errors
    /// The message was refused, and nothing changed; or more was taken from an order than it had,
    /// and it is removed; or the message left the book locked, crossed or with messages missing,
    /// which is said as well.
    #[inline]
    pub fn apply(&mut self, message: &DepthMessage) -> Result<(), Fault> {
        match message.change {
            DepthChange::Add { order, side, price, size } => {
                self.add(order, Resting { side, price, size })?;
            }
            DepthChange::Delete { order } => {
                let slot = self.forget(order)?;
                self.queues.remove(slot);
            }
            DepthChange::Reduce { order, by } => self.take(order, by)?,
            DepthChange::Execute { order, size } => self.take(order, size)?,
            DepthChange::Replace { order, price, size } => self.replace(order, price, size)?,
            DepthChange::Clear => {
                self.queues.clear();
                self.table.clear();
                self.is_trusted = true;
            }
            ref other => {
                self.is_trusted &= !matches!(other, DepthChange::Gap { .. });
                judge::other(other)?;
            }
        }
        if !self.is_trusted {
            return Ok(());
        }
        let best = |side| self.queues.best_price(side);
        judge::touch(message.packet, best(BookSide::Bid), best(BookSide::Ask))
    }

    /// How many orders rest.
    pub fn len(&self) -> usize {
        self.queues.len()
    }

    /// True where none does.
    pub fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    /// The best price of a side and the sum of the sizes there.
    #[inline]
    pub fn best(&self, side: BookSide) -> Option<(Ticks, Lots)> {
        self.queues.best(side).map(|(price, level)| (price, level.total))
    }

    /// Sum of the sizes at a price.
    pub fn size_at(&self, side: BookSide, price: Ticks) -> Lots {
        self.queues.size_at(side, price)
    }

    /// All prices of a side with the sums of their sizes, best first.
    pub fn levels(&self, side: BookSide) -> impl Iterator<Item = (Ticks, Lots)> {
        self.queues.levels(side).map(|(price, level)| (price, level.total))
    }

    /// False from a gap in the feed until the book is cleared.
    pub const fn is_trusted(&self) -> bool {
        self.is_trusted
    }

    /// An order that rests.
    pub fn order(&self, order: OrderKey) -> Option<Resting> {
        self.slot(order).map(|slot| self.queues.get(slot))
    }

    /// Visible size in front of an order in its queue; `None` where it does not rest. Time grows
    /// with the number of orders in front.
    pub fn ahead_of(&self, order: OrderKey) -> Option<Lots> {
        self.slot(order).map(|slot| self.queues.ahead_of(slot))
    }

    /// The orders of a price with their sizes, in the order in which they trade.
    pub fn queue(&self, side: BookSide, price: Ticks) -> impl Iterator<Item = (OrderKey, Lots)> {
        let slots = self.queues.queue(side, price);
        slots.map(|slot| (OrderKey(self.queues.tag(slot)), self.queues.get(slot).size))
    }

    #[inline]
    fn slot(&self, order: OrderKey) -> Option<Slot> {
        self.table.find(order, |at| OrderKey(self.queues.tag(Slot(at)))).map(Slot)
    }

    #[inline]
    fn forget(&mut self, order: OrderKey) -> Result<Slot, Fault> {
        let queues = &self.queues;
        let at = self.table.remove(order, |at| OrderKey(queues.tag(Slot(at))));
        at.map(Slot).ok_or(Fault::UnknownOrder)
    }

    #[inline]
    fn add(&mut self, key: OrderKey, order: Resting) -> Result<(), Fault> {
        judge::price(order.price)?;
        judge::size(order.size)?;
        let queues = &self.queues;
        let found = self.table.find_or_vacant(key, |at| OrderKey(queues.tag(Slot(at))));
        let Err(vacant) = found else { return Err(Fault::DuplicateOrder) };
        let slot = self.queues.push(order, key.0)?;
        self.table.insert(vacant, key, slot.0);
        Ok(())
    }

    #[inline]
    fn take(&mut self, order: OrderKey, by: Lots) -> Result<(), Fault> {
        judge::size(by)?;
        let slot = self.slot(order).ok_or(Fault::UnknownOrder)?;
        let there = self.queues.get(slot).size;
        if by < there {
            self.queues.take(slot, by);
            return Ok(());
        }
        self.forget(order)?;
        self.queues.remove(slot);
        if by > there { Err(Fault::Overdrawn) } else { Ok(()) }
    }

    #[inline]
    fn replace(&mut self, order: OrderKey, price: Ticks, size: Lots) -> Result<(), Fault> {
        judge::price(price)?;
        judge::size(size)?;
        let slot = self.slot(order).ok_or(Fault::UnknownOrder)?;
        let old = self.queues.get(slot);
        if price != old.price || size > old.size {
            return self.queues.requeue(slot, price, size);
        }
        if size < old.size {
            self.queues.take(slot, old.size - size);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::depth::Packet;
    use base::Ts;

    fn say(change: DepthChange) -> DepthMessage {
        DepthMessage { at: Ts::MIN, known: Ts::MIN, change, packet: Packet::Last }
    }

    fn add(order: u64, side: BookSide, price: i64, size: i64) -> DepthMessage {
        let (order, price, size) = (OrderKey(order), Ticks(price), Lots(size));
        say(DepthChange::Add { order, side, price, size })
    }

    fn queue(book: &Orders, price: i64) -> Vec<(u64, i64)> {
        book.queue(BookSide::Bid, Ticks(price)).map(|(key, size)| (key.0, size.0)).collect()
    }

    fn three_bids() -> Orders {
        let mut book = Orders::new();
        for order in 1..=3 {
            book.apply(&add(order, BookSide::Bid, -5, 10)).unwrap();
        }
        book
    }

    #[test]
    fn a_smaller_order_keeps_its_place_and_a_larger_one_loses_it() {
        let mut book = three_bids();
        let replace = |order, size| {
            let (order, price) = (OrderKey(order), Ticks(-5));
            say(DepthChange::Replace { order, price, size: Lots(size) })
        };
        book.apply(&replace(1, 4)).unwrap();
        assert_eq!(queue(&book, -5), [(1, 4), (2, 10), (3, 10)]);
        book.apply(&replace(1, 5)).unwrap();
        assert_eq!(queue(&book, -5), [(2, 10), (3, 10), (1, 5)]);
        assert_eq!(book.ahead_of(OrderKey(1)), Some(Lots(20)));
        assert_eq!(book.best(BookSide::Bid), Some((Ticks(-5), Lots(25))));
    }

    #[test]
    fn an_overdrawn_order_is_removed_and_said() {
        let mut book = three_bids();
        let execute = say(DepthChange::Execute { order: OrderKey(2), size: Lots(11) });
        assert_eq!(book.apply(&execute), Err(Fault::Overdrawn));
        assert_eq!(queue(&book, -5), [(1, 10), (3, 10)]);
        assert_eq!(book.apply(&execute), Err(Fault::UnknownOrder));
    }

    #[test]
    fn a_book_after_a_gap_is_not_trusted_until_it_is_cleared() {
        let mut book = three_bids();
        assert_eq!(book.apply(&say(DepthChange::Gap { missed: 1 })), Err(Fault::SequenceGap));
        assert_eq!(book.apply(&add(9, BookSide::Ask, -9, 1)), Ok(()));
        assert!(!book.is_trusted());
        book.apply(&say(DepthChange::Clear)).unwrap();
        assert!(book.is_trusted() && book.is_empty());
    }

    #[test]
    fn a_crossed_book_is_only_said_at_the_end_of_a_packet() {
        let mut book = three_bids();
        let ask = add(9, BookSide::Ask, -6, 1);
        assert_eq!(book.apply(&DepthMessage { packet: Packet::More, ..ask }), Ok(()));
        let trade = DepthChange::Trade { resting: None, price: Ticks(-6), size: Lots(1) };
        assert_eq!(book.apply(&say(trade)), Err(Fault::Crossed));
    }

    #[test]
    fn a_book_of_orders_refuses_levels() {
        let level = DepthChange::Level { side: BookSide::Bid, price: Ticks(1), size: Lots(1) };
        assert_eq!(Orders::new().apply(&say(level)), Err(Fault::OtherDepth));
    }
}
