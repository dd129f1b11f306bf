//! An order takes what rests.

use market::depth::{BookSide, DepthChange, FARTHEST, Lots, Slot, Ticks};

use super::{CancelReason, Guard, Kind, Life, NewOrder, Outbox, Phase, Trade, Venue, VenueEvent};

/// Which book an order rests in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pool {
    Shown,
    Dark,
}

/// The order that trades next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Maker {
    pub(super) pool: Pool,
    pub(super) slot: Slot,
    /// Its place in the roster.
    pub(super) at: u32,
    pub(super) side: BookSide,
    pub(super) price: Ticks,
    /// What it can trade before it has to queue again.
    pub(super) size: Lots,
}

impl Venue {
    /// Lets an order that was taken in trade, wait or end, as its kind and the phase have it.
    pub(super) fn place(&mut self, order: NewOrder, left: Lots, out: &mut Outbox) {
        let limit = match order.kind {
            Kind::Limit { limit, .. } => limit,
            Kind::Market => no_limit(order.side),
            Kind::Stop { trigger } | Kind::StopLimit { trigger, .. } => {
                return self.sleep(order, left, trigger, out);
            }
            Kind::Peg { .. } | Kind::Auction { .. } => {
                return out.reject(order.key, super::RejectReason::NotInPhase);
            }
        };
        let left = match self.phase {
            Phase::Continuous => self.take(&order, limit, left, out),
            _ => left,
        };
        if left > Lots::ZERO {
            self.rest_or_end(order, limit, left, out);
        }
    }

    fn rest_or_end(&mut self, order: NewOrder, limit: Ticks, left: Lots, out: &mut Outbox) {
        let waits = matches!(order.life, Life::Gtc | Life::Day) && order.kind != Kind::Market;
        if waits {
            return self.rest(order, limit, left, out);
        }
        let reason =
            if order.life == Life::Fok { CancelReason::NotWhole } else { CancelReason::NoMatch };
        cancelled(&order, left, Lots::ZERO, reason, out);
    }

    /// Trades with what rests at the limit or better. What is left of the order: nothing where it
    /// was cancelled for the sake of its owner.
    pub(super) fn take(
        &mut self,
        taker: &NewOrder,
        limit: Ticks,
        left: Lots,
        out: &mut Outbox,
    ) -> Lots {
        if taker.life == Life::Fok && !self.can_fill(taker, limit, left) {
            return left;
        }
        let mut left = left;
        while left > Lots::ZERO {
            let Some(maker) = self.next_maker(taker.side, limit) else { break };
            let owner = self.roster.get(maker.at).order.owner;
            left = if taker.guard != Guard::Allow && owner == taker.owner {
                self.prevent(taker, maker, left, out)
            } else {
                self.trade(taker, maker, left, out)
            };
        }
        left
    }

    /// The order that would trade first with one of that side: by price, displayed before hidden,
    /// then by time.
    #[inline]
    pub(super) fn next_maker(&self, taker: BookSide, limit: Ticks) -> Option<Maker> {
        let side = taker.opposite();
        let shown = self.shown.best_price(side);
        let dark = self.dark.best_price(side);
        let (pool, price) = match (shown, dark) {
            (Some(shown), Some(dark)) if side.is_better(dark, shown) => (Pool::Dark, dark),
            (Some(shown), _) => (Pool::Shown, shown),
            (None, Some(dark)) => (Pool::Dark, dark),
            (None, None) => return None,
        };
        if !taker.accepts(limit, price) {
            return None;
        }
        let queues = self.pool(pool);
        let slot = queues.front(side)?;
        let (size, at) = (queues.get(slot).size, queues.tag(slot) as u32);
        Some(Maker { pool, slot, at, side, price, size })
    }

    fn trade(&mut self, taker: &NewOrder, maker: Maker, left: Lots, out: &mut Outbox) -> Lots {
        let size = left.min(maker.size);
        let resting = (maker.pool == Pool::Shown).then_some(maker.side);
        out.show(DepthChange::Trade { resting, price: maker.price, size });
        let order = self.roster.get(maker.at).order;
        let maker_left = self.wear(maker, size, Wear::Trade, out);
        let left = left - size;
        out.event(VenueEvent::Traded(Trade {
            price: maker.price,
            size,
            maker: order.key,
            maker_owner: order.owner,
            maker_left,
            taker: taker.key,
            taker_owner: taker.owner,
            taker_left: left,
            aggressor: Some(taker.side),
        }));
        self.print(maker.price);
        left
    }

    /// Remembers a price for the stops.
    pub(super) fn print(&mut self, price: Ticks) {
        self.last = Some(price);
        let (low, high) = self.swept.unwrap_or((price, price));
        self.swept = Some((low.min(price), high.max(price)));
    }

    /// Keeps an owner from trading with himself. What is left of the arriving order.
    fn prevent(&mut self, taker: &NewOrder, maker: Maker, left: Lots, out: &mut Outbox) -> Lots {
        let reason = CancelReason::SelfTrade;
        if matches!(taker.guard, Guard::CancelOldest | Guard::CancelBoth) {
            let key = self.roster.get(maker.at).order.key;
            self.end(key, reason, out);
        }
        if matches!(taker.guard, Guard::CancelNewest | Guard::CancelBoth) {
            cancelled(taker, left, Lots::ZERO, reason, out);
            return Lots::ZERO;
        }
        if taker.guard != Guard::Decrement {
            return left;
        }
        let by = left.min(maker.size);
        let order = self.roster.get(maker.at).order;
        let maker_left = self.wear(maker, by, Wear::Cancel, out);
        cancelled(&order, by, maker_left, reason, out);
        cancelled(taker, by, left - by, reason, out);
        left - by
    }
}

/// Why a resting order shrinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wear {
    Trade,
    Cancel,
}

/// The limit of an order that accepts any price.
pub(super) const fn no_limit(side: BookSide) -> Ticks {
    Ticks(side.sign() * FARTHEST)
}

pub(super) fn cancelled(
    order: &NewOrder,
    size: Lots,
    left: Lots,
    reason: CancelReason,
    out: &mut Outbox,
) {
    out.event(VenueEvent::Cancelled { order: order.key, size, left, reason });
}
