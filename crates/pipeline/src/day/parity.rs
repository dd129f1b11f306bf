//! Two accounts that were to do the same, held side by side: every difference, by its kind.
//!
//! Names of intents and orders follow from what was wanted, so the same trade has the same name on
//! the simulated broker and on one outside.

use std::collections::{BTreeMap, BTreeSet};

use ::desk::Record;
use ::desk::journal::Line;
use base::Ts;
use market::{Cash, Price, Qty};
use serde::Serialize;
use store::Store;

use super::desk::Numbers;
use super::{BOOK, Step};
use crate::Error;
use crate::journal::lines;

/// What an account did, as its journal tells it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Deeds {
    /// Intents, and why those were refused that were.
    pub intents: BTreeMap<String, Option<String>>,
    /// Orders that were sent.
    pub orders: BTreeMap<String, Sent>,
    /// What it was decided on.
    pub data: BTreeSet<Data>,
}

/// Data that days were walked on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Data {
    /// Tables and versions.
    pub version: String,
    /// Recorded from a market, or made; `None` where that is not on record.
    pub is_recorded: Option<bool>,
}

/// An order that was sent, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sent {
    /// What it trades.
    pub symbol: String,
    /// Signed quantity.
    pub qty: Qty,
    /// Signed quantity that filled.
    pub filled: Qty,
    /// Σ price × signed quantity of its fills.
    #[serde(skip)]
    pub value: Cash,
    /// Commission and fees.
    pub fee: Cash,
    /// Its first fill.
    pub at: Option<Ts>,
}

/// A kind of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An intent that the other did not have, or that one of both refused.
    Signal,
    /// An order that the other did not send, or of another quantity.
    Order,
    /// A fill that the other did not have, or of another quantity.
    MissedFill,
    /// Filled in another session.
    Session,
    /// Filled at another time of the same session.
    Timing,
    /// Filled at another price.
    Price,
    /// Another fee.
    Fee,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Its kind.
    pub kind: Kind,
    /// The intent or the order.
    pub name: String,
    /// What it trades; empty for an intent.
    pub symbol: String,
    /// As it was here.
    pub here: String,
    /// As it was there.
    pub there: String,
    /// What it cost here beyond there; positive is worse here. Zero where it is no money.
    pub cost: Cash,
}

/// Two accounts side by side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parity {
    /// Intents and orders in either.
    pub intents: usize,
    /// Orders in either.
    pub orders: usize,
    /// Orders that filled in both, the same quantity in the same session.
    pub same_fills: usize,
    /// Their prices, held side by side.
    pub fills: Vec<Both>,
    /// All that differs.
    pub differences: Vec<Difference>,
    /// What prices and fees cost here beyond there, over fills that both had.
    pub cost: Cash,
}

/// An order that filled the same quantity in both.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Both {
    /// Its first fill here.
    pub at: Ts,
    /// How much worse its price is here, in basis points of its value there.
    pub worse_bps: f64,
}

impl Kind {
    /// All kinds, in the order in which a trade comes about.
    pub const ALL: [Kind; 7] = [
        Kind::Signal,
        Kind::Order,
        Kind::MissedFill,
        Kind::Session,
        Kind::Timing,
        Kind::Price,
        Kind::Fee,
    ];

    /// Its name for people.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Signal => "signal",
            Kind::Order => "order",
            Kind::MissedFill => "missed fill",
            Kind::Session => "session",
            Kind::Timing => "timing",
            Kind::Price => "price",
            Kind::Fee => "fee",
        }
    }

    /// What it is.
    pub const fn meaning(self) -> &'static str {
        match self {
            Kind::Signal => "an intent of one alone, or refused by one alone",
            Kind::Order => "an order of one alone, or of another quantity",
            Kind::MissedFill => "a fill of one alone, or of another quantity",
            Kind::Session => "filled in another session",
            Kind::Timing => "filled at another time of the same session",
            Kind::Price => "filled at another price",
            Kind::Fee => "another fee",
        }
    }
}

