//! Bars a second of a whole backtest, beside other engines that run the same strategy.
//!
//! Fills are compared first: bar, side, quantity, price to the cent. An engine whose fills differ
//! is an error, and no time of it is shown. Timed is the run, from data in the engine's own form
//! to the last equity, indicators included.

mod fills;
mod ours;
mod sma_cross;
mod tape;

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use market::Event;
use serde::Deserialize;

use crate::Bench;
use crate::clock::best;
use crate::line::{Bar, Line};
use crate::peer::Peer;
use sma_cross::Exits;
use tape::Tape;

/// One tape and the money on it.
pub(crate) struct Case {
    name: &'static str,
    tape: Tape,
    bars: usize,
    quantity: i64,
    cash: i64,
    folder: tempfile::TempDir,
}

/// Another engine.
struct Rival {
    name: &'static str,
    script: &'static str,
    /// Which of the peer's own engines, where it has several.
    engine: Option<&'static str>,
    kind: Kind,
    /// Most bars of one symbol that it is given: the slow ones would take minutes.
    most_bars: usize,
    rounds: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    EventDriven,
    Vectorised,
}

/// What a peer says of a round.
#[derive(Debug, Deserialize)]
struct Said {
    seconds: f64,
    fills: u64,
    equity: f64,
}

const RIVALS: [Rival; 5] = [
    Rival {
        name: "backtesting.py",
        script: "bars_backtesting.py",
        engine: None,
        kind: Kind::EventDriven,
        most_bars: 1_000_000,
        rounds: 3,
    },
    Rival {
        name: "nautilus_trader",
        script: "bars_nautilus.py",
        engine: None,
        kind: Kind::EventDriven,
        most_bars: 200_000,
        rounds: 2,
    },
    Rival {
        name: "backtrader",
        script: "bars_backtrader.py",
        engine: None,
        kind: Kind::EventDriven,
        most_bars: 100_000,
        rounds: 1,
    },
    Rival {
        name: "vectorbt_numba",
        script: "bars_vectorbt.py",
        engine: Some("numba"),
        kind: Kind::Vectorised,
        most_bars: 1_000_000,
        rounds: 5,
    },
    Rival {
        name: "vectorbt_rust",
        script: "bars_vectorbt.py",
        engine: Some("rust"),
        kind: Kind::Vectorised,
        most_bars: 1_000_000,
        rounds: 5,
    },
];

/// One symbol with one-minute bars; one symbol with exit plans; a portfolio with shared cash.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let minutes = bench.size.pick(1_000_000, 20_000);
    let case = Case {
        name: "one_symbol",
        tape: Tape::minutes(minutes)?,
        bars: minutes,
        quantity: 1_000,
        cash: 10_000_000,
        folder: tempfile::tempdir_in(&bench.scratch)?,
    };
    let events = case.tape.events(case.bars);
    let mut lines = alone(&case, &events, 5e6)?;
    lines.extend(planned(&case, &events)?);
    lines.extend(beside(bench, &case, &events)?);
    drop(events);
    let (symbols, days) = bench.size.pick((500, 964), (20, 200));
    let case = Case {
        name: "portfolio",
        tape: Tape::days(symbols, days)?,
        bars: days,
        quantity: 100,
        cash: 100_000_000,
        folder: tempfile::tempdir_in(&bench.scratch)?,
    };
    let events = case.tape.events(case.bars);
    lines.extend(alone(&case, &events, 4e6)?);
    lines.extend(beside(bench, &case, &events)?);
    Ok(lines)
}

/// Our own rate against an absolute bar.
fn alone(case: &Case, events: &[Event], least: f64) -> Result<Vec<Line>> {
    let name = format!("backtest/{}_bars_per_s", case.name);
    Ok(vec![Line::alone(name, rate(case, Exits::Cross, events)?, Bar::AtLeast(least))])
}

