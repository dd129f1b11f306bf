//! What happened over a stretch of steps in all environments, and what each step was worth.
//!
//! Generalised advantages (Schulman et al. 2016, eq. 16), backward in time:
//! `δ = r + γ V(s') − V(s)`, `A = δ + γ λ A'`; no value is carried over an end. Where an episode
//! was cut short, `γ V` of its last observation is added to the last reward, as
//! Stable-Baselines3 does. The value network reads the whole stretch at once, at its end.

use super::actor_critic::ActorCritic;
use super::distribution;
use super::vectorised::VecEnv;
use crate::Error;

/// Steps × environments of everything, step by step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rollout {
    pub(crate) steps: usize,
    pub(crate) count: usize,
    /// Scaled observations.
    pub(crate) observations: Vec<f32>,
    pub(crate) actions: Vec<f32>,
    /// Logarithms of the actions' probabilities when they were drawn.
    pub(crate) log_probs: Vec<f32>,
    pub(crate) rewards: Vec<f32>,
    /// Whether the episode ended on this step.
    pub(crate) ended: Vec<bool>,
    pub(crate) values: Vec<f32>,
    pub(crate) advantages: Vec<f32>,
    pub(crate) returns: Vec<f32>,
    /// Scaled last observations of episodes cut short, and the places of their rewards.
    cut: Vec<f32>,
    cut_at: Vec<usize>,
    /// Scaled observations after the last step.
    next: Vec<f32>,
    bound: Vec<f32>,
    scratch: Vec<f32>,
    /// Sum of the rewards as they came.
    earned: f64,
}

/// How rewards far ahead count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Discount {
    pub(crate) gamma: f32,
    pub(crate) lambda: f32,
}

impl Rollout {
    pub(crate) fn new(steps: usize, envs: &dyn VecEnv) -> Rollout {
        let (count, width, wide) = (envs.count(), envs.width(), envs.actions().width());
        let all = steps * count;
        Rollout {
            steps,
            count,
            observations: vec![0.0; all * width],
            actions: vec![0.0; all * wide],
            log_probs: vec![0.0; all],
            rewards: vec![0.0; all],
            ended: vec![false; all],
            values: vec![0.0; all],
            advantages: vec![0.0; all],
            returns: vec![0.0; all],
            next: vec![0.0; count * width],
            bound: vec![0.0; count * wide],
            scratch: vec![0.0; count],
            ..Rollout::default()
        }
    }

    /// Steps in all environments.
    pub(crate) fn len(&self) -> usize {
        self.steps * self.count
    }

    /// Mean reward of a step, unscaled.
    pub(crate) fn mean_reward(&self) -> f64 {
        self.earned / self.len() as f64
    }

    /// Acts for the whole stretch, then values and advantages.
    pub(crate) fn collect(
        &mut self,
        mind: &mut ActorCritic,
        envs: &mut dyn VecEnv,
        discount: Discount,
    ) -> Result<(), Error> {
        self.cut.clear();
        self.cut_at.clear();
        self.earned = 0.0;
        for step in 0..self.steps {
            self.act(step, mind, envs)?;
            self.learn_of(step, mind, envs);
        }
        self.next.copy_from_slice(&envs.now().observations);
        mind.scaler.apply(&mut self.next);
        self.value(mind, discount.gamma);
        self.advantages(discount);
        Ok(())
    }

    fn act(
        &mut self,
        step: usize,
        mind: &mut ActorCritic,
        envs: &mut dyn VecEnv,
    ) -> Result<(), Error> {
        let (count, width, wide) = (self.count, envs.width(), envs.actions().width());
        let x = &mut self.observations[step * count * width..(step + 1) * count * width];
        x.copy_from_slice(&envs.now().observations);
        mind.scaler.apply(x);
        let actions = &mut self.actions[step * count * wide..(step + 1) * count * wide];
        let logs = &mut self.log_probs[step * count..(step + 1) * count];
        mind.draw(x, actions, logs)?;
        self.bound.copy_from_slice(actions);
        distribution::bound(envs.actions(), &mut self.bound);
        envs.step(&self.bound)
    }

    fn learn_of(&mut self, step: usize, mind: &mut ActorCritic, envs: &dyn VecEnv) {
        let (count, width) = (self.count, envs.width());
        let here = step * count..(step + 1) * count;
        let sight = envs.now();
        mind.scaler.see(&sight.observations);
        let ended = || sight.done.iter().zip(&sight.truncated).map(|(done, cut)| *done | *cut);
        mind.scaler.earn(&sight.rewards, ended());
        let rewards = &mut self.rewards[here.clone()];
        rewards.copy_from_slice(&sight.rewards);
        self.earned += sight.rewards.iter().map(|reward| f64::from(*reward)).sum::<f64>();
        mind.scaler.pay(rewards);
        for (to, ended) in self.ended[here].iter_mut().zip(ended()) {
            *to = ended;
        }
        for place in (0..count).filter(|place| sight.truncated[*place] && !sight.done[*place]) {
            let from = self.cut.len();
            self.cut.extend_from_slice(&sight.last[place * width..(place + 1) * width]);
            mind.scaler.apply(&mut self.cut[from..]);
            self.cut_at.push(step * count + place);
        }
    }

    fn value(&mut self, mind: &mut ActorCritic, gamma: f32) {
        mind.critic.forward_all(&self.observations, &mut self.values);
        if !self.cut_at.is_empty() {
            let mut values = vec![0.0; self.cut_at.len()];
            mind.critic.forward_all(&self.cut, &mut values);
            for (at, value) in self.cut_at.iter().zip(values) {
                self.rewards[*at] += gamma * value;
            }
        }
        mind.critic.forward_all(&self.next, &mut self.scratch);
    }

    fn advantages(&mut self, discount: Discount) {
        let Discount { gamma, lambda } = discount;
        for place in 0..self.count {
            let (mut ahead, mut next) = (0.0, self.scratch[place]);
            for step in (0..self.steps).rev() {
                let at = step * self.count + place;
                let goes_on = if self.ended[at] { 0.0 } else { 1.0 };
                let delta = self.rewards[at] + gamma * next * goes_on - self.values[at];
                ahead = delta + gamma * lambda * goes_on * ahead;
                self.advantages[at] = ahead;
                self.returns[at] = ahead + self.values[at];
                next = self.values[at];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of Stable-Baselines3 2.9.2's `RolloutBuffer` on the same numbers.
    #[test]
    fn advantages_are_those_of_the_reference() {
        let mut rollout = Rollout {
            steps: 4,
            count: 1,
            rewards: vec![1.0, 0.5, -0.25, 2.0],
            values: vec![0.2, 0.4, 0.1, -0.3],
            ended: vec![false, true, false, false],
            advantages: vec![0.0; 4],
            returns: vec![0.0; 4],
            scratch: vec![0.7],
            ..Rollout::default()
        };
        rollout.advantages(Discount { gamma: 0.99, lambda: 0.95 });
        let wanted = [1.290_05, 0.1, 2.167_916_5, 2.993];
        for (found, wanted) in rollout.advantages.iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-5, "{:?}", rollout.advantages);
        }
    }
}
