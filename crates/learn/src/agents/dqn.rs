//! Deep Q-learning (Mnih et al. 2015), as Stable-Baselines3 has it, with three options.
//!
//! `L = huber(r + γ max_a' Q⁻(s', a') − Q(s, a))`, no value over the end of a task; Q⁻ is an older
//! copy. **Double** (van Hasselt et al. 2016): the action is chosen by Q and valued by Q⁻.
//! **Dueling** (Wang et al. 2016): `Q = V + A − mean A`. **Prioritised**: see [`super::replay`].
//! Actions are drawn ε-greedily or by Boltzmann, `p ∝ e^(Q/T)`; ε or T falls on a straight line.

use base::Seed;
use nets::optim::Optimiser;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::agent::{Acting, Agent, Card, Progress, check_kind, check_setting, rate_at};
use super::checkpoint::Archive;
use super::distribution::{self, Choosing, largest};
use super::dueling::Dueling;
use super::env::Actions;
use super::network::{Body, Making, Opening, Shape, Tower};
use super::normalise::{Scaler, Scaling};
use super::replay::{Drawn, Lived, Priorities, Replay};
use super::vectorised::VecEnv;
use crate::Error;

/// How actions are drawn in training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exploring {
    /// Any action with chance ε, else the best.
    Greedy,
    /// In proportion to e^(Q/T).
    Boltzmann,
}

/// Which head gives the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// One value an action.
    Plain,
    /// The state's value, and what each action adds.
    Dueling,
}

/// Who chooses the action that is valued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The older copy, which values it too.
    Plain,
    /// The network of now.
    Double,
}

/// Settings; the defaults are those of Stable-Baselines3.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DqnConfig {
    /// The network.
    pub body: Body,
    /// Its head.
    pub head: Head,
    /// Who chooses the action that is valued.
    pub target: Target,
    /// Draws replay by priority; `None` draws it evenly.
    pub priorities: Option<Priorities>,
    /// What is brought to unit scale.
    pub scaling: Scaling,
    /// Learning rate of Adam.
    pub rate: f64,
    /// Steps over which the rate falls to 0; `None` keeps it.
    pub rate_falls_over: Option<u64>,
    /// Steps that replay holds.
    pub replay: usize,
    /// Steps before learning begins; until then actions are drawn evenly.
    pub learning_starts: u64,
    /// Rows of a batch.
    pub batch: usize,
    /// Discount γ.
    pub gamma: f64,
    /// Steps of the environments, taken as one, between updates.
    pub update_every: u64,
    /// Steps of descent an update.
    pub descents: usize,
    /// Steps in all environments between copies to Q⁻.
    pub copy_every: u64,
    /// Share of Q in a copy; 1 is a whole one.
    pub copy_share: f64,
    /// How actions are drawn.
    pub exploring: Exploring,
    /// ε or T at the beginning.
    pub explore_from: f64,
    /// ε or T at the end.
    pub explore_to: f64,
    /// Steps from the one to the other.
    pub explore_over: u64,
    /// Longest gradient.
    pub longest_gradient: f64,
}

impl Default for DqnConfig {
    fn default() -> DqnConfig {
        DqnConfig {
            body: Body::values(),
            head: Head::Plain,
            target: Target::Plain,
            priorities: None,
            scaling: Scaling::None,
            rate: 1e-4,
            rate_falls_over: None,
            replay: 1_000_000,
            learning_starts: 100,
            batch: 32,
            gamma: 0.99,
            update_every: 4,
            descents: 1,
            copy_every: 10_000,
            copy_share: 1.0,
            exploring: Exploring::Greedy,
            explore_from: 1.0,
            explore_to: 0.05,
            explore_over: 10_000,
            longest_gradient: 10.0,
        }
    }
}

impl DqnConfig {
    fn check(&self) -> Result<(), Error> {
        let positive = (f64::MIN_POSITIVE, 1e12);
        check_setting("rate", self.rate, (f64::MIN_POSITIVE, 10.0), "must lie in 0..=10")?;
        check_setting("batch", self.batch as f64, positive, "must be at least 1")?;
        let least = self.batch as f64;
        check_setting("replay", self.replay as f64, (least, 1e12), "must hold a batch")?;
        check_setting("gamma", self.gamma, (0.0, 1.0), "must lie in 0..=1")?;
        check_setting("update_every", self.update_every as f64, positive, "must be at least 1")?;
        check_setting("descents", self.descents as f64, positive, "must be at least 1")?;
        check_setting("copy_every", self.copy_every as f64, positive, "must be at least 1")?;
        let share = (f64::MIN_POSITIVE, 1.0);
        check_setting("copy_share", self.copy_share, share, "must lie in 0..=1")?;
        let (bounds, rule) = match self.exploring {
            Exploring::Greedy => ((0.0, 1.0), "must lie in 0..=1"),
            Exploring::Boltzmann => (positive, "must be positive"),
        };
        check_setting("explore_from", self.explore_from, bounds, rule)?;
        check_setting("explore_to", self.explore_to, bounds, rule)?;
        check_setting("longest_gradient", self.longest_gradient, positive, "must be positive")
    }

