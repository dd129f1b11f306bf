//! A simulated stop loss (KO-8): what a position with a barrier would have made.
//!
//! Outputs of a row are a direction logit d and a barrier logit b; the chance to be long is σ(d),
//! the barrier's distance is `low + (high − low) σ(b)`, a share of the price. Targets of a row
//! are the return to the horizon, and how far the price fell and rose on the way, both as
//! positive shares. A long position is stopped where the fall reaches the barrier, a short one
//! where the rise does:
//!
//! ```text
//! h = σ((adverse − barrier) / width)        outcome = (1 − h) · (±return) − h · barrier − cost
//! loss = −[ σ(d) outcome_long + (1 − σ(d)) outcome_short ] / barrier
//! ```
//! The outcome is divided by the barrier: a certificate's leverage is about one over it. The soft
//! edge makes the barrier learnable; [`StopLoss::outcome`] with a width of 0 is the hard rule for
//! reports.

use base::stats::sigmoid;
use serde::{Deserialize, Serialize};

use super::{Judged, Loss};
use crate::{Error, Real};

/// A simulated stop loss.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopLoss {
    /// Nearest barrier, a share of the price.
    pub low: f64,
    /// Farthest barrier.
    pub high: f64,
    /// Softness of the edge, a share of the price.
    pub width: f64,
    /// Cost of a round trip, a share of the price.
    pub cost: f64,
}

impl Default for StopLoss {
    fn default() -> StopLoss {
        StopLoss { low: 0.005, high: 0.05, width: 0.001, cost: 0.0002 }
    }
}

impl StopLoss {
    /// Refuses barriers and softness that make no sense, in the name of a network.
    pub fn check(&self, network: &'static str) -> Result<(), Error> {
        let StopLoss { low, high, width, cost } = *self;
        let fine = 0.0 < low && low < high && width > 0.0 && cost >= 0.0 && high.is_finite();
        let what = || format!("a stop loss of {self:?}; 0 < low < high, width > 0, cost ≥ 0");
        if fine { Ok(()) } else { Err(Error::Build { network, what: what() }) }
    }

    /// The barrier's distance for its logit.
    pub fn barrier(&self, logit: f64) -> f64 {
        self.low + (self.high - self.low) * sigmoid(logit)
    }

    /// What a position makes, and its slope by the barrier; a width of 0 is the hard rule.
    pub fn outcome(&self, gain: f64, adverse: f64, barrier: f64) -> (f64, f64) {
        if self.width == 0.0 {
            let stopped = adverse >= barrier;
            return (if stopped { -barrier } else { gain } - self.cost, 0.0);
        }
        let hit = sigmoid((adverse - barrier) / self.width);
        let by_barrier = -hit * (1.0 - hit) / self.width;
        let made = (1.0 - hit) * gain - hit * barrier - self.cost;
        (made, -by_barrier * (gain + barrier) - hit)
    }
}

impl<R: Real> Loss<R> for StopLoss {
    fn outputs(&self) -> usize {
        2
    }

    fn targets(&self) -> usize {
        3
    }

    fn judge(&self, rows: Judged<'_, R>, dy: &mut [R]) -> f64 {
        let mut total = 0.0;
        let each = rows.y.chunks_exact(2).zip(rows.target.chunks_exact(3));
        for (row, (dy, (y, target))) in dy.chunks_exact_mut(2).zip(each).enumerate() {
            let weight = rows.weight(row).f64();
            let (long, share) = (sigmoid(y[0].f64()), sigmoid(y[1].f64()));
            let barrier = self.low + (self.high - self.low) * share;
            let [gain, fall, rise] = [target[0].f64(), target[1].f64(), target[2].f64()];
            let (up, up_slope) = self.outcome(gain, fall, barrier);
            let (down, down_slope) = self.outcome(-gain, rise, barrier);
            let made = long * up + (1.0 - long) * down;
            let slope = long * up_slope + (1.0 - long) * down_slope;
            total -= weight * made / barrier;
            let by_barrier = (slope - made / barrier) / barrier;
            dy[0] = R::of(-weight * (up - down) / barrier * long * (1.0 - long));
            let along = (self.high - self.low) * share * (1.0 - share);
            dy[1] = R::of(-weight * by_barrier * along);
        }
        total
    }
}
