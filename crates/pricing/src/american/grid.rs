//! Finite differences for options with early exercise and dividends in cash.
//!
//! The equation of Black and Scholes on prices evenly spaced in their logarithm, solved back
//! from expiry.
//! The error falls with the square of both spacings.

use serde::{Deserialize, Serialize};

use super::ladder::Ladder;
use super::{Dividend, Exercise, until};
use crate::{Error, Market, Right, Vanilla, payoff, positive};

/// Standard deviations of the final logarithm that the grid reaches to each side.
const REACH: f64 = 6.0;
/// Fewest steps between two ex-dates.
const FEWEST: usize = 8;
/// Share of volatility by which it is moved for its sensitivity, and the move of a rate.
const BUMP: f64 = 2e-3;

/// How fine the grid is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fineness {
    /// Prices on each side of the spot, at least 10.
    pub half: usize,
    /// Steps in time until expiry, at least 8. Between two ex-dates it is the square root of the
    /// share of time times this.
    pub steps: usize,
}

impl Default for Fineness {
    /// Values to about a ten-thousandth of the price of an option at the money.
    fn default() -> Fineness {
        Fineness { half: 200, steps: 100 }
    }
}

/// What to do with the option now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Best {
    /// It is worth more alive.
    Hold,
    /// Exercise brings as much as anything can.
    Exercise,
}

/// Where exercise begins to be best.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    /// Years from now.
    pub years: f64,
    /// For a put the highest spot at which exercise is best, for a call the lowest; none if it is
    /// best nowhere on the grid.
    pub spot: Option<f64>,
}

/// An option valued on a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Valuation {
    /// The value.
    pub value: f64,
    /// To the spot.
    pub delta: f64,
    /// Of delta to the spot.
    pub gamma: f64,
    /// To the passing of a year, between ex-dates; 0 where exercise is best.
    pub theta: f64,
    /// What to do now.
    pub best: Best,
    /// Where exercise begins, from now to the step before expiry; empty for European options. An
    /// ex-date stands there twice: just before the payment, when a call is exercised if ever, and
    /// just after.
    pub boundary: Vec<Edge>,
}

/// Sensitivities to what the grid holds fixed, per 1.00.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slopes {
    /// To the volatility.
    pub vega: f64,
    /// To the interest rate.
    pub rho: f64,
    /// To the yield.
    pub yield_rho: f64,
}

/// Values an option. At expiry it is worth its intrinsic value, and holds no sensitivity.
///
/// A dividend at the moment of expiry is paid before the option is settled.
///
/// # Errors
/// [`Error::Value`] for numbers that can't be (see [`Dividend`] for those of dividends), a
/// volatility of 0 included; [`Error::Corner`] at expiry with the spot at the strike;
/// [`Error::Overflow`] where the numbers leave what a float holds.
pub fn value(
    option: &Vanilla,
    market: &Market,
    dividends: &[Dividend],
    exercise: Exercise,
    fineness: &Fineness,
) -> Result<Valuation, Error> {
    if option.years == 0.0 {
        return settled(option, market);
    }
    let plan = Plan::of(option, market, dividends, fineness)?;
    plan.run(market, exercise)
}

/// Differences of values on one grid as volatility and rates move a little up and down. Four times
/// to six times the work of [`value`].
///
/// # Errors
/// As [`value`]; [`Error::Value`] at expiry.
pub fn slopes(
    option: &Vanilla,
    market: &Market,
    dividends: &[Dividend],
    exercise: Exercise,
    fineness: &Fineness,
) -> Result<Slopes, Error> {
    let plan = Plan::of(option, market, dividends, fineness)?;
    let worth = |moved: Market| plan.run(&moved, exercise).map(|found| found.value);
    let Market { volatility, rate, yield_rate, .. } = *market;
    let step = BUMP * volatility;
    let slope = |up: Market, down: Market, step: f64| -> Result<f64, Error> {
        Ok((worth(up)? - worth(down)?) / (2.0 * step))
    };
    Ok(Slopes {
        vega: slope(
            Market { volatility: volatility + step, ..*market },
            Market { volatility: volatility - step, ..*market },
            step,
        )?,
        rho: slope(
            Market { rate: rate + BUMP, ..*market },
            Market { rate: rate - BUMP, ..*market },
            BUMP,
        )?,
        yield_rho: slope(
            Market { yield_rate: yield_rate + BUMP, ..*market },
            Market { yield_rate: yield_rate - BUMP, ..*market },
            BUMP,
        )?,
    })
}

fn settled(option: &Vanilla, market: &Market) -> Result<Valuation, Error> {
    option.check()?;
    market.check()?;
    let Vanilla { right, strike, .. } = *option;
    if market.spot == strike {
        return Err(Error::Corner { forward: strike });
    }
    let value = payoff::exercise(right, market.spot, strike);
    let inside = value > 0.0;
    Ok(Valuation {
        value,
        delta: if inside { right.sign() } else { 0.0 },
        gamma: 0.0,
        theta: 0.0,
        best: if inside { Best::Exercise } else { Best::Hold },
        boundary: Vec::new(),
    })
}

/// How the value of holding meets that of exercise at the boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contact {
    /// As the square of the distance, at most times.
    Smooth,
    /// At an angle, just before an ex-date.
    Crossing,
}

/// What is settled before the first step, so that values under moved markets share it.
struct Plan {
    option: Vanilla,
    dividends: Vec<Dividend>,
    reach: f64,
    fineness: Fineness,
}

