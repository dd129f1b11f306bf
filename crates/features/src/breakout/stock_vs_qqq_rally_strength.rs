//! The stock against the Nasdaq 100 while it rallied.

use super::at_setup;
use super::places::rally_lead;
use crate::spec::Input::{Own, Qqq, Setup};
use crate::spec::Units;

at_setup! {
    STOCK_VS_QQQ_RALLY_STRENGTH = |m, s| rally_lead(m, s, Qqq);
    name: "stock_vs_qqq_rally_strength",
    formula: "100 × (the stock's change over the rally − QQQ's over the same days)",
    inputs: &[Own, Qqq, Setup],
    units: Units::Percent,
}
