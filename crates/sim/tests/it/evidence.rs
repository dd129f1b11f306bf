//! No fill on a bar from the future, from the past, or from before the order.

use base::Span;
use market::{BarSize, Broker, OrderKind};
use sim::{BarPrint, Error};

use crate::world::{FIRST, World, bar, order};

fn print_of(world: &World) -> BarPrint {
    let session = world.session();
    BarPrint {
        instrument: FIRST,
        size: BarSize::Daily,
        start: session.open,
        end: session.close,
        known: session.close,
        bar: bar("10 11 9 10"),
    }
}

fn fault(result: Result<(), Error>) -> &'static str {
    match result {
        Err(Error::FillOrder { fault, .. }) => fault,
        other => panic!("expected a refused fill, got {other:?}"),
    }
}

#[test]
fn a_bar_known_before_it_ended_is_from_the_future() {
    let mut world = World::free();
    world.send(&order("o", 1, OrderKind::Market));
    let print = print_of(&world);
    let early = BarPrint { known: print.end - Span::from_seconds(1), ..print };
    assert_eq!(fault(world.print(early)), "the bar was known before it ended");
}

#[test]
fn a_bar_known_long_after_it_ended_is_stale() {
    let mut world = World::free();
    world.send(&order("o", 1, OrderKind::Market));
    let print = print_of(&world);
    let late = BarPrint { known: print.end + Span::from_days(5), ..print };
    assert_eq!(fault(world.print(late)), "the bar became known too long after it ended");
}

#[test]
fn a_bar_known_before_the_clock_is_stale() {
    let mut world = World::free();
    world.send(&order("o", 1, OrderKind::Market));
    let print = print_of(&world);
    world.exchange.submit(print.end + Span::from_hours(1), &order("later", 1, OrderKind::Market));
    assert_eq!(fault(world.print(print)), "the bar became known before the exchange's clock");
}

#[test]
fn a_bar_that_began_before_the_order_was_sent_fills_nothing() {
    let mut world = World::free();
    world.now = world.session().open + Span::from_seconds(1);
    world.send(&order("o", 1, OrderKind::Market));
    assert_eq!(world.daily("10 11 9 10"), [""; 0]);
    assert_eq!(world.daily("12 13 9 10"), ["o 1 @12 NextOpen"]);
}

#[test]
fn a_daily_bar_fills_nothing_once_finer_bars_of_its_hours_were_worked() {
    let mut world = World::free();
    world.send(&order("o", 1, crate::world::limit("9")));
    assert_eq!(world.hour(0, "10 11 9.5 10"), [""; 0]);
    assert_eq!(world.daily("10 11 8 10"), [""; 0]);
    assert_eq!(world.exchange.stats().overlapping_bars, 1);
    assert_eq!(world.exchange.stats().inconsistent_bars, 0);
}

#[test]
fn a_daily_bar_that_contradicts_finer_bars_is_counted() {
    let mut world = World::free();
    world.hour(0, "10 11 9.5 10");
    world.daily("20 21 19 20");
    assert_eq!(world.exchange.stats().inconsistent_bars, 1);
}

#[test]
fn an_instrument_out_of_range_is_an_error() {
    let mut world = World::free();
    let print = BarPrint { instrument: market::InstrumentId(7), ..print_of(&world) };
    assert!(matches!(world.print(print), Err(Error::FindInstrument { count: 3, .. })));
}
