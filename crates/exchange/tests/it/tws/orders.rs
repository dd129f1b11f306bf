//! Orders: each kind, changes, families, refusals.

use ibapi::orders::order_builder::{
    limit_order, market_on_close, market_order, stop, trailing_stop,
};
use ibapi::orders::{Action, OcaType, Order, TimeInForce};

use super::{Trader, stock};

fn stop_limit(qty: f64, stop_price: f64, limit_price: f64) -> Order {
    Order {
        order_type: "STP LMT".to_owned(),
        limit_price: Some(limit_price),
        ..stop(Action::Buy, qty, stop_price)
    }
}

fn named(order: Order, reference: &str) -> Order {
    Order { order_ref: reference.to_owned(), ..order }
}

#[test]
fn an_order_is_told_worked_and_told_again_with_its_reference() {
    let trader = Trader::new();
    let id = trader.place(&named(market_order(Action::Buy, 10.0), "tt-one"));
    let heard = trader.until("status");
    let wanted = [format!("open {id} MKT 10 Submitted"), format!("status {id} Submitted 0/10 ")];
    assert_eq!(heard, wanted);
    trader.step(1);
    let heard = trader.until(&format!("status {id} Filled"));
    let wanted = [
        format!("trade {id} BOT 10 tt-one"),
        "commission 1".to_owned(),
        format!("open {id} MKT 10 Filled"),
        format!("status {id} Filled 10/0 "),
    ];
    assert_eq!(heard, wanted);
}

#[test]
fn the_other_door_shows_the_same_order_under_its_reference() {
    let trader = Trader::new();
    trader.place(&named(market_order(Action::Buy, 3.0), "tt-both"));
    trader.until("status");
    let path = "GET /v2/orders:by_client_order_id?client_order_id=tt-both";
    assert_eq!(trader.server.well(path, "")["qty"], "3");
    let other = r#"{"symbol":"SPY","qty":"2","side":"buy","type":"limit","limit_price":"1",
        "time_in_force":"gtc","client_order_id":"elsewhere"}"#;
    trader.server.well("POST /v2/orders", other);
    let all = trader.client.all_open_orders().unwrap().collect_to_end_within(super::WAIT).unwrap();
    let found = format!("{all:?}");
    assert!(found.contains("elsewhere") && found.contains("tt-both"), "{found}");
    let own = trader.client.open_orders().unwrap().collect_to_end_within(super::WAIT).unwrap();
    assert!(!format!("{own:?}").contains("elsewhere"));
}

#[test]
fn each_kind_of_order_rests_and_is_taken_back() {
    let trader = Trader::new();
    let price = trader.price("SPY");
    let (low, high) = ((price * 0.8).round(), (price * 1.2).round());
    let till_cancelled = TimeInForce::GoodTillCanceled;
    let cases = [
        (limit_order(Action::Buy, 5.0, low), "Submitted", ""),
        (Order { tif: till_cancelled, ..limit_order(Action::Buy, 5.0, low) }, "Submitted", ""),
        (stop(Action::Buy, 5.0, high), "PreSubmitted", "trigger"),
        (stop_limit(5.0, high, high), "PreSubmitted", "trigger"),
        (trailing_stop(Action::Buy, 5.0, 10.0, high), "PreSubmitted", "trigger"),
        (market_on_close(Action::Buy, 5.0), "PreSubmitted", ""),
    ];
    for (order, status, held) in cases {
        let id = trader.place(&order);
        let kind = &order.order_type;
        let heard = trader.until(&format!("status {id}"));
        assert_eq!(heard[0], format!("open {id} {kind} 5 {status}"));
        assert_eq!(heard[1], format!("status {id} {status} 0/5 {held}"));
        let _told = trader.client.cancel_order(id, "").unwrap();
        let heard = trader.until(&format!("notice {id} 202"));
        assert_eq!(heard[0], format!("status {id} Cancelled 0/5 "), "{kind}");
    }
}

#[test]
fn orders_for_the_moment_fill_or_end_with_it() {
    let trader = Trader::new();
    let low = (trader.price("SPY") * 0.8).round();
    let timed = |order: Order, tif: TimeInForce| Order { tif, ..order };
    for (order, ended) in [
        (timed(market_order(Action::Buy, 1.0), TimeInForce::ImmediateOrCancel), "Filled 1/0"),
        (timed(market_order(Action::Buy, 1.0), TimeInForce::FillOrKill), "Filled 1/0"),
        (
            timed(limit_order(Action::Buy, 1.0, low), TimeInForce::ImmediateOrCancel),
            "Cancelled 0/1",
        ),
        (timed(limit_order(Action::Buy, 1.0, low), TimeInForce::FillOrKill), "Cancelled 0/1"),
        (timed(market_order(Action::Buy, 1.0), TimeInForce::OnOpen), "Filled 1/0"),
    ] {
        if order.tif == TimeInForce::OnOpen {
            trader.server.well("POST /control/advance?until=2016-02-02T21:30:00Z", "");
        }
        let id = trader.place(&order);
        trader.until(&format!("status {id}"));
        trader.step(1);
        trader.until(&format!("status {id} {ended}"));
    }
}

