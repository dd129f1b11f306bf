//! Proximal policy optimisation (Schulman et al. 2017), as Stable-Baselines3 has it.
//!
//! ```text
//! r = π(a|s) / π_old(a|s)
//! L = −min(r A, clip(r, 1 − ε, 1 + ε) A) + c_v (R − V)² − c_e H
//! ```
//! A stretch of steps is collected in all environments, then learned from in epochs of shuffled
//! batches. Advantages are brought to mean 0 and deviation 1 within each batch.

use base::Seed;
use nets::optim::Optimiser;
use serde::{Deserialize, Serialize};

use super::actor_critic::{ActorCritic, Minded, Minds, Schooling, both, fit_values, teach};
use super::agent::{Agent, Card, Progress, check_kind, check_setting, rate_at};
use super::checkpoint::Archive;
use super::distribution::Pull;
use super::env::Actions;
use super::network::Tower;
use super::rollout::{Discount, Rollout};
use super::vectorised::VecEnv;
use crate::Error;

/// Settings; the defaults are those of Stable-Baselines3.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PpoConfig {
    /// The networks.
    pub minds: Minds,
    /// Learning rate of Adam.
    pub rate: f64,
    /// Steps over which the rate falls to 0; `None` keeps it.
    pub rate_falls_over: Option<u64>,
    /// Steps in each environment between updates.
    pub steps: usize,
    /// Rows of a batch.
    pub batch: usize,
    /// Passes over the collected steps.
    pub epochs: usize,
    /// Discount γ.
    pub gamma: f64,
    /// λ of the advantages.
    pub lambda: f64,
    /// Range ε of the ratio.
    pub clip: f64,
    /// Range within which values may move; `None` leaves them free.
    pub value_clip: Option<f64>,
    /// Weight c_e of the entropy.
    pub entropy_weight: f64,
    /// Weight c_v of the values' error.
    pub value_weight: f64,
    /// Longest gradient.
    pub longest_gradient: f64,
    /// An update stops once the divergence exceeds 1.5 times this.
    pub target_divergence: Option<f64>,
}

impl Default for PpoConfig {
    fn default() -> PpoConfig {
        PpoConfig {
            minds: Minds::default(),
            rate: 3e-4,
            rate_falls_over: None,
            steps: 2048,
            batch: 64,
            epochs: 10,
            gamma: 0.99,
            lambda: 0.95,
            clip: 0.2,
            value_clip: None,
            entropy_weight: 0.0,
            value_weight: 0.5,
            longest_gradient: 0.5,
            target_divergence: None,
        }
    }
}

impl PpoConfig {
    fn check(&self) -> Result<(), Error> {
        let positive = (f64::MIN_POSITIVE, 1e9);
        check_setting("rate", self.rate, (f64::MIN_POSITIVE, 10.0), "must lie in 0..=10")?;
        check_setting("steps", self.steps as f64, positive, "must be at least 1")?;
        check_setting("batch", self.batch as f64, (2.0, 1e9), "must be at least 2")?;
        check_setting("epochs", self.epochs as f64, positive, "must be at least 1")?;
        check_setting("gamma", self.gamma, (0.0, 1.0), "must lie in 0..=1")?;
        check_setting("lambda", self.lambda, (0.0, 1.0), "must lie in 0..=1")?;
        check_setting("clip", self.clip, positive, "must be positive")?;
        let value_clip = self.value_clip.unwrap_or(1.0);
        check_setting("value_clip", value_clip, positive, "must be positive")?;
        check_setting("entropy_weight", self.entropy_weight, (-1e9, 1e9), "must be a number")?;
        check_setting("value_weight", self.value_weight, (0.0, 1e9), "must not be negative")?;
        check_setting("longest_gradient", self.longest_gradient, positive, "must be positive")
    }
}

/// An agent that learns by PPO.
pub struct Ppo {
    config: PpoConfig,
    mind: ActorCritic,
    rollout: Rollout,
    order: Vec<u32>,
    batch: Batch,
}

