//! The same orders on the same recording as hftbacktest: every order fills at the same price and
//! time, or not at all (`proving/peers/golden_replay.py`).

use std::collections::BTreeMap;

use base::Ts;
use market::depth::{DepthChange, DepthMessage, Grid, Ladder, Lots, Packet, Ticks};
use serde::Deserialize;
use sim::replay::{Clock, QueueModel, Tape, Weight};

use crate::script::{self, Asked, Outcome, side};

const MS: i64 = 1_000_000;

#[derive(Deserialize)]
struct Golden {
    start: i64,
    tape: Vec<(i64, i64, String, i64, i64)>,
    orders: Vec<Asked>,
    outcomes: BTreeMap<String, Vec<Outcome>>,
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

fn check(name: &str, queue: QueueModel) {
    let golden: Golden = serde_json::from_str(include_str!("../golden/replay.json")).unwrap();
    let mut orders = golden.orders.clone();
    orders.iter_mut().for_each(|order| order.0 *= MS);
    let (ours, _) = script::run::<Ladder>(&tape(&golden), &orders, queue);
    let theirs = &golden.outcomes[name];
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
