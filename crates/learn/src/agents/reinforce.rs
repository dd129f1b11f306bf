//! REINFORCE with a baseline (Williams 1992; Sutton and Barto 2018, section 13.4).
//!
//! Each update begins every environment anew and follows it to the end of one episode, so every
//! episode counts once, however long. `G` is the discounted sum of what followed a step;
//! `L = −(G − V) ln π(a|s) + c_v (G − V)² − c_e H`, the mean over all steps.

use base::Seed;
use nets::optim::Optimiser;
use serde::{Deserialize, Serialize};

use super::a2c::{Lesson, follow};
use super::actor_critic::{ActorCritic, Minded, Minds, Schooling, both, fit_values};
use super::agent::{Agent, Card, Progress, check_kind, check_setting, rate_at};
use super::checkpoint::Archive;
use super::distribution;
use super::ppo::standardise;
use super::vectorised::VecEnv;
use crate::Error;

/// Settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReinforceConfig {
    /// The networks; the values are the baseline.
    pub minds: Minds,
    /// Learning rate of Adam.
    pub rate: f64,
    /// Steps over which the rate falls to 0; `None` keeps it.
    pub rate_falls_over: Option<u64>,
    /// Longest episode; one that is longer is cut there and its value taken from the baseline.
    pub longest_episode: usize,
    /// Discount γ.
    pub gamma: f64,
    /// Weight c_e of the entropy.
    pub entropy_weight: f64,
    /// Weight c_v of the baseline's error.
    pub value_weight: f64,
    /// Longest gradient.
    pub longest_gradient: f64,
    /// Whether `G − V` is brought to mean 0 and deviation 1.
    pub standardise: bool,
}

impl Default for ReinforceConfig {
    fn default() -> ReinforceConfig {
        ReinforceConfig {
            minds: Minds::default(),
            rate: 1e-3,
            rate_falls_over: None,
            longest_episode: 10_000,
            gamma: 0.99,
            entropy_weight: 0.0,
            value_weight: 0.5,
            longest_gradient: 0.5,
            standardise: true,
        }
    }
}

impl ReinforceConfig {
    fn check(&self) -> Result<(), Error> {
        let positive = (f64::MIN_POSITIVE, 1e9);
        check_setting("rate", self.rate, (f64::MIN_POSITIVE, 10.0), "must lie in 0..=10")?;
        let longest = self.longest_episode as f64;
        check_setting("longest_episode", longest, positive, "must be at least 1")?;
        check_setting("gamma", self.gamma, (0.0, 1.0), "must lie in 0..=1")?;
        check_setting("entropy_weight", self.entropy_weight, (-1e9, 1e9), "must be a number")?;
        check_setting("value_weight", self.value_weight, (0.0, 1e9), "must not be negative")?;
        check_setting("longest_gradient", self.longest_gradient, positive, "must be positive")
    }
}

/// Rows of a pass.
const ROWS: usize = 128;

/// An agent that learns by REINFORCE.
pub struct Reinforce {
    config: ReinforceConfig,
    mind: ActorCritic,
    tales: Vec<Tale>,
    lesson: Tale,
    advantages: Vec<f32>,
}

/// One episode, or all of them one after the other.
#[derive(Debug, Clone, Default)]
struct Tale {
    x: Vec<f32>,
    actions: Vec<f32>,
    /// Rewards, later what followed each step.
    returns: Vec<f32>,
    ended: bool,
}

impl Reinforce {
    /// An agent for these environments.
    pub fn new(config: ReinforceConfig, envs: &dyn VecEnv, seed: Seed) -> Result<Self, Error> {
        config.check()?;
        let schooling = Schooling { optimiser: Optimiser::ADAM, gamma: config.gamma, rows: ROWS };
        let mind = ActorCritic::new("reinforce", &config.minds, schooling, (envs, seed))?;
        let tales = vec![Tale::default(); envs.count()];
        Ok(Reinforce { config, mind, tales, lesson: Tale::default(), advantages: Vec::new() })
    }

    /// Goes on from a checkpoint; the environments are set back to where they were.
    pub fn resume(bytes: &[u8], envs: &mut dyn VecEnv) -> Result<Reinforce, Error> {
        let archive = Archive::from_bytes(bytes)?;
        check_kind(&archive, "reinforce", envs)?;
        let card: Card<ReinforceConfig> = archive.card()?;
        let seed = Seed::from_number(card.seed);
        let mut agent = Reinforce::new(card.config.clone(), envs, seed)?;
        agent.mind.restore((&card, &archive), envs)?;
        Ok(agent)
    }