    /// ε or T after so many steps.
    fn explore_at(&self, steps: u64) -> f64 {
        let gone = (steps as f64 / self.explore_over.max(1) as f64).min(1.0);
        self.explore_from + (self.explore_to - self.explore_from) * gone
    }
}

/// An agent that learns by DQN.
pub struct Dqn {
    config: DqnConfig,
    values: Tower,
    /// Weights of Q⁻.
    older: Vec<f32>,
    replay: Replay,
    scaler: Scaler,
    choices: usize,
    seed: Seed,
    draws: u64,
    updates: u64,
    steps: u64,
    drawn: Drawn,
    wanted: Vec<f32>,
    errors: Vec<f32>,
    x: Vec<f32>,
    before: Vec<f32>,
    actions: Vec<f32>,
}

impl Dqn {
    /// An agent for these environments, which must offer choices.
    pub fn new(config: DqnConfig, envs: &dyn VecEnv, seed: Seed) -> Result<Dqn, Error> {
        config.check()?;
        let Actions::Choice(choices) = envs.actions() else {
            let what = "DQN needs choices, and these environments take numbers".to_owned();
            return Err(Error::MatchSpaces { what });
        };
        let rows = config.batch.max(envs.count());
        let outputs = match config.head {
            Head::Plain => choices,
            Head::Dueling => choices + 1,
        };
        let making = Making {
            body: &config.body,
            shape: Shape { inputs: envs.width(), outputs, rows },
            opening: Opening::Even,
            optimiser: Optimiser::ADAM,
            beside: None,
        };
        let values = Tower::topped(making, seed.child("values"), |chain| match config.head {
            Head::Plain => chain,
            Head::Dueling => chain.then(Dueling { choices }),
        })?;
        Ok(Dqn {
            older: values.weights.clone(),
            values,
            replay: Replay::new(config.replay, envs.width(), config.priorities),
            scaler: Scaler::new(config.scaling, config.gamma, envs.width()),
            choices,
            seed,
            draws: 0,
            updates: 0,
            steps: 0,
            drawn: Drawn::default(),
            wanted: vec![0.0; config.batch],
            errors: vec![0.0; config.batch],
            x: Vec::new(),
            before: Vec::new(),
            actions: vec![0.0; envs.count()],
            config,
        })
    }

    /// Goes on from a checkpoint; the environments are set back to where they were.
    pub fn resume(bytes: &[u8], envs: &mut dyn VecEnv) -> Result<Dqn, Error> {
        let archive = Archive::from_bytes(bytes)?;
        check_kind(&archive, "dqn", envs)?;
        let card: Card<DqnConfig> = archive.card()?;
        let mut agent = Dqn::new(card.config, envs, Seed::from_number(card.seed))?;
        agent.values.restore("values", &archive)?;
        let len = agent.older.len();
        agent.older.copy_from_slice(archive.f32("older", len)?);
        agent.replay.restore(&archive)?;
        agent.scaler.restore(&archive)?;
        (agent.draws, agent.updates, agent.steps) = (card.draws, card.updates, card.steps);
        envs.restore(&card.environments)?;
        Ok(agent)
    }

    /// One action in each environment.
    fn choose(&mut self, observations: &[f32]) -> Result<(), Error> {
        let mut rng = self.seed.child("actions").index(self.draws).rng();
        self.draws += 1;
        if self.steps < self.config.learning_starts {
            for action in &mut self.actions {
                *action = rng.random_range(0..self.choices) as f32;
            }
            return Ok(());
        }
        self.x.clear();
        self.x.extend_from_slice(observations);
        self.scaler.apply(&mut self.x);
        let heat = self.config.explore_at(self.steps);
        let values = self.values.forward(&self.x);
        if values.iter().any(|value| !value.is_finite()) {
            return Err(self.exploded("values that are no numbers"));
        }
        let space = Actions::Choice(self.choices);
        for (row, action) in values.chunks_exact_mut(self.choices).zip(&mut self.actions) {
            match self.config.exploring {
                Exploring::Greedy if rng.random::<f64>() < heat => {
                    *action = rng.random_range(0..self.choices) as f32;
                }
                Exploring::Greedy => *action = largest(row) as f32,
                Exploring::Boltzmann => {
                    row.iter_mut().for_each(|value| *value /= heat as f32);
                    distribution::prepare(space, row);
                    let to = std::slice::from_mut(action);
                    distribution::draw(space, (row, &[]), &mut rng, to);
                }
            }
        }
        Ok(())
    }

