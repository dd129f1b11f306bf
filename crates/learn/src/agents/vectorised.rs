//! Many copies of an environment, stepped as one.
//!
//! Observations lie in one array, rows × width, so that one forward pass serves all copies. An
//! ended copy begins anew at once; the observation on which it ended is kept for the bootstrap.
//! Copies are stepped in chunks of a fixed size, which may run on several threads; each draws
//! from its own seeds, so the result is the same for any number of threads.

use base::Seed;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::env::{Action, Actions, End, Env, Step};
use crate::Error;

/// Copies of an environment, behind whatever steps them.
pub trait VecEnv: Send {
    /// How many copies.
    fn count(&self) -> usize;

    /// Values of an observation.
    fn width(&self) -> usize;

    /// The actions each takes.
    fn actions(&self) -> Actions;

    /// Begins all copies anew.
    fn reset(&mut self, seed: Seed) -> Result<(), Error>;

    /// Takes one action a copy: copies × [`Actions::width`] values, within bounds.
    fn step(&mut self, actions: &[f32]) -> Result<(), Error>;

    /// What all copies show now.
    fn now(&self) -> &Sight;

    /// Episodes ended since the last call, in the order in which they ended.
    fn take_episodes(&mut self) -> Vec<Episode>;

    /// All that is needed to go on from here.
    fn save(&self) -> Result<serde_json::Value, Error>;

    /// Goes on from what [`VecEnv::save`] gave.
    fn restore(&mut self, saved: &serde_json::Value) -> Result<(), Error>;
}

/// What all copies show, in structure-of-arrays form.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sight {
    /// What is seen now; copies × width. Of an ended copy, the first sight of its new episode.
    pub observations: Vec<f32>,
    /// Rewards of the last step.
    pub rewards: Vec<f32>,
    /// Episodes that the last step ended for good.
    pub done: Vec<bool>,
    /// Episodes that the last step cut short.
    pub truncated: Vec<bool>,
    /// Copies × width; of a copy whose episode ended, what it saw last.
    pub last: Vec<f32>,
}

/// An episode from its beginning to its end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// Which copy.
    pub environment: usize,
    /// Sum of its rewards.
    pub total: f64,
    /// Its steps.
    pub steps: u64,
}

/// Copies of an [`Env`].
pub struct Vectorised<E: Env> {
    env: E,
    seed: Seed,
    copies: Vec<Copy<E::State>>,
    sight: Sight,
    steps: u64,
    episodes: Vec<Episode>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Copy<S> {
    state: S,
    begun: u64,
    total: f64,
    steps: u64,
}

#[derive(Serialize, Deserialize)]
struct Saved<S> {
    seed: u64,
    steps: u64,
    copies: Vec<Copy<S>>,
    sight: Sight,
    episodes: Vec<Episode>,
}

/// Copies of a chunk; fixed, so that nothing depends on the number of threads.
const CHUNK: usize = 64;

impl<E: Env> Vectorised<E> {
    /// So many copies, at the beginning of their first episodes.
    pub fn new(env: E, count: usize, seed: Seed) -> Result<Vectorised<E>, Error> {
        if count == 0 || env.width() == 0 || env.actions().outputs() == 0 {
            let what = format!(
                "{count} copies of {} observed values and {} actions; none of the three may be 0",
                env.width(),
                env.actions().outputs()
            );
            return Err(Error::MatchSpaces { what });
        }
        let wide = count * env.width();
        let sight = Sight {
            observations: vec![0.0; wide],
            rewards: vec![0.0; count],
            done: vec![false; count],
            truncated: vec![false; count],
            last: vec![0.0; wide],
        };
        let mut all =
            Vectorised { env, seed, copies: Vec::new(), sight, steps: 0, episodes: Vec::new() };
        all.reset(seed)?;
        Ok(all)
    }

    /// What all copies share.
    pub fn env(&self) -> &E {
        &self.env
    }

    fn check(&self, place: usize) -> Result<(), Error> {
        let refuse = |what: String| {
            Err(Error::StepEnvironment { environment: place, step: self.steps, what })
        };
        let width = self.env.width();
        let row = &self.sight.observations[place * width..(place + 1) * width];
        if let Some(at) = row.iter().position(|value| !value.is_finite()) {
            return refuse(format!("observed value {at} is {}", row[at]));
        }
        let last = &self.sight.last[place * width..(place + 1) * width];
        if self.ended(place) && last.iter().any(|value| !value.is_finite()) {
            return refuse("the last observation of its episode is not finite".to_owned());
        }
        let reward = self.sight.rewards[place];
        match reward.is_finite() {
            true => Ok(()),
            false => refuse(format!("the reward is {reward}")),
        }
    }

