//! Implied volatility and sensitivities of a quote, at its mid.

use base::Ts;
use market::OptionQuote;
use pricing::{Market, Vanilla};
use serde::{Deserialize, Serialize};

use super::quote::{Spot, trading_ends};

/// What the quotes do not say.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Assumed {
    /// Interest a year, continuously compounded.
    pub rate: f64,
    /// Yield of the underlying a year, continuously compounded.
    pub yield_rate: f64,
}

/// What a quote implies, a unit of the underlying.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Years until trading ends, of 365.25 days.
    pub years: f64,
    /// Volatility a year.
    pub volatility: f64,
    /// To the underlying.
    pub delta: f64,
    /// Of delta to the underlying.
    pub gamma: f64,
    /// To the volatility.
    pub vega: f64,
    /// To the passing of a year.
    pub theta: f64,
}

/// Measures a quote by the formula of Black, Scholes and Merton on its mid and the mid of its
/// underlying. American options are measured as European ones: near the money and over weeks
/// that differs little, deep in the money it does. `None` where a side is missing or the mid
/// implies no volatility.
pub fn measure(quote: &OptionQuote, spot: &Spot, now: Ts, assumed: &Assumed) -> Option<Measured> {
    const SECONDS_A_YEAR: f64 = 365.25 * 86_400.0;
    let contract = &quote.contract;
    let years = (trading_ends(contract)? - now).seconds() / SECONDS_A_YEAR;
    let option = Vanilla { right: contract.right, strike: contract.strike.to_f64(), years };
    let spot = spot.mid() * contract.shares.to_f64() / f64::from(contract.multiplier.max(1));
    let (discount, carry) = ((-assumed.rate * years).exp(), -assumed.yield_rate * years);
    let forward = spot * carry.exp() / discount;
    let volatility = pricing::implied::volatility(&option, quote.mid()?, forward, discount).ok()?;
    let market = Market { spot, rate: assumed.rate, yield_rate: assumed.yield_rate, volatility };
    let greeks = pricing::vanilla::greeks(&option, &market).ok()?;
    let (delta, gamma) = (greeks.delta, greeks.gamma);
    Some(Measured { years, volatility, delta, gamma, vega: greeks.vega, theta: greeks.theta })
}
