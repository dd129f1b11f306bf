//! Finer bars of a session that add up to its daily bar exactly.
//!
//! A Brownian bridge with a busy open and close leads from the daily open to the daily close.
//! A monotone map then stretches what lies above both, so that the top is the daily high, and
//! what lies below both, so that the bottom is the daily low. The map keeps open and close.

use base::Span;
use market::{BarSize, Candle, Session, TimedCandle};

use super::draw::Draw;
use super::path::cents;

/// Points of the path in a minute.
const POINTS_A_MINUTE: usize = 4;

/// Bars of so many minutes; the last may be shorter where the session does not divide.
pub(super) fn bars(
    draw: &mut Draw,
    daily: &Candle,
    session: &Session,
    minutes: u16,
) -> Vec<TimedCandle> {
    let length = (session.length().seconds() / 60.0) as usize;
    let path = path(draw, daily, length);
    let volumes = volumes(draw, daily.volume, length);
    let step = usize::from(minutes);
    (0..length)
        .step_by(step)
        .map(|first| {
            let last = (first + step).min(length);
            let way = &path[first * POINTS_A_MINUTE..=last * POINTS_A_MINUTE];
            let (open, close) = (way[0], way[way.len() - 1]);
            let candle = Candle {
                day: daily.day,
                open,
                high: way.iter().copied().fold(open, f64::max),
                low: way.iter().copied().fold(open, f64::min),
                close,
                volume: volumes[first..last].iter().sum(),
            };
            let start = session.open + Span::from_minutes(first as i64);
            TimedCandle { start, size: BarSize::Minutes(minutes), candle }
        })
        .collect()
}

/// Activity at a part 0–1 of the session: busiest at the open, quiet at noon, busy at the close.
fn activity(part: f64) -> f64 {
    let from_noon = (part - 0.55).abs() / 0.55;
    0.6 + 1.6 * from_noon * from_noon + if part < 0.03 { 1.5 } else { 0.0 }
}

fn path(draw: &mut Draw, daily: &Candle, minutes: usize) -> Vec<f64> {
    let steps = minutes * POINTS_A_MINUTE;
    let clock: Vec<f64> = (0..steps).map(|k| activity(k as f64 / steps as f64)).collect();
    let total: f64 = clock.iter().sum();
    // The range of a driftless Brownian motion is about 1.6 standard deviations (Feller 1951).
    let scale = ((daily.high - daily.low) / 1.6).max(0.01);
    let mut walk = vec![0.0; steps + 1];
    for k in 0..steps {
        walk[k + 1] = walk[k] + scale * (clock[k] / total).sqrt() * draw.normal();
    }
    let miss = daily.close - daily.open - walk[steps];
    let mut elapsed = 0.0;
    for (k, price) in walk.iter_mut().enumerate() {
        *price += daily.open + miss * elapsed / total;
        elapsed += clock.get(k).copied().unwrap_or(0.0);
    }
    (walk[0], walk[steps]) = (daily.open, daily.close);
    stretch(draw, &mut walk, daily);
    walk.iter_mut().for_each(|price| *price = cents(*price));
    walk
}

/// Makes the extremes of the path those of the daily bar.
fn stretch(draw: &mut Draw, walk: &mut [f64], daily: &Candle) {
    let (top, bottom) = (daily.open.max(daily.close), daily.open.min(daily.close));
    let inner = walk.len() as u32 - 2;
    if daily.high > top && walk.iter().all(|price| *price <= top) {
        walk[draw.whole(1, inner) as usize] = daily.high;
    }
    if daily.low < bottom && walk.iter().all(|price| *price >= bottom) {
        let free = (1..=inner as usize).find(|&k| walk[k] < daily.high).unwrap_or(1);
        walk[free] = daily.low;
    }
    let highest = walk.iter().copied().fold(top, f64::max);
    let lowest = walk.iter().copied().fold(bottom, f64::min);
    for price in walk {
        if *price > top {
            *price = top + (*price - top) * (daily.high - top) / (highest - top);
        } else if *price < bottom {
            *price = bottom - (bottom - *price) * (bottom - daily.low) / (bottom - lowest);
        }
    }
}

/// Splits the day's volume over the minutes, in whole units that sum to it.
fn volumes(draw: &mut Draw, total: f64, minutes: usize) -> Vec<f64> {
    let weight =
        |draw: &mut Draw, k| activity(k as f64 / minutes as f64) * (0.5 * draw.normal()).exp();
    let weights: Vec<f64> = (0..minutes).map(|k| weight(draw, k)).collect();
    let sum: f64 = weights.iter().sum();
    let (mut done, mut so_far) = (0.0, 0.0);
    let mut volumes: Vec<f64> = Vec::with_capacity(minutes);
    for weight in &weights {
        so_far += weight;
        let up_to = (total * so_far / sum).round();
        volumes.push(up_to - done);
        done = up_to;
    }
    if let Some(last) = volumes.last_mut() {
        *last += total - done;
    }
    volumes
}
