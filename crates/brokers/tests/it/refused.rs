//! Orders that the market does not take: each is refused once, in words, and sent once.

use exchange::{Method, Request};
use market::{BrokerEvent, Instrument, OrderKind, OrderRequest, OrderState, Qty, Universe};

use crate::alpaca::AlpacaDoor;
use crate::ibkr::TwsDoor;
use crate::rig::{A, QUIET, Rig as _, begin, order, tape};
use crate::world::{Door, Far, far};

/// How often an order left, by the log of what was asked.
fn sent<D: Door>(far: &Far<D>, order: &OrderRequest) -> usize {
    let world = far.world.borrow();
    let is_it = |line: &&String| {
        let other = [" told ", " heard ", "Get ", "GET "].iter().any(|word| line.contains(word));
        line.contains(order.id.as_str()) && !other
    };
    world.log.iter().filter(is_it).count()
}

/// What was told of an order: its states, with the broker's words.
fn told<D: Door>(far: &mut Far<D>, order: &OrderRequest) -> Vec<(OrderState, String)> {
    let mut events = Vec::new();
    far.drain(&mut events);
    let moved = events.into_iter().filter_map(|event| match event {
        BrokerEvent::Moved { order: of, state, reason } if of == order.id => Some((state, reason)),
        _ => None,
    });
    moved.collect()
}

fn control<D: Door>(far: &Far<D>, path: &str) {
    let turn = far.world.borrow_mut().venue.ask(&Request::new(Method::Post, path)).unwrap();
    assert_eq!(turn.answer.status, 200, "{path}");
}

/// It was refused, once, for a reason that names the word, and what was sent was sent once.
fn is_refused<D: Door>(far: &mut Far<D>, order: &OrderRequest, word: &str) {
    is_refused_beside(far, order, (word, 0));
}

/// The same while so many orders rest.
fn is_refused_beside<D: Door>(
    far: &mut Far<D>,
    order: &OrderRequest,
    (word, resting): (&str, usize),
) {
    far.submit(order);
    far.settle();
    let told = told(far, order);
    let [(OrderState::Rejected, reason)] = &told[..] else { panic!("{told:?}") };
    assert!(reason.to_lowercase().contains(word), "{reason}");
    // Time and bars bring nothing more.
    far.bar();
    far.settle();
    assert_eq!(sent(far, order), 1);
    assert_eq!((far.truth().open_orders.len(), far.truth().positions.len()), (resting, 0));
}

fn listed<D: Door>(more: &[&str]) -> Far<D> {
    let tape = tape(&[QUIET; 20]);
    let named =
        |symbol: &str| Instrument { symbol: symbol.to_owned(), ..tape.universe().get(A).clone() };
    let all = ["AAA"].iter().chain(more).map(|symbol| named(symbol));
    let universe = Universe::new(all.collect()).unwrap();
    far(tape, universe, None)
}

fn a_halted_symbol<D: Door>() {
    let mut far = listed::<D>(&[]);
    let before = order("before", 10, OrderKind::Market);
    far.submit(&before);
    far.settle();
    control(&far, "/control/halt?symbol=AAA");
    is_refused_beside(&mut far, &order("during", 10, OrderKind::Market), ("halted", 1));
    control(&far, "/control/resume?symbol=AAA");
    far.bar();
    far.settle();
    assert_eq!(far.truth().positions[0].qty, Qty::whole(10), "what rested fills once it goes on");
    assert_eq!(sent(&far, &before), 1);
}

fn a_symbol_that_is_not_there<D: Door>(word: &str) {
    let mut far = listed::<D>(&["ZZZZ"]);
    let instrument = market::InstrumentId(1);
    let buy = OrderRequest { instrument, ..order("buy", 10, OrderKind::Market) };
    is_refused(&mut far, &buy, word);
}

fn a_market_that_is_closed<D: Door>() {
    let mut far = listed::<D>(&[]);
    let evening = format!("/control/advance?until={}T23:00:00Z", begin());
    control(&far, &evening);
    let buy = order("buy", 10, OrderKind::Market);
    far.submit(&buy);
    far.settle();
    let states: Vec<OrderState> = told(&mut far, &buy).iter().map(|(state, _)| *state).collect();
    assert_eq!(states, [OrderState::Working]);
    far.bar();
    far.settle();
    assert_eq!(far.truth().positions[0].qty, Qty::whole(10));
    assert_eq!(sent(&far, &buy), 1);
}

/// A limit far beyond the market; one near it is taken.
fn a_limit_far_above_the_market<D: Door>() {
    let mut far = listed::<D>(&[]);
    let far_above = OrderKind::Limit { limit: "150".parse().unwrap() };
    is_refused(&mut far, &order("slip", 10, far_above), "above the market");
    let near = OrderKind::Limit { limit: "101".parse().unwrap() };
    far.submit(&order("meant", 10, near));
    far.settle();
    far.bar();
    far.settle();
    assert_eq!(far.truth().positions[0].qty, Qty::whole(10));
}

#[test]
fn a_limit_beyond_the_price_collar_is_refused_once_at_alpaca() {
    a_limit_far_above_the_market::<AlpacaDoor>();
}

#[test]
fn a_limit_beyond_the_price_collar_is_refused_once_at_tws() {
    a_limit_far_above_the_market::<TwsDoor>();
}

#[test]
fn an_order_on_a_halted_symbol_is_refused_once_and_what_rested_goes_on_at_alpaca() {
    a_halted_symbol::<AlpacaDoor>();
}

#[test]
fn an_order_on_a_halted_symbol_is_refused_once_and_what_rested_goes_on_at_tws() {
    a_halted_symbol::<TwsDoor>();
}

#[test]
fn an_order_on_a_symbol_that_is_not_there_is_refused_once_at_alpaca() {
    a_symbol_that_is_not_there::<AlpacaDoor>("zzzz");
}

#[test]
fn an_order_on_a_symbol_that_is_not_there_is_refused_once_at_tws() {
    a_symbol_that_is_not_there::<TwsDoor>("no security definition");
}

#[test]
fn an_order_after_the_close_waits_for_the_next_open_at_alpaca() {
    a_market_that_is_closed::<AlpacaDoor>();
}

#[test]
fn an_order_after_the_close_waits_for_the_next_open_at_tws() {
    a_market_that_is_closed::<TwsDoor>();
}
