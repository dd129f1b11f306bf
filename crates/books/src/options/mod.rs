//! Trading options by agents: structures on several underlyings, with Greeks in the state.
//!
//! An agent sees, of each underlying, how it moves, what its options imply, and the Greeks of
//! what is held; it chooses one thing to do: nothing, or on one underlying to close all, to enter
//! one of a few structures, or to trade shares until the delta is 0. What it chooses fills on the
//! quotes that it saw, at bid and ask, by the rules of [`sim::options`]; a refusal leaves things
//! as they were. Then the next moment comes: options may expire, be exercised or assigned, and
//! the account is valued at what closing would bring.
//!
//! The reward of a step is the change of equity, in parts of the cash at the start, times a
//! scale. Spreads and fees are in it, because a purchase at the ask is valued at the bid at once;
//! the rewards of an episode sum to what its account earned.
//!
//! Start reading at [`OptionEnv`]; what is seen is in [`view`].

mod env;
mod frame;
#[cfg(test)]
mod tests;
pub mod view;

pub use env::{OptionEnv, OptionEnvConfig, Seat};
