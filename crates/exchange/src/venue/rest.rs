//! Which request asks for what.

use base::Ts;
use market::{InstrumentId, Qty};
use serde_json::{Value, json};

use super::Venue;
use super::order::{Class, Kind, Order, Side, Tif};
use super::read::Wish;
use super::told::Nesting;
use crate::answer::Method::{Delete, Get, Patch, Post};
use crate::figures::{is_uuid, moment};
use crate::{Answer, Error, Request};

/// Most orders in one answer.
const MOST_ORDERS: usize = 500;
/// Most bars that one request may step over.
const MOST_STEPS: u32 = 100_000;

impl Venue {
    pub(super) fn route(&mut self, request: &Request) -> Result<Answer, Error> {
        let path = request.path.trim_end_matches('/').to_owned();
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        Ok(match (request.method, parts.as_slice()) {
            (Get, ["v2", "account"]) => Answer::ok(self.show_account()),
            (Get, ["v2", "account", "configurations"]) => Answer::ok(self.show_configuration()),
            (Patch, ["v2", "account", "configurations"]) => self.configure(request),
            (Get, ["v2", "account", "activities"]) => self.show_activities(request, None),
            (Get, ["v2", "account", "activities", kind]) => {
                self.show_activities(request, Some(kind))
            }
            (Get, ["v2", "assets"]) => self.show_assets(request),
            (Get, ["v2", "assets", symbol]) => self.show_one_asset(symbol),
            (Get, ["v2", "clock"]) => self.show_clock(),
            (Get, ["v2", "calendar"]) => self.show_calendar(request),
            (Post, ["v2", "orders"]) => self.submit(request),
            (Get, ["v2", "orders"]) => self.list_orders(request),
            (Delete, ["v2", "orders"]) => self.cancel_all(),
            (Get, ["v2", "orders:by_client_order_id"]) => self.by_client_name(request),
            (method, ["v2", "orders", id]) => self.one_order(method, id, request),
            (Get, ["v2", "positions"]) => Answer::ok(self.show_positions()),
            (Delete, ["v2", "positions"]) => self.close_all(request),
            (Get, ["v2", "positions", name]) if self.names_contract(name) => self.one_lot(name),
            (Delete, ["v2", "positions", name]) if self.names_contract(name) => {
                self.close_lot(name, request)
            }
            (Get, ["v2", "positions", symbol]) => match self.held_of(symbol) {
                Ok(instrument) => self.one_position(instrument),
                Err(refusal) => refusal,
            },
            (Delete, ["v2", "positions", symbol]) => match self.held_of(symbol) {
                Ok(instrument) => self.close_one(instrument, request),
                Err(refusal) => refusal,
            },
            (Get, ["v2", "options", "contracts", rest @ ..]) => {
                self.option_contracts(rest, request)
            }
            (Get, ["v1beta1", "options", rest @ ..]) => self.option_data(rest, request),
            (Get, ["v2", "stocks", rest @ ..]) => self.market_data(rest, request),
            (Post, ["control", word]) => return self.control(word, request),
            (Get, ["control", "status"]) => Answer::ok(self.standing(0)),
            _ => Answer::missing(format!("endpoint not found: {path}")),
        })
    }

    fn one_order(&mut self, method: crate::Method, id: &str, request: &Request) -> Answer {
        if !is_uuid(id) {
            return Answer::invalid("order_id is missing");
        }
        let Some(number) = self.by_id.find(&id.to_lowercase()) else {
            return Answer::missing(format!("order not found for {id}"));
        };
        match method {
            Get => {
                let nested = request.says("nested");
                let nesting = if nested { Nesting::Nested } else { Nesting::Flat };
                Answer::ok(self.shown(number, nesting))
            }
            Delete => self.cancel(number),
            Patch => self.replace(number, request),
            Post => Answer::refuse(405, 40_510_000, "method not allowed"),
        }
    }

