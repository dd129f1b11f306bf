//! Streaming indicators beside the C functions of TA-Lib, over one long series.

use std::hint::black_box;
use std::path::Path;

use ::features::indicator::{Atr, Bollinger, Macd, OverCandles as _, OverPrices as _, Rsi};
use anyhow::{Result, ensure};
use base::{Day, Seed};
use market::Candle;
use rand::RngExt as _;

use crate::clock::{best, timed};
use crate::line::{Bar, Line};
use crate::peer::Peer;
use crate::{Bench, columns};

/// Sums may differ by so much: the order of additions is not the same.
const TOLERANCE: f64 = 1e-9;

/// The outputs of one run over the series, one column a line of the indicator.
type Columns = Vec<Vec<f64>>;

struct Series {
    candles: Vec<Candle>,
    closes: Vec<f64>,
}

/// Ours and the peer's, indicator by indicator.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let series = series(bench.size.pick(1_000_000, 50_000));
    let folder = tempfile::tempdir_in(&bench.scratch)?;
    save(folder.path(), &series)?;
    let argument = folder.path().display().to_string();
    let mut peer = Peer::start(bench, "indicators.py", &[&argument]);
    let rounds = bench.size.pick(15, 5);
    let all: [(&str, fn(&Series) -> Columns); 4] =
        [("rsi_14", rsi), ("macd", macd), ("bollinger_20", bollinger), ("atr_14", atr)];
    let mut lines = Vec::new();
    for (name, ours) in all {
        let (mut our_seconds, mut peer_seconds) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let (seconds, columns) = timed(|| ours(black_box(&series)));
            our_seconds.push(seconds);
            if let Ok(peer) = &mut peer {
                let (seconds, sums): (f64, Vec<f64>) = peer.round(name)?;
                check(name, &columns, &sums)?;
                peer_seconds.push(seconds);
            }
        }
        let per_bar = 1e9 / series.closes.len() as f64;
        let (peer_time, who) = match &peer {
            Ok(peer) => (Some(best(&peer_seconds) * per_bar), peer.version().to_owned()),
            Err(error) => (None, format!("TA-Lib can't run: {error}")),
        };
        lines.push(Line {
            name: format!("indicators/{name}_ns_per_bar"),
            ours: Some(best(&our_seconds) * per_bar),
            peer: peer_time,
            who,
            bar: Bar::RatioAtMost(1.5),
        });
    }
    Ok(lines)
}

/// Both sides must have computed the same thing before their times mean anything.
fn check(name: &str, columns: &Columns, sums: &[f64]) -> Result<()> {
    ensure!(columns.len() == sums.len(), "{name}: {} columns, {}", columns.len(), sums.len());
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

fn rsi(series: &Series) -> Columns {
    let mut column = vec![0.0; series.closes.len()];
    let mut indicator = Rsi::new(black_box(14));
    for (place, &close) in column.iter_mut().zip(&series.closes) {
        *place = indicator.next(close).unwrap_or(f64::NAN);
    }
    vec![column]
}

fn macd(series: &Series) -> Columns {
    let [mut line, mut signal, mut histogram] = [(); 3].map(|()| vec![0.0; series.closes.len()]);
    let mut indicator = Macd::new(black_box(12), 26, 9);
    let places = line.iter_mut().zip(&mut signal).zip(&mut histogram);
    for (((line, signal), histogram), &close) in places.zip(&series.closes) {
        let lines = indicator.next(close);
        (*line, *signal, *histogram) = match lines {
            Some(lines) => (lines.macd, lines.signal, lines.histogram),
            None => (f64::NAN, f64::NAN, f64::NAN),
        };
    }
    vec![line, signal, histogram]
}

fn bollinger(series: &Series) -> Columns {
    let [mut upper, mut middle, mut lower] = [(); 3].map(|()| vec![0.0; series.closes.len()]);
    let mut indicator = Bollinger::new(black_box(20), 2.0);
    let places = upper.iter_mut().zip(&mut middle).zip(&mut lower);
    for (((upper, middle), lower), &close) in places.zip(&series.closes) {
        (*upper, *middle, *lower) = match indicator.next(close) {
            Some(bands) => (bands.upper, bands.middle, bands.lower),
            None => (f64::NAN, f64::NAN, f64::NAN),
        };
    }
    vec![upper, middle, lower]
}

fn atr(series: &Series) -> Columns {
    let mut column = vec![0.0; series.candles.len()];
    let mut indicator = Atr::new(black_box(14));
    for (place, candle) in column.iter_mut().zip(&series.candles) {
        *place = indicator.next(candle).unwrap_or(f64::NAN);
    }
    vec![column]
}

fn series(bars: usize) -> Series {
    let mut rng = Seed::root(7).child("indicators").rng();
    let mut close: f64 = 100.0;
    let mut candle = |at: usize| {
        let open = close;
        let mut draw = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
        close *= (5e-4 * draw()).exp();
        let high = open.max(close) * (1.0 + 2.5e-4 * draw().abs());
        let low = open.min(close) * (1.0 - 2.5e-4 * draw().abs());
        Candle { day: Day::from_number(at as i32), open, high, low, close, volume: 1e6 }
    };
    let candles: Vec<Candle> = (0..bars).map(&mut candle).collect();
    let closes = candles.iter().map(|candle| candle.close).collect();
    Series { candles, closes }
}

fn save(folder: &Path, series: &Series) -> Result<()> {
    let columns: [(&str, fn(&Candle) -> f64); 3] =
        [("high", |candle| candle.high), ("low", |candle| candle.low), ("close", |c| c.close)];
    for (name, pick) in columns {
        let path = folder.join(format!("{name}.f64"));
        columns::write_f64(&path, series.candles.iter().map(pick))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_that_differs_is_an_error() {
        let columns = vec![vec![f64::NAN, 1.0, 2.0]];
        assert!(check("x", &columns, &[3.0]).is_ok());
        assert!(check("x", &columns, &[3.1]).is_err());
    }
}
