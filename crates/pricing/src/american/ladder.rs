//! Prices of the underlying, evenly spaced in their logarithm, and one step back in time on them.

use crate::{Market, Right, payoff};

/// Of the two stages of a step, the first covers this share: `2 − √2`, so that both have one
/// matrix (Bank et al. 1985, IEEE Transactions on Electron Devices 32, p. 1992).
const STAGE: f64 = 2.0 - std::f64::consts::SQRT_2;
/// Rounds in which the set of exercised prices must settle; two or three are usual.
const ROUNDS: usize = 50;
/// Holding counts as worse than exercise only by more than this share: where both are worth the
/// same, rounding must not decide back and forth.
const SLACK: f64 = 1e-14;

/// Prices of the underlying and what the option is worth at each.
pub(super) struct Ladder {
    /// Prices, ascending; today's spot in the middle.
    pub(super) spots: Vec<f64>,
    /// Values at the time reached.
    pub(super) values: Vec<f64>,
    /// Value of exercise, −∞ where there is no right to.
    floor: Vec<f64>,
    /// Where exercise is best at the time reached.
    pub(super) exercised: Vec<bool>,
    /// Distance of two logarithms.
    pub(super) gap: f64,
    /// Room for one solution.
    upper: Vec<f64>,
    target: Vec<f64>,
    start: Vec<f64>,
}

/// What a row of the equation multiplies its lower neighbour, itself and its upper neighbour by.
#[derive(Clone, Copy)]
struct Row {
    below: f64,
    at: f64,
    above: f64,
}

impl Ladder {
    /// `2 · half + 1` prices around `spot`, out to `reach` in the logarithm, with no value yet.
    pub(super) fn new(spot: f64, reach: f64, half: usize) -> Ladder {
        let gap = reach / half as f64;
        let count = 2 * half + 1;
        let spots: Vec<f64> =
            (0..count).map(|at| spot * ((at as f64 - half as f64) * gap).exp()).collect();
        let zeros = || vec![0.0; count];
        Ladder {
            values: zeros(),
            floor: vec![f64::NEG_INFINITY; count],
            exercised: vec![false; count],
            upper: zeros(),
            target: zeros(),
            start: zeros(),
            spots,
            gap,
        }
    }

    /// Values at expiry: the payoff, averaged over the cell that holds the strike, which keeps the
    /// error smooth in the position of the strike (Pooley, Vetzal and Forsyth 2003).
    pub(super) fn expire(&mut self, right: Right, strike: f64) {
        let half = 0.5 * self.gap;
        for (spot, value) in self.spots.iter().zip(&mut self.values) {
            let (low, high) = (spot * (-half).exp(), spot * half.exp());
            *value = if low < strike && strike < high {
                let (from, to) = if right == Right::Call { (strike, high) } else { (low, strike) };
                let paid = (to - from) - strike * (to / from).ln();
                right.sign() * paid / self.gap
            } else {
                payoff::exercise(right, *spot, strike)
            };
        }
    }

    /// Gives the right to exercise from now on, and uses it where that is better at once.
    pub(super) fn allow(&mut self, right: Right, strike: f64) {
        for (at, spot) in self.spots.iter().enumerate() {
            self.floor[at] = payoff::exercise(right, *spot, strike);
            self.values[at] = self.values[at].max(self.floor[at]);
        }
    }

    /// Steps back by `years`: the trapezoidal rule over the first stage, the second backward
    /// difference over the whole (TR-BDF2; Le Floc'h 2014, Journal of Computational Finance 17).
    pub(super) fn step(&mut self, market: &Market, years: f64) {
        let rows = self.rows(market);
        let weight = 0.5 * STAGE * years;
        let last = self.values.len() - 1;
        for at in 1..last {
            let [below, here, above] = [self.values[at - 1], self.values[at], self.values[at + 1]];
            let change = rows.below * below + rows.at * here + rows.above * above;
            self.target[at] = here + weight * change;
        }
        self.start.copy_from_slice(&self.values);
        self.solve(rows, weight);
        let scale = 1.0 / (STAGE * (2.0 - STAGE));
        let older = (1.0 - STAGE) * (1.0 - STAGE);
        for at in 1..last {
            self.target[at] = scale * (self.values[at] - older * self.start[at]);
        }
        self.solve(rows, weight);
    }

    /// The generator of the spot's motion, less the rate. It is exact for money and for the
    /// underlying itself, so calls less puts are forwards on any grid. Where it would let prices
    /// oscillate, the variance is raised to what the drift needs.
    fn rows(&self, market: &Market) -> Row {
        let Market { rate, yield_rate, volatility, .. } = *market;
        let (rise, fall) = self.shares();
        let drift = rate - yield_rate;
        let variance = (volatility * volatility).max(drift.abs() * rise);
        let above = (variance + drift * fall) / (rise * (rise + fall));
        let below = (variance - drift * rise) / (fall * (rise + fall));
        Row { below, at: -below - above - rate, above }
    }

