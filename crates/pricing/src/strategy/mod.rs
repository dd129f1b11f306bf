//! Options, shares and cash held together: what they bring at expiry, and what they are worth
//! before.
//!
//! A [`Strategy`] is a list of signed legs. [`build`] makes the usual ones. [`Strategy::payoff`]
//! is exact where all options expire together; [`Strategy::profit`] values at any earlier moment
//! through a volatility for each strike and time left.

pub mod build;
mod odds;
mod payoff;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use build::{Lot, Struck, Vertical};
pub use odds::{lognormal_below, smile_below};
pub use payoff::{Extreme, Payoff};

use crate::{Error, Greeks, Market, Right, Vanilla, finite, not_negative, positive, vanilla};

/// What a leg holds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Instrument {
    /// An option, exercised at expiry.
    Option {
        /// To buy or to sell.
        right: Right,
        /// Price at which the right is exercised.
        strike: f64,
        /// Years from the strategy's beginning to expiry.
        years: f64,
    },
    /// The underlying itself.
    Underlying,
    /// Money; one unit is worth 1 at any time.
    Cash,
}

/// One position.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Leg {
    /// What is held.
    pub instrument: Instrument,
    /// How many contracts; negative is short.
    pub quantity: f64,
    /// Units of the underlying in one contract.
    pub multiplier: f64,
    /// Price per unit at which it was opened.
    pub price: f64,
}

impl Leg {
    /// Units of the underlying, signed.
    pub fn units(&self) -> f64 {
        self.quantity * self.multiplier
    }
}

/// A moment at which a strategy is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// Years since the strategy's beginning.
    pub elapsed_years: f64,
    /// Price of the underlying.
    pub spot: f64,
    /// Interest rate, continuously compounded.
    pub rate: f64,
    /// Yield of the underlying, continuously compounded.
    pub yield_rate: f64,
}

/// Positions held together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Strategy {
    legs: Vec<Leg>,
}

impl Strategy {
    /// A strategy of `legs`.
    ///
    /// # Errors
    /// [`Error::Value`] for no legs, a strike or multiplier not above 0, years below 0, or
    /// anything not finite.
    pub fn new(legs: Vec<Leg>) -> Result<Strategy, Error> {
        positive("number of legs", legs.len() as f64)?;
        for leg in &legs {
            finite("quantity", leg.quantity)?;
            positive("multiplier", leg.multiplier)?;
            finite("price", leg.price)?;
            if let Instrument::Option { right, strike, years } = leg.instrument {
                Vanilla { right, strike, years }.check()?;
            }
        }
        Ok(Strategy { legs })
    }

    /// The legs, as given.
    pub fn legs(&self) -> &[Leg] {
        &self.legs
    }

    /// What was paid for all legs; negative where money was taken in.
    pub fn cost(&self) -> f64 {
        self.legs.iter().map(|leg| leg.units() * leg.price).sum()
    }

    /// Profit at expiry as a function of the underlying's price, exactly.
    ///
    /// # Errors
    /// [`Error::Value`] if options expire at different times: then [`Strategy::profit`] at the
    /// nearest expiry is the thing to ask.
    pub fn payoff(&self) -> Result<Payoff, Error> {
        let mut expiries = self.legs.iter().filter_map(|leg| match leg.instrument {
            Instrument::Option { years, .. } => Some(years),
            _ => None,
        });
        if let Some(first) = expiries.next() {
            for value in expiries {
                if value != first {
                    let what = "years to expiry of a leg";
                    return Err(Error::Value { what, value, allowed: "those of the other legs" });
                }
            }
        }
        Ok(Payoff::of(&self.legs))
    }

    /// What all legs are worth at a moment. `volatility` is asked for each option that has time
    /// left, with its strike and the years left.
    ///
    /// # Errors
    /// [`Error::Value`] if an option has expired before the moment, or a number is none.
    pub fn value(
        &self,
        moment: &Moment,
        volatility: &dyn Fn(f64, f64) -> f64,
    ) -> Result<f64, Error> {
        let mut sum = 0.0;
        for leg in &self.legs {
            let unit = match leg.instrument {
                Instrument::Cash => 1.0,
                Instrument::Underlying => moment.spot,
                Instrument::Option { right, strike, years } => {
                    let (option, market) = left(right, strike, years, (moment, volatility))?;
                    vanilla::price(&option, &market)?
                }
            };
            sum += leg.units() * unit;
        }
        Ok(sum)
    }

