//! Options: one contract, a strategy, a recorded chain, a plan over recorded quotes.
//!
//! Start reading at [`price`], then [`payoff`]; [`recorded`] reads files for [`chain`] and
//! [`backtest`].

pub mod backtest;
pub mod backtest_page;
pub mod chain;
pub mod chain_page;
mod closes;
pub mod fit;
pub mod moments;
pub mod payoff;
pub mod payoff_page;
pub mod price;
pub mod recorded;
pub mod spot;
#[cfg(test)]
mod tests;
pub mod words;
