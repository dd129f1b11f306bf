//! The sorted table of every feature. One line here enrols a newcomer in the command line's list
//! and in the conformance suite.
//!
//! A name appears once: a breakout feature that is a plain indicator (`rsi_14`) is that indicator.

use crate::breakout::{
    Reading, atr_pct_14, basic_tightness, breakout_day_atr_multiple,
    breakout_range_to_consol_avg_range_ratio, candles_close_above_entry,
    consol_avg_volume_to_breakout_ratio, consol_bearish_ratio, consol_duration,
    consol_end_close_pct, consol_rally_duration_ratio, consol_volume_pct, dist_from_sma,
    dist_from_sma_20_atr_norm, entry_month, fib_retracement_zone, market_cap, momentum_second_half,
    old_entry_touches, pattern_score, qqq_consol_vs_rally_pct, rally_avg_volume_to_breakout_ratio,
    rally_duration, rally_intensity, rally_pct, rally_volume_pct, sector_etf_weekly_oc_atr,
    sector_vs_market_strength, sector_vs_spy_weekly_ret, stoch_14, stock_vs_qqq_rally_strength,
    stock_vs_sector_rally_strength, stop_touches_ratio, trend_strength_20, vix_change,
    volatility_20d,
};
use crate::indicator::{
    atr, averages, bollinger, cci, directional, ema, extremes, macd, momentum, price, range,
    regression, rsi, sar, sma, std_dev, stoch, ultosc, volatility, volume,
};
use crate::moment::Moment;
use crate::pattern::setup::Setup;
use crate::spec::Spec;
use crate::{Error, Feature};

/// One line of the catalog.
#[derive(Clone, Copy)]
pub struct Entry {
    /// What the feature is.
    pub spec: &'static Spec,
    pub(crate) calculator: Calculator,
}

