//! Volume of the base beside that of the breakout.

use super::places::{base, mean_volume};
use super::{at_setup, ratio};
use crate::spec::Input::{Own, Setup};
use crate::spec::Units;

at_setup! {
    CONSOL_AVG_VOLUME_TO_BREAKOUT_RATIO = |m, s| {
        ratio(mean_volume(base(m, s)?)?, m.candle()?.volume)
    };
    name: "consol_avg_volume_to_breakout_ratio",
    formula: "mean volume of the base ÷ volume of the breakout bar",
    inputs: &[Own, Setup],
    units: Units::Ratio,
}
