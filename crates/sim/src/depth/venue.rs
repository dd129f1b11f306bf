//! The venue itself: its state and what it can be asked.

use base::Ts;
use market::depth::{BookSide, Lots, OrderKey, Queues, Ticks};
use serde::{Deserialize, Serialize};

use super::pegs::Followed;
use super::roster::{Place, Roster};
use super::snapshot::Written;
use super::{Command, Life, NewOrder, Outbox, Phase, VenueEvent};
use crate::Error;

/// What a venue takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenueConfig {
    /// Lowest price of an order.
    pub lowest: Ticks,
    /// Highest price of an order.
    pub highest: Ticks,
    /// Largest order.
    pub largest: Lots,
    /// Phase in which it begins.
    pub phase: Phase,
    /// Price near which an auction ends that has the choice, until there was a trade.
    pub reference: Option<Ticks>,
}

impl VenueConfig {
    /// Farthest a price band may reach, either way of zero; also the largest order there can be.
    pub const WIDEST: i64 = 1 << 40;
}

impl Default for VenueConfig {
    fn default() -> VenueConfig {
        VenueConfig {
            lowest: Ticks(-VenueConfig::WIDEST),
            highest: Ticks(VenueConfig::WIDEST),
            largest: Lots(VenueConfig::WIDEST),
            phase: Phase::Continuous,
            reference: None,
        }
    }
}

/// An order that waits at a venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// The order, with the price it has now.
    pub order: NewOrder,
    /// What remains of it, hidden parts included.
    pub left: Lots,
    /// What others see of it.
    pub visible: Lots,
}

/// A market of one instrument.
///
/// In continuous trading its book is never crossed or locked, hidden orders included, once a
/// command has been carried out.
///
/// Written down with serde and read back, it goes on as if nothing had happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Venue {
    pub(super) config: VenueConfig,
    pub(super) phase: Phase,
    pub(super) roster: Roster,
    /// What others see.
    pub(super) shown: Queues,
    /// What they don't: hidden orders, and pegged ones.
    pub(super) dark: Queues,
    /// Stops by trigger: those that buy among the asks, so that the lowest comes first, and those
    /// that sell among the bids.
    pub(super) stops: Queues,
    /// Orders for the opening and for the closing auction alone.
    pub(super) calls: [Queues; 2],
    /// Pegged orders, the one entered first first.
    pub(super) pegs: Vec<OrderKey>,
    /// Memory for a copy of them, used again.
    pub(super) moving: Vec<OrderKey>,
    /// What pegged orders were priced by last.
    pub(super) followed: Followed,
    pub(super) last: Option<Ticks>,
    /// Lowest and highest price traded at since stops were last looked at.
    pub(super) swept: Option<(Ticks, Ticks)>,
}

impl Venue {
    /// A venue without orders.
    ///
    /// # Errors
    /// [`Error::ReadSetting`] where the band is empty or wider than [`VenueConfig::WIDEST`], or
    /// the largest order is not positive or larger than it.
    pub fn new(config: VenueConfig) -> Result<Venue, Error> {
        let widest = VenueConfig::WIDEST;
        check("lowest", config.lowest.0, (-widest, config.highest.0))?;
        check("highest", config.highest.0, (config.lowest.0, widest))?;
        check("largest", config.largest.0, (1, widest))?;
        if let Some(reference) = config.reference {
            check("reference", reference.0, (config.lowest.0, config.highest.0))?;
        }
        Ok(Venue {
            config,
            phase: config.phase,
            roster: Roster::default(),
            shown: Queues::new(),
            dark: Queues::new(),
            stops: Queues::new(),
            calls: [Queues::new(), Queues::new()],
            pegs: Vec::new(),
            moving: Vec::new(),
            followed: Followed::default(),
            last: None,
            swept: None,
        })
    }

    /// Carries out one command that reached the venue at that time, with all that follows from it.
    pub fn step(&mut self, at: Ts, command: &Command, out: &mut Outbox) {
        let begun = out.begin(at);
        match *command {
            Command::Submit(ref order) => self.submit(order, out),
            Command::Cancel { order } => self.cancel(order, out),
            Command::Replace { order, price, size } => self.replace(order, price, size, out),
            Command::Enter(phase) => self.enter(phase, out),
        }
        self.settle(out);
        out.end(begun);
    }

    /// What the venue does with orders now.
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Price of the last trade.
    pub const fn last_price(&self) -> Option<Ticks> {
        self.last
    }

    /// Best displayed price of a side and the displayed size there.
    #[inline]
    pub fn best(&self, side: BookSide) -> Option<(Ticks, Lots)> {
        self.shown.best(side).map(|(price, level)| (price, level.total))
    }

    /// Displayed size at a price.
    pub fn size_at(&self, side: BookSide, price: Ticks) -> Lots {
        self.shown.size_at(side, price)
    }

    /// Displayed sizes of a side by price, best first.
    pub fn levels(&self, side: BookSide) -> impl Iterator<Item = (Ticks, Lots)> {
        self.shown.levels(side).map(|(price, level)| (price, level.total))
    }

    /// Displayed orders of a price in the order in which they trade.
    pub fn queue(&self, side: BookSide, price: Ticks) -> impl Iterator<Item = (OrderKey, Lots)> {
        let slots = self.shown.queue(side, price);
        let key = |slot| self.roster.get(self.shown.tag(slot) as u32).order.key;
        slots.map(move |slot| (key(slot), self.shown.get(slot).size))
    }

    /// How many orders wait, hidden ones and sleeping stops included.
    pub fn len(&self) -> usize {
        self.roster.len()
    }

    /// True where none does.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An order that waits.
    pub fn order(&self, key: OrderKey) -> Option<Waiting> {
        let live = self.roster.get(self.roster.find(key)?);
        let visible = match live.place {
            Place::Shown(slot) => self.shown.get(slot).size,
            _ => Lots::ZERO,
        };
        Some(Waiting { order: live.order, left: live.left, visible })
    }

    /// Displayed size in front of an order in its queue; `None` where it is not displayed.
    pub fn ahead_of(&self, key: OrderKey) -> Option<Lots> {
        match self.roster.get(self.roster.find(key)?).place {
            Place::Shown(slot) => Some(self.shown.ahead_of(slot)),
            _ => None,
        }
    }

    /// Goes to another phase; leaving a call runs its auction.
    fn enter(&mut self, phase: Phase, out: &mut Outbox) {
        if phase == self.phase {
            return;
        }
        if let Phase::Call(session) = self.phase {
            self.uncross(session, out);
        }
        self.phase = phase;
        if phase == Phase::Closed {
            for key in self.roster.keys_where(|order| order.life == Life::Day) {
                self.expire(key, out);
            }
        }
    }

    /// Ends an order whose time ran out.
    pub(super) fn expire(&mut self, key: OrderKey, out: &mut Outbox) {
        if let Some(at) = self.roster.find(key) {
            self.lift(at, out);
            let size = self.forget(at).left;
            out.event(VenueEvent::Expired { order: key, size });
        }
    }

    /// Moves pegged orders and wakes stops, one after the other, until nothing is left to do.
    fn settle(&mut self, out: &mut Outbox) {
        self.follow_touch(out);
        while let Some(at) = self.next_stop() {
            self.wake(at, out);
            self.follow_touch(out);
        }
    }
}

fn check(field: &'static str, value: i64, bounds: (i64, i64)) -> Result<(), Error> {
    let allowed = "within the band a venue can have";
    crate::check_range(field, value as f64, (bounds.0 as f64, bounds.1 as f64), allowed)
}