    fn ended(&self, place: usize) -> bool {
        self.sight.done[place] || self.sight.truncated[place]
    }

    fn check_all(&self) -> Result<(), Error> {
        // Without branches first: this runs on every step.
        let finite = |values: &[f32]| values.iter().fold(true, |all, v| all & v.is_finite());
        let ended = (0..self.copies.len()).any(|place| self.ended(place));
        if !ended && finite(&self.sight.observations) && finite(&self.sight.rewards) {
            return Ok(());
        }
        (0..self.copies.len()).try_for_each(|place| self.check(place))
    }

    fn check_actions(&self, actions: &[f32]) -> Result<(), Error> {
        let space = self.env.actions();
        let wanted = self.copies.len() * space.width();
        if actions.len() != wanted {
            let what = format!("{} action values for {wanted}", actions.len());
            return Err(Error::MatchSpaces { what });
        }
        let fits = |value: &f32| match space {
            Actions::Choice(count) => {
                *value >= 0.0 && value.fract() == 0.0 && *value < count as f32
            }
            Actions::Numbers { low, high, .. } => *value >= low && *value <= high,
        };
        match actions.iter().position(|value| !fits(value)) {
            None => Ok(()),
            Some(at) => Err(Error::StepEnvironment {
                environment: at / space.width(),
                step: self.steps,
                what: format!("action {} is not among {space:?}", actions[at]),
            }),
        }
    }
}

/// A copy with its part of what is shown.
struct Place<'a, S> {
    copy: &'a mut Copy<S>,
    observation: &'a mut [f32],
    last: &'a mut [f32],
    action: Action<'a>,
}

/// Steps one copy, and begins it anew where it ended.
fn advance<E: Env>(env: &E, seed: Seed, place: Place<'_, E::State>) -> (Step, Option<Episode>) {
    let Place { copy, observation, last, action } = place;
    let episode = seed.index(copy.begun);
    let step = env.step(&mut copy.state, action, episode.index(copy.steps), observation);
    copy.steps += 1;
    copy.total += f64::from(step.reward);
    if step.end.is_none() {
        return (step, None);
    }
    let ended = Episode { environment: 0, total: copy.total, steps: copy.steps };
    last.copy_from_slice(observation);
    (copy.begun, copy.total, copy.steps) = (copy.begun + 1, 0.0, 0);
    copy.state = env.reset(seed.index(copy.begun).child("reset"), observation);
    (step, Some(ended))
}

impl<E: Env> VecEnv for Vectorised<E> {
    fn count(&self) -> usize {
        self.copies.len()
    }

    fn width(&self) -> usize {
        self.env.width()
    }

    fn actions(&self) -> Actions {
        self.env.actions()
    }

    fn reset(&mut self, seed: Seed) -> Result<(), Error> {
        self.seed = seed;
        self.steps = 0;
        self.episodes.clear();
        let rows = self.sight.observations.chunks_exact_mut(self.env.width());
        let begin = |(place, row): (usize, &mut [f32])| {
            let seed = seed.index(place as u64).index(0).child("reset");
            Copy { state: self.env.reset(seed, row), begun: 0, total: 0.0, steps: 0 }
        };
        self.copies = rows.enumerate().map(begin).collect();
        self.sight.rewards.fill(0.0);
        self.sight.done.fill(false);
        self.sight.truncated.fill(false);
        self.check_all()
    }