impl Deeds {
    /// What the journal of a store tells.
    ///
    /// # Errors
    /// Where the store can't be read.
    pub fn read(store: &Store) -> Result<Deeds, Error> {
        let (lines, numbers, steps) = store.read(|tx| -> Result<_, Error> {
            Ok((lines(tx)?, Numbers::read(tx)?, tx.steps_named(BOOK, Step::Download.name())?))
        })?;
        let mut deeds = Deeds::of(&lines, &|id| numbers.symbol(id).to_owned());
        let data = steps.iter().filter_map(|step| {
            let version = step.output["data_version"].as_str()?.to_owned();
            let origin = step.output["origin"].as_str();
            Some(Data { version, is_recorded: origin.map(|origin| origin == "recorded") })
        });
        deeds.data = data.collect();
        Ok(deeds)
    }

    fn of(lines: &[Line], symbol: &dyn Fn(market::InstrumentId) -> String) -> Deeds {
        let mut deeds = Deeds::default();
        for line in lines {
            match &line.record {
                Record::Wanted(intent) => {
                    deeds.intents.entry(intent.id.clone()).or_default();
                }
                Record::Refused { intent, reason } => {
                    deeds.intents.insert(intent.clone(), Some(format!("{reason:?}")));
                }
                Record::Sending { request, .. } => {
                    let sent = Sent {
                        symbol: symbol(request.instrument),
                        qty: request.qty,
                        filled: Qty::ZERO,
                        value: Cash::ZERO,
                        fee: Cash::ZERO,
                        at: None,
                    };
                    deeds.orders.insert(request.id.to_string(), sent);
                }
                Record::Filled { fill, .. } => {
                    let Some(sent) = deeds.orders.get_mut(fill.order.as_str()) else { continue };
                    sent.filled += fill.qty;
                    sent.value += fill.price.times(fill.qty);
                    sent.fee += fill.fee;
                    sent.at.get_or_insert(fill.at);
                }
                _ => {}
            }
        }
        deeds
    }
}

impl Sent {
    fn price(&self) -> Option<Price> {
        ::desk::exit::share::average(self.value, self.filled)
    }
}

/// Holds one account against another.
pub fn compare(here: &Deeds, there: &Deeds) -> Parity {
    let mut found = Vec::new();
    let names: BTreeSet<&String> = here.intents.keys().chain(there.intents.keys()).collect();
    let fate = |deeds: &Deeds, name: &str| match deeds.intents.get(name) {
        None => "not wanted".to_owned(),
        Some(None) => "wanted".to_owned(),
        Some(Some(reason)) => format!("refused: {reason}"),
    };
    for name in &names {
        let (here, there) = (fate(here, name), fate(there, name));
        if here != there {
            let (name, symbol) = ((*name).clone(), String::new());
            found.push(Difference {
                kind: Kind::Signal,
                name,
                symbol,
                here,
                there,
                cost: Cash::ZERO,
            });
        }
    }
    let orders: BTreeSet<&String> = here.orders.keys().chain(there.orders.keys()).collect();
    let (mut same_fills, mut fills) = (0, Vec::new());
    for name in &orders {
        let both = (here.orders.get(*name), there.orders.get(*name));
        let is_same = order(name, both, &mut found);
        same_fills += is_same;
        if let (1, (Some(here), Some(there))) = (is_same, both) {
            fills.extend(here.at.and_then(|at| Both::of(at, [here.value, there.value])));
        }
    }
    found.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    let cost = found.iter().map(|difference| difference.cost).sum();
    Parity {
        intents: names.len(),
        orders: orders.len(),
        same_fills,
        fills,
        differences: found,
        cost,
    }
}

