//! What is refused, and that a refusal changes nothing.

use super::*;

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
    let exit = market(json!({
        "side": "sell", "order_class": "oto", "stop_loss": { "stop_price": "105" },
    }));
    refused(&mut venue, exit, (422, 42_210_000, "oto orders must be entry orders"));
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
        (json!({ "type": "market", "order_class": "pair" }), "invalid order_class"),
        (
            json!({
                "type": "market", "order_class": "bracket",
                "take_profit": { "limit_price": 90 }, "stop_loss": { "stop_price": 80 },
            }),
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
fn a_limit_beyond_the_price_collar_is_refused_where_it_would_trade() {
    let mut venue = with(&[], Some(20.0));
    let limit = |side: &str, price: f64| {
        order(json!({ "type": "limit", "side": side, "limit_price": price }))
    };
    refused(&mut venue, limit("buy", 120.5), (422, 42_210_000, "above the market's"));
    refused(&mut venue, limit("sell", 79.5), (422, 42_210_000, "below the market's"));
    // One that waits may wait as far away as it likes.
    let (resting, _) = ask(&mut venue, limit("buy", 10.0), 200);
    let path = format!("/v2/orders/{}", resting["id"].as_str().unwrap());
    let body = |price: f64| json!({ "limit_price": price }).to_string().into_bytes();
    let change = |price: f64| Request { body: body(price), ..Request::new(Patch, &path) };
    refused(&mut venue, change(150.0), (422, 42_210_000, "above the market's"));
    ask(&mut venue, change(119.0), 200);
    assert_eq!(step(&mut venue, 1).last().unwrap(), "fill limit");
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
