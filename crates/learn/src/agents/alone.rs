//! A trained agent without the environments it was trained in: it acts, and learns no more.

use base::Seed;

use super::agent::{Acting, Card};
use super::env::Actions;
use super::vectorised::{Episode, Sight, VecEnv};
use super::{A2c, Archive, Dqn, Ensemble, Ppo, Reinforce};
use crate::Error;

/// Reads the agent of a checkpoint, of whatever kind, to act by it: the same actions and values as
/// when it was saved. Neither its environments nor their number have to be there.
///
/// # Errors
/// [`Error::ReadCheckpoint`] for bytes that are none, are damaged or of a kind that is not known.
pub fn acting(bytes: &[u8]) -> Result<Box<dyn Acting>, Error> {
    let archive = Archive::from_bytes(bytes)?;
    let card: Card<serde_json::Value> = archive.card()?;
    let copies = card.environments["copies"].as_array().map_or(1, Vec::len).max(1);
    let mut nowhere = Nowhere::new(copies, card.width, card.actions);
    Ok(match card.kind.as_str() {
        "ppo" => Box::new(Ppo::resume(bytes, &mut nowhere)?),
        "a2c" => Box::new(A2c::resume(bytes, &mut nowhere)?),
        "reinforce" => Box::new(Reinforce::resume(bytes, &mut nowhere)?),
        "dqn" => Box::new(Dqn::resume(bytes, &mut nowhere)?),
        other => {
            let what = format!("it is of a {other} agent, of which nothing is known here");
            return Err(Error::ReadCheckpoint { what });
        }
    })
}

impl Ensemble {
    /// The agents of several checkpoints, of one kind or of many.
    ///
    /// # Errors
    /// Those of [`acting`], and where they do not observe and act alike.
    pub fn read<B: AsRef<[u8]>>(checkpoints: &[B]) -> Result<Ensemble, Error> {
        let members = checkpoints.iter().map(|bytes| acting(bytes.as_ref()));
        Ensemble::new(members.collect::<Result<_, _>>()?)
    }
}

/// Environments of a shape that can't be entered.
pub(super) struct Nowhere {
    count: usize,
    width: usize,
    actions: Actions,
    sight: Sight,
}

impl Nowhere {
    pub(super) fn new(count: usize, width: usize, actions: Actions) -> Nowhere {
        let blank = vec![0.0; count * width];
        let sight = Sight {
            observations: blank.clone(),
            rewards: vec![0.0; count],
            done: vec![false; count],
            truncated: vec![false; count],
            last: blank,
        };
        Nowhere { count, width, actions, sight }
    }
}

fn refused<T>() -> Result<T, Error> {
    Err(Error::MatchSpaces { what: "an agent that was read to act has no environments".to_owned() })
}

impl VecEnv for Nowhere {
    fn count(&self) -> usize {
        self.count
    }

    fn width(&self) -> usize {
        self.width
    }

    fn actions(&self) -> Actions {
        self.actions
    }

    fn reset(&mut self, _: Seed) -> Result<(), Error> {
        refused()
    }

    fn step(&mut self, _: &[f32]) -> Result<(), Error> {
        refused()
    }

    fn now(&self) -> &Sight {
        &self.sight
    }

    fn take_episodes(&mut self) -> Vec<Episode> {
        Vec::new()
    }

    fn save(&self) -> Result<serde_json::Value, Error> {
        Ok(serde_json::Value::Null)
    }

    fn restore(&mut self, _: &serde_json::Value) -> Result<(), Error> {
        Ok(())
    }
}
