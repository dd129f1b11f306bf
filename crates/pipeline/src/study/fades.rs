//! What fading held-out signals of low confidence would have given (BRK-24).

use base::bootstrap::{Plan, mean_interval};
use base::{Interval, Prob, Seed};
use books::breakout::BreakoutConfig;
use books::breakout::opposing::{self, Fade};
use features::label::Decided;
use serde::Serialize;

use crate::Error;
use crate::backtest::ScoredSignal;
use crate::history::History;

/// Fades of one side's primaries.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FadeLine {
    /// Signals of low confidence that were watched.
    pub watched: usize,
    /// Fades that ended.
    pub trades: usize,
    /// Share with a profit before costs.
    pub win_rate: Interval,
    /// Mean R of their own fill before costs.
    pub gross_r: Interval,
    /// Mean R after costs.
    pub net_r: Interval,
    /// Decided conservatively.
    pub conservative: usize,
}

/// Watches all held-out signals below 0.50.
pub fn line(
    history: &dyn History,
    held_out: &[ScoredSignal],
    config: &BreakoutConfig,
    seed: Seed,
) -> Result<FadeLine, Error> {
    let low = |signal: &&ScoredSignal| signal.confidence.is_some_and(|c| c < Prob::HALF);
    let watched: Vec<&ScoredSignal> = held_out.iter().filter(low).collect();
    let mut fades: Vec<Fade> = Vec::new();
    for signal in &watched {
        let candidate = &signal.candidate;
        let Some(place) = history.place(candidate.instrument) else { continue };
        let stock = history.stock(place)?;
        let later = &stock.candles[candidate.bar + 1..];
        let most = config.label.max_bars;
        fades.extend(opposing::decide(&candidate.setup, later, &stock.finer, most));
    }
    fades.sort_by_key(|fade| fade.day);
    let plan = Plan::quarters(seed, fades.iter().map(|fade| fade.day));
    let net = |fade: &Fade| {
        let risk = (fade.stop - fade.entry).abs();
        fade.r_multiple - config.costs.round_trip_per_share(fade.entry) / risk
    };
    let interval = |value: &dyn Fn(&Fade) -> f64| {
        let values: Vec<f64> = fades.iter().map(value).collect();
        mean_interval(&values, plan)
    };
    Ok(FadeLine {
        watched: watched.len(),
        trades: fades.len(),
        win_rate: interval(&|fade| f64::from(fade.r_multiple > 0.0)),
        gross_r: interval(&|fade| fade.r_multiple),
        net_r: interval(&net),
        conservative: fades.iter().filter(|f| f.decided == Decided::Conservatively).count(),
    })
}