/// One order in both; 1 where it filled alike.
fn order(name: &str, both: (Option<&Sent>, Option<&Sent>), found: &mut Vec<Difference>) -> usize {
    let symbol = both.0.or(both.1).map_or(String::new(), |sent| sent.symbol.clone());
    let mut tell = |kind: Kind, here: String, there: String, cost: Cash| {
        let (name, symbol) = (name.to_owned(), symbol.clone());
        found.push(Difference { kind, name, symbol, here, there, cost });
    };
    let sent = |sent: Option<&Sent>| sent.map_or("not sent".to_owned(), |it| it.qty.to_string());
    let (Some(here), Some(there)) = both else {
        tell(Kind::Order, sent(both.0), sent(both.1), Cash::ZERO);
        return 0;
    };
    if here.qty != there.qty {
        tell(Kind::Order, here.qty.to_string(), there.qty.to_string(), Cash::ZERO);
    }
    if here.filled != there.filled {
        tell(Kind::MissedFill, here.filled.to_string(), there.filled.to_string(), Cash::ZERO);
        return 0;
    }
    let (Some(at_here), Some(at_there)) = (here.at, there.at) else { return 0 };
    if at_here != at_there {
        let same = at_here.utc_day() == at_there.utc_day();
        let kind = if same { Kind::Timing } else { Kind::Session };
        tell(kind, at_here.to_string(), at_there.to_string(), Cash::ZERO);
    }
    if let (Some(price_here), Some(price_there)) = (here.price(), there.price())
        && price_here != price_there
    {
        let cost = here.value - there.value;
        tell(Kind::Price, price_here.to_string(), price_there.to_string(), cost);
    }
    if here.fee != there.fee {
        tell(Kind::Fee, here.fee.to_string(), there.fee.to_string(), here.fee - there.fee);
    }
    usize::from(at_here.utc_day() == at_there.utc_day())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(qty: i64, price: &str, fee: &str, seconds: i64) -> Sent {
        let qty = Qty::whole(qty);
        let price: Price = price.parse().unwrap();
        Sent {
            symbol: "A".to_owned(),
            qty,
            filled: qty,
            value: price.times(qty),
            fee: fee.parse().unwrap(),
            at: Some(Ts::from_seconds(seconds)),
        }
    }

    fn deeds(orders: Vec<(&str, Sent)>) -> Deeds {
        let orders = orders.into_iter().map(|(name, sent)| (name.to_owned(), sent)).collect();
        Deeds { orders, ..Deeds::default() }
    }

    fn kinds(here: Vec<(&str, Sent)>, there: Vec<(&str, Sent)>) -> Vec<Kind> {
        let found = compare(&deeds(here), &deeds(there));
        found.differences.iter().map(|it| it.kind).collect()
    }

    #[test]
    fn what_is_the_same_is_no_difference() {
        let both = || vec![("a", sent(5, "10", "0", 9))];
        let found = compare(&deeds(both()), &deeds(both()));
        assert_eq!((found.same_fills, found.differences.len(), found.cost), (1, 0, Cash::ZERO));
    }

    #[test]
    fn each_difference_has_its_kind() {
        let usual = || sent(5, "10", "0", 9);
        let half = Sent { filled: Qty::whole(2), ..usual() };
        let cases = [
            (vec![], Kind::Order),
            (vec![("a", half)], Kind::MissedFill),
            (vec![("a", sent(5, "10", "0", 90_000))], Kind::Session),
            (vec![("a", sent(5, "10", "0", 60))], Kind::Timing),
            (vec![("a", sent(5, "10.5", "0", 9))], Kind::Price),
            (vec![("a", sent(5, "10", "1", 9))], Kind::Fee),
        ];
        for (there, kind) in cases {
            assert_eq!(kinds(vec![("a", usual())], there), [kind]);
        }
    }

    #[test]
    fn paying_more_and_getting_less_both_cost() {
        let here = deeds(vec![("buy", sent(5, "10.5", "1", 9)), ("sell", sent(-5, "9", "0", 9))]);
        let there = deeds(vec![("buy", sent(5, "10", "0", 9)), ("sell", sent(-5, "10", "0", 9))]);
        assert_eq!(compare(&here, &there).cost, "8.5".parse().unwrap());
    }

    #[test]
    fn an_intent_refused_in_one_alone_is_told() {
        let with = |fate: Option<&str>| {
            let fate = fate.map(str::to_owned);
            Deeds { intents: [("i".to_owned(), fate)].into(), ..Deeds::default() }
        };
        let found = compare(&with(None), &with(Some("Frozen")));
        assert_eq!(found.differences[0].kind, Kind::Signal);
        assert_eq!(found.differences[0].there, "refused: Frozen");
    }
}
