//! What a crowd's market remembers.

use base::{Span, Ts};
use market::depth::{BookSide, DepthChange, DepthMessage, Lots, OrderKey, Packet, Ticks};
use serde::{Deserialize, Serialize};

use super::roster::Roster;
use crate::Error;
use crate::depth::{Command, FeedDepth, NewOrder, Outbox, Owner, Venue, VenueConfig, VenueEvent};
use crate::flow::hawkes::Excitement;
use crate::flow::sizes::Parents;

/// A crowd's market at a moment: the venue with all that rests, and what the crowd remembers.
///
/// Stored, it keeps displayed limit orders in the order in which they trade; nothing else rests
/// unless a guest sends it, and such an order is not kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct CrowdState {
    pub(super) venue: Venue,
    pub(super) roster: Roster,
    pub(super) rest: Rest,
}

/// All but the orders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Rest {
    pub(super) now_seconds: f64,
    pub(super) excitement: Option<Excitement>,
    pub(super) parents: Parents,
    /// Fair price along its course, and what the edge has added to it.
    pub(super) course: f64,
    pub(super) planted: f64,
    /// What the edge adds at each step now.
    pub(super) drift: f64,
    /// Steps of the fair price taken.
    pub(super) steps: u64,
    /// Sum and count of the signs of market orders since the imbalance was last looked at.
    pub(super) signs: (i64, i64),
    /// The imbalance looked at last.
    pub(super) imbalance: f64,
    /// Last best prices, for a side that is empty.
    pub(super) bid: i64,
    pub(super) ask: i64,
}

impl CrowdState {
    pub(super) fn new(venue: Venue, excitement: Option<Excitement>, begin: f64) -> CrowdState {
        let bid = libm::ceil(begin) as i64 - 1;
        let rest = Rest {
            now_seconds: 0.0,
            excitement,
            parents: Parents::default(),
            course: begin,
            planted: 0.0,
            drift: 0.0,
            steps: 0,
            signs: (0, 0),
            imbalance: 0.0,
            bid,
            ask: bid + 1,
        };
        CrowdState { venue, roster: Roster::default(), rest }
    }

    /// Calls the present moment second zero.
    pub(super) fn restart(&mut self) {
        self.rest.now_seconds = 0.0;
        self.rest.steps = 0;
        self.rest.signs = (0, 0);
        self.rest.excitement.iter_mut().for_each(Excitement::restart);
    }

    /// The venue.
    pub fn venue(&self) -> &Venue {
        &self.venue
    }

    /// Seconds since the beginning.
    pub fn now_seconds(&self) -> f64 {
        self.rest.now_seconds
    }

    /// What the thing is worth now, ticks; where nobody knows, what it was at the beginning.
    pub fn fair_ticks(&self) -> f64 {
        self.rest.course + self.rest.planted
    }

    /// How much of the fair price the edge has brought about, ticks.
    pub fn planted_ticks(&self) -> f64 {
        self.rest.planted
    }

    /// Imbalance of the crowd's market orders over the last whole interval of the edge, −1 to 1.
    pub fn imbalance(&self) -> f64 {
        self.rest.imbalance
    }

    /// Middle of the best prices, ticks; the last known one for a side that is empty.
    pub fn mid_ticks(&self) -> f64 {
        let best = |side, last| self.venue.best(side).map_or(last, |(price, _)| price.0);
        let (bid, ask) = (best(BookSide::Bid, self.rest.bid), best(BookSide::Ask, self.rest.ask));
        (bid + ask) as f64 / 2.0
    }

    /// Sends a guest's command, which reaches the venue now. Orders of the crowd that it trades
    /// with leave the crowd's roster.
    pub fn send(&mut self, begin: Ts, command: &Command, out: &mut Outbox) {
        let seen = out.events.len();
        let at = begin + Span::from_nanos((self.rest.now_seconds * 1e9) as i64);
        self.venue.step(at, command, out);
        self.note(&out.events[seen..]);
    }

    /// Strikes off what has gone.
    pub(super) fn note(&mut self, events: &[VenueEvent]) {
        for event in events {
            match event {
                VenueEvent::Traded(trade) => {
                    if trade.maker_left == Lots::ZERO {
                        self.roster.leave(trade.maker);
                    }
                    if trade.taker_left == Lots::ZERO {
                        self.roster.leave(trade.taker);
                    }
                }
                VenueEvent::Cancelled { order, left: Lots::ZERO, .. }
                | VenueEvent::Rejected { order, .. }
                | VenueEvent::Expired { order, .. } => self.roster.leave(*order),
                _ => {}
            }
        }
    }

    /// The book as one packet of a feed by order.
    pub fn snapshot(&self, begin: Ts) -> Vec<DepthMessage> {
        let at = begin + Span::from_nanos((self.rest.now_seconds * 1e9) as i64);
        let message = |change| DepthMessage { at, known: at, change, packet: Packet::More };
        let mut messages = vec![message(DepthChange::Clear)];
        for side in [BookSide::Bid, BookSide::Ask] {
            for (price, _) in self.venue.levels(side) {
                let adds = self.venue.queue(side, price);
                let adds = adds.map(|(order, size)| DepthChange::Add { order, side, price, size });
                messages.extend(adds.map(message));
            }
        }
        if let Some(last) = messages.last_mut() {
            last.packet = Packet::Last;
        }
        messages
    }
}

/// A state as it is stored.
#[derive(Serialize, Deserialize)]
struct Saved {
    orders: Vec<(OrderKey, Owner, BookSide, Ticks, Lots)>,
    roster: Roster,
    rest: Rest,
}

impl From<CrowdState> for Saved {
    fn from(state: CrowdState) -> Saved {
        let venue = &state.venue;
        let mut orders = Vec::with_capacity(venue.len());
        for side in [BookSide::Bid, BookSide::Ask] {
            for (price, _) in venue.levels(side) {
                for (key, size) in venue.queue(side, price) {
                    let owner = venue.order(key).map_or(Owner(0), |waiting| waiting.order.owner);
                    orders.push((key, owner, side, price, size));
                }
            }
        }
        Saved { orders, roster: state.roster, rest: state.rest }
    }
}

impl TryFrom<Saved> for CrowdState {
    type Error = Error;
    fn try_from(saved: Saved) -> Result<CrowdState, Error> {
        let mut venue = Venue::new(VenueConfig::default())?;
        let mut out = Outbox::new(FeedDepth::Silent);
        for (key, owner, side, price, size) in saved.orders {
            let order = NewOrder::limit(key, owner, side, price, size);
            venue.step(Ts::MIN, &Command::Submit(order), &mut out);
        }
        let strange = |event: &VenueEvent| !matches!(event, VenueEvent::Accepted { .. });
        if out.events.iter().any(strange) {
            let fault = "stored orders that a book can't hold".to_owned();
            return Err(Error::ReadArrivals { fault });
        }
        Ok(CrowdState { venue, roster: saved.roster, rest: saved.rest })
    }
}
