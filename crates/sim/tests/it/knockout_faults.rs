//! What an issuer and its exchange refuse.

use base::Span;
use market::{Bar, Broker as _, BrokerEvent, Cash, LocalClock, OrderKind, OrderRequest, Qty, Side};
use sim::knockout::{Hours, IssuerRules, KnockOutExchange, Print, SpreadRule};

use crate::knockout::{at, candle, cash, exchange, flat, mini, order, price, rules};

#[test]
fn prints_that_no_index_makes_are_refused_and_change_nothing() {
    let mut exchange = exchange(rules(), mini(Side::Long, 16_000.0, 16_320.0));
    exchange.on_print(&flat(at(2, 9, 0), 17_000.0)).unwrap();
    let before = exchange.clone();
    let (start, end) = (at(2, 9, 5), at(2, 9, 10));
    let level = price(17_000.0);
    let flat_bar = Bar { open: level, high: level, low: level, close: level, volume: 0 };
    let upside_down = Bar { high: price(16_999.0), low: price(17_001.0), ..flat_bar };
    let worthless = Bar { low: price(-1.0), ..flat_bar };
    let cases = [
        (Print::Candle { start, end, known: end, bar: upside_down }, "high and low"),
        (Print::Candle { start, end, known: end, bar: worthless }, "not positive"),
        (Print::Candle { start: end, end: start, known: end, bar: flat_bar }, "ends before"),
        (Print::Candle { start, end, known: start, bar: flat_bar }, "known before it ended"),
        (flat(at(2, 9, 0), 17_000.0), "time goes backwards"),
        (flat(at(2, 9, 4), 17_000.0), "time goes backwards"),
        (Print::Tick { at: start, known: at(2, 9, 0), price: level }, "known before it ended"),
        (Print::Tick { at: at(2, 9, 1), known: end, price: level }, "time goes backwards"),
    ];
    for (print, wanted) in cases {
        let told = exchange.on_print(&print).unwrap_err().to_string();
        assert!(told.contains(wanted), "{told:?} lacks {wanted:?}");
        assert_eq!(exchange, before);
    }
}

#[test]
fn orders_that_no_issuer_takes_are_rejected_with_a_reason() {
    let mut exchange = exchange(rules(), mini(Side::Long, 16_000.0, 16_320.0));
    exchange.list(mini(Side::Short, 18_000.0, 17_640.0)).unwrap();
    exchange.on_print(&flat(at(2, 9, 0), 17_000.0)).unwrap();
    exchange.on_print(&candle(at(2, 9, 5), [17_000.0, 17_640.0, 17_000.0, 17_000.0])).unwrap();
    let market = OrderKind::Market;
    let now = at(2, 9, 10);
    let fine = order("x", 1, market);
    let of = |instrument| market::InstrumentId(instrument);
    let cases = [
        (now, OrderRequest { instrument: of(7), ..fine.clone() }, "no such certificate"),
        (now, OrderRequest { instrument: of(1), ..fine.clone() }, "knocked out"),
        (at(2, 9, 9), fine.clone(), "sent before what was already shown"),
        (now, OrderRequest { qty: Qty::ZERO, ..fine.clone() }, "not whole pieces"),
        (now, OrderRequest { qty: "1.5".parse().unwrap(), ..fine.clone() }, "not whole pieces"),
        (now, order("x", -1, market), "sells more than is held"),
        (now, order("x", 1, OrderKind::Limit { limit: price(0.0) }), "not positive"),
        (now, order("x", 1, OrderKind::Stop { stop: price(1.0) }), "it does not buy"),
        (now, order("x", 1, OrderKind::MarketOnClose), "market, limit and stop orders only"),
        (now, OrderRequest { oco_group: Some("g".into()), ..fine }, "groups"),
    ];
    for (number, (at, request, wanted)) in cases.into_iter().enumerate() {
        let id = market::ClientOrderId::from_text(format!("order {number}"));
        exchange.submit(at, &OrderRequest { id, ..request });
        let mut answers = Vec::new();
        exchange.drain(&mut answers);
        let told = match answers.last() {
            Some(BrokerEvent::Moved { reason, .. }) => reason.clone(),
            other => format!("{other:?}"),
        };
        assert!(told.contains(wanted), "{told:?} lacks {wanted:?}");
    }
}

#[test]
fn an_order_beyond_the_cash_is_cancelled_and_costs_nothing() {
    let mut exchange = exchange(rules(), mini(Side::Long, 16_000.0, 16_320.0));
    exchange.submit(at(2, 9, 0), &order("buy", 1_000, OrderKind::Market));
    exchange.on_print(&flat(at(2, 9, 5), 17_000.0)).unwrap();
    assert_eq!((exchange.cash(), exchange.records().len()), (cash("10000"), 0));
}

#[test]
fn an_order_sent_twice_is_one_order() {
    let mut exchange = exchange(rules(), mini(Side::Long, 16_000.0, 16_320.0));
    let buy = order("buy", 1, OrderKind::Market);
    exchange.submit(at(2, 9, 0), &buy);
    exchange.submit(at(2, 9, 1), &buy);
    exchange.on_print(&flat(at(2, 9, 5), 17_000.0)).unwrap();
    exchange.submit(at(2, 9, 10), &buy);
    exchange.on_print(&flat(at(2, 9, 15), 17_000.0)).unwrap();
    assert_eq!(exchange.certificates()[0].pieces, 1);
}

#[test]
fn a_certificate_that_the_last_price_killed_is_not_listed() {
    let mut exchange = exchange(rules(), mini(Side::Long, 16_000.0, 16_320.0));
    exchange.on_print(&flat(at(2, 9, 0), 17_000.0)).unwrap();
    assert!(exchange.list(mini(Side::Long, 16_900.0, 17_000.0)).is_err());
    assert!(exchange.list(mini(Side::Long, 16_900.0, 16_999.0)).is_ok());
}

#[test]
fn settings_that_no_issuer_has_are_refused_by_name() {
    let spread = rules().spread;
    let cases = [
        (IssuerRules { spread: SpreadRule { points: f64::NAN, ..spread }, ..rules() }, "points"),
        (
            IssuerRules { spread: SpreadRule { opening_factor: 0.5, ..spread }, ..rules() },
            "opening_factor",
        ),
        (
            IssuerRules { spread: SpreadRule { shut_factor: 0.0, ..spread }, ..rules() },
            "shut_factor",
        ),
        (
            IssuerRules { spread: SpreadRule { range_share: -1.0, ..spread }, ..rules() },
            "range_share",
        ),
        (IssuerRules { tick: price(0.0), ..rules() }, "tick"),
        (IssuerRules { latency: Span::from_nanos(-1), ..rules() }, "latency"),
        (IssuerRules { order_fee: cash("-1"), ..rules() }, "order_fee"),
        (
            IssuerRules { hours: Hours::of(LocalClock::NewYork, 600, 500), ..rules() },
            "closes_minute",
        ),
    ];
    for (rules, wanted) in cases {
        let told = KnockOutExchange::new(rules, Cash::ZERO).unwrap_err().to_string();
        assert!(told.contains(wanted), "{told:?} lacks {wanted:?}");
    }
    for amount in ["-1", "0.001"] {
        let told = KnockOutExchange::new(rules(), cash(amount)).unwrap_err().to_string();
        assert!(told.contains("cash"), "{told}");
    }
}
