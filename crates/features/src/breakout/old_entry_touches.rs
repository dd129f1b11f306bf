//! How often the broken level had been touched before; one search, two lines.

use super::places::{between, broken_level, touches};
use super::{at_setup, ratio};
use crate::moment::{Moment, SEARCHED_BARS};
use crate::pattern::setup::Setup as Pattern;
use crate::spec::Input::{Own, Setup};
use crate::spec::Units;

at_setup! {
    OLD_ENTRY_TOUCHES = |m, s| old_touches(m, s).map(|(touches, _)| touches);
    name: "old_entry_touches",
    formula: "bars among the 200 before the rally whose range holds the broken level",
    inputs: &[Own, Setup],
    units: Units::Count,
}

at_setup! {
    OLD_ENTRY_TOUCHES_RATIO = |m, s| {
        let (touches, bars) = old_touches(m, s)?;
        ratio(touches, bars)
    };
    name: "old_entry_touches_ratio",
    formula: "old_entry_touches ÷ bars searched",
    inputs: &[Own, Setup],
    units: Units::Ratio,
}

/// Touches of the broken level before the pattern, and the bars searched.
fn old_touches(moment: &Moment<'_>, setup: &Pattern) -> Option<(f64, f64)> {
    let from = setup.rally_start_ago + SEARCHED_BARS;
    let bars = between(moment.own, from, setup.rally_start_ago + 1)?;
    Some((touches(bars, broken_level(setup)), bars.len() as f64))
}