#[test]
fn a_changed_order_keeps_its_numbers_and_what_it_filled() {
    let trader = Trader::new();
    let low = (trader.price("SPY") * 0.8).round();
    let id = trader.place(&limit_order(Action::Buy, 5.0, low));
    trader.until(&format!("status {id}"));
    let permanent = |trader: &Trader| {
        let open = trader.client.open_orders().unwrap();
        let told = open.collect_to_end_within(super::WAIT).unwrap();
        let order = told.iter().find_map(|item| match item {
            ibapi::orders::Orders::OrderData(data) => Some(data.order.clone()),
            _ => None,
        });
        let order = order.unwrap();
        (order.perm_id, order.total_quantity, order.limit_price)
    };
    let before = permanent(&trader);
    assert_eq!((before.1, before.2), (5.0, Some(low)));
    let changed = limit_order(Action::Buy, 8.0, low + 1.0);
    trader.client.submit_order(id, &stock("SPY"), &changed).unwrap();
    trader.until(&format!("status {id} Submitted 0/8"));
    assert_eq!(permanent(&trader), (before.0, 8.0, Some(low + 1.0)));
    let changed = market_order(Action::Buy, 8.0);
    trader.client.submit_order(id, &stock("SPY"), &changed).unwrap();
    trader.until(&format!("open {id} MKT 8"));
    trader.step(1);
    trader.until(&format!("status {id} Filled 8/0"));
    trader.client.submit_order(id, &stock("SPY"), &changed).unwrap();
    trader.until(&format!("notice {id} 104"));
}

/// An entry with a target and a stop, the last of them transmitted; the three ids.
fn bracket(trader: &Trader, target: f64, protect: f64) -> [i32; 3] {
    let ids = [(); 3].map(|()| trader.client.next_order_id());
    let held = |order: Order, parent_id: i32| Order { parent_id, transmit: false, ..order };
    let orders = [
        held(market_order(Action::Buy, 10.0), 0),
        held(limit_order(Action::Sell, 10.0, target), ids[0]),
        Order { transmit: true, ..held(stop(Action::Sell, 10.0, protect), ids[0]) },
    ];
    for (id, order) in ids.iter().zip(&orders) {
        trader.client.submit_order(*id, &stock("SPY"), order).unwrap();
    }
    ids
}

#[test]
fn a_bracket_waits_to_be_transmitted_and_its_exits_for_its_entry() {
    let trader = Trader::new();
    let price = trader.price("SPY");
    let [entry, target, protect] =
        bracket(&trader, (price * 1.5).round(), ((price * 0.9995) * 100.0).round() / 100.0);
    let heard = trader.until(&format!("status {protect}"));
    let held = [
        format!("status {entry} ApiPending 0/10 "),
        format!("status {target} ApiPending 0/10 "),
        format!("status {entry} Submitted 0/10 "),
        format!("status {target} PreSubmitted 0/10 child"),
        format!("status {protect} PreSubmitted 0/10 child"),
    ];
    let told: Vec<&String> = heard.iter().filter(|line| line.starts_with("status")).collect();
    assert_eq!(told, held.iter().collect::<Vec<_>>());
    trader.step(1);
    trader.until(&format!("status {entry} Filled 10/0"));
    for _ in 0..300 {
        trader.step(5);
        if trader.server.well("GET /v2/positions", "") == serde_json::json!([]) {
            break;
        }
    }
    let heard = trader.until(&format!("notice {target} 202"));
    let text = heard.join("\n");
    assert!(text.contains(&format!("trade {protect} SLD 10")), "{text}");
    assert!(text.contains(&format!("status {protect} Filled 10/0")), "{text}");
    assert!(text.contains(&format!("status {target} Cancelled")), "{text}");
}

