//! Contracts and orders of legs on a quiet market: AAA costs 100 and moves half a dollar.

use market::OptionContract;

use super::*;
use crate::venue::options::Thing;

/// A Friday of the first week of the tape after the account opens, and the next one.
const FRIDAY: &str = "240105";
const NEXT: &str = "240112";

fn name(day: &str, letter: char, strike: i64) -> String {
    format!("AAA{day}{letter}{:08}", strike * 1_000)
}

fn leg(name: &str, side: &str, ratio: i64) -> Value {
    json!({ "symbol": name, "side": side, "ratio_qty": ratio.to_string() })
}

fn mleg(qty: i64, limit: Option<&str>, legs: &[Value]) -> Request {
    let mut body = json!({
        "order_class": "mleg", "qty": qty.to_string(), "time_in_force": "day",
        "type": if limit.is_some() { "limit" } else { "market" }, "legs": legs,
    });
    if let Some(limit) = limit {
        body["limit_price"] = limit.into();
    }
    Request::new(Post, "/v2/orders").with(&body)
}

fn single(name: &str, side: &str, qty: i64, limit: Option<&str>) -> Request {
    let mut body = json!({
        "symbol": name, "side": side, "qty": qty.to_string(), "time_in_force": "day",
        "type": if limit.is_some() { "limit" } else { "market" },
    });
    if let Some(limit) = limit {
        body["limit_price"] = limit.into();
    }
    Request::new(Post, "/v2/orders").with(&body)
}

fn get(venue: &mut Venue, path: &str) -> Value {
    ask(venue, Request::new(Get, path), 200).0
}

fn vertical(qty: i64, limit: Option<&str>) -> Request {
    let legs = [leg(&name(NEXT, 'C', 100), "buy", 1), leg(&name(NEXT, 'C', 102), "sell", 1)];
    mleg(qty, limit, &legs)
}

fn quote(venue: &mut Venue, name: &str) -> (f64, f64) {
    let shown = get(venue, &format!("/v1beta1/options/quotes/latest?symbols={name}"));
    let quote = &shown["quotes"][name];
    (quote["bp"].as_f64().unwrap(), quote["ap"].as_f64().unwrap())
}

fn cash(venue: &mut Venue) -> f64 {
    get(venue, "/v2/account")["cash"].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_chain_has_weekly_and_monthly_days_and_strikes_around_the_close() {
    let mut venue = venue(&[]);
    let path = "/v2/options/contracts?underlying_symbols=AAA&limit=10000\
                &expiration_date_lte=2025-12-31";
    let shown = get(&mut venue, path);
    let contracts = shown["option_contracts"].as_array().unwrap().clone();
    let mut days: Vec<&str> =
        contracts.iter().map(|one| one["expiration_date"].as_str().unwrap()).collect();
    days.sort_unstable();
    days.dedup();
    let weeks = ["2024-01-05", "2024-01-12", "2024-01-19", "2024-01-26", "2024-02-02"];
    assert_eq!(days[..5], weeks);
    assert!(days.contains(&"2024-06-21") && days.contains(&"2024-12-20"), "{days:?}");
    let strikes: Vec<&str> = contracts
        .iter()
        .filter(|one| one["expiration_date"] == "2024-01-05" && one["type"] == "call")
        .map(|one| one["strike_price"].as_str().unwrap())
        .collect();
    assert_eq!(strikes.first(), Some(&"70"));
    assert_eq!(strikes.last(), Some(&"130"));
}

#[test]
fn good_friday_ends_its_week_on_thursday() {
    let mut venue = venue(&[]);
    let path = "/v2/options/contracts?underlying_symbols=AAA&limit=10000\
                &expiration_date_gte=2024-03-25&expiration_date_lte=2024-04-30";
    let shown = get(&mut venue, path);
    let days = shown["option_contracts"].as_array().unwrap().iter();
    let mut days: Vec<&str> = days.map(|one| one["expiration_date"].as_str().unwrap()).collect();
    days.dedup();
    // Good Friday is no third Friday and eleven weeks away: not listed. April's is.
    assert_eq!(days, ["2024-04-19"]);
    let mut venue = Venue::open(
        tape(&[]),
        &Opening { begin: Some("2024-01-04".parse().unwrap()), ..Opening::default() },
    )
    .unwrap();
    assert!(venue.expiries().len() > 15);
    assert_eq!(venue.find_contract("AAA240329C00100000"), None);
    assert!(venue.find_contract("AAA240105C00100000").is_some());
    step(&mut venue, 1);
}

#[test]
fn pages_of_contracts_follow_each_other_without_gap_or_overlap() {
    let mut venue = venue(&[]);
    let all = get(&mut venue, "/v2/options/contracts?underlying_symbols=AAA&limit=10000");
    let all = all["option_contracts"].as_array().unwrap().len();
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let path =
            format!("/v2/options/contracts?underlying_symbols=AAA&limit=17&page_token={token}");
        let page = get(&mut venue, &path);
        for one in page["option_contracts"].as_array().unwrap() {
            found.push(one["symbol"].as_str().unwrap().to_owned());
        }
        match page["next_page_token"].as_str() {
            Some(next) => token = next.to_owned(),
            None => break,
        }
    }
    let count = found.len();
    found.dedup();
    assert_eq!((count, found.len()), (all, all));
}

