//! How long the base rested.

use super::at_setup;
use crate::spec::Input::Setup;
use crate::spec::Units;

at_setup! {
    CONSOL_DURATION = |_, s| Some(s.consol_start_ago as f64);
    name: "consol_duration",
    formula: "bars of the base",
    inputs: &[Setup],
    units: Units::Bars,
}
