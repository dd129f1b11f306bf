//! The stock against its sector and the market, and the market by itself.

use super::places::{base, change, mean_true_range, rally, same_days};
use super::{AtSetup, at_setup, ratio};
use crate::moment::Moment;
use crate::pattern::setup::Setup;
use crate::spec::Input::{self, MarketCap, Own, Qqq, Sector, Setup as Pattern, Spy};
use crate::spec::{Spec, Units};

pub(super) static TABLE: &[AtSetup] = &[
    AtSetup {
        spec: at_setup(
            "stock_vs_sector_rally_strength",
            Units::Percent,
            &[Own, Sector, Pattern],
            "100 × (the stock's change over the rally − its sector's over the same days)",
        ),
        of: |m, s| against(m, s, Input::Sector),
    },
    AtSetup {
        spec: at_setup(
            "stock_vs_qqq_rally_strength",
            Units::Percent,
            &[Own, Qqq, Pattern],
            "100 × (the stock's change over the rally − QQQ's over the same days)",
        ),
        of: |m, s| against(m, s, Input::Qqq),
    },
    AtSetup {
        spec: at_setup(
            "sector_vs_market_strength",
            Units::Percent,
            &[Sector, Spy, Pattern],
            "100 × (the sector's change over the rally − SPY's over the same days)",
        ),
        of: |m, s| {
            let days = rally(m, s)?;
            let sector = change(same_days(m.context(Sector)?, days)?)?;
            Some(100.0 * (sector - change(same_days(m.context(Spy)?, days)?)?))
        },
    },
    AtSetup {
        spec: at_setup(
            "qqq_consol_vs_rally_pct",
            Units::Percent,
            &[Qqq, Pattern],
            "100 × (QQQ's change over the base − its change over the rally)",
        ),
        of: |m, s| {
            let qqq = m.context(Qqq)?;
            let resting = change(same_days(qqq, base(m, s)?)?)?;
            Some(100.0 * (resting - change(same_days(qqq, rally(m, s)?)?)?))
        },
    },
    AtSetup { spec: weekly("sector_vs_spy_weekly_ret_w1"), of: |m, _| weekly_return(m, 1) },
    AtSetup { spec: weekly("sector_vs_spy_weekly_ret_w2"), of: |m, _| weekly_return(m, 2) },
    AtSetup { spec: weekly("sector_vs_spy_weekly_ret_w3"), of: |m, _| weekly_return(m, 3) },
    AtSetup { spec: weekly("sector_vs_spy_weekly_ret_w4"), of: |m, _| weekly_return(m, 4) },
    AtSetup { spec: open_close("sector_etf_weekly_oc_atr_w2"), of: |m, _| week_body(m, 2) },
    AtSetup { spec: open_close("sector_etf_weekly_oc_atr_w3"), of: |m, _| week_body(m, 3) },
    AtSetup { spec: open_close("sector_etf_weekly_oc_atr_w4"), of: |m, _| week_body(m, 4) },
    AtSetup {
        spec: at_setup(
            "market_cap_to_sp500",
            Units::Ratio,
            &[MarketCap],
            "market capitalisation of the company ÷ of the S&P 500",
        ),
        of: |m, _| m.caps.and_then(|caps| ratio(caps.own, caps.sp500)),
    },
    AtSetup {
        spec: at_setup(
            "market_cap_to_industry_index",
            Units::Ratio,
            &[MarketCap],
            "market capitalisation of the company ÷ of its industry's index",
        ),
        of: |m, _| m.caps.and_then(|caps| ratio(caps.own, caps.industry)),
    },
];

const WEEK_BARS: usize = 5;

const fn weekly(name: &'static str) -> Spec {
    let formula =
        "100 × (the sector's return − SPY's) over five bars, w weeks back; w1 is the last";
    Spec {
        name,
        formula,
        window: 4 * WEEK_BARS + 1,
        warmup: 1,
        inputs: &[Sector, Spy],
        units: Units::Percent,
        source: "Trimtab",
    }
}

const fn open_close(name: &'static str) -> Spec {
    let formula = "(close − open) of the sector's five bars, w weeks back, in mean true ranges of \
                   14 bars";
    Spec {
        name,
        formula,
        window: 4 * WEEK_BARS,
        warmup: 1,
        inputs: &[Sector],
        units: Units::Atrs,
        source: "Trimtab",
    }
}

fn against(moment: &Moment<'_>, setup: &Setup, input: Input) -> Option<f64> {
    let own = rally(moment, setup)?;
    let other = same_days(moment.context(input)?, own)?;
    Some(100.0 * (change(own)? - change(other)?))
}

fn weekly_return(moment: &Moment<'_>, weeks: usize) -> Option<f64> {
    let of = |input| {
        let series = moment.context(input)?;
        let to = WEEK_BARS * (weeks - 1);
        change(super::places::between(series, to + WEEK_BARS, to)?)
    };
    Some(100.0 * (of(Sector)? - of(Spy)?))
}

fn week_body(moment: &Moment<'_>, weeks: usize) -> Option<f64> {
    let series = moment.context(Sector)?;
    let to = WEEK_BARS * (weeks - 1);
    let week = super::places::between(series, to + WEEK_BARS - 1, to)?;
    ratio(week.last()?.close - week.first()?.open, mean_true_range(series, 14)?)
}