#[test]
fn quotes_never_cross_and_never_lie_below_what_exercise_brings() {
    let mut venue = venue(&[]);
    step(&mut venue, 3);
    let shown = get(&mut venue, "/v1beta1/options/snapshots/AAA?limit=1000");
    for (name, one) in shown["snapshots"].as_object().unwrap() {
        let quote = &one["latestQuote"];
        let (bid, ask) = (quote["bp"].as_f64().unwrap(), quote["ap"].as_f64().unwrap());
        let contract: OptionContract = venue.find_contract(name).unwrap();
        let inside = contract.intrinsic("100".parse().unwrap()).to_f64() / 100.0;
        assert!(bid < ask && ask >= inside, "{name}: {bid} {ask} {inside}");
        assert!(one["greeks"]["delta"].as_f64().unwrap().abs() <= 1.0, "{name}");
    }
}

#[test]
fn a_contract_is_bought_at_the_ask_of_the_next_bar_and_costs_a_hundred_times_that() {
    let mut venue = venue(&[]);
    let call = name(NEXT, 'C', 100);
    let (told, events) = ask(&mut venue, single(&call, "buy", 2, None), 200);
    assert_eq!(told["asset_class"], "us_option");
    assert_eq!(told["position_intent"], "buy_to_open");
    assert_eq!(events, ["pending_new market", "new market"]);
    assert_eq!(step(&mut venue, 1), ["fill market"]);
    let (bid, ask) = quote(&mut venue, &call);
    assert!((cash(&mut venue) - (100_000.0 - 200.0 * ask)).abs() < 1e-6);
    let held = get(&mut venue, &format!("/v2/positions/{call}"));
    assert_eq!((&held["asset_class"], &held["qty"]), (&"us_option".into(), &"2".into()));
    let value: f64 = held["market_value"].as_str().unwrap().parse().unwrap();
    assert!((value - 100.0 * (bid + ask)).abs() < 1e-6, "{value}");
    let sold = Request::new(Delete, &format!("/v2/positions/{call}"));
    super::ask(&mut venue, sold, 200);
    step(&mut venue, 1);
    let path = Request::new(Get, &format!("/v2/positions/{call}"));
    assert_eq!(venue.ask(&path).unwrap().answer.status, 404);
}

#[test]
fn legs_fill_together_at_one_net_price_and_each_says_its_own() {
    let mut venue = venue(&[]);
    let (told, _) = ask(&mut venue, vertical(3, Some("1.50")), 200);
    let id = told["id"].as_str().unwrap().to_owned();
    let legs = told["legs"].as_array().unwrap();
    assert_eq!((told["order_class"].as_str(), legs.len()), (Some("mleg"), 2));
    assert_eq!(legs[1]["position_intent"], "sell_to_open");
    assert_eq!(step(&mut venue, 1), ["fill limit"]);
    let told = get(&mut venue, &format!("/v2/orders/{id}?nested=true"));
    let number = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
    let net = number(&told["filled_avg_price"]);
    let legs = told["legs"].as_array().unwrap();
    let apart = number(&legs[0]["filled_avg_price"]) - number(&legs[1]["filled_avg_price"]);
    assert!((net - apart).abs() < 1e-9 && net <= 1.5, "{net} {apart}");
    assert_eq!((&legs[0]["filled_qty"], &legs[1]["filled_qty"]), (&"3".into(), &"3".into()));
    assert!((cash(&mut venue) - (100_000.0 - 300.0 * net)).abs() < 1e-6);
    assert_eq!(get(&mut venue, "/v2/positions").as_array().unwrap().len(), 2);
    let fills = get(&mut venue, "/v2/account/activities/FILL");
    assert_eq!(fills.as_array().unwrap().len(), 2);
}

