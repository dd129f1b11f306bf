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
    let begin = Some("2024-01-03".parse().unwrap());
    let opening = Opening { half_spread_bps: 0.0, begin, ..Opening::default() };
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

#[test]
fn a_market_order_fills_at_the_next_open_and_makes_a_position() {
    let mut venue = venue(&[QUIET, [101.0, 102.0, 100.5, 101.5]]);
    step(&mut venue, 1);
    let (shown, told) = ask(&mut venue, market(json!({ "client_order_id": "one" })), 200);
    assert_eq!(shown["status"], "pending_new");
    assert_eq!(told, ["pending_new market", "new market"]);
    let turn = venue.step(1).unwrap();
    assert_eq!(events(&turn.updates), ["fill market"]);
    let data = &turn.updates[0]["data"];
    assert_eq!(
        (&data["price"], &data["qty"], &data["position_qty"]),
        (&json!("101"), &json!("10"), &json!("10"))
    );
    let position = ask(&mut venue, Request::new(Get, "/v2/positions/AAA"), 200).0;
    assert_eq!(position["avg_entry_price"], "101");
    assert_eq!(position["market_value"], "1015");
    assert_eq!(position["unrealized_pl"], "5");
    let account = ask(&mut venue, Request::new(Get, "/v2/account"), 200).0;
    assert_eq!((&account["cash"], &account["equity"]), (&json!("98990"), &json!("100005")));
    let found = ask(
        &mut venue,
        Request::new(Get, "/v2/orders:by_client_order_id?client_order_id=one"),
        200,
    )
    .0;
    assert_eq!((&found["status"], &found["filled_avg_price"]), (&json!("filled"), &json!("101")));
    let fills = ask(&mut venue, Request::new(Get, "/v2/account/activities/FILL"), 200).0;
    assert_eq!((&fills[0]["price"], &fills[0]["leaves_qty"]), (&json!("101"), &json!("0")));
}

#[test]
fn the_same_client_order_id_is_refused_for_ever() {
    let mut venue = venue(&[]);
    ask(&mut venue, market(json!({ "client_order_id": "one" })), 200);
    step(&mut venue, 2);
    let twice = market(json!({ "client_order_id": "one" }));
    refused(&mut venue, twice.clone(), (422, 40_010_001, "client_order_id must be unique"));
    let mut later = Venue::restore(tape(&[]), &venue.write().unwrap()).unwrap();
    refused(&mut later, twice, (422, 40_010_001, "client_order_id must be unique"));
}

#[test]
fn a_bracket_wakes_its_legs_and_its_stop_ends_its_target() {
    let fall = [100.0, 100.0, 94.0, 94.5];
    let mut venue = venue(&[QUIET, QUIET, fall]);
    let bracket = market(json!({
        "order_class": "bracket",
        "take_profit": { "limit_price": "110" },
        "stop_loss": { "stop_price": 95.0 },
    }));
    let shown = ask(&mut venue, bracket, 200).0;
    let legs: Vec<&Value> = shown["legs"].as_array().unwrap().iter().collect();
    assert_eq!((&legs[0]["type"], &legs[1]["type"]), (&json!("limit"), &json!("stop")));
    assert!(legs.iter().all(|leg| leg["status"] == "held" && leg["side"] == "sell"));
    assert_eq!(step(&mut venue, 1), ["fill market", "new limit"]);
    assert_eq!(step(&mut venue, 2), ["fill stop", "canceled limit"]);
    refused(
        &mut venue,
        Request::new(Get, "/v2/positions/AAA"),
        (404, 40_410_000, "position does not exist"),
    );
}

#[test]
fn a_child_taken_back_takes_its_sibling_with_it() {
    let mut venue = venue(&[]);
    let bracket = market(json!({
        "order_class": "bracket",
        "take_profit": { "limit_price": "110" },
        "stop_loss": { "stop_price": "95" },
    }));
    let shown = ask(&mut venue, bracket, 200).0;
    step(&mut venue, 1);
    let leg = shown["legs"][0]["id"].as_str().unwrap();
    let told = ask(&mut venue, Request::new(Delete, &format!("/v2/orders/{leg}")), 204).1;
    assert_eq!(
        told,
        ["pending_cancel limit", "canceled limit", "pending_cancel stop", "canceled stop"]
    );
    let position = ask(&mut venue, Request::new(Get, "/v2/positions/AAA"), 200).0;
    assert_eq!(position["qty_available"], "10");
}