    fn step(&mut self, actions: &[f32]) -> Result<(), Error> {
        self.check_actions(actions)?;
        let (env, seed, width) = (&self.env, self.seed, self.env.width());
        let space = env.actions();
        let sight = &mut self.sight;
        let chunk = |at: usize, parts: Chunk<'_, E::State>, episodes: &mut Vec<Episode>| {
            let rows = parts.observations.chunks_exact_mut(width);
            let rows = rows.zip(parts.last.chunks_exact_mut(width));
            let actions = parts.actions.chunks_exact(space.width());
            let told = parts.rewards.iter_mut().zip(parts.done).zip(parts.truncated);
            let each = parts.copies.iter_mut().zip(rows).zip(actions).zip(told);
            for (row, (((copy, rows), action), ((reward, done), truncated))) in each.enumerate() {
                let place = at * CHUNK + row;
                let action = match space {
                    Actions::Choice(_) => Action::Choice(action[0] as usize),
                    Actions::Numbers { .. } => Action::Numbers(action),
                };
                let (observation, last) = rows;
                let whole = Place { copy, observation, last, action };
                let (step, ended) = advance(env, seed.index(place as u64), whole);
                *reward = step.reward;
                *done = step.end == Some(End::Done);
                *truncated = step.end == Some(End::Truncated);
                episodes.extend(ended.map(|e| Episode { environment: place, ..e }));
            }
        };
        let parts = chunks(&mut self.copies, sight, (actions, width, space.width()));
        if parts.len() == 1 || rayon::current_num_threads() == 1 {
            for (at, part) in parts.into_iter().enumerate() {
                chunk(at, part, &mut self.episodes);
            }
        } else {
            let found: Vec<Vec<Episode>> = parts
                .into_par_iter()
                .enumerate()
                .map(|(at, part)| {
                    let mut episodes = Vec::new();
                    chunk(at, part, &mut episodes);
                    episodes
                })
                .collect();
            self.episodes.extend(found.into_iter().flatten());
        }
        self.steps += 1;
        self.check_all()
    }

    fn now(&self) -> &Sight {
        &self.sight
    }

    fn take_episodes(&mut self) -> Vec<Episode> {
        std::mem::take(&mut self.episodes)
    }

    fn save(&self) -> Result<serde_json::Value, Error> {
        let saved = Saved {
            seed: self.seed.number(),
            steps: self.steps,
            copies: self.copies.clone(),
            sight: self.sight.clone(),
            episodes: self.episodes.clone(),
        };
        serde_json::to_value(saved)
            .map_err(|source| Error::WriteJson { what: "environments", source })
    }

    fn restore(&mut self, saved: &serde_json::Value) -> Result<(), Error> {
        let refuse = |what: String| Error::ReadCheckpoint { what };
        let saved: Saved<E::State> = Saved::deserialize(saved)
            .map_err(|error| refuse(format!("its environments are others: {error}")))?;
        let wide = self.copies.len() * self.env.width();
        let fits = saved.copies.len() == self.copies.len()
            && saved.sight.observations.len() == wide
            && saved.sight.last.len() == wide
            && saved.sight.rewards.len() == self.copies.len()
            && saved.sight.done.len() == self.copies.len()
            && saved.sight.truncated.len() == self.copies.len();
        if !fits {
            let (held, here) = (saved.copies.len(), self.copies.len());
            return Err(refuse(format!(
                "it holds {held} environments of another shape than the {here} here"
            )));
        }
        self.seed = Seed::from_number(saved.seed);
        self.steps = saved.steps;
        (self.copies, self.sight, self.episodes) = (saved.copies, saved.sight, saved.episodes);
        Ok(())
    }
}

/// The parts of the arrays that belong to a chunk of copies.
struct Chunk<'a, S> {
    copies: &'a mut [Copy<S>],
    observations: &'a mut [f32],
    last: &'a mut [f32],
    rewards: &'a mut [f32],
    done: &'a mut [bool],
    truncated: &'a mut [bool],
    actions: &'a [f32],
}

fn chunks<'a, S>(
    copies: &'a mut [Copy<S>],
    sight: &'a mut Sight,
    (actions, width, action_width): (&'a [f32], usize, usize),
) -> Vec<Chunk<'a, S>> {
    copies
        .chunks_mut(CHUNK)
        .zip(sight.observations.chunks_mut(CHUNK * width))
        .zip(sight.last.chunks_mut(CHUNK * width))
        .zip(sight.rewards.chunks_mut(CHUNK))
        .zip(sight.done.chunks_mut(CHUNK))
        .zip(sight.truncated.chunks_mut(CHUNK))
        .zip(actions.chunks(CHUNK * action_width))
        .map(|((((((copies, observations), last), rewards), done), truncated), actions)| Chunk {
            copies,
            observations,
            last,
            rewards,
            done,
            truncated,
            actions,
        })
        .collect()
}