#[test]
fn a_net_limit_that_is_not_met_waits_and_ends_with_the_day() {
    let mut venue = venue(&[]);
    let (told, _) = ask(&mut venue, vertical(1, Some("0.05")), 200);
    let id = told["id"].as_str().unwrap().to_owned();
    assert!(step(&mut venue, 20).is_empty());
    step(&mut venue, 390);
    assert_eq!(status(&mut venue, &id), "expired");
    assert_eq!(cash(&mut venue), 100_000.0);
}

#[test]
fn a_credit_is_received_and_the_most_that_can_be_lost_is_held_back() {
    let mut venue = venue(&[]);
    let legs = [leg(&name(NEXT, 'P', 98), "sell", 1), leg(&name(NEXT, 'P', 93), "buy", 1)];
    let before = get(&mut venue, "/v2/account")["options_buying_power"].clone();
    ask(&mut venue, mleg(10, Some("-0.01"), &legs), 200);
    assert_eq!(step(&mut venue, 1), ["fill limit"]);
    let account = get(&mut venue, "/v2/account");
    let number = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
    let credit = number(&account["cash"]) - 100_000.0;
    assert!(credit > 0.0, "{credit}");
    // Ten spreads of five dollars on a hundred shares.
    let wanted = number(&before) + credit - 5_000.0;
    assert!((number(&account["options_buying_power"]) - wanted).abs() < 0.02, "{account}");
    assert_eq!(number(&account["maintenance_margin"]), 5_000.0);
}

#[test]
fn orders_that_no_account_here_may_send_are_refused() {
    let mut venue = venue(&[]);
    let call = name(NEXT, 'C', 100);
    let uncovered = "uncovered option contracts";
    refused(&mut venue, single(&call, "sell", 1, None), (403, 40_310_000, uncovered));
    let ratio = [leg(&call, "buy", 1), leg(&name(NEXT, 'C', 102), "sell", 2)];
    refused(&mut venue, mleg(1, None, &ratio), (403, 40_310_000, uncovered));
    let power = "insufficient options buying power";
    refused(&mut venue, single(&call, "buy", 9_000, None), (403, 40_310_000, power));
    let puts = single(&name(NEXT, 'P', 100), "sell", 11, None);
    refused(&mut venue, puts, (403, 40_310_000, power));
    let twice = [leg(&call, "buy", 1), leg(&call, "sell", 1)];
    refused(&mut venue, mleg(1, None, &twice), (422, 42_210_000, "different contracts"));
    let even = [leg(&call, "buy", 2), leg(&name(NEXT, 'C', 102), "sell", 2)];
    refused(&mut venue, mleg(1, None, &even), (422, 42_210_000, "common divisor"));
    let one = [leg(&call, "buy", 1)];
    refused(&mut venue, mleg(1, None, &one), (422, 40_010_001, "2 to 4 legs"));
    let other = [leg(&call, "buy", 1), leg("BBB240112C00100000", "sell", 1)];
    refused(&mut venue, mleg(1, None, &other), (422, 42_210_000, "one underlying"));
    let grid = single("AAA240112C00100300", "buy", 1, None);
    refused(&mut venue, grid, (422, 42_210_000, "is not listed"));
    let day = single("AAA240110C00100000", "buy", 1, None);
    refused(&mut venue, day, (422, 42_210_000, "is not listed"));
    let mut intent = single(&call, "buy", 1, None);
    let mut body: Value = serde_json::from_slice(&intent.body).unwrap();
    body["position_intent"] = "buy_to_close".into();
    intent = intent.with(&body);
    refused(&mut venue, intent, (422, 42_210_000, "position intent mismatch"));
}

