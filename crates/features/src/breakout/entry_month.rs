//! The season.

use super::at_setup;
use crate::spec::Input::Setup;
use crate::spec::Units;

at_setup! {
    ENTRY_MONTH = |_, s| Some(f64::from(s.day.month()));
    name: "entry_month",
    formula: "month of the breakout, 1–12",
    inputs: &[Setup],
    units: Units::Month,
}
