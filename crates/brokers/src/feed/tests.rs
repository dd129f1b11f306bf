//! A session's bars against the truth, whatever the stream does.

use std::cell::RefCell;
use std::rc::Rc;

use market::Price;
use proptest::prelude::*;

use super::super::{Minute, Quote};
use super::*;

const OPEN: Ts = Ts::from_seconds(1_704_292_200);

fn minute(symbol: &str, number: i64, price: i64) -> Minute {
    let price = Price::from_raw(price);
    let bar = Bar { open: price, high: price, low: price, close: price, volume: 1 };
    Minute {
        symbol: symbol.to_owned(),
        start: OPEN + Span::from_minutes(number),
        length: Span::from_minutes(1),
        bar,
    }
}

fn at(seconds: i64) -> Ts {
    OPEN + Span::from_seconds(seconds)
}

fn quote(seconds: i64) -> Told {
    let (symbol, at) = ("B".to_owned(), Some(at(seconds)));
    Told::Quote(Quote { symbol, at, bid: None, ask: None })
}

fn both() -> BTreeSet<String> {
    ["A", "B"].map(str::to_owned).into()
}

/// What both ports of the market see.
#[derive(Default)]
struct World {
    told: Vec<Told>,
    past: Vec<Minute>,
    is_deaf: bool,
    asked: usize,
}

#[derive(Clone)]
struct Port(Rc<RefCell<World>>);

impl Feed for Port {
    fn want(&mut self, _: &BTreeSet<String>) {}

    fn hear(&mut self, into: &mut Vec<Told>) {
        into.append(&mut self.0.borrow_mut().told);
    }
}

impl History for Port {
    fn minutes(&self, symbols: &[String], from: Ts, to: Ts) -> Result<Vec<Minute>, String> {
        let mut world = self.0.borrow_mut();
        world.asked += 1;
        if world.is_deaf {
            return Err("no answer".to_owned());
        }
        let is_asked = |it: &&Minute| symbols.contains(&it.symbol) && it.start >= from;
        Ok(world.past.iter().filter(is_asked).filter(|it| it.start < to).cloned().collect())
    }
}

fn start(minutes: u16, close: i64) -> (Rc<RefCell<World>>, Session<Port, Port>) {
    let world = Rc::new(RefCell::new(World::default()));
    let port = Port(Rc::clone(&world));
    let hours = (OPEN, OPEN + Span::from_minutes(close));
    (world, Session::new((port.clone(), port), hours, minutes))
}

fn starts(bars: &[Whole]) -> Vec<(String, i64)> {
    let minutes = |start: Ts| (start - OPEN).nanos() / Span::from_minutes(1).nanos();
    bars.iter().map(|(symbol, start, _)| (symbol.clone(), minutes(*start))).collect()
}

#[test]
fn minutes_of_a_stream_that_holds_become_bars_without_asking_history() {
    let (world, mut session) = start(5, 390);
    world.borrow_mut().told.push(Told::Hears(both()));
    assert!(session.bars(at(-60), &both()).unwrap().is_empty());
    assert!(session.bars(at(-30), &both()).unwrap().is_empty());
    for number in 0..5 {
        world.borrow_mut().told.push(Told::Minute(minute("A", number, 10 + number)));
    }
    assert!(session.bars(at(310), &both()).unwrap().is_empty(), "another may be on its way");
    world.borrow_mut().told.push(quote(305));
    let bars = session.bars(at(310), &both()).unwrap();
    let (symbol, begun, bar) = &bars[0];
    assert_eq!((bars.len(), symbol.as_str(), *begun, bar.volume), (1, "A", OPEN, 5));
    assert_eq!([bar.open, bar.high, bar.low, bar.close].map(Price::raw), [10, 14, 10, 14]);
    assert_eq!(world.borrow().asked, 0);
}

#[test]
fn a_bar_waits_for_its_last_minute() {
    let (world, mut session) = start(5, 390);
    world.borrow_mut().past.push(minute("A", 4, 10));
    assert!(session.bars(at(304), &both()).unwrap().is_empty());
    assert_eq!(starts(&session.bars(at(305), &both()).unwrap()), [("A".to_owned(), 0)]);
}

#[test]
fn a_stream_that_says_nothing_any_more_proves_nothing() {
    let (world, mut session) = start(1, 390);
    world.borrow_mut().told.push(Told::Hears(both()));
    assert!(session.bars(at(-60), &both()).unwrap().is_empty());
    assert!(session.bars(at(-30), &both()).unwrap().is_empty());
    world.borrow_mut().past = vec![minute("A", 0, 10), minute("A", 1, 11)];
    world.borrow_mut().told.extend([Told::Minute(minute("A", 0, 10)), quote(65)]);
    assert_eq!(session.bars(at(66), &both()).unwrap().len(), 1);
    assert!(session.bars(at(126), &both()).unwrap().is_empty(), "it may be late or lost");
    assert_eq!(starts(&session.bars(at(210), &both()).unwrap()), [("A".to_owned(), 1)]);
    assert_eq!(world.borrow().asked, 1);
}

