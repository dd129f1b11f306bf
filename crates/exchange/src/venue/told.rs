//! What the account says of its orders without being asked, and how orders are listed.

use base::Ts;
use market::{Cash, Fill, Price, Qty};
use serde_json::{Value, json};

use super::Venue;
use super::options::LegTraded;
use super::order::Order;
use crate::figures::uuid;

/// Something that happened to an order, and the order as it was then.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Note {
    /// The order's number.
    pub(crate) number: usize,
    pub(crate) order: Box<Order>,
    pub(crate) at: Ts,
    /// Where it was a trade.
    pub(crate) traded: Option<Traded>,
    /// What its parts traded, of an order that has them.
    pub(crate) legs: Vec<LegTraded>,
}

/// A trade of an order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Traded {
    /// Unsigned.
    pub(crate) qty: Qty,
    pub(crate) price: Price,
    /// What it earned; `None` where it closed nothing.
    pub(crate) earned: Option<Cash>,
}

/// Whether legs stand under their order or beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nesting {
    Flat,
    Nested,
}

impl Venue {
    /// Says that something happened to an order.
    pub(super) fn tell(&mut self, event: &str, number: usize, at: Ts) {
        let data = self.update(event, number, at);
        self.updates.push(json!({ "stream": "trade_updates", "data": data }));
        self.note(number, at, None);
        self.changed();
    }

    /// Says that an order filled; `held` is the position after it, `earned` what it closed for.
    pub(super) fn tell_fill(
        &mut self,
        event: &str,
        number: usize,
        fill: &Fill,
        (held, earned): (Qty, Option<Cash>),
    ) {
        let mut data = self.update(event, number, fill.at);
        data["price"] = fill.price.to_string().into();
        data["qty"] = fill.qty.abs().to_string().into();
        data["position_qty"] = held.to_string().into();
        self.updates.push(json!({ "stream": "trade_updates", "data": data }));
        let traded = Traded { qty: fill.qty.abs(), price: fill.price, earned };
        self.note(number, fill.at, Some(traded));
        self.changed();
    }

    /// Says that units of an order of parts filled at a net price.
    pub(super) fn tell_combo(
        &mut self,
        event: &str,
        number: usize,
        (net, units): (Price, i64),
        legs: Vec<LegTraded>,
    ) {
        let at = self.state.orders[number].updated_at;
        let mut data = self.update(event, number, at);
        data["price"] = net.to_string().into();
        data["qty"] = units.to_string().into();
        if let [leg] = legs[..] {
            data["position_qty"] = self.count_of(&leg.thing).to_string().into();
        }
        self.updates.push(json!({ "stream": "trade_updates", "data": data }));
        let earned = legs.iter().filter_map(|leg| leg.earned).reduce(|a, b| a + b);
        let traded = Traded { qty: Qty::whole(units), price: net, earned };
        let order = Box::new(self.state.orders[number].clone());
        self.notes.push(Note { number, order, at, traded: Some(traded), legs });
        self.changed();
    }

    /// Notes what became of an order without a message of its own.
    pub(super) fn note(&mut self, number: usize, at: Ts, traded: Option<Traded>) {
        let order = Box::new(self.state.orders[number].clone());
        self.notes.push(Note { number, order, at, traded, legs: Vec::new() });
    }

    fn update(&self, event: &str, number: usize, at: Ts) -> Value {
        let order = &self.state.orders[number];
        let count = format!("{}", self.state.version);
        json!({
            "event": event,
            "execution_id": uuid(&["execution", &order.id, &count]),
            "order": self.shown(number, Nesting::Nested),
            "timestamp": at.to_string(),
        })
    }

    /// An order as the broker shows it.
    pub(super) fn shown(&self, number: usize, nesting: Nesting) -> Value {
        let order = &self.state.orders[number];
        let mut shown = order.shown();
        self.show_parts(order, &mut shown);
        if nesting == Nesting::Nested && !order.legs.is_empty() {
            let legs = order.legs.iter().map(|leg| self.state.orders[*leg].shown());
            shown["legs"] = legs.collect();
        }
        shown
    }
}
