//! Where in its range the base ended.

use super::places::base;
use super::{at_setup, ratio};
use crate::spec::Input::{Own, Setup};
use crate::spec::Units;

at_setup! {
    CONSOL_END_CLOSE_PCT = |m, s| {
        let close = base(m, s)?.last()?.close;
        ratio(100.0 * (close - s.consol_low), s.consol_high - s.consol_low)
    };
    name: "consol_end_close_pct",
    formula: "100 × (last close of the base − base low) ÷ (base high − base low)",
    inputs: &[Own, Setup],
    units: Units::Percent,
}
