//! Old touches of the levels, and the season.

use market::Candle;

use super::places::{between, broken_level};
use super::{AtSetup, at_setup, ratio};
use crate::moment::Moment;
use crate::pattern::setup::Setup;
use crate::spec::{Input::Own, Input::Setup as Pattern, Units};

/// Bars before the pattern that are searched for old touches, about a year.
const SEARCHED_BARS: usize = 200;

pub(super) static TABLE: &[AtSetup] = &[
    AtSetup {
        spec: at_setup(
            "old_entry_touches",
            Units::Count,
            &[Own, Pattern],
            "bars among the 200 before the rally whose range holds the broken level",
        ),
        of: |m, s| old_touches(m, s).map(|(touches, _)| touches),
    },
    AtSetup {
        spec: at_setup(
            "old_entry_touches_ratio",
            Units::Ratio,
            &[Own, Pattern],
            "old_entry_touches ÷ bars searched",
        ),
        of: |m, s| old_touches(m, s).and_then(|(touches, bars)| ratio(touches, bars)),
    },
    AtSetup {
        spec: at_setup(
            "stop_touches_ratio",
            Units::Ratio,
            &[Own, Pattern],
            "share of the bars of rally and base whose range holds the stop price",
        ),
        of: |m, s| {
            let bars = between(m.own, s.rally_start_ago, 1)?;
            ratio(touches(bars, s.stop), bars.len() as f64)
        },
    },
    AtSetup {
        spec: at_setup("entry_month", Units::Month, &[Own, Pattern], "month of the breakout, 1–12"),
        of: |_, s| Some(f64::from(s.day.month())),
    },
];

fn touches(bars: &[Candle], level: f64) -> f64 {
    bars.iter().filter(|bar| (bar.low..=bar.high).contains(&level)).count() as f64
}

/// Touches of the broken level before the pattern, and the bars searched.
fn old_touches(moment: &Moment<'_>, setup: &Setup) -> Option<(f64, f64)> {
    let from = setup.rally_start_ago + SEARCHED_BARS;
    let bars = between(moment.own, from, setup.rally_start_ago + 1)?;
    Some((touches(bars, broken_level(setup)), bars.len() as f64))
}
