//! Change over a window: MOM, ROC, CMO, APO, PPO, BOP.

use market::Candle;

use super::feature::{enrol, on_candle, on_close};
use super::ring::Ring;
use super::{OverCandles, OverPrices, Sma};
use crate::spec::Units;

/// Price − price n bars ago. TA-Lib's `MOM`.
#[derive(Debug, Clone)]
pub struct Momentum {
    ring: Ring,
    wanting: usize,
}

/// 100 · (price / price n bars ago − 1). TA-Lib's `ROC`; 0 after a price of zero.
#[derive(Debug, Clone)]
pub struct RateOfChange {
    ring: Ring,
    wanting: usize,
}

/// 100 · (gain − loss) / (gain + loss), smoothed by Wilder. TA-Lib's `CMO` (Chande 1994).
#[derive(Debug, Clone)]
pub struct Cmo {
    previous: Option<f64>,
    gain: f64,
    loss: f64,
    seen: usize,
    period: usize,
}

/// Fast less slow simple average. TA-Lib's `APO` with its default kind of average.
#[derive(Debug, Clone)]
pub struct Apo {
    fast: Sma,
    slow: Sma,
}

/// [`Apo`] in percent of the slow average. TA-Lib's `PPO` with its default kind of average.
#[derive(Debug, Clone)]
pub struct Ppo {
    fast: Sma,
    slow: Sma,
}

/// (Close − open) / (high − low). TA-Lib's `BOP`; 0 without a range.
#[derive(Debug, Clone, Default)]
pub struct BalanceOfPower;

impl Momentum {
    /// A change over that many bars, at least one.
    pub fn new(period: usize) -> Momentum {
        let period = period.max(1);
        Momentum { ring: Ring::new(period + 1), wanting: period + 1 }
    }
}

impl OverPrices for Momentum {
    type Output = f64;

    #[inline]
    fn next(&mut self, price: f64) -> Option<f64> {
        let before = self.ring.push(price);
        self.wanting = self.wanting.saturating_sub(1);
        (self.wanting == 0).then_some(price - before)
    }
}

impl RateOfChange {
    /// A change over that many bars, at least one.
    pub fn new(period: usize) -> RateOfChange {
        let period = period.max(1);
        RateOfChange { ring: Ring::new(period + 1), wanting: period + 1 }
    }
}

impl OverPrices for RateOfChange {
    type Output = f64;

    #[inline]
    fn next(&mut self, price: f64) -> Option<f64> {
        let before = self.ring.push(price);
        self.wanting = self.wanting.saturating_sub(1);
        let change = if before != 0.0 { (price / before - 1.0) * 100.0 } else { 0.0 };
        (self.wanting == 0).then_some(change)
    }
}

impl Cmo {
    /// An oscillator over that many changes, at least two.
    pub fn new(period: usize) -> Cmo {
        Cmo { previous: None, gain: 0.0, loss: 0.0, seen: 0, period: period.max(2) }
    }
}

impl OverPrices for Cmo {
    type Output = f64;

    #[inline]
    fn next(&mut self, price: f64) -> Option<f64> {
        let change = price - self.previous.replace(price)?;
        let up = if change > 0.0 { change } else { 0.0 };
        let period = self.period as f64;
        if self.seen < self.period {
            self.seen += 1;
            self.gain += up;
            self.loss += up - change;
            if self.seen < self.period {
                return None;
            }
            self.gain /= period;
            self.loss /= period;
        } else {
            let share = 1.0 / period;
            self.gain += up * share - self.gain * share;
            self.loss += (up - change) * share - self.loss * share;
        }
        let total = self.gain + self.loss;
        Some(if total > 0.0 { 100.0 * ((self.gain - self.loss) / total) } else { 0.0 })
    }
}

/// The fast and the slow average, whichever order they were given in.
fn averages(fast: usize, slow: usize) -> (Sma, Sma) {
    (Sma::new(fast.min(slow)), Sma::new(fast.max(slow)))
}

