//! Trading knock-out certificates on an index by candles: the environment in which an agent
//! learns direction and barrier together.
//!
//! An agent sees thirty candles, the hour and what it holds; it chooses FLAT, or LONG or SHORT at
//! one of a few distances of the barrier. What it chooses at the end of a candle is an order with
//! a fixed number of pieces for a certificate offered at that close, and is filled at the next
//! opening by [`sim::knockout::IssuerRules`], at the issuer's quote and within its hours; what is
//! not filled then lapses. Choosing what one holds keeps it. Nights move strike and barrier. A
//! stop-loss rests from the candle after the purchase. A touch pays what is left, and the episode
//! ends or goes on flat, as [`AfterKnockOut`] says. The reward is the change of equity, marked at
//! the bid, as a part of the starting capital.
//!
//! The exchange itself is not stepped: it keeps orders, evidence and records that an agent never
//! sees. The rules are its own, and a test holds the equity to it cent by cent.
//!
//! Start reading at [`KnockOutEnv`].

mod env;
mod scene;
#[cfg(test)]
mod tests;
mod trade;
mod view;

pub use env::{AfterKnockOut, Costs, KnockOutEnv, KnockOutEnvConfig};
pub use trade::{Holding, Outcome, Stand};
pub use view::{AROUND, CANDLES, COLUMNS};