    /// Takes the step and keeps it.
    fn live(&mut self, envs: &mut dyn VecEnv) -> Result<(), Error> {
        let width = envs.width();
        self.before.clear();
        self.before.extend_from_slice(&envs.now().observations);
        let before = std::mem::take(&mut self.before);
        self.choose(&before)?;
        envs.step(&self.actions)?;
        let sight = envs.now();
        self.scaler.see(&sight.observations);
        let ended = sight.done.iter().zip(&sight.truncated).map(|(done, cut)| *done | *cut);
        self.scaler.earn(&sight.rewards, ended);
        for place in 0..envs.count() {
            let of = place * width..(place + 1) * width;
            let ended = sight.done[place] | sight.truncated[place];
            let after = if ended { &sight.last } else { &sight.observations };
            self.replay.push(Lived {
                observation: &before[of.clone()],
                after: &after[of],
                action: self.actions[place],
                reward: sight.rewards[place],
                done: sight.done[place],
            });
        }
        self.before = before;
        self.steps += envs.count() as u64;
        Ok(())
    }

    /// One step of descent; its loss.
    fn descend(&mut self) -> Result<f64, Error> {
        let seed = self.seed.child("replay").index(self.updates);
        let age = self.steps as f64 / self.config.explore_over.max(1) as f64;
        self.replay.draw((self.config.batch, age), seed, &mut self.drawn);
        self.scaler.apply(&mut self.drawn.observations);
        self.scaler.apply(&mut self.drawn.after);
        self.scaler.pay(&mut self.drawn.rewards);
        self.aim();
        let (drawn, choices) = (&self.drawn, self.choices);
        self.values.settle();
        self.values.forward(&drawn.observations);
        let share = 1.0 / self.config.batch as f32;
        let mut loss = 0.0;
        for row in 0..self.config.batch {
            let at = row * choices + drawn.actions[row] as usize;
            let off = self.values.y[at] - self.wanted[row];
            self.errors[row] = off;
            let weight = drawn.weights[row] * share;
            let size = off.abs();
            let huber = if size < 1.0 { 0.5 * off * off } else { size - 0.5 };
            loss += f64::from(weight * huber);
            self.values.dy[row * choices..(row + 1) * choices].fill(0.0);
            self.values.dy[at] = weight * off.clamp(-1.0, 1.0);
        }
        self.values.backward(&drawn.observations);
        let length = self.values.gradient_length();
        if !loss.is_finite() || !length.is_finite() {
            return Err(self.exploded(&format!("loss {loss}, gradient {length}")));
        }
        let longest = self.config.longest_gradient;
        let scale = if length > longest { longest / (length + 1e-6) } else { 1.0 };
        let rate = rate_at(self.config.rate, self.config.rate_falls_over, self.steps);
        self.values.owe(rate, scale);
        self.values.settle();
        self.replay.note(&self.drawn.places, &self.errors);
        self.updates += 1;
        Ok(loss)
    }

    /// What the drawn rows should have been worth.
    fn aim(&mut self) {
        let (drawn, choices) = (&self.drawn, self.choices);
        let chosen: Option<Vec<usize>> = match self.config.target {
            Target::Plain => None,
            Target::Double => {
                let rows = self.values.forward(&drawn.after).chunks_exact(choices);
                Some(rows.map(largest).collect())
            }
        };
        std::mem::swap(&mut self.values.weights, &mut self.older);
        let rows = self.values.forward(&drawn.after).chunks_exact(choices);
        for (at, (row, wanted)) in rows.zip(&mut self.wanted).enumerate() {
            let choice = chosen.as_ref().map_or_else(|| largest(row), |chosen| chosen[at]);
            let goes_on = 1.0 - drawn.done[at];
            *wanted = drawn.rewards[at] + goes_on * self.config.gamma as f32 * row[choice];
        }
        std::mem::swap(&mut self.values.weights, &mut self.older);
    }

    /// Brings Q⁻ nearer to Q.
    fn grow_older(&mut self) {
        if self.config.copy_share == 1.0 {
            return self.older.copy_from_slice(&self.values.weights);
        }
        let share = self.config.copy_share as f32;
        for (older, now) in self.older.iter_mut().zip(&self.values.weights) {
            *older += share * (now - *older);
        }
    }

