//! European options on futures after Black (1976), paid for when bought.
//!
//! A future costs nothing to hold, so it is an underlying that yields the interest rate. Only the
//! answer to the rate differs: it moves the discount alone, not the future.

use serde::{Deserialize, Serialize};

use crate::vanilla::{self, Greeks};
use crate::{Error, Market, Vanilla};

/// Where the market of a future stands. Rate and volatility are per year, 1.00 is 100 %; the rate
/// compounds continuously.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Future {
    /// Price of the future, above 0.
    pub price: f64,
    /// Interest rate; may be negative.
    pub rate: f64,
    /// Volatility of the future; 0 is allowed.
    pub volatility: f64,
}

impl Future {
    /// A market that can exist.
    ///
    /// # Errors
    /// As [`Market::new`].
    pub fn new(price: f64, rate: f64, volatility: f64) -> Result<Future, Error> {
        let made = Future { price, rate, volatility };
        made.market().check().map(|()| made)
    }

    /// The same as a market of an underlying that yields the rate.
    #[inline]
    pub fn market(&self) -> Market {
        let Future { price, rate, volatility } = *self;
        Market { spot: price, rate, yield_rate: rate, volatility }
    }
}

/// What an option on a future is worth.
///
/// # Errors
/// As [`vanilla::price`].
#[inline]
pub fn price(option: &Vanilla, future: &Future) -> Result<f64, Error> {
    vanilla::price(option, &future.market())
}

/// What an option on a future is worth and how that answers to its causes. The spot of
/// [`Greeks`] is the future; `rho` is `−years · value`, `yield_rho` is 0.
///
/// # Errors
/// As [`vanilla::greeks`].
#[inline]
pub fn greeks(option: &Vanilla, future: &Future) -> Result<Greeks, Error> {
    let made = vanilla::greeks(option, &future.market())?;
    Ok(Greeks { rho: -option.years * made.value, yield_rho: 0.0, ..made })
}