#[test]
fn one_cancels_the_other() {
    let rise = [100.0, 106.0, 100.0, 105.5];
    let mut venue = venue(&[QUIET, QUIET, rise]);
    ask(&mut venue, market(json!({})), 200);
    step(&mut venue, 1);
    let pair = json!({
        "side": "sell", "type": "limit", "order_class": "oco",
        "take_profit": { "limit_price": "105" }, "stop_loss": { "stop_price": "95", "limit_price": "94.5" },
    });
    let shown = ask(&mut venue, order(pair), 200).0;
    assert_eq!(
        (&shown["limit_price"], &shown["legs"][0]["type"]),
        (&json!("105"), &json!("stop_limit"))
    );
    assert_eq!(step(&mut venue, 2), ["fill limit", "canceled stop_limit"]);
}

#[test]
fn one_triggers_the_other() {
    let mut venue = venue(&[QUIET, QUIET, [100.0, 100.0, 94.0, 94.0]]);
    let entry = market(json!({ "order_class": "oto", "stop_loss": { "stop_price": "96" } }));
    ask(&mut venue, entry, 200);
    assert_eq!(step(&mut venue, 1), ["fill market", "new stop"]);
    assert_eq!(step(&mut venue, 2), ["fill stop"]);
}

#[test]
fn a_trailing_stop_follows_the_best_price() {
    let bars = [QUIET, [100.0, 104.0, 100.0, 104.0], [104.0, 104.0, 101.5, 102.0]];
    let mut venue = venue(&bars);
    ask(&mut venue, market(json!({})), 200);
    step(&mut venue, 1);
    let trail = json!({ "side": "sell", "type": "trailing_stop", "trail_price": "2" });
    let id = place(&mut venue, trail);
    step(&mut venue, 1);
    let shown = ask(&mut venue, Request::new(Get, &format!("/v2/orders/{id}")), 200).0;
    assert_eq!((&shown["hwm"], &shown["stop_price"]), (&json!("104"), &json!("102")));
    assert_eq!(step(&mut venue, 1), ["fill trailing_stop"]);
}

#[test]
fn orders_for_one_moment_fill_then_or_never() {
    let mut venue = venue(&[]);
    let cases = [
        // (order, what is told on the next bar)
        (json!({ "type": "market", "time_in_force": "ioc" }), "fill market"),
        (
            json!({ "type": "limit", "limit_price": "99.6", "time_in_force": "ioc" }),
            "canceled limit",
        ),
        (json!({ "type": "market", "time_in_force": "fok" }), "fill market"),
        (json!({ "type": "market", "time_in_force": "fok", "qty": "1001" }), "canceled market"),
        (
            json!({ "type": "limit", "limit_price": "99.6", "time_in_force": "fok" }),
            "canceled limit",
        ),
    ];
    for (fields, wanted) in cases {
        place(&mut venue, fields.clone());
        assert_eq!(step(&mut venue, 1), [wanted], "{fields}");
    }
    // No more than a tenth of a bar's volume: the rest of an IOC is taken back.
    place(&mut venue, json!({ "type": "market", "time_in_force": "ioc", "qty": "1001" }));
    assert_eq!(step(&mut venue, 1), ["partial_fill market", "canceled market"]);
}

#[test]
fn auctions_fill_at_the_open_and_at_the_close() {
    let mut venue = venue(&[]);
    step(&mut venue, 100);
    refused(
        &mut venue,
        market(json!({ "time_in_force": "opg" })),
        (422, 42_210_000, "not accepted now"),
    );
    let close = place(&mut venue, json!({ "type": "market", "time_in_force": "cls" }));
    let far =
        place(&mut venue, json!({ "type": "limit", "limit_price": "90", "time_in_force": "cls" }));
    assert!(step(&mut venue, 289).is_empty());
    assert_eq!(step(&mut venue, 1), ["expired limit", "fill market"]);
    assert_eq!(
        (status(&mut venue, &close), status(&mut venue, &far)),
        ("filled".into(), "expired".into())
    );
    let open = place(&mut venue, json!({ "type": "market", "time_in_force": "opg" }));
    assert_eq!(status(&mut venue, &open), "accepted");
    assert_eq!(step(&mut venue, 1), ["new market", "fill market"]);
}

