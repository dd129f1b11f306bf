//! How often the pattern had closed beyond the entry before.

use super::at_setup;
use super::places::between;
use crate::spec::Input::{Own, Setup};
use crate::spec::Units;

at_setup! {
    CANDLES_CLOSE_ABOVE_ENTRY = |m, s| {
        let bars = between(m.own, s.rally_start_ago, 1)?;
        let beyond = |close: f64| s.side.sign() * (close - s.entry) > 0.0;
        Some(bars.iter().filter(|candle| beyond(candle.close)).count() as f64)
    };
    name: "candles_close_above_entry",
    formula: "bars of rally and base that close beyond the entry price",
    inputs: &[Own, Setup],
    units: Units::Count,
}
