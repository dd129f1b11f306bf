//! Seeded bars in whole cents, the same for every engine.
//!
//! Each bar opens where the one before it closed, so an engine that fills at the close of the
//! deciding bar and one that fills at the next open pay the same price, and their fills can be
//! held against each other.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use base::{Day, Seed, Span, Ts};
use market::{Bar, BarSize, Calendar, Event, Instrument, InstrumentId, Price, Universe, What};
use rand::RngExt as _;

use crate::columns;

/// Bars of some symbols at common times.
pub(super) struct Tape {
    symbols: usize,
    size: BarSize,
    starts: Vec<Ts>,
    ends: Vec<Ts>,
    /// Symbol after symbol.
    bars: Vec<Bar>,
}

impl Tape {
    /// One-minute bars of one symbol through the sessions of New York.
    pub(super) fn minutes(count: usize) -> Result<Tape> {
        let mut times = Vec::with_capacity(count);
        let minute = Span::from_minutes(1);
        'sessions: for session in sessions()? {
            let mut start = session.open;
            while start < session.close {
                times.push((start, start + minute));
                if times.len() == count {
                    break 'sessions;
                }
                start = start + minute;
            }
        }
        ensure!(times.len() == count, "the calendar holds {} minutes, not {count}", times.len());
        Ok(Tape::new(1, BarSize::Minutes(1), &times))
    }

    /// Daily bars of some symbols.
    pub(super) fn days(symbols: usize, count: usize) -> Result<Tape> {
        let times: Vec<_> =
            sessions()?.iter().take(count).map(|session| (session.open, session.close)).collect();
        ensure!(times.len() == count, "the calendar holds {} sessions, not {count}", times.len());
        Ok(Tape::new(symbols, BarSize::Daily, &times))
    }

    fn new(symbols: usize, size: BarSize, times: &[(Ts, Ts)]) -> Tape {
        let seed = Seed::root(7).child("backtest");
        let bars =
            (0..symbols).flat_map(|symbol| path(seed, symbol, (size, times.len()))).collect();
        let (starts, ends) = times.iter().copied().unzip();
        Tape { symbols, size, starts, ends, bars }
    }

    /// Symbols.
    pub(super) fn symbols(&self) -> usize {
        self.symbols
    }

    /// Place of the bar that began then.
    pub(super) fn bar_at(&self, start: Ts) -> Option<usize> {
        self.starts.binary_search(&start).ok()
    }

    /// The universe of its symbols.
    pub(super) fn universe(&self) -> Result<Universe> {
        let instrument = |n| Instrument { symbol: format!("S{n:04}"), ..Instrument::default() };
        Ok(Universe::new((0..self.symbols).map(instrument).collect())?)
    }

    /// The events of the first bars of each symbol, in the order in which they are known.
    pub(super) fn events(&self, bars: usize) -> Vec<Event> {
        let event = |bar: usize, symbol: usize| Event {
            at: self.ends[bar],
            known: self.ends[bar],
            what: What::Bar {
                instrument: InstrumentId(symbol as u32),
                size: self.size,
                start: self.starts[bar],
                bar: self.bars[symbol * self.starts.len() + bar],
            },
        };
        (0..bars).flat_map(|bar| (0..self.symbols).map(move |symbol| event(bar, symbol))).collect()
    }

    /// Writes the columns and the closing times for the peers.
    pub(super) fn save(&self, folder: &Path) -> Result<()> {
        let column: [(&str, fn(&Bar) -> f64); 5] = [
            ("open", |bar| bar.open.to_f64()),
            ("high", |bar| bar.high.to_f64()),
            ("low", |bar| bar.low.to_f64()),
            ("close", |bar| bar.close.to_f64()),
            ("volume", |bar| bar.volume as f64),
        ];
        for (name, pick) in column {
            let path = folder.join(format!("{name}.f64"));
            columns::write_f64(&path, self.bars.iter().map(pick))?;
        }
        columns::write_i64(&folder.join("time.i64"), self.ends.iter().map(|end| end.nanos()))
    }
}

fn sessions() -> Result<&'static [market::Session]> {
    let from = Day::from_ymd(2008, 1, 2).context("name the first day")?;
    let to = Day::from_ymd(2025, 12, 31).context("name the last day")?;
    Ok(Calendar::of("XNYS")?.between(from, to))
}

/// A random walk that begins between $20 and $200.
fn path(seed: Seed, symbol: usize, (size, count): (BarSize, usize)) -> Vec<Bar> {
    let mut rng = seed.index(symbol as u64).rng();
    let deviation = if size == BarSize::Daily { 0.015 } else { 5e-4 };
    let mut last = (20.0 + 180.0 * rng.random::<f64>()).round();
    let cents = |value: f64| Price::from_raw((value * 100.0).round() as i64 * (Price::SCALE / 100));
    let mut bar = || {
        // Irwin–Hall: twelve uniforms less six have nearly a normal law of variance one.
        let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
        let open = last;
        let close = (open * (deviation * normal()).exp()).clamp(5.0, 5_000.0);
        let close = (close * 100.0).round() / 100.0;
        let high = open.max(close) * (1.0 + 0.5 * deviation * normal().abs());
        let low = open.min(close) * (1.0 - 0.5 * deviation * normal().abs());
        last = close;
        let [open, high, low, close] = [open, high, low, close].map(cents);
        Bar { open, high, low, close, volume: 100_000 + rng.random_range(0..900_000) }
    };
    (0..count).map(|_| bar()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bar_opens_where_the_last_one_closed_and_is_sound() {
        let tape = Tape::days(2, 100).unwrap();
        for symbol in tape.bars.chunks(100) {
            assert!(symbol.windows(2).all(|pair| pair[0].close == pair[1].open));
            assert!(symbol.iter().all(|bar| bar.check().is_ok()));
        }
    }

    #[test]
    fn minutes_lie_inside_sessions_and_ascend() {
        let tape = Tape::minutes(1_000).unwrap();
        assert!(tape.starts.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(tape.ends.iter().zip(&tape.starts[1..]).all(|(end, next)| end <= next));
    }

    #[test]
    fn events_are_ordered_by_when_they_are_known() {
        let events = Tape::days(3, 10).unwrap().events(4);
        assert_eq!(events.len(), 12);
        assert!(events.windows(2).all(|pair| pair[0].known <= pair[1].known));
    }
}
