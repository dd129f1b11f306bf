//! A recording replayed with a market maker in it, and what came of it.

use std::collections::BTreeMap;

use base::bootstrap::{Interval, Plan, mean_interval};
use base::{Seed, Span, Ts};
use market::Cash;
use market::depth::{BookSide, Fault, Grid, Ticks};
use serde::Serialize;
use sim::replay::{Contract, DepthFill, DepthRule, RecordedBook, Replay, Role, Rules, Tape};

use super::maker::Maker;
use crate::Error;

/// How long after a fill the market is looked at again.
const MARK_OUTS: [Span; 3] =
    [Span::from_seconds(1), Span::from_seconds(10), Span::from_seconds(60)];

/// Length of the stretches that profit is counted in, for its interval.
const STRETCH: Span = Span::from_seconds(30);

/// The account at a time, marked at what it could be closed at.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mark {
    /// When.
    pub at: Ts,
    /// Lots held.
    pub position: i64,
    /// Cash after fees and the position at the price that would close it.
    pub equity: Cash,
    /// Middle of the book: a price.
    pub middle: f64,
}

/// What the market did after fills, for us.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MarkOut {
    /// How long after.
    pub after: Span,
    /// Mean move of the middle from the fill's price in our favour, in ticks.
    pub ticks: Interval,
    /// Fills that were looked at.
    pub fills: u64,
}

/// What came of a replay.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// What was assumed.
    pub rules: Rules,
    /// How it quoted.
    pub maker: Maker,
    /// Time from first to last message.
    pub seconds: f64,
    /// Messages of the recording.
    pub messages: u64,
    /// Fills by what they rest on.
    pub fills_by_rule: BTreeMap<DepthRule, u64>,
    /// Fills that rested.
    pub maker_fills: u64,
    /// All fills.
    pub fills: u64,
    /// Lots traded.
    pub volume: i64,
    /// Fees paid; negative: rebates.
    pub fees: Cash,
    /// Cash after fees and the position at what it could be closed at.
    pub profit: Cash,
    /// Mean profit of a stretch of thirty seconds.
    pub profit_a_stretch: Interval,
    /// Stretches.
    pub stretches: u64,
    /// Lots held at the end.
    pub position: i64,
    /// What the market did after fills.
    pub mark_outs: Vec<MarkOut>,
    /// What was wrong with the recording.
    pub faults: BTreeMap<Fault, u64>,
    /// The account over time.
    pub course: Vec<Mark>,
}

/// Replays a tape with a maker in it.
pub fn replay<B: RecordedBook>(tape: &Tape, rules: Rules, maker: Maker) -> Result<Outcome, Error> {
    let mut replay: Replay<'_, B> = Replay::new(tape, rules.clone()).map_err(Error::ReplayDepth)?;
    let mut course: Vec<Mark> = Vec::new();
    let contract = rules.contract;
    let watch = |replay: &Replay<'_, B>| course.extend(mark(replay, tape.grid(), contract));
    maker.quote(&mut replay, watch).map_err(Error::ReplayDepth)?;
    let account = *replay.account();
    let fills = replay.fills();
    let mut fills_by_rule = BTreeMap::new();
    for fill in fills {
        *fills_by_rule.entry(fill.evidence.rule).or_insert(0) += 1;
    }
    let changes = stretches(&course);
    let seconds = match (tape.start(), tape.end()) {
        (Some(start), Some(end)) => (end - start).seconds(),
        _ => 0.0,
    };
    let profit = course.last().map_or(Cash::ZERO, |mark| mark.equity);
    Ok(Outcome {
        seconds,
        messages: tape.messages().len() as u64,
        fills_by_rule,
        maker_fills: fills.iter().filter(|fill| fill.role == Role::Maker).count() as u64,
        fills: account.fills,
        volume: account.volume.0,
        fees: account.fees,
        profit,
        profit_a_stretch: mean_interval(&changes, plan()),
        stretches: changes.len() as u64,
        position: account.position.0,
        mark_outs: MARK_OUTS.map(|after| mark_out(fills, &course, after, tape.grid())).to_vec(),
        faults: replay.faults().iter().map(|(fault, seen)| (fault, seen.times)).collect(),
        rules,
        maker,
        course,
    })
}

fn plan() -> Plan {
    Plan::blocks(Seed::root(7).child("replay"), 4.0)
}

/// The account now; `None` where a side of the book is empty, or its price gives the contract no
/// value.
fn mark<B: RecordedBook>(replay: &Replay<'_, B>, grid: &Grid, contract: Contract) -> Option<Mark> {
    let bid = replay.book().best(BookSide::Bid)?.0;
    let ask = replay.book().best(BookSide::Ask)?.0;
    let account = replay.account();
    let close = if account.position.0 >= 0 { bid } else { ask };
    let price = |ticks: Ticks| grid.price(ticks).to_f64();
    Some(Mark {
        at: replay.now(),
        position: account.position.0,
        equity: account.equity(grid, contract, close).ok()?,
        middle: (price(bid) + price(ask)) / 2.0,
    })
}

/// Profit of each whole stretch.
fn stretches(course: &[Mark]) -> Vec<f64> {
    let mut profits = Vec::new();
    let Some(mut from) = course.first() else {
        return profits;
    };
    for mark in course {
        if mark.at - from.at >= STRETCH {
            profits.push((mark.equity - from.equity).to_f64());
            from = mark;
        }
    }
    profits
}

fn mark_out(fills: &[DepthFill], course: &[Mark], after: Span, grid: &Grid) -> MarkOut {
    let tick = grid.tick().to_f64();
    let moved = |fill: &DepthFill| {
        let later = course.partition_point(|mark| mark.at < fill.at + after);
        let middle = course.get(later)?.middle;
        let gained = (middle - grid.price(fill.price).to_f64()) / tick;
        Some(gained * fill.side.sign() as f64)
    };
    let moves: Vec<f64> = fills.iter().filter_map(moved).collect();
    let blocks = Plan::blocks(Seed::root(7).child("mark-outs"), 10.0);
    MarkOut { after, ticks: mean_interval(&moves, blocks), fills: moves.len() as u64 }
}
