//! The same orders on the same recording of single orders as hftbacktest with its queue of single
//! orders: each fills at the same price and time, or not at all, but for one stated rule
//! (`proving/peers/golden_orders.py`).

use base::{Span, Ts};
use market::depth::{
    BookSide, DepthChange, DepthMessage, Grid, Lots, OrderKey, Orders, Packet, Ticks,
};
use serde::Deserialize;
use sim::replay::{
    Clock, Course, DepthFill, DepthRule, Fees, Latency, OwnId, QueueModel, Replay, Rules, Standing,
    Tape, Terms, Wish,
};

/// Time at the venue, time of receipt, kind, order, side, tick, lots.
type Row = (i64, i64, String, u64, String, i64, i64);
/// Order, what it is at the end, the tick and the time it traded at.
type Outcome = (u64, String, i64, i64);

#[derive(Deserialize)]
struct Golden {
    tape: Vec<Row>,
    orders: Vec<(i64, u64, String, i64, i64, String)>,
    outcomes: Vec<Outcome>,
}

fn side(name: &str) -> BookSide {
    if name == "b" { BookSide::Bid } else { BookSide::Ask }
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

/// What became of each order, and all fills.
fn ours(golden: &Golden, tape: &Tape) -> (Vec<Outcome>, Vec<DepthFill>) {
    let latency = Latency::constant_nanos(10_000_000);
    let rules = Rules::unlimited(latency, Fees::default(), QueueModel::RiskAverse);
    let mut replay: Replay<'_, Orders> = Replay::new(tape, rules).unwrap();
    for (wait, id, on, tick, lots, terms) in &golden.orders {
        replay.advance(Span::from_nanos(*wait)).unwrap();
        let (id, price) = (OwnId(*id), Ticks(*tick));
        let terms = match terms.as_str() {
            "limit" => Terms::Limit { price },
            "post_only" => Terms::PostOnly { price },
            "immediate_or_cancel" => Terms::ImmediateOrCancel { price },
            _ => {
                // Refused where it has traded meanwhile.
                let _ = replay.cancel(id);
                continue;
            }
        };
        replay.place(Wish { id, side: side(on), size: Lots(*lots), terms }).unwrap();
    }
    assert_eq!(replay.advance_to_end().unwrap(), Course::Ended);
    assert_eq!(replay.faults().total(), 0);
    let outcome = |order: &sim::replay::OwnOrder| {
        let fill = replay.fills().iter().find(|fill| fill.order == order.wish.id);
        let state = match order.standing {
            Standing::Filled => "filled",
            Standing::Working => "working",
            _ => "done",
        };
        let (tick, at) = fill.map_or((0, 0), |fill| (fill.price.0, fill.at.nanos()));
        (order.wish.id.0, state.to_owned(), tick, at)
    };
    let mut outcomes: Vec<Outcome> = replay.orders().iter().map(outcome).collect();
    outcomes.sort();
    (outcomes, replay.fills().to_vec())
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
    let (ours, fills) = ours(&golden, &tape);
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
