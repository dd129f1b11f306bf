//! One scanner for both sides: on the short side every price is negated, so highs become lows
//! and a decline becomes a rally.

use market::{Candle, Side};

/// Prices as one side sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mirror(pub(super) Side);

impl Mirror {
    #[inline]
    pub(super) fn high(self, candle: &Candle) -> f64 {
        match self.0 {
            Side::Long => candle.high,
            Side::Short => -candle.low,
        }
    }

    #[inline]
    pub(super) fn low(self, candle: &Candle) -> f64 {
        match self.0 {
            Side::Long => candle.low,
            Side::Short => -candle.high,
        }
    }

    #[inline]
    pub(super) fn close(self, candle: &Candle) -> f64 {
        self.price(candle.close)
    }

    /// A price there and back: negating twice changes nothing.
    #[inline]
    pub(super) fn price(self, price: f64) -> f64 {
        match self.0 {
            Side::Long => price,
            Side::Short => -price,
        }
    }
}
