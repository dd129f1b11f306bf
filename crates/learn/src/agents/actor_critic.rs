//! What PPO, A2C and REINFORCE share: a policy and a value network that share no weight.
//!
//! They meet only in the length of their common gradient, so each is trained on a thread of its
//! own where there are two, and the result is the same on one.

use base::Seed;
use nets::optim::Optimiser;
use serde::{Deserialize, Serialize};

use super::agent::{Acting, Card};
use super::alone::Nowhere;
use super::checkpoint::Archive;
use super::distribution::{self, Choosing, Pull};
use super::env::Actions;
use super::network::{Body, Making, Opening, Shape, Tower};
use super::normalise::{Scaler, Scaling};
use super::vectorised::VecEnv;
use crate::Error;

/// What an actor and its critic are made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Minds {
    /// The policy's body.
    pub policy: Body,
    /// The value network's body.
    pub values: Body,
    /// Logarithm of the deviation of numbers at the beginning.
    pub log_deviation: f64,
    /// What is brought to unit scale.
    pub scaling: Scaling,
}

impl Default for Minds {
    fn default() -> Minds {
        let (policy, values) = (Body::policy(), Body::policy());
        Minds { policy, values, log_deviation: 0.0, scaling: Scaling::None }
    }
}

/// A policy, a value network and their statistics.
pub(crate) struct ActorCritic {
    pub(crate) name: &'static str,
    pub(crate) actor: Tower,
    pub(crate) critic: Tower,
    pub(crate) scaler: Scaler,
    pub(crate) space: Actions,
    pub(crate) seed: Seed,
    /// Vector steps for which actions were drawn.
    pub(crate) draws: u64,
    /// Updates done.
    pub(crate) updates: u64,
    /// Steps in all environments.
    pub(crate) steps: u64,
}

/// How an actor and its critic are trained.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schooling {
    pub(crate) optimiser: Optimiser,
    pub(crate) gamma: f64,
    /// Most rows of a pass.
    pub(crate) rows: usize,
}

impl ActorCritic {
    pub(crate) fn new(
        name: &'static str,
        minds: &Minds,
        schooling: Schooling,
        (envs, seed): (&dyn VecEnv, Seed),
    ) -> Result<ActorCritic, Error> {
        let space = envs.actions();
        let rows = schooling.rows.max(envs.count());
        let beside = match space {
            Actions::Choice(_) => None,
            Actions::Numbers { width, .. } => Some((width, minds.log_deviation)),
        };
        let making = |body, outputs, gain, beside| Making {
            body,
            shape: Shape { inputs: envs.width(), outputs, rows },
            opening: Opening::Orthogonal(gain),
            optimiser: schooling.optimiser,
            beside,
        };
        let actor = making(&minds.policy, space.outputs(), 0.01, beside);
        let critic = making(&minds.values, 1, 1.0, None);
        Ok(ActorCritic {
            name,
            actor: Tower::new(actor, seed.child("policy"))?,
            critic: Tower::new(critic, seed.child("values"))?,
            scaler: Scaler::new(minds.scaling, schooling.gamma, envs.width()),
            space,
            seed,
            draws: 0,
            updates: 0,
            steps: 0,
        })
    }

    /// Draws an action for each row of scaled observations; logarithms of their probabilities.
    pub(crate) fn draw(
        &mut self,
        x: &[f32],
        actions: &mut [f32],
        logs: &mut [f32],
    ) -> Result<(), Error> {
        let mut rng = self.seed.child("actions").index(self.draws).rng();
        self.draws += 1;
        self.steps += logs.len() as u64;
        let (space, outputs, wide) = (self.space, self.space.outputs(), self.space.width());
        self.actor.forward(x);
        let wholly = logs.len() * outputs;
        distribution::prepare(space, &mut self.actor.y[..wholly]);
        let deviations = self.actor.beside();
        let rows = self.actor.y[..wholly].chunks_exact(outputs);
        for ((row, action), log) in rows.zip(actions.chunks_exact_mut(wide)).zip(logs.iter_mut()) {
            distribution::draw(space, (row, deviations), &mut rng, action);
            *log = distribution::log_prob(space, (row, deviations), action);
        }
        match logs.iter().all(|log| log.is_finite()) {
            true => Ok(()),
            false => Err(self.exploded("the policy gives probabilities that are no numbers")),
        }
    }