#[test]
fn what_is_sent_after_the_close_waits_for_the_open() {
    let mut venue = venue(&[]);
    step(&mut venue, 390);
    let clock = ask(&mut venue, Request::new(Get, "/v2/clock"), 200).0;
    assert_eq!(
        (&clock["is_open"], &clock["next_open"]),
        (&json!(false), &json!("2024-01-04T09:30:00-05:00"))
    );
    let (shown, told) = ask(&mut venue, market(json!({})), 200);
    assert_eq!((&shown["status"], told), (&json!("accepted"), vec!["accepted market".to_owned()]));
    assert_eq!(step(&mut venue, 1), ["new market", "fill market"]);
}

#[test]
fn a_day_order_expires_and_one_till_cancelled_does_not() {
    let mut venue = venue(&[]);
    let day = place(&mut venue, json!({ "type": "limit", "limit_price": "90" }));
    let gtc =
        place(&mut venue, json!({ "type": "limit", "limit_price": "90", "time_in_force": "gtc" }));
    assert_eq!(step(&mut venue, 390), ["expired limit"]);
    assert_eq!(
        (status(&mut venue, &day), status(&mut venue, &gtc)),
        ("expired".into(), "new".into())
    );
}

#[test]
fn a_replaced_order_hands_over_to_a_new_one() {
    let mut venue = venue(&[]);
    let id = place(&mut venue, json!({ "type": "limit", "limit_price": "90" }));
    let patch = Request::new(Patch, &format!("/v2/orders/{id}"));
    let wish = json!({ "qty": 5, "limit_price": 100.25, "client_order_id": "next" });
    let (shown, told) = ask(&mut venue, patch.clone().with(&wish), 200);
    assert_eq!(told, ["pending_replace limit", "replaced limit", "new limit"]);
    assert_eq!((&shown["qty"], &shown["limit_price"]), (&json!("5"), &json!("100.25")));
    assert_eq!(shown["replaces"], json!(id));
    let old = ask(&mut venue, Request::new(Get, &format!("/v2/orders/{id}")), 200).0;
    assert_eq!((&old["status"], &old["replaced_by"]), (&json!("replaced"), &shown["id"]));
    refused(&mut venue, patch.with(&wish), (422, 42_210_000, "cannot replace order"));
    assert_eq!(step(&mut venue, 1), ["fill limit"]);
}

#[test]
fn a_replaced_entry_keeps_its_legs() {
    let mut venue = venue(&[QUIET, QUIET, [100.0, 100.0, 90.0, 90.0]]);
    let shown = ask(
        &mut venue,
        order(json!({
            "type": "limit", "limit_price": "98", "order_class": "bracket",
            "take_profit": { "limit_price": "110" }, "stop_loss": { "stop_price": "95" },
        })),
        200,
    )
    .0;
    let path = format!("/v2/orders/{}", shown["id"].as_str().unwrap());
    let next =
        ask(&mut venue, Request::new(Patch, &path).with(&json!({ "limit_price": "100.1" })), 200).0;
    assert_eq!(next["legs"].as_array().unwrap().len(), 2);
    assert_eq!(step(&mut venue, 1), ["fill limit", "new limit"]);
    assert_eq!(step(&mut venue, 2), ["fill stop", "canceled limit"]);
}

#[test]
fn a_replaced_leg_stays_one_of_a_pair() {
    let mut venue = venue(&[QUIET, QUIET, [100.0, 100.0, 97.0, 97.0]]);
    let shown = ask(
        &mut venue,
        market(json!({
            "order_class": "bracket",
            "take_profit": { "limit_price": "110" }, "stop_loss": { "stop_price": "95" },
        })),
        200,
    )
    .0;
    step(&mut venue, 1);
    let path = format!("/v2/orders/{}", shown["legs"][1]["id"].as_str().unwrap());
    let next =
        ask(&mut venue, Request::new(Patch, &path).with(&json!({ "stop_price": "98" })), 200).0;
    assert_eq!(next["status"], "held");
    assert_eq!(step(&mut venue, 2), ["fill stop", "canceled limit"]);
}

