//! What is refused, and why.

use market::depth::{BookSide, Lots, Ticks};

use super::{
    Display, Kind, Life, NewOrder, Outbox, Phase, Posting, RejectReason, Venue, VenueEvent,
};

impl Venue {
    /// Takes in an order or refuses it.
    pub(super) fn submit(&mut self, order: &NewOrder, out: &mut Outbox) {
        match self.admit(order) {
            Err(reason) => out.reject(order.key, reason),
            Ok(kind) => {
                out.event(VenueEvent::Accepted { order: order.key });
                self.say_where_it_slid(order, kind, out);
                self.place(NewOrder { kind, ..*order }, order.size, out);
            }
        }
    }

    /// The order's kind with the price it may stand at.
    fn admit(&self, order: &NewOrder) -> Result<Kind, RejectReason> {
        self.check_size(order.size)?;
        if matches!(order.display, Display::Peak(peak) if peak <= Lots::ZERO) {
            return Err(RejectReason::Peak);
        }
        self.check_kind(order)?;
        if self.roster.find(order.key).is_some() {
            return Err(RejectReason::DuplicateKey);
        }
        self.check_phase(order)?;
        self.post(order.side, order.kind)
    }

    pub(super) fn check_size(&self, size: Lots) -> Result<(), RejectReason> {
        let is_one = size > Lots::ZERO && size <= self.config.largest;
        if is_one { Ok(()) } else { Err(RejectReason::Size) }
    }

    pub(super) fn check_price(&self, price: Ticks) -> Result<(), RejectReason> {
        let is_one = price >= self.config.lowest && price <= self.config.highest;
        if is_one { Ok(()) } else { Err(RejectReason::OffBand) }
    }

    /// A stop must lie beyond the last trade.
    pub(super) fn check_trigger(&self, side: BookSide, at: Ticks) -> Result<(), RejectReason> {
        self.check_price(at)?;
        match self.last {
            Some(last) if side.accepts(last, at) => Err(RejectReason::StopWrongSide),
            _ => Ok(()),
        }
    }

    fn check_kind(&self, order: &NewOrder) -> Result<(), RejectReason> {
        let waits = matches!(order.life, Life::Gtc | Life::Day);
        let fits = match order.kind {
            Kind::Market => !waits,
            Kind::Limit { limit, posting } => {
                self.check_price(limit)?;
                waits || posting == Posting::MayTake
            }
            Kind::Stop { trigger } => {
                self.check_trigger(order.side, trigger)?;
                true
            }
            Kind::StopLimit { trigger, limit } => {
                self.check_trigger(order.side, trigger)?;
                self.check_price(limit)?;
                true
            }
            Kind::Peg { cap, .. } => {
                cap.map_or(Ok(()), |cap| self.check_price(cap))?;
                waits && order.display == Display::Hidden
            }
            Kind::Auction { limit, .. } => {
                limit.map_or(Ok(()), |limit| self.check_price(limit))?;
                waits && order.display == Display::Whole
            }
        };
        if fits { Ok(()) } else { Err(RejectReason::Contradiction) }
    }

    fn check_phase(&self, order: &NewOrder) -> Result<(), RejectReason> {
        let waits = matches!(order.life, Life::Gtc | Life::Day);
        let sleeps = matches!(order.kind, Kind::Stop { .. } | Kind::StopLimit { .. });
        match self.phase {
            Phase::Continuous => Ok(()),
            Phase::Call(_) if waits || sleeps => Ok(()),
            _ => Err(RejectReason::NotInPhase),
        }
    }

    /// The kind of an order once its wish not to take has been heard.
    pub(super) fn post(&self, side: BookSide, kind: Kind) -> Result<Kind, RejectReason> {
        let Kind::Limit { limit, posting } = kind else { return Ok(kind) };
        if posting == Posting::MayTake || self.phase != Phase::Continuous {
            return Ok(kind);
        }
        let Some(wall) = self.wall(side) else { return Ok(kind) };
        if !side.accepts(limit, wall) {
            return Ok(kind);
        }
        if posting == Posting::PostOrReject {
            return Err(RejectReason::WouldTake);
        }
        let limit = Ticks(wall.0 - side.sign());
        self.check_price(limit)?;
        Ok(Kind::Limit { limit, posting })
    }

    /// The best price that an order of this side could take, hidden orders included.
    fn wall(&self, side: BookSide) -> Option<Ticks> {
        let other = side.opposite();
        let (shown, dark) = (self.shown.best_price(other), self.dark.best_price(other));
        match (shown, dark) {
            (Some(shown), Some(dark)) if other.is_better(dark, shown) => Some(dark),
            (Some(shown), _) => Some(shown),
            (None, dark) => dark,
        }
    }

    pub(super) fn say_where_it_slid(&self, order: &NewOrder, kind: Kind, out: &mut Outbox) {
        if let (Kind::Limit { limit, .. }, true) = (kind, kind != order.kind) {
            out.event(VenueEvent::Repriced { order: order.key, price: Some(limit) });
        }
    }
}