    /// What one observation is worth, in scaled rewards.
    pub(crate) fn worth(&mut self, observation: &[f32]) -> f32 {
        let mut x = observation.to_vec();
        self.scaler.apply(&mut x);
        self.critic.forward(&x)[0]
    }

    /// The error of a training that no longer makes numbers.
    pub(crate) fn exploded(&self, what: impl Into<String>) -> Error {
        Error::TrainAgent {
            agent: self.name,
            update: self.updates,
            what: format!("{}; lower the learning rate or scale the rewards", what.into()),
        }
    }

    /// Owes both networks a step whose common gradient is at most so long. Refuses losses and
    /// gradients that are no numbers, before any weight has moved.
    pub(crate) fn owe(
        &mut self,
        losses: &[f64],
        lengths: (f64, f64),
        (rate, longest): (f64, f64),
    ) -> Result<(), Error> {
        let length = lengths.0.hypot(lengths.1);
        if !length.is_finite() || losses.iter().any(|loss| !loss.is_finite()) {
            return Err(self.exploded(format!("losses {losses:?}, gradient {length}")));
        }
        let scale = if length > longest { longest / (length + 1e-6) } else { 1.0 };
        self.actor.owe(rate, scale);
        self.critic.owe(rate, scale);
        Ok(())
    }

    /// Takes the steps that are owed.
    pub(crate) fn settle(&mut self) {
        let (actor, critic) = (&mut self.actor, &mut self.critic);
        both(|| actor.settle(), || critic.settle());
    }

    pub(crate) fn save(&self, config: impl Serialize, envs: &dyn VecEnv) -> Result<Archive, Error> {
        let card = Card {
            kind: self.name.to_owned(),
            config,
            seed: self.seed.number(),
            width: self.actor.inputs(),
            actions: self.space,
            draws: self.draws,
            updates: self.updates,
            steps: self.steps,
            environments: envs.save()?,
        };
        let mut archive = Archive::new(card)?;
        self.actor.save("policy", &mut archive);
        self.critic.save("values", &mut archive);
        self.scaler.save(&mut archive);
        Ok(archive)
    }

    /// The same without the environments.
    pub(crate) fn save_alone(&self, config: impl Serialize) -> Result<Archive, Error> {
        self.save(config, &Nowhere::new(1, self.actor.inputs(), self.space))
    }

    pub(crate) fn restore<C>(
        &mut self,
        (card, archive): (&Card<C>, &Archive),
        envs: &mut dyn VecEnv,
    ) -> Result<(), Error> {
        self.actor.restore("policy", archive)?;
        self.critic.restore("values", archive)?;
        self.scaler.restore(archive)?;
        self.seed = Seed::from_number(card.seed);
        (self.draws, self.updates, self.steps) = (card.draws, card.updates, card.steps);
        envs.restore(&card.environments)
    }
}

impl Acting for ActorCritic {
    fn space(&self) -> Actions {
        self.space
    }

    fn width(&self) -> usize {
        self.actor.inputs()
    }

    fn act_on(&mut self, observations: &[f32], choosing: Choosing, actions: &mut [f32]) {
        let (space, outputs, wide) = (self.space, self.space.outputs(), self.space.width());
        let mut x = observations.to_vec();
        self.scaler.apply(&mut x);
        let mut rng = match choosing {
            Choosing::Best => None,
            Choosing::Drawn { draws } => Some(Seed::from_number(draws).rng()),
        };
        let (high, width) = (self.actor.rows(), self.actor.inputs());
        for (x, actions) in x.chunks(high * width).zip(actions.chunks_mut(high * wide)) {
            self.actor.forward(x);
            let all = x.len() / width * outputs;
            distribution::prepare(space, &mut self.actor.y[..all]);
            let deviations = self.actor.beside();
            let rows = self.actor.y[..all].chunks_exact(outputs);
            for (row, action) in rows.zip(actions.chunks_exact_mut(wide)) {
                match &mut rng {
                    None => distribution::best(space, row, action),
                    Some(rng) => distribution::draw(space, (row, deviations), rng, action),
                }
            }
        }
        distribution::bound(space, actions);
    }

