//! A wish becomes an order, or several that belong together.

use base::{Span, Ts};
use market::{Calendar, InstrumentId, Price, Qty};

use super::Venue;
use super::order::{Class, Kind, Order, Side, Status, Tif};
use super::read::{self, Leg, Wish};
use super::told::Nesting;
use crate::figures::uuid;
use crate::{Answer, Request};

/// Days after which an order ends that is good until cancelled.
const LONGEST_DAYS: i64 = 90;

impl Venue {
    /// Takes an order.
    pub(super) fn submit(&mut self, request: &Request) -> Answer {
        let taken = read::fields(&request.body).and_then(|fields| match self.combo_in(&fields) {
            Some(wish) => wish.and_then(|wish| self.place_combo(&wish)),
            None => read::wish(&fields).and_then(|wish| self.place(&wish)),
        });
        match taken {
            Ok(number) => Answer::ok(self.shown_as_taken(number)),
            Err(refusal) => refusal,
        }
    }

    /// A new order is told of as pending; the stream says when it is live.
    pub(super) fn shown_as_taken(&self, number: usize) -> serde_json::Value {
        let mut shown = self.shown(number, Nesting::Nested);
        if self.state.orders[number].status == Status::New {
            shown["status"] = "pending_new".into();
        }
        shown
    }

    /// Checks a wish and makes its orders; nothing changed where it is refused.
    pub(super) fn place(&mut self, wish: &Wish) -> Result<usize, Answer> {
        self.reckon();
        let (instrument, intent) = self.check(wish)?;
        let live = if self.is_open() { Status::New } else { Status::Accepted };
        let mut first = self.draft(wish, instrument);
        first.status = live;
        first.intent = intent.to_owned();
        if let Kind::Trailing { trail, .. } = first.kind {
            let best = self.mark(instrument).unwrap_or(Price::ZERO);
            first.kind = Kind::Trailing { trail, best };
        }
        let paired = wish.class == Class::Oco || wish.legs.len() == 2;
        let group = paired.then(|| first.id.clone());
        if wish.class == Class::Oco {
            first.group.clone_from(&group);
        }
        let number = self.add(first);
        for leg in &wish.legs {
            let kind = match (*leg, wish.class) {
                // The target of an OCO is its first order.
                (Leg::TakeProfit(_), Class::Oco) => continue,
                (Leg::TakeProfit(limit), _) => Kind::Limit { limit },
                (Leg::StopLoss { stop, limit: Some(limit) }, _) => Kind::StopLimit { stop, limit },
                (Leg::StopLoss { stop, limit: None }, _) => Kind::Stop { stop },
            };
            self.add_leg(number, kind, group.clone());
        }
        let now = self.state.now;
        if !self.waits_here(number) {
            self.send(number, now);
        }
        for leg in self.state.orders[number].legs.clone() {
            self.send(leg, now);
        }
        match live {
            Status::New => {
                self.tell("pending_new", number, now);
                self.tell("new", number, now);
            }
            _ => self.tell("accepted", number, now),
        }
        self.take_answers(instrument, now);
        Ok(number)
    }

    /// True for orders that reach the exchange only at a moment of their own.
    pub(super) fn waits_here(&self, number: usize) -> bool {
        let order = &self.state.orders[number];
        order.tif.is_timed() || order.qty.is_none()
    }

    fn add_leg(&mut self, number: usize, kind: Kind, group: Option<String>) {
        let first = &self.state.orders[number];
        let mut leg = first.clone();
        // An OCO closes a position on its own side, the legs of an entry on the other.
        if first.class != Class::Oco {
            leg.side = first.side.other();
            let closes = if leg.side == Side::Buy { "buy_to_close" } else { "sell_to_close" };
            leg.intent = closes.to_owned();
        }
        leg.kind = kind;
        leg.status = Status::Held;
        leg.group = group;
        leg.parent = Some(number);
        leg.extended = false;
        leg.legs = Vec::new();
        leg.id = self.order_id();
        leg.client_id = self.client_name(&leg.id);
        let leg = self.add(leg);
        self.state.orders[number].legs.push(leg);
    }

    pub(super) fn draft(&self, wish: &Wish, instrument: InstrumentId) -> Order {
        let now = self.state.now;
        let id = self.order_id();
        let symbol = self.tape.universe().get(instrument).symbol.clone();
        Order {
            client_id: wish.client_id.clone().unwrap_or_else(|| self.client_name(&id)),
            id,
            instrument,
            asset_id: self.asset_id(&symbol),
            symbol,
            class: wish.class,
            kind: wish.kind,
            side: wish.side,
            tif: wish.tif,
            qty: wish.qty,
            notional: wish.notional,
            extended: wish.extended,
            intent: String::new(),
            status: Status::New,
            filled: Qty::ZERO,
            value: market::Cash::ZERO,
            submitted_at: now,
            updated_at: now,
            filled_at: None,
            canceled_at: None,
            expired_at: None,
            failed_at: None,
            replaced_at: None,
            replaced_by: None,
            replaces: None,
            expires: expiry(now, wish.tif),
            parent: None,
            legs: Vec::new(),
            group: None,
            wire: None,
            revision: 0,
            combo: None,
        }
    }

    /// The name of the next order.
    pub(super) fn order_id(&self) -> String {
        uuid(&[&self.state.tape, "order", &self.state.orders.len().to_string()])
    }

    /// A client's name for an order that it gave none.
    pub(super) fn client_name(&self, id: &str) -> String {
        uuid(&["client", id])
    }

    /// Takes an order into the books of the account.
    pub(super) fn add(&mut self, order: Order) -> usize {
        let number = self.state.orders.len();
        self.state.orders.push(order);
        self.open_order(number);
        self.index(number);
        self.changed();
        number
    }
}

/// When an order ends that nothing ended before: with the session that it is for, or after so
/// many days.
pub(super) fn expiry(now: Ts, tif: Tif) -> Ts {
    let from = match tif {
        Tif::Gtc => now + Span::from_days(LONGEST_DAYS),
        _ => now,
    };
    let session = Calendar::of("XNYS").ok().and_then(|calendar| calendar.closing_after(from));
    session.map_or(Ts::MAX, |session| session.close)
}
