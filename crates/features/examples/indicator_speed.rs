//! Nanoseconds a bar of the streaming indicators over a million bars, beside the peer's figures.
//!
//! Run with `cargo run --release -p features --example indicator_speed`. A figure is the fastest
//! and the median of 15 runs into memory that is already there.

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark reads the clock")]

use std::hint::black_box;
use std::time::Instant;

use base::{Day, Seed};
use features::indicator::{Atr, Bollinger, Macd, OverCandles, OverPrices, Rsi, Sma, Stoch};
use market::Candle;
use rand::RngExt as _;
use ta_lib::{Core, MAType};

const BARS: usize = 1_000_000;
const RUNS: usize = 15;

fn candles() -> Vec<Candle> {
    let mut rng = Seed::root(7).child("indicator speed").rng();
    let mut close: f64 = 100.0;
    let mut candles = Vec::with_capacity(BARS);
    for at in 0..BARS {
        let open = close;
        let draw =
            |rng: &mut base::seed::Rng| (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
        close *= (5e-4 * draw(&mut rng)).exp();
        let high = open.max(close) * (1.0 + 2.5e-4 * draw(&mut rng).abs());
        let low = open.min(close) * (1.0 - 2.5e-4 * draw(&mut rng).abs());
        candles.push(Candle {
            day: Day::from_number(at as i32),
            open,
            high,
            low,
            close,
            volume: 1e6,
        });
    }
    candles
}

/// Prints the time a bar, and a sum that keeps the work from being optimised away.
fn report(name: &str, mut run: impl FnMut() -> f64) {
    let mut times: Vec<f64> = Vec::with_capacity(RUNS);
    let mut last = 0.0;
    for _ in 0..RUNS {
        let start = Instant::now();
        last = black_box(run());
        times.push(start.elapsed().as_secs_f64() * 1e9 / BARS as f64);
    }
    times.sort_by(f64::total_cmp);
    println!(
        "{name:<10} best {:6.2}  median {:6.2} ns/bar   last {last}",
        times[0],
        times[RUNS / 2]
    );
}

fn prices<I: OverPrices>(
    name: &str,
    closes: &[f64],
    make: impl Fn() -> I,
    line: impl Fn(&I::Output) -> f64 + Copy,
) {
    let mut values = vec![f64::NAN; BARS];
    report(name, || {
        let mut indicator = make();
        for (place, &price) in values.iter_mut().zip(black_box(closes)) {
            *place = indicator.next(price).as_ref().map_or(f64::NAN, line);
        }
        values[BARS - 1]
    });
}

/// Over whole columns, as the peer takes them: what the calculator costs without the candles'
/// other fields passing through memory.
fn columns<I: OverCandles>(
    name: &str,
    [high, low, close]: [&[f64]; 3],
    make: impl Fn() -> I,
    line: impl Fn(&I::Output) -> f64 + Copy,
) {
    let mut values = vec![f64::NAN; BARS];
    report(name, || {
        let mut indicator = make();
        let prices = black_box(high).iter().zip(low).zip(close);
        for (place, ((&high, &low), &close)) in values.iter_mut().zip(prices) {
            let candle = Candle { high, low, close, ..Candle::default() };
            *place = indicator.next(&candle).as_ref().map_or(f64::NAN, line);
        }
        values[BARS - 1]
    });
}

fn ranges<I: OverCandles>(
    name: &str,
    bars: &[Candle],
    make: impl Fn() -> I,
    line: impl Fn(&I::Output) -> f64 + Copy,
) {
    let mut values = vec![f64::NAN; BARS];
    report(name, || {
        let mut indicator = make();
        for (place, candle) in values.iter_mut().zip(black_box(bars)) {
            *place = indicator.next(candle).as_ref().map_or(f64::NAN, line);
        }
        values[BARS - 1]
    });
}

/// The same work by the Rust port of TA-Lib, in one pass over whole columns.
fn peers([high, low, close]: [&[f64]; 3]) {
    let (core, last) = (Core::new(), BARS - 1);
    let [mut a, mut b, mut c] = [(); 3].map(|()| vec![0.0; BARS]);
    report("TA SMA50", || {
        core.sma(0, last, black_box(close), 50, &mut a).map_or(f64::NAN, |range| a[range.count - 1])
    });
    report("TA RSI14", || {
        core.rsi(0, last, black_box(close), 14, &mut a).map_or(f64::NAN, |range| a[range.count - 1])
    });
    report("TA MACD", || {
        core.macd(0, last, black_box(close), 12, 26, 9, &mut a, &mut b, &mut c)
            .map_or(f64::NAN, |range| c[range.count - 1])
    });
    report("TA BBANDS", || {
        core.bbands(0, last, black_box(close), 20, 2.0, 2.0, MAType::SMA, &mut a, &mut b, &mut c)
            .map_or(f64::NAN, |range| a[range.count - 1])
    });
    report("TA ATR14", || {
        core.atr(0, last, black_box(high), low, close, 14, &mut a)
            .map_or(f64::NAN, |range| a[range.count - 1])
    });
    report("TA STOCH", || {
        let sma = MAType::SMA;
        core.stoch(0, last, black_box(high), low, close, 5, 3, sma, 3, sma, &mut a, &mut b)
            .map_or(f64::NAN, |range| b[range.count - 1])
    });
}

fn main() {
    let candles = candles();
    let closes: Vec<f64> = candles.iter().map(|candle| candle.close).collect();
    let column = |pick: fn(&Candle) -> f64| candles.iter().map(pick).collect::<Vec<f64>>();
    let (high, low) = (column(|candle| candle.high), column(|candle| candle.low));
    peers([&high, &low, &closes]);
    prices("SMA50", &closes, || Sma::new(black_box(50)), |value| *value);
    prices("RSI14", &closes, || Rsi::new(black_box(14)), |value| *value);
    prices("MACD", &closes, || Macd::new(black_box(12), 26, 9), |lines| lines.histogram);
    prices("BBANDS20", &closes, || Bollinger::new(black_box(20), 2.0), |bands| bands.upper);
    let three = [high.as_slice(), &low, &closes];
    columns("ATR14", three, || Atr::new(black_box(14)), |value| *value);
    columns("STOCH", three, || Stoch::new(black_box(5), 3, 3), |lines| lines.d);
    ranges("ATR14 bars", &candles, || Atr::new(black_box(14)), |value| *value);
    ranges("STOCH bars", &candles, || Stoch::new(black_box(5), 3, 3), |lines| lines.d);
}
