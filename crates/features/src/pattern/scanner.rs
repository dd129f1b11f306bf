//! Finds rally, base and breakout, bar by bar (BRK-1 … 7).
//!
//! The base's ceiling is the rally's highest bar. A breakout is the first close beyond it after
//! a rest of at least 1.5 times the rally's length. A ceiling once broken is forgotten, so a
//! pattern gives one signal. Where one close breaks several ceilings, the oldest that fits counts.
//!
//! The ceilings of the last bars stand in a monotone queue: each has only lower highs after it.
//! Most bars break none and are done after one comparison.

use std::collections::VecDeque;

use market::{Candle, Side};

use super::config::{ATR_BARS, ScanConfig};
use super::mirror::Mirror;
use super::setup::Setup;

/// Scans one instrument, both sides.
#[derive(Debug, Clone)]
pub struct Scanner {
    config: ScanConfig,
    bars_seen: u64,
    long: Ceilings,
    short: Ceilings,
}

/// Bars of the last `base_max_bars` that no later bar has topped, oldest and highest first.
#[derive(Debug, Clone)]
struct Ceilings {
    mirror: Mirror,
    queue: VecDeque<(u64, f64)>,
}

/// The stretch of a rally that fits a base, in mirrored prices.
struct Rally {
    bars: usize,
    bottom: f64,
    straightness: f64,
    momentum: f64,
}

impl Scanner {
    /// A scanner that has seen no bar.
    pub fn new(config: ScanConfig) -> Scanner {
        let ceilings = |side| Ceilings { mirror: Mirror(side), queue: VecDeque::new() };
        Scanner { config, bars_seen: 0, long: ceilings(Side::Long), short: ceilings(Side::Short) }
    }

    /// Takes the next bar, the last of `own`, and gives the setup that it confirms. Only the last
    /// [`ScanConfig::lookback`] candles are read, so history may be trimmed to that.
    pub fn update(&mut self, own: &[Candle]) -> Option<Setup> {
        if own.is_empty() {
            return None;
        }
        let index = self.bars_seen;
        self.bars_seen += 1;
        let long = self.long.next(own, index, &self.config);
        let short = self.short.next(own, index, &self.config);
        long.or(short)
    }
}

impl Ceilings {
    /// Takes the next bar and gives the setup of the oldest broken ceiling that fits.
    #[inline]
    fn next(&mut self, own: &[Candle], index: u64, config: &ScanConfig) -> Option<Setup> {
        let now = &own[own.len() - 1];
        let oldest = index.saturating_sub(config.base_max_bars as u64 + 1);
        while self.queue.front().is_some_and(|(at, _)| *at < oldest) {
            self.queue.pop_front();
        }
        let high = self.mirror.high(now);
        let kept = self.queue.iter().rposition(|(_, older)| *older >= high).map_or(0, |at| at + 1);
        let close = self.mirror.close(now);
        let mut found = None;
        for (at, ceiling) in self.queue.drain(kept..) {
            let ago = (index - at) as usize;
            if found.is_none() && close > ceiling && ago > config.base_min_bars {
                found = measure(config, self.mirror, own, ago);
            }
        }
        self.queue.push_back((index, high));
        found
    }
}

/// Checks every bound on the pattern whose ceiling lies `peak_ago` bars back.
fn measure(config: &ScanConfig, mirror: Mirror, own: &[Candle], peak_ago: usize) -> Option<Setup> {
    let last = own.len() - 1;
    let now = &own[last];
    let base_bars = peak_ago - 1;
    if now.close < config.min_price || now.volume < 0.0 || peak_ago > last {
        return None;
    }
    let base = &own[last - base_bars..last];
    let top = mirror.high(&own[last - peak_ago]);
    let floor = base.iter().map(|c| mirror.low(c)).fold(f64::INFINITY, f64::min);
    let rally = rally(config, mirror, own, peak_ago)?;
    let height = top - rally.bottom;
    let atr = average_true_range(&own[last - peak_ago - rally.bars..last])?;
    let entry = mirror.close(now);
    let beyond = (entry - top) / atr;
    let depth = top - floor;
    let rise = height / rally.bottom.abs();
    let fits = rise >= config.rally_min_rise
        && (config.rally_min_atrs..=config.rally_max_atrs).contains(&(height / atr))
        && rally.momentum * height / atr >= config.rally_min_momentum
        && depth <= config.base_max_retracement * height
        && depth <= config.base_max_atrs * atr
        && (config.breakout_min_atrs..=config.breakout_max_atrs).contains(&beyond);
    if !fits {
        return None;
    }
    let geometry = Geometry { top, floor, height, atr, entry };
    let mut setup = levels(config, mirror, now, &geometry)?;
    setup.rally_start_ago = peak_ago + rally.bars;
    setup.rally_end_ago = peak_ago;
    setup.consol_start_ago = base_bars;
    setup.pattern_score = score(&rally, &geometry);
    let (rally_low, consol_low) = (mirror.price(rally.bottom), mirror.price(floor));
    let ceiling = mirror.price(top);
    (setup.rally_low, setup.rally_high) = ordered(rally_low, ceiling);
    (setup.consol_low, setup.consol_high) = ordered(consol_low, ceiling);
    Some(setup)
}

