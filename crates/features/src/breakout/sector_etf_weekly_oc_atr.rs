//! The sector's weekly candle, open to close; one calculation, three lines.

use super::places::{between, mean_true_range};
use super::{at_bar, ratio};
use crate::moment::Moment;
use crate::spec::Input::Sector;
use crate::spec::Units;

/// Bars of a week.
const WEEK_BARS: usize = 5;

at_bar! {
    SECTOR_ETF_WEEKLY_OC_ATR_W2 = |m| body(m, 2);
    name: "sector_etf_weekly_oc_atr_w2",
    formula: "(close − open) of the sector's five bars that ended 5 bars ago, in mean true ranges \
              of its last 14 bars",
    window: 15,
    warmup: 1,
    inputs: &[Sector],
    units: Units::Atrs,
}

at_bar! {
    SECTOR_ETF_WEEKLY_OC_ATR_W3 = |m| body(m, 3);
    name: "sector_etf_weekly_oc_atr_w3",
    formula: "(close − open) of the sector's five bars that ended 10 bars ago, in mean true ranges \
              of its last 14 bars",
    window: 15,
    warmup: 1,
    inputs: &[Sector],
    units: Units::Atrs,
}

at_bar! {
    SECTOR_ETF_WEEKLY_OC_ATR_W4 = |m| body(m, 4);
    name: "sector_etf_weekly_oc_atr_w4",
    formula: "(close − open) of the sector's five bars that ended 15 bars ago, in mean true ranges \
              of its last 14 bars",
    window: 20,
    warmup: 1,
    inputs: &[Sector],
    units: Units::Atrs,
}

fn body(moment: &Moment<'_>, weeks: usize) -> Option<f64> {
    let series = moment.context(Sector)?;
    let to = WEEK_BARS * (weeks - 1);
    let week = between(series, to + WEEK_BARS - 1, to)?;
    ratio(week.last()?.close - week.first()?.open, mean_true_range(series, 14)?)
}
