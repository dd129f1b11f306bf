//! Orders that follow the touch.

use market::depth::{BookSide, Lots, Ticks};
use serde::{Deserialize, Serialize};

use super::matching::cancelled;
use super::roster::{Live, Place};
use super::{CancelReason, Kind, NewOrder, Outbox, PegTo, Phase, Venue, VenueEvent};

/// What pegged orders were priced by: nothing while the venue does not trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Followed {
    bid: Option<Ticks>,
    ask: Option<Ticks>,
}

impl Venue {
    /// Takes in a pegged order and puts it where it belongs now.
    pub(super) fn follow(&mut self, order: NewOrder, left: Lots, out: &mut Outbox) {
        let at = self.roster.enter(order, left);
        self.pegs.push(order.key);
        self.move_peg(at, self.touch(), out);
    }

    /// Moves all pegged orders where the touch has changed, the one entered first first.
    ///
    /// They are hidden and stay a tick away from the displayed price of the other side, so moving
    /// them never changes the touch: once round is enough.
    pub(super) fn follow_touch(&mut self, out: &mut Outbox) {
        let touch = self.touch();
        if self.pegs.is_empty() || touch == self.followed {
            return;
        }
        self.followed = touch;
        // Those who trade on the way leave the list, so it is read from a copy.
        let mut keys = std::mem::take(&mut self.moving);
        keys.clone_from(&self.pegs);
        for key in &keys {
            if let Some(at) = self.roster.find(*key) {
                self.move_peg(at, touch, out);
            }
        }
        self.moving = keys;
    }

    fn touch(&self) -> Followed {
        match self.phase {
            Phase::Continuous => Followed {
                bid: self.shown.best_price(BookSide::Bid),
                ask: self.shown.best_price(BookSide::Ask),
            },
            _ => Followed::default(),
        }
    }

    /// Puts a pegged order at its price, where it may meet hidden orders of the other side.
    fn move_peg(&mut self, at: u32, touch: Followed, out: &mut Outbox) {
        let Live { order, left, place, .. } = *self.roster.get(at);
        let old = match place {
            Place::Dark(slot) => Some(self.dark.get(slot).price),
            _ => None,
        };
        let price = self.peg_price(&order, touch);
        if price == old {
            return;
        }
        self.lift(at, out);
        out.event(VenueEvent::Repriced { order: order.key, price });
        let Some(price) = price else { return };
        let left = self.take(&order, price, left, out);
        self.roster.get_mut(at).left = left;
        if left == Lots::ZERO {
            self.forget(at);
        } else if self.queue_up(at, price, out).is_none() {
            self.forget(at);
            cancelled(&order, left, Lots::ZERO, CancelReason::LevelFull, out);
        }
    }

    /// Where a pegged order belongs; `None` where what it follows is missing or the price would
    /// leave the band.
    fn peg_price(&self, order: &NewOrder, touch: Followed) -> Option<Ticks> {
        let Kind::Peg { to, offset, cap } = order.kind else { return None };
        let (own, other) = match order.side {
            BookSide::Bid => (touch.bid, touch.ask),
            BookSide::Ask => (touch.ask, touch.bid),
        };
        let sign = order.side.sign();
        let base = match to {
            PegTo::Primary => own?.0,
            PegTo::Market => other?.0,
            PegTo::Mid => {
                let sum = own?.0 + other?.0;
                (sum * sign).div_euclid(2) * sign
            }
        };
        // Signed so that more is nearer to the other side; then the nearest of all is the least.
        let wish = (base + offset * sign) * sign;
        let wall = other.map_or(wish, |other| other.0 * sign - 1);
        let cap = cap.map_or(wish, |cap| cap.0 * sign);
        let price = Ticks(wish.min(wall).min(cap) * sign);
        self.check_price(price).ok().map(|()| price)
    }
}
