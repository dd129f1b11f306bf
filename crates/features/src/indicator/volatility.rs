//! Volatility per year from closes and from ranges, 252 bars a year.

use market::Candle;

use super::feature::{enrol, on_candle, on_close};
use super::{OverCandles, OverPrices, Sma, Variance};
use crate::spec::Units;

/// Bars that make a year.
const YEAR: f64 = 252.0;

/// Sample standard deviation (÷ n − 1) of n log returns, · √252.
#[derive(Debug, Clone)]
pub struct RealisedVolatility {
    previous: Option<f64>,
    variance: Variance,
    sample: f64,
}

/// √(252 · mean of ln(high/low)² / (4 ln 2)) (Parkinson 1980, p. 62).
#[derive(Debug, Clone)]
pub struct Parkinson {
    mean: Sma,
}

/// √(252 · mean of ½ ln(high/low)² − (2 ln 2 − 1) ln(close/open)²) (Garman and Klass 1980, p. 74).
#[derive(Debug, Clone)]
pub struct GarmanKlass {
    mean: Sma,
}

/// √(252 · (σ²_overnight + k σ²_open-to-close + (1 − k) σ²_RS)), k = 0.34 / (1.34 + (n+1)/(n−1))
/// (Yang and Zhang 2000, p. 485). σ²_RS is that of Rogers and Satchell (1991).
#[derive(Debug, Clone)]
pub struct YangZhang {
    previous_close: Option<f64>,
    overnight: Variance,
    day: Variance,
    rogers_satchell: Sma,
    sample: f64,
    weight: f64,
}

impl RealisedVolatility {
    /// A window of that many returns, at least two.
    pub fn new(period: usize) -> RealisedVolatility {
        let period = period.max(2);
        let sample = period as f64 / (period as f64 - 1.0);
        RealisedVolatility { previous: None, variance: Variance::new(period), sample }
    }
}

impl OverPrices for RealisedVolatility {
    type Output = f64;

    #[inline]
    fn next(&mut self, price: f64) -> Option<f64> {
        let previous = self.previous.replace(price)?;
        let variance = self.variance.next((price / previous).ln())?;
        Some((variance.max(0.0) * self.sample * YEAR).sqrt())
    }
}

impl Parkinson {
    /// A window of that many candles, at least one.
    pub fn new(period: usize) -> Parkinson {
        Parkinson { mean: Sma::new(period) }
    }
}

impl OverCandles for Parkinson {
    type Output = f64;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<f64> {
        let range = (candle.high / candle.low).ln();
        let mean = self.mean.next(range * range)?;
        Some((mean.max(0.0) * YEAR / (4.0 * std::f64::consts::LN_2)).sqrt())
    }
}

impl GarmanKlass {
    /// A window of that many candles, at least one.
    pub fn new(period: usize) -> GarmanKlass {
        GarmanKlass { mean: Sma::new(period) }
    }
}

impl OverCandles for GarmanKlass {
    type Output = f64;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<f64> {
        let range = (candle.high / candle.low).ln();
        let body = (candle.close / candle.open).ln();
        let term = 0.5 * range * range - (2.0 * std::f64::consts::LN_2 - 1.0) * body * body;
        Some((self.mean.next(term)?.max(0.0) * YEAR).sqrt())
    }
}

impl YangZhang {
    /// A window of that many candles that have one before them, at least two.
    pub fn new(period: usize) -> YangZhang {
        let period = period.max(2);
        let count = period as f64;
        YangZhang {
            previous_close: None,
            overnight: Variance::new(period),
            day: Variance::new(period),
            rogers_satchell: Sma::new(period),
            sample: count / (count - 1.0),
            weight: 0.34 / (1.34 + (count + 1.0) / (count - 1.0)),
        }
    }
}