/// How a feature's value comes about.
#[derive(Clone, Copy)]
pub(crate) enum Calculator {
    /// By an indicator that carries numbers from bar to bar; it reads the own candle alone.
    Streaming(fn() -> Box<dyn Feature>),
    /// By a function of what is known at a bar.
    AtBar(fn(&Moment<'_>) -> Option<f64>),
    /// By a function of what is known at a bar that confirms a setup.
    AtSetup(fn(&Moment<'_>, &Setup) -> Option<f64>),
}

impl Entry {
    /// A fresh calculator that has seen no bar.
    pub fn make(&self) -> Box<dyn Feature> {
        match self.calculator {
            Calculator::Streaming(make) => make(),
            Calculator::AtBar(_) | Calculator::AtSetup(_) => Box::new(Reading::of(*self)),
        }
    }
}

/// Every feature, sorted by name.
pub static CATALOG: &[Entry] = &[
    volume::ACCUMULATION_DISTRIBUTION,
    volume::AD_OSCILLATOR,
    directional::ADX_14,
    momentum::APO_12_26,
    range::AROON_DOWN_14,
    range::AROON_OSCILLATOR_14,
    range::AROON_UP_14,
    atr::ATR_14,
    atr_pct_14::ATR_PCT_14,
    momentum::BALANCE_OF_POWER,
    basic_tightness::BASIC_TIGHTNESS,
    bollinger::BOLLINGER_BANDWIDTH_20,
    bollinger::BOLLINGER_LOWER_20,
    bollinger::BOLLINGER_MIDDLE_20,
    bollinger::BOLLINGER_PERCENT_B_20,
    bollinger::BOLLINGER_UPPER_20,
    breakout_day_atr_multiple::BREAKOUT_DAY_ATR_MULTIPLE,
    breakout_range_to_consol_avg_range_ratio::BREAKOUT_RANGE_TO_CONSOL_AVG_RANGE_RATIO,
    candles_close_above_entry::CANDLES_CLOSE_ABOVE_ENTRY,
    cci::CCI_14,
    momentum::CMO_14,
    consol_avg_volume_to_breakout_ratio::CONSOL_AVG_VOLUME_TO_BREAKOUT_RATIO,
    consol_bearish_ratio::CONSOL_BEARISH_RATIO,
    consol_duration::CONSOL_DURATION,
    consol_end_close_pct::CONSOL_END_CLOSE_PCT,
    consol_rally_duration_ratio::CONSOL_RALLY_DURATION_RATIO,
    consol_volume_pct::CONSOL_VOLUME_PCT,
    averages::DEMA_20,
    dist_from_sma::DIST_FROM_SMA_20,
    dist_from_sma_20_atr_norm::DIST_FROM_SMA_20_ATR_NORM,
    dist_from_sma::DIST_FROM_SMA_5,
    range::DONCHIAN_LOWER_20,
    range::DONCHIAN_MIDDLE_20,
    range::DONCHIAN_UPPER_20,
    range::DRAWDOWN_FROM_HIGH_252,
    directional::DX_14,
    ema::EMA_20,
    entry_month::ENTRY_MONTH,
    fib_retracement_zone::FIB_RETRACEMENT_ZONE,
    volatility::GARMAN_KLASS_VOLATILITY_20,
    extremes::HIGHEST_CLOSE_20,
    price::KELTNER_LOWER_20,
    price::KELTNER_MIDDLE_20,
    price::KELTNER_UPPER_20,
    regression::LINEAR_REGRESSION_14,
    regression::LINEAR_REGRESSION_SLOPE_14,
    extremes::LOWEST_CLOSE_20,
    macd::MACD,
    macd::MACD_HISTOGRAM,
    macd::MACD_SIGNAL,
    market_cap::MARKET_CAP_TO_INDUSTRY_INDEX,
    market_cap::MARKET_CAP_TO_SP500,
    price::MEDIAN_PRICE,
    volume::MFI_14,
    directional::MINUS_DI_14,
    momentum::MOMENTUM_10,
    momentum_second_half::MOMENTUM_SECOND_HALF,
    atr::NATR_14,
    volume::OBV,
    old_entry_touches::OLD_ENTRY_TOUCHES,
    old_entry_touches::OLD_ENTRY_TOUCHES_RATIO,
    sar::PARABOLIC_SAR,
    volatility::PARKINSON_VOLATILITY_20,
    pattern_score::PATTERN_SCORE,
    directional::PLUS_DI_14,
    momentum::PPO_12_26,
    qqq_consol_vs_rally_pct::QQQ_CONSOL_VS_RALLY_PCT,
    rally_avg_volume_to_breakout_ratio::RALLY_AVG_VOLUME_TO_BREAKOUT_RATIO,
    rally_duration::RALLY_DURATION,
    rally_intensity::RALLY_INTENSITY,
    rally_pct::RALLY_PCT,
    rally_volume_pct::RALLY_VOLUME_PCT,
    volatility::REALISED_VOLATILITY_20,
    volume::RELATIVE_VOLUME_20,
    momentum::ROC_10,
    rsi::RSI_14,
    sector_etf_weekly_oc_atr::SECTOR_ETF_WEEKLY_OC_ATR_W2,
    sector_etf_weekly_oc_atr::SECTOR_ETF_WEEKLY_OC_ATR_W3,
    sector_etf_weekly_oc_atr::SECTOR_ETF_WEEKLY_OC_ATR_W4,
    sector_vs_market_strength::SECTOR_VS_MARKET_STRENGTH,
    sector_vs_spy_weekly_ret::SECTOR_VS_SPY_WEEKLY_RET_W1,
    sector_vs_spy_weekly_ret::SECTOR_VS_SPY_WEEKLY_RET_W2,
    sector_vs_spy_weekly_ret::SECTOR_VS_SPY_WEEKLY_RET_W3,
    sector_vs_spy_weekly_ret::SECTOR_VS_SPY_WEEKLY_RET_W4,
    sma::SMA_20,
    sma::SMA_200,
    sma::SMA_50,
    std_dev::STD_DEV_20,
    stoch_14::STOCH_14,
    stoch::STOCH_FAST_D_14,
    stoch::STOCH_FAST_K_14,
    range::STOCH_RSI_D_14,
    range::STOCH_RSI_K_14,
    stoch::STOCH_SLOW_D_14,
    stoch::STOCH_SLOW_K_14,
    stock_vs_qqq_rally_strength::STOCK_VS_QQQ_RALLY_STRENGTH,
    stock_vs_sector_rally_strength::STOCK_VS_SECTOR_RALLY_STRENGTH,
    stop_touches_ratio::STOP_TOUCHES_RATIO,
    averages::TEMA_20,
    trend_strength_20::TREND_STRENGTH_20,
    averages::TRIX_15,
    atr::TRUE_RANGE,
    price::TYPICAL_PRICE,
    ultosc::ULTIMATE_OSCILLATOR,
    std_dev::VARIANCE_20,
    vix_change::VIX_CHANGE_1D,
    vix_change::VIX_CHANGE_5D,
    volatility_20d::VOLATILITY_20D,
    volume::VWAP_20,
    price::WEIGHTED_CLOSE,
    range::WILLIAMS_R_14,
    averages::WMA_20,
    volatility::YANG_ZHANG_VOLATILITY_20,
    price::Z_SCORE_20,
];

/// Descriptions of all features, sorted by name.
pub fn specs() -> impl ExactSizeIterator<Item = &'static Spec> {
    CATALOG.iter().map(|entry| entry.spec)
}

/// The line of that name; an unknown name is answered with the nearest one there is.
pub fn find(name: &str) -> Result<&'static Entry, Error> {
    match CATALOG.binary_search_by(|entry| entry.spec.name.cmp(name)) {
        Ok(at) => Ok(&CATALOG[at]),
        Err(_) => Err(unknown(name)),
    }
}

/// A fresh calculator of that name.
pub fn make(name: &str) -> Result<Box<dyn Feature>, Error> {
    find(name).map(Entry::make)
}

fn unknown(name: &str) -> Error {
    let hint = specs()
        .map(|spec| (strsim::damerau_levenshtein(spec.name, name), spec.name))
        .min()
        .filter(|(distance, _)| *distance <= 1 + name.len() / 3)
        .map(|(_, near)| format!("; did you mean {near:?}?"))
        .unwrap_or_default();
    Error::FindFeature { name: name.to_owned(), count: CATALOG.len(), hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_each_name_appears_once() {
        let names: Vec<_> = specs().map(|spec| spec.name).collect();
        for pair in names.windows(2) {
            assert!(pair[0] < pair[1], "{} must come before {}", pair[1], pair[0]);
        }
    }

    #[test]
    fn each_line_makes_the_feature_it_describes() {
        for entry in CATALOG {
            assert_eq!(entry.make().spec(), entry.spec);
        }
    }
}
