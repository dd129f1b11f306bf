//! Adam (Kingma and Ba 2015), AdamW (Loshchilov and Hutter 2019) and descent with momentum.
//!
//! ```text
//! m ← β₁ m + (1 − β₁) g     v ← β₂ v + (1 − β₂) g²
//! w ← w − η m̂ / (√v̂ + ε)    m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)
//! ```
//! Decay is added to the gradient in Adam and in descent, and taken from the weight in AdamW; it
//! touches weights alone, neither biases nor gains. Fixed tensors never move.

use serde::{Deserialize, Serialize};

use crate::machine::kernel;
use crate::real::Real;
use crate::strands::fold;
use crate::weights::{Plan, Role};

/// Rule by which weights move.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimiser {
    /// Adam; `decay` is added to the gradient.
    Adam {
        /// Share of the old mean that is kept.
        beta1: f64,
        /// Share of the old square that is kept.
        beta2: f64,
        /// Added to the root of the square.
        epsilon: f64,
        /// L2 penalty.
        decay: f64,
    },
    /// Adam with decay of its own.
    AdamW {
        /// As in Adam.
        beta1: f64,
        /// As in Adam.
        beta2: f64,
        /// As in Adam.
        epsilon: f64,
        /// Share of a weight lost a step, times the rate.
        decay: f64,
    },
    /// Stochastic gradient descent.
    Sgd {
        /// Share of the old velocity that is kept.
        momentum: f64,
        /// L2 penalty.
        decay: f64,
    },
    /// RMSProp without momentum (Tieleman and Hinton 2012) as TensorFlow has it: ε inside the
    /// root, squares begin at 1. Stable-Baselines3 has it as `RMSpropTFLike`.
    RmsProp {
        /// Share of the old square that is kept.
        alpha: f64,
        /// Added to the square before the root.
        epsilon: f64,
    },
    /// RMSProp as PyTorch has it: ε outside the root, squares begin at 0.
    TorchRmsProp {
        /// Share of the old square that is kept.
        alpha: f64,
        /// Added to the root of the square.
        epsilon: f64,
    },
}

impl Optimiser {
    /// Adam as its paper has it, without decay.
    pub const ADAM: Optimiser =
        Optimiser::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: 0.0 };

    /// AdamW with this decay.
    pub const fn adam_w(decay: f64) -> Optimiser {
        Optimiser::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay }
    }
}

/// An optimiser with what it remembers.
#[derive(Debug, Clone, PartialEq)]
pub struct Descent<R> {
    rule: Optimiser,
    /// Stretches of one role, in order.
    stretches: Vec<(std::ops::Range<usize>, Role)>,
    first: Vec<R>,
    second: Vec<R>,
    steps: u64,
}

impl<R: Real> Descent<R> {
    /// Nothing remembered yet.
    pub fn new(rule: Optimiser, plan: &Plan) -> Descent<R> {
        let mut stretches: Vec<(std::ops::Range<usize>, Role)> = Vec::new();
        let mut begun = 0;
        for entry in plan.entries() {
            let ends = begun + entry.slot.len();
            match stretches.last_mut() {
                Some((range, role)) if *role == entry.role => range.end = ends,
                _ => stretches.push((begun..ends, entry.role)),
            }
            begun = ends;
        }
        let zeros = vec![R::ZERO; plan.len()];
        Descent { rule, stretches, first: zeros.clone(), second: zeros, steps: 0 }
    }

