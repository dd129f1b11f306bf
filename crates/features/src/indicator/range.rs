//! Place in a window's range: WILLR, AROON, Donchian channel, drawdown from the high, STOCHRSI.

use market::Candle;

use super::extremes::Crest;
use super::feature::{enrol, on_candle, on_close};
use super::stoch::{StochLines, is_flat};
use super::{FastStoch, Highest, Lowest, OverCandles, OverPrices, Rsi};
use crate::spec::Units;

/// −100 · (highest high − close) / (highest high − lowest low). TA-Lib's `WILLR`.
#[derive(Debug, Clone)]
pub struct WilliamsR {
    highest: Highest,
    lowest: Lowest,
}

/// How lately the extremes of n bars came, 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AroonLines {
    /// 100 where the highest high is the current bar, 0 where it is n bars old.
    pub up: f64,
    /// The same of the lowest low.
    pub down: f64,
}

/// TA-Lib's `AROON` (Chande 1995), over n + 1 candles; of equal extremes the later counts.
#[derive(Debug, Clone)]
pub struct Aroon {
    highest: Crest<(f64, usize)>,
    lowest: Crest<(f64, usize)>,
    today: usize,
    period: usize,
}

/// The edges of a price channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Channel {
    /// Upper edge.
    pub upper: f64,
    /// Middle line.
    pub middle: f64,
    /// Lower edge.
    pub lower: f64,
}

/// Highest high and lowest low of n candles, the current one among them (Donchian 1960).
#[derive(Debug, Clone)]
pub struct Donchian {
    highest: Highest,
    lowest: Lowest,
}

/// Close / highest high of the last n candles − 1; 0 at the high, negative below it.
#[derive(Debug, Clone)]
pub struct Drawdown {
    highest: Highest,
}

/// Fast stochastic of the RSI. TA-Lib's `STOCHRSI` (Chande and Kroll 1994).
#[derive(Debug, Clone)]
pub struct StochRsi {
    rsi: Rsi,
    stoch: FastStoch,
}

impl WilliamsR {
    /// A window of that many candles, at least one.
    pub fn new(period: usize) -> WilliamsR {
        WilliamsR { highest: Highest::new(period), lowest: Lowest::new(period) }
    }
}

impl OverCandles for WilliamsR {
    type Output = f64;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<f64> {
        let lowest = self.lowest.next(candle.low);
        let highest = self.highest.next(candle.high)?;
        let range = highest - lowest?;
        if is_flat(range, highest, lowest?) {
            return Some(0.0);
        }
        Some(((highest - candle.close) / range * -100.0).clamp(-100.0, 0.0))
    }
}

impl Aroon {
    /// Ages of up to that many bars, at least one.
    pub fn new(period: usize) -> Aroon {
        let period = period.max(1);
        let crest = Crest::new(period + 1, (f64::NEG_INFINITY, 0));
        Aroon { highest: crest.clone(), lowest: crest, today: 0, period }
    }
}

impl OverCandles for Aroon {
    type Output = AroonLines;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<AroonLines> {
        let (_, highest_at) = self.highest.next((candle.high, self.today));
        let (_, lowest_at) = self.lowest.next((-candle.low, self.today));
        let today = self.today;
        self.today += 1;
        let factor = 100.0 / self.period as f64;
        let line = |at: usize| factor * (self.period - (today - at)) as f64;
        (today >= self.period).then(|| AroonLines { up: line(highest_at), down: line(lowest_at) })
    }
}

impl Donchian {
    /// A window of that many candles, at least one.
    pub fn new(period: usize) -> Donchian {
        Donchian { highest: Highest::new(period), lowest: Lowest::new(period) }
    }
}

impl OverCandles for Donchian {
    type Output = Channel;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<Channel> {
        let lower = self.lowest.next(candle.low);
        let upper = self.highest.next(candle.high)?;
        let lower = lower?;
        Some(Channel { upper, middle: (upper + lower) / 2.0, lower })
    }
}

impl Drawdown {
    /// A window of that many candles, at least one.
    pub fn new(period: usize) -> Drawdown {
        Drawdown { highest: Highest::new(period) }
    }
}

impl OverCandles for Drawdown {
    type Output = f64;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<f64> {
        let highest = self.highest.next(candle.high)?;
        (highest > 0.0).then(|| candle.close / highest - 1.0)
    }
}

impl StochRsi {
    /// Length of the RSI, window of its range, length of %D.
    pub fn new(rsi_period: usize, k_period: usize, d_period: usize) -> StochRsi {
        StochRsi { rsi: Rsi::new(rsi_period), stoch: FastStoch::new(k_period, d_period) }
    }
}

