//! Averages built from others: weighted, double and triple exponential, and TRIX.

use super::feature::{enrol, on_close};
use super::ring::Ring;
use super::{Ema, OverPrices};
use crate::spec::Units;

/// Mean of the last n prices with weights 1 (oldest) to n (newest). TA-Lib's `WMA` to the last
/// bit: running sums, taken anew every eight windows.
#[derive(Debug, Clone)]
pub struct Wma {
    ring: Ring,
    plain_sum: f64,
    weighted_sum: f64,
    leaving: f64,
    until_reseed: usize,
    seen: usize,
    period: usize,
}

/// 2·EMA − EMA(EMA) (Mulloy 1994). TA-Lib's `DEMA`.
#[derive(Debug, Clone)]
pub struct Dema {
    first: Ema,
    second: Ema,
}

/// 3·EMA − 3·EMA(EMA) + EMA(EMA(EMA)) (Mulloy 1994). TA-Lib's `TEMA`.
#[derive(Debug, Clone)]
pub struct Tema {
    first: Ema,
    second: Ema,
    third: Ema,
}

/// Change of the triple smoothed price in percent. TA-Lib's `TRIX`.
#[derive(Debug, Clone)]
pub struct Trix {
    chain: [Ema; 3],
    previous: Option<f64>,
}

const WINDOWS_PER_RESEED: usize = 8;

impl Wma {
    /// An average over that many prices, at least one.
    pub fn new(period: usize) -> Wma {
        let period = period.max(1);
        Wma {
            ring: Ring::new(period),
            plain_sum: 0.0,
            weighted_sum: 0.0,
            leaving: 0.0,
            until_reseed: WINDOWS_PER_RESEED * period,
            seen: 0,
            period,
        }
    }

    #[cold]
    fn reseed(&mut self) {
        self.until_reseed = WINDOWS_PER_RESEED * self.period;
        (self.plain_sum, self.weighted_sum) = (0.0, 0.0);
        for (weight, price) in (1..).zip(self.ring.iter()) {
            self.plain_sum += price;
            self.weighted_sum += price * f64::from(weight);
        }
    }
}

impl OverPrices for Wma {
    type Output = f64;

    #[inline]
    fn next(&mut self, price: f64) -> Option<f64> {
        let oldest = self.ring.push(price);
        if self.seen + 1 < self.period {
            self.seen += 1;
            self.plain_sum += price;
            self.weighted_sum += price * self.seen as f64;
            return None;
        }
        self.plain_sum = self.plain_sum + price - self.leaving;
        self.weighted_sum += price * self.period as f64;
        self.until_reseed -= 1;
        if self.until_reseed == 0 {
            self.reseed();
        }
        self.leaving = oldest;
        let weights = self.period as f64 * (self.period + 1) as f64 / 2.0;
        let average = self.weighted_sum / weights;
        self.weighted_sum -= self.plain_sum;
        Some(average)
    }
}

impl Dema {
    /// Both averages over that many prices, at least one.
    pub fn new(period: usize) -> Dema {
        Dema { first: Ema::new(period), second: Ema::new(period) }
    }
}

impl OverPrices for Dema {
    type Output = f64;

    #[inline]
    fn next(&mut self, price: f64) -> Option<f64> {
        let first = self.first.next(price)?;
        Some(2.0 * first - self.second.next(first)?)
    }
}

impl Tema {
    /// All three averages over that many prices, at least one.
    pub fn new(period: usize) -> Tema {
        Tema { first: Ema::new(period), second: Ema::new(period), third: Ema::new(period) }
    }
}

impl OverPrices for Tema {
    type Output = f64;

    #[inline]
    fn next(&mut self, price: f64) -> Option<f64> {
        let first = self.first.next(price)?;
        let second = self.second.next(first)?;
        Some(self.third.next(second)? + (3.0 * first - 3.0 * second))
    }
}

impl Trix {
    /// All three averages over that many prices, at least one.
    pub fn new(period: usize) -> Trix {
        Trix { chain: [(); 3].map(|()| Ema::new(period)), previous: None }
    }
}

impl OverPrices for Trix {
    type Output = f64;

    #[inline]
    fn next(&mut self, price: f64) -> Option<f64> {
        let mut smooth = price;
        for average in &mut self.chain {
            smooth = average.next(smooth)?;
        }
        let previous = self.previous.replace(smooth)?;
        Some(if previous != 0.0 { (smooth / previous - 1.0) * 100.0 } else { 0.0 })
    }
}

enrol! {
    WMA_20 = on_close(Wma::new(20), |value| value);
    name: "wma_20",
    formula: "mean of the last 20 closes with weights 1 (oldest) to 20 (newest)",
    window: 20,
    warmup: 20,
    units: Units::Price,
    source: "TA-Lib WMA",
}

enrol! {
    DEMA_20 = on_close(Dema::new(20), |value| value);
    name: "dema_20",
    formula: "2·EMA20 − EMA20 of EMA20",
    window: 20,
    warmup: 39,
    units: Units::Price,
    source: "TA-Lib DEMA; Mulloy 1994",
}

enrol! {
    TEMA_20 = on_close(Tema::new(20), |value| value);
    name: "tema_20",
    formula: "3·EMA − 3·EMA² + EMA³, each over 20",
    window: 20,
    warmup: 58,
    units: Units::Price,
    source: "TA-Lib TEMA; Mulloy 1994",
}

enrol! {
    TRIX_15 = on_close(Trix::new(15), |value| value);
    name: "trix_15",
    formula: "change in percent of the triple EMA15 of the close",
    window: 15,
    warmup: 44,
    units: Units::Percent,
    source: "TA-Lib TRIX",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_price_weighs_most() {
        let mut wma = Wma::new(3);
        let found = [1.0, 2.0, 3.0, 6.0].map(|price| wma.next(price));
        assert_eq!(found, [None, None, Some(14.0 / 6.0), Some((2.0 + 6.0 + 18.0) / 6.0)]);
    }

    #[test]
    fn double_and_triple_averages_follow_a_straight_line_without_lag() {
        let (mut dema, mut tema) = (Dema::new(4), Tema::new(4));
        for at in 0..90 {
            let price = f64::from(at);
            let found = (dema.next(price), tema.next(price));
            assert!(found.0.is_none_or(|v| at < 60 || (v - price).abs() < 1e-9), "{at} {found:?}");
            assert!(found.1.is_none_or(|v| at < 60 || (v - price).abs() < 1e-9), "{at} {found:?}");
        }
    }
}