    /// Value at a moment less what the legs cost; interest on the cost is not counted.
    ///
    /// # Errors
    /// As [`Strategy::value`].
    pub fn profit(
        &self,
        moment: &Moment,
        volatility: &dyn Fn(f64, f64) -> f64,
    ) -> Result<f64, Error> {
        Ok(self.value(moment, volatility)? - self.cost())
    }

    /// Sensitivities of all legs together, in money: per 1 of the underlying's price for all
    /// units, and so on as in [`Greeks`].
    ///
    /// # Errors
    /// As [`Strategy::value`], and those of [`vanilla::greeks`].
    pub fn greeks(
        &self,
        moment: &Moment,
        volatility: &dyn Fn(f64, f64) -> f64,
    ) -> Result<Greeks, Error> {
        let mut sum = Greeks::default();
        for leg in &self.legs {
            let unit = match leg.instrument {
                Instrument::Cash => Greeks { value: 1.0, ..Greeks::default() },
                Instrument::Underlying => {
                    Greeks { value: moment.spot, delta: 1.0, ..Greeks::default() }
                }
                Instrument::Option { right, strike, years } => {
                    let (option, market) = left(right, strike, years, (moment, volatility))?;
                    vanilla::greeks(&option, &market)?
                }
            };
            sum = plus(sum, leg.units(), unit);
        }
        Ok(sum)
    }

    /// Profit over a range of the underlying's prices, other things as in `moment`: `count`
    /// evenly spaced prices, for a picture.
    ///
    /// # Errors
    /// As [`Strategy::value`]; [`Error::Value`] for fewer than two points.
    pub fn curve(
        &self,
        moment: &Moment,
        volatility: &dyn Fn(f64, f64) -> f64,
        (from, to, count): (f64, f64, usize),
    ) -> Result<Vec<(f64, f64)>, Error> {
        positive("number of points less one", count as f64 - 1.0)?;
        let step = (to - from) / (count as f64 - 1.0);
        let at = |i: usize| {
            let spot = from + step * i as f64;
            Ok((spot, self.profit(&Moment { spot, ..*moment }, volatility)?))
        };
        (0..count).map(at).collect()
    }

    /// Prices of the underlying at which the profit at a moment is nothing, ascending, as far as
    /// a curve of `count` points between `from` and `to` shows its changes of sign; each is then
    /// narrowed to 1e-9 of its size.
    ///
    /// # Errors
    /// As [`Strategy::curve`].
    pub fn breakevens_at(
        &self,
        moment: &Moment,
        volatility: &dyn Fn(f64, f64) -> f64,
        range: (f64, f64, usize),
    ) -> Result<Vec<f64>, Error> {
        let curve = self.curve(moment, volatility, range)?;
        let mut found = Vec::new();
        for pair in curve.windows(2) {
            let (mut low, mut high) = (pair[0].0, pair[1].0);
            if (pair[0].1 < 0.0) == (pair[1].1 < 0.0) {
                continue;
            }
            while high - low > 1e-9 * high.abs() {
                let spot = 0.5 * (low + high);
                let profit = self.profit(&Moment { spot, ..*moment }, volatility)?;
                if (profit < 0.0) == (pair[0].1 < 0.0) { low = spot } else { high = spot }
            }
            found.push(0.5 * (low + high));
        }
        Ok(found)
    }
}

/// An option as it stands at a moment, and the market it is valued in.
fn left(
    right: Right,
    strike: f64,
    years: f64,
    (moment, volatility): (&Moment, &dyn Fn(f64, f64) -> f64),
) -> Result<(Vanilla, Market), Error> {
    let Moment { elapsed_years, spot, rate, yield_rate } = *moment;
    let remaining = not_negative("years left of an option", years - elapsed_years)?;
    let asked = if remaining > 0.0 { volatility(strike, remaining) } else { 0.0 };
    let market = Market { spot, rate, yield_rate, volatility: asked };
    Ok((Vanilla { right, strike, years: remaining }, market))
}

fn plus(sum: Greeks, units: f64, unit: Greeks) -> Greeks {
    Greeks {
        value: sum.value + units * unit.value,
        delta: sum.delta + units * unit.delta,
        gamma: sum.gamma + units * unit.gamma,
        vega: sum.vega + units * unit.vega,
        theta: sum.theta + units * unit.theta,
        rho: sum.rho + units * unit.rho,
        yield_rho: sum.yield_rho + units * unit.yield_rho,
        vanna: sum.vanna + units * unit.vanna,
        volga: sum.volga + units * unit.volga,
        charm: sum.charm + units * unit.charm,
        veta: sum.veta + units * unit.veta,
        speed: sum.speed + units * unit.speed,
        color: sum.color + units * unit.color,
    }
}