    fn archive(
        &self,
        config: &DqnConfig,
        replay: &Replay,
        environments: serde_json::Value,
    ) -> Result<Archive, Error> {
        let card = Card {
            kind: "dqn".to_owned(),
            config,
            seed: self.seed.number(),
            width: self.values.inputs(),
            actions: Actions::Choice(self.choices),
            draws: self.draws,
            updates: self.updates,
            steps: self.steps,
            environments,
        };
        let mut archive = Archive::new(card)?;
        self.values.save("values", &mut archive);
        archive.put_f32("older", self.older.clone());
        replay.save(&mut archive);
        self.scaler.save(&mut archive);
        Ok(archive)
    }

    fn exploded(&self, what: &str) -> Error {
        Error::TrainAgent {
            agent: "dqn",
            update: self.updates,
            what: format!("{what}; lower the learning rate or scale the rewards"),
        }
    }
}

impl Acting for Dqn {
    fn space(&self) -> Actions {
        Actions::Choice(self.choices)
    }

    fn width(&self) -> usize {
        self.values.inputs()
    }

    /// Drawn actions are Boltzmann's at the heat of now, or ε-greedy with it.
    fn act_on(&mut self, observations: &[f32], choosing: Choosing, actions: &mut [f32]) {
        let mut x = observations.to_vec();
        self.scaler.apply(&mut x);
        let mut values = vec![0.0; actions.len() * self.choices];
        self.values.forward_all(&x, &mut values);
        let heat = self.config.explore_at(self.steps);
        let space = self.space();
        let mut rng = match choosing {
            Choosing::Best => None,
            Choosing::Drawn { draws } => Some(Seed::from_number(draws).rng()),
        };
        for (row, action) in values.chunks_exact_mut(self.choices).zip(actions) {
            let Some(rng) = &mut rng else {
                *action = largest(row) as f32;
                continue;
            };
            *action = match self.config.exploring {
                Exploring::Greedy if rng.random::<f64>() < heat => {
                    rng.random_range(0..self.choices) as f32
                }
                Exploring::Greedy => largest(row) as f32,
                Exploring::Boltzmann => {
                    row.iter_mut().for_each(|value| *value /= heat as f32);
                    distribution::prepare(space, row);
                    let mut drawn = [0.0];
                    distribution::draw(space, (row, &[]), rng, &mut drawn);
                    drawn[0]
                }
            };
        }
    }

    /// The value of the best action.
    fn value_of(&mut self, observations: &[f32], values: &mut [f32]) {
        let mut x = observations.to_vec();
        self.scaler.apply(&mut x);
        let mut all = vec![0.0; values.len() * self.choices];
        self.values.forward_all(&x, &mut all);
        for (row, value) in all.chunks_exact(self.choices).zip(values) {
            *value = row[largest(row)];
        }
    }
}

impl Agent for Dqn {
    /// As many steps of all environments as lie between updates, then an update.
    fn advance(&mut self, envs: &mut dyn VecEnv) -> Result<Progress, Error> {
        let mut earned = 0.0;
        let (begun, count) = (self.steps, envs.count() as u64);
        for _ in 0..self.config.update_every {
            self.live(envs)?;
            earned += envs.now().rewards.iter().map(|reward| f64::from(*reward)).sum::<f64>();
            if self.draws.is_multiple_of((self.config.copy_every / count).max(1)) {
                self.grow_older();
            }
        }
        let mut value_loss = 0.0;
        if self.steps > self.config.learning_starts && self.replay.len() > 0 {
            for _ in 0..self.config.descents {
                value_loss += self.descend()? / self.config.descents as f64;
            }
        }
        Ok(Progress {
            steps: self.steps,
            updates: self.updates,
            value_loss,
            reward: earned / (self.steps - begun) as f64,
            episodes: envs.take_episodes(),
            ..Progress::default()
        })
    }

    fn steps(&self) -> u64 {
        self.steps
    }

    fn save(&self, envs: &dyn VecEnv) -> Result<Vec<u8>, Error> {
        self.archive(&self.config, &self.replay, envs.save()?)?.to_bytes()
    }

    fn save_to_act(&self) -> Result<Vec<u8>, Error> {
        let config = DqnConfig { replay: self.config.batch, ..self.config.clone() };
        let replay = Replay::new(config.replay, self.values.inputs(), config.priorities);
        self.archive(&config, &replay, serde_json::Value::Null)?.to_bytes()
    }
}

#[cfg(test)]
mod tests;