    fn by_client_name(&self, request: &Request) -> Answer {
        let Some(name) = request.word("client_order_id") else {
            return Answer::invalid("client_order_id is missing");
        };
        match self.by_client.find(name) {
            Some(number) => Answer::ok(self.shown(number, Nesting::Nested)),
            None => Answer::missing(format!("order not found for {name}")),
        }
    }

    fn list_orders(&self, request: &Request) -> Answer {
        let wanted = match request.word("status") {
            None | Some("open") => Some(true),
            Some("closed") => Some(false),
            Some("all") => None,
            Some(_) => return Answer::invalid("invalid status"),
        };
        let limit: usize = match request.word("limit").map(str::parse) {
            None => 50,
            Some(Ok(limit @ 1..=MOST_ORDERS)) => limit,
            Some(_) => return Answer::invalid("limit must be in 1..=500"),
        };
        let moments = ["after", "until"].map(|name| request.word(name).map(moment));
        if moments.contains(&Some(None)) {
            return Answer::invalid("after and until must be dates or RFC 3339 times");
        }
        let [after, until]: [Option<Ts>; 2] = moments.map(Option::flatten);
        let is_nested = request.says("nested");
        let names = request.list("symbols");
        let symbols: Vec<Option<InstrumentId>> =
            names.iter().map(|symbol| self.find(symbol)).collect();
        let concerns = |order: &Order| match &order.combo {
            Some(combo) => {
                let mut things = combo.parts.iter().map(|part| self.name_of(&part.thing));
                things.any(|name| names.contains(&name))
            }
            None => symbols.contains(&Some(order.instrument)),
        };
        let side = request.word("side");
        let fits = |order: &Order| {
            wanted.is_none_or(|open| order.status.is_open() == open)
                && (symbols.is_empty() || concerns(order))
                && side.is_none_or(|side| order.side.word() == side)
                && !(is_nested && order.parent.is_some_and(|up| self.leads(up, order)))
        };
        let orders = &self.state.orders;
        // Orders stand in the order in which they were submitted.
        let first = after.map_or(0, |after| orders.partition_point(|o| o.submitted_at <= after));
        let end = until.map_or(orders.len(), |until| {
            orders.partition_point(|order| order.submitted_at < until)
        });
        let range = first..end.max(first);
        let fit = |number: &usize| fits(&orders[*number]);
        let is_rising = request.word("direction") == Some("asc");
        let found: Vec<usize> = match (wanted == Some(true), is_rising) {
            (true, true) => self.state.open.range(range).copied().filter(fit).take(limit).collect(),
            (true, false) => {
                self.state.open.range(range).rev().copied().filter(fit).take(limit).collect()
            }
            (false, true) => range.filter(fit).take(limit).collect(),
            (false, false) => range.rev().filter(fit).take(limit).collect(),
        };
        let nesting = if is_nested { Nesting::Nested } else { Nesting::Flat };
        Answer::ok(found.iter().map(|at| self.shown(*at, nesting)).collect::<Vec<Value>>())
    }

    /// True where an order is shown under another one.
    fn leads(&self, parent: usize, leg: &Order) -> bool {
        let legs = &self.state.orders[parent].legs;
        legs.iter().any(|number| self.state.orders[*number].id == leg.id)
    }

    fn held_of(&self, symbol: &str) -> Result<InstrumentId, Answer> {
        let found =
            self.find(symbol).ok_or_else(|| Answer::invalid(format!("symbol not found: {symbol}")));
        found.and_then(|instrument| match self.position_of(instrument) {
            Some(_) => Ok(instrument),
            None => Err(Answer::missing("position does not exist")),
        })
    }

    fn one_position(&self, instrument: InstrumentId) -> Answer {
        match self.position_of(instrument) {
            Some(held) => Answer::ok(self.show_position(&held)),
            None => Answer::missing("position does not exist"),
        }
    }

