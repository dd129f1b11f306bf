//! European options after Black, Scholes (1973) and Merton (1973): value and sensitivities.
//!
//! Formulas: Haug 2007, "The Complete Guide to Option Pricing Formulas", chapters 1 and 2.

use serde::{Deserialize, Serialize};

use crate::{Error, Market, Vanilla, black, finite, normal, positive};

/// How the value answers to each of its causes, the others held.
///
/// Per 1.00 of volatility and rate (a hundredth of it is the answer to one percentage point), per
/// year of time (a 365th is a day's), per 1 of the underlying's price.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Greeks {
    /// The value itself; equal to [`price`] to 1e-13 of it.
    pub value: f64,
    /// To the spot.
    pub delta: f64,
    /// Of delta to the spot.
    pub gamma: f64,
    /// To the volatility.
    pub vega: f64,
    /// To the passing of time; negative for what decays.
    pub theta: f64,
    /// To the interest rate.
    pub rho: f64,
    /// To the yield of the underlying.
    pub yield_rho: f64,
    /// Of delta to the volatility, which is of vega to the spot.
    pub vanna: f64,
    /// Of vega to the volatility.
    pub volga: f64,
    /// Of delta to the passing of time.
    pub charm: f64,
    /// Of vega to the passing of time.
    pub veta: f64,
    /// Of gamma to the spot.
    pub speed: f64,
    /// Of gamma to the passing of time.
    pub color: f64,
}

impl Greeks {
    /// Whether every number is finite.
    #[inline]
    fn is_finite(&self) -> bool {
        let first = self.value + self.delta + self.gamma + self.vega + self.theta + self.rho;
        let second = self.yield_rho + self.vanna + self.volga + self.charm + self.veta;
        first.is_finite() && second.is_finite() && (self.speed + self.color).is_finite()
    }
}

/// What an option is worth.
///
/// At expiry, or where nothing moves, this is the discounted intrinsic value of the forward.
///
/// # Errors
/// [`Error::Value`] if option or market cannot exist or the forward overflows.
#[inline]
pub fn price(option: &Vanilla, market: &Market) -> Result<f64, Error> {
    let terms = Terms::of(option, market)?;
    finite("price", terms.discount * terms.worth(option))
}

/// What an option is worth and how that answers to its causes.
///
/// Where the deviation is 0 these are the limits; at the strike itself there is none.
///
/// # Errors
/// As [`price`]; [`Error::Corner`] where the deviation is 0 and the forward is the strike;
/// [`Error::Overflow`] where a sensitivity does not fit a float.
#[inline]
pub fn greeks(option: &Vanilla, market: &Market) -> Result<Greeks, Error> {
    let terms = Terms::of(option, market)?;
    let forward = terms.forward;
    if terms.deviation == 0.0 && forward == option.strike {
        return Err(Error::Corner { forward });
    }
    let made = terms.greeks(option, market);
    if made.is_finite() { Ok(made) } else { Err(Error::Overflow { what: "sensitivities" }) }
}

/// Below this share of its first term the value is no longer taken as a difference of the two: at
/// most six of 53 bits are lost.
const LOST_DIGITS: f64 = 1.0 / 64.0;

/// A density above this is not about to leave the range of floats.
const TELLING: f64 = 1e-280;

/// What value and sensitivities have in common.
struct Terms {
    forward: f64,
    discount: f64,
    deviation: f64,
}

impl Terms {
    #[inline]
    fn of(option: &Vanilla, market: &Market) -> Result<Terms, Error> {
        option.check()?;
        market.check()?;
        let forward = positive("forward", market.forward(option.years))?;
        let discount = positive("discount factor", market.discount(option.years))?;
        let deviation = finite("deviation", market.volatility * option.years.sqrt())?;
        Ok(Terms { forward, discount, deviation })
    }

    #[inline]
    fn worth(&self, option: &Vanilla) -> f64 {
        black::worth(option.right, self.forward, option.strike, self.deviation)
    }

    #[inline]
    fn greeks(&self, option: &Vanilla, market: &Market) -> Greeks {
        let Vanilla { right, strike, years } = *option;
        let Market { spot, rate, yield_rate, .. } = *market;
        let (forward, deviation) = (self.forward, self.deviation);
        let scaled = black::log_moneyness(forward, strike) / deviation;
        let (upper, lower) = (scaled + 0.5 * deviation, scaled - 0.5 * deviation);
        let sign = right.sign();
        let bell = normal::density(upper);
        // `F φ(d1) = K φ(d2)`, unless the first is too small to tell.
        let shifted = bell * forward / strike;
        let shifted = if bell > TELLING { shifted } else { normal::density(lower) };
        let held = normal::cumulative_by(sign * upper, bell);
        let paid = normal::cumulative_by(sign * lower, shifted);
        let carried = self.discount * forward;
        let delta = sign * carried / spot * held;
        let owed = sign * strike * self.discount * paid;
        let apart = spot * delta - owed;
        let safe = apart > LOST_DIGITS * carried * held;
        let still = Greeks {
            value: if safe { apart } else { self.discount * self.worth(option) },
            delta,
            theta: yield_rate * spot * delta - rate * owed,
            rho: years * owed,
            yield_rho: -years * spot * delta,
            charm: yield_rate * delta,
            ..Greeks::default()
        };
        // Far from the strike nothing is left of the bell, and what multiplies it may be infinite.
        if bell == 0.0 { still } else { self.moving(&still, market, [years, upper, lower, bell]) }
    }

    /// Adds what the density of the forward contributes. `[years, d1, d2, φ(d1)]`.
    #[inline]
    fn moving(&self, still: &Greeks, market: &Market, numbers: [f64; 4]) -> Greeks {
        let Market { spot, rate, yield_rate, volatility } = *market;
        let [years, upper, lower, bell] = numbers;
        let deviation = self.deviation;
        let dense = self.discount * self.forward / spot * bell;
        let gamma = dense / (spot * deviation);
        let vega = spot * dense * years.sqrt();
        let drift = (rate - yield_rate) / deviation;
        let half_rate = 0.5 / years;
        let slide = drift - lower * half_rate;
        Greeks {
            gamma,
            vega,
            theta: still.theta - spot * dense * deviation * half_rate,
            vanna: -dense * lower / volatility,
            volga: vega * upper * lower / volatility,
            charm: still.charm - dense * slide,
            veta: vega * (yield_rate + drift * upper - (1.0 + upper * lower) * half_rate),
            speed: -gamma / spot * (1.0 + upper / deviation),
            color: gamma * (yield_rate + half_rate + upper * slide),
            ..*still
        }
    }
}