impl Plan {
    fn of(
        option: &Vanilla,
        market: &Market,
        dividends: &[Dividend],
        fineness: &Fineness,
    ) -> Result<Plan, Error> {
        option.check()?;
        market.check()?;
        let years = positive("years to expiry", option.years)?;
        let deviation = positive("deviation", market.volatility * years.sqrt())?;
        let dividends = until(dividends, years, market.spot)?;
        let paid: f64 = dividends.iter().map(|dividend| dividend.cash).sum();
        let drift = ((market.rate - market.yield_rate) * years).abs();
        let reach = REACH * deviation + drift - (1.0 - paid / market.spot).ln();
        if !(market.spot * reach.exp()).is_finite() || market.spot * (-reach).exp() == 0.0 {
            return Err(Error::Overflow { what: "prices of the grid" });
        }
        let half = fineness.half.max(10);
        let steps = fineness.steps.max(FEWEST);
        Ok(Plan { option: *option, dividends, reach, fineness: Fineness { half, steps } })
    }

    fn run(&self, market: &Market, exercise: Exercise) -> Result<Valuation, Error> {
        let Vanilla { right, strike, years } = self.option;
        let mut ladder = Ladder::new(market.spot, self.reach, self.fineness.half);
        ladder.expire(right, strike);
        if exercise == Exercise::American {
            ladder.allow(right, strike);
        }
        let mut boundary = Vec::new();
        let mut left = years;
        for dividend in &self.dividends {
            self.go_back(&mut ladder, market, [left, dividend.years], &mut boundary);
            left = dividend.years;
            ladder.pay(dividend.cash, self.worthless(market, exercise, left));
            boundary.push(Edge { years: left, spot: self.edge(&ladder, Contact::Crossing) });
        }
        self.go_back(&mut ladder, market, [left, 0.0], &mut boundary);
        boundary.reverse();
        if exercise == Exercise::European {
            boundary.clear();
        }
        self.read(&ladder, market, boundary)
    }

    /// Value at a spot of zero, where it stays.
    fn worthless(&self, market: &Market, exercise: Exercise, now: f64) -> f64 {
        let later = market.discount(self.option.years - now);
        match (self.option.right, exercise) {
            (Right::Call, _) => 0.0,
            (Right::Put, Exercise::European) => self.option.strike * later,
            (Right::Put, Exercise::American) => self.option.strike * later.max(1.0),
        }
    }

    /// Steps from one moment back to an earlier one. Steps grow with the square of their number:
    /// the boundary moves fastest just before expiry and before an ex-date.
    fn go_back(
        &self,
        ladder: &mut Ladder,
        market: &Market,
        [from, to]: [f64; 2],
        boundary: &mut Vec<Edge>,
    ) {
        let length = from - to;
        if length <= 0.0 {
            return;
        }
        // A short stretch needs more than its share: its end is as sharp as that of a long one.
        let share = self.fineness.steps as f64 * (length / self.option.years).sqrt();
        let steps = (share.ceil() as usize).max(FEWEST);
        let squared = |step: usize| (step as f64 / steps as f64).powi(2);
        for step in 0..steps {
            ladder.step(market, length * (squared(step + 1) - squared(step)));
            let years = (from - length * squared(step + 1)).max(0.0);
            boundary.push(Edge { years, spot: self.edge(ladder, Contact::Smooth) });
        }
    }

    /// The end of the exercised prices, between two prices of the grid.
    fn edge(&self, ladder: &Ladder, contact: Contact) -> Option<f64> {
        let Vanilla { right, strike, .. } = self.option;
        let used = |at: &usize| {
            ladder.exercised[*at] && payoff::exercise(right, ladder.spots[*at], strike) > 0.0
        };
        let count = ladder.spots.len();
        let (at, next, after) = match right {
            Right::Put => (0..count).rev().find(used).map(|at| (at, at + 1, at + 2))?,
            Right::Call => (2..count).find(used).map(|at| (at, at - 1, at - 2))?,
        };
        if after >= count {
            return Some(ladder.spots[at]);
        }
        let gain = |at: usize| {
            let floor = payoff::exercise(right, ladder.spots[at], strike);
            let gain = (ladder.values[at] - floor).max(0.0);
            if contact == Contact::Smooth { gain.sqrt() } else { gain }
        };
        let (near, far) = (gain(next), gain(after));
        let slope = (far - near) / (ladder.spots[after] - ladder.spots[next]);
        let place = ladder.spots[next] - near / slope;
        let (low, high) =
            (ladder.spots[at].min(ladder.spots[next]), ladder.spots[at].max(ladder.spots[next]));
        Some(if place.is_finite() { place.clamp(low, high) } else { ladder.spots[at] })
    }

    fn read(
        &self,
        ladder: &Ladder,
        market: &Market,
        boundary: Vec<Edge>,
    ) -> Result<Valuation, Error> {
        let Market { spot, rate, yield_rate, volatility } = *market;
        let middle = self.fineness.half;
        let value = ladder.values[middle];
        let (delta, gamma) = ladder.slopes(middle);
        let flow = rate * value - (rate - yield_rate) * spot * delta;
        let alive = flow - 0.5 * (volatility * spot).powi(2) * gamma;
        let worth = payoff::exercise(self.option.right, spot, self.option.strike);
        let best =
            if ladder.exercised[middle] && worth > 0.0 { Best::Exercise } else { Best::Hold };
        let theta = if best == Best::Exercise { 0.0 } else { alive };
        if !(value + delta + gamma + theta).is_finite() {
            return Err(Error::Overflow { what: "value on the grid" });
        }
        Ok(Valuation { value: value.max(0.0), delta, gamma, theta, best, boundary })
    }
}
