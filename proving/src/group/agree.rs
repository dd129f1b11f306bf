//! Our orders in a recording of single orders, beside hftbacktest: order by order the same end.
//!
//! Both get the same messages and the same wishes under the same rules (unlimited liquidity, no
//! footprint, each message a whole book). Where an order ends differently, one of two rules in
//! which the two differ must explain it, or the group fails: who stands alone in front of the
//! recorded book has priority here, and while the recorded book is crossed nobody trades here.
//! `sim` has the same test on a made recording.

use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use base::{Seed, Span, Ts};
use market::depth::{
    BookSide, DepthChange, DepthMessage, Fault, Grid, Lots, Orders, Packet, Resting, Ticks,
};
use rand::RngExt as _;
use serde_json::json;
use sim::replay::{
    Clock, DepthFill, DepthRule, Fees, Latency, OwnId, QueueModel, Reject, Replay, Rules, Standing,
    Tape, Terms, Wish,
};

use super::recording;
use crate::Bench;
use crate::line::{Bar, Line};

/// What each side of the way takes; the script has the same.
const LATENCY: Span = Span::from_nanos(10_000_000);
/// Longer on the way than any message is: the times of a snapshot are those of its orders.
const LONGEST_WAY: Span = Span::from_seconds(60);

/// An order that came while the book was not whole.
const NOT_KNOWN: &str = "not known";

/// Order, what it is at the end, the tick and the time it traded at.
type Outcome = (u64, String, i64, i64);
/// Wait, order, side, tick, lots, terms.
type Asked = (i64, u64, &'static str, i64, i64, &'static str);

/// Replays the futures of CME with orders in them.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let name = "agree/orders_that_end_otherwise";
    let recording = match recording::orders(bench) {
        Ok(recording) => recording,
        Err(error) => return Ok(vec![Line::missing(name, format!("{error:#}"), Bar::None)]),
    };
    let python = bench.python.as_ref().context("no environment with the peers")?;
    let (messages, rows) = accepted(&recording.messages);
    let wishes = wishes(&messages, bench.size.pick(3_000, 300));
    let grid = recording.grid;
    let given = json!({
        "tick": grid.tick().to_f64(), "lot": grid.lot().to_f64(), "tape": rows, "orders": wishes,
    });
    let folder = tempfile::tempdir_in(&bench.scratch)?;
    let (to, from) = (folder.path().join("given.json"), folder.path().join("outcomes.json"));
    std::fs::write(&to, serde_json::to_vec(&given)?)?;
    let script = bench.scripts.join("golden_orders.py");
    let done = Command::new(python).arg(script).arg(&to).arg(&from).output()?;
    let told = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "hftbacktest ended with {}: {told}", done.status);
    let theirs: Vec<Outcome> = serde_json::from_slice(&std::fs::read(&from)?)?;
    let (ours, fills) = ours(grid, &messages, &wishes)?;
    let [alike, in_front, crossed] = compare(&messages, (&ours, &fills), &theirs)?;
    let count =
        |what: &str, count: usize| Line::alone(format!("agree/{what}"), count as f64, Bar::None);
    Ok(vec![
        count("orders_filled_alike", alike),
        count("orders_filled_otherwise_for_they_stood_in_front_of_the_book", in_front),
        count("orders_that_end_otherwise_for_the_book_was_crossed", crossed),
        count("orders", ours.len()),
        count("messages", messages.len()),
    ])
}

/// Messages that a book takes, each whole and at times that never fall; and the same as rows for
/// the script.
fn accepted(recorded: &[DepthMessage]) -> (Vec<DepthMessage>, Vec<serde_json::Value>) {
    let (mut book, mut at) = (Orders::new(), Ts::MIN);
    let (mut messages, mut rows) = (Vec::new(), Vec::new());
    for message in recorded {
        let happened = match message.known - message.at > LONGEST_WAY {
            true => message.known,
            false => message.at,
        };
        at = at.max(happened);
        let known = message.known.max(at);
        let message = DepthMessage { at, known, packet: Packet::Last, ..*message };
        let before = match message.change {
            DepthChange::Replace { order, .. }
            | DepthChange::Reduce { order, .. }
            | DepthChange::Delete { order }
            | DepthChange::Execute { order, .. } => book.order(order),
            _ => None,
        };
        let taken = book.apply(&message);
        if matches!(taken, Ok(()) | Err(Fault::Crossed | Fault::Locked))
            && let Some(row) = row(&message, before)
        {
            messages.push(message);
            rows.push(row);
        }
    }
    (messages, rows)
}

