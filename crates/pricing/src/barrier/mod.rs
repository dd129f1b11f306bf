//! Options that a touch of a barrier kills or brings to life, and bets on the touch itself.
//!
//! European exercise, one barrier watched from now to expiry, a lognormal underlying with
//! constant rate, yield and volatility. All closed form: Reiner and Rubinstein, "Breaking down
//! the barriers", Risk 4(8), 1991, and "Unscrambling the binary code", Risk 4(9), 1991, in the
//! notation of Haug, *The Complete Guide to Option Pricing Formulas*, 2nd ed., 4.17 and 4.19.
//!
//! A barrier that is looked at only every so often is a continuous one moved away from the
//! price: [`Watched::Every`] (Broadie, Glasserman and Kou, "A continuity correction for discrete
//! barrier options", Mathematical Finance 7(4), 1997).
//!
//! Start reading at [`BarrierOption::value`], then [`Touch`].

mod legs;
mod passage;
#[cfg(test)]
mod tests;
mod touch;

pub use passage::first_passage;
pub use touch::{PaidAt, Touch};

use serde::{Deserialize, Serialize};

use crate::{Error, Market, Right, not_negative, positive};
use legs::Legs;

/// −ζ(1/2) / √(2π): by so many deviations of one interval a barrier seems further away when it
/// is looked at in intervals (Broadie, Glasserman and Kou 1997, theorem 1.1).
pub const CONTINUITY: f64 = 0.582_597_157_939_010_6;

/// On which side of the price a barrier lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Barrier {
    /// Below: touched by a fall.
    Down,
    /// Above: touched by a rise.
    Up,
}

/// What a touch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Knock {
    /// The option begins to live; without a touch it pays the rebate at expiry.
    In,
    /// The option dies and pays the rebate at once.
    Out,
}

/// How often the barrier is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watched {
    /// Always.
    #[default]
    Always,
    /// At the end of each interval of so many years; the interval should be short against the
    /// time to expiry, since the correction is one of the first order.
    Every {
        /// Length of an interval.
        years: f64,
    },
}

/// What is paid at expiry.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payoff {
    /// The distance to the strike, where it is positive.
    Vanilla,
    /// This much money, if the option ends beyond its strike.
    Cash(f64),
    /// The underlying, if the option ends beyond its strike.
    Asset,
}

/// A European option with one barrier.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BarrierOption {
    /// Call or put.
    pub right: Right,
    /// Side of the barrier.
    pub barrier: Barrier,
    /// What a touch does.
    pub knock: Knock,
    /// What it pays.
    pub payoff: Payoff,
    /// Strike.
    pub strike: f64,
    /// Level of the barrier.
    pub level: f64,
    /// Paid when the option is lost: at the touch for [`Knock::Out`], at expiry for
    /// [`Knock::In`]. Zero for none.
    pub rebate: f64,
    /// Time to expiry.
    pub years: f64,
    /// How often the barrier is looked at.
    pub watched: Watched,
}

impl BarrierOption {
    /// Its value today.
    ///
    /// Refused: numbers that no contract has, a barrier on the wrong side of the spot (the option
    /// is dead or alive already, and worth its rebate or a plain option), and a rebate at the
    /// touch under a rate so negative that the formula has no real root.
    pub fn value(&self, market: &Market) -> Result<f64, Error> {
        self.check(market)?;
        let level = self.watched.level(self.level, self.barrier, market.volatility);
        let legs = Legs::new(self.right, self.barrier, self.strike, level, (market, self.years));
        let lives = legs.select(self.knock, self.right, self.barrier);
        let paid = match self.payoff {
            Payoff::Vanilla => self.right.sign() * (lives.asset - self.strike * lives.cash),
            Payoff::Cash(amount) => amount * lives.cash,
            Payoff::Asset => lives.asset,
        };
        // Far in a wing the difference of two legs may fall below zero by rounding.
        Ok(paid.max(0.0) + self.rebate_value(market)?)
    }

    fn rebate_value(&self, market: &Market) -> Result<f64, Error> {
        if self.rebate == 0.0 {
            return Ok(0.0);
        }
        let touch = Touch {
            barrier: self.barrier,
            level: self.level,
            years: self.years,
            watched: self.watched,
        };
        match self.knock {
            Knock::In => Ok(self.rebate * touch.no_touch_value(market)?),
            Knock::Out => Ok(self.rebate * touch.value(market, PaidAt::Touch)?),
        }
    }

    fn check(&self, market: &Market) -> Result<(), Error> {
        check_market(market)?;
        positive("strike", self.strike)?;
        positive("time to expiry", self.years)?;
        not_negative("rebate", self.rebate)?;
        if let Payoff::Cash(amount) = self.payoff {
            not_negative("cash payoff", amount)?;
        }
        self.watched.check()?;
        check_side(self.barrier, self.level, market.spot)
    }
}

impl Watched {
    fn check(self) -> Result<(), Error> {
        match self {
            Watched::Always => Ok(()),
            Watched::Every { years } => positive("interval of watching", years).map(drop),
        }
    }

    /// Where a barrier that is always watched has nearly the same chance of a touch.
    fn level(self, level: f64, barrier: Barrier, volatility: f64) -> f64 {
        let Watched::Every { years } = self else { return level };
        let away = CONTINUITY * volatility * years.sqrt();
        match barrier {
            Barrier::Down => level * (-away).exp(),
            Barrier::Up => level * away.exp(),
        }
    }
}

impl Barrier {
    /// +1 for a barrier below, −1 for one above.
    const fn sign(self) -> f64 {
        match self {
            Barrier::Down => 1.0,
            Barrier::Up => -1.0,
        }
    }
}

/// Refuses what no market can be, and one without movement: a touch is then no matter of chance.
fn check_market(market: &Market) -> Result<(), Error> {
    market.check()?;
    positive("volatility", market.volatility).map(drop)
}

/// Growth of the forward a year, less half the variance: the drift of the log price.
fn log_drift(market: &Market) -> f64 {
    market.rate - market.yield_rate - 0.5 * market.volatility * market.volatility
}

/// Refuses a barrier that the spot has touched.
pub(crate) fn check_side(barrier: Barrier, level: f64, spot: f64) -> Result<(), Error> {
    positive("barrier", level)?;
    let (fits, allowed) = match barrier {
        Barrier::Down => (level < spot, "below the spot"),
        Barrier::Up => (level > spot, "above the spot"),
    };
    if fits { Ok(()) } else { Err(Error::Value { what: "barrier", value: level, allowed }) }
}
