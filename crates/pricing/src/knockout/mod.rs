//! Knock-out certificates (turbos, mini futures) on an index: what they are worth, how they grow,
//! how likely they die, and which barrier suits a forecast.
//!
//! A certificate is the distance of the index from a strike, the *financing level*, times a
//! ratio. A touch of its barrier kills it. The issuer lends the holder the strike: each night the
//! strike moves by the interest on it, towards the index for a long and, under usual rates, more
//! slowly for a short. With the strike moves the barrier ([`BarrierRule`]).
//!
//! [`Turbo::knock_out_probability`] is the closed form for a price that only diffuses and a
//! barrier that is always watched. Overnight gaps over a barrier that nobody watches, and jumps,
//! are in [`Paths`], by simulation: exact between the openings and closings it draws, because the
//! lowest and highest price within a session are drawn from the law of the Brownian bridge.
//! [`choose`] weighs candidates on the same paths.
//!
//! Start reading at [`Turbo`], then [`Paths`], then [`choose`](fn@choose).

mod chance;
mod choose;
mod paths;
#[cfg(test)]
mod tests;
mod turbo;

pub use chance::Horizon;
pub use choose::{Bet, Choice, Judged, Utility, choose, choose_within};
pub use paths::{Estimate, Forecast, Leg, Move, Night, Paths};
pub use turbo::{BarrierRule, Financing, MonthTurn, Quote, Terms, Turbo};
