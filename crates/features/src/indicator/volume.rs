//! Indicators that read volume: OBV, AD, ADOSC, MFI, rolling VWAP, relative volume.

use market::Candle;

use super::feature::{enrol, on_candle};
use super::ring::Ring;
use super::{OverCandles, OverPrices, Sma, typical_price};
use crate::spec::Units;

/// Running sum of volume, added on a rise and taken off on a fall. TA-Lib's `OBV` (Granville 1963).
#[derive(Debug, Clone, Default)]
pub struct Obv {
    previous_close: Option<f64>,
    total: f64,
}

/// Running sum of ((close − low) − (high − close)) / (high − low) · volume. TA-Lib's `AD`
/// (Chaikin).
#[derive(Debug, Clone, Default)]
pub struct AccumulationDistribution {
    total: f64,
}

/// Fast less slow exponential average of [`AccumulationDistribution`], both started at its first
/// value. TA-Lib's `ADOSC`.
#[derive(Debug, Clone)]
pub struct AdOsc {
    line: AccumulationDistribution,
    fast: f64,
    slow: f64,
    fast_alpha: f64,
    slow_alpha: f64,
    seen: usize,
    wanted: usize,
}

/// 100 · rising flow / all flow over n changes, where a flow is typical price · volume. TA-Lib's
/// `MFI`; 0 where no volume was traded.
#[derive(Debug, Clone)]
pub struct Mfi {
    rising: Ring,
    falling: Ring,
    rising_sum: f64,
    falling_sum: f64,
    previous: Option<f64>,
    idle: usize,
    seen: usize,
    period: usize,
}

/// Σ typical price · volume / Σ volume over n bars; `None` where no volume was traded.
#[derive(Debug, Clone)]
pub struct Vwap {
    flows: Sma,
    volumes: Sma,
    idle: usize,
    period: usize,
}

/// Volume over its mean in the n bars before; `None` where those had none.
#[derive(Debug, Clone)]
pub struct RelativeVolume {
    mean: Sma,
    before: Option<f64>,
    idle: usize,
    period: usize,
}

impl OverCandles for Obv {
    type Output = f64;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<f64> {
        match self.previous_close.replace(candle.close) {
            None => self.total = candle.volume,
            Some(previous) if candle.close > previous => self.total += candle.volume,
            Some(previous) if candle.close < previous => self.total -= candle.volume,
            Some(_) => {}
        }
        Some(self.total)
    }
}

impl OverCandles for AccumulationDistribution {
    type Output = f64;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<f64> {
        let range = candle.high - candle.low;
        if range > 0.0 {
            let lean = candle.close - candle.low - (candle.high - candle.close);
            self.total += lean / range * candle.volume;
        }
        Some(self.total)
    }
}

impl AdOsc {
    /// Lengths of the fast and the slow average, each at least two.
    pub fn new(fast: usize, slow: usize) -> AdOsc {
        let alpha = |period: usize| 2.0 / (period.max(2) as f64 + 1.0);
        AdOsc {
            line: AccumulationDistribution::default(),
            fast: 0.0,
            slow: 0.0,
            fast_alpha: alpha(fast),
            slow_alpha: alpha(slow),
            seen: 0,
            wanted: fast.max(slow).max(2),
        }
    }
}

impl OverCandles for AdOsc {
    type Output = f64;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<f64> {
        let line = self.line.next(candle)?;
        if self.seen == 0 {
            (self.fast, self.slow) = (line, line);
        } else {
            self.fast = self.fast_alpha * line + (1.0 - self.fast_alpha) * self.fast;
            self.slow = self.slow_alpha * line + (1.0 - self.slow_alpha) * self.slow;
        }
        self.seen = (self.seen + 1).min(self.wanted);
        (self.seen == self.wanted).then_some(self.fast - self.slow)
    }
}

impl Mfi {
    /// An index over that many changes, at least two.
    pub fn new(period: usize) -> Mfi {
        let period = period.max(2);
        Mfi {
            rising: Ring::new(period + 1),
            falling: Ring::new(period + 1),
            rising_sum: 0.0,
            falling_sum: 0.0,
            previous: None,
            idle: 0,
            seen: 0,
            period,
        }
    }

    fn index(&self) -> f64 {
        let total = self.rising_sum + self.falling_sum;
        if total <= 0.0 { 0.0 } else { 100.0 * (self.rising_sum.clamp(0.0, total) / total) }
    }
}