    /// One episode in each environment; the sum of all rewards.
    fn tell(&mut self, envs: &mut dyn VecEnv) -> Result<f64, Error> {
        let (count, width, wide) = (envs.count(), envs.width(), envs.actions().width());
        envs.reset(self.mind.seed.child("episodes").index(self.mind.updates))?;
        self.mind.scaler.see(&envs.now().observations);
        self.tales.iter_mut().for_each(Tale::clear);
        let (mut x, mut logs) = (vec![0.0; count * width], vec![0.0; count]);
        let mut actions = vec![0.0; count * wide];
        let mut earned = 0.0;
        let mut rewards = vec![0.0; count];
        for step in 1..=self.config.longest_episode {
            x.copy_from_slice(&envs.now().observations);
            self.mind.scaler.apply(&mut x);
            self.mind.draw(&x, &mut actions, &mut logs)?;
            for (place, tale) in self.tales.iter_mut().enumerate().filter(|(_, t)| !t.ended) {
                tale.x.extend_from_slice(&x[place * width..(place + 1) * width]);
                tale.actions.extend_from_slice(&actions[place * wide..(place + 1) * wide]);
            }
            distribution::bound(envs.actions(), &mut actions);
            envs.step(&actions)?;
            let sight = envs.now();
            self.mind.scaler.see(&sight.observations);
            let ended = sight.done.iter().zip(&sight.truncated).map(|(done, cut)| *done | *cut);
            self.mind.scaler.earn(&sight.rewards, ended);
            rewards.copy_from_slice(&sight.rewards);
            self.mind.scaler.pay(&mut rewards);
            for (place, tale) in self.tales.iter_mut().enumerate().filter(|(_, t)| !t.ended) {
                earned += f64::from(sight.rewards[place]);
                let (done, cut) = (sight.done[place], sight.truncated[place]);
                let late = step == self.config.longest_episode;
                let seen = if done | cut { &sight.last } else { &sight.observations };
                let seen = &seen[place * width..(place + 1) * width];
                let beyond = if !done && (cut || late) { self.mind.worth(seen) } else { 0.0 };
                tale.returns.push(rewards[place] + self.config.gamma as f32 * beyond);
                tale.ended = done | cut | late;
            }
            if self.tales.iter().all(|tale| tale.ended) {
                break;
            }
        }
        Ok(earned)
    }

    /// Puts the episodes one after the other, with what followed each step.
    fn gather(&mut self) {
        self.lesson.clear();
        for tale in &mut self.tales {
            let mut after = 0.0;
            for value in tale.returns.iter_mut().rev() {
                after = *value + self.config.gamma as f32 * after;
                *value = after;
            }
            self.lesson.x.extend_from_slice(&tale.x);
            self.lesson.actions.extend_from_slice(&tale.actions);
            self.lesson.returns.extend_from_slice(&tale.returns);
        }
        self.advantages.resize(self.lesson.returns.len(), 0.0);
        self.mind.critic.forward_all(&self.lesson.x, &mut self.advantages);
        for (advantage, value) in self.advantages.iter_mut().zip(&self.lesson.returns) {
            *advantage = value - *advantage;
        }
        if self.config.standardise {
            standardise(&mut self.advantages);
        }
    }

    fn improve(&mut self) -> Result<Progress, Error> {
        let Reinforce { config, mind, lesson, advantages, .. } = self;
        let rows = advantages.len();
        let (wide, width, high) = (mind.space.width(), mind.actor.inputs(), mind.actor.rows());
        let stretch = |at: usize| at..(at + high).min(rows);
        let (actor, critic, space) = (&mut mind.actor, &mut mind.critic, mind.space);
        let (lesson, advantages) = (&*lesson, &advantages[..]);
        let policy = || {
            actor.settle();
            let mut sums = (0.0, 0.0);
            for of in (0..rows).step_by(high).map(stretch) {
                let part = Lesson {
                    x: &lesson.x[of.start * width..of.end * width],
                    actions: &lesson.actions[of.start * wide..of.end * wide],
                    advantages: &advantages[of],
                    entropy_weight: config.entropy_weight as f32,
                    share: 1.0 / rows as f32,
                };
                let (loss, entropy) = follow(actor, space, part);
                sums = (sums.0 + loss, sums.1 + entropy);
            }
            (sums, actor.gradient_length())
        };
        let values = || {
            critic.settle();
            let mut sum = 0.0;
            for of in (0..rows).step_by(high).map(stretch) {
                let share = of.len() as f64 / rows as f64;
                let part = (&lesson.x[of.start * width..of.end * width], &lesson.returns[of]);
                sum += share * fit_values(critic, part, (config.value_weight * share) as f32, None);
            }
            (sum, critic.gradient_length())
        };
        let (((policy_loss, entropy), one), (value_loss, other)) = both(policy, values);
        let rate = rate_at(config.rate, config.rate_falls_over, mind.steps);
        mind.owe(&[policy_loss, value_loss], (one, other), (rate, config.longest_gradient))?;
        mind.settle();
        mind.updates += 1;
        Ok(Progress { policy_loss, value_loss, entropy, ..Progress::default() })
    }
}

impl Tale {
    fn clear(&mut self) {
        self.x.clear();
        self.actions.clear();
        self.returns.clear();
        self.ended = false;
    }
}

impl Minded for Reinforce {
    fn mind(&self) -> &ActorCritic {
        &self.mind
    }

    fn mind_mut(&mut self) -> &mut ActorCritic {
        &mut self.mind
    }
}

impl Agent for Reinforce {
    fn advance(&mut self, envs: &mut dyn VecEnv) -> Result<Progress, Error> {
        let earned = self.tell(envs)?;
        self.gather();
        let reward = earned / self.lesson.returns.len() as f64;
        let found = self.improve()?;
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
