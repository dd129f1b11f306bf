//! Agents that trade bars of one instrument: trained on the earlier part, judged on the later one.
//!
//! Bars come from a file, the lake or a made market ([`source`]). Of each school, *naive* without
//! costs and *aware* with them, several members learn that differ in their seed alone
//! ([`training`]); the latest bars are held out and nothing looks at them but
//! [`judging::open_held_out`], once, on record. What is told is net of costs, with intervals over
//! time and over seeds, beside holding and staying flat, and with how alike the members are: an
//! ensemble that always agrees is one gambler.
//!
//! Start reading at [`training::train`], then [`judging`](mod@judging).

pub mod judging;
pub mod keeping;
mod likeness;
mod made;
mod measures;
mod scene;
pub mod source;
pub mod training;
mod walk;

use books::intraday::Costs;
use learn::agents::Algorithm;
use learn::agents::dqn::Target;
use learn::agents::{A2cConfig, Body, DqnConfig, Minds, PpoConfig, ReinforceConfig, Scaling};
use serde::{Deserialize, Serialize};

pub use judging::{Judged, Line, evaluate, open_held_out};
pub use keeping::{Card, Kept, Part};
pub use likeness::Likeness;
pub use scene::Eyes;
pub use source::{Source, Tape, Wanted};
pub use training::{Job, Outcome, train};

pub use crate::figure::Figure;

use crate::Error;

/// What agents knew of costs when they learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum School {
    /// Nothing.
    Naive,
    /// All that trading is assumed to cost.
    Aware,
}

impl School {
    /// In a word.
    pub const fn name(self) -> &'static str {
        match self {
            School::Naive => "naive",
            School::Aware => "aware",
        }
    }

    /// What a trade costs while they learn.
    fn costs(self, assumed: Costs) -> Option<Costs> {
        match self {
            School::Naive => None,
            School::Aware => Some(assumed),
        }
    }
}

/// Steps that DQN's replay holds at most; a step takes two kilobytes.
const MOST_REPLAY: usize = 50_000;
/// Units of a recurrent network.
const UNITS: usize = 32;

/// The usual settings for bars of an algorithm by its name: a bar's reward is had at once, so the
/// discount is short, and rewards are brought to unit scale, so that bars of a minute and of a day
/// take the same rate. Nothing for a name that is none.
pub fn usual(name: &str, steps: u64, eyes: Eyes) -> Option<Algorithm> {
    const GAMMA: f64 = 0.9;
    let minds = Minds { scaling: Scaling::Rewards, ..Minds::default() };
    let mut algorithm = Algorithm::named(name)?;
    match &mut algorithm {
        Algorithm::Ppo(config) => {
            *config = PpoConfig {
                minds,
                rate: 1e-3,
                steps: 128,
                batch: 256,
                epochs: 5,
                gamma: GAMMA,
                ..PpoConfig::default()
            };
        }
        Algorithm::A2c(config) => *config = A2cConfig { minds, gamma: GAMMA, ..config.clone() },
        Algorithm::Reinforce(config) => {
            *config = ReinforceConfig { minds, gamma: GAMMA, ..config.clone() };
        }
        Algorithm::Dqn(config) => {
            *config = DqnConfig {
                target: Target::Double,
                scaling: Scaling::Rewards,
                rate: 5e-4,
                replay: usize::try_from(steps).unwrap_or(MOST_REPLAY).clamp(64, MOST_REPLAY),
                learning_starts: (steps / 50).min(1_000),
                batch: 64,
                gamma: GAMMA,
                update_every: 1,
                copy_every: 2_000,
                explore_over: (steps / 2).max(1),
                ..config.clone()
            };
        }
    }
    Some(match eyes {
        Eyes::Window => algorithm,
        Eyes::Sequence => {
            let steps = books::intraday::BARS;
            algorithm.bodied(&Body::Gru { steps, units: UNITS, hidden: Vec::new() })
        }
    })
}

fn refuse<T>(what: impl Into<String>) -> Result<T, Error> {
    Err(Error::SetAgents { what: what.into() })
}
