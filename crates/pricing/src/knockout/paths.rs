//! Simulated paths of an index over sessions and nights.

use base::stats::normal_quantile;
use base::{Interval, Seed};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::turbo::{MonthTurn, Turbo};
use crate::{Error, not_negative, positive};

/// A night: the market is shut, nobody watches, and the index opens elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Night {
    /// Deviation of the log gap.
    pub deviation: f64,
    /// Chance that the gap holds a jump besides.
    pub jump_chance: f64,
    /// Deviation of the jump's log size, around zero.
    pub jump_deviation: f64,
    /// Calendar days of financing.
    pub days: u32,
    /// Whether a month begins.
    pub turn: MonthTurn,
}

/// One piece of time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    /// The index moves and the barrier is watched, for so many years of trading time.
    Session {
        /// Length; one of 252 sessions with all its volatility is 1/252.
        years: f64,
    },
    /// A gap.
    Night(Night),
}

/// What is expected of the index: up or down, each with its mean, around it the same volatility.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forecast {
    /// Chance of the first case.
    pub up_chance: f64,
    /// Mean return over the sessions of the horizon in the first case, 0.01 for 1 %.
    pub return_if_up: f64,
    /// Mean return in the second case.
    pub return_if_down: f64,
    /// Volatility a year of trading time.
    pub volatility: f64,
    /// What lies ahead, in order.
    pub legs: Vec<Leg>,
}

/// What the index does in one leg.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Move {
    /// Lowest level while watched; of a night, where it opens.
    pub low: f64,
    /// Highest level while watched; of a night, where it opens.
    pub high: f64,
    /// Last level.
    pub close: f64,
}

/// A mean and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The mean over paths.
    pub mean: f64,
    /// Its standard error; zero says that all paths agreed, not that the truth is known.
    pub standard_error: f64,
}

/// Paths of an index, which all candidates of a choice share.
#[derive(Debug, Clone, PartialEq)]
pub struct Paths {
    spot: f64,
    legs: Vec<Leg>,
    moves: Vec<Move>,
}

impl Forecast {
    /// Refuses what no market can do.
    pub fn check(&self) -> Result<(), Error> {
        share("chance of up", self.up_chance)?;
        positive("1 + return if up", 1.0 + self.return_if_up)?;
        positive("1 + return if down", 1.0 + self.return_if_down)?;
        positive("volatility", self.volatility)?;
        let mut watched = 0.0;
        for leg in &self.legs {
            match leg {
                Leg::Session { years } => watched += positive("length of a session", *years)?,
                Leg::Night(night) => {
                    not_negative("deviation of a night", night.deviation)?;
                    share("chance of a jump", night.jump_chance)?;
                    not_negative("deviation of a jump", night.jump_deviation)?;
                }
            }
        }
        positive("length of all sessions", watched).map(drop)
    }

    fn watched_years(&self) -> f64 {
        let years = |leg: &Leg| if let Leg::Session { years } = leg { *years } else { 0.0 };
        self.legs.iter().map(years).sum()
    }
}

impl Paths {
    /// Draws paths from here; the same seed draws the same, whatever is asked of them later.
    pub fn draw(spot: f64, forecast: &Forecast, count: usize, seed: Seed) -> Result<Paths, Error> {
        positive("spot", spot)?;
        forecast.check()?;
        if count < 2 {
            let allowed = "at least 2, to tell a standard error";
            return Err(Error::Value { what: "number of paths", value: count as f64, allowed });
        }
        let mut moves = Vec::with_capacity(count * forecast.legs.len());
        let seed = seed.child("knock-out paths");
        for path in 0..count {
            draw_path(spot, forecast, seed.index(path as u64), &mut moves);
        }
        Ok(Paths { spot, legs: forecast.legs.clone(), moves })
    }

    /// Where all paths begin.
    pub fn spot(&self) -> f64 {
        self.spot
    }