impl OverCandles for Mfi {
    type Output = f64;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<f64> {
        let typical = typical_price(candle);
        let previous = self.previous.replace(typical)?;
        let change = typical - previous;
        let still = change.abs() <= 1e-14 * (typical.abs() + previous.abs());
        let flow = if still { 0.0 } else { typical * candle.volume };
        let (up, down) = if change < 0.0 { (0.0, flow) } else { (flow, 0.0) };
        self.rising_sum = self.rising_sum - self.rising.push(up) + up;
        self.falling_sum = self.falling_sum - self.falling.push(down) + down;
        self.idle = if flow == 0.0 { self.idle + 1 } else { 0 };
        if self.idle >= self.period {
            // What is left in the sums is rounding.
            self.idle = self.period;
            (self.rising_sum, self.falling_sum) = (0.0, 0.0);
        }
        self.seen = (self.seen + 1).min(self.period);
        (self.seen == self.period).then(|| self.index())
    }
}

impl Vwap {
    /// An average over that many bars, at least one.
    pub fn new(period: usize) -> Vwap {
        let period = period.max(1);
        Vwap { flows: Sma::new(period), volumes: Sma::new(period), idle: 0, period }
    }
}

impl OverCandles for Vwap {
    type Output = f64;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<f64> {
        let flow = self.flows.next(typical_price(candle) * candle.volume);
        let volume = self.volumes.next(candle.volume);
        self.idle = if candle.volume > 0.0 { 0 } else { self.idle + 1 };
        let traded = self.idle < self.period;
        traded.then_some(flow? / volume?)
    }
}

impl RelativeVolume {
    /// A mean over that many bars before the current one, at least one.
    pub fn new(period: usize) -> RelativeVolume {
        let period = period.max(1);
        RelativeVolume { mean: Sma::new(period), before: None, idle: 0, period }
    }
}

impl OverCandles for RelativeVolume {
    type Output = f64;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<f64> {
        let traded = self.idle < self.period;
        let before = self.before;
        self.before = self.mean.next(candle.volume);
        self.idle = if candle.volume > 0.0 { 0 } else { self.idle + 1 };
        before.filter(|mean| traded && *mean > 0.0).map(|mean| candle.volume / mean)
    }
}

enrol! {
    OBV = on_candle(Obv::default(), |value| value);
    name: "obv",
    formula: "volume added on a rise of the close, taken off on a fall",
    window: 0,
    warmup: 1,
    units: Units::Volume,
    source: "TA-Lib OBV; Granville 1963",
}

enrol! {
    ACCUMULATION_DISTRIBUTION = on_candle(AccumulationDistribution::default(), |value| value);
    name: "accumulation_distribution",
    formula: "running sum of ((close − low) − (high − close)) / (high − low) · volume",
    window: 0,
    warmup: 1,
    units: Units::Volume,
    source: "TA-Lib AD",
}

enrol! {
    AD_OSCILLATOR = on_candle(AdOsc::new(3, 10), |value| value);
    name: "ad_oscillator",
    formula: "EMA3 − EMA10 of accumulation_distribution",
    window: 10,
    warmup: 10,
    units: Units::Volume,
    source: "TA-Lib ADOSC 3 10",
}

enrol! {
    MFI_14 = on_candle(Mfi::new(14), |value| value);
    name: "mfi_14",
    formula: "100 · rising flow / all flow of 14 changes, flow = typical price · volume",
    window: 14,
    warmup: 15,
    units: Units::Oscillator,
    source: "TA-Lib MFI",
}

enrol! {
    VWAP_20 = on_candle(Vwap::new(20), |value| value);
    name: "vwap_20",
    formula: "Σ typical price · volume / Σ volume of 20 bars; none without volume",
    window: 20,
    warmup: 20,
    units: Units::Price,
    source: "Trimtab",
}

enrol! {
    RELATIVE_VOLUME_20 = on_candle(RelativeVolume::new(20), |value| value);
    name: "relative_volume_20",
    formula: "volume / mean volume of the 20 bars before; none without volume",
    window: 21,
    warmup: 21,
    units: Units::Ratio,
    source: "Trimtab",
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candle(close: f64, volume: f64) -> Candle {
        Candle { low: close, high: close, close, open: close, volume, ..Candle::default() }
    }

    #[test]
    fn vwap_leans_toward_the_bar_with_more_volume() {
        let mut vwap = Vwap::new(2);
        let found = [candle(1.0, 1.0), candle(2.0, 3.0)].map(|candle| vwap.next(&candle));
        assert_eq!(found, [None, Some(1.75)]);
    }

    #[test]
    fn without_volume_there_is_no_vwap_and_no_relative_volume() {
        let (mut vwap, mut relative) = (Vwap::new(2), RelativeVolume::new(2));
        for _ in 0..5 {
            assert_eq!(vwap.next(&candle(1.0, 0.0)), None);
            assert_eq!(relative.next(&candle(1.0, 0.0)), None);
        }
    }

    #[test]
    fn relative_volume_compares_with_the_bars_before() {
        let mut relative = RelativeVolume::new(2);
        let found = [2.0, 4.0, 9.0].map(|volume| relative.next(&candle(1.0, volume)));
        assert_eq!(found, [None, None, Some(3.0)]);
    }
}
