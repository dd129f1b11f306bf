//! Seeded candle series, kind and nasty, that the suites share.

use base::{Day, Seed};
use market::Candle;
use rand::RngExt as _;

/// How a close follows from the one before: given the step number and three draws in 0..1.
type Step = fn(usize, f64, [f64; 3]) -> f64;

fn normal_like(draws: [f64; 3]) -> f64 {
    draws.iter().sum::<f64>() * 2.0 - 3.0
}

/// A series of candles whose closes follow `step`; a range of about `spread` of the price.
fn series(count: usize, start: f64, spread: f64, step: Step) -> Vec<Candle> {
    let mut rng = Seed::root(11).child("series").rng();
    let mut close = start;
    let mut candles = Vec::with_capacity(count);
    for at in 0..count {
        let open = close * (1.0 + spread * (rng.random::<f64>() - 0.5));
        close = step(at, close, [rng.random(), rng.random(), rng.random()]);
        let high = open.max(close) * (1.0 + spread * rng.random::<f64>());
        let low = open.min(close) * (1.0 - 0.5 * spread * rng.random::<f64>());
        let volume = (1e6 * rng.random::<f64>()).round();
        let day = Day::from_number(15_000 + at as i32 + (at as i32 / 5) * 2);
        candles.push(Candle { day, open, high, low, close, volume });
    }
    candles
}

/// A quiet random walk.
pub(crate) fn walk(count: usize) -> Vec<Candle> {
    series(count, 100.0, 0.01, |_, close, draws| close * (1.0 + 0.015 * normal_like(draws)))
}

/// Every series by name.
pub(crate) fn all() -> Vec<(&'static str, Vec<Candle>)> {
    let mut no_volume = walk(400);
    no_volume.iter_mut().skip(100).for_each(|candle| candle.volume = 0.0);
    vec![
        ("walk", walk(1_500)),
        ("flat", series(400, 42.0, 0.0, |_, close, _| close)),
        ("flat then moving", series(700, 42.0, 0.0, flat_then_moving)),
        ("gaps", series(700, 50.0, 0.02, gaps)),
        ("tiny prices", series(500, 1e-6, 0.02, |_, c, d| c * (1.0 + 0.02 * normal_like(d)))),
        ("huge prices", series(500, 4e9, 1e-7, |_, c, d| c + 300.0 * normal_like(d))),
        ("zigzag", series(500, 10.0, 0.0, |at, _, _| if at % 2 == 0 { 10.0 } else { 11.0 })),
        ("climb", series(500, 10.0, 0.0, |_, close, _| close + 0.25)),
        (
            "steps",
            series(500, 10.0, 0.0, |at, _, d| 10.0 + (at / 40) as f64 + (d[0] * 3.0).floor()),
        ),
        ("no volume", no_volume),
        ("too short", walk(3)),
    ]
}

fn flat_then_moving(at: usize, close: f64, draws: [f64; 3]) -> f64 {
    if at % 200 < 120 { close } else { close * (1.0 + 0.02 * normal_like(draws)) }
}

fn gaps(at: usize, close: f64, draws: [f64; 3]) -> f64 {
    match at % 97 {
        40 => close * 8.0,
        80 => close / 8.0,
        _ => close * (1.0 + 0.01 * normal_like(draws)),
    }
}
