//! A market of known bars to try the venue on.

mod any;
mod data;
mod life;
mod options;
mod options_any;
mod orders;
mod refusals;

use base::Span;
use market::{Candle, CorporateAction, Currency, Instrument, Kind as Sort, TimedCandle};
use serde_json::json;

use super::*;
use crate::Method::{Delete, Get, Patch, Post};
use crate::{Listing, TapeSource};

/// Prices of one bar: open, high, low, close.
type Prices = [f64; 4];

const QUIET: Prices = [100.0, 100.5, 99.5, 100.0];

fn listing(symbol: &str, bars: &[Prices], kind: Sort) -> Listing {
    let calendar = market::Calendar::of("XNYS").unwrap();
    let first: Day = "2024-01-02".parse().unwrap();
    let sessions = calendar.between(first, first.plus(20));
    let mut listing = Listing {
        instrument: Instrument {
            symbol: symbol.to_owned(),
            kind,
            currency: Currency::USD,
            exchange: "XNYS".to_owned(),
            sector_etf: None,
        },
        ..Listing::default()
    };
    for session in sessions.iter().take(5) {
        let candle = |prices: Prices| Candle {
            day: session.day,
            open: prices[0],
            high: prices[1],
            low: prices[2],
            close: prices[3],
            volume: 10_000.0,
        };
        listing.candles.push(candle(QUIET));
        let all = bars.iter().copied().chain(std::iter::repeat(QUIET)).take(390);
        for (minute, prices) in all.enumerate() {
            let start = session.open + Span::from_minutes(minute as i64);
            let size = market::BarSize::Minutes(1);
            listing.finer.push(TimedCandle { start, size, candle: candle(prices) });
        }
    }
    listing
}

/// A market in which AAA has these first bars in every session, all others quiet.
fn tape(bars: &[Prices]) -> Arc<Tape> {
    let listings = vec![
        listing("AAA", bars, Sort::Stock),
        listing("BBB", &[], Sort::Etf),
        listing("VIX", &[], Sort::Index),
    ];
    let source = TapeSource { name: "test".into(), seed: 1, minutes: 1, listings };
    Arc::new(Tape::new(source).unwrap())
}

fn venue(bars: &[Prices]) -> Venue {
    with(bars, None)
}

/// With a price collar.
fn with(bars: &[Prices], price_collar_percent: Option<f64>) -> Venue {
    let begin = Some("2024-01-03".parse().unwrap());
    let opening =
        Opening { half_spread_bps: 0.0, begin, price_collar_percent, ..Opening::default() };
    Venue::open(tape(bars), &opening).unwrap()
}

/// Asks, expects a status, gives the body and what was told.
fn ask(venue: &mut Venue, request: Request, status: u16) -> (Value, Vec<String>) {
    let what = format!("{request:?}");
    let turn = venue.ask(&request).unwrap();
    let body = turn.answer.body.clone().unwrap_or_default();
    assert_eq!(turn.answer.status, status, "{what}: {body}");
    (body, events(&turn.updates))
}

fn events(updates: &[Value]) -> Vec<String> {
    let told = |update: &Value| {
        let (event, order) = (&update["data"]["event"], &update["data"]["order"]);
        format!("{} {}", event.as_str().unwrap(), order["type"].as_str().unwrap())
    };
    updates.iter().map(told).collect()
}

fn order(fields: Value) -> Request {
    let mut body = json!({ "symbol": "AAA", "qty": "10", "side": "buy", "time_in_force": "day" });
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    Request::new(Post, "/v2/orders").with(&body)
}

fn market(fields: Value) -> Request {
    let mut fields = fields;
    fields["type"] = "market".into();
    order(fields)
}

fn place(venue: &mut Venue, fields: Value) -> String {
    ask(venue, order(fields), 200).0["id"].as_str().unwrap().to_owned()
}

fn step(venue: &mut Venue, bars: u32) -> Vec<String> {
    events(&venue.step(bars).unwrap().updates)
}

fn status(venue: &mut Venue, id: &str) -> String {
    let found = ask(venue, Request::new(Get, &format!("/v2/orders/{id}")), 200).0;
    found["status"].as_str().unwrap().to_owned()
}

fn refused(venue: &mut Venue, request: Request, wanted: (u16, u64, &str)) {
    let before = venue.write().unwrap();
    let what = format!("{request:?}");
    let turn = venue.ask(&request).unwrap();
    let body = turn.answer.body.unwrap();
    let found =
        (turn.answer.status, body["code"].as_u64().unwrap(), body["message"].as_str().unwrap());
    assert!(
        found.0 == wanted.0 && found.1 == wanted.1 && found.2.contains(wanted.2),
        "{what}: {found:?}"
    );
    assert!(!turn.is_changed && turn.updates.is_empty() && venue.write().unwrap() == before);
}
