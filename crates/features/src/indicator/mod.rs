//! Technical indicators, each a streaming calculator in a file of its own.
//!
//! A typed struct such as [`Rsi`] is for tight loops: no allocation after it is made, no virtual
//! call, constant time a bar. Its method is `next`, from [`OverPrices`] or [`OverCandles`]. The
//! catalog wraps each in a [`crate::Feature`] under a name such as `rsi_14`.
//!
//! Where TA-Lib has the indicator, values equal its own (version 0.8), and so do its answers to
//! degenerate input: a flat window gives an RSI of 50 and a stochastic of 0, not an error.

mod decay;
mod ring;

pub mod atr;
pub mod averages;
pub mod bollinger;
pub mod cci;
pub mod directional;
pub mod ema;
pub mod extremes;
mod feature;
pub mod macd;
pub mod momentum;
pub mod price;
pub mod range;
pub mod regression;
pub mod rsi;
pub mod sar;
pub mod sma;
pub mod std_dev;
pub mod stoch;
pub mod ultosc;
pub mod volatility;
pub mod volume;

pub use atr::{Atr, Natr, TrueRange};
pub use averages::{Dema, Tema, Trix, Wma};
pub use bollinger::{Bands, Bollinger};
pub use cci::Cci;
pub use directional::{Adx, Directional, DirectionalLines};
pub use ema::Ema;
pub use extremes::{Highest, Lowest};
pub use macd::{Macd, MacdLines};
pub use momentum::{Apo, BalanceOfPower, Cmo, Momentum, Ppo, RateOfChange};
pub use price::{Keltner, MedianPrice, TypicalPrice, WeightedClose, ZScore};
pub use range::{Aroon, AroonLines, Channel, Donchian, Drawdown, StochRsi, WilliamsR};
pub use regression::{Line, LinearRegression};
pub use rsi::Rsi;
pub use sar::Sar;
pub use sma::Sma;
pub use std_dev::{StdDev, Variance};
pub use stoch::{FastStoch, Stoch, StochLines};
pub use ultosc::UltimateOscillator;
pub use volatility::{GarmanKlass, Parkinson, RealisedVolatility, YangZhang};
pub use volume::{AccumulationDistribution, AdOsc, Mfi, Obv, RelativeVolume, Vwap};

use market::Candle;

/// A calculator fed with one price a bar.
pub trait OverPrices {
    /// What one bar gives.
    type Output;

    /// Takes the next price; `None` until there are enough of them.
    fn next(&mut self, price: f64) -> Option<Self::Output>;
}

/// A calculator fed with one candle a bar.
pub trait OverCandles {
    /// What one bar gives.
    type Output;

    /// Takes the next candle; `None` until there are enough of them.
    fn next(&mut self, candle: &Candle) -> Option<Self::Output>;
}

/// The values of a price indicator over a whole series, one entry a price.
#[inline]
pub fn over_prices<I: OverPrices>(mut indicator: I, prices: &[f64]) -> Vec<Option<I::Output>> {
    // A plain loop over places that exist keeps the calculator in registers; `collect` does not.
    let mut values: Vec<Option<I::Output>> = prices.iter().map(|_| None).collect();
    for (place, &price) in values.iter_mut().zip(prices) {
        *place = indicator.next(price);
    }
    values
}

/// The values of a candle indicator over a whole series, one entry a candle.
#[inline]
pub fn over_candles<I: OverCandles>(mut indicator: I, bars: &[Candle]) -> Vec<Option<I::Output>> {
    let mut values: Vec<Option<I::Output>> = bars.iter().map(|_| None).collect();
    for (place, candle) in values.iter_mut().zip(bars) {
        *place = indicator.next(candle);
    }
    values
}

/// (High + low + close) / 3.
pub(crate) fn typical_price(candle: &Candle) -> f64 {
    (candle.high + candle.low + candle.close) / 3.0
}