#[test]
fn fractions_and_values_are_traded() {
    let mut venue = venue(&[]);
    ask(&mut venue, market(json!({ "qty": 0.5 })), 200);
    let mut by_value = market(json!({ "notional": "250.00" }));
    let mut body: Value = serde_json::from_slice(&by_value.body).unwrap();
    body.as_object_mut().unwrap().remove("qty");
    by_value = Request::new(Post, "/v2/orders").with(&body);
    let shown = ask(&mut venue, by_value, 200).0;
    assert_eq!((&shown["qty"], &shown["notional"]), (&Value::Null, &json!("250")));
    assert_eq!(step(&mut venue, 1), ["fill market", "fill market"]);
    let position = ask(&mut venue, Request::new(Get, "/v2/positions/AAA"), 200).0;
    assert_eq!(position["qty"], "3");
    let closed = ask(&mut venue, Request::new(Delete, "/v2/positions/AAA?percentage=50"), 200).0;
    assert_eq!((&closed["qty"], &closed["side"]), (&json!("1.5"), &json!("sell")));
}

#[test]
fn a_short_sale_is_bought_back() {
    let mut venue = venue(&[]);
    ask(&mut venue, market(json!({ "side": "sell" })), 200);
    step(&mut venue, 1);
    let position = ask(&mut venue, Request::new(Get, "/v2/positions/AAA"), 200).0;
    assert_eq!((&position["side"], &position["qty"]), (&json!("short"), &json!("-10")));
    let all = ask(&mut venue, Request::new(Delete, "/v2/positions?cancel_orders=True"), 207).0;
    assert_eq!((&all[0]["status"], &all[0]["body"]["side"]), (&json!(200), &json!("buy")));
    step(&mut venue, 1);
    assert_eq!(ask(&mut venue, Request::new(Get, "/v2/positions"), 200).0, json!([]));
}

#[test]
fn what_the_account_can_t_do_is_refused() {
    let mut venue = venue(&[]);
    ask(&mut venue, market(json!({})), 200);
    step(&mut venue, 1);
    let cases = [
        (market(json!({ "qty": "9000" })), (403, 40_310_000, "insufficient buying power")),
        (
            market(json!({ "side": "sell", "qty": "11" })),
            (403, 40_310_000, "insufficient qty available"),
        ),
        (market(json!({ "symbol": "ZZZ" })), (422, 40_010_001, "could not find asset \"ZZZ\"")),
        (market(json!({ "symbol": "VIX" })), (422, 42_210_000, "not tradable")),
        (
            market(json!({ "symbol": "BBB", "side": "sell", "qty": 0.5 })),
            (422, 42_210_000, "sold short"),
        ),
        (Request::new(Delete, "/v2/positions/BBB"), (404, 40_410_000, "position does not exist")),
        (Request::new(Get, "/v2/assets/ZZZ"), (404, 40_410_000, "asset not found")),
        (
            Request::new(Get, "/v2/orders/00000000-0000-0000-0000-000000000000"),
            (404, 40_410_000, "order not found"),
        ),
        (Request::new(Get, "/v2/orders/nonsense"), (422, 40_010_001, "order_id is missing")),
        (Request::new(Get, "/v3/orders"), (404, 40_410_000, "endpoint not found")),
    ];
    for (request, wanted) in cases {
        refused(&mut venue, request, wanted);
    }
    place(&mut venue, json!({ "type": "limit", "limit_price": "99" }));
    let wash = market(json!({ "side": "sell" }));
    refused(&mut venue, wash, (403, 40_310_000, "potential wash trade detected"));
}

