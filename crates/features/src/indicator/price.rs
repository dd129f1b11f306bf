//! One price out of a candle, place against a mean, and the Keltner channel.

use market::Candle;

use super::feature::{enrol, on_candle, on_close};
use super::range::Channel;
use super::{Atr, Ema, OverCandles, OverPrices, Sma, StdDev, typical_price};
use crate::spec::Units;

/// (High + low) / 2. TA-Lib's `MEDPRICE`.
#[derive(Debug, Clone, Default)]
pub struct MedianPrice;

/// (High + low + close) / 3. TA-Lib's `TYPPRICE`.
#[derive(Debug, Clone, Default)]
pub struct TypicalPrice;

/// (High + low + 2 close) / 4. TA-Lib's `WCLPRICE`.
#[derive(Debug, Clone, Default)]
pub struct WeightedClose;

/// (Price − mean) / population standard deviation of the last n prices; `None` where they are
/// equal.
#[derive(Debug, Clone)]
pub struct ZScore {
    mean: Sma,
    deviation: StdDev,
}

/// EMA of the typical price ± `width` average true ranges (Keltner 1960 as changed by Raschke).
#[derive(Debug, Clone)]
pub struct Keltner {
    middle: Ema,
    range: Atr,
    width: f64,
}

impl OverCandles for MedianPrice {
    type Output = f64;

    fn next(&mut self, candle: &Candle) -> Option<f64> {
        Some((candle.high + candle.low) / 2.0)
    }
}

impl OverCandles for TypicalPrice {
    type Output = f64;

    fn next(&mut self, candle: &Candle) -> Option<f64> {
        Some(typical_price(candle))
    }
}

impl OverCandles for WeightedClose {
    type Output = f64;

    fn next(&mut self, candle: &Candle) -> Option<f64> {
        Some((candle.high + candle.low + candle.close * 2.0) / 4.0)
    }
}

impl ZScore {
    /// A window of that many prices, at least two.
    pub fn new(period: usize) -> ZScore {
        ZScore { mean: Sma::new(period.max(2)), deviation: StdDev::new(period.max(2)) }
    }
}

impl OverPrices for ZScore {
    type Output = f64;

    #[inline]
    fn next(&mut self, price: f64) -> Option<f64> {
        let mean = self.mean.next(price);
        let deviation = self.deviation.next(price)?;
        let mean = mean?;
        (deviation > 0.0).then(|| (price - mean) / deviation)
    }
}

impl Keltner {
    /// Length of the middle line, length of the average true range, and how many of them.
    pub fn new(period: usize, range_period: usize, width: f64) -> Keltner {
        Keltner { middle: Ema::new(period), range: Atr::new(range_period), width }
    }
}

impl OverCandles for Keltner {
    type Output = Channel;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<Channel> {
        let middle = self.middle.next(typical_price(candle));
        let reach = self.range.next(candle).map(|range| range * self.width);
        let (middle, reach) = (middle?, reach?);
        Some(Channel { upper: middle + reach, middle, lower: middle - reach })
    }
}

enrol! {
    MEDIAN_PRICE = on_candle(MedianPrice, |value| value);
    name: "median_price",
    formula: "(high + low) / 2",
    window: 1,
    warmup: 1,
    units: Units::Price,
    source: "TA-Lib MEDPRICE",
}

enrol! {
    TYPICAL_PRICE = on_candle(TypicalPrice, |value| value);
    name: "typical_price",
    formula: "(high + low + close) / 3",
    window: 1,
    warmup: 1,
    units: Units::Price,
    source: "TA-Lib TYPPRICE",
}

enrol! {
    WEIGHTED_CLOSE = on_candle(WeightedClose, |value| value);
    name: "weighted_close",
    formula: "(high + low + 2 close) / 4",
    window: 1,
    warmup: 1,
    units: Units::Price,
    source: "TA-Lib WCLPRICE",
}

enrol! {
    Z_SCORE_20 = on_close(ZScore::new(20), |value| value);
    name: "z_score_20",
    formula: "(close − SMA20) / std_dev_20; none where all closes are equal",
    window: 20,
    warmup: 20,
    units: Units::StdDevs,
    source: "Trimtab",
}

enrol! {
    KELTNER_LOWER_20 = on_candle(Keltner::new(20, 10, 2.0), |channel| channel.lower);
    name: "keltner_lower_20",
    formula: "EMA20 of the typical price − 2 ATR10",
    window: 20,
    warmup: 20,
    units: Units::Price,
    source: "Keltner 1960, Raschke",
}

enrol! {
    KELTNER_MIDDLE_20 = on_candle(Keltner::new(20, 10, 2.0), |channel| channel.middle);
    name: "keltner_middle_20",
    formula: "EMA20 of the typical price",
    window: 20,
    warmup: 20,
    units: Units::Price,
    source: "Keltner 1960, Raschke",
}

enrol! {
    KELTNER_UPPER_20 = on_candle(Keltner::new(20, 10, 2.0), |channel| channel.upper);
    name: "keltner_upper_20",
    formula: "EMA20 of the typical price + 2 ATR10",
    window: 20,
    warmup: 20,
    units: Units::Price,
    source: "Keltner 1960, Raschke",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_prices_have_no_score() {
        let mut score = ZScore::new(2);
        assert_eq!([1.0, 1.0, 3.0].map(|price| score.next(price)), [None, None, Some(1.0)]);
    }

    #[test]
    fn the_channel_is_as_wide_as_the_range() {
        let mut keltner = Keltner::new(2, 2, 1.5);
        let candle = Candle { low: 9.0, high: 11.0, close: 10.0, ..Candle::default() };
        let found = [candle; 3].map(|candle| keltner.next(&candle))[2].unwrap();
        assert_eq!((found.lower, found.middle, found.upper), (7.0, 10.0, 13.0));
    }
}