    fn value_of(&mut self, observations: &[f32], values: &mut [f32]) {
        let mut x = observations.to_vec();
        self.scaler.apply(&mut x);
        self.critic.forward_all(&x, values);
    }
}

/// An agent that acts by an actor and values by a critic.
pub(crate) trait Minded {
    fn mind(&self) -> &ActorCritic;

    fn mind_mut(&mut self) -> &mut ActorCritic;
}

impl<A: Minded + Send> Acting for A {
    fn space(&self) -> Actions {
        self.mind().space
    }

    fn width(&self) -> usize {
        self.mind().width()
    }

    fn act_on(&mut self, observations: &[f32], choosing: Choosing, actions: &mut [f32]) {
        self.mind_mut().act_on(observations, choosing, actions);
    }

    fn value_of(&mut self, observations: &[f32], values: &mut [f32]) {
        self.mind_mut().value_of(observations, values);
    }
}

/// Two pieces of work, side by side where there are two threads.
pub(crate) fn both<A: Send, B: Send>(
    left: impl FnOnce() -> A + Send,
    right: impl FnOnce() -> B + Send,
) -> (A, B) {
    match rayon::current_num_threads() {
        1 => (left(), right()),
        _ => rayon::join(left, right),
    }
}

/// What the policy says of a row's action.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// Logarithm of its probability.
    pub(crate) log: f32,
    /// Entropy of what could have been drawn.
    pub(crate) entropy: f32,
}

/// Runs a policy over rows of observations and the actions taken there, asks for the pull on each
/// row, in order, and adds to the gradients.
pub(crate) fn teach(
    actor: &mut Tower,
    space: Actions,
    (x, actions): (&[f32], &[f32]),
    mut pull: impl FnMut(usize, Seen) -> Pull,
) {
    let (outputs, wide) = (space.outputs(), space.width());
    let rows = actions.len() / wide;
    actor.forward(x);
    distribution::prepare(space, &mut actor.y[..rows * outputs]);
    let deviations = actor.beside().to_vec();
    let mut d_deviations = vec![0.0; deviations.len()];
    for (row, action) in actions.chunks_exact(wide).enumerate() {
        let of = row * outputs..(row + 1) * outputs;
        let known = (&actor.y[of.clone()], &deviations[..]);
        let log = distribution::log_prob(space, known, action);
        let entropy = distribution::entropy(space, known);
        let pull = pull(row, Seen { log, entropy });
        let to = (&mut actor.dy[of], &mut d_deviations[..]);
        distribution::slope(space, known, action, pull, to);
    }
    actor.backward(x);
    let slots = actor.beside_grads().iter_mut().zip(&d_deviations);
    slots.for_each(|(grad, add)| *grad += add);
}

/// Mean squared error of a value network on rows, times a weight: fills the gradient and runs the
/// backward pass. Gives the unweighted error and the length of the gradient.
///
/// With `held`, the values when the rows were collected and a range, the prediction may move no
/// further than that from them.
pub(crate) fn fit_values(
    critic: &mut Tower,
    (x, returns): (&[f32], &[f32]),
    weight: f32,
    held: Option<(&[f32], f32)>,
) -> f64 {
    let rows = returns.len();
    critic.forward(x);
    let share = 1.0 / rows as f32;
    let mut loss = 0.0;
    for (row, wanted) in returns.iter().enumerate() {
        let value = critic.y[row];
        let (seen, moves) = match held {
            None => (value, true),
            Some((old, range)) => {
                let by = value - old[row];
                (old[row] + by.clamp(-range, range), by.abs() <= range)
            }
        };
        let off = seen - wanted;
        loss += f64::from(off * off);
        critic.dy[row] = if moves { 2.0 * weight * share * off } else { 0.0 };
    }
    critic.backward(x);
    loss / rows as f64
}
