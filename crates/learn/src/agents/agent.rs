//! What every agent can do: act, be trained, be stored.

use base::Seed;
use serde::{Deserialize, Serialize};

use super::distribution::Choosing;
use super::env::Actions;
use super::vectorised::{Episode, VecEnv};
use crate::Error;

/// Something that acts on observations.
pub trait Acting: Send {
    /// The actions it gives.
    fn space(&self) -> Actions;

    /// Values of an observation.
    fn width(&self) -> usize;

    /// An action for each row of observations that were checked.
    fn act_on(&mut self, observations: &[f32], choosing: Choosing, actions: &mut [f32]);

    /// How much each state is worth, by the agent's own estimate.
    fn value_of(&mut self, observations: &[f32], values: &mut [f32]);

    /// An action for each row of observations: rows × [`Actions::width`] values.
    fn act(&mut self, observations: &[f32], choosing: Choosing) -> Result<Vec<f32>, Error> {
        let rows = check(observations, self.width())?;
        let mut actions = vec![0.0; rows * self.space().width()];
        self.act_on(observations, choosing, &mut actions);
        Ok(actions)
    }

    /// How much each row of observations is worth.
    fn value(&mut self, observations: &[f32]) -> Result<Vec<f32>, Error> {
        let mut values = vec![0.0; check(observations, self.width())?];
        self.value_of(observations, &mut values);
        Ok(values)
    }
}

/// An agent under training.
pub trait Agent: Acting {
    /// Acts for a stretch and learns from it. Fails where an environment or the training no
    /// longer gives numbers; says where.
    fn advance(&mut self, envs: &mut dyn VecEnv) -> Result<Progress, Error>;

    /// Steps in all environments so far.
    fn steps(&self) -> u64;

    /// All that is needed to go on: weights, moments, statistics, replay, environments.
    fn save(&self, envs: &dyn VecEnv) -> Result<Vec<u8>, Error>;

    /// What is needed to act, and no more: neither environments nor replay. [`super::acting`]
    /// reads it; no training goes on from it.
    fn save_to_act(&self) -> Result<Vec<u8>, Error>;
}

/// How far a training is, and what its last update found. What an agent does not have is 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Progress {
    /// Steps in all environments so far.
    pub steps: u64,
    /// Updates so far.
    pub updates: u64,
    /// Loss of the policy.
    pub policy_loss: f64,
    /// Loss of the values.
    pub value_loss: f64,
    /// Mean entropy of the policy.
    pub entropy: f64,
    /// Estimated divergence of the policy from the one that collected the steps.
    pub divergence: f64,
    /// Share of rows whose ratio was clipped.
    pub clipped: f64,
    /// Mean reward of a step, unscaled.
    pub reward: f64,
    /// Episodes that ended.
    pub episodes: Vec<Episode>,
}

/// Whether a training goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// It does.
    On,
    /// It stops here; what was learned stays.
    Stop,
}

/// Trains until so many steps were taken in all environments, or until `watch` says stop.
pub fn train(
    agent: &mut dyn Agent,
    envs: &mut dyn VecEnv,
    steps: u64,
    watch: &mut dyn FnMut(&Progress) -> Flow,
) -> Result<(), Error> {
    while agent.steps() < steps {
        let progress = agent.advance(envs)?;
        if watch(&progress) == Flow::Stop {
            break;
        }
    }
    Ok(())
}

/// Runs whole episodes without learning: at least so many, of which the first are given, copy by
/// copy in the order of their ends.
pub fn evaluate(
    acting: &mut dyn Acting,
    envs: &mut dyn VecEnv,
    (episodes, seed): (usize, Seed),
) -> Result<Vec<Episode>, Error> {
    envs.reset(seed)?;
    // Each copy gives equally many, so that short episodes do not crowd out long ones.
    let each = episodes.div_ceil(envs.count());
    let mut counts = vec![0; envs.count()];
    let mut found = Vec::new();
    while counts.iter().any(|count| *count < each) {
        let actions = acting.act(&envs.now().observations, Choosing::Best)?;
        envs.step(&actions)?;
        for episode in envs.take_episodes() {
            if counts[episode.environment] < each {
                counts[episode.environment] += 1;
                found.push(episode);
            }
        }
    }
    Ok(found)
}

fn check(observations: &[f32], width: usize) -> Result<usize, Error> {
    if !observations.len().is_multiple_of(width) {
        let what = format!("{} observed values are no rows of {width}", observations.len());
        return Err(Error::MatchSpaces { what });
    }
    match observations.iter().position(|value| !value.is_finite()) {
        None => Ok(observations.len() / width),
        Some(at) => Err(Error::MatchSpaces {
            what: format!(
                "observed value {} of row {} is {}",
                at % width,
                at / width,
                observations[at]
            ),
        }),
    }
}

/// The card of a checkpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Card<C> {
    pub(crate) kind: String,
    pub(crate) config: C,
    pub(crate) seed: u64,
    pub(crate) width: usize,
    pub(crate) actions: Actions,
    pub(crate) draws: u64,
    pub(crate) updates: u64,
    pub(crate) steps: u64,
    pub(crate) environments: serde_json::Value,
}

/// Refuses a checkpoint of another kind of agent or of other spaces.
pub(crate) fn check_kind(
    archive: &super::Archive,
    kind: &str,
    envs: &dyn VecEnv,
) -> Result<(), Error> {
    let card: Card<serde_json::Value> = archive.card()?;
    let refuse = |what| Err(Error::ReadCheckpoint { what });
    if card.kind != kind {
        return refuse(format!("it is of a {} agent, not of {kind}", card.kind));
    }
    if (card.width, card.actions) != (envs.width(), envs.actions()) {
        return refuse(format!(
            "it observes {} values and acts by {:?}; the environments have {} and {:?}",
            card.width,
            card.actions,
            envs.width(),
            envs.actions()
        ));
    }
    Ok(())
}

/// Refuses a setting outside what it may be.
pub(crate) fn check_setting(
    name: &str,
    value: f64,
    (low, high): (f64, f64),
    rule: &'static str,
) -> Result<(), Error> {
    match value >= low && value <= high {
        true => Ok(()),
        false => Err(Error::CheckParams { name: name.to_owned(), value, rule }),
    }
}

/// The rate after so many steps: constant, or falling to 0 over a number of steps.
pub(crate) fn rate_at(rate: f64, falls_over: Option<u64>, steps: u64) -> f64 {
    match falls_over {
        None => rate,
        Some(over) => rate * (1.0 - steps as f64 / over.max(1) as f64).max(0.0),
    }
}
