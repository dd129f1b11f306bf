//! The wire between a desk and a broker that does as it is told.

use base::Ts;
use market::{ChainPart, Instrument, OrderKind, Price, TimeInForce};

use super::clerk::AtOnce;
use super::*;
use crate::spread::{LegFilled, LegTrade, Order, Placed, Quote, Spreads, Standing, State};

/// A broker of spreads: what it was asked to place, and how each order stands.
#[derive(Debug, Default)]
struct Far {
    placed: Vec<Order>,
    standing: BTreeMap<ClientOrderId, Standing>,
    held: Vec<(Series, i64)>,
    refuses: bool,
    fills: bool,
}

impl Far {
    fn open(&self) -> Vec<ClientOrderId> {
        let open = self.standing.iter().filter(|(_, it)| it.state == State::Open);
        open.map(|(name, _)| name.clone()).collect()
    }
}

#[derive(Debug, Clone, Default)]
struct Shared(std::rc::Rc<std::cell::RefCell<Far>>);

impl Spreads for Shared {
    fn chain(&mut self, _underlying: &str, _part: &ChainPart) -> Result<Vec<Quote>, String> {
        Ok(Vec::new())
    }

    fn place(&mut self, order: &Order) -> Placed {
        let mut far = self.0.borrow_mut();
        if far.refuses {
            return Placed::Refused("no".to_owned());
        }
        far.placed.push(order.clone());
        let filled = if far.fills { order.units } else { 0 };
        let leg = |leg: &crate::spread::Leg| {
            let price = if leg.ratio.abs() == leg.ratio { "5" } else { "3" };
            let trade = LegTrade {
                at: Ts::from_seconds(9),
                contracts: filled,
                price: price.parse().unwrap(),
                fee: Some(market::Cash::ZERO),
            };
            let trades = if filled > 0 { vec![trade] } else { Vec::new() };
            let contracts = i64::from(filled) * i64::from(leg.ratio);
            let (series, ratio) = (leg.series.clone(), leg.ratio);
            LegFilled { series, ratio, contracts, price: None, trades }
        };
        let legs: Vec<LegFilled> = order.legs.iter().map(leg).collect();
        far.held.extend(legs.iter().map(|leg| (leg.series.clone(), leg.contracts)));
        let state = if far.fills { State::Filled } else { State::Open };
        let standing = Standing { state, filled, net: None, legs };
        far.standing.insert(order.name.clone(), standing.clone());
        Placed::Known(standing)
    }

    fn look(&mut self, name: &ClientOrderId) -> Result<Option<Standing>, String> {
        Ok(self.0.borrow().standing.get(name).cloned())
    }

    fn cancel(&mut self, name: &ClientOrderId) -> Result<(), String> {
        if let Some(standing) = self.0.borrow_mut().standing.get_mut(name) {
            standing.state = State::Ended;
        }
        Ok(())
    }

    fn open(&mut self) -> Result<Vec<ClientOrderId>, String> {
        Ok(self.0.borrow().open())
    }

    fn held(&mut self) -> Result<Vec<(Series, i64)>, String> {
        Ok(self.0.borrow().held.clone())
    }
}

/// A wire for shares that answers questions for books with empty ones.
#[derive(Debug, Default)]
struct Shares(Vec<Heard>);

impl Wire for Shares {
    fn say(&mut self, said: &Said) {
        if let Said::AskBooks { number, .. } = said {
            let books = market::remote::Books { number: *number, ..Default::default() };
            self.0.push(Heard::Books(books));
        }
    }

    fn hear(&mut self, into: &mut Vec<Heard>) {
        into.append(&mut self.0);
    }
}

type Stand = (Both<Shares, AtOnce<Shared>>, Shared);

fn stand() -> Stand {
    let names = ["A 2024-07-19 call 100/110", "A 2024-07-19 call 110/120"];
    let universe = Universe::numbered(names.map(Instrument::american).to_vec()).unwrap();
    let far = Shared::default();
    (Both::new(Shares::default(), AtOnce::new(far.clone()), &universe), far)
}

fn order(name: &str, instrument: u32, qty: i64) -> OrderRequest {
    let limit = "250".parse().unwrap();
    OrderRequest {
        id: ClientOrderId::from_text(name),
        instrument: InstrumentId(instrument),
        qty: Qty::whole(qty),
        kind: if qty > 0 { OrderKind::Limit { limit } } else { OrderKind::Market },
        tif: TimeInForce::Day,
        oco_group: None,
        parent: None,
        reduce_only: qty < 0,
    }
}

/// Says things, and tells what was heard in the turns after.
fn turns(wire: &mut Both<Shares, AtOnce<Shared>>, said: &[Said]) -> Vec<Heard> {
    said.iter().for_each(|said| wire.say(said));
    let mut heard = Vec::new();
    for _ in 0..6 {
        wire.flush();
        wire.hear(&mut heard);
    }
    heard
}

fn ask(number: u64) -> Said {
    Said::AskBooks { number, since: Ts::from_seconds(0) }
}

fn ends(heard: &[Heard]) -> Vec<(String, OrderState)> {
    let ended = heard.iter().filter_map(|heard| match heard {
        Heard::Order(report) if report.state.is_done() => Some(report),
        _ => None,
    });
    ended.map(|report| (report.order.as_str().to_owned(), report.state)).collect()
}