#[test]
fn a_bought_leg_that_covers_a_sold_one_can_not_be_sold_alone() {
    let mut venue = venue(&[]);
    ask(&mut venue, vertical(1, None), 200);
    step(&mut venue, 1);
    let alone = single(&name(NEXT, 'C', 100), "sell", 1, None);
    refused(&mut venue, alone, (403, 40_310_000, "uncovered"));
    let legs = [leg(&name(NEXT, 'C', 100), "sell", 1), leg(&name(NEXT, 'C', 102), "buy", 1)];
    let (told, _) = ask(&mut venue, mleg(1, None, &legs), 200);
    assert_eq!(told["legs"][0]["position_intent"], "sell_to_close");
    step(&mut venue, 1);
    assert_eq!(get(&mut venue, "/v2/positions"), json!([]));
}

#[test]
fn cover_that_two_orders_count_on_is_given_to_the_first_alone() {
    let mut venue = venue(&[]);
    ask(&mut venue, single(&name(NEXT, 'C', 100), "buy", 1, None), 200);
    step(&mut venue, 1);
    let sold = |strike| single(&name(NEXT, 'C', strike), "sell", 1, None);
    let first = ask(&mut venue, sold(101), 200).0["id"].as_str().unwrap().to_owned();
    let second = ask(&mut venue, sold(102), 200).0["id"].as_str().unwrap().to_owned();
    assert_eq!(step(&mut venue, 1), ["fill market", "canceled market"]);
    assert_eq!(status(&mut venue, &first), "filled");
    assert_eq!(status(&mut venue, &second), "canceled");
}

#[test]
fn an_order_of_more_than_is_quoted_fills_in_whole_units_over_several_bars() {
    let mut venue = venue(&[]);
    let legs = [leg(&name(NEXT, 'C', 128), "sell", 1), leg(&name(NEXT, 'C', 126), "buy", 3)];
    let id = ask(&mut venue, mleg(70, None, &legs), 200).0["id"].as_str().unwrap().to_owned();
    let found = step(&mut venue, 1);
    // Nobody bids for what is so far away.
    assert!(found.is_empty(), "{found:?}");
    ask(&mut venue, Request::new(Delete, &format!("/v2/orders/{id}")), 204);
    let legs = [leg(&name(NEXT, 'C', 104), "sell", 1), leg(&name(NEXT, 'C', 102), "buy", 3)];
    let id = ask(&mut venue, mleg(70, None, &legs), 200).0["id"].as_str().unwrap().to_owned();
    assert_eq!(step(&mut venue, 1), ["partial_fill market"]);
    let told = get(&mut venue, &format!("/v2/orders/{id}?nested=true"));
    assert_eq!((&told["filled_qty"], &told["legs"][1]["filled_qty"]), (&"33".into(), &"99".into()));
    assert_eq!(step(&mut venue, 2), ["partial_fill market", "fill market"]);
}

