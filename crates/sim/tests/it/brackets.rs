//! Groups, parents and children: a filled position is never without its stop.

use market::{Broker, ClientOrderId, OrderKind, OrderRequest};
use sim::{CostConfig, ExchangeConfig};

use crate::world::{World, limit, order, stop};

fn child(id: &str, qty: i64, kind: OrderKind) -> OrderRequest {
    OrderRequest {
        parent: Some(ClientOrderId::from_text("in")),
        oco_group: Some("exit".to_owned()),
        ..order(id, qty, kind)
    }
}

/// A long entry with stop 9 and target 12, then the bars; what each bar answers.
fn long_bracket(entry: OrderKind, bars: &[&str]) -> Vec<Vec<String>> {
    let mut world = World::free();
    world.send(&order("in", 10, entry));
    world.send(&child("stop", -10, stop("9")));
    world.send(&child("target", -10, limit("12")));
    bars.iter().map(|bar| world.daily(bar)).collect()
}

#[test]
fn a_bracket_entered_at_the_open_is_protected_in_the_same_bar() {
    let said = long_bracket(OrderKind::Market, &["10 11 8 10"]);
    let wanted = ["in 10 @10 NextOpen", "stop -10 @9 StopTouched", "target Cancelled"];
    assert_eq!(said[0], wanted);
}

#[test]
fn a_target_reached_in_the_bar_of_entry_counts_when_the_stop_was_not_touched() {
    let said = long_bracket(OrderKind::Market, &["10 12.5 9.5 10"]);
    let wanted = ["in 10 @10 NextOpen", "target -10 @12 LimitTouched", "stop Cancelled"];
    assert_eq!(said[0], wanted);
}

#[test]
fn a_bar_that_holds_both_goes_to_the_stop_and_is_counted() {
    let mut world = World::free();
    world.send(&order("in", 10, OrderKind::Market));
    world.send(&child("target", -10, limit("12")));
    world.send(&child("stop", -10, stop("9")));
    let said = world.daily("10 13 8 12");
    let wanted = ["in 10 @10 NextOpen", "stop -10 @9 StopBeforeTarget", "target Cancelled"];
    assert_eq!(said, wanted);
    assert_eq!(world.exchange.stats().stop_before_target, 1);
}

#[test]
fn a_gap_through_stop_or_target_is_no_doubt_and_fills_at_the_open() {
    let said = long_bracket(OrderKind::Market, &["10 11 9.5 10", "8 13 7 12"]);
    assert_eq!(said[1], ["stop -10 @8 StopGap", "target Cancelled"]);
    let said = long_bracket(OrderKind::Market, &["10 11 9.5 10", "13 13 7 12"]);
    assert_eq!(said[1], ["target -10 @13 LimitGap", "stop Cancelled"]);
}

#[test]
fn children_of_an_entry_inside_the_bar_see_only_what_surely_came_after() {
    // Bought on a dip to 9.5: the high may have come before. The close says it did not.
    let dip = long_bracket(limit("9.5"), &["10 12.5 9.2 11"]);
    assert_eq!(dip[0], ["in 10 @9.5 LimitTouched"]);
    let dip_then_rise = long_bracket(limit("9.5"), &["10 12.5 9.2 12.2"]);
    assert_eq!(dip_then_rise[0][1], "target -10 @12 LimitTouched");
    // Bought on a rise through 11: the high came after; the low is taken to have come after.
    let rise = long_bracket(stop("11"), &["10 12.5 9.5 11"]);
    assert_eq!(rise[0][1], "target -10 @12 LimitTouched");
    let doubt = long_bracket(stop("11"), &["10 11.5 8.5 11"]);
    assert_eq!(doubt[0][1], "stop -10 @9 StopTouched");
}

#[test]
fn children_of_an_entry_that_never_filled_end_with_it() {
    let mut world = World::free();
    world.send(&order("in", 10, limit("5")));
    world.send(&child("stop", -10, stop("4")));
    assert_eq!(world.daily("10 11 3 10 0"), [""; 0]);
    world.exchange.cancel(world.now, &ClientOrderId::from_text("in"));
    assert_eq!(world.answers(), ["in Cancelled", "stop Cancelled"]);
    assert!(world.exchange.snapshot().open_orders.is_empty());
}

#[test]
fn a_half_filled_entry_is_protected_for_the_filled_half() {
    let config = ExchangeConfig { participation: Some(0.1), ..ExchangeConfig::default() };
    let mut world = World::new(config, CostConfig::free());
    world.send(&order("in", 100, OrderKind::Market));
    world.send(&child("stop", -100, stop("9")));
    world.send(&child("target", -100, limit("12")));
    assert_eq!(world.daily("10 11 9.5 10 500"), ["in 50 @10 NextOpen"]);
    world.exchange.cancel(world.now, &ClientOrderId::from_text("in"));
    assert_eq!(world.answers(), ["in Cancelled"]);
    let said = world.daily("10 11 8 10 5000");
    assert_eq!(said, ["stop -50 @9 StopTouched", "target Cancelled"]);
    assert!(world.exchange.snapshot().positions.is_empty());
}

#[test]
fn a_half_filled_target_takes_as_much_off_the_stop() {
    let config = ExchangeConfig { participation: Some(0.1), ..ExchangeConfig::default() };
    let mut world = World::new(config, CostConfig::free());
    world.send(&order("in", 100, OrderKind::Market));
    world.daily("10 11 9.5 10 5000");
    world.send(&child("stop", -100, stop("9")));
    world.send(&child("target", -100, limit("12")));
    assert_eq!(world.daily("11 12.5 10 12 400"), ["target -40 @12 LimitTouched"]);
    assert_eq!(world.daily("9.5 10 8 9 5000"), ["stop -60 @9 StopTouched", "target Cancelled"]);
    assert!(world.exchange.snapshot().positions.is_empty());
}

#[test]
fn a_stop_sent_after_its_parent_filled_is_awake_at_once() {
    let mut world = World::free();
    world.send(&order("in", 10, OrderKind::Market));
    world.daily("10 11 9.5 10");
    world.send(&child("stop", -10, stop("9.8")));
    assert_eq!(world.daily("10 11 9.5 10"), ["stop -10 @9.8 StopTouched"]);
}

#[test]
fn the_same_id_sent_twice_is_one_order() {
    let mut world = World::free();
    for _ in 0..3 {
        world.send(&order("in", 10, OrderKind::Market));
    }
    assert_eq!(world.daily("10 11 9.5 10"), ["in 10 @10 NextOpen"]);
    world.send(&order("in", 10, OrderKind::Market));
    assert_eq!(world.daily("10 11 9.5 10"), [""; 0]);
}

#[test]
fn the_stop_of_an_entry_that_an_alternative_made_smaller_covers_what_it_filled() {
    let mut world = World::free();
    let either =
        |request: OrderRequest| OrderRequest { oco_group: Some("either".to_owned()), ..request };
    world.send(&either(order("small", -3, limit("10.2"))));
    world.send(&either(order("in", -10, limit("10.4"))));
    world.send(&child("stop", 10, stop("12")));
    let said = world.daily("10 10.5 9.5 10");
    assert_eq!(said, ["small -3 @10.2 LimitTouched", "in -7 @10.4 LimitTouched"]);
    assert_eq!(world.daily("12.5 13 12 13"), ["stop 7 @12.5 StopGap"]);
}
