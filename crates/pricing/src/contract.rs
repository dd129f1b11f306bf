//! An option and the market it is valued in.

pub use market::OptionRight as Right;
use serde::{Deserialize, Serialize};

use crate::{Error, finite, not_negative, positive};

/// An option without barriers. The fields are plain; every function that takes one asks
/// [`Vanilla::check`] first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Vanilla {
    /// To buy or to sell.
    pub right: Right,
    /// Price at which the right is exercised, above 0.
    pub strike: f64,
    /// Time to expiry in years. 0 is the moment of expiry, when the option is worth what
    /// exercise brings; below 0 it no longer exists and every function refuses.
    pub years: f64,
}

impl Vanilla {
    /// An option that can exist.
    ///
    /// # Errors
    /// [`Error::Value`] if the strike is not above 0, the years are below 0, or either is not
    /// finite.
    pub fn new(right: Right, strike: f64, years: f64) -> Result<Vanilla, Error> {
        let made = Vanilla { right, strike, years };
        made.check().map(|()| made)
    }

    /// Whether such an option can exist.
    ///
    /// # Errors
    /// As [`Vanilla::new`].
    #[inline]
    pub fn check(&self) -> Result<(), Error> {
        positive("strike", self.strike)?;
        not_negative("years to expiry", self.years)?;
        Ok(())
    }
}

/// Where the market stands. Rates and volatility are per year and 1.00 is 100 %; rates compound
/// continuously.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Market {
    /// Price of the underlying, above 0.
    pub spot: f64,
    /// Interest rate; may be negative.
    pub rate: f64,
    /// Yield of holding the underlying: dividends, a foreign rate, the fee of a short (negative
    /// for storage). It grows the forward at `rate − yield_rate`.
    pub yield_rate: f64,
    /// Standard deviation of the logarithm of the price over one year; 0 is allowed.
    pub volatility: f64,
}

impl Market {
    /// A market that can exist.
    ///
    /// # Errors
    /// [`Error::Value`] if the spot is not above 0, the volatility is below 0, or any number is
    /// not finite.
    pub fn new(spot: f64, rate: f64, yield_rate: f64, volatility: f64) -> Result<Market, Error> {
        let made = Market { spot, rate, yield_rate, volatility };
        made.check().map(|()| made)
    }

    /// Whether such a market can exist.
    ///
    /// # Errors
    /// As [`Market::new`].
    #[inline]
    pub fn check(&self) -> Result<(), Error> {
        positive("spot", self.spot)?;
        finite("rate", self.rate)?;
        finite("yield rate", self.yield_rate)?;
        not_negative("volatility", self.volatility)?;
        Ok(())
    }

    /// Price agreed today for delivery in `years`: `spot · exp((rate − yield_rate) · years)`.
    #[inline]
    pub fn forward(&self, years: f64) -> f64 {
        self.spot * ((self.rate - self.yield_rate) * years).exp()
    }

    /// What 1 paid in `years` is worth today: `exp(−rate · years)`.
    #[inline]
    pub fn discount(&self, years: f64) -> f64 {
        (-self.rate * years).exp()
    }
}
