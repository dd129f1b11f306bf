//! A venue written down, and read back.
//!
//! What is written is what could be asked of the venue from outside and what it does next: each
//! queue in its order, and what it remembers of prices. Where things lie in memory is not.

use market::depth::{BookSide, Lots, OrderKey, Queues, Resting, Ticks};
use serde::{Deserialize, Serialize};

use super::matching::no_limit;
use super::pegs::Followed;
use super::roster::{Live, Place};
use super::{Display, Kind, NewOrder, Phase, Session, Venue, VenueConfig};
use crate::Error;

/// A venue as it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    config: VenueConfig,
    phase: Phase,
    /// All orders that live; those of one queue in its order.
    orders: Vec<Entry>,
    /// Pegged ones, the one entered first first.
    pegs: Vec<OrderKey>,
    followed: Followed,
    last: Option<Ticks>,
    swept: Option<(Ticks, Ticks)>,
    arrivals: u64,
}

/// An order that lives, and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    order: NewOrder,
    left: Lots,
    arrival: u64,
    waits: Waits,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Waits {
    Shown { price: Ticks, visible: Lots },
    Dark { price: Ticks },
    Stop { trigger: Ticks },
    Call { session: Session },
    Parked,
}

impl From<Venue> for Written {
    fn from(venue: Venue) -> Written {
        let mut orders = Vec::with_capacity(venue.len());
        let pools = [&venue.shown, &venue.dark, &venue.stops, &venue.calls[0], &venue.calls[1]];
        for queues in pools {
            for side in [BookSide::Bid, BookSide::Ask] {
                let slots = queues.levels(side).flat_map(|(price, _)| queues.queue(side, price));
                orders.extend(slots.map(|slot| entry(&venue, queues.tag(slot) as u32)));
            }
        }
        let parked = |key: &OrderKey| {
            let at = venue.roster.find(*key)?;
            (venue.roster.get(at).place == Place::Parked).then(|| entry(&venue, at))
        };
        orders.extend(venue.pegs.iter().filter_map(parked));
        Written {
            config: venue.config,
            phase: venue.phase,
            orders,
            pegs: venue.pegs,
            followed: venue.followed,
            last: venue.last,
            swept: venue.swept,
            arrivals: venue.roster.arrivals,
        }
    }
}

fn entry(venue: &Venue, at: u32) -> Entry {
    let Live { order, left, place, arrival } = *venue.roster.get(at);
    let waits = match place {
        Place::Shown(slot) => {
            let Resting { price, size, .. } = venue.shown.get(slot);
            Waits::Shown { price, visible: size }
        }
        Place::Dark(slot) => Waits::Dark { price: venue.dark.get(slot).price },
        Place::Stop(slot) => Waits::Stop { trigger: venue.stops.get(slot).price },
        Place::Call(session, _) => Waits::Call { session },
        Place::Parked => Waits::Parked,
    };
    Entry { order, left, arrival, waits }
}

impl TryFrom<Written> for Venue {
    type Error = Error;

    fn try_from(written: Written) -> Result<Venue, Error> {
        let mut venue = Venue::new(written.config)?;
        venue.phase = written.phase;
        venue.followed = written.followed;
        (venue.last, venue.swept) = (written.last, written.swept);
        for entry in &written.orders {
            venue.readmit(entry)?;
        }
        let pegged = |key: &OrderKey| {
            let order = venue.roster.find(*key).map(|at| venue.roster.get(at).order);
            order.is_some_and(|order| matches!(order.kind, Kind::Peg { .. }))
        };
        let pegs =
            written.orders.iter().filter(|entry| matches!(entry.order.kind, Kind::Peg { .. }));
        let known: std::collections::BTreeSet<OrderKey> = written.pegs.iter().copied().collect();
        let all_listed = pegs.count() == written.pegs.len() && known.len() == written.pegs.len();
        if !(all_listed && written.pegs.iter().all(pegged)) {
            return Err(fault("the list of pegged orders is not that of the orders"));
        }
        venue.pegs = written.pegs;
        let latest = written.orders.iter().map(|entry| entry.arrival).max().unwrap_or(0);
        if written.arrivals < latest {
            return Err(fault("an order arrived after the last arrival"));
        }
        venue.roster.arrivals = written.arrivals;
        if venue.phase == Phase::Continuous && venue.is_crossed() {
            return Err(fault("its book is crossed"));
        }
        Ok(venue)
    }
}

