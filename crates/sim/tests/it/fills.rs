//! Each fill rule alone.

use market::{OrderKind, TimeInForce};
use sim::{CostConfig, ExchangeConfig, LimitRule, ZeroVolume};

use crate::world::{World, limit, order, stop, stop_limit, unbounded};

/// Sends one order of that size before the session and gives what the session's bar answers.
fn one(qty: i64, kind: OrderKind, bar: &str) -> Vec<String> {
    let mut world = World::free();
    world.send(&order("o", qty, kind));
    world.daily(bar)
}

#[test]
fn one_order_against_one_daily_bar() {
    let cases: [(i64, OrderKind, &str, &[&str]); 20] = [
        (5, OrderKind::Market, "10 12 9 11", &["o 5 @10 NextOpen"]),
        (5, OrderKind::MarketOnClose, "10 12 9 11", &["o 5 @11 AtClose"]),
        (5, limit("9.5"), "10 12 9 11", &["o 5 @9.5 LimitTouched"]),
        (5, limit("9"), "10 12 9 11", &["o 5 @9 LimitTouched"]),
        (5, limit("8.99"), "10 12 9 11", &[]),
        (5, limit("10.5"), "10 12 9 11", &["o 5 @10 LimitGap"]),
        (-5, limit("11.5"), "10 12 9 11", &["o -5 @11.5 LimitTouched"]),
        (-5, limit("9.5"), "10 12 9 11", &["o -5 @10 LimitGap"]),
        (-5, limit("12.01"), "10 12 9 11", &[]),
        (5, stop("11"), "10 12 9 11", &["o 5 @11 StopTouched"]),
        (5, stop("9.5"), "10 12 9 11", &["o 5 @10 StopGap"]),
        (5, stop("12.01"), "10 12 9 11", &[]),
        (-5, stop("9.5"), "10 12 9 11", &["o -5 @9.5 StopTouched"]),
        (-5, stop("10.5"), "10 12 9 11", &["o -5 @10 StopGap"]),
        (5, stop_limit("11", "11.5"), "10 12 9 11", &["o 5 @11 StopTouched"]),
        (5, stop_limit("9.5", "9.8"), "10 12 9 11", &["o 5 @9.8 LimitTouched"]),
        (5, stop_limit("9.5", "10.2"), "10 12 9 11", &["o 5 @10 StopGap"]),
        (5, stop_limit("9.5", "8.5"), "10 12 9 11", &[]),
        (5, stop_limit("11", "10.5"), "10 12 9 11", &[]),
        (5, stop_limit("11", "10.5"), "10 12 9 10.4", &["o 5 @10.5 LimitTouched"]),
    ];
    for (qty, kind, bar, wanted) in cases {
        assert_eq!(one(qty, kind, bar), wanted, "{qty} {kind:?} on {bar}");
    }
}

#[test]
fn a_triggered_stop_limit_waits_on_as_a_limit() {
    let mut world = World::free();
    world.send(&order("o", 5, stop_limit("11", "10.5")));
    assert_eq!(world.daily("10 12 9 11"), [""; 0]);
    assert_eq!(world.daily("11 11.5 10.2 11"), ["o 5 @10.5 LimitTouched"]);
}

#[test]
fn a_limit_in_the_back_of_the_queue_fills_only_when_traded_through() {
    let config = ExchangeConfig { limit_rule: LimitRule::TradedThrough, ..unbounded() };
    let mut world = World::new(config, CostConfig::free());
    world.send(&order("o", 5, limit("9")));
    assert_eq!(world.daily("10 12 9 11"), [""; 0]);
    assert_eq!(world.daily("10 12 8.99 11"), ["o 5 @9 LimitTouched"]);
}

#[test]
fn a_day_order_expires_with_its_session() {
    let mut world = World::free();
    world.send(&market::OrderRequest { tif: TimeInForce::Day, ..order("o", 5, limit("5")) });
    assert_eq!(world.daily("10 12 9 11"), ["o Expired"]);
    assert_eq!(world.daily("4 5 4 5"), [""; 0]);
}

#[test]
fn a_closing_order_needs_to_be_there_before_the_bar_that_closes() {
    let mut world = World::free();
    assert_eq!(world.hour(0, "10 10 10 10"), [""; 0]);
    world.send(&order("o", 5, OrderKind::MarketOnClose));
    for hour in 1..6 {
        assert_eq!(world.hour(hour, "10 10 10 10"), [""; 0]);
    }
    assert_eq!(world.hour(6, "10 12 9 11"), ["o 5 @11 AtClose"]);
}

#[test]
fn nothing_fills_on_a_bar_without_volume_unless_the_source_has_none() {
    let mut halted = World::free();
    halted.send(&order("o", 5, OrderKind::Market));
    assert_eq!(halted.daily("10 12 9 11 0"), [""; 0]);
    assert_eq!(halted.exchange.stats().empty_bars, 1);
    assert_eq!(halted.daily("10.5 12 9 11"), ["o 5 @10.5 NextOpen"]);

    let config = ExchangeConfig { zero_volume: ZeroVolume::Allow, ..unbounded() };
    let mut without = World::new(config, CostConfig::free());
    without.send(&order("o", 5, OrderKind::Market));
    assert_eq!(without.daily("10 12 9 11 0"), ["o 5 @10 NextOpen"]);
}

#[test]
fn a_large_order_takes_its_share_of_volume_and_the_rest_waits() {
    let config = ExchangeConfig { participation: Some(0.1), ..ExchangeConfig::default() };
    let mut world = World::new(config, CostConfig::free());
    world.send(&order("o", 250, OrderKind::Market));
    assert_eq!(world.daily("10 12 9 11 1000"), ["o 100 @10 NextOpen"]);
    assert_eq!(world.daily("11 12 9 11 1009"), ["o 100 @11 NextOpen"]);
    assert_eq!(world.daily("12 12 9 11 1000"), ["o 50 @12 NextOpen"]);
    assert_eq!(world.exchange.stats().partial_fills, 2);
}

#[test]
fn a_stop_half_filled_goes_on_as_a_market_order() {
    let config = ExchangeConfig { participation: Some(0.1), ..ExchangeConfig::default() };
    let mut world = World::new(config, CostConfig::free());
    world.send(&order("o", -150, stop("9.5")));
    assert_eq!(world.daily("10 12 9 11 1000"), ["o -100 @9.5 StopTouched"]);
    assert_eq!(world.daily("11 12 10 11 1000"), ["o -50 @11 NextOpen"]);
}

#[test]
fn costs_move_the_price_of_takers_alone() {
    let costs = CostConfig { half_spread_bps: 100.0, ..CostConfig::free() };
    let mut world = World::new(unbounded(), costs);
    world.send(&order("m", 5, OrderKind::Market));
    world.send(&order("l", -5, limit("11")));
    assert_eq!(world.daily("10 12 9 11"), ["m 5 @10.1 NextOpen", "l -5 @11 LimitTouched"]);
}

#[test]
fn impossible_orders_are_refused_with_a_reason() {
    let mut world = World::free();
    let elsewhere =
        market::OrderRequest { instrument: market::InstrumentId(9), ..order("c", 1, limit("1")) };
    let orphan = market::OrderRequest {
        parent: Some(market::ClientOrderId::from_text("nobody")),
        ..order("d", 1, limit("1"))
    };
    for request in [order("a", 0, limit("1")), order("b", 1, limit("-1")), elsewhere, orphan] {
        world.send(&request);
    }
    assert_eq!(world.answers(), ["a Rejected", "b Rejected", "c Rejected", "d Rejected"]);
    assert_eq!(world.exchange.stats().rejected, 4);
}
