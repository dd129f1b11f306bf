//! `CartPole-v1`: a pole on a cart (Barto, Sutton and Anderson 1983), as Gymnasium has it.

use base::Seed;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use crate::agents::env::{Action, Actions, End, Env, Step};

const GRAVITY: f64 = 9.8;
const POLE_MASS: f64 = 0.1;
const TOTAL_MASS: f64 = 1.1;
const HALF_LENGTH: f64 = 0.5;
const POLE_MOMENT: f64 = POLE_MASS * HALF_LENGTH;
const FORCE: f64 = 10.0;
const SECONDS: f64 = 0.02;
const WIDEST_ANGLE: f64 = 12.0 * 2.0 * std::f64::consts::PI / 360.0;
const WIDEST_PLACE: f64 = 2.4;

/// The environment: a reward of 1 a step, over when the pole leans or the cart runs off.
#[derive(Debug, Clone, Copy)]
pub struct CartPole {
    /// Steps after which an episode is cut short; 500 in version 1.
    pub longest: u64,
}

impl Default for CartPole {
    fn default() -> CartPole {
        CartPole { longest: 500 }
    }
}

/// Where the cart is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cart {
    /// Place, speed, angle, angular speed.
    pub at: [f64; 4],
    /// Steps of the episode so far.
    pub steps: u64,
}

impl Cart {
    /// Pushes left or right, by Euler's rule.
    pub fn push(&mut self, right: Push) {
        let [x, speed, angle, turning] = self.at;
        let force = match right {
            Push::Left => -FORCE,
            Push::Right => FORCE,
        };
        let (sin, cos) = angle.sin_cos();
        let shared = (force + POLE_MOMENT * turning.powi(2) * sin) / TOTAL_MASS;
        let inertia = HALF_LENGTH * (4.0 / 3.0 - POLE_MASS * cos.powi(2) / TOTAL_MASS);
        let bending = (GRAVITY * sin - cos * shared) / inertia;
        let pushing = shared - POLE_MOMENT * bending * cos / TOTAL_MASS;
        self.at = [
            x + SECONDS * speed,
            speed + SECONDS * pushing,
            angle + SECONDS * turning,
            turning + SECONDS * bending,
        ];
        self.steps += 1;
    }

    fn show(&self, observation: &mut [f32]) {
        observation.iter_mut().zip(self.at).for_each(|(to, value)| *to = value as f32);
    }
}

/// Which way the cart is pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Push {
    /// Action 0.
    Left,
    /// Action 1.
    Right,
}

impl Env for CartPole {
    type State = Cart;

    fn width(&self) -> usize {
        4
    }

    fn actions(&self) -> Actions {
        Actions::Choice(2)
    }

    fn reset(&self, seed: Seed, observation: &mut [f32]) -> Cart {
        let mut rng = seed.rng();
        let cart = Cart { at: [0; 4].map(|_| rng.random_range(-0.05..0.05)), steps: 0 };
        cart.show(observation);
        cart
    }

    fn step(&self, cart: &mut Cart, action: Action<'_>, _: Seed, observation: &mut [f32]) -> Step {
        cart.push(if action.choice() == 1 { Push::Right } else { Push::Left });
        cart.show(observation);
        let fallen = cart.at[0].abs() > WIDEST_PLACE || cart.at[2].abs() > WIDEST_ANGLE;
        let end = match fallen {
            true => Some(End::Done),
            false => (cart.steps >= self.longest).then_some(End::Truncated),
        };
        Step { reward: 1.0, end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four pushes in Gymnasium 1.4.0 from the same place.
    #[test]
    fn the_cart_moves_as_in_the_reference() {
        let mut cart = Cart { at: [0.01, -0.02, 0.03, 0.04], steps: 0 };
        for right in [Push::Right, Push::Right, Push::Left, Push::Right] {
            cart.push(right);
        }
        let wanted =
            [0.02395795968820654, 0.3687690101747617, 0.010918284757949377, -0.5129163478026587];
        for (found, wanted) in cart.at.iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-12, "{:?}", cart.at);
        }
    }
}