/// Kind, order, side, tick and lots as the script has them.
fn row(message: &DepthMessage, before: Option<Resting>) -> Option<serde_json::Value> {
    let letter = |side| if side == BookSide::Bid { "b" } else { "a" };
    let (kind, order, side, price, size) = match message.change {
        DepthChange::Clear => ("c", 0, "", Ticks::ZERO, Lots::ZERO),
        DepthChange::Add { order, side, price, size } => ("a", order.0, letter(side), price, size),
        DepthChange::Replace { order, price, size } => {
            ("m", order.0, letter(before?.side), price, size)
        }
        DepthChange::Delete { order } => {
            ("x", order.0, letter(before?.side), before?.price, Lots::ZERO)
        }
        DepthChange::Reduce { order, by } => {
            let left = before?.size - by;
            let kind = if left == Lots::ZERO { "x" } else { "m" };
            (kind, order.0, letter(before?.side), before?.price, left)
        }
        DepthChange::Execute { order, size } => {
            ("e", order.0, letter(before?.side), before?.price, size)
        }
        DepthChange::Trade { resting: Some(side), price, size } => {
            ("t", 0, letter(side), price, size)
        }
        _ => return None,
    };
    Some(json!([message.at.nanos(), message.known.nanos(), kind, order, side, price.0, size.0]))
}

/// Orders from one tick inside the touch to two behind it, all over the recording, and
/// cancellations of some of them.
fn wishes(messages: &[DepthMessage], count: u64) -> Vec<Asked> {
    let mut rng = Seed::root(29).child("wishes").rng();
    let (Some(first), Some(last)) = (messages.first(), messages.last()) else { return Vec::new() };
    let step = (last.known - first.known).nanos() / (count as i64 + 1);
    let (mut book, mut heard) = (Orders::new(), messages.iter().peekable());
    let (mut asked, mut waiting, mut now) = (Vec::new(), Vec::new(), first.known);
    for number in 1..=count {
        let wait = rng.random_range(step / 2..step * 3 / 2);
        now = now + Span::from_nanos(wait);
        if now >= last.known {
            break;
        }
        while let Some(message) = heard.next_if(|message| message.known <= now) {
            // Faults were left out.
            let _ = book.apply(message);
        }
        if waiting.len() > 8 && rng.random_range(0..10) < 3 {
            let gone = waiting.swap_remove(rng.random_range(0..waiting.len()));
            asked.push((wait, gone, "b", 0, 0, "cancel"));
            continue;
        }
        let (side, name) = [(BookSide::Bid, "b"), (BookSide::Ask, "a")][rng.random_range(0..2)];
        let best = book.best(side).map_or(0, |(price, _)| price.0);
        let price = best - side.sign() * rng.random_range(-1..3);
        let terms = ["limit", "post_only", "post_only", "immediate_or_cancel"];
        let lots = rng.random_range(1..6);
        asked.push((wait, number, name, price, lots, terms[rng.random_range(0..4)]));
        waiting.push(number);
    }
    asked
}