#[test]
fn cancelling_an_entry_cancels_what_waits_for_it() {
    let trader = Trader::new();
    let low = (trader.price("SPY") * 0.8).round();
    let [entry, exit] = [(); 2].map(|()| trader.client.next_order_id());
    let first = Order { transmit: false, ..limit_order(Action::Buy, 10.0, low) };
    let second = Order { parent_id: entry, ..stop(Action::Sell, 10.0, low - 5.0) };
    trader.client.submit_order(entry, &stock("SPY"), &first).unwrap();
    trader.client.submit_order(exit, &stock("SPY"), &second).unwrap();
    trader.until(&format!("status {exit} PreSubmitted"));
    let _told = trader.client.cancel_order(entry, "").unwrap();
    let heard = trader.until(&format!("notice {exit} 202")).join("\n");
    trader.step(1);
    assert!(trader.server.well("GET /v2/orders", "") == serde_json::json!([]), "{heard}");
}

#[test]
fn of_a_group_one_that_fills_cancels_the_others() {
    let trader = Trader::new();
    let price = trader.price("SPY");
    let grouped = |order: Order| Order {
        oca_group: "exits".to_owned(),
        oca_type: OcaType::CancelWithBlock,
        ..order
    };
    let id = trader.place(&market_order(Action::Buy, 10.0));
    trader.step(1);
    trader.until(&format!("status {id} Filled"));
    let far = trader.place(&grouped(limit_order(Action::Sell, 10.0, (price * 2.0).round())));
    let near = trader.place(&grouped(limit_order(Action::Sell, 10.0, (price * 0.5).round())));
    trader.until(&format!("status {near} Submitted"));
    trader.step(1);
    let heard = trader.until(&format!("notice {far} 202")).join("\n");
    assert!(heard.contains(&format!("status {near} Filled 10/0")), "{heard}");
}

#[test]
fn all_orders_are_cancelled_at_once() {
    let trader = Trader::new();
    let low = (trader.price("SPY") * 0.8).round();
    let ids = [(); 3].map(|()| trader.place(&limit_order(Action::Buy, 1.0, low)));
    trader.until(&format!("status {}", ids[2]));
    trader.client.global_cancel().unwrap();
    for id in ids {
        trader.until(&format!("notice {id} 202"));
    }
}

#[test]
fn what_an_order_would_do_is_told_and_not_done() {
    let trader = Trader::new();
    let spy = stock("SPY");
    let state = trader.client.order(&spy).buy(100).market().analyze().unwrap();
    let (before, after) = (state.initial_margin_before, state.initial_margin_after);
    assert_eq!(before, Some(0.0));
    let wanted = trader.price("SPY") * 100.0 * 0.5;
    assert!((after.unwrap() / wanted - 1.0).abs() < 0.01, "{after:?} {wanted}");
    assert_eq!(trader.server.well("GET /v2/orders?status=all", ""), serde_json::json!([]));
}

#[test]
fn refusals_carry_the_brokers_numbers() {
    let trader = Trader::new();
    let price = trader.price("SPY");
    let buy = |qty: f64| market_order(Action::Buy, qty);
    let odd = |order: Order, change: fn(&mut Order)| {
        let mut order = order;
        change(&mut order);
        order
    };
    trader.refused("NOPE", &buy(1.0), 200);
    trader.refused("VIX", &buy(1.0), 200);
    trader.refused("SPY", &buy(0.0), 434);
    trader.refused("SPY", &buy(0.5), 10243);
    trader.refused("SPY", &buy(1_000_000.0), 201);
    trader.refused("SPY", &limit_order(Action::Buy, 1.0, price + 0.001), 110);
    trader.refused("SPY", &odd(buy(1.0), |order| order.order_type = "MIDPRICE".to_owned()), 387);
    trader.refused("SPY", &odd(buy(1.0), |order| order.tif = TimeInForce::Auction), 10052);
    trader.refused("SPY", &odd(buy(1.0), |order| order.all_or_none = true), 321);
    trader.refused("SPY", &odd(buy(1.0), |order| order.account = "DU1".to_owned()), 321);
    trader.refused("SPY", &odd(buy(1.0), |order| order.parent_id = 999), 10006);
    let _told = trader.client.cancel_order(999, "").unwrap();
    trader.until("notice 999 10147");
    let id = trader.place(&limit_order(Action::Buy, 1.0, (price * 0.8).round()));
    trader.until(&format!("status {id}"));
    trader.client.submit_order(id, &stock("QQQ"), &buy(1.0)).unwrap();
    trader.until(&format!("notice {id} 105"));
    let _told = trader.client.cancel_order(id, "").unwrap();
    trader.until(&format!("notice {id} 202"));
    let _told = trader.client.cancel_order(id, "").unwrap();
    trader.until(&format!("notice {id} 10148"));
    trader.client.submit_order(id, &stock("SPY"), &buy(1.0)).unwrap();
    trader.until(&format!("notice {id} 103"));
}
