//! `Pendulum-v1`: a pendulum to be swung up by a weak motor, as Gymnasium has it.

use std::f64::consts::PI;

use base::Seed;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use crate::agents::env::{Action, Actions, End, Env, Step};

const SECONDS: f64 = 0.05;
const GRAVITY: f64 = 10.0;
const FASTEST: f64 = 8.0;
const STRONGEST: f32 = 2.0;

/// The environment; episodes of 200 steps, cut short and never over.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pendulum;

/// Where the pendulum is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Swing {
    /// Angle; 0 is upright.
    pub angle: f64,
    /// Angular speed.
    pub turning: f64,
    /// Steps of the episode so far.
    pub steps: u64,
}

impl Swing {
    /// Turns the motor for one step; the reward.
    pub fn turn(&mut self, torque: f64) -> f64 {
        let torque = torque.clamp(-f64::from(STRONGEST), f64::from(STRONGEST));
        let lean = (self.angle + PI).rem_euclid(2.0 * PI) - PI;
        let cost = lean.powi(2) + 0.1 * self.turning.powi(2) + 0.001 * torque.powi(2);
        // Length and mass are 1.
        let bending = 3.0 * GRAVITY / 2.0 * self.angle.sin() + 3.0 * torque;
        self.turning = (self.turning + bending * SECONDS).clamp(-FASTEST, FASTEST);
        self.angle += self.turning * SECONDS;
        self.steps += 1;
        -cost
    }

    fn show(&self, observation: &mut [f32]) {
        let seen = [self.angle.cos(), self.angle.sin(), self.turning];
        observation.iter_mut().zip(seen).for_each(|(to, value)| *to = value as f32);
    }
}

impl Env for Pendulum {
    type State = Swing;

    fn width(&self) -> usize {
        3
    }

    fn actions(&self) -> Actions {
        Actions::Numbers { width: 1, low: -STRONGEST, high: STRONGEST }
    }

    fn reset(&self, seed: Seed, observation: &mut [f32]) -> Swing {
        let mut rng = seed.rng();
        let (angle, turning) = (rng.random_range(-PI..PI), rng.random_range(-1.0..1.0));
        let swing = Swing { angle, turning, steps: 0 };
        swing.show(observation);
        swing
    }

    fn step(
        &self,
        swing: &mut Swing,
        action: Action<'_>,
        _: Seed,
        observation: &mut [f32],
    ) -> Step {
        let reward = swing.turn(f64::from(action.number())) as f32;
        swing.show(observation);
        Step { reward, end: (swing.steps >= 200).then_some(End::Truncated) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four turns in Gymnasium 1.4.0 from the same place.
    #[test]
    fn the_pendulum_swings_as_in_the_reference() {
        let mut swing = Swing { angle: 3.0, turning: -0.5, steps: 0 };
        let rewards = [1.5, -2.0, 5.0, 0.25].map(|torque| swing.turn(torque));
        let wanted = [-9.02725, -8.956185049927841, -8.859579108320137, -8.863679683279523];
        let at = [2.9885345852577534, 0.22860307105309538];
        for (found, wanted) in rewards.iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-9, "{rewards:?}");
        }
        assert!((swing.angle - at[0]).abs() < 1e-12 && (swing.turning - at[1]).abs() < 1e-12);
    }
}
