//! Whether trading rose in the rally.

use super::places::{between, mean_volume, rally};
use super::{at_setup, ratio};
use crate::spec::Input::{Own, Setup};
use crate::spec::Units;

at_setup! {
    RALLY_VOLUME_PCT = |m, s| {
        let from = s.rally_start_ago + BEFORE_BARS;
        let before = between(m.own, from, s.rally_start_ago + 1)?;
        ratio(100.0 * mean_volume(rally(m, s)?)?, mean_volume(before)?)
    };
    name: "rally_volume_pct",
    formula: "100 × mean volume of the rally ÷ mean volume of the 20 bars before it",
    inputs: &[Own, Setup],
    units: Units::Percent,
}

/// Bars before the rally whose mean volume is the yardstick.
const BEFORE_BARS: usize = 20;
