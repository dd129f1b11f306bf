//! How fear has changed; one calculation, two lines.

use super::at_bar;
use super::places::{between, change};
use crate::moment::Moment;
use crate::spec::Input::Vix;
use crate::spec::Units;

at_bar! {
    VIX_CHANGE_1D = |m| vix_change(m, 1);
    name: "vix_change_1d",
    formula: "100 × change of VIX over 1 bar",
    window: 2,
    warmup: 1,
    inputs: &[Vix],
    units: Units::Percent,
}

at_bar! {
    VIX_CHANGE_5D = |m| vix_change(m, 5);
    name: "vix_change_5d",
    formula: "100 × change of VIX over 5 bars",
    window: 6,
    warmup: 1,
    inputs: &[Vix],
    units: Units::Percent,
}

fn vix_change(moment: &Moment<'_>, bars: usize) -> Option<f64> {
    change(between(moment.context(Vix)?, bars, 0)?).map(|change| 100.0 * change)
}
