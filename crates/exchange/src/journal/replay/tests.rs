//! Whatever was asked at whichever door, and wherever its journal ends: the account is what it
//! was when the last whole page was written.

use std::sync::Arc;

use base::Span;
use proptest::prelude::*;
use serde_json::json;

use crate::journal::{Clerk, HEADING};
use crate::tws::tests::{TAPE, begin, said_at_random};
use crate::{Error, Method, Opening, Request, Venue};

/// One thing that somebody does.
#[derive(Debug, Clone)]
enum Act {
    Place {
        shape: u8,
        sell: bool,
        qty: u32,
        cents: i64,
    },
    Change {
        method: bool,
        order: usize,
        qty: u32,
    },
    Say(u32, Vec<u8>),
    Step(u32),
    Run(i64),
    /// All that happened so far is written.
    Write,
}

fn act() -> impl Strategy<Value = Act> {
    let place = (0u8..7, any::<bool>(), 1u32..200, -300i64..300)
        .prop_map(|(shape, sell, qty, cents)| Act::Place { shape, sell, qty, cents });
    let change = (any::<bool>(), 0usize..40, 1u32..200)
        .prop_map(|(method, order, qty)| Act::Change { method, order, qty });
    prop_oneof![
        6 => place,
        3 => change,
        6 => said_at_random().prop_map(|(id, body)| Act::Say(id, body)),
        2 => (1u32..4).prop_map(Act::Step),
        3 => (0i64..2_000).prop_map(Act::Run),
        4 => Just(Act::Write),
    ]
}

fn placed(shape: u8, sell: bool, qty: u32, cents: i64, mark: f64) -> Request {
    let price = |cents: i64| format!("{:.2}", (mark + cents as f64 / 100.0).max(0.01));
    let away = if sell { -500 } else { 500 };
    let mut body = json!({
        "symbol": "SPY", "qty": qty, "side": if sell { "sell" } else { "buy" },
        "type": "limit", "limit_price": price(cents), "time_in_force": "gtc",
    });
    match shape {
        0 => {
            body = json!({
                "symbol": "SPY", "qty": qty, "side": body["side"], "type": "market",
                "time_in_force": "day",
            })
        }
        1 => {
            body["order_class"] = "bracket".into();
            body["take_profit"] = json!({ "limit_price": price(cents + away) });
            body["stop_loss"] = json!({ "stop_price": price(cents - away) });
        }
        2 => {
            body = json!({
                "symbol": "SPY", "qty": qty, "side": body["side"], "type": "trailing_stop",
                "trail_percent": "1.7", "time_in_force": "gtc",
            })
        }
        4..=6 => return optioned(shape, sell, qty % 20 + 1, mark),
        _ => {}
    }
    Request::new(Method::Post, "/v2/orders").with(&body)
}

/// An order on a contract, or on two of them; on what ends first.
fn optioned(shape: u8, sell: bool, qty: u32, mark: f64) -> Request {
    let expiry = TAPE.sessions().iter().map(|session| session.day);
    let expiry = expiry.skip(20).find(|day| day.weekday() as i32 == 4).unwrap();
    let day = expiry.to_string().replace('-', "");
    let name = |letter: char, off: i64| {
        let strike = (mark.round() as i64 + off) * 1_000;
        format!("SPY{}{letter}{strike:08}", &day[2..])
    };
    let side = |sells: bool| if sells { "sell" } else { "buy" };
    let leg = |name: String, sells| json!({ "symbol": name, "side": side(sells) });
    let letter = if shape == 5 { 'P' } else { 'C' };
    Request::new(Method::Post, "/v2/orders").with(&match shape {
        4 => json!({
            "symbol": name('C', 0), "qty": qty, "side": side(sell), "type": "market",
            "time_in_force": "day",
        }),
        _ => json!({
            "order_class": "mleg", "qty": qty, "type": "limit", "time_in_force": "day",
            "limit_price": if shape == 5 { "5.00" } else { "0.30" },
            "legs": [leg(name(letter, 0), sell), leg(name(letter, 3), !sell)],
        }),
    })
}

