//! What market to make.

use base::Day;
use market::Calendar;
use serde::{Deserialize, Serialize};

use crate::{Error, check_range};

/// What there is to find.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Edge {
    /// Nothing: given the past, the expected change of every price is zero (a martingale).
    #[default]
    None,
    /// After a breakout the price drifts for [`DRIFT_SESSIONS`] sessions by strength × score ×
    /// the stock's usual daily volatility a session, in the direction of the breakout. A
    /// breakout is a close beyond all prices of the last 24 sessions, the farthest of which lies
    /// 5 sessions back or more and ended a move of 2.5 usual deviations or more in 15 sessions.
    /// The score is +1 when volume in the base lay clearly below that of the rally and the rally
    /// was strong against market and sector, 0 when one of the two holds, −1 when none does. So
    /// the whole effect is 15 × strength × score usual daily volatilities.
    Planted {
        /// Drift a session in daily volatilities. A model that must find it among a thousand signals
        /// sees 0.8, and hardly 0.4.
        strength: f64,
    },
}

/// Sessions after a breakout over which a planted edge acts.
pub const DRIFT_SESSIONS: u32 = 15;

/// Which market to make. Every key is optional.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SynthConfig {
    /// Stocks; the funds and the volatility index come on top. Default 300.
    pub symbols: usize,
    /// Years of sessions. Default 8.
    pub years: u32,
    /// First day. Default 2016-01-04.
    pub start: Day,
    /// What there is to find. Default: nothing.
    pub edge: Edge,
    /// Seed of everything. Default 7.
    pub seed: u64,
    /// How often a year a stock becomes excited, which may end as a rally and a base. Default 9.
    pub excitements_per_year: f64,
    /// Chance a year that a stock is delisted; fallen ones are likelier. Default 0.03.
    pub delistings_per_year: f64,
    /// Part of the stocks that are listed only after the first day. Default 0.3.
    pub late_listings: f64,
}

impl Default for SynthConfig {
    fn default() -> SynthConfig {
        SynthConfig {
            symbols: 300,
            years: 8,
            start: Day::from_ymd(2016, 1, 4).unwrap_or_default(),
            edge: Edge::None,
            seed: 7,
            excitements_per_year: 9.0,
            delistings_per_year: 0.03,
            late_listings: 0.3,
        }
    }
}

impl SynthConfig {
    /// The drift of a breakout with score 1, in daily volatilities a session.
    pub fn strength(&self) -> f64 {
        match self.edge {
            Edge::None => 0.0,
            Edge::Planted { strength } => strength,
        }
    }

    /// The day before which the last session lies.
    pub(super) fn end(&self) -> Day {
        let (year, month, day) = self.start.ymd();
        let year = year as i16 + self.years as i16;
        Day::from_ymd(year, month as i8, day as i8)
            .unwrap_or_else(|| self.start.plus(365 * self.years as i32))
    }

    pub(super) fn check(&self, calendar: &Calendar) -> Result<(), Error> {
        let symbols = self.symbols as f64;
        check_range("synth.symbols", symbols, (1.0, 99_999.0), "in 1..=99999")?;
        check_range("synth.years", f64::from(self.years), (1.0, 60.0), "in 1..=60")?;
        check_range("synth.edge.strength", self.strength(), (0.0, 1.0), "in 0..=1")?;
        let rate = self.excitements_per_year;
        check_range("synth.excitements_per_year", rate, (0.0, 50.0), "in 0..=50")?;
        let rate = self.delistings_per_year;
        check_range("synth.delistings_per_year", rate, (0.0, 1.0), "in 0..=1")?;
        check_range("synth.late_listings", self.late_listings, (0.0, 1.0), "in 0..=1")?;
        for day in [self.start, self.end()] {
            calendar.session(day).map_err(Error::LookUpCalendar)?;
        }
        Ok(())
    }
}
