//! Orders that sleep until the market comes by.

use market::depth::{BookSide, Lots, Resting, Ticks};

use super::matching::cancelled;
use super::roster::{Live, Place};
use super::{CancelReason, Kind, Life, NewOrder, Outbox, Phase, Posting, Venue, VenueEvent};

impl Venue {
    /// Lays an order down until a trade at its trigger or beyond.
    pub(super) fn sleep(&mut self, order: NewOrder, left: Lots, at: Ticks, out: &mut Outbox) {
        let entry = self.roster.enter(order, left);
        // The lowest trigger of those that buy comes first: they lie as asks do.
        let resting = Resting { side: order.side.opposite(), price: at, size: left };
        match self.stops.push(resting, u64::from(entry)) {
            Ok(slot) => self.roster.get_mut(entry).place = Place::Stop(slot),
            Err(_) => {
                self.roster.leave(entry);
                cancelled(&order, left, Lots::ZERO, CancelReason::LevelFull, out);
            }
        }
    }

    /// The next stop to wake: those that buy first, from the lowest trigger; then those that sell,
    /// from the highest; of one trigger the one that came first.
    pub(super) fn next_stop(&mut self) -> Option<u32> {
        let (low, high) = self.swept?;
        if self.phase != Phase::Continuous {
            return None;
        }
        let buys = self.stops.best_price(BookSide::Ask).is_some_and(|trigger| trigger <= high);
        let sells = self.stops.best_price(BookSide::Bid).is_some_and(|trigger| trigger >= low);
        let slot = match (buys, sells) {
            (true, _) => self.stops.front(BookSide::Ask),
            (false, true) => self.stops.front(BookSide::Bid),
            (false, false) => {
                self.swept = None;
                None
            }
        };
        slot.map(|slot| self.stops.tag(slot) as u32)
    }

    /// Wakes a stop: from now on it is a market or a limit order.
    pub(super) fn wake(&mut self, at: u32, out: &mut Outbox) {
        self.lift(at, out);
        let Live { order, left, .. } = self.forget(at);
        out.event(VenueEvent::Triggered { order: order.key });
        let order = match order.kind {
            Kind::StopLimit { limit, .. } => {
                NewOrder { kind: Kind::Limit { limit, posting: Posting::MayTake }, ..order }
            }
            _ => {
                let life = if order.life == Life::Fok { Life::Fok } else { Life::Ioc };
                NewOrder { kind: Kind::Market, life, ..order }
            }
        };
        self.place(order, left, out);
    }
}