    /// Moves the weights against their gradients.
    pub fn step(&mut self, rate: f64, grads: &[R], weights: &mut [R]) {
        self.steps += 1;
        for (range, role) in &self.stretches {
            if *role == Role::Fixed {
                continue;
            }
            let shrinks = |decay: f64| if *role == Role::Weight { decay } else { 0.0 };
            let of = range.clone();
            let (weights, grads) = (&mut weights[of.clone()], &grads[of.clone()]);
            let (first, second) = (&mut self.first[of.clone()], &mut self.second[of]);
            match self.rule {
                Optimiser::Adam { beta1, beta2, epsilon, decay } => {
                    let step = Step::plain((beta1, beta2), epsilon, (rate, self.steps));
                    let step = Step { decay: shrinks(decay), ..step };
                    adam(step, (grads, first, second), weights);
                }
                Optimiser::AdamW { beta1, beta2, epsilon, decay } => {
                    let step = Step::plain((beta1, beta2), epsilon, (rate, self.steps));
                    let step = Step { keep: 1.0 - rate * shrinks(decay), ..step };
                    adam(step, (grads, first, second), weights);
                }
                Optimiser::Sgd { momentum, decay } => {
                    // PyTorch's first velocity is the gradient itself.
                    descend((rate, momentum, shrinks(decay)), (grads, first), weights);
                }
                Optimiser::RmsProp { alpha, epsilon } => {
                    if self.steps == 1 {
                        second.fill(R::ONE);
                    }
                    root((rate, alpha, epsilon), (grads, second), weights);
                }
                Optimiser::TorchRmsProp { alpha, epsilon } => {
                    outer_root((rate, alpha, epsilon), (grads, second), weights);
                }
            }
        }
    }

    /// Steps so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// What is remembered: first and second moments.
    pub fn moments(&self) -> (&[R], &[R]) {
        (&self.first, &self.second)
    }

    /// Takes back what [`Descent::moments`] and [`Descent::steps`] gave.
    ///
    /// Panics when the lengths are not those of the plan.
    pub fn restore(&mut self, steps: u64, first: &[R], second: &[R]) {
        self.first.copy_from_slice(first);
        self.second.copy_from_slice(second);
        self.steps = steps;
    }
}

/// One step of Adam.
#[derive(Debug, Clone, Copy)]
struct Step {
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    /// Over what the first moment still lacks.
    rate: f64,
    /// Multiplies the root of the second moment, for what that still lacks.
    square: f64,
    /// Share of the weight that is added to its gradient.
    decay: f64,
    /// Share of the weight that stays.
    keep: f64,
}

impl Step {
    /// The step of that number, without decay of either kind.
    fn plain((beta1, beta2): (f64, f64), epsilon: f64, (rate, steps): (f64, u64)) -> Step {
        let age = steps as f64;
        let rate = rate / (1.0 - beta1.powf(age));
        let square = 1.0 / (1.0 - beta2.powf(age)).sqrt();
        Step { beta1, beta2, epsilon, rate, square, decay: 0.0, keep: 1.0 }
    }
}

kernel! {
    fn adam<R>(step: Step, of: (&[R], &mut [R], &mut [R]), weights: &mut [R]) {
        let (grads, first, second) = of;
        let (b1, c1) = (R::of(step.beta1), R::of(1.0 - step.beta1));
        let (b2, c2) = (R::of(step.beta2), R::of(1.0 - step.beta2));
        let (rate, square) = (R::of(step.rate), R::of(step.square));
        let (epsilon, decay, keep) = (R::of(step.epsilon), R::of(step.decay), R::of(step.keep));
        let moments = first.iter_mut().zip(second.iter_mut());
        for ((weight, grad), (m, v)) in weights.iter_mut().zip(grads).zip(moments) {
            let grad = decay.fma::<M>(*weight, *grad);
            *m = b1.fma::<M>(*m, c1 * grad);
            *v = b2.fma::<M>(*v, c2 * grad * grad);
            let move_by = rate * *m / v.sqrt().fma::<M>(square, epsilon);
            *weight = keep.fma::<M>(*weight, -move_by);
        }
    }
}

kernel! {
    fn descend<R>(how: (f64, f64, f64), of: (&[R], &mut [R]), weights: &mut [R]) {
        let (rate, momentum, decay) = (R::of(how.0), R::of(how.1), R::of(how.2));
        for ((weight, grad), velocity) in weights.iter_mut().zip(of.0).zip(of.1.iter_mut()) {
            let grad = decay.fma::<M>(*weight, *grad);
            *velocity = momentum.fma::<M>(*velocity, grad);
            *weight -= rate * *velocity;
        }
    }
}

kernel! {
    fn root<R>(how: (f64, f64, f64), of: (&[R], &mut [R]), weights: &mut [R]) {
        let (rate, alpha, epsilon) = (R::of(how.0), R::of(how.1), R::of(how.2));
        let rest = R::of(1.0 - how.1);
        for ((weight, grad), square) in weights.iter_mut().zip(of.0).zip(of.1.iter_mut()) {
            *square = alpha.fma::<M>(*square, rest * *grad * *grad);
            *weight -= rate * *grad / (*square + epsilon).sqrt();
        }
    }
}