#[test]
fn at_the_close_of_its_last_session_a_contract_is_paid_in_cash() {
    // The close is 103 in the last bar of each session.
    let mut bars = vec![QUIET; 389];
    bars.push([103.0, 103.0, 103.0, 103.0]);
    let mut venue = venue(&bars);
    let legs = [leg(&name(FRIDAY, 'C', 99), "buy", 1), leg(&name(FRIDAY, 'C', 100), "sell", 1)];
    ask(&mut venue, mleg(4, None, &legs), 200);
    ask(&mut venue, single(&name(FRIDAY, 'P', 100), "buy", 1, None), 200);
    step(&mut venue, 1);
    let spent = cash(&mut venue);
    // Wednesday, Thursday, Friday.
    step(&mut venue, 390 * 3 - 1);
    assert_eq!(get(&mut venue, "/v2/positions"), json!([]));
    let now = cash(&mut venue);
    assert!((now - (spent + 400.0)).abs() < 1e-6, "{now} after {spent}");
    let paid = get(&mut venue, "/v2/account/activities?activity_types=OPCSH,OPEXP");
    let kinds: Vec<&str> =
        paid.as_array().unwrap().iter().map(|one| one["activity_type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["OPEXP", "OPCSH", "OPCSH"]);
}

/// An order for one contract at a cent, good till cancelled: it waits.
fn bid_far_below(contract: OptionContract) -> crate::venue::options::ComboWish {
    crate::venue::options::ComboWish {
        parts: vec![(Thing::Option(contract), 1)],
        side: Side::Buy,
        kind: Kind::Limit { limit: "0.01".parse().unwrap() },
        tif: Tif::Gtc,
        qty: Qty::whole(1),
        class: order::Class::Simple,
        client_id: None,
        intents: Vec::new(),
        expires: None,
        condition: None,
    }
}

#[test]
fn an_order_on_what_expires_ends_with_it() {
    let mut venue = venue(&[]);
    let contract = venue.find_contract(&name(FRIDAY, 'C', 90)).unwrap();
    let number = venue.place_combo(&bid_far_below(contract)).unwrap();
    step(&mut venue, 390 * 3);
    assert_eq!(venue.order(number).unwrap().status, Status::Expired);
}

#[test]
fn a_pair_of_shares_fills_at_one_price_and_moves_both_positions() {
    let mut venue = venue(&[]);
    let share = |name: &str| Thing::Share(venue.find(name).unwrap());
    let wish = crate::venue::options::ComboWish {
        parts: vec![(share("AAA"), 1), (share("BBB"), -1)],
        side: Side::Buy,
        kind: Kind::Limit { limit: "0.10".parse().unwrap() },
        tif: Tif::Day,
        qty: Qty::whole(50),
        class: order::Class::Mleg,
        client_id: None,
        intents: Vec::new(),
        expires: None,
        condition: None,
    };
    let number = venue.place_combo(&wish).unwrap();
    assert_eq!(step(&mut venue, 1).last().unwrap(), "fill limit");
    assert_eq!(venue.order(number).unwrap().status, Status::Filled);
    let held = get(&mut venue, "/v2/positions");
    let found: Vec<(&str, &str)> = held
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["symbol"].as_str().unwrap(), one["qty"].as_str().unwrap()))
        .collect();
    assert_eq!(found, [("AAA", "50"), ("BBB", "-50")]);
}

/// AAA with a split in the third session of the account.
fn split(ratio: f64) -> Venue {
    let mut first = listing("AAA", &[], Sort::Stock);
    let day: Day = "2024-01-05".parse().unwrap();
    first.actions.push(CorporateAction {
        ex_day: day,
        known: day.start(),
        action: market::Corporate::Split { ratio },
    });
    let source = TapeSource { name: "split".into(), seed: 1, minutes: 1, listings: vec![first] };
    let begin = Some("2024-01-03".parse().unwrap());
    let opening = Opening { half_spread_bps: 0.0, begin, ..Opening::default() };
    Venue::open(Arc::new(Tape::new(source).unwrap()), &opening).unwrap()
}

#[test]
fn a_split_makes_other_contracts_and_ends_open_orders() {
    for (ratio, name_after, count) in
        [(2.0, "AAA240119C00050000", 4), (1.5, "AAA1240119C00100000", 2)]
    {
        let mut venue = split(ratio);
        ask(&mut venue, single("AAA240119C00100000", "buy", 2, None), 200);
        step(&mut venue, 389);
        let contract = venue.find_contract("AAA240119C00101000").unwrap();
        let number = venue.place_combo(&bid_far_below(contract)).unwrap();
        step(&mut venue, 391 + 1);
        assert_eq!(venue.order(number).unwrap().status, Status::Canceled, "{ratio}");
        let held = get(&mut venue, "/v2/positions");
        assert_eq!(held[0]["symbol"], name_after, "{ratio}");
        assert_eq!(held[0]["qty"], count.to_string(), "{ratio}");
        let adjusted = get(&mut venue, "/v2/account/activities/OPCA");
        assert_eq!(adjusted.as_array().unwrap().len(), 1);
    }
}

#[test]
fn a_restored_account_goes_on_with_its_contracts_and_orders() {
    let mut venue = venue(&[]);
    ask(&mut venue, vertical(1, None), 200);
    step(&mut venue, 1);
    ask(&mut venue, vertical(1, Some("0.05")), 200);
    let state = venue.write().unwrap();
    let mut again = Venue::restore(tape(&[]), &state).unwrap();
    for _ in 0..3 {
        assert_eq!(step(&mut venue, 390), step(&mut again, 390));
        assert_eq!(venue.write().unwrap(), again.write().unwrap());
    }
}
