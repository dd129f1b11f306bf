//! What this door must remember: which client calls which order what, and each trade with its
//! name. It is kept with the account's state, as one.

use std::collections::{BTreeMap, BTreeSet};

use base::Ts;
use market::{Cash, OptionContract, Price, Qty};
use serde::{Deserialize, Serialize};

use super::combos::{count_qty, side_of};
use super::commission::Charged;
use super::terms::Terms;
use crate::chunks::Chunks;
use crate::venue::{Note, Side, Thing, Traded};
use crate::{Commission, Venue};

/// The broker's own numbers of orders begin here.
const FIRST_PERMANENT: i64 = 1_000_000_000;
/// The broker's numbers of options begin here.
const FIRST_OPTION: i32 = 100_000_001;

/// An order of a client.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Ticket {
    /// The client, and its own number of the order.
    pub(super) client: i32,
    pub(super) order: i32,
    /// The client's words for it.
    pub(super) reference: String,
    /// The client's number of the order that it waits for; 0 is none.
    pub(super) parent: i32,
    pub(super) oca_group: String,
    pub(super) oca_type: i32,
    pub(super) outside_hours: bool,
    /// The date of an order that is good till one, in the client's words.
    #[serde(default)]
    pub(super) good_till: String,
    /// Set while it is not transmitted.
    pub(super) draft: Option<Terms>,
    /// Numbers of the orders that the account worked it as: a change makes another one.
    pub(super) numbers: Vec<usize>,
    /// What it has paid for its trades.
    #[serde(default)]
    pub(super) charged: Charged,
}

impl Ticket {
    /// The number of the order that it is worked as now.
    pub(super) fn number(&self) -> Option<usize> {
        self.numbers.last().copied()
    }

    /// The broker's number, the same through all changes; 0 while it is not transmitted.
    pub(super) fn permanent(&self) -> i64 {
        self.numbers.first().map_or(0, |number| permanent(*number))
    }

    /// What it filled before its last change, and for how much.
    pub(super) fn before(&self, venue: &Venue, number: usize) -> (Qty, Cash) {
        let earlier = self.numbers.iter().take_while(|other| **other != number);
        let orders = earlier.filter_map(|number| venue.order(*number));
        orders.fold((Qty::ZERO, Cash::ZERO), |(qty, value), order| {
            (qty + order.filled, value + order.value)
        })
    }
}

/// The broker's number of an order.
pub(super) fn permanent(number: usize) -> i64 {
    FIRST_PERMANENT + number as i64
}

/// A trade of any order of the account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Trade {
    pub(super) id: String,
    /// Number of the account's order.
    pub(super) number: usize,
    pub(super) at: Ts,
    /// Unsigned.
    pub(super) qty: Qty,
    pub(super) price: Price,
    /// What the order had filled with it, and at what price on average.
    pub(super) filled: Qty,
    pub(super) average: f64,
    /// What it earned; `None` where it closed nothing.
    #[serde(default)]
    pub(super) earned: Option<Cash>,
    /// What was taken for it.
    #[serde(default)]
    pub(super) commission: Cash,
    /// What was traded and which way, of one part of an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) leg: Option<(Thing, Side)>,
}

/// Orders of clients and trades.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Book {
    tickets: Chunks<Ticket>,
    trades: Chunks<Trade>,
    /// Options that a client heard of; a place is a number.
    options: Chunks<OptionContract>,
    #[serde(skip)]
    by_option: BTreeMap<OptionContract, usize>,
    #[serde(skip)]
    by_name: BTreeMap<(i32, i32), usize>,
    /// Places of those that are not transmitted yet.
    #[serde(skip)]
    drafts: BTreeSet<usize>,
    /// How many clients use a number of an order.
    #[serde(skip)]
    used: BTreeMap<i32, u32>,
    #[serde(skip)]
    by_number: BTreeMap<usize, usize>,
    /// Counts changes.
    #[serde(skip)]
    version: u64,
}

impl Book {
    /// Makes what is not written down, after it was read.
    pub(crate) fn index(&mut self) {
        for (place, option) in self.options.iter().enumerate() {
            self.by_option.insert(*option, place);
        }
        for (place, ticket) in self.tickets.iter().enumerate() {
            if ticket.draft.is_some() {
                self.drafts.insert(place);
            }
            *self.used.entry(ticket.order).or_default() += 1;
            self.by_name.insert((ticket.client, ticket.order), place);
            for number in &ticket.numbers {
                self.by_number.insert(*number, place);
            }
        }
    }

    /// Whether a number is that of an option.
    pub(super) fn is_option_number(number: i32) -> bool {
        number >= FIRST_OPTION
    }

    /// Gives an option a number, if it has none yet.
    pub(super) fn know(&mut self, option: &OptionContract) {
        if !self.by_option.contains_key(option) {
            self.by_option.insert(*option, self.options.len());
            self.options.push(*option);
            self.version += 1;
        }
    }

    /// The number of an option; 0 for one that nobody heard of.
    pub(super) fn option_number(&self, option: &OptionContract) -> i32 {
        let place = self.by_option.get(option).and_then(|place| i32::try_from(*place).ok());
        place.map_or(0, |place| FIRST_OPTION + place)
    }

    /// The option of a number.
    pub(super) fn option(&self, number: i32) -> Option<OptionContract> {
        let place = usize::try_from(number.checked_sub(FIRST_OPTION)?).ok()?;
        self.options.get(place).copied()
    }