impl Venue {
    /// Puts an order at the end of the queue that it waited in.
    fn readmit(&mut self, entry: &Entry) -> Result<(), Error> {
        let Entry { order, left, arrival, waits } = *entry;
        if left <= Lots::ZERO || left > self.config.largest {
            return Err(fault("what is left of an order is not positive, or more than allowed"));
        }
        if self.roster.find(order.key).is_some() {
            return Err(fault("two orders have one key"));
        }
        let at = self.roster.admit(Live { order, left, place: Place::Parked, arrival });
        let (price, size, side) = match waits {
            Waits::Shown { price, visible } => (price, visible, order.side),
            Waits::Dark { price } => (price, left, order.side),
            // The lowest trigger of those that buy comes first: they lie as asks do.
            Waits::Stop { trigger } => (trigger, left, order.side.opposite()),
            Waits::Call { .. } => (call_price(&order), left, order.side),
            Waits::Parked => return fits(&order, waits),
        };
        fits(&order, waits)?;
        let is_anywhere = price == no_limit(order.side) && matches!(waits, Waits::Call { .. });
        if !is_anywhere && self.check_price(price).is_err() {
            return Err(fault("an order stands outside the band of prices"));
        }
        if size <= Lots::ZERO || size > left {
            return Err(fault("an order shows more than it has, or nothing"));
        }
        let (resting, tag) = (Resting { side, price, size }, u64::from(at));
        let push = |queues: &mut Queues| {
            queues.push(resting, tag).map_err(|_| fault("the sizes of a price do not fit"))
        };
        self.roster.get_mut(at).place = match waits {
            Waits::Shown { .. } => Place::Shown(push(&mut self.shown)?),
            Waits::Dark { .. } => Place::Dark(push(&mut self.dark)?),
            Waits::Stop { .. } => Place::Stop(push(&mut self.stops)?),
            Waits::Call { session } => {
                Place::Call(session, push(&mut self.calls[session as usize])?)
            }
            Waits::Parked => Place::Parked,
        };
        Ok(())
    }

    /// True where somebody would have traded.
    fn is_crossed(&self) -> bool {
        let best = |side: BookSide| {
            let prices = [self.shown.best_price(side), self.dark.best_price(side)];
            prices.into_iter().flatten().max_by_key(|price| price.0 * side.sign())
        };
        let (bid, ask) = (best(BookSide::Bid), best(BookSide::Ask));
        bid.zip(ask).is_some_and(|(bid, ask)| bid >= ask)
    }
}

fn call_price(order: &NewOrder) -> Ticks {
    match order.kind {
        Kind::Auction { limit: Some(limit), .. } => limit,
        _ => no_limit(order.side),
    }
}

/// Refuses an order that waits where its kind never does.
fn fits(order: &NewOrder, waits: Waits) -> Result<(), Error> {
    let is_hidden = order.display == Display::Hidden;
    let fits = match (order.kind, waits) {
        (Kind::Limit { .. }, Waits::Shown { .. }) => !is_hidden,
        (Kind::Limit { .. } | Kind::Peg { .. }, Waits::Dark { .. }) => is_hidden,
        (Kind::Stop { .. } | Kind::StopLimit { .. }, Waits::Stop { .. }) => true,
        (Kind::Auction { session, .. }, Waits::Call { session: of }) => session == of,
        (Kind::Peg { .. }, Waits::Parked) => true,
        _ => false,
    };
    if fits { Ok(()) } else { Err(fault("an order waits where its kind never does")) }
}

const fn fault(fault: &'static str) -> Error {
    Error::RestoreVenue { fault }
}
