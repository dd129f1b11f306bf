//! Bollinger bands.

use super::feature::{enrol, on_close};
use super::{OverPrices, Sma, StdDev};
use crate::spec::Units;

/// The bands at one bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bands {
    /// Middle + width · deviation.
    pub upper: f64,
    /// Mean of the window.
    pub middle: f64,
    /// Middle − width · deviation.
    pub lower: f64,
    /// The price that the bands were asked for.
    pub price: f64,
}

/// Mean ± `width` population standard deviations of the last n prices (Bollinger 2001, ch. 7).
/// TA-Lib's `BBANDS` with a simple average, to the last bit.
#[derive(Debug, Clone)]
pub struct Bollinger {
    mean: Sma,
    deviation: StdDev,
    width: f64,
}

impl Bands {
    /// %b: 0 at the lower band, 1 at the upper; `None` where the bands coincide.
    pub fn percent_b(&self) -> Option<f64> {
        let range = self.upper - self.lower;
        (range > 0.0).then(|| (self.price - self.lower) / range)
    }

    /// (Upper − lower) / middle; `None` at a middle of zero.
    pub fn bandwidth(&self) -> Option<f64> {
        (self.middle != 0.0).then(|| (self.upper - self.lower) / self.middle)
    }
}

impl Bollinger {
    /// Bands of that many standard deviations about the mean of that many prices.
    pub fn new(period: usize, width: f64) -> Bollinger {
        Bollinger { mean: Sma::new(period), deviation: StdDev::new(period), width }
    }
}

impl OverPrices for Bollinger {
    type Output = Bands;

    #[inline]
    fn next(&mut self, price: f64) -> Option<Bands> {
        let middle = self.mean.next(price);
        let reach = self.deviation.next(price)? * self.width;
        let middle = middle?;
        Some(Bands { upper: middle + reach, middle, lower: middle - reach, price })
    }
}

enrol! {
    BOLLINGER_UPPER_20 = on_close(Bollinger::new(20, 2.0), |bands| bands.upper);
    name: "bollinger_upper_20",
    formula: "SMA20 + 2 standard deviations of 20 closes",
    window: 20,
    warmup: 20,
    units: Units::Price,
    source: "TA-Lib BBANDS 20 2 2",
}

enrol! {
    BOLLINGER_MIDDLE_20 = on_close(Bollinger::new(20, 2.0), |bands| bands.middle);
    name: "bollinger_middle_20",
    formula: "SMA20 of the close",
    window: 20,
    warmup: 20,
    units: Units::Price,
    source: "TA-Lib BBANDS 20 2 2",
}

enrol! {
    BOLLINGER_LOWER_20 = on_close(Bollinger::new(20, 2.0), |bands| bands.lower);
    name: "bollinger_lower_20",
    formula: "SMA20 − 2 standard deviations of 20 closes",
    window: 20,
    warmup: 20,
    units: Units::Price,
    source: "TA-Lib BBANDS 20 2 2",
}

enrol! {
    BOLLINGER_PERCENT_B_20 = on_close(
        Bollinger::new(20, 2.0),
        |bands| bands.percent_b().unwrap_or(f64::NAN)
    );
    name: "bollinger_percent_b_20",
    formula: "(close − lower) / (upper − lower); none where the bands coincide",
    window: 20,
    warmup: 20,
    units: Units::Ratio,
    source: "Bollinger 2001 ch. 8",
}

enrol! {
    BOLLINGER_BANDWIDTH_20 = on_close(
        Bollinger::new(20, 2.0),
        |bands| bands.bandwidth().unwrap_or(f64::NAN)
    );
    name: "bollinger_bandwidth_20",
    formula: "(upper − lower) / middle",
    window: 20,
    warmup: 20,
    units: Units::Ratio,
    source: "Bollinger 2001 ch. 8",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bands_enclose_the_mean_by_two_deviations() {
        let mut bollinger = Bollinger::new(2, 2.0);
        assert!(bollinger.next(1.0).is_none());
        let bands = bollinger.next(3.0).unwrap();
        assert_eq!((bands.lower, bands.middle, bands.upper), (0.0, 2.0, 4.0));
        assert_eq!((bands.percent_b(), bands.bandwidth()), (Some(0.75), Some(2.0)));
    }

    #[test]
    fn equal_prices_have_no_place_between_the_bands() {
        let mut bollinger = Bollinger::new(2, 2.0);
        let bands = [7.0, 7.0].map(|price| bollinger.next(price))[1].unwrap();
        assert_eq!((bands.percent_b(), bands.bandwidth()), (None, Some(0.0)));
    }
}
