//! Volume of rally, base and breakout. Not available where the source has no volume.

use super::places::{base, mean_volume, rally};
use super::{AtSetup, at_setup, ratio};
use crate::spec::{Input::Own, Input::Setup as Pattern, Units};

/// Bars before the rally whose mean volume is the yardstick.
const BEFORE_BARS: usize = 20;

pub(super) static TABLE: &[AtSetup] = &[
    AtSetup {
        spec: at_setup(
            "rally_avg_volume_to_breakout_ratio",
            Units::Ratio,
            &[Own, Pattern],
            "mean volume of the rally ÷ volume of the breakout bar",
        ),
        of: |m, s| ratio(mean_volume(rally(m, s)?)?, m.candle()?.volume),
    },
    AtSetup {
        spec: at_setup(
            "consol_avg_volume_to_breakout_ratio",
            Units::Ratio,
            &[Own, Pattern],
            "mean volume of the base ÷ volume of the breakout bar",
        ),
        of: |m, s| ratio(mean_volume(base(m, s)?)?, m.candle()?.volume),
    },
    AtSetup {
        spec: at_setup(
            "consol_volume_pct",
            Units::Percent,
            &[Own, Pattern],
            "100 × mean volume of the base ÷ mean volume of the rally",
        ),
        of: |m, s| ratio(100.0 * mean_volume(base(m, s)?)?, mean_volume(rally(m, s)?)?),
    },
    AtSetup {
        spec: at_setup(
            "rally_volume_pct",
            Units::Percent,
            &[Own, Pattern],
            "100 × mean volume of the rally ÷ mean volume of the 20 bars before it",
        ),
        of: |m, s| {
            let from = s.rally_start_ago + BEFORE_BARS;
            let before = super::places::between(m.own, from, s.rally_start_ago + 1)?;
            ratio(100.0 * mean_volume(rally(m, s)?)?, mean_volume(before)?)
        },
    },
    AtSetup {
        spec: at_setup(
            "breakout_range_to_consol_avg_range_ratio",
            Units::Ratio,
            &[Own, Pattern],
            "range of the breakout bar ÷ mean range of the base's bars",
        ),
        of: |m, s| {
            let bars = base(m, s)?;
            let mean = bars.iter().map(|bar| bar.range()).sum::<f64>() / bars.len() as f64;
            ratio(m.candle()?.range(), mean)
        },
    },
];
