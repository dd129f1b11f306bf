//! What is expected of an index over the next sessions.

use pricing::knockout::{Forecast, Horizon, Leg, MonthTurn, Night, Turbo};
use serde::Serialize;

use super::refuse;
use crate::Error;

/// Sessions of a year.
pub(super) const SESSIONS: f64 = 252.0;
/// Sessions beyond which nobody holds a certificate.
const MOST_SESSIONS: u32 = 252;

/// Where the index is expected to go.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cases {
    /// Its mean grows by so much a year, continuously compounded.
    Drift(f64),
    /// It ends higher or lower, each with its mean.
    UpOrDown {
        /// Chance of up.
        up_chance: f64,
        /// Mean return over the horizon: this if up, minus this if down.
        by: f64,
    },
}

/// What nights do beside their share of the volatility.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Gaps {
    /// Part of a day's variance that falls into the night; nobody watches there.
    pub night_share: f64,
    /// Chance that a night holds a jump besides.
    pub jump_chance: f64,
    /// Deviation of a jump, as a part of the index. Its variance comes on top.
    pub jump_deviation: f64,
}

/// What is expected of the index.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct View {
    /// Where it goes.
    pub cases: Cases,
    /// Volatility a year, nights included, jumps not.
    pub volatility: f64,
    /// Horizon: so many nights, each with the session behind it.
    pub sessions: u32,
    /// Nights.
    pub gaps: Gaps,
}

impl View {
    /// Refuses what no market can do.
    pub fn check(&self) -> Result<(), Error> {
        let Gaps { night_share, jump_chance, jump_deviation } = self.gaps;
        if !(self.volatility > 0.0 && self.volatility <= 5.0) {
            let given = 100.0 * self.volatility;
            return refuse(format!("a volatility of {given} %; give one above 0, at most 500"));
        }
        if !(1..=MOST_SESSIONS).contains(&self.sessions) {
            return refuse(format!("{} sessions; give 1 to {MOST_SESSIONS}", self.sessions));
        }
        if !(0.0..1.0).contains(&night_share) {
            return refuse(format!("a share of the night of {night_share}; give 0 to below 1"));
        }
        if !(0.0..=1.0).contains(&jump_chance) || !(0.0..=1.0).contains(&jump_deviation) {
            return refuse("jumps of a chance or size outside 0 to 1");
        }
        match self.cases {
            Cases::Drift(drift) if !(-3.0..=3.0).contains(&drift) => {
                refuse("a drift outside -300 to 300 percent a year")
            }
            Cases::UpOrDown { up_chance, by }
                if !(0.0..=1.0).contains(&up_chance) || !(0.0..1.0).contains(&by) =>
            {
                refuse("a chance of up outside 0 to 1, or a move outside 0 to below 100 percent")
            }
            _ => Ok(()),
        }
    }

    /// One deviation of the index a day, nights included, jumps not.
    pub fn daily_deviation(&self) -> f64 {
        self.volatility / SESSIONS.sqrt()
    }

    /// The view as the paths draw it. Every fifth night is a weekend; no month begins.
    pub fn forecast(&self) -> Forecast {
        let Gaps { night_share, jump_chance, jump_deviation } = self.gaps;
        let deviation = self.daily_deviation() * night_share.sqrt();
        let legs: Vec<Leg> = (1..=self.sessions)
            .flat_map(|number| {
                let days = if number.is_multiple_of(5) { 3 } else { 1 };
                let turn = MonthTurn::Within;
                let night = Night { deviation, jump_chance, jump_deviation, days, turn };
                [Leg::Night(night), Leg::Session { years: 1.0 / SESSIONS }]
            })
            .collect();
        let (up_chance, up, down) = match self.cases {
            Cases::Drift(drift) => (1.0, (drift * self.years()).exp_m1(), 0.0),
            Cases::UpOrDown { up_chance, by } => (up_chance, by, -by),
        };
        Forecast {
            up_chance,
            return_if_up: even_out(up, &legs),
            return_if_down: even_out(down, &legs),
            volatility: self.volatility * (1.0 - night_share).sqrt(),
            legs,
        }
    }

    /// Chance of a knock-out in closed form: as if nights were traded, and without jumps.
    pub fn closed_form(&self, turbo: &Turbo, index: f64) -> Result<f64, Error> {
        let (years, volatility) = (self.years(), self.volatility);
        let chance = |growth: f64| {
            let horizon = Horizon { years, growth, volatility };
            turbo.knock_out_probability(index, &horizon).map_err(Error::ValueKnockOut)
        };
        match self.cases {
            Cases::Drift(drift) => chance(drift),
            Cases::UpOrDown { up_chance, by } => {
                let mean = |moved: f64| chance(moved.ln_1p() / years);
                Ok(up_chance * mean(by)? + (1.0 - up_chance) * mean(-by)?)
            }
        }
    }

    fn years(&self) -> f64 {
        f64::from(self.sessions) / SESSIONS
    }
}

/// The mean return that sessions must have, so that sessions and nights together have this one:
/// gaps are even in logarithms, which lifts the mean.
pub(super) fn even_out(mean: f64, legs: &[Leg]) -> f64 {
    let lift = |leg: &Leg| match leg {
        Leg::Session { .. } => 0.0,
        Leg::Night(night) => {
            let jump = (0.5 * night.jump_deviation.powi(2)).exp_m1();
            0.5 * night.deviation.powi(2) + (night.jump_chance * jump).ln_1p()
        }
    };
    let lift: f64 = legs.iter().map(lift).sum();
    (1.0 + mean) * (-lift).exp() - 1.0
}