#[test]
fn a_wish_that_makes_no_sense_is_refused() {
    let mut venue = venue(&[]);
    let cases = [
        (json!({ "type": "market", "qty": "-1" }), "qty must be > 0"),
        (json!({ "type": "market", "qty": "x" }), "invalid qty"),
        (json!({ "type": "market", "qty": 1e300 }), "invalid qty"),
        (json!({ "type": "market", "qty": { "a": 1 } }), "invalid qty"),
        (json!({ "type": "market", "qty": null }), "qty or notional is required"),
        (json!({ "type": "market", "notional": 5 }), "only one of qty or notional"),
        (json!({ "type": "market", "symbol": null }), "symbol is required"),
        (json!({ "type": "market", "side": "hold" }), "invalid side"),
        (json!({ "type": "market", "side": 7 }), "invalid side"),
        (json!({ "type": "market", "time_in_force": "soon" }), "invalid time_in_force"),
        (json!({ "type": "market", "limit_price": "5" }), "market orders require no"),
        (json!({ "type": "limit" }), "limit orders require limit price"),
        (json!({ "type": "limit", "limit_price": "0" }), "limit_price must be > 0"),
        (json!({ "type": "limit", "limit_price": "99.999" }), "sub-penny increment"),
        (json!({ "type": "stop" }), "stop orders require stop price"),
        (json!({ "type": "stop_limit", "stop_price": "5" }), "require both stop and limit"),
        (json!({ "type": "trailing_stop" }), "require trail_price or trail_percent"),
        (json!({ "type": "trailing_stop", "trail_percent": 100 }), "trail_percent must be"),
        (json!({ "type": "trailing_stop", "trail_percent": 1, "trail_price": 1 }), "together"),
        (json!({ "type": "odd" }), "invalid order type"),
        (json!({ "type": "market", "qty": 0.5, "time_in_force": "gtc" }), "must be DAY orders"),
        (
            json!({ "type": "stop", "stop_price": "110", "time_in_force": "ioc" }),
            "must be market or limit",
        ),
        (json!({ "type": "market", "extended_hours": true }), "extended hours order must be"),
        (json!({ "type": "market", "order_class": "bracket" }), "require take_profit.limit_price"),
        (json!({ "type": "market", "order_class": "mleg" }), "invalid order_class"),
        (
            json!({ "type": "market", "order_class": "bracket", "take_profit": { "limit_price": 90 }, "stop_loss": { "stop_price": 80 } }),
            "take_profit.limit_price must be >= base_price",
        ),
        (
            json!({ "type": "market", "order_class": "oto", "stop_loss": { "stop_price": 101 } }),
            "stop_loss.stop_price must be <= base_price",
        ),
        (json!({ "type": "market", "client_order_id": "x".repeat(129) }), "no more than 128"),
    ];
    for (fields, wanted) in cases {
        let request = order(fields);
        let turn = venue.ask(&request).unwrap();
        let body = turn.answer.body.unwrap();
        let message = body["message"].as_str().unwrap();
        assert!(turn.answer.status == 422 && message.contains(wanted), "{request:?}: {body}");
        assert!(!turn.is_changed);
    }
    for body in ["", "{", "[]", "nul", "\u{0}"] {
        let request =
            Request { body: body.as_bytes().to_vec(), ..Request::new(Post, "/v2/orders") };
        refused(&mut venue, request, (400, 40_010_000, "request body format is invalid"));
    }
}

#[test]
fn a_halted_symbol_does_not_trade() {
    let mut venue = venue(&[]);
    let id = place(&mut venue, json!({ "type": "market" }));
    ask(&mut venue, Request::new(Post, "/control/halt?symbol=AAA"), 200);
    assert!(step(&mut venue, 3).is_empty());
    refused(&mut venue, market(json!({})), (422, 42_210_000, "halted"));
    assert_eq!(ask(&mut venue, Request::new(Get, "/v2/assets/AAA"), 200).0["tradable"], false);
    ask(&mut venue, Request::new(Post, "/control/resume?symbol=AAA"), 200);
    assert_eq!(step(&mut venue, 1), ["fill market"]);
    assert_eq!(status(&mut venue, &id), "filled");
}

