//! Trades at Alpaca that are put right or taken back after they were told.

use base::Ts;
use brokers::alpaca::{Method, News, patience};
use desk::courier::{Clocks, Courier};
use market::remote::{Execution, Heard, Said, Wire as _};
use market::{Broker as _, BrokerEvent, OrderKind, Price};
use serde_json::{Value, json};

use crate::rig::{order, usd};
use crate::stub::Stub;

const ACCOUNT: &str = r#"{"account_number": "PA1", "currency": "USD", "cash": "100000"}"#;

fn shown(name: &str, filled: &str) -> Value {
    json!({
        "id": "e1",
        "client_order_id": name,
        "symbol": "AAA",
        "side": "buy",
        "status": if filled == "10" { "filled" } else { "new" },
        "qty": "10",
        "filled_qty": filled,
        "type": "market",
    })
}

fn update(event: &str, name: &str, (execution, previous): (&str, &str)) -> Value {
    json!({
        "event": event,
        "execution_id": execution,
        "previous_execution_id": previous,
        "order": shown(name, "10"),
        "timestamp": "2024-01-03T15:00:00Z",
        "qty": "10",
        "price": "100.5",
    })
}

fn with(mut update: Value, field: &str, value: &str) -> News {
    update[field] = value.into();
    News::Update(update)
}

/// A wire that was told of one trade, `x1`, of ten shares at 100.5; and the order's name.
fn traded() -> (Stub, String) {
    let mut stub = Stub::open();
    stub.wire.say(&Said::AskBooks { number: 1, since: Ts::from_seconds(0) });
    stub.read_books(ACCOUNT);
    let entry = order("entry", 10, OrderKind::Market);
    stub.wire.say(&Said::Submit(entry.clone()));
    stub.wire.flush();
    let placed = stub.asked().pop().unwrap();
    assert_eq!(placed.method, Method::Post);
    let name = entry.id.as_str().to_owned();
    stub.tell(News::Answer { number: placed.number, status: 200, body: shown(&name, "0") });
    stub.tell(News::Update(update("fill", &name, ("x1", ""))));
    (stub, name)
}

/// What was heard since the trade: corrections, and whether the account is to be asked for.
fn heard_after(stub: &mut Stub) -> (Vec<Execution>, bool) {
    let heard = std::mem::take(&mut stub.heard);
    let asks = heard.contains(&Heard::Connected);
    let executions = heard.into_iter().filter_map(|heard| match heard {
        Heard::Executed(execution) => Some(execution),
        _ => None,
    });
    (executions.collect(), asks)
}

#[test]
fn another_price_for_the_same_shares_is_told_as_a_correction() {
    let (mut stub, name) = traded();
    let (told, asks) = heard_after(&mut stub);
    assert_eq!((told.len(), asks), (1, false));
    stub.tell(with(update("trade_correct", &name, ("x2", "x1")), "price", "99.25"));
    let (right, asks) = heard_after(&mut stub);
    let wanted = Execution {
        id: market::remote::BrokerRef("x2".to_owned()),
        price: usd(99.25),
        corrects: Some(told[0].id.clone()),
        ..told[0].clone()
    };
    assert_eq!((right, asks), (vec![wanted], true));
    // One that is put right once more is still the same trade.
    stub.tell(with(update("trade_correct", &name, ("x3", "x2")), "price", "99.5"));
    let (right, _) = heard_after(&mut stub);
    assert_eq!((&right[0].corrects, right[0].price), (&Some(told[0].id.clone()), usd(99.5)));
}

#[test]
fn whatever_else_is_undone_is_looked_for_in_the_account() {
    let undone = |name: &str| {
        [
            News::Update(update("trade_bust", name, ("x2", "x1"))),
            with(update("trade_correct", name, ("x2", "x1")), "qty", "9"),
            with(update("trade_correct", name, ("x2", "x1")), "price", "-1"),
            with(update("trade_correct", name, ("x2", "x1")), "price", "much"),
            News::Update(update("trade_correct", name, ("x2", "from before"))),
            News::Update(update("trade_correct", name, ("", "x1"))),
        ]
    };
    for at in 0..6 {
        let (mut stub, name) = traded();
        heard_after(&mut stub);
        stub.tell(undone(&name)[at].clone());
        assert_eq!(heard_after(&mut stub), (Vec::new(), true), "{at}");
    }
}

#[test]
fn a_desk_hears_the_right_price_and_asks_for_the_account_at_once() {
    let Stub { wire, far, .. } = Stub::open();
    let clocks =
        |second| Clocks { wall: Ts::from_seconds(second), steady: Ts::from_seconds(second) };
    let mut courier = Courier::new(wire, patience(), clocks(0));
    let mut events = Vec::new();
    let mut turn = |courier: &mut Courier<_>, second, news: Vec<News>| -> Vec<BrokerEvent> {
        far.0.borrow_mut().1.extend(news);
        courier.turn(clocks(second));
        courier.flush();
        courier.drain(&mut events);
        std::mem::take(&mut events)
    };
    let asked = || std::mem::take(&mut far.0.borrow_mut().0);
    turn(&mut courier, 1, vec![News::Connected]);
    for _ in 0..5 {
        let ask = asked().pop().unwrap();
        let body = if ask.path == "/v2/account" { ACCOUNT } else { "[]" };
        let body = serde_json::from_str(body).unwrap();
        turn(&mut courier, 2, vec![News::Answer { number: ask.number, status: 200, body }]);
    }
    let entry = order("entry", 10, OrderKind::Market);
    courier.submit(Ts::from_seconds(2), &entry);
    turn(&mut courier, 3, Vec::new());
    let placed = asked().pop().unwrap();
    let name = entry.id.as_str();
    let body = shown(name, "0");
    turn(&mut courier, 3, vec![News::Answer { number: placed.number, status: 200, body }]);
    let filled = turn(&mut courier, 4, vec![News::Update(update("fill", name, ("x1", "")))]);
    assert!(filled.iter().any(|event| matches!(event, BrokerEvent::Filled(_))), "{filled:?}");
    assert_eq!(asked(), []);
    let right = with(update("trade_correct", name, ("x2", "x1")), "price", "99.25");
    let corrected = turn(&mut courier, 5, vec![right]);
    let price = corrected.iter().find_map(|event| match event {
        BrokerEvent::Corrected { price, .. } => Some(*price),
        _ => None,
    });
    assert_eq!(price, Some(Price::from_f64(99.25, base::Rounding::HalfEven).unwrap()));
    assert!(asked().iter().any(|ask| ask.path.starts_with("/v2/orders?status=open")));
}