/// Rows of a batch, drawn together.
#[derive(Default)]
struct Batch {
    x: Vec<f32>,
    actions: Vec<f32>,
    log_probs: Vec<f32>,
    advantages: Vec<f32>,
    returns: Vec<f32>,
    values: Vec<f32>,
}

/// What the policy's half of a batch found.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    loss: f64,
    entropy: f64,
    divergence: f64,
    clipped: f64,
    length: f64,
}

impl Ppo {
    /// An agent for these environments, which must stay the same.
    pub fn new(config: PpoConfig, envs: &dyn VecEnv, seed: Seed) -> Result<Ppo, Error> {
        config.check()?;
        let optimiser = Optimiser::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-5, decay: 0.0 };
        let schooling = Schooling { optimiser, gamma: config.gamma, rows: config.batch };
        let mind = ActorCritic::new("ppo", &config.minds, schooling, (envs, seed))?;
        let rollout = Rollout::new(config.steps, envs);
        let order = (0..rollout.len() as u32).collect();
        Ok(Ppo { config, mind, rollout, order, batch: Batch::default() })
    }

    /// Goes on from a checkpoint; the environments are set back to where they were.
    pub fn resume(bytes: &[u8], envs: &mut dyn VecEnv) -> Result<Ppo, Error> {
        let archive = Archive::from_bytes(bytes)?;
        check_kind(&archive, "ppo", envs)?;
        let card: Card<PpoConfig> = archive.card()?;
        let mut agent = Ppo::new(card.config.clone(), envs, Seed::from_number(card.seed))?;
        agent.mind.restore((&card, &archive), envs)?;
        Ok(agent)
    }

    fn improve(&mut self) -> Result<Progress, Error> {
        let mut sums = Found::default();
        let (mut value_loss, mut batches) = (0.0, 0.0);
        let mut divergence = 0.0;
        'epochs: for epoch in 0..self.config.epochs {
            self.shuffle(epoch as u64);
            for at in (0..self.order.len()).step_by(self.config.batch) {
                let rows = at..(at + self.config.batch).min(self.order.len());
                let space = self.mind.space;
                self.batch.gather(&self.rollout, &self.order[rows], space.width());
                let (found, error, lengths) = self.both_halves();
                sums.add(found);
                (value_loss, batches) = (value_loss + error, batches + 1.0);
                divergence = found.divergence;
                let most = self.config.target_divergence.map(|target| 1.5 * target);
                if most.is_some_and(|most| found.divergence > most) {
                    break 'epochs;
                }
                let rate = rate_at(self.config.rate, self.config.rate_falls_over, self.mind.steps);
                let losses = [found.loss, error, found.divergence];
                self.mind.owe(&losses, lengths, (rate, self.config.longest_gradient))?;
            }
        }
        self.mind.settle();
        self.mind.updates += 1;
        Ok(Progress {
            policy_loss: sums.loss / batches,
            value_loss: value_loss / batches,
            entropy: sums.entropy / batches,
            divergence,
            clipped: sums.clipped / batches,
            ..Progress::default()
        })
    }

    /// Gradients of policy and values for the batch, side by side.
    fn both_halves(&mut self) -> (Found, f64, (f64, f64)) {
        let Ppo { config, mind, batch, .. } = self;
        let batch = &*batch;
        let (actor, critic, space) = (&mut mind.actor, &mut mind.critic, mind.space);
        let policy = || {
            actor.settle();
            surrogate(actor, (space, &*config), batch)
        };
        let values = || {
            critic.settle();
            let held = config.value_clip.map(|range| (&batch.values[..], range as f32));
            let weight = config.value_weight as f32;
            let loss = fit_values(critic, (&batch.x, &batch.returns), weight, held);
            (loss, critic.gradient_length())
        };
        let (found, (loss, length)) = both(policy, values);
        (found, loss, (found.length, length))
    }

    /// A new order of the rows, from a node of its own for each epoch.
    fn shuffle(&mut self, epoch: u64) {
        let seed = self.mind.seed.child("shuffle").index(self.mind.updates).index(epoch);
        self.order.iter_mut().zip(0..).for_each(|(place, at)| *place = at);
        seed.shuffle(&mut self.order);
    }
}

