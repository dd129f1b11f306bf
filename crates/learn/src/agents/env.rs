//! What an agent acts in: one environment, in the shape of Gymnasium's.

use base::Seed;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The actions that an environment takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actions {
    /// One of so many.
    Choice(usize),
    /// So many numbers, each within these bounds.
    Numbers {
        /// How many.
        width: usize,
        /// Least.
        low: f32,
        /// Most.
        high: f32,
    },
}

impl Actions {
    /// Values by which an action is kept: a choice is its number.
    pub fn width(self) -> usize {
        match self {
            Actions::Choice(_) => 1,
            Actions::Numbers { width, .. } => width,
        }
    }

    /// Outputs of a policy: a logit for each choice, or a mean for each number.
    pub fn outputs(self) -> usize {
        match self {
            Actions::Choice(count) => count,
            Actions::Numbers { width, .. } => width,
        }
    }
}

/// An action, as an environment reads it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action<'a> {
    /// The number of a choice.
    Choice(usize),
    /// Numbers within their bounds.
    Numbers(&'a [f32]),
}

impl Action<'_> {
    /// The number of the choice; of numbers, the first one's whole part.
    pub fn choice(self) -> usize {
        match self {
            Action::Choice(choice) => choice,
            Action::Numbers(numbers) => numbers.first().map_or(0, |number| *number as usize),
        }
    }

    /// The first number, or the choice as one.
    pub fn number(self) -> f32 {
        match self {
            Action::Choice(choice) => choice as f32,
            Action::Numbers(numbers) => numbers.first().copied().unwrap_or(0.0),
        }
    }
}

/// Why an episode ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The task is over: nothing can be earned after this.
    Done,
    /// The clock ran out: what lies beyond is still worth its value.
    Truncated,
}

/// What a step gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Reward.
    pub reward: f32,
    /// Whether and why the episode ended.
    pub end: Option<End>,
}

/// An environment: what all its copies share. What differs is the state.
///
/// All randomness comes from the seeds that are handed in, one for each episode and one for each
/// step, so a state needs no generator and a stored state resumes bit for bit.
pub trait Env: Send + Sync {
    /// What one copy remembers from step to step.
    type State: Clone + Send + Sync + Serialize + DeserializeOwned;

    /// Values of an observation.
    fn width(&self) -> usize;

    /// The actions it takes.
    fn actions(&self) -> Actions;

    /// Begins an episode and fills the first observation.
    fn reset(&self, seed: Seed, observation: &mut [f32]) -> Self::State;

    /// Takes an action and fills the next observation.
    fn step(
        &self,
        state: &mut Self::State,
        action: Action<'_>,
        seed: Seed,
        observation: &mut [f32],
    ) -> Step;
}
