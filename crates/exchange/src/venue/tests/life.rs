//! Sessions, auctions, splits, and states that are written down.

use super::*;

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
