//! A trading task in one dimension, with the best result that any agent can have.
//!
//! A price stands x above its anchor and falls back: `x' = φ x + σ ε`. A position q of −1, 0 or 1
//! earns `q (x' − x)` and costs `c |q − p|` to reach from p. Trading without regard to the cost
//! would follow the sign of −x; with it the best policy keeps its position within a band, and the
//! band and its average reward g are found by relative value iteration (White 1963) on
//! `h(x, p) + g = max_q [q (φ − 1) x − c |q − p| + E h(φ x + σ ε, q)]`.

use base::Seed;
use rand_distr::{Distribution as _, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::agents::env::{Action, Actions, End, Env, Step};

/// The task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reversion {
    /// Share φ of the distance that is left after a step; in 0..1.
    pub keeps: f64,
    /// Deviation σ of the noise.
    pub noise: f64,
    /// Cost c of one unit traded.
    pub cost: f64,
    /// Steps of an episode, which is cut short then.
    pub longest: u64,
}

impl Default for Reversion {
    fn default() -> Reversion {
        Reversion { keeps: 0.7, noise: 1.0, cost: 0.5, longest: 200 }
    }
}

/// Where price and position stand.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Distance from the anchor.
    pub x: f64,
    /// −1, 0 or 1.
    pub held: i8,
    /// Steps of the episode so far.
    pub steps: u64,
}

/// The best policy: what it earns, and its band.
#[derive(Debug, Clone, PartialEq)]
pub struct Best {
    /// Average reward of a step.
    pub reward: f64,
    /// Distance below the anchor at which a flat position becomes long; the other side mirrors it.
    pub enters_at: f64,
    /// Distance above the anchor (below, if negative) at which a long position is given up.
    pub leaves_at: f64,
}

const HELD: [i8; 3] = [-1, 0, 1];
const POINTS: usize = 241;
const WIDEST: f64 = 5.0;

impl Reversion {
    fn scale(&self) -> f64 {
        self.noise / (1.0 - self.keeps * self.keeps).sqrt()
    }

    fn show(&self, position: &Position, observation: &mut [f32]) {
        observation[0] = (position.x / self.scale()) as f32;
        observation[1] = f32::from(position.held);
    }

    /// The best policy, by value iteration.
    pub fn best(&self) -> Best {
        let grid = Grid::new(self);
        let mut ahead = vec![0.0; POINTS * 3];
        let mut reward = 0.0;
        for _ in 0..5_000 {
            let after = grid.expect(&ahead);
            let mut next = vec![0.0; POINTS * 3];
            for at in 0..POINTS {
                for (place, held) in HELD.iter().enumerate() {
                    next[at * 3 + place] = self.choose(&grid, &after, at, *held).0;
                }
            }
            let middle = (POINTS / 2) * 3 + 1;
            reward = next[middle];
            let moved =
                next.iter().zip(&ahead).map(|(n, a)| (n - reward - a).abs()).fold(0.0, f64::max);
            ahead = next.iter().map(|value| value - reward).collect();
            if moved < 1e-12 {
                break;
            }
        }
        let after = grid.expect(&ahead);
        let chosen = |at: usize, held: i8| self.choose(&grid, &after, at, held).1;
        let enters = (0..POINTS).rfind(|at| chosen(*at, 0) == 1);
        let leaves = (0..POINTS).find(|at| chosen(*at, 1) != 1);
        Best {
            reward,
            enters_at: enters.map_or(f64::NEG_INFINITY, |at| grid.x[at]),
            leaves_at: leaves.map_or(f64::INFINITY, |at| grid.x[at]),
        }
    }

    /// The best position at a point of the grid, and its worth.
    fn choose(&self, grid: &Grid, after: &[f64], at: usize, held: i8) -> (f64, i8) {
        let worth = |(place, next): (usize, &i8)| {
            let earned = f64::from(*next) * (self.keeps - 1.0) * grid.x[at];
            let paid = self.cost * f64::from((next - held).abs());
            (earned - paid + after[at * 3 + place], *next)
        };
        let all = HELD.iter().enumerate().map(worth);
        all.fold((f64::NEG_INFINITY, 0), |best, one| if one.0 > best.0 { one } else { best })
    }
}

/// Points of x, and where the noise takes each.
struct Grid {
    x: Vec<f64>,
    /// For each point, pairs of a point and its chance.
    leads: Vec<Vec<(usize, f64)>>,
}