impl OverCandles for YangZhang {
    type Output = f64;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<f64> {
        let previous = self.previous_close.replace(candle.close)?;
        let overnight = self.overnight.next((candle.open / previous).ln());
        let up = (candle.high / candle.open).ln();
        let down = (candle.low / candle.open).ln();
        let close = (candle.close / candle.open).ln();
        let day = self.day.next(close);
        let drift_free = self.rogers_satchell.next(up * (up - close) + down * (down - close))?;
        let (overnight, day) = (overnight? * self.sample, day? * self.sample);
        let total = overnight + self.weight * day + (1.0 - self.weight) * drift_free;
        Some((total.max(0.0) * YEAR).sqrt())
    }
}

enrol! {
    REALISED_VOLATILITY_20 = on_close(RealisedVolatility::new(20), |value| value);
    name: "realised_volatility_20",
    formula: "√252 · sample standard deviation of 20 log returns",
    window: 20,
    warmup: 21,
    units: Units::AnnualVolatility,
    source: "Trimtab",
}

enrol! {
    PARKINSON_VOLATILITY_20 = on_candle(Parkinson::new(20), |value| value);
    name: "parkinson_volatility_20",
    formula: "√(252 · mean of ln(high/low)² / (4 ln 2)) of 20 bars",
    window: 20,
    warmup: 20,
    units: Units::AnnualVolatility,
    source: "Parkinson 1980 p. 62",
}

enrol! {
    GARMAN_KLASS_VOLATILITY_20 = on_candle(GarmanKlass::new(20), |value| value);
    name: "garman_klass_volatility_20",
    formula: "√(252 · mean of ½ ln(high/low)² − (2 ln 2 − 1) ln(close/open)²) of 20 bars",
    window: 20,
    warmup: 20,
    units: Units::AnnualVolatility,
    source: "Garman and Klass 1980 p. 74",
}

enrol! {
    YANG_ZHANG_VOLATILITY_20 = on_candle(YangZhang::new(20), |value| value);
    name: "yang_zhang_volatility_20",
    formula: "√(252 · (overnight + k day + (1 − k) Rogers-Satchell variance)) of 20 bars",
    window: 20,
    warmup: 21,
    units: Units::AnnualVolatility,
    source: "Yang and Zhang 2000 p. 485",
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Seed;
    use rand::RngExt as _;

    /// Days of 390 small steps without drift: every estimator must find the volatility put in.
    fn walk(volatility: f64, days: usize) -> Vec<Candle> {
        let mut rng = Seed::root(3).rng();
        let step = volatility / (YEAR * 390.0).sqrt();
        let mut log = 4.0_f64;
        let mut candles = Vec::new();
        for _ in 0..days {
            let (open, mut high, mut low) = (log, log, log);
            for _ in 0..390 {
                log += if rng.random::<bool>() { step } else { -step };
                high = high.max(log);
                low = low.min(log);
            }
            let [open, high, low, close] = [open, high, low, log].map(f64::exp);
            candles.push(Candle { open, high, low, close, volume: 1.0, ..Candle::default() });
        }
        candles
    }

    #[test]
    fn every_estimator_finds_the_volatility_of_a_walk() {
        let candles = walk(0.3, 1_501);
        let closes: Vec<f64> = candles.iter().map(|candle| candle.close).collect();
        let last = |values: Vec<Option<f64>>| values.last().copied().flatten().unwrap();
        use crate::indicator::{over_candles, over_prices};
        let found = [
            last(over_prices(RealisedVolatility::new(1_500), &closes)),
            last(over_candles(Parkinson::new(1_500), &candles)),
            last(over_candles(GarmanKlass::new(1_500), &candles)),
            last(over_candles(YangZhang::new(1_500), &candles)),
        ];
        for (estimator, value) in ["realised", "parkinson", "garman", "yang"].iter().zip(found) {
            // A walk in steps misses a little of the range, so the range estimators read low.
            assert!((0.27..0.32).contains(&value), "{estimator}: {value}");
        }
    }
}