fn work(clerk: &mut Clerk, act: &Act) {
    match act {
        Act::Place { shape, sell, qty, cents } => {
            let spy = TAPE.universe().find("SPY").unwrap();
            let mark = clerk.venue.mark(spy).unwrap().to_f64();
            clerk.ask(placed(*shape, *sell, *qty, *cents, mark)).unwrap();
        }
        Act::Change { method, order, qty } => {
            let count = clerk.venue.orders().len();
            let Some(order) = clerk.venue.order(order % count.max(1)) else { return };
            let path = format!("/v2/orders/{}", order.id);
            let request = match method {
                true => Request::new(Method::Delete, &path),
                false => Request::new(Method::Patch, &path).with(&json!({ "qty": qty })),
            };
            clerk.ask(request).unwrap();
        }
        Act::Say(id, body) => {
            clerk.hear(1, (*id, body.clone()));
        }
        Act::Step(bars) => {
            let path = format!("/control/step?bars={bars}");
            clerk.ask(Request::new(Method::Post, &path)).unwrap();
        }
        Act::Run(seconds) => {
            let until = clerk.venue.now() + Span::from_nanos(seconds * 1_000_000_000);
            clerk.advance(until).unwrap();
        }
        Act::Write => {}
    }
}

fn opened() -> Clerk {
    let mut clerk = Clerk::new(Venue::open(Arc::clone(&TAPE), &Opening::default()).unwrap());
    begin(&mut clerk.hall, &mut clerk.venue);
    clerk
}

/// The account by a state and the journal after it.
fn again(state: &[u8], journal: &[u8]) -> Result<Venue, Error> {
    let mut venue = Venue::restore(Arc::clone(&TAPE), state)?;
    venue.replay(journal)?;
    Ok(venue)
}

/// A clock that ran on without anything else is known by the next change alone.
fn but_for_the_clock(venue: &Venue) -> serde_json::Value {
    let mut state: serde_json::Value = serde_json::from_slice(&venue.write().unwrap()).unwrap();
    state["now"].take();
    state
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn an_account_is_its_state_and_its_journal_wherever_that_ends(
        acts in prop::collection::vec(act(), 1..50),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 8),
    ) {
        let mut clerk = opened();
        let mut journal = HEADING.to_vec();
        // Where each page ends, and the account then.
        let mut ends = vec![(journal.len(), clerk.venue.write().unwrap())];
        for act in acts.iter().chain([&Act::Write]) {
            work(&mut clerk, act);
            if matches!(act, Act::Write) && !clerk.page.is_empty() {
                journal.extend_from_slice(clerk.page.sealed());
                clerk.page.clear();
                ends.push((journal.len(), clerk.venue.write().unwrap()));
            }
        }
        let first = ends[0].1.clone();
        let mut lengths: Vec<usize> = cuts.iter().map(|cut| cut.index(journal.len() + 1)).collect();
        lengths.extend(ends.iter().map(|(end, _)| *end));
        for length in lengths {
            let whole = ends.iter().rev().find(|(end, _)| *end <= length).unwrap_or(&ends[0]);
            let found = again(&first, &journal[..length]).unwrap();
            let wanted = Venue::restore(Arc::clone(&TAPE), &whole.1).unwrap();
            prop_assert_eq!(but_for_the_clock(&found), but_for_the_clock(&wanted));
        }
        // A later state takes the rest of the same journal alone.
        for (_, state) in &ends {
            let found = again(state, &journal).unwrap();
            prop_assert_eq!(but_for_the_clock(&found), but_for_the_clock(&clerk.venue));
        }
    }
}

#[test]
fn a_clock_that_ran_on_is_as_late_in_the_journal_as_it_was() {
    let mut clerk = opened();
    let before = clerk.venue.write().unwrap();
    work(&mut clerk, &Act::Run(77));
    assert!(clerk.page.is_empty());
    work(&mut clerk, &Act::Place { shape: 3, sell: false, qty: 1, cents: -900 });
    let journal = [HEADING, clerk.page.sealed()].concat();
    let found = again(&before, &journal).unwrap();
    assert_eq!(found.write().unwrap(), clerk.venue.write().unwrap());
    assert_eq!(found.order(0).unwrap().submitted_at, found.now());
}

#[test]
fn a_journal_of_another_state_is_refused() {
    let mut clerk = opened();
    let before = clerk.venue.write().unwrap();
    let mut pages = Vec::new();
    for cents in [-900, -800] {
        work(&mut clerk, &Act::Place { shape: 3, sell: false, qty: 1, cents });
        pages.push(clerk.page.sealed().to_vec());
        clerk.page.clear();
    }
    let found = again(&before, &[HEADING, &pages[1]].concat());
    assert!(matches!(found, Err(Error::ReplayJournal { .. })), "{found:?}");
    // The same change of an account that refuses it.
    let poor = Opening { cash: market::Cash::ZERO, ..Opening::default() };
    let poor = Venue::open(Arc::clone(&TAPE), &poor).unwrap().write().unwrap();
    let found = again(&poor, &[HEADING, &pages[0]].concat());
    assert!(matches!(found, Err(Error::ReplayJournal { .. })), "{found:?}");
}
