//! How far the rally went.

use market::Side;

use super::{at_setup, ratio};
use crate::pattern::setup::Setup as Pattern;
use crate::spec::Input::Setup;
use crate::spec::Units;

at_setup! {
    RALLY_PCT = |_, s| height(s);
    name: "rally_pct",
    formula: "100 × height of the rally ÷ the price where it began",
    inputs: &[Setup],
    units: Units::Percent,
}

/// The rally's height as a percentage of its first price.
pub(super) fn height(setup: &Pattern) -> Option<f64> {
    let began = match setup.side {
        Side::Long => setup.rally_low,
        Side::Short => setup.rally_high,
    };
    ratio(100.0 * (setup.rally_high - setup.rally_low), began)
}
