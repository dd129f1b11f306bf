//! Shape of the pattern.

use market::Side;

use super::places::{base, rally};
use super::{AtSetup, at_setup, ratio};
use crate::moment::Moment;
use crate::pattern::setup::Setup;
use crate::spec::{Input::Own, Input::Setup as Pattern, Units};

pub(super) static TABLE: &[AtSetup] = &[
    AtSetup {
        spec: at_setup(
            "basic_tightness",
            Units::Ratio,
            &[Own, Pattern],
            "(base high − base low) ÷ (rally high − rally low)",
        ),
        of: |_, s| ratio(s.consol_high - s.consol_low, s.rally_high - s.rally_low),
    },
    AtSetup {
        spec: at_setup("consol_duration", Units::Bars, &[Own, Pattern], "bars of the base"),
        of: |_, s| Some(s.consol_start_ago as f64),
    },
    AtSetup {
        spec: at_setup(
            "rally_pct",
            Units::Percent,
            &[Own, Pattern],
            "100 × height of the rally ÷ the price where it began",
        ),
        of: rally_pct,
    },
    AtSetup {
        spec: at_setup(
            "rally_duration",
            Units::Bars,
            &[Own, Pattern],
            "bars from the rally's start to its extreme",
        ),
        of: |_, s| Some(rally_bars(s)),
    },
    AtSetup {
        spec: at_setup(
            "rally_intensity",
            Units::Percent,
            &[Own, Pattern],
            "rally_pct ÷ rally_duration",
        ),
        of: |m, s| ratio(rally_pct(m, s)?, rally_bars(s)),
    },
    AtSetup {
        spec: at_setup(
            "consol_end_close_pct",
            Units::Percent,
            &[Own, Pattern],
            "100 × (last close of the base − base low) ÷ (base high − base low)",
        ),
        of: |m, s| {
            let close = base(m, s)?.last()?.close;
            ratio(100.0 * (close - s.consol_low), s.consol_high - s.consol_low)
        },
    },
    AtSetup {
        spec: at_setup(
            "consol_rally_duration_ratio",
            Units::Ratio,
            &[Own, Pattern],
            "consol_duration ÷ rally_duration",
        ),
        of: |_, s| ratio(s.consol_start_ago as f64, rally_bars(s)),
    },
    AtSetup {
        spec: at_setup(
            "consol_bearish_ratio",
            Units::Ratio,
            &[Own, Pattern],
            "share of the base's bars that close below their open",
        ),
        of: |m, s| {
            let bars = base(m, s)?;
            let bearish = bars.iter().filter(|candle| candle.close < candle.open).count();
            ratio(bearish as f64, bars.len() as f64)
        },
    },
    AtSetup {
        spec: at_setup(
            "candles_close_above_entry",
            Units::Count,
            &[Own, Pattern],
            "bars of rally and base that close beyond the entry price",
        ),
        of: |m, s| {
            let bars = super::places::between(m.own, s.rally_start_ago, 1)?;
            let beyond = |close: f64| s.side.sign() * (close - s.entry) > 0.0;
            Some(bars.iter().filter(|candle| beyond(candle.close)).count() as f64)
        },
    },
    AtSetup {
        spec: at_setup(
            "momentum_second_half",
            Units::Ratio,
            &[Own, Pattern],
            "share of the rally's net change of closes that falls into its second half",
        ),
        of: |m, s| {
            let bars = rally(m, s)?;
            let (first, last) = (bars.first()?.close, bars.last()?.close);
            ratio(last - bars[bars.len() / 2].close, last - first)
        },
    },
    AtSetup {
        spec: at_setup(
            "fib_retracement_zone",
            Units::Score,
            &[Own, Pattern],
            "zone of the base's deepest retracement of the rally: 0 below 0.236, 1 below 0.382, \
             2 below 0.5, 3 below 0.618, 4 below 0.786, else 5",
        ),
        of: |_, s| {
            let depth = ratio(s.consol_high - s.consol_low, s.rally_high - s.rally_low)?;
            let zones = [0.236, 0.382, 0.5, 0.618, 0.786];
            Some(zones.iter().filter(|edge| depth >= **edge).count() as f64)
        },
    },
    AtSetup {
        spec: at_setup(
            "pattern_score",
            Units::Score,
            &[Own, Pattern],
            "0–100: straightness, shallowness of the base and momentum, a third each",
        ),
        of: |_, s| Some(s.pattern_score),
    },
];

fn rally_bars(setup: &Setup) -> f64 {
    (setup.rally_start_ago - setup.rally_end_ago) as f64
}

fn rally_pct(_: &Moment<'_>, setup: &Setup) -> Option<f64> {
    let began = match setup.side {
        Side::Long => setup.rally_low,
        Side::Short => setup.rally_high,
    };
    ratio(100.0 * (setup.rally_high - setup.rally_low), began)
}
