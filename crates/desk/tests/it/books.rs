//! Limits that a book has for itself, beside those of the account.

use base::Span;
use desk::risk::BookLimits;
use desk::{EngineConfig, ExitPlan, Limits, Line, MemoryJournal, Reason, Record};
use market::{Bar, BarSize, Event, InstrumentId, Side, What};

use crate::broker::TinyBroker;
use crate::world::{A, B, Script, ScriptedBook, Step, World, config, planned, price, universe};

fn limited(limits: BookLimits) -> EngineConfig {
    let books = [("estate".to_owned(), limits)].into();
    EngineConfig { limits: Limits { books, ..config().limits }, ..config() }
}

fn wish(book: &str, id: &str, instrument: InstrumentId) -> Step {
    let plan = ExitPlan::stop_only(price("100"), price("80"));
    let intent = planned(id, Side::Long, plan);
    Step::Want(Box::new(desk::Intent { book: book.to_owned(), instrument, ..intent }))
}

fn refusals(lines: &[Line]) -> Vec<(String, Reason)> {
    let refused = lines.iter().filter_map(|line| match &line.record {
        Record::Refused { intent, reason } => Some((intent.clone(), *reason)),
        _ => None,
    });
    refused.collect()
}

/// The same engine after a kill, and what it refuses of a script at a bar so much later.
fn after_a_kill(
    config: &EngineConfig,
    lines: &[Line],
    script: Script,
    (after, close): (Span, &str),
) -> Vec<(String, Reason)> {
    let book = ScriptedBook::from(script);
    let mut engine = desk::Engine::restore(config.clone(), &universe(), book, lines).unwrap();
    let (mut broker, mut journal) = (TinyBroker::guarded(), MemoryJournal::default());
    let at = lines.last().unwrap().at + after;
    let (one, size) = (price(close), BarSize::Minutes(1));
    let bar = Bar { open: one, high: one, low: one, close: one, volume: 1_000 };
    let what = What::Bar { instrument: A, size, start: at, bar };
    engine.step(&Event { at, known: at, what }, &mut broker, &mut journal).unwrap();
    refusals(&journal.lines)
}

#[test]
fn one_book_is_full_while_another_may_open() {
    let limits = BookLimits { open_positions: Some(1), ..BookLimits::default() };
    let steps = [wish("estate", "one", A), wish("estate", "two", B), wish("test", "three", B)];
    let script = steps.map(|step| (1, step)).to_vec();
    let mut world = World::new(limited(limits), TinyBroker::guarded(), script);
    world.bar("100 101 99 100").other_bar("100 101 99 100");
    // The second instrument had no bar when it was asked for: its reference is its price.
    let refused = refusals(&world.journal.lines);
    assert_eq!(refused, [("two".to_owned(), Reason::BookOpenPositions)]);
}

#[test]
fn the_book_that_lost_its_share_of_the_day_opens_nothing_more_until_the_next() {
    let limits = BookLimits { daily_loss_fraction: Some(0.005), ..BookLimits::default() };
    let script = vec![
        (1, wish("estate", "one", A)),
        (3, wish("estate", "two", B)),
        (3, wish("test", "three", B)),
        (5, wish("estate", "four", B)),
    ];
    let mut world = World::new(limited(limits), TinyBroker::guarded(), script);
    // 100 shares from 100 to 94.90: 510 of 100,000 are lost, on the day of the third bar.
    world.bar("100 101 99 100").bar("100 101 99 100").bar("95 95 94 94.9");
    let refused = refusals(&world.journal.lines);
    assert_eq!(refused, [("two".to_owned(), Reason::BookDailyLoss)]);
    world.bar("95 95 94 94.9").bar("95 95 94 94.9");
    assert_eq!(refusals(&world.journal.lines).len(), 1, "a new day begins at what is there");
    world.check_fold();
}

#[test]
fn what_a_book_lost_by_a_plan_that_is_over_counts_after_a_kill() {
    let limits = BookLimits { daily_loss_fraction: Some(0.019), ..BookLimits::default() };
    let config = limited(limits);
    let script = vec![(1, wish("estate", "one", A))];
    let mut world = World::new(config.clone(), TinyBroker::guarded(), script);
    // Stopped out at 80: 2,000 of 100,000.
    world.bar("100 101 99 100").bar("100 101 99 100").bar("90 90 79 80");
    assert_eq!(world.exits(), ["Stop at 80"]);
    let again = |book: &str| vec![(1, wish(book, "two", A))];
    let minute = (Span::from_minutes(1), "80");
    let lines = &world.journal.lines;
    let refused = after_a_kill(&config, lines, again("estate"), minute);
    assert_eq!(refused, [("two".to_owned(), Reason::BookDailyLoss)]);
    assert_eq!(after_a_kill(&config, lines, again("test"), minute), []);
}

#[test]
fn orders_of_a_book_in_the_last_minute_count_for_it_alone_after_a_kill_too() {
    let limits = BookLimits { orders_a_minute: Some(1), ..BookLimits::default() };
    let config = limited(limits);
    let script = vec![(1, wish("estate", "one", A)), (1, wish("test", "two", A))];
    let mut world = World::new(config.clone(), TinyBroker::guarded(), script);
    world.bar("100 101 99 100");
    let lines = &world.journal.lines;
    assert_eq!(refusals(lines), []);
    let next = |book: &str, seconds: i64| {
        let script = vec![(1, wish(book, "three", B))];
        after_a_kill(&config, lines, script, (Span::from_seconds(seconds), "100"))
    };
    assert_eq!(next("estate", 59), [("three".to_owned(), Reason::BookOrderRate)]);
    assert_eq!(next("estate", 60), []);
    assert_eq!(next("test", 59), []);
}
