//! How much the stock and the market move.

use super::places::{mean_close, mean_true_range};
use super::{AtSetup, at_setup, ratio};
use crate::moment::Moment;
use crate::spec::{Input::Own, Input::Vix, Spec, Units};

pub(super) static TABLE: &[AtSetup] = &[
    AtSetup {
        spec: windowed(
            "atr_pct_14",
            15,
            Units::Percent,
            "100 × mean true range of 14 bars ÷ close",
        ),
        of: |m, _| ratio(100.0 * mean_true_range(m.own, 14)?, m.candle()?.close),
    },
    AtSetup {
        spec: windowed(
            "volatility_20d",
            21,
            Units::AnnualVolatility,
            "sample standard deviation of 20 log returns × √252",
        ),
        of: |m, _| {
            let closes = m.recent(21)?;
            let returns: Vec<f64> =
                closes.windows(2).map(|pair| (pair[1].close / pair[0].close).ln()).collect();
            Some(base::stats::std_dev(&returns) * 252f64.sqrt()).filter(|v| v.is_finite())
        },
    },
    AtSetup {
        spec: windowed(
            "breakout_day_atr_multiple",
            16,
            Units::Atrs,
            "range of the breakout bar ÷ mean true range of the 14 bars before it",
        ),
        of: |m, _| {
            let before = &m.own[..m.own.len().checked_sub(1)?];
            ratio(m.candle()?.range(), mean_true_range(before, 14)?)
        },
    },
    AtSetup {
        spec: windowed(
            "dist_from_sma_20_atr_norm",
            20,
            Units::Atrs,
            "(close − mean of 20 closes) ÷ mean true range of 14 bars",
        ),
        of: |m, _| {
            let distance = m.candle()?.close - mean_close(m.own, 20)?;
            ratio(distance, mean_true_range(m.own, 14)?)
        },
    },
    AtSetup {
        spec: at_setup("vix_change_1d", Units::Percent, &[Vix], "100 × change of VIX over 1 bar"),
        of: |m, _| vix_change(m, 1),
    },
    AtSetup {
        spec: at_setup("vix_change_5d", Units::Percent, &[Vix], "100 × change of VIX over 5 bars"),
        of: |m, _| vix_change(m, 5),
    },
];

pub(super) const fn windowed(
    name: &'static str,
    window: usize,
    units: Units,
    formula: &'static str,
) -> Spec {
    Spec { name, formula, window, warmup: window, inputs: &[Own], units, source: "Trimtab" }
}

fn vix_change(moment: &Moment<'_>, bars: usize) -> Option<f64> {
    let stretch = super::places::between(moment.context(Vix)?, bars, 0)?;
    super::places::change(stretch).map(|change| 100.0 * change)
}
