//! Shares and spreads of options on one account, as one wire.
//!
//! What a desk says of shares goes to the wire for shares, what it says of spreads to a clerk
//! ([`clerk`]), who places, looks for and takes back orders of legs by their names and can be asked
//! twice without harm. Trades in legs become trades in units ([`units`]), options on the account
//! become units held ([`held`]). The account's books are those of the shares, with what the clerk
//! read of the options just before put in.
//!
//! Orders that close a spread and find nothing held are not placed. An option that one spread
//! holds bought is not sold by another: the account would show neither.

pub mod clerk;
mod held;
mod reading;
mod spot;
mod units;

use std::collections::BTreeMap;

use base::Ts;
use market::remote::{Heard, Said, Wire};
use market::{ClientOrderId, InstrumentId, OrderRequest, OrderState, Qty, Universe, Vertical};

use crate::spread::{Series, legs_of};
use clerk::{Clerk, Errand};
use reading::Reading;
use spot::{Spot, Stage};

/// A wire for shares and a clerk for spreads, as one wire.
#[derive(Debug)]
pub struct Both<W, C> {
    shares: W,
    clerk: C,
    spreads: BTreeMap<InstrumentId, Vertical>,
    /// Orders of spreads that have not ended.
    spots: BTreeMap<ClientOrderId, Spot>,
    /// Orders that stand at the broker and that the desk is done with; those it takes back.
    strangers: BTreeMap<ClientOrderId, bool>,
    /// Units held.
    held: BTreeMap<InstrumentId, i64>,
    /// Whether the account was read: nothing is placed before.
    is_loaded: bool,
    /// Whether the clerk is on an errand.
    is_away: bool,
    reading: Reading,
    heard: Vec<Heard>,
}

impl<W: Wire, C: Clerk> Both<W, C> {
    /// For the shares and spreads of a universe.
    pub fn new(shares: W, clerk: C, universe: &Universe) -> Both<W, C> {
        let read = |symbol: &str| symbol.parse::<Vertical>().ok();
        let spreads = universe.iter().filter_map(|(id, it)| Some((id, read(&it.symbol)?)));
        Both {
            shares,
            clerk,
            spreads: spreads.collect(),
            spots: BTreeMap::new(),
            strangers: BTreeMap::new(),
            held: BTreeMap::new(),
            is_loaded: false,
            is_away: false,
            reading: Reading::default(),
            heard: Vec::new(),
        }
    }

    fn submit(&mut self, request: &OrderRequest) {
        if let Some(spot) = self.spots.get_mut(&request.id) {
            // Said again: whether it arrived is looked for before it is placed.
            if spot.stage == Stage::Recalled {
                spot.stage = Stage::ToPlace;
            }
            return;
        }
        self.spots.insert(request.id.clone(), Spot::new(request));
    }

    /// Lets new orders pass that may be placed, and ends the others. The account has been read.
    fn check(&mut self) {
        let new = self.spots.values().filter(|spot| spot.stage == Stage::New);
        let new: Vec<ClientOrderId> = new.map(|spot| spot.request.id.clone()).collect();
        for name in new {
            let Some(spot) = self.spots.remove(&name) else { continue };
            let instrument = spot.request.instrument;
            let held = self.held.get(&instrument).copied().unwrap_or_default();
            // What another order closes already is not closed twice.
            let closing = self.spots.values().filter(|it| it.request.instrument == instrument);
            let held = held - closing.map(Spot::closes).sum::<i64>();
            let crosses = !spot.request.reduce_only && self.crosses(instrument);
            match spot.checked(held) {
                Ok(spot) if crosses => {
                    let reason = "an option of it is held the other way in another spread";
                    self.heard.push(Heard::Order(spot.report(OrderState::Rejected, reason)));
                }
                Ok(spot) => drop(self.spots.insert(name, spot)),
                Err(ended) => self.heard.push(Heard::Order(ended)),
            }
        }
    }

