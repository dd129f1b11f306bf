//! Trend and place in the range.

use super::places::mean_close;
use super::volatility::windowed;
use super::{AtSetup, ratio};
use crate::moment::Moment;
use crate::spec::Units;

pub(super) static TABLE: &[AtSetup] = &[
    AtSetup {
        spec: windowed(
            "trend_strength_20",
            21,
            Units::Ratio,
            "net change of 20 closes ÷ sum of their absolute changes, −1 to 1",
        ),
        of: |m, _| {
            let closes = m.recent(21)?;
            let path: f64 = closes.windows(2).map(|p| (p[1].close - p[0].close).abs()).sum();
            ratio(closes[20].close - closes[0].close, path)
        },
    },
    AtSetup {
        spec: windowed(
            "dist_from_sma_5",
            5,
            Units::Percent,
            "100 × (close ÷ mean of 5 closes − 1)",
        ),
        of: |m, _| distance(m, 5),
    },
    AtSetup {
        spec: windowed(
            "dist_from_sma_20",
            20,
            Units::Percent,
            "100 × (close ÷ mean of 20 closes − 1)",
        ),
        of: |m, _| distance(m, 20),
    },
    AtSetup {
        spec: windowed(
            "stoch_14",
            14,
            Units::Oscillator,
            "100 × (close − lowest low) ÷ (highest high − lowest low) of 14 bars",
        ),
        of: |m, _| {
            let bars = m.recent(14)?;
            let high = bars.iter().fold(f64::NEG_INFINITY, |high, bar| high.max(bar.high));
            let low = bars.iter().fold(f64::INFINITY, |low, bar| low.min(bar.low));
            ratio(100.0 * (m.candle()?.close - low), high - low)
        },
    },
];

fn distance(moment: &Moment<'_>, bars: usize) -> Option<f64> {
    ratio(100.0 * moment.candle()?.close, mean_close(moment.own, bars)?).map(|v| v - 100.0)
}
