//! Cancels and replacements.

use market::depth::{DepthChange, Lots, OrderKey, Ticks};

use super::roster::{Live, Place};
use super::{
    CancelReason, Kind, NewOrder, Outbox, Phase, Priority, RejectReason, Venue, VenueEvent,
};

impl Venue {
    pub(super) fn cancel(&mut self, key: OrderKey, out: &mut Outbox) {
        match self.roster.find(key) {
            Some(_) => self.end(key, CancelReason::Asked, out),
            None => out.reject(key, RejectReason::UnknownOrder),
        }
    }

    pub(super) fn replace(&mut self, key: OrderKey, price: Ticks, size: Lots, out: &mut Outbox) {
        match self.admit_replace(key, price, size) {
            Err(reason) => out.reject(key, reason),
            Ok((at, kind)) => self.carry_replace(at, kind, size, out),
        }
    }

    /// Where the order is, and its kind with the new price.
    fn admit_replace(
        &self,
        key: OrderKey,
        price: Ticks,
        size: Lots,
    ) -> Result<(u32, Kind), RejectReason> {
        let at = self.roster.find(key).ok_or(RejectReason::UnknownOrder)?;
        if self.phase == Phase::Closed {
            return Err(RejectReason::NotInPhase);
        }
        self.check_size(size)?;
        self.check_price(price)?;
        let order = &self.roster.get(at).order;
        let kind = match order.kind {
            Kind::Limit { posting, .. } => {
                self.post(order.side, Kind::Limit { limit: price, posting })?
            }
            Kind::Stop { .. } => {
                self.check_trigger(order.side, price)?;
                Kind::Stop { trigger: price }
            }
            Kind::StopLimit { limit, .. } => {
                self.check_trigger(order.side, price)?;
                Kind::StopLimit { trigger: price, limit }
            }
            Kind::Auction { session, limit: Some(_) } => {
                Kind::Auction { session, limit: Some(price) }
            }
            _ => return Err(RejectReason::NotReplaceable),
        };
        Ok((at, kind))
    }

    fn carry_replace(&mut self, at: u32, kind: Kind, size: Lots, out: &mut Outbox) {
        let Live { order, left, .. } = *self.roster.get(at);
        let price = price_of(kind);
        let keeps = kind == order.kind && size <= left;
        let priority = if keeps { Priority::Kept } else { Priority::Lost };
        let key = order.key;
        out.event(VenueEvent::Replaced { order: key, price, before: left, left: size, priority });
        if keeps {
            return self.shrink_to(at, size, out);
        }
        self.lift(at, out);
        self.forget(at);
        self.place(NewOrder { kind, ..order }, size, out);
    }

    /// Takes from the end of an order, hidden parts first; it keeps its place.
    fn shrink_to(&mut self, at: u32, size: Lots, out: &mut Outbox) {
        let live = self.roster.get_mut(at);
        live.left = size;
        let (place, key, side) = (live.place, live.order.key, live.order.side);
        let (queues, slot) = match place {
            Place::Shown(slot) => (&mut self.shown, slot),
            Place::Dark(slot) => (&mut self.dark, slot),
            Place::Stop(slot) => (&mut self.stops, slot),
            Place::Parked => return,
        };
        let resting = queues.get(slot);
        let by = resting.size - size.min(resting.size);
        if by > Lots::ZERO {
            queues.take(slot, by);
            if matches!(place, Place::Shown(_)) {
                self.tell(DepthChange::Reduce { order: key, by }, side, resting.price, out);
            }
        }
    }
}

/// The price that a replacement changes.
const fn price_of(kind: Kind) -> Ticks {
    match kind {
        Kind::Limit { limit, .. } | Kind::Auction { limit: Some(limit), .. } => limit,
        Kind::Stop { trigger } | Kind::StopLimit { trigger, .. } => trigger,
        Kind::Market | Kind::Peg { .. } | Kind::Auction { limit: None, .. } => Ticks::ZERO,
    }
}
