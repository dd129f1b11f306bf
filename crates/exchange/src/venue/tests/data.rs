//! What is shown of orders and of the market.

use super::*;

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