kernel! {
    fn outer_root<R>(how: (f64, f64, f64), of: (&[R], &mut [R]), weights: &mut [R]) {
        let (rate, alpha, epsilon) = (R::of(how.0), R::of(how.1), R::of(how.2));
        let rest = R::of(1.0 - how.1);
        for ((weight, grad), square) in weights.iter_mut().zip(of.0).zip(of.1.iter_mut()) {
            *square = alpha.fma::<M>(*square, rest * *grad * *grad);
            *weight -= rate * *grad / (square.sqrt() + epsilon);
        }
    }
}

/// Scales gradients so that their length is at most `most`, and gives the length they had. NaN
/// comes back as NaN and leaves them alone.
pub fn clip<R: Real>(grads: &mut [R], most: f64) -> f64 {
    let length = squares(grads).f64().sqrt();
    if length > most {
        let scale = R::of(most / (length + 1e-6));
        grads.iter_mut().for_each(|grad| *grad *= scale);
    }
    length
}

kernel! {
    /// Sum of squares; of so many strands none waits for itself.
    fn squares<R>(values: &[R]) -> R {
        fold::<R, 32>(values, |sum, value| value.fma::<M>(value, sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::Init;

    fn plan() -> Plan {
        let mut plan = Plan::default();
        plan.add("weight", &[2], (Role::Weight, Init::Given(vec![1.0, -2.0])));
        plan.add("bias", &[1], (Role::Bias, Init::Given(vec![0.5])));
        plan.add("mask", &[1], (Role::Fixed, Init::Constant(1.0)));
        plan
    }

    /// Three steps with gradients 0.1, −0.2, 0.3 and a rate of 0.1.
    fn walk(rule: Optimiser) -> Vec<f64> {
        let plan = plan();
        let mut weights: Vec<f64> = plan.draw(base::Seed::root(0));
        let mut descent = Descent::new(rule, &plan);
        for _ in 0..3 {
            descent.step(0.1, &[0.1, -0.2, 0.3, 9.0], &mut weights);
        }
        weights
    }

    fn near(found: &[f64], wanted: [f64; 4]) {
        let close = found.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-6);
        assert!(close, "{found:?} {wanted:?}");
    }

    #[test]
    fn a_steady_gradient_moves_adam_by_its_rate() {
        near(&walk(Optimiser::ADAM), [0.7, -1.7, 0.2, 1.0]);
    }

    #[test]
    fn adam_w_shrinks_weights_and_not_biases() {
        let kept = 0.99f64;
        let one = ((1.0 * kept - 0.1) * kept - 0.1) * kept - 0.1;
        let two = ((-2.0 * kept + 0.1) * kept + 0.1) * kept + 0.1;
        near(&walk(Optimiser::adam_w(0.1)), [one, two, 0.2, 1.0]);
    }

    #[test]
    fn momentum_gathers() {
        let rule = Optimiser::Sgd { momentum: 0.5, decay: 0.0 };
        let share = 0.1 * (1.0 + 1.5 + 1.75);
        near(&walk(rule), [1.0 - 0.1 * share, -2.0 + 0.2 * share, 0.5 - 0.3 * share, 1.0]);
    }

    #[test]
    fn torch_root_mean_squares_begin_at_nothing() {
        // Under a steady gradient the root grows as √(1 − αᵗ), so that the first moves are long.
        let rule = Optimiser::TorchRmsProp { alpha: 0.99, epsilon: 0.0 };
        let moved: f64 = (1..=3).map(|t| 0.1 / (1.0 - 0.99f64.powi(t)).sqrt()).sum();
        near(&walk(rule), [1.0 - moved, -2.0 + moved, 0.5 - moved, 1.0]);
    }

    #[test]
    fn clipping_keeps_the_direction() {
        let mut grads = [3.0f64, 4.0];
        assert_eq!(clip(&mut grads, 1.0), 5.0);
        assert!((grads[0] - 0.6).abs() < 1e-6 && (grads[1] - 0.8).abs() < 1e-6);
        assert!(clip(&mut [f64::NAN], 1.0).is_nan());
    }
}
