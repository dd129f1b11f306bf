//! What a policy draws from: one of several choices, or normal numbers that share no covariance.
//!
//! Categorical over logits l: `p = softmax(l)`, `∂ ln p_a / ∂l_j = [j = a] − p_j`,
//! `H = −Σ p ln p`, `∂H/∂l_j = −p_j (ln p_j + H)`.
//!
//! Normal with means μ and log-deviations s that depend on no observation, as
//! Stable-Baselines3's: `ln p = Σ −z²/2 − s − ln √2π` with `z = (a − μ) e^−s`, `∂/∂μ = z e^−s`,
//! `∂/∂s = z² − 1`, `H = Σ s + ½ + ln √2π`, `∂H/∂s = 1`.

use base::seed::Rng;
use nets::loss::classes::log_softmax;
use rand::RngExt as _;
use rand_distr::{Distribution as _, StandardNormal};

use super::env::Actions;

/// ln √2π.
const LOG_ROOT_TAU: f32 = 0.918_938_5;

/// How an action is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choosing {
    /// The likeliest, or the one of most value.
    Best,
    /// Drawn as in training; the number differs from step to step.
    Drawn {
        /// Node of the tree of randomness.
        draws: u64,
    },
}

/// Turns logits into logarithms of probabilities; means stay as they are.
pub(crate) fn prepare(space: Actions, outputs: &mut [f32]) {
    if let Actions::Choice(count) = space {
        log_softmax(outputs, count);
    }
}

/// Draws an action from one row of prepared outputs.
pub(crate) fn draw(
    space: Actions,
    (row, deviations): (&[f32], &[f32]),
    rng: &mut Rng,
    to: &mut [f32],
) {
    match space {
        Actions::Choice(count) => {
            let mut left: f32 = rng.random();
            let mut choice = count - 1;
            for (at, log) in row.iter().enumerate() {
                left -= log.exp();
                if left < 0.0 {
                    choice = at;
                    break;
                }
            }
            to[0] = choice as f32;
        }
        Actions::Numbers { .. } => {
            for ((to, mean), log) in to.iter_mut().zip(row).zip(deviations) {
                let normal: f32 = StandardNormal.sample(rng);
                *to = mean + log.exp() * normal;
            }
        }
    }
}

/// The likeliest action of one row of outputs.
pub(crate) fn best(space: Actions, row: &[f32], to: &mut [f32]) {
    match space {
        Actions::Choice(_) => to[0] = largest(row) as f32,
        Actions::Numbers { .. } => to.copy_from_slice(row),
    }
}

/// Place of the largest value; the first of equals.
pub(crate) fn largest(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, at| if row[at] > row[best] { at } else { best })
}

/// Holds drawn numbers to their bounds: what the environment gets, not what is learned from.
pub(crate) fn bound(space: Actions, actions: &mut [f32]) {
    if let Actions::Numbers { low, high, .. } = space {
        actions.iter_mut().for_each(|action| *action = action.clamp(low, high));
    }
}

/// Logarithm of the probability of an action, from prepared outputs.
pub(crate) fn log_prob(space: Actions, (row, deviations): (&[f32], &[f32]), action: &[f32]) -> f32 {
    match space {
        Actions::Choice(count) => row[(action[0] as usize).min(count - 1)],
        Actions::Numbers { .. } => row
            .iter()
            .zip(deviations)
            .zip(action)
            .map(|((mean, log), action)| {
                let z = (action - mean) * (-log).exp();
                -0.5 * z * z - log - LOG_ROOT_TAU
            })
            .sum(),
    }
}

/// Entropy of one row of prepared outputs.
pub(crate) fn entropy(space: Actions, (row, deviations): (&[f32], &[f32])) -> f32 {
    match space {
        Actions::Choice(_) => -row.iter().map(|log| log.exp() * log).sum::<f32>(),
        Actions::Numbers { .. } => deviations.iter().map(|log| log + 0.5 + LOG_ROOT_TAU).sum(),
    }
}

