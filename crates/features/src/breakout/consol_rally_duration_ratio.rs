//! How long the base rested in lengths of the rally.

use super::places::rally_bars;
use super::{at_setup, ratio};
use crate::spec::Input::Setup;
use crate::spec::Units;

at_setup! {
    CONSOL_RALLY_DURATION_RATIO = |_, s| ratio(s.consol_start_ago as f64, rally_bars(s));
    name: "consol_rally_duration_ratio",
    formula: "consol_duration ÷ rally_duration",
    inputs: &[Setup],
    units: Units::Ratio,
}