/// The rally below a ceiling. It begins at the bar from which the rise has the most momentum:
/// height ÷ √bars × straightness, among the bars that no later one undercuts. It must be short
/// enough for the base that followed (BRK-2).
fn rally(config: &ScanConfig, mirror: Mirror, own: &[Candle], peak_ago: usize) -> Option<Rally> {
    let peak = own.len() - 1 - peak_ago;
    let top = mirror.high(&own[peak]);
    let peak_close = mirror.close(&own[peak]);
    let mut best: Option<Rally> = None;
    let (mut lowest, mut path, mut most) = (mirror.low(&own[peak]), 0.0, 0.0);
    for bars in 1..=config.rally_max_bars.min(peak) {
        let (bar, next) = (&own[peak - bars], &own[peak - bars + 1]);
        path += (next.close - bar.close).abs();
        let bottom = mirror.low(bar);
        if bottom >= lowest {
            continue;
        }
        lowest = bottom;
        let net = peak_close - mirror.close(bar);
        let straightness = if path > 0.0 { net / path } else { 0.0 };
        let momentum = straightness / (bars as f64).sqrt();
        if (top - bottom) * momentum > most {
            most = (top - bottom) * momentum;
            best = Some(Rally { bars, bottom, straightness, momentum });
        }
    }
    best.filter(|rally| {
        rally.bars >= config.rally_min_bars
            && rally.straightness >= config.rally_min_straightness
            && (peak_ago - 1) as f64 >= config.base_min_rallies * rally.bars as f64
    })
}

struct Geometry {
    top: f64,
    floor: f64,
    height: f64,
    atr: f64,
    entry: f64,
}

/// Stop, targets and reward-to-risk (BRK-4 … 6).
fn levels(config: &ScanConfig, mirror: Mirror, now: &Candle, shape: &Geometry) -> Option<Setup> {
    let mut stop = shape.entry - config.stop_atrs * shape.atr;
    if mirror.price(stop) <= 0.0 {
        stop = shape.floor;
    }
    let target = |part: f64| shape.entry + part * shape.height;
    let range = now.range();
    let strong = range > 0.0 && (shape.entry - mirror.low(now)) / range > config.strong_close;
    let booked = target(if strong { 0.5 * config.stretched_target } else { 0.5 });
    let risk = shape.entry - stop;
    let reachable = mirror.price(booked) > 0.0 && risk > 0.0;
    reachable.then(|| Setup {
        side: mirror.0,
        rally_start_ago: 0,
        rally_end_ago: 0,
        consol_start_ago: 0,
        rally_low: 0.0,
        rally_high: 0.0,
        consol_low: 0.0,
        consol_high: 0.0,
        atr: shape.atr,
        entry: mirror.price(shape.entry),
        stop: mirror.price(stop),
        targets: [0.5, 0.75, 1.0].map(|part| mirror.price(target(part))),
        booked_target: mirror.price(booked),
        stretched: strong,
        reward_to_risk: (booked - shape.entry) / risk,
        pattern_score: 0.0,
        day: now.day,
    })
}

/// Wilder's true range averaged over the last bars of a stretch, 50 at most; `None` for a
/// stretch in which nothing moved.
fn average_true_range(stretch: &[Candle]) -> Option<f64> {
    let from = stretch.len().saturating_sub(ATR_BARS + 1);
    let recent = &stretch[from..];
    let sum: f64 = recent.windows(2).map(|pair| pair[1].true_range(pair[0].close)).sum();
    let atr = sum / recent.len().saturating_sub(1).max(1) as f64;
    (atr > 0.0 && atr.is_finite()).then_some(atr)
}

/// 0–100: a third each for straightness, shallowness of the base, and momentum.
fn score(rally: &Rally, shape: &Geometry) -> f64 {
    let shallow = 1.0 - ((shape.top - shape.floor) / shape.height).clamp(0.0, 1.0);
    let momentum = (rally.momentum * shape.height / shape.atr / 3.0).clamp(0.0, 1.0);
    100.0 * (rally.straightness.clamp(0.0, 1.0) + shallow + momentum) / 3.0
}

fn ordered(a: f64, b: f64) -> (f64, f64) {
    if a <= b { (a, b) } else { (b, a) }
}