impl Grid {
    fn new(task: &Reversion) -> Grid {
        let step = 2.0 * WIDEST * task.scale() / (POINTS - 1) as f64;
        let x: Vec<f64> = (0..POINTS).map(|at| (at as f64 - (POINTS / 2) as f64) * step).collect();
        let draws: Vec<f64> = (-40..=40).map(|z| f64::from(z) * 0.1).collect();
        let chances: Vec<f64> = draws.iter().map(|z| (-0.5 * z * z).exp()).collect();
        let total: f64 = chances.iter().sum();
        let lead = |x: &f64| {
            let mut leads = vec![0.0; POINTS];
            for (z, chance) in draws.iter().zip(&chances) {
                let to = (task.keeps * x + task.noise * z) / step + (POINTS / 2) as f64;
                let to = to.clamp(0.0, (POINTS - 1) as f64 - 1e-9);
                let (below, part) = (to.floor() as usize, to.fract());
                leads[below] += chance / total * (1.0 - part);
                leads[below + 1] += chance / total * part;
            }
            leads.into_iter().enumerate().filter(|(_, chance)| *chance > 0.0).collect()
        };
        Grid { leads: x.iter().map(lead).collect(), x }
    }

    /// The expectation of what lies ahead, by point and position.
    fn expect(&self, ahead: &[f64]) -> Vec<f64> {
        let mut after = vec![0.0; POINTS * 3];
        for (leads, after) in self.leads.iter().zip(after.chunks_exact_mut(3)) {
            for (to, chance) in leads {
                for (place, after) in after.iter_mut().enumerate() {
                    *after += chance * ahead[to * 3 + place];
                }
            }
        }
        after
    }
}

impl Env for Reversion {
    type State = Position;

    fn width(&self) -> usize {
        2
    }

    fn actions(&self) -> Actions {
        Actions::Choice(3)
    }

    fn reset(&self, seed: Seed, observation: &mut [f32]) -> Position {
        let drawn: f64 = StandardNormal.sample(&mut seed.rng());
        let position = Position { x: self.scale() * drawn, held: 0, steps: 0 };
        self.show(&position, observation);
        position
    }

    fn step(
        &self,
        position: &mut Position,
        action: Action<'_>,
        seed: Seed,
        observation: &mut [f32],
    ) -> Step {
        let next = HELD[action.choice().min(2)];
        let drawn: f64 = StandardNormal.sample(&mut seed.rng());
        let x = self.keeps * position.x + self.noise * drawn;
        let paid = self.cost * f64::from((next - position.held).abs());
        let reward = f64::from(next) * (x - position.x) - paid;
        *position = Position { x, held: next, steps: position.steps + 1 };
        self.show(position, observation);
        let end = (position.steps >= self.longest).then_some(End::Truncated);
        Step { reward: reward as f32, end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without a cost the sign of −x is best, and earns (1 − φ) E|x| = (1 − φ) s √(2/π).
    #[test]
    fn without_a_cost_the_best_reward_has_a_closed_form() {
        let task = Reversion { cost: 0.0, ..Reversion::default() };
        let wanted = 0.3 * task.scale() * (2.0 / std::f64::consts::PI).sqrt();
        assert!((task.best().reward - wanted).abs() < 1e-3, "{:?} {wanted}", task.best());
    }

    /// Following the best band earns what the iteration says, within the noise of 400,000 steps.
    #[test]
    fn following_the_band_earns_what_is_stated() {
        let task = Reversion { longest: u64::MAX, ..Reversion::default() };
        let best = task.best();
        let (seed, mut seen) = (Seed::root(3), [0.0; 2]);
        let mut position = task.reset(seed, &mut seen);
        let (mut total, steps) = (0.0, 400_000);
        for step in 0..steps {
            let side = |x: f64, held: i8| match held {
                1 if x < best.leaves_at => 1,
                _ if x <= best.enters_at => 1,
                _ => 0,
            };
            let (x, held) = (position.x, position.held);
            let next = side(x, held) - side(-x, -held);
            let action = Action::Choice((next + 1) as usize);
            let step = task.step(&mut position, action, seed.index(step), &mut seen);
            total += f64::from(step.reward);
        }
        let mean = total / steps as f64;
        assert!((mean - best.reward).abs() < 0.006, "{mean} {best:?}");
        assert!(best.enters_at < -0.3 && best.leaves_at > best.enters_at, "{best:?}");
    }
}