    /// What lies ahead.
    pub fn legs(&self) -> &[Leg] {
        &self.legs
    }

    /// The paths, each as long as the legs.
    pub fn iter(&self) -> impl Iterator<Item = &[Move]> {
        self.moves.chunks_exact(self.legs.len())
    }

    /// The part of paths on which a certificate dies, nights' financing and gaps included.
    pub fn knock_out(&self, turbo: &Turbo) -> Result<Estimate, Error> {
        turbo.check_alive(self.spot)?;
        let mut dead = Vec::with_capacity(self.moves.len() / self.legs.len());
        for path in self.iter() {
            dead.push(f64::from(u8::from(dies(turbo, &self.legs, path)?)));
        }
        Ok(Estimate::of(&dead))
    }
}

impl Estimate {
    /// Mean and standard error of values that are drawn independently.
    pub fn of(values: &[f64]) -> Estimate {
        let mean = base::stats::mean(values);
        let standard_error = base::stats::std_dev(values) / (values.len() as f64).sqrt();
        Estimate { mean, standard_error }
    }

    /// The 95 % interval, by the normal law of means.
    pub fn interval(&self) -> Interval {
        let reach = -normal_quantile(0.025) * self.standard_error;
        let (low, high) = (self.mean - reach, self.mean + reach);
        Interval { value: self.mean, low, high, level: 0.95 }
    }

    /// Upper end of the 95 % interval.
    pub fn upper(&self) -> f64 {
        self.interval().high
    }
}

fn dies(turbo: &Turbo, legs: &[Leg], path: &[Move]) -> Result<bool, Error> {
    let mut turbo = *turbo;
    for (leg, moved) in legs.iter().zip(path) {
        if let Leg::Night(night) = leg {
            turbo = turbo.after_night(night.days, night.turn)?;
        }
        if turbo.is_touched_by(moved.low) || turbo.is_touched_by(moved.high) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn draw_path(spot: f64, forecast: &Forecast, seed: Seed, into: &mut Vec<Move>) {
    let mut rng = seed.rng();
    // Open at zero: a logarithm and a quantile follow.
    let mut uniform = || 1.0 - rng.random::<f64>();
    let mean = if uniform() <= forecast.up_chance {
        forecast.return_if_up
    } else {
        forecast.return_if_down
    };
    let drift =
        mean.ln_1p() / forecast.watched_years() - 0.5 * forecast.volatility * forecast.volatility;
    let mut log = spot.ln();
    for leg in &forecast.legs {
        let moved = match leg {
            Leg::Session { years } => {
                let variance = forecast.volatility * forecast.volatility * years;
                let step = drift * years + variance.sqrt() * normal(uniform());
                let reach = |draw: f64| (step * step - 2.0 * variance * draw.ln()).sqrt();
                // Lowest and highest point of a Brownian bridge (Glasserman, Monte Carlo Methods
                // in Financial Engineering, 6.4, p. 367); each alone has the right law.
                let (down, up) = (0.5 * (step - reach(uniform())), 0.5 * (step + reach(uniform())));
                let from = log;
                log += step;
                Move { low: (from + down).exp(), high: (from + up).exp(), close: log.exp() }
            }
            Leg::Night(night) => {
                log += night.deviation * normal(uniform());
                let (jumps, size) = (uniform() <= night.jump_chance, normal(uniform()));
                log += if jumps { night.jump_deviation * size } else { 0.0 };
                let open = log.exp();
                Move { low: open, high: open, close: open }
            }
        };
        into.push(moved);
    }
}

/// A standard normal number for an evenly drawn one above zero, at most one.
fn normal(uniform: f64) -> f64 {
    normal_quantile(uniform.min(1.0 - f64::EPSILON))
}

fn share(what: &'static str, value: f64) -> Result<(), Error> {
    let fits = (0.0..=1.0).contains(&value);
    if fits { Ok(()) } else { Err(Error::Value { what, value, allowed: "within 0 and 1" }) }
}
