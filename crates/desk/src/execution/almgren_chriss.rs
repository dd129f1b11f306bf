//! Optimal execution in closed form: Almgren and Chriss (2000), "Optimal execution of portfolio
//! transactions", Journal of Risk 3.
//!
//! Linear permanent and temporary impact, a price that moves by an arithmetic walk. Equation
//! numbers are the paper's.

use serde::{Deserialize, Serialize};

use crate::Error;

/// The market and the order.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlmgrenChriss {
    /// X: units to trade, positive for both sides.
    pub qty: f64,
    /// T: time for it, in any unit; the volatility and the impact speak of the same one.
    pub horizon: f64,
    /// N: intervals of equal length.
    pub intervals: u32,
    /// σ: standard deviation of the price over one unit of time, in price.
    pub volatility: f64,
    /// γ: how far one unit moves the price for good, in price a unit.
    pub permanent: f64,
    /// η: how far trading one unit per unit of time moves it meanwhile, in price.
    pub temporary: f64,
    /// ε: cost of each unit whatever the pace, half the spread and fees, in price.
    pub fixed: f64,
    /// λ: dislike of variance, per unit of money.
    pub risk_aversion: f64,
}

/// The best way to trade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trajectory {
    /// Units still to trade at the end of each interval, from N = 0 (all) to N (none).
    pub holdings: Vec<f64>,
    /// κ: how urgent, per unit of time; holdings fall by e in about 1 ÷ κ.
    pub urgency: f64,
    /// E: expected shortfall, in money.
    pub expected_cost: f64,
    /// V: variance of the shortfall, in money squared.
    pub variance: f64,
}

/// A point of the efficient frontier.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FrontierPoint {
    /// λ.
    pub risk_aversion: f64,
    /// E, in money.
    pub expected_cost: f64,
    /// √V, in money.
    pub deviation: f64,
}

impl AlmgrenChriss {
    /// The trajectory that is best for this dislike of variance (eqs. 17 to 20).
    pub fn trajectory(&self) -> Result<Trajectory, Error> {
        self.check()?;
        let urgency = self.urgency()?;
        let steps = self.intervals as usize;
        let holdings: Vec<f64> =
            (0..=steps).map(|at| self.qty * self.left(urgency, at as f64 / steps as f64)).collect();
        let (expected_cost, variance) = self.cost_of(&holdings)?;
        Ok(Trajectory { holdings, urgency, expected_cost, variance })
    }

    /// Expected shortfall and its variance of any trajectory of N + 1 holdings (eqs. 7 and 5): also
    /// of one that is not the best.
    pub fn cost_of(&self, holdings: &[f64]) -> Result<(f64, f64), Error> {
        self.check()?;
        let (key, wanted) = ("holdings", "one for each end of an interval, from all to none");
        if holdings.len() != self.intervals as usize + 1 {
            return Err(Error::CheckSetting { key, value: holdings.len() as f64, wanted });
        }
        let (mut sizes, mut squares, mut exposed) = (0.0, 0.0, 0.0);
        for pair in holdings.windows(2) {
            let traded = pair[0] - pair[1];
            sizes += traded.abs();
            squares += traded * traded;
            exposed += pair[1] * pair[1];
        }
        let expected = 0.5 * self.permanent * self.qty * self.qty
            + self.fixed * sizes
            + self.damped() / self.step() * squares;
        Ok((expected, self.volatility * self.volatility * self.step() * exposed))
    }

    /// The best cost and its deviation for each dislike of variance given.
    pub fn frontier(&self, risk_aversions: &[f64]) -> Result<Vec<FrontierPoint>, Error> {
        let point = |&risk_aversion: &f64| {
            let best = AlmgrenChriss { risk_aversion, ..*self }.trajectory()?;
            Ok(FrontierPoint {
                risk_aversion,
                expected_cost: best.expected_cost,
                deviation: best.variance.sqrt(),
            })
        };
        risk_aversions.iter().map(point).collect()
    }

    /// Part of the order that is done after a part of the time, both 0 to 1; between the ends of
    /// the intervals in a straight line.
    pub(super) fn done_by(&self, elapsed: f64) -> Result<f64, Error> {
        let (urgency, steps) = (self.urgency()?, f64::from(self.intervals));
        let below = (elapsed * steps).floor().min(steps - 1.0);
        let [high, low] = [below, below + 1.0].map(|end| self.left(urgency, end / steps));
        Ok(1.0 - (high + (low - high) * (elapsed * steps - below)))
    }

    /// Part of the order that is left after a part of the time, 0 to 1.
    fn left(&self, urgency: f64, elapsed: f64) -> f64 {
        let whole = urgency * self.horizon;
        if whole < 1e-6 {
            return 1.0 - elapsed;
        }
        // sinh(a) ÷ sinh(b) for a ≤ b, by parts that can't overflow.
        let rest = whole * (1.0 - elapsed);
        (rest - whole).exp() * (-2.0 * rest).exp_m1() / (-2.0 * whole).exp_m1()
    }

    /// κ from cosh(κτ) = 1 + κ̃²τ² ÷ 2 (eqs. 15 and 16), as 2 asinh(κ̃τ ÷ 2) ÷ τ, which loses no
    /// digits where κτ is small.
    fn urgency(&self) -> Result<f64, Error> {
        let tilde = self.volatility * (self.risk_aversion / self.damped()).sqrt();
        let urgency = 2.0 * (tilde * self.step() / 2.0).asinh() / self.step();
        match urgency.is_finite() {
            true => Ok(urgency),
            false => Err(Error::CheckSetting {
                key: "risk_aversion",
                value: self.risk_aversion,
                wanted: "small enough for a finite urgency",
            }),
        }
    }

    /// η̃ = η − γτ ÷ 2.
    fn damped(&self) -> f64 {
        self.temporary - self.permanent * self.step() / 2.0
    }

    fn step(&self) -> f64 {
        self.horizon / f64::from(self.intervals)
    }

    fn check(&self) -> Result<(), Error> {
        let above = "a finite number above zero";
        let at_least = "a finite number, zero or more";
        let checks = [
            ("qty", self.qty, self.qty > 0.0, above),
            ("horizon", self.horizon, self.horizon > 0.0, above),
            ("intervals", f64::from(self.intervals), self.intervals > 0, "at least one"),
            ("volatility", self.volatility, self.volatility >= 0.0, at_least),
            ("permanent", self.permanent, self.permanent >= 0.0, at_least),
            ("temporary", self.temporary, self.temporary > 0.0, above),
            ("fixed", self.fixed, self.fixed >= 0.0, at_least),
            ("risk_aversion", self.risk_aversion, self.risk_aversion >= 0.0, at_least),
        ];
        for (key, value, fits, wanted) in checks {
            if !(fits && value.is_finite()) {
                return Err(Error::CheckSetting { key, value, wanted });
            }
        }
        let damped = self.damped();
        match damped > 0.0 {
            true => Ok(()),
            false => Err(Error::CheckSetting {
                key: "temporary",
                value: self.temporary,
                wanted: "more than half of permanent times the interval",
            }),
        }
    }
}
