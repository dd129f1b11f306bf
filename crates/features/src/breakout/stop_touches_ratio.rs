//! How often the pattern had touched the stop.

use super::places::{between, touches};
use super::{at_setup, ratio};
use crate::spec::Input::{Own, Setup};
use crate::spec::Units;

at_setup! {
    STOP_TOUCHES_RATIO = |m, s| {
        let bars = between(m.own, s.rally_start_ago, 1)?;
        ratio(touches(bars, s.stop), bars.len() as f64)
    };
    name: "stop_touches_ratio",
    formula: "share of the bars of rally and base whose range holds the stop price",
    inputs: &[Own, Setup],
    units: Units::Ratio,
}