#[test]
fn nothing_is_placed_before_the_account_was_read() {
    let (mut wire, far) = stand();
    turns(&mut wire, &[Said::Submit(order("one", 0, 3))]);
    assert!(far.0.borrow().placed.is_empty());
    turns(&mut wire, &[ask(1)]);
    assert_eq!(far.0.borrow().placed.len(), 1);
    // Said again it is one order.
    turns(&mut wire, &[Said::Submit(order("one", 0, 3))]);
    assert_eq!(far.0.borrow().placed.len(), 1);
}

#[test]
fn a_fill_is_told_in_units_before_the_end_and_stands_in_the_books() {
    let (mut wire, far) = stand();
    far.0.borrow_mut().fills = true;
    turns(&mut wire, &[ask(1)]);
    let heard = turns(&mut wire, &[Said::Submit(order("one", 0, 3))]);
    let Heard::Executed(told) = &heard[0] else { panic!("{heard:?}") };
    assert_eq!((told.qty, told.price), (Qty::whole(3), "200".parse::<Price>().unwrap()));
    assert_eq!(ends(&heard), [("one".to_owned(), OrderState::Filled)]);
    let heard = turns(&mut wire, &[ask(2)]);
    let Some(Heard::Books(books)) = heard.last() else { panic!("{heard:?}") };
    assert_eq!(books.positions.len(), 1);
    assert_eq!(
        (books.positions[0].instrument, books.positions[0].qty),
        (InstrumentId(0), Qty::whole(3))
    );
}

#[test]
fn an_order_that_closes_takes_no_more_than_is_held_and_not_closed_already() {
    let (mut wire, far) = stand();
    far.0.borrow_mut().fills = true;
    turns(&mut wire, &[ask(1), Said::Submit(order("one", 0, 3))]);
    far.0.borrow_mut().fills = false;
    let heard = turns(
        &mut wire,
        &[
            Said::Submit(order("out", 0, -5)),
            Said::Submit(order("too", 0, -3)),
            Said::Submit(order("wrong", 1, -1)),
        ],
    );
    let units: Vec<u32> = far.0.borrow().placed.iter().map(|order| order.units).collect();
    assert_eq!(units, [3, 3]);
    let out = &far.0.borrow().placed[1];
    assert_eq!((out.legs[0].ratio, out.net), (-1, Some("-0.01".parse().unwrap())));
    let cancelled = |name: &str| (name.to_owned(), OrderState::Cancelled);
    assert_eq!(ends(&heard), [cancelled("too"), cancelled("wrong")]);
}

#[test]
fn an_option_that_is_held_sold_is_not_bought_in_another_spread() {
    let (mut wire, _far) = stand();
    turns(&mut wire, &[ask(1), Said::Submit(order("one", 0, 3))]);
    let heard = turns(&mut wire, &[Said::Submit(order("two", 1, 1))]);
    assert_eq!(ends(&heard), [("two".to_owned(), OrderState::Rejected)]);
}

#[test]
fn a_refusal_is_told_and_what_is_taken_back_ends() {
    let (mut wire, far) = stand();
    far.0.borrow_mut().refuses = true;
    let heard = turns(&mut wire, &[ask(1), Said::Submit(order("no", 0, 1))]);
    assert_eq!(ends(&heard), [("no".to_owned(), OrderState::Rejected)]);
    far.0.borrow_mut().refuses = false;
    turns(&mut wire, &[Said::Submit(order("back", 0, 1))]);
    let heard = turns(&mut wire, &[Said::Cancel(ClientOrderId::from_text("back"))]);
    assert_eq!(ends(&heard), [("back".to_owned(), OrderState::Cancelled)]);
}

#[test]
fn after_a_restart_a_recalled_order_that_stands_goes_on_and_one_that_does_not_is_placed_anew() {
    let (mut wire, far) = stand();
    turns(&mut wire, &[ask(1), Said::Submit(order("one", 0, 3))]);
    let universe = Universe::numbered(
        wire.spreads.values().map(|spread| Instrument::american(&spread.to_string())).collect(),
    );
    let clerk = AtOnce::new(far.clone());
    let mut again = Both::new(Shares::default(), clerk, &universe.unwrap());
    again.recall(&order("one", 0, 3), Qty::ZERO, Qty::ZERO);
    again.recall(&order("lost", 0, 2), Qty::ZERO, Qty::ZERO);
    let heard = turns(&mut again, &[ask(2)]);
    let Some(Heard::Books(books)) = heard.iter().find(|it| matches!(it, Heard::Books(_))) else {
        panic!("{heard:?}")
    };
    let known: Vec<&str> = books.orders.iter().map(|report| report.order.as_str()).collect();
    assert_eq!(known, ["one"]);
    turns(&mut again, &[Said::Submit(order("lost", 0, 2))]);
    assert_eq!(far.0.borrow().placed.len(), 2);
}

#[test]
fn an_order_that_the_desk_is_done_with_and_that_stands_can_be_taken_back() {
    let (mut wire, far) = stand();
    turns(&mut wire, &[ask(1), Said::Submit(order("ghost", 0, 3))]);
    wire.spots.clear();
    let heard = turns(&mut wire, &[ask(2)]);
    assert!(heard.iter().any(|it| matches!(it, Heard::Books(books) if books.orders.len() == 1)));
    turns(&mut wire, &[Said::Cancel(ClientOrderId::from_text("ghost"))]);
    assert!(far.0.borrow().open().is_empty());
}