impl Apo {
    /// Lengths of the two averages, each at least one.
    pub fn new(fast: usize, slow: usize) -> Apo {
        let (fast, slow) = averages(fast, slow);
        Apo { fast, slow }
    }
}

impl OverPrices for Apo {
    type Output = f64;

    #[inline]
    fn next(&mut self, price: f64) -> Option<f64> {
        let fast = self.fast.next(price);
        let slow = self.slow.next(price)?;
        Some(fast? - slow)
    }
}

impl Ppo {
    /// Lengths of the two averages, each at least one.
    pub fn new(fast: usize, slow: usize) -> Ppo {
        let (fast, slow) = averages(fast, slow);
        Ppo { fast, slow }
    }
}

impl OverPrices for Ppo {
    type Output = f64;

    #[inline]
    fn next(&mut self, price: f64) -> Option<f64> {
        let fast = self.fast.next(price);
        let slow = self.slow.next(price)?;
        Some(if slow.abs() < 1e-14 { 0.0 } else { (fast? - slow) / slow * 100.0 })
    }
}

impl OverCandles for BalanceOfPower {
    type Output = f64;

    #[inline]
    fn next(&mut self, candle: &Candle) -> Option<f64> {
        let range = candle.high - candle.low;
        Some(if range <= 0.0 { 0.0 } else { (candle.close - candle.open) / range })
    }
}

enrol! {
    MOMENTUM_10 = on_close(Momentum::new(10), |value| value);
    name: "momentum_10",
    formula: "close − close 10 bars ago",
    window: 11,
    warmup: 11,
    units: Units::Price,
    source: "TA-Lib MOM",
}

enrol! {
    ROC_10 = on_close(RateOfChange::new(10), |value| value);
    name: "roc_10",
    formula: "100 · (close / close 10 bars ago − 1)",
    window: 11,
    warmup: 11,
    units: Units::Percent,
    source: "TA-Lib ROC",
}

enrol! {
    CMO_14 = on_close(Cmo::new(14), |value| value);
    name: "cmo_14",
    formula: "100 · (gain − loss) / (gain + loss), Wilder averages of 14 changes",
    window: 14,
    warmup: 15,
    units: Units::Oscillator,
    source: "TA-Lib CMO; Chande 1994",
}

enrol! {
    APO_12_26 = on_close(Apo::new(12, 26), |value| value);
    name: "apo_12_26",
    formula: "SMA12 − SMA26 of the close",
    window: 26,
    warmup: 26,
    units: Units::Price,
    source: "TA-Lib APO",
}

enrol! {
    PPO_12_26 = on_close(Ppo::new(12, 26), |value| value);
    name: "ppo_12_26",
    formula: "100 · (SMA12 − SMA26) / SMA26 of the close",
    window: 26,
    warmup: 26,
    units: Units::Percent,
    source: "TA-Lib PPO",
}

enrol! {
    BALANCE_OF_POWER = on_candle(BalanceOfPower, |value| value);
    name: "balance_of_power",
    formula: "(close − open) / (high − low); 0 without a range",
    window: 1,
    warmup: 1,
    units: Units::Ratio,
    source: "TA-Lib BOP",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn momentum_and_rate_compare_with_the_price_a_window_ago() {
        let (mut momentum, mut rate) = (Momentum::new(2), RateOfChange::new(2));
        let prices = [10.0, 11.0, 12.0];
        assert_eq!(prices.map(|p| momentum.next(p)), [None, None, Some(2.0)]);
        assert!((prices.map(|p| rate.next(p))[2].unwrap() - 20.0).abs() < 1e-12);
    }

    #[test]
    fn a_series_that_only_falls_is_at_minus_100() {
        let mut cmo = Cmo::new(2);
        assert_eq!([4.0, 3.0, 2.0].map(|p| cmo.next(p)), [None, None, Some(-100.0)]);
    }
}
