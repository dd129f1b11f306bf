//! The Nasdaq 100 while the stock rested against while it rallied.

use super::at_setup;
use super::places::{base, change, rally, same_days};
use crate::spec::Input::{Own, Qqq, Setup};
use crate::spec::Units;

at_setup! {
    QQQ_CONSOL_VS_RALLY_PCT = |m, s| {
        let qqq = m.context(Qqq)?;
        let resting = change(same_days(qqq, base(m, s)?)?)?;
        Some(100.0 * (resting - change(same_days(qqq, rally(m, s)?)?)?))
    };
    name: "qqq_consol_vs_rally_pct",
    formula: "100 × (QQQ's change over the base − its change over the rally)",
    inputs: &[Own, Qqq, Setup],
    units: Units::Percent,
}