    fn close_one(&mut self, instrument: InstrumentId, request: &Request) -> Answer {
        let Some(held) = self.position_of(instrument) else {
            return Answer::missing("position does not exist");
        };
        let part = match (request.word("qty"), request.word("percentage")) {
            (None, None) => Some(held.qty.abs()),
            (Some(qty), None) => qty.parse::<Qty>().ok(),
            (None, Some(percent)) => percent
                .parse::<f64>()
                .ok()
                .filter(|percent| *percent > 0.0 && *percent <= 100.0)
                .map(|percent| match percent == 100.0 {
                    true => held.qty.abs(),
                    false => Qty::from_raw((held.qty.abs().raw() as f64 * percent / 100.0) as i64),
                }),
            (Some(_), Some(_)) => None,
        };
        let Some(qty) = part.filter(|qty| *qty > Qty::ZERO) else {
            return Answer::invalid("one of qty and percentage must be > 0");
        };
        let wish = Wish {
            symbol: self.tape.universe().get(instrument).symbol.clone(),
            side: if held.qty.is_negative() { Side::Buy } else { Side::Sell },
            kind: Kind::Market,
            tif: Tif::Day,
            qty: Some(qty),
            notional: None,
            class: Class::Simple,
            extended: false,
            client_id: None,
            legs: Vec::new(),
        };
        match self.place(&wish) {
            Ok(number) => Answer::ok(self.shown_as_taken(number)),
            Err(refusal) => refusal,
        }
    }

    fn close_all(&mut self, request: &Request) -> Answer {
        if request.says("cancel_orders") {
            self.cancel_all();
        }
        let all = Request::new(Delete, "");
        let mut told = Vec::new();
        for held in self.held() {
            let answer = self.close_one(held.instrument, &all);
            let symbol = &self.tape.universe().get(held.instrument).symbol;
            told.push(json!({ "symbol": symbol, "status": answer.status, "body": answer.body }));
        }
        let names: Vec<String> =
            self.lots().iter().map(|lot| self.contract_name(&lot.contract)).collect();
        for name in names {
            let answer = self.close_lot(&name, &all);
            told.push(json!({ "symbol": name, "status": answer.status, "body": answer.body }));
        }
        Answer { status: 207, body: Some(told.into()) }
    }

    /// What no broker has: the market's own clock in a person's hand.
    fn control(&mut self, word: &str, request: &Request) -> Result<Answer, Error> {
        let symbol = request.word("symbol").map(|symbol| self.find(symbol));
        Ok(match (word, symbol) {
            ("step", _) => {
                let bars = request.word("bars").map_or(Ok(1), str::parse);
                let Ok(bars @ 1..=MOST_STEPS) = bars else {
                    return Ok(Answer::invalid("bars must be in 1..=100000"));
                };
                let mut done = 0;
                while done < bars && self.work_slot()? {
                    done += 1;
                }
                Answer::ok(self.standing(done))
            }
            ("advance", _) => {
                let Some(to) = request.word("until").and_then(moment) else {
                    return Ok(Answer::invalid("until must be a date or an RFC 3339 time"));
                };
                if to < self.state.now {
                    return Ok(Answer::invalid("until lies in the past"));
                }
                let done = self.run_to(to, MOST_STEPS)?;
                self.changed();
                Answer::ok(self.standing(done))
            }
            ("halt", Some(Some(instrument))) => {
                self.state.halted.insert(instrument);
                self.changed();
                Answer::ok(self.standing(0))
            }
            ("resume", Some(Some(instrument))) => {
                self.state.halted.remove(&instrument);
                self.changed();
                Answer::ok(self.standing(0))
            }
            ("halt" | "resume", _) => Answer::invalid("symbol is of nothing that is listed"),
            _ => Answer::missing(format!("endpoint not found: /control/{word}")),
        })
    }

    /// Where the replay stands.
    pub(super) fn standing(&self, bars: u32) -> Value {
        let symbol = |id: &InstrumentId| self.tape.universe().get(*id).symbol.clone();
        json!({
            "now": self.state.now.to_string(),
            "is_open": self.is_open(),
            "bars": bars,
            "bar_minutes": self.tape.minutes(),
            "market": self.state.tape,
            "halted": self.state.halted.iter().map(symbol).collect::<Vec<String>>(),
            "is_over": self.next_end().is_none(),
        })
    }
}