    /// Whether another spread that is held or sought has a leg of this one the other way.
    fn crosses(&self, id: InstrumentId) -> bool {
        let sought = self.spots.values().filter(|spot| spot.stage != Stage::New);
        let sought = sought.map(|spot| spot.request.instrument);
        let held = self.held.iter().filter(|(_, units)| **units > 0).map(|(id, _)| *id);
        let others = held.chain(sought).filter(|other| *other != id);
        let legs = self.spreads.get(&id).into_iter().flat_map(legs_of);
        let legs: BTreeMap<Series, i32> = legs.map(|leg| (leg.series, leg.ratio)).collect();
        let theirs = others.filter_map(|other| self.spreads.get(&other)).flat_map(legs_of);
        theirs.into_iter().any(|leg| legs.get(&leg.series).is_some_and(|it| *it != leg.ratio))
    }

    fn cancel(&mut self, name: &ClientOrderId) {
        if let Some(spot) = self.spots.get_mut(name) {
            spot.is_cancelling = true;
        }
        if let Some(is_leaving) = self.strangers.get_mut(name) {
            *is_leaving = true;
        }
    }

    fn knows(&self, name: &ClientOrderId) -> bool {
        self.spots.contains_key(name) || self.strangers.contains_key(name)
    }

    /// Sends the clerk on the errand that matters most.
    fn dispatch(&mut self) {
        if self.is_away {
            return;
        }
        if self.is_loaded {
            self.check();
        }
        let errand = self.leaving().or_else(|| self.placing()).or_else(|| self.watching());
        if let Some(errand) = errand {
            self.is_away = true;
            self.clerk.send(errand);
        }
    }

    fn leaving(&self) -> Option<Errand> {
        let spots = self.spots.iter().map(|(name, spot)| (name, spot.is_cancelling));
        let strangers = self.strangers.iter().map(|(name, is_leaving)| (name, *is_leaving));
        let (name, _) = spots.chain(strangers).find(|(_, is_leaving)| *is_leaving)?;
        Some(Errand::Cancel(name.clone()))
    }

    fn placing(&self) -> Option<Errand> {
        let is_due = |spot: &&Spot| spot.stage == Stage::ToPlace && self.is_loaded;
        let spot = self.spots.values().find(is_due)?;
        let spread = self.spreads.get(&spot.request.instrument)?;
        Some(Errand::Place(Box::new(spot.order(spread))))
    }

    fn watching(&self) -> Option<Errand> {
        let standing = self.spots.iter().filter(|(_, spot)| spot.stage == Stage::Standing);
        let names: Vec<ClientOrderId> = standing.map(|(name, _)| name.clone()).collect();
        match self.reading.is_wanted() {
            true => Some(Errand::Read(self.spots.keys().cloned().collect())),
            false if names.is_empty() || !self.clerk.is_rested(names.len()) => None,
            false => Some(Errand::Look(names)),
        }
    }

    fn is_spread(&self, instrument: InstrumentId) -> bool {
        self.spreads.contains_key(&instrument)
    }
}

impl<W: Wire, C: Clerk> Wire for Both<W, C> {
    fn say(&mut self, said: &Said) {
        match said {
            Said::Submit(request) if self.is_spread(request.instrument) => self.submit(request),
            Said::Cancel(name) if self.knows(name) => self.cancel(name),
            Said::AskBooks { number, since } if !self.spreads.is_empty() => {
                self.reading.want(*number, *since);
            }
            _ => self.shares.say(said),
        }
    }

    fn hear(&mut self, into: &mut Vec<Heard>) {
        let begun = into.len();
        self.shares.hear(into);
        for heard in &mut into[begun..] {
            if let Heard::Books(books) = heard {
                self.add_to(books);
            }
        }
        while let Some(reply) = self.clerk.answer() {
            self.is_away = false;
            self.take(reply);
        }
        into.append(&mut self.heard);
    }

    fn flush(&mut self) {
        self.shares.flush();
        self.dispatch();
    }

    fn takes_families(&self) -> bool {
        self.shares.takes_families()
    }

    fn recall(&mut self, order: &OrderRequest, filled: Qty, taken: Qty) {
        if self.is_spread(order.instrument) {
            let spot = Spot::recalled(order, filled);
            self.spots.insert(order.id.clone(), spot);
        } else {
            self.shares.recall(order, filled, taken);
        }
    }
}

/// The time from which books are asked for, and their number.
type Question = (u64, Ts);

#[cfg(test)]
mod tests;
