//! A slow, obvious twin for orders that stand alone: it walks the four prices of a bar as a
//! path, open first, and asks at each step whether the order's price lies on the way.

use market::{Bar, OrderKind, Price};
use proptest::prelude::*;

use crate::world::{World, order};

/// The price at which the order fills, walking open → far → near → close: `far` is the extreme
/// that a stop of this side needs, so that a stop is always reached if the bar holds it.
fn walk(kind: OrderKind, buys: bool, bar: &Bar) -> Option<Price> {
    let adverse = if buys { [bar.high, bar.low] } else { [bar.low, bar.high] };
    match kind {
        OrderKind::Market => Some(bar.open),
        OrderKind::MarketOnClose => Some(bar.close),
        OrderKind::Stop { stop } => {
            let hit = |p: Price| if buys { p >= stop } else { p <= stop };
            if hit(bar.open) { Some(bar.open) } else { hit(adverse[0]).then_some(stop) }
        }
        OrderKind::Limit { limit } => {
            let good = |p: Price| if buys { p <= limit } else { p >= limit };
            if good(bar.open) { Some(bar.open) } else { good(adverse[1]).then_some(limit) }
        }
        OrderKind::StopLimit { .. } => None,
    }
}

fn ticks(raw: i64) -> Price {
    Price::from_raw(raw * Price::SCALE / 100)
}

prop_compose! {
    fn any_bar()(prices in prop::collection::vec(900i64..1_100, 4)) -> Bar {
        let high = *prices.iter().max().unwrap();
        let low = *prices.iter().min().unwrap();
        Bar {
            open: ticks(prices[0]), high: ticks(high), low: ticks(low), close: ticks(prices[3]),
            volume: 1_000_000,
        }
    }
}

fn text(bar: &Bar) -> String {
    format!("{} {} {} {} {}", bar.open, bar.high, bar.low, bar.close, bar.volume)
}

proptest! {
    #[test]
    fn a_lone_order_fills_where_the_twin_says(
        bars in prop::collection::vec(any_bar(), 1..12),
        what in 0u8..4, level in 880i64..1_120, buys in any::<bool>(),
    ) {
        let kind = match what {
            0 => OrderKind::Market,
            1 => OrderKind::MarketOnClose,
            2 => OrderKind::Stop { stop: ticks(level) },
            _ => OrderKind::Limit { limit: ticks(level) },
        };
        let mut world = World::free();
        world.send(&order("o", if buys { 7 } else { -7 }, kind));
        let closing = what == 1;
        let mut done = false;
        for (number, bar) in bars.iter().enumerate() {
            let said = world.daily(&text(bar));
            let wanted = if done || (closing && number > 0) { None } else { walk(kind, buys, bar) };
            done |= wanted.is_some();
            let got = said.first().map(|line| line.split_whitespace().nth(2).unwrap().to_owned());
            prop_assert_eq!(got, wanted.map(|price| format!("@{price}")));
        }
    }

    #[test]
    fn a_bracket_ends_flat_or_protected(
        bars in prop::collection::vec(any_bar(), 1..20), entry in 950i64..1_050,
        buy_on_rise in any::<bool>(),
    ) {
        use market::Broker;
        let kind = match buy_on_rise {
            true => OrderKind::Stop { stop: ticks(entry) },
            false => OrderKind::Limit { limit: ticks(entry) },
        };
        let parent = Some(market::ClientOrderId::from_text("in"));
        let group = Some("exit".to_owned());
        let mut world = World::free();
        world.send(&order("in", 10, kind));
        for (id, kind) in [
            ("stop", OrderKind::Stop { stop: ticks(entry - 40) }),
            ("target", OrderKind::Limit { limit: ticks(entry + 60) }),
        ] {
            let child = order(id, -10, kind);
            world.send(&market::OrderRequest {
                parent: parent.clone(), oco_group: group.clone(), ..child
            });
        }
        for bar in &bars {
            let said = world.daily(&text(bar));
            let held = world.exchange.snapshot();
            let entered = said.iter().any(|line| line.starts_with("in "));
            prop_assert!(held.positions.iter().all(|held| held.qty.signum() > 0));
            match (held.positions.is_empty(), held.open_orders.len()) {
                (true, orders) => prop_assert!(orders == 3 || orders == 0, "{:?}", said),
                (false, orders) => {
                    prop_assert_eq!(orders, 2);
                    let below = bar.low <= ticks(entry - 40);
                    prop_assert!(!below || !entered, "a held position outlived its stop");
                }
            }
        }
    }
}
