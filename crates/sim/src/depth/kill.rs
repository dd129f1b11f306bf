//! Whether an order could trade wholly: asked before the first trade of one that must.

use market::depth::{BookSide, Lots, Queues, Ticks};

use super::roster::Live;
use super::{Guard, NewOrder, Venue};

/// A count of what an order could trade with.
struct Count<'a> {
    taker: &'a NewOrder,
    missing: i64,
    /// An order of the same owner stands in the way.
    is_blocked: bool,
}

impl Count<'_> {
    fn is_done(&self) -> bool {
        self.is_blocked || self.missing <= 0
    }

    /// Meets an order in the queue that shows so much.
    fn meet(&mut self, live: &Live, size: Lots) {
        let is_own = live.order.owner == self.taker.owner;
        match self.taker.guard {
            _ if self.is_done() => {}
            Guard::CancelNewest | Guard::CancelBoth | Guard::Decrement if is_own => {
                self.is_blocked = true;
            }
            Guard::CancelOldest if is_own => {}
            _ => self.missing -= size.0,
        }
    }
}

impl Venue {
    /// True where the order could trade wholly at its limit or better, with all that its guard
    /// would do on the way.
    pub(super) fn can_fill(&self, taker: &NewOrder, limit: Ticks, left: Lots) -> bool {
        let side = taker.side.opposite();
        let mut count = Count { taker, missing: left.0, is_blocked: false };
        let mut shown = self.shown.levels(side).map(|(price, _)| price).peekable();
        let mut dark = self.dark.levels(side).map(|(price, _)| price).peekable();
        while !count.is_done() {
            let Some(price) = better(side, shown.peek().copied(), dark.peek().copied()) else {
                break;
            };
            if !taker.side.accepts(limit, price) {
                break;
            }
            if shown.next_if_eq(&price).is_some() {
                self.count_level(&mut count, &self.shown, side, price);
            }
            if dark.next_if_eq(&price).is_some() {
                self.count_level(&mut count, &self.dark, side, price);
            }
        }
        count.missing <= 0
    }

    /// First what is in the queue now, then what comes after it from behind the peaks.
    fn count_level(&self, count: &mut Count, queues: &Queues, side: BookSide, price: Ticks) {
        let live = |slot| self.roster.get(queues.tag(slot) as u32);
        for slot in queues.queue(side, price) {
            count.meet(live(slot), queues.get(slot).size);
        }
        for slot in queues.queue(side, price) {
            count.meet(live(slot), live(slot).left - queues.get(slot).size);
        }
    }
}

fn better(side: BookSide, one: Option<Ticks>, other: Option<Ticks>) -> Option<Ticks> {
    match (one, other) {
        (Some(one), Some(other)) if side.is_better(other, one) => Some(other),
        (one, other) => one.or(other),
    }
}
