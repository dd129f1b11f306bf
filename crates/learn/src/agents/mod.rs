//! Agents that learn by acting: PPO, A2C, REINFORCE and DQN, one file each.
//!
//! An [`Env`] is one environment; [`Vectorised`] steps many copies as one. An [`Agent`] acts in
//! them and learns; [`train`] runs it, [`evaluate`] measures it, [`Agent::save`] stores it with
//! its environments, and `resume` goes on bit for bit; [`acting`] reads it to act alone.
//! [`Ensemble`] lets several vote; an [`Algorithm`] is a kind of agent with its settings as data.
//!
//! No generator is carried along: each draw has its own node of the tree of randomness, named by
//! the update or the step, so the place in the stream is a pair of counts. Policy and value
//! network are separate; where there are two threads each is trained on its own, and the result
//! is that of one thread, bit for bit.
//!
//! Start reading at [`env`](mod@env), then [`ppo`], the whole of an algorithm in one file.

pub mod a2c;
mod actor_critic;
mod agent;
pub mod algorithm;
mod alone;
mod checkpoint;
mod distribution;
pub mod dqn;
mod dueling;
pub mod ensemble;
pub mod env;
pub mod example;
mod history;
mod network;
mod normalise;
pub mod ppo;
pub mod reinforce;
mod replay;
mod rollout;
mod vectorised;

pub use a2c::{A2c, A2cConfig};
pub use actor_critic::Minds;
pub use agent::{Acting, Agent, Flow, Progress, evaluate, train};
pub use algorithm::Algorithm;
pub use alone::acting;
pub use checkpoint::Archive;
pub use distribution::Choosing;
pub use dqn::{Dqn, DqnConfig};
pub use ensemble::Ensemble;
pub use env::{Action, Actions, End, Env, Step};
pub use history::History;
pub use network::Body;
pub use normalise::Scaling;
pub use ppo::{Ppo, PpoConfig};
pub use reinforce::{Reinforce, ReinforceConfig};
pub use replay::Priorities;
pub use vectorised::{Episode, Sight, VecEnv, Vectorised};