    /// Distances to the price above and to that below, as shares of a price.
    fn shares(&self) -> (f64, f64) {
        (self.gap.exp_m1(), -(-self.gap).exp_m1())
    }

    /// Slope and curvature of the value in the price, at the price of a number from both ends.
    pub(super) fn slopes(&self, at: usize) -> (f64, f64) {
        let (rise, fall) = self.shares();
        let spot = self.spots[at];
        let up = (self.values[at + 1] - self.values[at]) / (rise * spot);
        let down = (self.values[at] - self.values[at - 1]) / (fall * spot);
        let across = rise + fall;
        ((fall * up + rise * down) / across, 2.0 * (up - down) / (across * spot))
    }

    /// Solves `(1 − weight · rows) values = target` under `values ≥ floor` by iterating over the
    /// set of exercised prices (Howard's method; Forsyth and Vetzal 2002, SIAM Journal on
    /// Scientific Computing 23, p. 2095). It settles in finitely many rounds, whatever the
    /// shape of the set: with negative rates it may have two ends.
    fn solve(&mut self, rows: Row, weight: f64) {
        let Row { below, at, above } = rows;
        let row = Row { below: -weight * below, at: 1.0 - weight * at, above: -weight * above };
        for _ in 0..ROUNDS {
            self.sweep(row);
            if !self.reconsider(row) {
                break;
            }
        }
    }

    /// One solution by elimination, with exercised prices held at their floor. Beyond both ends
    /// the value goes on in a straight line of the price.
    fn sweep(&mut self, row: Row) {
        let last = self.values.len() - 1;
        let ratio = self.gap.exp();
        let (mut upper, mut value) = (0.0, 0.0);
        for at in 1..last {
            let mut here = row;
            let mut target = self.target[at];
            if self.exercised[at] {
                (here, target) = (Row { below: 0.0, at: 1.0, above: 0.0 }, self.floor[at]);
            }
            if at == 1 {
                here.at += here.below * (1.0 + 1.0 / ratio);
                here.above -= here.below / ratio;
                here.below = 0.0;
            }
            if at == last - 1 {
                here.at += here.above * (1.0 + ratio);
                here.below -= here.above * ratio;
                here.above = 0.0;
            }
            let pivot = 1.0 / (here.at - here.below * upper);
            (upper, value) = (here.above * pivot, (target - here.below * value) * pivot);
            (self.upper[at], self.values[at]) = (upper, value);
        }
        for at in (1..last - 1).rev() {
            self.values[at] -= self.upper[at] * self.values[at + 1];
        }
        self.extend(ratio);
    }

    fn extend(&mut self, ratio: f64) {
        let last = self.values.len() - 1;
        let low = (1.0 + 1.0 / ratio) * self.values[1] - self.values[2] / ratio;
        let high = (1.0 + ratio) * self.values[last - 1] - ratio * self.values[last - 2];
        self.values[0] = low.max(self.floor[0]);
        self.values[last] = high.max(self.floor[last]);
        (self.exercised[0], self.exercised[last]) =
            (low <= self.floor[0], high <= self.floor[last]);
    }

    /// Decides anew where exercise is best; whether anything changed.
    fn reconsider(&mut self, row: Row) -> bool {
        let mut changed = false;
        for at in 1..self.values.len() - 1 {
            let floor = self.floor[at];
            let now = if self.exercised[at] {
                let around = row.below * self.values[at - 1] + row.above * self.values[at + 1];
                row.at * floor + around >= self.target[at]
            } else {
                self.values[at] < floor - SLACK * self.spots[at].max(floor)
            };
            changed |= now != self.exercised[at];
            self.exercised[at] = now;
        }
        changed
    }

    /// Goes back over an ex-date: before it, a price is worth what the price less the payment is
    /// worth after. `worthless` is the value of the option at a spot of zero.
    pub(super) fn pay(&mut self, cash: f64, worthless: f64) {
        let after = self.values.clone();
        for at in 0..after.len() {
            let spot = self.spots[at] - cash;
            let held = self.read(&after, spot, worthless);
            self.values[at] = held.max(self.floor[at]);
            self.exercised[at] = held < self.floor[at];
        }
    }

    /// The value at any price: a cubic through four logarithms, below them a line to zero.
    fn read(&self, values: &[f64], spot: f64, worthless: f64) -> f64 {
        let lowest = self.spots[0];
        if spot <= lowest {
            let share = (spot / lowest).max(0.0);
            return worthless + share * (values[0] - worthless);
        }
        let place = (spot / lowest).ln() / self.gap;
        let first = (place.floor() as usize).clamp(1, values.len() - 3);
        let t = place - first as f64;
        let [a, b, c, d] = [values[first - 1], values[first], values[first + 1], values[first + 2]];
        let (up, down) = (t + 1.0, t - 1.0);
        let outer = d * up * t * down / 6.0 - a * t * down * (t - 2.0) / 6.0;
        let inner = b * up * down * (t - 2.0) / 2.0 - c * up * t * (t - 2.0) / 2.0;
        outer + inner
    }
}
