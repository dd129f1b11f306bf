//! The same orders on the same recording as hftbacktest: every order fills at the same price and
//! time, or not at all (`proving/peers/golden_replay.py`).

use std::collections::BTreeMap;

use base::{Span, Ts};
use market::depth::{BookSide, DepthChange, DepthMessage, Grid, Ladder, Lots, Packet, Ticks};
use serde::Deserialize;
use sim::replay::{
    Clock, Course, Fees, Latency, OwnId, QueueModel, Replay, Rules, Standing, Tape, Terms, Weight,
    Wish,
};

const MS: i64 = 1_000_000;

#[derive(Deserialize)]
struct Golden {
    start: i64,
    tape: Vec<(i64, i64, String, i64, i64)>,
    orders: Vec<(i64, u64, String, i64, i64, String)>,
    outcomes: BTreeMap<String, Vec<(u64, String, i64, i64)>>,
}

fn side(name: &str) -> BookSide {
    match name.ends_with('b') || name == "bid" {
        true => BookSide::Bid,
        false => BookSide::Ask,
    }
}

fn tape(golden: &Golden) -> Tape {
    let message = |(at, known, kind, tick, lots): &(i64, i64, String, i64, i64)| {
        let (side, price, size) = (side(kind), Ticks(*tick), Lots(*lots));
        let change = match kind.starts_with('l') {
            true => DepthChange::Level { side, price, size },
            false => DepthChange::Trade { resting: Some(side), price, size },
        };
        let time = |ms: i64| Ts::from_nanos(golden.start + ms * MS);
        DepthMessage { at: time(*at), known: time(*known), change, packet: Packet::Last }
    };
    let grid = Grid::new("0.5".parse().unwrap(), "0.01".parse().unwrap()).unwrap();
    Tape::new(grid, golden.tape.iter().map(message).collect(), Clock::AsRecorded)
}

/// Final state of every order by name: what it is, the tick and the time it traded at.
fn ours(golden: &Golden, queue: QueueModel) -> Vec<(u64, String, i64, i64)> {
    let tape = tape(golden);
    let latency = Latency::constant_nanos(10 * MS);
    let rules = Rules::unlimited(latency, Fees::default(), queue);
    let mut replay: Replay<'_, Ladder> = Replay::new(&tape, rules).unwrap();
    for (wait, id, bid, tick, lots, terms) in &golden.orders {
        replay.advance(Span::from_nanos(wait * MS)).unwrap();
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
        replay.place(Wish { id, side: side(bid), size: Lots(*lots), terms }).unwrap();
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
    let mut outcomes: Vec<_> = replay.orders().iter().map(outcome).collect();
    outcomes.sort();
    outcomes
}

fn check(name: &str, queue: QueueModel) {
    let golden: Golden = serde_json::from_str(include_str!("../golden/replay.json")).unwrap();
    let (theirs, ours) = (&golden.outcomes[name], ours(&golden, queue));
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert_eq!(ours, theirs, "{name}: order, state, tick, time");
    }
}

const fn power(exponent: f64) -> Weight {
    Weight::Power { exponent }
}

#[test]
fn risk_averse_fills_are_those_of_hftbacktest() {
    check("risk_averse", QueueModel::RiskAverse);
}

#[test]
fn fills_by_share_of_squares_are_those_of_hftbacktest() {
    check("share_square", QueueModel::Share { weight: power(2.0) });
}

#[test]
fn fills_by_share_of_all_are_those_of_hftbacktest() {
    check("share_of_all_cube", QueueModel::ShareOfAll { weight: power(3.0) });
}

#[test]
fn fills_by_one_minus_are_those_of_hftbacktest() {
    check("one_minus_square", QueueModel::OneMinus { weight: power(2.0) });
}

#[test]
fn fills_by_logarithm_are_those_of_hftbacktest() {
    check("share_logarithm", QueueModel::Share { weight: Weight::Logarithm { lot: 0.01 } });
}
