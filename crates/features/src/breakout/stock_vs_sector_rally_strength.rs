//! The stock against its sector while it rallied.

use super::at_setup;
use super::places::rally_lead;
use crate::spec::Input::{Own, Sector, Setup};
use crate::spec::Units;

at_setup! {
    STOCK_VS_SECTOR_RALLY_STRENGTH = |m, s| rally_lead(m, s, Sector);
    name: "stock_vs_sector_rally_strength",
    formula: "100 × (the stock's change over the rally − its sector's over the same days)",
    inputs: &[Own, Sector, Setup],
    units: Units::Percent,
}
