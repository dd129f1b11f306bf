//! Orders come to rest, shrink and go; what a feed shows of it.

use market::depth::{BookSide, DepthChange, Lots, OrderKey, Queues, Resting, Ticks};

use super::matching::{Maker, Pool, Wear, cancelled};
use super::roster::{Live, Place};
use super::{CancelReason, Display, FeedDepth, Kind, NewOrder, Outbox, Venue};

impl Venue {
    #[inline]
    pub(super) const fn pool(&self, pool: Pool) -> &Queues {
        match pool {
            Pool::Shown => &self.shown,
            Pool::Dark => &self.dark,
            Pool::Call(session) => &self.calls[session as usize],
        }
    }

    /// Puts what is left of an order at the end of the queue at a price.
    pub(super) fn rest(&mut self, order: NewOrder, price: Ticks, left: Lots, out: &mut Outbox) {
        let at = self.roster.enter(order, left);
        if self.queue_up(at, price, out).is_none() {
            self.roster.leave(at);
            cancelled(&order, left, Lots::ZERO, CancelReason::LevelFull, out);
        }
    }

    /// Puts an order of the roster that waits nowhere at the end of the queue at a price.
    pub(super) fn queue_up(&mut self, at: u32, price: Ticks, out: &mut Outbox) -> Option<()> {
        let Live { order, left, .. } = *self.roster.get(at);
        let size = match order.display {
            Display::Peak(peak) => left.min(peak),
            _ => left,
        };
        let resting = Resting { side: order.side, price, size };
        let place = if order.display == Display::Hidden {
            Place::Dark(self.dark.push(resting, u64::from(at)).ok()?)
        } else {
            let slot = self.shown.push(resting, u64::from(at)).ok()?;
            let add = DepthChange::Add { order: order.key, side: order.side, price, size };
            self.tell(add, order.side, price, out);
            Place::Shown(slot)
        };
        self.roster.get_mut(at).place = place;
        Some(())
    }

    /// Takes some of an order that waits, what others see first; an iceberg queues up again with
    /// its next part, and an order with nothing left is gone. What remains of it.
    pub(super) fn wear(&mut self, maker: Maker, by: Lots, why: Wear, out: &mut Outbox) -> Lots {
        let live = self.roster.get_mut(maker.at);
        live.left -= by;
        let (left, order) = (live.left, live.order.key);
        let by = by.min(maker.size);
        let visible = match maker.pool {
            Pool::Dark => self.dark.take(maker.slot, by),
            Pool::Call(session) => self.calls[session as usize].take(maker.slot, by),
            Pool::Shown => {
                let visible = self.shown.take(maker.slot, by);
                let change = match why {
                    Wear::Trade => DepthChange::Execute { order, size: by },
                    Wear::Cancel => DepthChange::Reduce { order, by },
                };
                self.tell(change, maker.side, maker.price, out);
                visible
            }
        };
        if left == Lots::ZERO {
            self.forget(maker.at);
        } else if visible == Lots::ZERO && self.queue_up(maker.at, maker.price, out).is_none() {
            let live = self.forget(maker.at);
            cancelled(&live.order, left, Lots::ZERO, CancelReason::LevelFull, out);
        }
        left
    }

    /// Cancels an order that lives.
    pub(super) fn end(&mut self, key: OrderKey, reason: CancelReason, out: &mut Outbox) {
        if let Some(at) = self.roster.find(key) {
            self.lift(at, out);
            let live = self.forget(at);
            cancelled(&live.order, live.left, Lots::ZERO, reason, out);
        }
    }

    /// Takes an order from where it waits.
    pub(super) fn lift(&mut self, at: u32, out: &mut Outbox) {
        let Live { order, place, .. } = *self.roster.get(at);
        self.roster.get_mut(at).place = Place::Parked;
        match place {
            Place::Shown(slot) => {
                let price = self.shown.remove(slot).price;
                self.tell(DepthChange::Delete { order: order.key }, order.side, price, out);
            }
            Place::Dark(slot) => _ = self.dark.remove(slot),
            Place::Stop(slot) => _ = self.stops.remove(slot),
            Place::Call(session, slot) => _ = self.calls[session as usize].remove(slot),
            Place::Parked => {}
        }
    }

    /// Strikes an order that waits nowhere off the roster.
    pub(super) fn forget(&mut self, at: u32) -> Live {
        let live = self.roster.leave(at);
        if matches!(live.order.kind, Kind::Peg { .. }) {
            self.pegs.retain(|key| *key != live.order.key);
        }
        live
    }

    /// Shows a change of the displayed book, as deep as the feed goes.
    #[inline]
    pub(super) fn tell(&self, change: DepthChange, side: BookSide, price: Ticks, out: &mut Outbox) {
        match out.depth() {
            FeedDepth::Silent => {}
            FeedDepth::Orders => out.show(change),
            FeedDepth::Levels => {
                let size = self.shown.size_at(side, price);
                out.show(DepthChange::Level { side, price, size });
            }
        }
    }
}