#[test]
fn a_session_that_is_met_late_is_told_from_its_open() {
    let (world, mut session) = start(1, 390);
    world.borrow_mut().past = (0..3).map(|number| minute("B", number, 10)).collect();
    let told = starts(&session.bars(at(600), &both()).unwrap());
    assert_eq!(told, [0, 1, 2].map(|number| ("B".to_owned(), number)));
    assert!(session.bars(at(660), &both()).unwrap().is_empty());
}

#[test]
fn history_that_does_not_answer_is_asked_again_and_nothing_is_told_before() {
    let (world, mut session) = start(1, 390);
    world.borrow_mut().past.push(minute("A", 0, 10));
    world.borrow_mut().is_deaf = true;
    assert_eq!(session.bars(at(120), &both()), Err("no answer".to_owned()));
    world.borrow_mut().is_deaf = false;
    assert_eq!(session.bars(at(120), &both()).unwrap().len(), 1);
}

#[test]
fn what_would_reach_beyond_the_close_is_no_bar() {
    let (world, mut session) = start(60, 90);
    world.borrow_mut().past = (0..120).map(|number| minute("A", number, 10)).collect();
    assert_eq!(starts(&session.bars(at(9_000), &both()).unwrap()), [("A".to_owned(), 0)]);
}

proptest! {
    /// The stream comes and goes, history is deaf at times, the clock that is shown lags: every
    /// minute that traded is told once, in order, in its bar.
    #[test]
    fn every_minute_is_in_its_bar_once(
        traded in prop::collection::vec((any::<bool>(), 0_u8..60), 60),
        turns in prop::collection::vec((1_i64..90, 0_u8..8, any::<bool>()), 40..120),
        minutes in 1_u16..8,
    ) {
        let (world, mut session) = start(minutes, 60);
        let names = ["A", "B"];
        let all: Vec<Minute> = (0_i64..).zip(&traded)
            .filter(|(_, (is_traded, _))| *is_traded)
            .map(|(number, (_, price))| {
                minute(names[usize::from(price % 2)], number, i64::from(*price) + 1)
            })
            .collect();
        let (mut time, mut shown, mut is_heard, mut is_dead) = (-60, -60, false, false);
        let mut whole = Vec::new();
        let mut ends = turns.into_iter().chain([(4_000, 2, true), (1, 0, true), (1, 0, true)]);
        for (step, what, looks) in ends.by_ref() {
            let before = time;
            time += step;
            for one in &all {
                let end = one.start + Span::from_minutes(1);
                if end > at(before) && end <= at(time) {
                    world.borrow_mut().past.push(one.clone());
                    if is_heard && !is_dead {
                        world.borrow_mut().told.push(Told::Minute(one.clone()));
                    }
                }
            }
            match what {
                0 | 1 if !is_heard => {
                    is_heard = true;
                    world.borrow_mut().told.push(Told::Hears(both()));
                }
                // It is dead before anyone notices.
                4 => is_dead = is_heard,
                5..8 if is_heard && !is_dead => world.borrow_mut().told.push(quote(time)),
                2 if is_heard => {
                    (is_heard, is_dead) = (false, false);
                    world.borrow_mut().told.push(Told::Lost(String::new()));
                }
                _ => {}
            }
            world.borrow_mut().is_deaf = what == 3;
            if looks {
                shown = time;
            }
            whole.extend(session.bars(at(shown), &both()).unwrap_or_default());
        }
        let length = i64::from(minutes);
        let mut truth: Vec<Whole> = Vec::new();
        for number in 0..60 / length {
            for name in names {
                let inside: Vec<&Minute> = all.iter().filter(|one| {
                    let begun = (one.start - OPEN).nanos() / Span::from_minutes(1).nanos();
                    one.symbol == name && begun / length == number
                }).collect();
                let Some(first) = inside.first() else { continue };
                let start = OPEN + Span::from_minutes(number * length);
                let prices = inside.iter().map(|one| one.bar.close);
                let bar = Bar {
                    open: first.bar.open,
                    high: prices.clone().max().unwrap_or_default(),
                    low: prices.clone().min().unwrap_or_default(),
                    close: inside[inside.len() - 1].bar.close,
                    volume: inside.len() as u64,
                };
                truth.push((name.to_owned(), start, bar));
            }
        }
        whole.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
        prop_assert_eq!(whole, truth);
    }
}
