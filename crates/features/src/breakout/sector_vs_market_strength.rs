//! The sector against the market while the stock rallied.

use super::at_setup;
use super::places::{change, rally, same_days};
use crate::spec::Input::{Own, Sector, Setup, Spy};
use crate::spec::Units;

at_setup! {
    SECTOR_VS_MARKET_STRENGTH = |m, s| {
        let days = rally(m, s)?;
        let sector = change(same_days(m.context(Sector)?, days)?)?;
        Some(100.0 * (sector - change(same_days(m.context(Spy)?, days)?)?))
    };
    name: "sector_vs_market_strength",
    formula: "100 × (the sector's change over the rally − SPY's over the same days)",
    inputs: &[Own, Sector, Spy, Setup],
    units: Units::Percent,
}
