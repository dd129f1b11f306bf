//! Order books: nanoseconds a message, by level and by order, on recordings and on made flows.
//!
//! Messages are timed two hundred at a time, the look at the best price included; the figure is
//! the median of these batches, and beside it stands the 99th percentile.

use std::hint::black_box;
use std::time::Instant;

use anyhow::Result;
use base::{Seed, Ts};
use market::depth::{
    BookSide, DepthChange, DepthMessage, Fault, Ladder, Lots, OrderKey, Orders, Packet, Ticks,
};
use rand::RngExt as _;

use super::recording;
use crate::Bench;
use crate::line::{Bar, Line};

const BATCH: usize = 200;
/// Orders that rest while the book by order is measured.
const RESTING: usize = 100_000;

/// Both kinds of book.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let count = bench.size.pick(2_000_000, 300_000);
    let mut lines = Vec::new();
    let spread_out = moving_levels(count, 1_000);
    lines.extend(ladder("levels_within_1000_ticks", &spread_out));
    lines.extend(ladder("levels_within_20000_ticks", &moving_levels(count, 20_000)));
    lines.extend(orders("orders_100000_resting", &random_orders(count)));
    match recording::depth(bench) {
        Ok(recorded) => lines.extend(ladder("levels_recorded", &recorded.messages)),
        Err(error) => lines.push(missing("levels_recorded", &error)),
    }
    match recording::orders(bench) {
        Ok(recorded) => lines.extend(orders("orders_recorded", &recorded.messages)),
        Err(error) => lines.push(missing("orders_recorded", &error)),
    }
    Ok(lines)
}

fn missing(name: &str, error: &anyhow::Error) -> Line {
    Line::missing(format!("books/{name}_ns_per_message"), format!("{error:#}"), Bar::None)
}

fn ladder(name: &str, messages: &[DepthMessage]) -> [Line; 2] {
    let mut book = Ladder::new();
    let batches = batches(messages, |message| {
        let said = book.apply(message);
        black_box(book.best(BookSide::Bid));
        said
    });
    figures(name, batches, 60.0)
}

fn orders(name: &str, messages: &[DepthMessage]) -> [Line; 2] {
    let mut book = Orders::new();
    let batches = batches(messages, |message| {
        let said = book.apply(message);
        black_box(book.best(BookSide::Bid));
        said
    });
    figures(name, batches, 120.0)
}

/// Nanoseconds a message of each batch, the first quarter left out.
fn batches(
    messages: &[DepthMessage],
    mut apply: impl FnMut(&DepthMessage) -> Result<(), Fault>,
) -> Vec<f64> {
    let mut took = Vec::new();
    for batch in messages.chunks(BATCH) {
        let begun = Instant::now();
        for message in batch {
            // A recording may hold faults: what is measured is how fast they are found too.
            let _ = black_box(apply(message));
        }
        took.push(begun.elapsed().as_nanos() as f64 / batch.len() as f64);
    }
    took.split_off(took.len() / 4)
}

fn figures(name: &str, mut batches: Vec<f64>, most: f64) -> [Line; 2] {
    batches.sort_by(f64::total_cmp);
    let at = |share: f64| batches[(batches.len() as f64 * share) as usize];
    [
        Line::alone(format!("books/{name}_ns_per_message"), at(0.5), Bar::AtMost(most)),
        Line::alone(format!("books/{name}_ns_per_message_p99"), at(0.99), Bar::None),
    ]
}

fn message(change: DepthChange) -> DepthMessage {
    DepthMessage { at: Ts::MIN, known: Ts::MIN, change, packet: Packet::Last }
}

/// Levels about a middle that wanders, three in four of them near it.
fn moving_levels(count: usize, reach: i64) -> Vec<DepthMessage> {
    let mut rng = Seed::root(7).child("levels").rng();
    let mut middle = 100_000i64;
    let mut make = |number: usize| {
        if number.is_multiple_of(50) {
            middle += rng.random_range(-1..=1);
        }
        let side = if rng.random() { BookSide::Bid } else { BookSide::Ask };
        let mut away = rng.random_range(1..=reach);
        if rng.random_range(0..4) > 0 {
            away = 1 + away * rng.random_range(0..reach) / reach;
        }
        let price = Ticks(middle - side.sign() * away);
        let size = if rng.random_range(0..3) == 0 { 0 } else { rng.random_range(1..1_000) };
        message(DepthChange::Level { side, price, size: Lots(size) })
    };
    (0..count).map(&mut make).collect()
}

/// Orders that come, change and go, with [`RESTING`] of them there once that many have come.
fn random_orders(count: usize) -> Vec<DepthMessage> {
    let mut rng = Seed::root(7).child("orders").rng();
    let mut living: Vec<(u64, i64, BookSide)> = Vec::new();
    let mut next = 1_000_000u64;
    let mut make = |_| {
        let kind = rng.random_range(0..100);
        let price = |side: BookSide, away: i64| Ticks(50_000 - side.sign() * away);
        let (away, at) = (rng.random_range(1..=1_000), rng.random_range(0..living.len().max(1)));
        if living.len() < RESTING || kind < 45 {
            next += rng.random_range(1..6);
            let side = if rng.random() { BookSide::Bid } else { BookSide::Ask };
            let size = rng.random_range(2..100);
            living.push((next, size, side));
            let (order, price, size) = (OrderKey(next), price(side, away), Lots(size));
            return message(DepthChange::Add { order, side, price, size });
        }
        let (key, size, side) = living[at];
        let order = OrderKey(key);
        if kind < 90 || size < 2 {
            living.swap_remove(at);
            return message(DepthChange::Delete { order });
        }
        if kind < 95 {
            living[at].1 -= 1;
            return message(DepthChange::Reduce { order, by: Lots(1) });
        }
        message(DepthChange::Replace { order, price: price(side, away), size: Lots(size) })
    };
    // So many to fill the book, and then as many as are measured.
    (0..count + RESTING).map(&mut make).collect()
}
