//! How fast the rally went.

use super::places::rally_bars;
use super::rally_pct::height;
use super::{at_setup, ratio};
use crate::spec::Input::Setup;
use crate::spec::Units;

at_setup! {
    RALLY_INTENSITY = |_, s| ratio(height(s)?, rally_bars(s));
    name: "rally_intensity",
    formula: "rally_pct ÷ rally_duration",
    inputs: &[Setup],
    units: Units::Percent,
}
