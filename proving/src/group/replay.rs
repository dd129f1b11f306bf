//! A recorded order book replayed with a market maker in it, beside hftbacktest, as a crate and
//! through its Python package.
//!
//! Both get the same messages and the same strategy with the same rules (unlimited liquidity, no
//! footprint): five post-only orders a side at the touch, renewed every 100 ms, ten milliseconds
//! away. Fills, position and fees must agree before the times are compared.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use base::{Span, Ts};
use market::depth::{BookSide, DepthChange, DepthMessage, Ladder, Lots, Ticks};
use sim::replay::{
    Clock, Course, Fees, Latency, OwnId, QueueModel, Replay, Rules, Standing, Tape, Terms, Weight,
    Wish,
};

use super::recording;
use crate::Bench;
use crate::clock::{best, timed};
use crate::line::{Bar, Line};
use crate::peer::Peer;

const STEP: Span = Span::from_nanos(100_000_000);
const LEVELS: i64 = 5;
const LOTS: i64 = 10;
const MOST: i64 = 50;
const FEES: Fees = Fees { maker_bps: 2.0, taker_bps: 5.0, per_unit: 0.0 };
const SQUARE: QueueModel = QueueModel::Share { weight: Weight::Power { exponent: 2.0 } };

/// What the peer answers: seconds, fills, position in lots, cash, fees.
type Answer = (f64, u64, i64, f64, f64);

/// Replays with and without a strategy.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let recording = match recording::depth(bench) {
        Ok(recording) => recording,
        Err(error) => {
            let name = "replay/events_per_second";
            return Ok(vec![Line::missing(name, format!("{error:#}"), Bar::RatioAtLeast(2.0))]);
        }
    };
    let tiles = bench.size.pick(10, 1);
    // The recorder's clock was behind: nothing is known before it happened.
    let clock = Clock::Shifted { least_delay: Span::ZERO };
    let once = Tape::new(recording.grid, recording.messages, clock);
    let tape = Tape::new(recording.grid, tiled(once.messages(), tiles), Clock::AsRecorded);
    let file = tempfile::NamedTempFile::new_in(&bench.scratch)?;
    export(&tape, file.path())?;
    let (tick, lot) = (tape.grid().tick().to_string(), tape.grid().lot().to_string());
    let path = file.path().display().to_string();
    let arguments = [path.as_str(), &tick, &lot];
    let mut lines = Vec::new();
    let crate_peer = Peer::start_crate(bench, "hftbacktest", &arguments);
    lines.extend(beside(bench, "crate", crate_peer, &tape)?);
    lines.extend(beside(bench, "python", Peer::start(bench, "replay.py", &arguments), &tape)?);
    let events = tape.messages().len() as f64;
    let (seconds, _) = timed(|| careful(&tape));
    lines.push(Line::alone("replay/careful_rules_events_per_second", events / seconds, Bar::None));
    Ok(lines)
}

/// Rounds with one peer.
fn beside(bench: &Bench, how: &str, mut peer: Result<Peer>, tape: &Tape) -> Result<Vec<Line>> {
    let cases = [
        ("feed", None),
        ("risk_averse", Some(QueueModel::RiskAverse)),
        ("share_square", Some(SQUARE)),
    ];
    let events = tape.messages().len() as f64;
    let mut lines = Vec::new();
    for (name, queue) in cases {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..bench.size.pick(7, 2) {
            let (seconds, state) = timed(|| maker(tape, queue));
            ours.push(seconds);
            let state = state?;
            if let Ok(peer) = &mut peer {
                let answer: Answer = peer.round(name)?;
                theirs.push(answer.0);
                agree(name, &state, &answer)?;
            }
        }
        lines.push(Line {
            name: format!("replay/{name}_beside_{how}_events_per_second"),
            ours: Some(events / best(&ours)),
            peer: peer.is_ok().then(|| events / best(&theirs)),
            who: Peer::who(&peer, "hftbacktest"),
            bar: Bar::RatioAtLeast(2.0),
        });
    }
    Ok(lines)
}

/// Fills, position in lots, cash, fees.
type State = (u64, i64, f64, f64);

fn maker(tape: &Tape, queue: Option<QueueModel>) -> Result<State> {
    let rules = Rules::unlimited(latency(), FEES, queue.unwrap_or_default());
    drive(tape, rules, queue.is_some())
}

/// The rules that are the default: what the recording shows, and no more.
fn careful(tape: &Tape) -> Result<State> {
    drive(tape, Rules { queue: SQUARE, ..Rules::careful(latency(), FEES) }, true)
}

fn latency() -> Latency {
    Latency::constant_nanos(10_000_000)
}

fn drive(tape: &Tape, rules: Rules, trades: bool) -> Result<State> {
    let mut replay: Replay<'_, Ladder> = Replay::new(tape, rules)?;
    while replay.advance(STEP)? == Course::Going {
        if trades {
            renew(&mut replay);
        }
    }
    let account = replay.account();
    let (cash, fees) = (account.cash.to_f64(), account.fees.to_f64());
    Ok((account.fills, account.position.0, cash, fees))
}