    /// Counts changes.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn tickets(&self) -> &Chunks<Ticket> {
        &self.tickets
    }

    pub(super) fn trades(&self) -> &Chunks<Trade> {
        &self.trades
    }

    /// Orders that are not transmitted yet, the oldest first, with their places.
    pub(super) fn drafts(&self) -> impl Iterator<Item = (usize, &Ticket)> {
        self.drafts.iter().map(|place| (*place, &self.tickets[*place]))
    }

    /// The place of a client's order.
    pub(super) fn place(&self, client: i32, order: i32) -> Option<usize> {
        self.by_name.get(&(client, order)).copied()
    }

    /// The client's order that an order of the account is.
    pub(super) fn ticket_of(&self, number: usize) -> Option<&Ticket> {
        self.by_number.get(&number).map(|place| &self.tickets[*place])
    }

    /// The place of the client's order that an order of the account is.
    pub(super) fn place_of(&self, number: usize) -> Option<usize> {
        self.by_number.get(&number).copied()
    }

    /// The first number above all that any client used.
    pub(super) fn next_order(&self) -> i32 {
        let used = self.used.last_key_value().map_or(0, |(order, _)| *order);
        used.max(0).saturating_add(1)
    }

    pub(super) fn add(&mut self, ticket: Ticket) -> usize {
        let place = self.tickets.len();
        self.by_name.insert((ticket.client, ticket.order), place);
        *self.used.entry(ticket.order).or_default() += 1;
        if ticket.draft.is_some() {
            self.drafts.insert(place);
        }
        self.tickets.push(ticket);
        self.version += 1;
        place
    }

    /// Changes one.
    pub(super) fn change(&mut self, place: usize, change: impl FnOnce(&mut Ticket)) {
        if place < self.tickets.len() {
            let ticket = &mut self.tickets[place];
            change(ticket);
            match ticket.draft.is_some() {
                true => self.drafts.insert(place),
                false => self.drafts.remove(&place),
            };
            self.version += 1;
        }
    }

    /// Forgets the last one, which was refused.
    pub(super) fn forget(&mut self, place: usize) {
        if place + 1 == self.tickets.len()
            && let Some(ticket) = self.tickets.pop()
        {
            self.by_name.remove(&(ticket.client, ticket.order));
            self.drafts.remove(&place);
            if let Some(count) = self.used.get_mut(&ticket.order) {
                *count -= 1;
                if *count == 0 {
                    self.used.remove(&ticket.order);
                }
            }
            self.version += 1;
        }
    }

    /// Says as which order of the account one is worked from now on.
    pub(super) fn worked_as(&mut self, place: usize, number: usize) {
        self.by_number.insert(number, place);
        self.change(place, |ticket| {
            ticket.draft = None;
            if !ticket.numbers.contains(&number) {
                ticket.numbers.push(number);
            }
        });
    }

    /// What a trade of an order of a client in shares costs it.
    fn charge(&mut self, venue: &Venue, note: &Note) -> Cash {
        let (Some(place), Some(traded)) = (self.place_of(note.number), note.traded) else {
            return Cash::ZERO;
        };
        if !note.legs.is_empty() || venue.commission() == Commission::None {
            return Cash::ZERO;
        }
        let mut taken = Cash::ZERO;
        let (by, Traded { qty, price, .. }) = (venue.commission(), traded);
        self.change(place, |ticket| taken = ticket.charged.trade(by, qty, price));
        taken
    }

    /// Takes in what happened to an order; gives the trades that it was: of a combination first
    /// the whole, then its legs.
    pub(super) fn take(&mut self, venue: &Venue, note: &Note) -> Vec<Trade> {
        if let (Some(place), Some(next)) = (self.place_of(note.number), &note.order.replaced_by)
            && let Some(number) = venue.number(next)
        {
            self.worked_as(place, number);
        }
        for part in note.order.parts() {
            if let Thing::Option(option) = &part.thing {
                self.know(option);
            }
        }
        let Some(Traded { qty, price, earned }) = note.traded else { return Vec::new() };
        let commission = self.charge(venue, note);
        let ticket = self.ticket_of(note.number);
        let (before, spent) =
            ticket.map_or((Qty::ZERO, Cash::ZERO), |ticket| ticket.before(venue, note.number));
        let filled = before + note.order.filled;
        let account: String = venue.account_id().chars().take(8).collect();
        let first = self.trades.len() + 1;
        let whole = Trade {
            id: format!("{account}.{first:08x}.01.01"),
            number: note.number,
            at: note.at,
            qty,
            price,
            filled,
            average: (spent + note.order.value).to_f64() / filled.to_f64(),
            earned: earned.filter(|_| note.legs.len() < 2),
            commission,
            leg: None,
        };
        let mut trades = vec![whole];
        let legs = note.legs.iter().filter(|_| note.legs.len() > 1);
        for (place, leg) in legs.enumerate() {
            let qty = count_qty(leg.count);
            trades.push(Trade {
                id: format!("{account}.{first:08x}.{:02}.01", place + 2),
                number: note.number,
                at: note.at,
                qty,
                price: leg.price,
                filled: qty,
                average: leg.price.to_f64(),
                earned: leg.earned,
                commission: Cash::ZERO,
                leg: Some((leg.thing, side_of(leg.count))),
            });
        }
        for trade in &trades {
            self.trades.push(trade.clone());
        }
        self.version += 1;
        trades
    }
}
