//! Profit at expiry: straight lines between strikes.

use serde::{Deserialize, Serialize};

use super::{Instrument, Leg};
use crate::payoff::exercise;

/// The best or the worst that can happen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Extreme {
    /// It goes no further than this profit (negative for a loss).
    Bounded(f64),
    /// It grows without end as the underlying rises.
    Unbounded,
}

/// Profit at expiry over the underlying's price from 0 upwards: known at 0 and at each strike,
/// straight between them, and straight on behind the last.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Payoff {
    knots: Vec<(f64, f64)>,
    last_slope: f64,
}

impl Payoff {
    pub(super) fn of(legs: &[Leg]) -> Payoff {
        let mut spots = vec![0.0];
        spots.extend(legs.iter().filter_map(|leg| match leg.instrument {
            Instrument::Option { strike, .. } => Some(strike),
            _ => None,
        }));
        spots.sort_by(f64::total_cmp);
        spots.dedup();
        let profit = |spot: f64| legs.iter().map(|leg| earned(leg, spot)).sum();
        let slope = |leg: &Leg| match leg.instrument {
            Instrument::Option { right: crate::Right::Put, .. } | Instrument::Cash => 0.0,
            _ => leg.units(),
        };
        Payoff {
            knots: spots.into_iter().map(|spot| (spot, profit(spot))).collect(),
            last_slope: legs.iter().map(slope).sum(),
        }
    }

    /// Price and profit at 0 and at every strike, ascending.
    pub fn knots(&self) -> &[(f64, f64)] {
        &self.knots
    }

    /// Profit per unit of price above the last strike.
    pub fn last_slope(&self) -> f64 {
        self.last_slope
    }

    /// Profit if the underlying ends at `spot`, 0 or more.
    pub fn at(&self, spot: f64) -> f64 {
        let next = self.knots.partition_point(|knot| knot.0 <= spot);
        let (from, profit) = self.knots[next.max(1) - 1];
        match self.knots.get(next) {
            Some(to) => profit + (to.1 - profit) * (spot - from) / (to.0 - from),
            None => profit + self.last_slope * (spot - from),
        }
    }

    /// Prices at which the profit is nothing, ascending. Where it is nothing all along a stretch,
    /// the stretch's ends.
    pub fn breakevens(&self) -> Vec<f64> {
        let mut found: Vec<f64> = Vec::new();
        for pair in self.knots.windows(2) {
            let ((from, left), (to, right)) = (pair[0], pair[1]);
            if left == 0.0 {
                found.push(from);
            } else if left * right < 0.0 {
                found.push(from + (to - from) * left / (left - right));
            }
        }
        let (spot, profit) = self.knots[self.knots.len() - 1];
        if profit == 0.0 {
            found.push(spot);
        } else if profit * self.last_slope < 0.0 {
            found.push(spot - profit / self.last_slope);
        }
        found
    }

    /// The most that can be earned.
    pub fn max_profit(&self) -> Extreme {
        if self.last_slope > 0.0 {
            return Extreme::Unbounded;
        }
        Extreme::Bounded(self.knots.iter().map(|knot| knot.1).fold(f64::NEG_INFINITY, f64::max))
    }

    /// The most that can be lost, as a profit (negative for a loss).
    pub fn max_loss(&self) -> Extreme {
        if self.last_slope < 0.0 {
            return Extreme::Unbounded;
        }
        Extreme::Bounded(self.knots.iter().map(|knot| knot.1).fold(f64::INFINITY, f64::min))
    }

    /// Points for a picture between two prices: both ends and every knot between them. Straight
    /// lines through them are the payoff itself.
    pub fn samples(&self, from: f64, to: f64) -> Vec<(f64, f64)> {
        let inner = self.knots.iter().copied().filter(|knot| knot.0 > from && knot.0 < to);
        let mut points = vec![(from, self.at(from))];
        points.extend(inner);
        points.push((to, self.at(to)));
        points
    }

    /// Probability of a profit above nothing. `below` is the probability that the underlying ends
    /// at or below a price: [`super::lognormal_below`], [`super::smile_below`] or another.
    pub fn probability_of_profit(&self, below: impl Fn(f64) -> f64) -> f64 {
        super::odds::share_above(&self.breakevens(), |spot| self.at(spot), below)
    }
}

fn earned(leg: &Leg, spot: f64) -> f64 {
    let value = match leg.instrument {
        Instrument::Cash => 1.0,
        Instrument::Underlying => spot,
        Instrument::Option { right, strike, .. } => exercise(right, spot, strike),
    };
    leg.units() * (value - leg.price)
}
