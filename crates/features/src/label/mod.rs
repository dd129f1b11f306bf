//! What became of a setup (BRK-10). Looks forward; nothing on the way to an order uses it.
//!
//! A label speaks of the planned levels: entry at the breakout's close, stop and booked target.
//! What a trade really earned, with gaps at the entry, costs and a managed stop, comes from the
//! simulated fills.

use base::Ts;
use market::{Candle, Side, TimedCandle};
use serde::{Deserialize, Serialize};

use crate::pattern::setup::Setup;

/// How long to wait for an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LabelConfig {
    /// Sessions after the breakout until the trade counts as expired.
    pub max_bars: usize,
}

impl Default for LabelConfig {
    fn default() -> LabelConfig {
        LabelConfig { max_bars: 60 }
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The booked target was touched before the stop.
    Win,
    /// The stop was touched first.
    Loss,
    /// Neither was touched in time; closed at the last close.
    Expired,
}

/// What the decision rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decided {
    /// One daily bar touched one level only.
    ByBar,
    /// A bar touched both; finer bars showed which came first.
    ByFinerBars,
    /// A bar touched both and nothing finer decided: a loss, the conservative rule.
    Conservatively,
}

/// The outcome of one setup.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Label {
    /// How it ended.
    pub outcome: Outcome,
    /// What the decision rests on.
    pub decided: Decided,
    /// Sessions from the breakout to the end, at least 1.
    pub bars_held: usize,
    /// When the outcome was known: the end of the deciding day, UTC.
    pub known: Ts,
    /// Price at which it ended.
    pub exit_price: f64,
    /// Result in R before costs.
    pub r_multiple: f64,
    /// Most adverse excursion in R, not positive.
    pub worst_r: f64,
    /// Most favourable excursion in R, not negative.
    pub best_r: f64,
}

/// Decides a setup on the candles after its breakout bar. `finer` may hold finer bars of the
/// same days, ascending by time. `None` while the outcome is still open.
pub fn decide(
    setup: &Setup,
    later: &[Candle],
    finer: &[TimedCandle],
    config: LabelConfig,
) -> Option<Label> {
    let trade = Trade { side: setup.side, stop: setup.stop, target: setup.booked_target };
    let mut extremes = (0.0_f64, 0.0_f64);
    for (index, candle) in later.iter().take(config.max_bars).enumerate() {
        let touch = match trade.touch(candle) {
            Touch::Both => trade.resolve(candle, finer),
            Touch::One(outcome, price) => Some((outcome, price, Decided::ByBar)),
            Touch::Neither => None,
        };
        let bars_held = index + 1;
        let Some((outcome, price, decided)) = touch else {
            widen(&mut extremes, setup, candle);
            continue;
        };
        let exit = Exit { outcome, decided, price, bars_held };
        return Some(label(setup, candle, extremes, exit));
    }
    let last = later.get(config.max_bars.checked_sub(1)?)?;
    let (outcome, decided) = (Outcome::Expired, Decided::ByBar);
    let exit = Exit { outcome, decided, price: last.close, bars_held: config.max_bars };
    Some(label(setup, last, extremes, exit))
}

struct Trade {
    side: Side,
    stop: f64,
    target: f64,
}

struct Exit {
    outcome: Outcome,
    decided: Decided,
    price: f64,
    bars_held: usize,
}

enum Touch {
    Neither,
    One(Outcome, f64),
    Both,
}

impl Trade {
    /// What one bar touched. An open beyond a level ends the trade at the open.
    fn touch(&self, candle: &Candle) -> Touch {
        let sign = self.side.sign();
        let beyond = |price: f64, level: f64| sign * (price - level) >= 0.0;
        if beyond(self.stop, candle.open) {
            return Touch::One(Outcome::Loss, candle.open);
        }
        if beyond(candle.open, self.target) {
            return Touch::One(Outcome::Win, candle.open);
        }
        let (best, worst) = match self.side {
            Side::Long => (candle.high, candle.low),
            Side::Short => (candle.low, candle.high),
        };
        match (beyond(best, self.target), beyond(self.stop, worst)) {
            (true, true) => Touch::Both,
            (true, false) => Touch::One(Outcome::Win, self.target),
            (false, true) => Touch::One(Outcome::Loss, self.stop),
            (false, false) => Touch::Neither,
        }
    }

    /// Which level came first inside a bar that touched both.
    fn resolve(&self, candle: &Candle, finer: &[TimedCandle]) -> Option<(Outcome, f64, Decided)> {
        let start = finer.partition_point(|bar| bar.candle.day < candle.day);
        let end = finer.partition_point(|bar| bar.candle.day <= candle.day);
        for bar in &finer[start..end] {
            match self.touch(&bar.candle) {
                Touch::Neither => {}
                Touch::One(outcome, price) => return Some((outcome, price, Decided::ByFinerBars)),
                Touch::Both => break,
            }
        }
        Some((Outcome::Loss, self.stop, Decided::Conservatively))
    }
}

fn in_r(setup: &Setup, price: f64) -> f64 {
    (price - setup.entry) / (setup.entry - setup.stop)
}

fn widen(extremes: &mut (f64, f64), setup: &Setup, candle: &Candle) {
    for price in [candle.high, candle.low] {
        let r = in_r(setup, price);
        *extremes = (extremes.0.min(r), extremes.1.max(r));
    }
}

fn label(setup: &Setup, candle: &Candle, extremes: (f64, f64), exit: Exit) -> Label {
    let r_multiple = in_r(setup, exit.price);
    Label {
        outcome: exit.outcome,
        decided: exit.decided,
        bars_held: exit.bars_held,
        known: candle.day.plus(1).start(),
        exit_price: exit.price,
        r_multiple,
        worst_r: extremes.0.min(r_multiple),
        best_r: extremes.1.max(r_multiple),
    }
}

#[cfg(test)]
mod tests;
