//! How tight the base is beside the rally.

use super::{at_setup, ratio};
use crate::spec::Input::Setup;
use crate::spec::Units;

at_setup! {
    BASIC_TIGHTNESS = |_, s| ratio(s.consol_high - s.consol_low, s.rally_high - s.rally_low);
    name: "basic_tightness",
    formula: "(base high − base low) ÷ (rally high − rally low)",
    inputs: &[Setup],
    units: Units::Ratio,
}
