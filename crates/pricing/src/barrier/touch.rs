//! Bets on the touch itself, and the chance of it.

use serde::{Deserialize, Serialize};

use super::passage::{exp_times_cdf, first_passage};
use super::{Barrier, Watched, check_market, check_side, log_drift};
use crate::{Error, Market, finite, positive};

/// When the holder of a one-touch is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaidAt {
    /// At once.
    Touch,
    /// At expiry.
    Expiry,
}

/// A level, and a time within which it may be touched.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Touch {
    /// Side of the barrier.
    pub barrier: Barrier,
    /// Level of the barrier.
    pub level: f64,
    /// Time to expiry.
    pub years: f64,
    /// How often the barrier is looked at.
    pub watched: Watched,
}

impl Touch {
    /// Chance of a touch under the forward's growth, rate − yield.
    pub fn probability(&self, market: &Market) -> Result<f64, Error> {
        self.probability_with(market, market.rate - market.yield_rate)
    }

    /// Chance of a touch when the underlying's mean grows by `growth` a year, continuously
    /// compounded: a forecast instead of the forward.
    pub fn probability_with(&self, market: &Market, growth: f64) -> Result<f64, Error> {
        self.check(market)?;
        finite("growth", growth)?;
        let (sigma, sign) = (market.volatility, self.barrier.sign());
        let distance = sign * (market.spot / self.moved(market)).ln();
        let drift = -sign * (growth - 0.5 * sigma * sigma);
        Ok(first_passage(distance, drift, sigma, self.years))
    }

    /// Value of one unit of cash that is paid if the level is touched (Haug, blocks E and F).
    ///
    /// Refused under a rate so negative that discounting to the touch has no real root, where
    /// payment is [`PaidAt::Touch`].
    pub fn value(&self, market: &Market, paid: PaidAt) -> Result<f64, Error> {
        match paid {
            PaidAt::Expiry => Ok((-market.rate * self.years).exp() * self.probability(market)?),
            PaidAt::Touch => self.value_at_touch(market),
        }
    }

    /// Value of one unit of cash that is paid at expiry if the level is never touched.
    pub fn no_touch_value(&self, market: &Market) -> Result<f64, Error> {
        Ok((-market.rate * self.years).exp() * (1.0 - self.probability(market)?))
    }

    fn value_at_touch(&self, market: &Market) -> Result<f64, Error> {
        self.check(market)?;
        let (sigma, eta) = (market.volatility, self.barrier.sign());
        let mu = log_drift(market) / (sigma * sigma);
        let square = mu * mu + 2.0 * market.rate / (sigma * sigma);
        if square < 0.0 {
            let allowed = "above −(drift of the log price)² / (2 σ²), to discount to a touch";
            return Err(Error::Value { what: "rate", value: market.rate, allowed });
        }
        let lambda = square.sqrt();
        let deviation = sigma * self.years.sqrt();
        let mirror = (self.moved(market) / market.spot).ln();
        let z = mirror / deviation + lambda * deviation;
        let far = exp_times_cdf((mu + lambda) * mirror, eta * z);
        let near = exp_times_cdf((mu - lambda) * mirror, eta * (z - 2.0 * lambda * deviation));
        Ok(far + near)
    }

    fn moved(&self, market: &Market) -> f64 {
        self.watched.level(self.level, self.barrier, market.volatility)
    }

    fn check(&self, market: &Market) -> Result<(), Error> {
        check_market(market)?;
        positive("time to expiry", self.years)?;
        self.watched.check()?;
        check_side(self.barrier, self.level, market.spot)
    }
}
