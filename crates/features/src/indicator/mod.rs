//! Technical indicators, each a streaming calculator in a file of its own.
//!
//! A typed struct such as [`Rsi`] is for tight loops: no allocation, no virtual call, constant
//! time a bar. The catalog wraps each in a [`crate::Feature`] under a name such as `rsi_14`.

mod ring;

pub mod sma;

pub use sma::Sma;

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