/// Keeps orders where they are wanted, cancels the others, sends those that are missing.
fn renew(replay: &mut Replay<'_, Ladder>) {
    replay.forget_done();
    let best = |side| replay.book().best(side).map(|level| level.0.0);
    let (Some(best_bid), Some(best_ask)) = (best(BookSide::Bid), best(BookSide::Ask)) else {
        return;
    };
    if best_ask <= best_bid || best_bid <= 0 {
        return;
    }
    let position = replay.account().position.0;
    let middle = (best_bid + best_ask).div_euclid(2);
    let (bid, ask) = (middle.min(best_bid), middle.max(best_ask));
    let bids = if position < MOST { bid - LEVELS + 1..bid + 1 } else { 0..0 };
    let asks = if position > -MOST { ask..ask + LEVELS } else { 0..0 };
    let unwanted: Vec<OwnId> = replay
        .orders()
        .iter()
        .filter(|order| order.standing == Standing::Working && !order.cancelling)
        .filter(|order| {
            let wanted = if order.wish.side == BookSide::Bid { &bids } else { &asks };
            !wanted.contains(&(order.wish.id.0 as i64))
        })
        .map(|order| order.wish.id)
        .collect();
    for id in unwanted {
        // It was there and working a moment ago.
        let _ = replay.cancel(id);
    }
    for (side, prices) in
        [(BookSide::Bid, bids.rev().collect::<Vec<_>>()), (BookSide::Ask, asks.collect())]
    {
        for price in prices {
            let terms = Terms::PostOnly { price: Ticks(price) };
            // Refused where one of that price is there.
            let _ = replay.place(Wish { id: OwnId(price as u64), side, size: Lots(LOTS), terms });
        }
    }
}

fn agree(name: &str, ours: &State, theirs: &Answer) -> Result<()> {
    ensure!(
        name == "feed" || (ours.0 == theirs.1 && ours.1 == theirs.2),
        "{name}: {} fills and {} lots here, {} and {} there",
        ours.0,
        ours.1,
        theirs.1,
        theirs.2,
    );
    // Cash is exact to six decimals here, and a fee is rounded up to the last of them.
    let close = |a: f64, b: f64, off: f64| (a - b).abs() <= 1e-6 * (1.0 + off);
    let off = ours.0 as f64;
    ensure!(
        close(ours.2, theirs.3, ours.2.abs()) && close(ours.3, theirs.4, off),
        "{name}: {ours:?} here, {theirs:?} there"
    );
    Ok(())
}

/// The recording several times end to end, so that fixed costs fade.
fn tiled(messages: &[DepthMessage], tiles: i64) -> Vec<DepthMessage> {
    let ends = messages.iter().map(|message| message.known.max(message.at));
    let starts = messages.iter().map(|message| message.known.min(message.at));
    let (first, last) = (starts.min().unwrap_or(Ts::MIN), ends.max().unwrap_or(Ts::MIN));
    let span = (last - first).nanos() + 1_000_000_000;
    let shifted = |tile: i64| {
        let shift = Span::from_nanos(tile * span);
        let moved = move |message: &DepthMessage| {
            let (at, known) = (message.at + shift, message.known + shift);
            DepthMessage { at, known, ..*message }
        };
        messages.iter().map(moved)
    };
    (0..tiles).flat_map(shifted).collect()
}

/// Rows of hftbacktest's events: flags, venue time, local time, price, size, three of nothing.
fn export(tape: &Tape, path: &Path) -> Result<()> {
    const DEPTH: u64 = 1;
    const TRADE: u64 = 2;
    const CLEAR: u64 = 3;
    const BUY: u64 = 1 << 29;
    const SELL: u64 = 1 << 28;
    let file = std::fs::File::create(path).with_context(|| format!("write {}", path.display()))?;
    let mut out = std::io::BufWriter::new(file);
    let grid = tape.grid();
    for message in tape.messages() {
        let rests = |side| if side == BookSide::Bid { BUY } else { SELL };
        let (event, price, size) = match message.change {
            DepthChange::Level { side, price, size } => (DEPTH | rests(side), price, size),
            DepthChange::Trade { resting: Some(side), price, size } => {
                (TRADE | rests(side.opposite()), price, size)
            }
            DepthChange::Clear => (CLEAR, Ticks(0), Lots(0)),
            _ => continue,
        };
        out.write_all(&event.to_le_bytes())?;
        out.write_all(&message.at.nanos().to_le_bytes())?;
        out.write_all(&message.known.nanos().to_le_bytes())?;
        out.write_all(&grid.price(price).to_f64().to_le_bytes())?;
        out.write_all(&grid.qty(size).to_f64().to_le_bytes())?;
        out.write_all(&[0; 24])?;
    }
    Ok(out.flush()?)
}
