//! Streaming indicators beside the C functions of TA-Lib, over one long series.

use std::hint::black_box;
use std::path::Path;

use ::features::indicator::{Atr, Bollinger, Macd, OverCandles as _, OverPrices as _, Rsi};
use anyhow::{Result, ensure};
use base::Seed;
use market::Candle;
use rand::RngExt as _;

use crate::clock::{best, timed};
use crate::line::{Bar, Line};
use crate::peer::Peer;
use crate::{Bench, columns};

/// Sums may differ by so much: the order of additions is not the same.
const TOLERANCE: f64 = 1e-9;

/// Where outputs go, one column a line of the indicator: memory that is there before the run.
type Columns = [Vec<f64>; 3];

struct Series {
    highs: Vec<f64>,
    lows: Vec<f64>,
    closes: Vec<f64>,
}

/// Ours and the peer's, indicator by indicator.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let series = series(bench.size.pick(1_000_000, 50_000));
    let folder = tempfile::tempdir_in(&bench.scratch)?;
    save(folder.path(), &series)?;
    let argument = folder.path().display().to_string();
    let mut peer = Peer::start(bench, "indicators.py", &[&argument]);
    let rounds = bench.size.pick(25, 5);
    let mut columns = [(); 3].map(|()| vec![f64::NAN; series.closes.len()]);
    let all: [(&str, fn(&Series, &mut Columns)); 4] =
        [("rsi_14", rsi), ("macd", macd), ("bollinger_20", bollinger), ("atr_14", atr)];
    let mut lines = Vec::new();
    for (name, ours) in all {
        let (mut our_seconds, mut peer_seconds) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let (seconds, ()) = timed(|| ours(black_box(&series), &mut columns));
            our_seconds.push(seconds);
            if let Ok(peer) = &mut peer {
                let (seconds, sums): (f64, Vec<f64>) = peer.round(name)?;
                check(name, &columns, &sums)?;
                peer_seconds.push(seconds);
            }
        }
        let per_bar = 1e9 / series.closes.len() as f64;
        lines.push(Line {
            name: format!("indicators/{name}_ns_per_bar"),
            ours: Some(best(&our_seconds) * per_bar),
            peer: peer.is_ok().then(|| best(&peer_seconds) * per_bar),
            who: Peer::who(&peer, "TA-Lib"),
            bar: Bar::RatioAtMost(1.5),
        });
    }
    Ok(lines)
}

/// Both sides must have computed the same thing before their times mean anything.
fn check(name: &str, columns: &Columns, sums: &[f64]) -> Result<()> {
    for (number, (column, &theirs)) in columns.iter().zip(sums).enumerate() {
        let sum: f64 = column.iter().filter(|value| !value.is_nan()).sum();
        let size: f64 =
            column.iter().filter(|value| !value.is_nan()).map(|value| value.abs()).sum();
        ensure!(
            (sum - theirs).abs() <= TOLERANCE * size,
            "{name}, output {number}: our values sum to {sum}, the peer's to {theirs}"
        );
    }
    Ok(())
}

fn rsi(series: &Series, [column, _, _]: &mut Columns) {
    let mut indicator = Rsi::new(black_box(14));
    for (place, &close) in column.iter_mut().zip(&series.closes) {
        *place = indicator.next(close).unwrap_or(f64::NAN);
    }
}

fn macd(series: &Series, [line, signal, histogram]: &mut Columns) {
    let mut indicator = Macd::new(black_box(12), 26, 9);
    let places = line.iter_mut().zip(signal).zip(histogram);
    for (((line, signal), histogram), &close) in places.zip(&series.closes) {
        (*line, *signal, *histogram) = match indicator.next(close) {
            Some(lines) => (lines.macd, lines.signal, lines.histogram),
            None => (f64::NAN, f64::NAN, f64::NAN),
        };
    }
}

fn bollinger(series: &Series, [upper, middle, lower]: &mut Columns) {
    let mut indicator = Bollinger::new(black_box(20), 2.0);
    let places = upper.iter_mut().zip(middle).zip(lower);
    for (((upper, middle), lower), &close) in places.zip(&series.closes) {
        (*upper, *middle, *lower) = match indicator.next(close) {
            Some(bands) => (bands.upper, bands.middle, bands.lower),
            None => (f64::NAN, f64::NAN, f64::NAN),
        };
    }
}

fn atr(series: &Series, [column, _, _]: &mut Columns) {
    let mut indicator = Atr::new(black_box(14));
    let bars = series.highs.iter().zip(&series.lows).zip(&series.closes);
    for (place, ((&high, &low), &close)) in column.iter_mut().zip(bars) {
        let candle = Candle { high, low, close, ..Candle::default() };
        *place = indicator.next(&candle).unwrap_or(f64::NAN);
    }
}

fn series(bars: usize) -> Series {
    let mut rng = Seed::root(7).child("indicators").rng();
    let mut close: f64 = 100.0;
    let mut bar = || {
        let open = close;
        let mut draw = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
        close *= (5e-4 * draw()).exp();
        let high = open.max(close) * (1.0 + 2.5e-4 * draw().abs());
        let low = open.min(close) * (1.0 - 2.5e-4 * draw().abs());
        (high, low, close)
    };
    let (highs, lows, closes) = (0..bars).map(|_| bar()).collect();
    Series { highs, lows, closes }
}

fn save(folder: &Path, series: &Series) -> Result<()> {
    let columns = [("high", &series.highs), ("low", &series.lows), ("close", &series.closes)];
    for (name, column) in columns {
        columns::write_f64(&folder.join(format!("{name}.f64")), column.iter().copied())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_that_differs_is_an_error() {
        let columns = [vec![f64::NAN, 1.0, 2.0], Vec::new(), Vec::new()];
        assert!(check("x", &columns, &[3.0]).is_ok());
        assert!(check("x", &columns, &[3.1]).is_err());
    }
}
