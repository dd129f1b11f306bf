//! Advantage actor-critic (Mnih et al. 2016), in step, as Stable-Baselines3 has it.
//!
//! `L = −A ln π(a|s) + c_v (R − V)² − c_e H`: one step of RMSProp on each short stretch.

use base::Seed;
use nets::optim::Optimiser;
use serde::{Deserialize, Serialize};

use super::actor_critic::{ActorCritic, Minded, Minds, Schooling, both, fit_values, teach};
use super::agent::{Agent, Card, Progress, check_kind, check_setting, rate_at};
use super::checkpoint::Archive;
use super::distribution::Pull;
use super::env::Actions;
use super::network::Tower;
use super::ppo::standardise;
use super::rollout::{Discount, Rollout};
use super::vectorised::VecEnv;
use crate::Error;

/// Settings; the defaults are those of Stable-Baselines3.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct A2cConfig {
    /// The networks.
    pub minds: Minds,
    /// Learning rate.
    pub rate: f64,
    /// Steps over which the rate falls to 0; `None` keeps it.
    pub rate_falls_over: Option<u64>,
    /// Steps in each environment between updates.
    pub steps: usize,
    /// Discount γ.
    pub gamma: f64,
    /// λ of the advantages.
    pub lambda: f64,
    /// Weight c_e of the entropy.
    pub entropy_weight: f64,
    /// Weight c_v of the values' error.
    pub value_weight: f64,
    /// Longest gradient.
    pub longest_gradient: f64,
    /// Whether advantages are brought to mean 0 and deviation 1.
    pub standardise: bool,
    /// Rule by which weights move.
    pub optimiser: Optimiser,
}

impl Default for A2cConfig {
    fn default() -> A2cConfig {
        A2cConfig {
            minds: Minds::default(),
            rate: 7e-4,
            rate_falls_over: None,
            steps: 5,
            gamma: 0.99,
            lambda: 1.0,
            entropy_weight: 0.0,
            value_weight: 0.5,
            longest_gradient: 0.5,
            standardise: false,
            optimiser: Optimiser::TorchRmsProp { alpha: 0.99, epsilon: 1e-5 },
        }
    }
}

impl A2cConfig {
    fn check(&self) -> Result<(), Error> {
        let positive = (f64::MIN_POSITIVE, 1e9);
        check_setting("rate", self.rate, (f64::MIN_POSITIVE, 10.0), "must lie in 0..=10")?;
        check_setting("steps", self.steps as f64, positive, "must be at least 1")?;
        check_setting("gamma", self.gamma, (0.0, 1.0), "must lie in 0..=1")?;
        check_setting("lambda", self.lambda, (0.0, 1.0), "must lie in 0..=1")?;
        check_setting("entropy_weight", self.entropy_weight, (-1e9, 1e9), "must be a number")?;
        check_setting("value_weight", self.value_weight, (0.0, 1e9), "must not be negative")?;
        check_setting("longest_gradient", self.longest_gradient, positive, "must be positive")
    }
}

/// An agent that learns by A2C.
pub struct A2c {
    config: A2cConfig,
    mind: ActorCritic,
    rollout: Rollout,
}

/// Rows from which a policy learns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lesson<'a> {
    pub(crate) x: &'a [f32],
    pub(crate) actions: &'a [f32],
    pub(crate) advantages: &'a [f32],
    pub(crate) entropy_weight: f32,
    /// Multiplies every row; one over the rows of the whole step.
    pub(crate) share: f32,
}

impl A2c {
    /// An agent for these environments, which must stay the same.
    pub fn new(config: A2cConfig, envs: &dyn VecEnv, seed: Seed) -> Result<A2c, Error> {
        config.check()?;
        let rows = config.steps * envs.count();
        let schooling = Schooling { optimiser: config.optimiser, gamma: config.gamma, rows };
        let mind = ActorCritic::new("a2c", &config.minds, schooling, (envs, seed))?;
        Ok(A2c { rollout: Rollout::new(config.steps, envs), config, mind })
    }

    /// Goes on from a checkpoint; the environments are set back to where they were.
    pub fn resume(bytes: &[u8], envs: &mut dyn VecEnv) -> Result<A2c, Error> {
        let archive = Archive::from_bytes(bytes)?;
        check_kind(&archive, "a2c", envs)?;
        let card: Card<A2cConfig> = archive.card()?;
        let mut agent = A2c::new(card.config.clone(), envs, Seed::from_number(card.seed))?;
        agent.mind.restore((&card, &archive), envs)?;
        Ok(agent)
    }

    fn improve(&mut self) -> Result<Progress, Error> {
        let A2c { config, mind, rollout } = self;
        if config.standardise {
            standardise(&mut rollout.advantages);
        }
        let (actor, critic, space) = (&mut mind.actor, &mut mind.critic, mind.space);
        let lesson = Lesson {
            x: &rollout.observations,
            actions: &rollout.actions,
            advantages: &rollout.advantages,
            entropy_weight: config.entropy_weight as f32,
            share: 1.0 / rollout.len() as f32,
        };
        let policy = || {
            actor.settle();
            let (loss, entropy) = follow(actor, space, lesson);
            (loss, entropy, actor.gradient_length())
        };
        let values = || {
            critic.settle();
            let of = (&rollout.observations[..], &rollout.returns[..]);
            let loss = fit_values(critic, of, config.value_weight as f32, None);
            (loss, critic.gradient_length())
        };
        let ((policy_loss, entropy, one), (value_loss, other)) = both(policy, values);
        let rate = rate_at(config.rate, config.rate_falls_over, mind.steps);
        mind.owe(&[policy_loss, value_loss], (one, other), (rate, config.longest_gradient))?;
        mind.settle();
        mind.updates += 1;
        Ok(Progress { policy_loss, value_loss, entropy, ..Progress::default() })
    }
}

/// The policy gradient of rows, added up: loss and mean entropy, both times the share.
pub(crate) fn follow(actor: &mut Tower, space: Actions, lesson: Lesson<'_>) -> (f64, f64) {
    let (mut loss, mut entropy) = (0.0, 0.0);
    teach(actor, space, (lesson.x, lesson.actions), |row, seen| {
        loss -= f64::from(seen.log * lesson.advantages[row]);
        entropy += f64::from(seen.entropy);
        Pull {
            by_log: -lesson.advantages[row] * lesson.share,
            by_entropy: -lesson.entropy_weight * lesson.share,
        }
    });
    let share = f64::from(lesson.share);
    (loss * share, entropy * share)
}

impl Minded for A2c {
    fn mind(&self) -> &ActorCritic {
        &self.mind
    }

    fn mind_mut(&mut self) -> &mut ActorCritic {
        &mut self.mind
    }
}

impl Agent for A2c {
    fn advance(&mut self, envs: &mut dyn VecEnv) -> Result<Progress, Error> {
        let discount =
            Discount { gamma: self.config.gamma as f32, lambda: self.config.lambda as f32 };
        if self.mind.draws == 0 {
            self.mind.scaler.see(&envs.now().observations);
        }
        self.rollout.collect(&mut self.mind, envs, discount)?;
        let found = self.improve()?;
        let (steps, updates) = (self.mind.steps, self.mind.updates);
        let reward = self.rollout.mean_reward();
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