/// Weights of the gradients of a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pull {
    /// Gradient of the loss by the logarithm of the probability.
    pub(crate) by_log: f32,
    /// Gradient of the loss by the entropy.
    pub(crate) by_entropy: f32,
}

/// Fills the gradient by the outputs of a row; adds that by the log-deviations.
pub(crate) fn slope(
    space: Actions,
    (row, deviations): (&[f32], &[f32]),
    action: &[f32],
    pull: Pull,
    (dy, d_deviations): (&mut [f32], &mut [f32]),
) {
    let Pull { by_log, by_entropy } = pull;
    match space {
        Actions::Choice(count) => {
            let known = if by_entropy == 0.0 { 0.0 } else { entropy(space, (row, deviations)) };
            for (dy, log) in dy.iter_mut().zip(row) {
                let p = log.exp();
                *dy = -p * (by_log + by_entropy * (log + known));
            }
            dy[(action[0] as usize).min(count - 1)] += by_log;
        }
        Actions::Numbers { .. } => {
            let each = row.iter().zip(deviations).zip(action).zip(dy.iter_mut().zip(d_deviations));
            for (((mean, log), action), (dy, d_log)) in each {
                let narrow = (-log).exp();
                let z = (action - mean) * narrow;
                *dy = by_log * z * narrow;
                *d_log += by_log * (z * z - 1.0) + by_entropy;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHOICE: Actions = Actions::Choice(3);
    const NUMBERS: Actions = Actions::Numbers { width: 2, low: -9.0, high: 9.0 };
    const PULL: Pull = Pull { by_log: 0.7, by_entropy: -0.4 };

    fn objective(space: Actions, raw: &[f32], deviations: &[f32], action: &[f32]) -> f64 {
        let mut row = raw.to_vec();
        prepare(space, &mut row);
        let of = (&row[..], deviations);
        f64::from(PULL.by_log) * f64::from(log_prob(space, of, action))
            + f64::from(PULL.by_entropy) * f64::from(entropy(space, of))
    }

    fn slopes(space: Actions, raw: &[f32], deviations: &[f32], action: &[f32]) -> Vec<f32> {
        let mut row = raw.to_vec();
        prepare(space, &mut row);
        let (mut dy, mut by_log) = (vec![0.0; raw.len()], vec![0.0; deviations.len()]);
        slope(space, (&row, deviations), action, PULL, (&mut dy, &mut by_log));
        dy.extend(by_log);
        dy
    }

    fn differences_agree(space: Actions, raw: &[f32], deviations: &[f32], action: &[f32]) {
        let found = slopes(space, raw, deviations, action);
        let all = [raw, deviations].concat();
        for (at, found) in found.iter().enumerate() {
            let moved = |by: f32| {
                let mut all = all.clone();
                all[at] += by;
                let (raw, deviations) = all.split_at(raw.len());
                objective(space, raw, deviations, action)
            };
            let wanted = (moved(0.01) - moved(-0.01)) / 0.02;
            assert!((wanted - f64::from(*found)).abs() < 1e-3, "{at}: {found} {wanted}");
        }
    }

    #[test]
    fn gradients_of_choices_agree_with_differences() {
        differences_agree(CHOICE, &[0.3, -1.2, 0.8], &[], &[2.0]);
    }

    #[test]
    fn gradients_of_numbers_agree_with_differences() {
        differences_agree(NUMBERS, &[0.3, -1.2], &[-0.5, 0.2], &[0.9, -0.1]);
    }

    #[test]
    fn draws_have_the_stated_frequencies() {
        let mut row = [0.5_f32.ln(), 0.3_f32.ln(), 0.2_f32.ln()];
        prepare(CHOICE, &mut row);
        let mut rng = base::Seed::root(1).rng();
        let mut counts = [0; 3];
        for _ in 0..20_000 {
            let mut to = [0.0];
            draw(CHOICE, (&row, &[]), &mut rng, &mut to);
            counts[to[0] as usize] += 1;
        }
        let near = |count: i32, wanted: i32| (count - wanted).abs() < 300;
        assert!(near(counts[0], 10_000) && near(counts[1], 6_000), "{counts:?}");
    }
}
