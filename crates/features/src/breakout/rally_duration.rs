//! How long the rally took.

use super::at_setup;
use super::places::rally_bars;
use crate::spec::Input::Setup;
use crate::spec::Units;

at_setup! {
    RALLY_DURATION = |_, s| Some(rally_bars(s));
    name: "rally_duration",
    formula: "bars from the rally's start to its extreme",
    inputs: &[Setup],
    units: Units::Bars,
}