/// Our own rate with exit plans and every cost that is on by default.
fn planned(case: &Case, events: &[Event]) -> Result<Vec<Line>> {
    let name = format!("backtest/{}_exit_plans_bars_per_s", case.name);
    let rate = rate(case, Exits::CrossAndPlan, events)?;
    Ok(vec![Line::alone(name, rate, Bar::AtLeast(5e6))])
}

fn rate(case: &Case, exits: Exits, events: &[Event]) -> Result<f64> {
    let seconds: Vec<f64> =
        (0..7).map(|_| Ok(ours::run(case, exits, events)?.seconds)).collect::<Result<_>>()?;
    Ok(events.len() as f64 / best(&seconds))
}

/// Every peer, its rounds in turn with ours on the same bars.
fn beside(bench: &Bench, case: &Case, events: &[Event]) -> Result<Vec<Line>> {
    case.tape.save(case.folder.path())?;
    let mut lines = Vec::new();
    for rival in &RIVALS {
        let bar = match rival.kind {
            Kind::EventDriven => Bar::RatioAtLeast(20.0),
            Kind::Vectorised => Bar::None,
        };
        // An engine for one symbol alone says so when it is started; that is no failure.
        if case.name == "portfolio" && rival.name == "backtesting.py" {
            continue;
        }
        let name = format!("backtest/{}_bars_per_s_vs_{}", case.name, rival.name);
        let bars = case.bars.min(rival.most_bars);
        let events = &events[..bars * case.tape.symbols()];
        lines.push(match start(bench, case, rival, bars) {
            Err(error) => Line::missing(name, format!("can't run: {error}"), bar),
            Ok(first) => {
                let (ours, theirs, who) = duel(case, rival, events, first)
                    .with_context(|| format!("measure beside {}", rival.name))?;
                Line { name, ours: Some(ours), peer: Some(theirs), who, bar }
            }
        });
    }
    Ok(lines)
}

/// A peer and what it said of its first round, which wrote its fills.
fn start(bench: &Bench, case: &Case, rival: &Rival, bars: usize) -> Result<(Peer, Said)> {
    let folder = case.folder.path().display().to_string();
    let numbers = [case.tape.symbols(), bars].map(|number| number.to_string());
    let money = [case.quantity, case.cash].map(|number| number.to_string());
    let mut arguments = vec![folder.as_str(), &numbers[0], &numbers[1], &money[0], &money[1]];
    arguments.extend(rival.engine);
    let mut peer = Peer::start(bench, rival.script, &arguments)?;
    let said = peer.round(&fills_of(case, rival).display().to_string())?;
    Ok((peer, said))
}

fn fills_of(case: &Case, rival: &Rival) -> PathBuf {
    case.folder.path().join(format!("{}.fills", rival.name))
}

/// Bars a second of ours and theirs, once fills and equity have been found the same.
fn duel(
    case: &Case,
    rival: &Rival,
    events: &[Event],
    (mut peer, said): (Peer, Said),
) -> Result<(f64, f64, String)> {
    let our_fills = ours::fills(case, events)?;
    fills::compare(&our_fills, &fills::read(&fills_of(case, rival))?)?;
    let (mut our_seconds, mut their_seconds) = (Vec::new(), vec![said.seconds]);
    for _ in 0..rival.rounds {
        let outcome = ours::run(case, Exits::Cross, events)?;
        our_seconds.push(outcome.seconds);
        // Peers round fees to the cent, or their sums as floats do.
        let apart = (outcome.equity.to_f64() - said.equity).abs();
        let allowed = 0.05 + 0.006 * said.fills as f64;
        let equity = outcome.equity;
        ensure!(apart <= allowed, "equity: ours is {equity}, the peer's {}", said.equity);
        their_seconds.push(peer.round::<Said>("time")?.seconds);
    }
    let rate = |seconds: &[f64]| events.len() as f64 / best(seconds);
    let who = format!("{}, {} equal fills", peer.version(), our_fills.len());
    Ok((rate(&our_seconds), rate(&their_seconds), who))
}