/// The clipped surrogate and its gradients.
fn surrogate(actor: &mut Tower, (space, config): (Actions, &PpoConfig), batch: &Batch) -> Found {
    let rows = batch.advantages.len();
    let (low, high) = (1.0 - config.clip as f32, 1.0 + config.clip as f32);
    let share = 1.0 / rows as f32;
    let mut found = Found::default();
    teach(actor, space, (&batch.x, &batch.actions), |row, seen| {
        let log_ratio = seen.log - batch.log_probs[row];
        let ratio = log_ratio.exp();
        let advantage = batch.advantages[row];
        let (free, held) = (ratio * advantage, ratio.clamp(low, high) * advantage);
        found.loss -= f64::from(if held < free { held } else { free });
        found.entropy += f64::from(seen.entropy);
        found.divergence += f64::from(ratio - 1.0 - log_ratio);
        found.clipped += f64::from(u8::from(ratio < low || ratio > high));
        Pull {
            by_log: if held < free { 0.0 } else { -free * share },
            by_entropy: -(config.entropy_weight as f32) * share,
        }
    });
    found.length = actor.gradient_length();
    let rows = rows as f64;
    for sum in [&mut found.loss, &mut found.entropy, &mut found.divergence, &mut found.clipped] {
        *sum /= rows;
    }
    found
}

impl Found {
    fn add(&mut self, other: Found) {
        self.loss += other.loss;
        self.entropy += other.entropy;
        self.clipped += other.clipped;
    }
}

impl Batch {
    /// Copies rows together and scales their advantages.
    fn gather(&mut self, from: &Rollout, rows: &[u32], wide: usize) {
        let width = from.observations.len() / from.len();
        let copy = |to: &mut Vec<f32>, all: &[f32], wide: usize| {
            to.clear();
            for row in rows {
                let row = *row as usize * wide;
                to.extend_from_slice(&all[row..row + wide]);
            }
        };
        copy(&mut self.x, &from.observations, width);
        copy(&mut self.actions, &from.actions, wide);
        copy(&mut self.log_probs, &from.log_probs, 1);
        copy(&mut self.advantages, &from.advantages, 1);
        copy(&mut self.returns, &from.returns, 1);
        copy(&mut self.values, &from.values, 1);
        standardise(&mut self.advantages);
    }
}

/// To mean 0 and deviation 1; one value alone stays as it is.
pub(crate) fn standardise(values: &mut [f32]) {
    if values.len() < 2 {
        return;
    }
    let count = values.len() as f64;
    let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
    let squares: f64 = values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum();
    let deviation = (squares / (count - 1.0)).sqrt() + 1e-8;
    values.iter_mut().for_each(|v| *v = ((f64::from(*v) - mean) / deviation) as f32);
}

impl Minded for Ppo {
    fn mind(&self) -> &ActorCritic {
        &self.mind
    }

    fn mind_mut(&mut self) -> &mut ActorCritic {
        &mut self.mind
    }
}

impl Agent for Ppo {
    fn advance(&mut self, envs: &mut dyn VecEnv) -> Result<Progress, Error> {
        let discount =
            Discount { gamma: self.config.gamma as f32, lambda: self.config.lambda as f32 };
        if self.mind.updates == 0 && self.mind.draws == 0 {
            self.mind.scaler.see(&envs.now().observations);
        }
        self.rollout.collect(&mut self.mind, envs, discount)?;
        let reward = self.rollout.mean_reward();
        // Inside the pool, so that handing over half of a batch costs little.
        let found = match rayon::current_num_threads() {
            1 => self.improve(),
            _ => rayon::scope(|_| self.improve()),
        }?;
        let (steps, updates) = (self.mind.steps, self.mind.updates);
        Ok(Progress { steps, updates, reward, episodes: envs.take_episodes(), ..found })
    }

    fn steps(&self) -> u64 {
        self.mind.steps
    }

    fn save(&self, envs: &dyn VecEnv) -> Result<Vec<u8>, Error> {
        self.mind.save(&self.config, envs)?.to_bytes()
    }

    fn save_to_act(&self) -> Result<Vec<u8>, Error> {
        self.mind.save_alone(&self.config)?.to_bytes()
    }
}