fn ours(
    grid: Grid,
    messages: &[DepthMessage],
    wishes: &[Asked],
) -> Result<(Vec<Outcome>, Vec<DepthFill>)> {
    let tape = Tape::new(grid, messages.to_vec(), Clock::AsRecorded);
    let latency = Latency::Constant { span: LATENCY };
    let rules = Rules::unlimited(latency, Fees::default(), QueueModel::RiskAverse);
    let mut replay: Replay<'_, Orders> = Replay::new(&tape, rules)?;
    for (wait, id, side, tick, lots, terms) in wishes {
        replay.advance(Span::from_nanos(*wait))?;
        let (id, price) = (OwnId(*id), Ticks(*tick));
        let terms = match *terms {
            "limit" => Terms::Limit { price },
            "post_only" => Terms::PostOnly { price },
            "immediate_or_cancel" => Terms::ImmediateOrCancel { price },
            _ => {
                // Refused where it has traded meanwhile.
                let _ = replay.cancel(id);
                continue;
            }
        };
        let side = if *side == "b" { BookSide::Bid } else { BookSide::Ask };
        // Names are counted up, sizes are positive.
        let _ = replay.place(Wish { id, side, size: Lots(*lots), terms });
    }
    replay.advance_to_end()?;
    let outcome = |order: &sim::replay::OwnOrder| {
        let fill = replay.fills().iter().find(|fill| fill.order == order.wish.id);
        let state = match order.standing {
            Standing::Filled => "filled",
            Standing::Working => "working",
            Standing::Rejected(Reject::BookNotKnown) => NOT_KNOWN,
            _ => "done",
        };
        let (tick, at) = fill.map_or((0, 0), |fill| (fill.price.0, fill.at.nanos()));
        (order.wish.id.0, state.to_owned(), tick, at)
    };
    let mut outcomes: Vec<Outcome> = replay.orders().iter().map(outcome).collect();
    outcomes.sort();
    Ok((outcomes, replay.fills().to_vec()))
}

/// Orders filled alike, those that stood in front of the book, and those whose book was crossed;
/// fails on any other difference.
fn compare(
    messages: &[DepthMessage],
    (ours, fills): (&[Outcome], &[DepthFill]),
    theirs: &[Outcome],
) -> Result<[usize; 3]> {
    ensure!(ours.len() == theirs.len(), "{} orders here, {} there", ours.len(), theirs.len());
    let crossed = crossed(messages);
    let is_crossed =
        |at: i64| crossed.iter().any(|(from, to)| (from.nanos()..=to.nanos()).contains(&at));
    let (mut alike, mut in_front, mut not_whole) = (0, 0, 0);
    for (ours, theirs) in ours.iter().zip(theirs) {
        let fill = fills.iter().find(|fill| fill.order.0 == ours.0);
        let later = theirs.1 != "filled" || theirs.3 > ours.3;
        if ours == theirs {
            alike += usize::from(ours.1 == "filled");
        } else if fill.is_some_and(|fill| later && stood_in_front(messages, fill)) {
            in_front += 1;
        } else if ours.1 == NOT_KNOWN || (theirs.1 == "filled" && is_crossed(theirs.3)) {
            not_whole += 1;
        } else {
            bail!("no rule explains {ours:?} here and {theirs:?} there: {fill:?}");
        }
    }
    Ok([alike, in_front, not_whole])
}

/// From when to when the recorded book was crossed.
fn crossed(messages: &[DepthMessage]) -> Vec<(Ts, Ts)> {
    let mut book = Orders::new();
    let (mut spans, mut since) = (Vec::new(), None);
    for message in messages {
        // Faults were left out.
        let _ = book.apply(message);
        let best = [BookSide::Bid, BookSide::Ask].map(|side| book.best(side));
        let is_crossed = matches!(best, [Some(bid), Some(ask)] if bid.0 >= ask.0);
        match (since, is_crossed) {
            (None, true) => since = Some(message.at),
            (Some(from), false) => {
                spans.push((from, message.at));
                since = None;
            }
            _ => {}
        }
    }
    spans.extend(since.map(|from| (from, Ts::MAX)));
    spans
}

/// On a trade hftbacktest looks for our orders from the recorded best price backwards: one that
/// stands alone in front of it waits until the other side comes. Here it has priority.
fn stood_in_front(messages: &[DepthMessage], fill: &DepthFill) -> bool {
    let mut book = Orders::new();
    for message in &messages[..fill.evidence.message as usize] {
        // Faults were left out.
        let _ = book.apply(message);
    }
    let best = book.best(fill.side).map(|(best, _)| best);
    fill.evidence.rule == DepthRule::TradedThrough
        && best == Some(fill.evidence.shown_price)
        && best.is_some_and(|best| fill.side.is_better(fill.price, best))
}
