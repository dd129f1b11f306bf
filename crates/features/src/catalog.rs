//! The sorted table of every feature. One line here enrols a newcomer in the command line's list
//! and in the conformance suite.
//!
//! A name appears once: a breakout feature that is a plain indicator (`rsi_14`) is that indicator.

use crate::indicator::{
    atr, averages, bollinger, cci, directional, ema, extremes, macd, momentum, price, range,
    regression, rsi, sar, sma, std_dev, stoch, ultosc, volatility, volume,
};
use crate::spec::Spec;
use crate::{Error, Feature};

/// One line of the catalog.
#[derive(Clone, Copy)]
pub struct Entry {
    /// What the feature is.
    pub spec: &'static Spec,
    /// Makes a fresh calculator that has seen no bar.
    pub make: fn() -> Box<dyn Feature>,
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
    momentum::BALANCE_OF_POWER,
    bollinger::BOLLINGER_BANDWIDTH_20,
    bollinger::BOLLINGER_LOWER_20,
    bollinger::BOLLINGER_MIDDLE_20,
    bollinger::BOLLINGER_PERCENT_B_20,
    bollinger::BOLLINGER_UPPER_20,
    cci::CCI_14,
    momentum::CMO_14,
    averages::DEMA_20,
    range::DONCHIAN_LOWER_20,
    range::DONCHIAN_MIDDLE_20,
    range::DONCHIAN_UPPER_20,
    range::DRAWDOWN_FROM_HIGH_252,
    directional::DX_14,
    ema::EMA_20,
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
    price::MEDIAN_PRICE,
    volume::MFI_14,
    directional::MINUS_DI_14,
    momentum::MOMENTUM_10,
    atr::NATR_14,
    volume::OBV,
    sar::PARABOLIC_SAR,
    volatility::PARKINSON_VOLATILITY_20,
    directional::PLUS_DI_14,
    momentum::PPO_12_26,
    volatility::REALISED_VOLATILITY_20,
    volume::RELATIVE_VOLUME_20,
    momentum::ROC_10,
    rsi::RSI_14,
    sma::SMA_20,
    sma::SMA_200,
    sma::SMA_50,
    std_dev::STD_DEV_20,
    stoch::STOCH_FAST_D_14,
    stoch::STOCH_FAST_K_14,
    range::STOCH_RSI_D_14,
    range::STOCH_RSI_K_14,
    stoch::STOCH_SLOW_D_14,
    stoch::STOCH_SLOW_K_14,
    averages::TEMA_20,
    averages::TRIX_15,
    atr::TRUE_RANGE,
    price::TYPICAL_PRICE,
    ultosc::ULTIMATE_OSCILLATOR,
    std_dev::VARIANCE_20,
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
    find(name).map(|entry| (entry.make)())
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
            assert_eq!((entry.make)().spec(), entry.spec);
        }
    }
}
