//! The same orders on the same recording of single orders as hftbacktest with its queue of single
//! orders: each fills at the same price and time, or not at all, but for one stated rule
//! (`proving/peers/golden_orders.py`).

use base::Ts;
use market::depth::{DepthChange, DepthMessage, Grid, Lots, OrderKey, Orders, Packet, Ticks};
use serde::Deserialize;
use sim::replay::{Clock, DepthFill, DepthRule, QueueModel, Tape};

use crate::script::{self, Asked, Outcome, side};

/// Time at the venue, time of receipt, kind, order, side, tick, lots.
type Row = (i64, i64, String, u64, String, i64, i64);

#[derive(Deserialize)]
struct Golden {
    tape: Vec<Row>,
    orders: Vec<Asked>,
    outcomes: Vec<Outcome>,
}

fn message((at, known, kind, order, on, tick, lots): &Row) -> DepthMessage {
    let (order, side, price, size) = (OrderKey(*order), side(on), Ticks(*tick), Lots(*lots));
    let change = match kind.as_str() {
        "a" => DepthChange::Add { order, side, price, size },
        "m" => DepthChange::Replace { order, price, size },
        "x" => DepthChange::Delete { order },
        "e" => DepthChange::Execute { order, size },
        "t" => DepthChange::Trade { resting: Some(side), price, size },
        other => panic!("no such kind: {other}"),
    };
    let (at, known) = (Ts::from_nanos(*at), Ts::from_nanos(*known));
    DepthMessage { at, known, change, packet: Packet::Last }
}

fn tape(golden: &Golden) -> Tape {
    let grid = Grid::new("0.5".parse().unwrap(), "0.01".parse().unwrap()).unwrap();
    Tape::new(grid, golden.tape.iter().map(message).collect(), Clock::AsRecorded)
}

/// On a trade hftbacktest 2.4 looks for our orders from the recorded best price backwards: one
/// that stands alone in front of it waits until the other side comes. Here it has priority over the
/// order that traded, and trades in its place.
fn stood_in_front(golden: &Golden, fill: &DepthFill) -> bool {
    let mut book = Orders::new();
    for row in &golden.tape[..fill.evidence.message as usize] {
        book.apply(&message(row)).unwrap();
    }
    let best = book.best(fill.side).map(|(best, _)| best);
    fill.evidence.rule == DepthRule::TradedThrough
        && best == Some(fill.evidence.shown_price)
        && best.is_some_and(|best| fill.side.is_better(fill.price, best))
}

#[test]
fn fills_in_exact_queues_are_those_of_hftbacktest_or_stood_in_front_of_the_book() {
    let golden: Golden = serde_json::from_str(include_str!("../golden/orders.json")).unwrap();
    let tape = tape(&golden);
    let (ours, fills) = script::run::<Orders>(&tape, &golden.orders, QueueModel::RiskAverse);
    assert_eq!(ours.len(), golden.outcomes.len());
    let (mut alike, mut in_front) = (0, 0);
    for (ours, theirs) in ours.iter().zip(&golden.outcomes) {
        if ours == theirs {
            alike += u32::from(ours.1 == "filled");
            continue;
        }
        let fill = fills.iter().find(|fill| fill.order.0 == ours.0);
        let later = theirs.1 != "filled" || theirs.3 > ours.3;
        let explained = fill.is_some_and(|fill| later && stood_in_front(&golden, fill));
        assert!(explained, "order, state, tick, time: {ours:?} here, {theirs:?} there, {fill:?}");
        in_front += 1;
    }
    // As many as there were when the file was made; none else differs.
    assert_eq!((alike, in_front), (ALIKE, IN_FRONT));
}

/// Orders filled alike, and those in front of the book that only fill here, or earlier.
const ALIKE: u32 = 97;
const IN_FRONT: u32 = 18;
