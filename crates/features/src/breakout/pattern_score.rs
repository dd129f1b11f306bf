//! The scanner's own judgement of the pattern.

use super::at_setup;
use crate::spec::Input::Setup;
use crate::spec::Units;

at_setup! {
    PATTERN_SCORE = |_, s| Some(s.pattern_score);
    name: "pattern_score",
    formula: "0–100: straightness, shallowness of the base and momentum, a third each",
    inputs: &[Setup],
    units: Units::Score,
}
