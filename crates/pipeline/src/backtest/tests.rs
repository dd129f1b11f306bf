//! The portfolio backtest on small synthetic markets.

use base::Ts;
use desk::exit::ExitReason;
use lake::Lake;
use sim::synth::{Edge, SynthConfig};

use super::*;
use crate::lake_history::{LakeHistory, Parts};
use crate::synth::{SynthRequest, fill};
use crate::{Silent, study};

/// A market in a lake of its own.
struct Made {
    _folder: tempfile::TempDir,
    history: LakeHistory,
}

fn market(edge: Edge, seed: u64) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::at(folder.path().join("lake"));
    let config = SynthConfig { symbols: 60, years: 5, edge, seed, ..SynthConfig::default() };
    let (dataset, at) = ("s".to_owned(), Ts::from_seconds(1_700_000_000));
    fill(&lake, &SynthRequest { config, dataset, minutes: None, at }, &Silent).unwrap();
    let history = LakeHistory::open(&lake, &Parts::of("s"), at).unwrap();
    Made { _folder: folder, history }
}

fn signals(market: &Made, confidence: Option<f64>) -> Vec<ScoredSignal> {
    let confidence = confidence.map(|value| Prob::new(value).unwrap());
    let found = study::scan(&market.history, &BreakoutConfig::default(), &Silent).unwrap();
    found.into_iter().map(|candidate| ScoredSignal { candidate, confidence }).collect()
}

fn request(to: Day) -> BacktestRequest {
    BacktestRequest {
        config: BreakoutConfig::default(),
        cash: Cash::from_raw(100_000 * Cash::SCALE),
        days: (Day::MIN, to),
        seed: Seed::root(1),
    }
}

fn all(market: &Made, confidence: Option<f64>) -> Backtest {
    let to = Day::from_ymd(2100, 1, 1).unwrap();
    run(&market.history, &signals(market, confidence), &request(to), &Silent).unwrap()
}

#[test]
fn every_trade_entered_at_an_open_after_its_signal_and_lost_about_an_r_at_its_stop() {
    let found = all(&market(Edge::None, 3), None);
    assert!(found.trades.len() > 20, "{} trades", found.trades.len());
    for trade in &found.trades {
        let signal: Day = trade.closed.intent[..10].parse().unwrap();
        assert!(trade.closed.opened.unwrap().utc_day() > signal, "{}", trade.closed.intent);
        for fill in &trade.fills {
            let evidence = fill.fill.evidence.expect("a fill names its bar");
            assert!(evidence.bar_start.utc_day() > signal, "{}", trade.closed.intent);
        }
    }
    let stopped = found.trades.iter().filter(|t| t.closed.reason == ExitReason::Stop);
    for trade in stopped.filter(|trade| trade.closed.sessions < 3) {
        assert!(trade.gross_r().unwrap() < 0.5, "{trade:?}");
    }
}

#[test]
fn a_low_confidence_trades_nothing_but_fades() {
    let found = all(&market(Edge::None, 3), Some(0.3));
    assert!(found.trades.iter().all(|trade| trade.closed.intent.contains("/fade-")));
    assert!(!found.trades.is_empty(), "no fade at all");
    assert!(found.refused.contains_key("BelowGate"), "{:?}", found.refused);
}

#[test]
fn an_earlier_end_gives_the_same_beginning() {
    let market = market(Edge::None, 5);
    let signals = signals(&market, None);
    let whole =
        run(&market.history, &signals, &request(Day::from_ymd(2100, 1, 1).unwrap()), &Silent)
            .unwrap();
    let end = Day::from_ymd(2019, 1, 2).unwrap();
    let part = run(&market.history, &signals, &request(end), &Silent).unwrap();
    let facts = |found: &Backtest| -> Vec<(String, Cash)> {
        let early = found.trades.iter().filter(|trade| trade.closed.closed.utc_day() < end);
        early.map(|trade| (trade.closed.intent.clone(), trade.net())).collect()
    };
    assert!(facts(&part).len() > 5);
    assert_eq!(facts(&whole), facts(&part));
}

#[test]
fn the_same_run_twice_is_the_same_to_the_cent() {
    let market = market(Edge::Planted { strength: 0.8 }, 5);
    let (first, second) = (all(&market, Some(0.6)), all(&market, Some(0.6)));
    assert_eq!(first.curve, second.curve);
    assert_eq!(first.equity, second.equity);
}