impl OverPrices for StochRsi {
    type Output = StochLines;

    #[inline]
    fn next(&mut self, price: f64) -> Option<StochLines> {
        let rsi = self.rsi.next(price)?;
        self.stoch.next_price(rsi)
    }
}

enrol! {
    WILLIAMS_R_14 = on_candle(WilliamsR::new(14), |value| value);
    name: "williams_r_14",
    formula: "−100 · (highest high − close) / (highest high − lowest low) of 14",
    window: 14,
    warmup: 14,
    units: Units::Oscillator,
    source: "TA-Lib WILLR",
}

enrol! {
    AROON_DOWN_14 = on_candle(Aroon::new(14), |lines| lines.down);
    name: "aroon_down_14",
    formula: "100 · (14 − age of the lowest low) / 14",
    window: 15,
    warmup: 15,
    units: Units::Oscillator,
    source: "TA-Lib AROON; Chande 1995",
}

enrol! {
    AROON_UP_14 = on_candle(Aroon::new(14), |lines| lines.up);
    name: "aroon_up_14",
    formula: "100 · (14 − age of the highest high) / 14",
    window: 15,
    warmup: 15,
    units: Units::Oscillator,
    source: "TA-Lib AROON; Chande 1995",
}

enrol! {
    AROON_OSCILLATOR_14 = on_candle(Aroon::new(14), |lines| lines.up - lines.down);
    name: "aroon_oscillator_14",
    formula: "aroon_up_14 − aroon_down_14",
    window: 15,
    warmup: 15,
    units: Units::Oscillator,
    source: "TA-Lib AROONOSC",
}

enrol! {
    DONCHIAN_LOWER_20 = on_candle(Donchian::new(20), |channel| channel.lower);
    name: "donchian_lower_20",
    formula: "lowest low of 20 bars",
    window: 20,
    warmup: 20,
    units: Units::Price,
    source: "Donchian 1960",
}

enrol! {
    DONCHIAN_MIDDLE_20 = on_candle(Donchian::new(20), |channel| channel.middle);
    name: "donchian_middle_20",
    formula: "(donchian_upper_20 + donchian_lower_20) / 2",
    window: 20,
    warmup: 20,
    units: Units::Price,
    source: "Donchian 1960",
}

enrol! {
    DONCHIAN_UPPER_20 = on_candle(Donchian::new(20), |channel| channel.upper);
    name: "donchian_upper_20",
    formula: "highest high of 20 bars",
    window: 20,
    warmup: 20,
    units: Units::Price,
    source: "Donchian 1960",
}

enrol! {
    DRAWDOWN_FROM_HIGH_252 = on_candle(Drawdown::new(252), |value| value);
    name: "drawdown_from_high_252",
    formula: "close / highest high of 252 bars − 1",
    window: 252,
    warmup: 252,
    units: Units::Ratio,
    source: "Trimtab",
}

enrol! {
    STOCH_RSI_D_14 = on_close(StochRsi::new(14, 14, 3), |lines| lines.d);
    name: "stoch_rsi_d_14",
    formula: "mean of 3 stoch_rsi_k_14",
    window: 14,
    warmup: 30,
    units: Units::Oscillator,
    source: "TA-Lib STOCHRSI 14 14 3",
}

enrol! {
    STOCH_RSI_K_14 = on_close(StochRsi::new(14, 14, 3), |lines| lines.k);
    name: "stoch_rsi_k_14",
    formula: "100 · place of rsi_14 in the range of its last 14 values",
    window: 14,
    warmup: 30,
    units: Units::Oscillator,
    source: "TA-Lib STOCHRSI 14 14 3",
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candle(price: f64) -> Candle {
        Candle { low: price, high: price, close: price, open: price, ..Candle::default() }
    }

    #[test]
    fn aroon_counts_the_age_of_the_later_of_equal_highs() {
        let mut aroon = Aroon::new(2);
        let found = [3.0, 3.0, 1.0].map(|price| aroon.next(&candle(price)));
        assert_eq!(found[2], Some(AroonLines { up: 50.0, down: 100.0 }));
    }

    #[test]
    fn drawdown_is_measured_from_the_high_of_the_window() {
        let mut drawdown = Drawdown::new(2);
        let found = [4.0, 3.0, 3.0].map(|price| drawdown.next(&candle(price)));
        assert_eq!(found, [None, Some(-0.25), Some(0.0)]);
    }
}
