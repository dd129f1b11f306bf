//! Volume of the rally beside that of the breakout.

use super::places::{mean_volume, rally};
use super::{at_setup, ratio};
use crate::spec::Input::{Own, Setup};
use crate::spec::Units;

at_setup! {
    RALLY_AVG_VOLUME_TO_BREAKOUT_RATIO = |m, s| {
        ratio(mean_volume(rally(m, s)?)?, m.candle()?.volume)
    };
    name: "rally_avg_volume_to_breakout_ratio",
    formula: "mean volume of the rally ÷ volume of the breakout bar",
    inputs: &[Own, Setup],
    units: Units::Ratio,
}