#[test]
fn a_state_that_was_written_down_goes_on_as_if_it_never_had_been() {
    let fall = [100.0, 100.0, 94.0, 94.5];
    let bars = [QUIET, QUIET, QUIET, fall];
    let mut whole = venue(&bars);
    let mut cut = venue(&bars);
    let requests = [
        market(json!({
            "order_class": "bracket", "client_order_id": "b",
            "take_profit": { "limit_price": "110" }, "stop_loss": { "stop_price": "95" },
        })),
        order(json!({ "symbol": "BBB", "type": "trailing_stop", "trail_percent": "1" })),
        Request::new(Post, "/control/step"),
        market(json!({ "symbol": "BBB", "time_in_force": "cls" })),
        Request::new(Post, "/control/step?bars=3"),
        Request::new(Delete, "/v2/orders"),
        Request::new(Post, "/control/step?bars=400"),
        Request::new(Get, "/v2/orders?status=all&nested=true"),
        Request::new(Get, "/v2/account"),
    ];
    for request in requests {
        cut = Venue::restore(tape(&bars), &cut.write().unwrap()).unwrap();
        let (one, other) = (whole.ask(&request).unwrap(), cut.ask(&request).unwrap());
        assert_eq!(one, other);
        assert!(whole.write().unwrap() == cut.write().unwrap());
    }
    let other = Arc::new(
        Tape::new(TapeSource {
            name: "other".into(),
            seed: 1,
            minutes: 1,
            listings: vec![listing("AAA", &[], Sort::Stock)],
        })
        .unwrap(),
    );
    assert!(matches!(
        Venue::restore(other, &whole.write().unwrap()),
        Err(Error::ContinueState { .. })
    ));
    assert!(matches!(Venue::restore(tape(&bars), b"{"), Err(Error::ReadState(_))));
}

#[test]
fn orders_are_listed_as_asked() {
    let mut venue = venue(&[]);
    let first = place(&mut venue, json!({ "type": "limit", "limit_price": "90" }));
    step(&mut venue, 1);
    let second =
        place(&mut venue, json!({ "symbol": "BBB", "type": "limit", "limit_price": "91" }));
    ask(&mut venue, Request::new(Delete, &format!("/v2/orders/{first}")), 204);
    let moment = "2024-01-03T14:30:30Z";
    let cases = [
        ("", vec![&second]),
        ("?status=closed", vec![&first]),
        ("?status=all", vec![&second, &first]),
        ("?status=all&direction=asc", vec![&first, &second]),
        ("?status=all&limit=1", vec![&second]),
        ("?status=all&symbols=AAA,ZZZ", vec![&first]),
        ("?status=all&side=sell", vec![]),
        (&format!("?status=all&after={moment}"), vec![&second]),
        (&format!("?status=all&until={moment}"), vec![&first]),
    ];
    for (query, wanted) in cases {
        let found = ask(&mut venue, Request::new(Get, &format!("/v2/orders{query}")), 200).0;
        let ids: Vec<&str> =
            found.as_array().unwrap().iter().map(|o| o["id"].as_str().unwrap()).collect();
        assert_eq!(ids, wanted.iter().map(|id| id.as_str()).collect::<Vec<_>>(), "{query}");
    }
    for query in ["?status=odd", "?limit=0", "?limit=501", "?after=never"] {
        ask(&mut venue, Request::new(Get, &format!("/v2/orders{query}")), 422);
    }
}

#[test]
fn a_split_takes_orders_back_and_multiplies_the_position() {
    let mut split = listing("AAA", &[], Sort::Stock);
    let ex_day: Day = "2024-01-04".parse().unwrap();
    split.actions.push(CorporateAction {
        ex_day,
        known: ex_day.start() - Span::from_days(30),
        action: market::Corporate::Split { ratio: 2.0 },
    });
    let source = TapeSource { name: "split".into(), seed: 1, minutes: 1, listings: vec![split] };
    let begin = Some("2024-01-03".parse().unwrap());
    let opening = Opening { half_spread_bps: 0.0, begin, ..Opening::default() };
    let mut venue = Venue::open(Arc::new(Tape::new(source).unwrap()), &opening).unwrap();
    ask(&mut venue, market(json!({})), 200);
    step(&mut venue, 1);
    place(&mut venue, json!({ "type": "limit", "limit_price": "90", "time_in_force": "gtc" }));
    assert_eq!(step(&mut venue, 390), ["canceled limit"]);
    let position = ask(&mut venue, Request::new(Get, "/v2/positions/AAA"), 200).0;
    assert_eq!((&position["qty"], &position["avg_entry_price"]), (&json!("20"), &json!("50")));
}

