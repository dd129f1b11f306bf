//! The chance of a knock-out in closed form.

use serde::{Deserialize, Serialize};

use super::turbo::{BarrierRule, Turbo};
use crate::barrier::first_passage;
use crate::{Error, finite, not_negative, positive};

/// Calendar days of a year, against which daily financing is turned into a growth a year.
const CALENDAR_DAYS: f64 = 365.0;

/// How the index is expected to move until some time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Horizon {
    /// Length in calendar years; zero is now.
    pub years: f64,
    /// Growth of the index's mean a year, continuously compounded.
    pub growth: f64,
    /// Volatility a year.
    pub volatility: f64,
}

impl Turbo {
    /// Chance that the index touches the barrier within a horizon, for a lognormal index without
    /// jumps and a barrier that is watched all the time.
    ///
    /// The barrier of an open-end turbo grows with its strike, by interest on each calendar day
    /// taken as continuous; relative to such a barrier the index is again a drifting Brownian
    /// motion, so the formula of a fixed level is exact. That of a mini future stands still until
    /// the month ends: beyond that the chance is for a barrier that is never set anew.
    ///
    /// Markets leap, and their volatility varies. With one mean volatility for quiet and wild days
    /// the chance comes out somewhat too high for barriers near by, and too low for those that
    /// only a leap or a wild day reaches: there read it as a lower bound.
    pub fn knock_out_probability(&self, index: f64, horizon: &Horizon) -> Result<f64, Error> {
        self.check_alive(index)?;
        not_negative("horizon", horizon.years)?;
        finite("growth", horizon.growth)?;
        positive("volatility", horizon.volatility)?;
        let sign = self.terms().side.sign();
        let barrier_growth = match self.terms().rule {
            BarrierRule::AtStrike => CALENDAR_DAYS * self.terms().growth_per_day().ln_1p(),
            BarrierRule::Buffer { .. } => 0.0,
        };
        let variance = horizon.volatility * horizon.volatility;
        let drift = horizon.growth - 0.5 * variance - barrier_growth;
        let distance = sign * (index / self.barrier()).ln();
        Ok(first_passage(distance, -sign * drift, horizon.volatility, horizon.years))
    }
}
