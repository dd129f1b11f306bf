//! The sector against the market in each of the last four weeks; one calculation, four lines.

use super::at_bar;
use super::places::{between, change};
use crate::moment::Moment;
use crate::spec::Input::{Sector, Spy};
use crate::spec::Units;

/// Bars of a week.
const WEEK_BARS: usize = 5;

at_bar! {
    SECTOR_VS_SPY_WEEKLY_RET_W1 = |m| lead(m, 1);
    name: "sector_vs_spy_weekly_ret_w1",
    formula: "100 × (the sector's return − SPY's) over five bars, the last",
    window: WEEK_BARS + 1,
    warmup: 1,
    inputs: &[Sector, Spy],
    units: Units::Percent,
}

at_bar! {
    SECTOR_VS_SPY_WEEKLY_RET_W2 = |m| lead(m, 2);
    name: "sector_vs_spy_weekly_ret_w2",
    formula: "100 × (the sector's return − SPY's) over five bars, 5 bars back",
    window: 2 * WEEK_BARS + 1,
    warmup: 1,
    inputs: &[Sector, Spy],
    units: Units::Percent,
}

at_bar! {
    SECTOR_VS_SPY_WEEKLY_RET_W3 = |m| lead(m, 3);
    name: "sector_vs_spy_weekly_ret_w3",
    formula: "100 × (the sector's return − SPY's) over five bars, 10 bars back",
    window: 3 * WEEK_BARS + 1,
    warmup: 1,
    inputs: &[Sector, Spy],
    units: Units::Percent,
}

at_bar! {
    SECTOR_VS_SPY_WEEKLY_RET_W4 = |m| lead(m, 4);
    name: "sector_vs_spy_weekly_ret_w4",
    formula: "100 × (the sector's return − SPY's) over five bars, 15 bars back",
    window: 4 * WEEK_BARS + 1,
    warmup: 1,
    inputs: &[Sector, Spy],
    units: Units::Percent,
}

fn lead(moment: &Moment<'_>, weeks: usize) -> Option<f64> {
    let to = WEEK_BARS * (weeks - 1);
    let of = |input| change(between(moment.context(input)?, to + WEEK_BARS, to)?);
    Some(100.0 * (of(Sector)? - of(Spy)?))
}