#[test]
fn bars_come_in_pages_and_none_from_the_future() {
    let mut venue = venue(&[[100.0, 103.0, 99.0, 101.0]]);
    step(&mut venue, 5);
    let path = "/v2/stocks/bars?symbols=AAA,BBB&timeframe=1Min&start=2024-01-03&limit=4";
    let mut token = String::new();
    let mut seen = Vec::new();
    loop {
        let page = ask(&mut venue, Request::new(Get, &format!("{path}{token}")), 200).0;
        for (symbol, bars) in page["bars"].as_object().unwrap() {
            let times = bars.as_array().unwrap().iter().map(|bar| bar["t"].as_str().unwrap());
            seen.extend(times.map(|time| format!("{symbol} {time}")));
        }
        match page["next_page_token"].as_str() {
            Some(next) => token = format!("&page_token={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 10);
    assert!(seen.is_sorted() && seen[9] == "BBB 2024-01-03T14:34:00Z", "{seen:?}");
    let falling = format!("{path}&sort=desc");
    let page = ask(&mut venue, Request::new(Get, &falling), 200).0;
    assert_eq!(page["bars"]["AAA"][0]["t"], "2024-01-03T14:34:00Z");
    let one = ask(
        &mut venue,
        Request::new(Get, "/v2/stocks/AAA/bars?timeframe=1Day&start=2024-01-02"),
        200,
    )
    .0;
    assert_eq!(one["bars"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&one["bars"][0]["t"], &one["bars"][1]["h"]),
        (&json!("2024-01-02T05:00:00Z"), &json!(103.0))
    );
    let five = ask(
        &mut venue,
        Request::new(Get, "/v2/stocks/AAA/bars?timeframe=5Min&start=2024-01-03"),
        200,
    )
    .0;
    assert_eq!((&five["bars"][0]["o"], &five["bars"][0]["v"]), (&json!(100.0), &json!(50_000)));
    let snapshot = ask(&mut venue, Request::new(Get, "/v2/stocks/snapshots?symbols=AAA"), 200).0;
    assert_eq!(snapshot["AAA"]["prevDailyBar"]["t"], "2024-01-02T05:00:00Z");
    let quote = ask(&mut venue, Request::new(Get, "/v2/stocks/AAA/quotes/latest"), 200).0;
    assert!(quote["quote"]["bp"].as_f64() < quote["quote"]["ap"].as_f64());
    for wrong in [
        "bars?symbols=AAA",
        "bars?symbols=AAA&timeframe=7Days",
        "bars?timeframe=1Day",
        "bars?symbols=ZZZ&timeframe=1Day",
        "bars?symbols=AAA&timeframe=1Day&page_token=x",
        "bars?symbols=AAA&timeframe=1Day&adjustment=all",
    ] {
        ask(&mut venue, Request::new(Get, &format!("/v2/stocks/{wrong}")), 400);
    }
}

#[test]
fn the_clock_can_be_moved_into_the_night_and_the_tape_ends() {
    let mut venue = venue(&[]);
    ask(&mut venue, Request::new(Post, "/control/advance?until=2024-01-04T02:00:00Z"), 200);
    let clock = ask(&mut venue, Request::new(Get, "/v2/clock"), 200).0;
    assert_eq!(
        (&clock["is_open"], &clock["timestamp"]),
        (&json!(false), &json!("2024-01-03T21:00:00-05:00"))
    );
    ask(&mut venue, Request::new(Post, "/control/advance?until=2024-01-04T14:30:20Z"), 200);
    assert_eq!(ask(&mut venue, Request::new(Get, "/v2/clock"), 200).0["is_open"], true);
    ask(&mut venue, Request::new(Post, "/control/advance?until=2024-01-03"), 422);
    let end = ask(&mut venue, Request::new(Post, "/control/step?bars=100000"), 200).0;
    assert_eq!(end["is_over"], true);
    assert_eq!(ask(&mut venue, Request::new(Post, "/control/step"), 200).0["bars"], 0);
    ask(&mut venue, Request::new(Post, "/control/step?bars=0"), 422);
    assert_eq!(
        ask(&mut venue, Request::new(Get, "/v2/calendar?start=2024-01-04&end=2024-01-05"), 200)
            .0
            .as_array()
            .unwrap()
            .len(),
        2
    );
}
