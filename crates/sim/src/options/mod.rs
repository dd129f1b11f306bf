//! An exchange for options: orders by leg or as combinations, against recorded quotes.
//!
//! A purchase pays the ask and a sale gets the bid. Each fill names the quote that it rests on,
//! its age and its rule. A quote that is stale, crossed, locked, one-sided, without a bid, or
//! below what exercise is worth is refused and counted with its reason; it is never repaired.
//! Nothing fills at mid unless [`FillAt::Mid`] says so, which is not the default.
//!
//! The account is exact: `equity = cash + positions` and
//! `equity = start + realised + unrealised + dividends − fees` hold after every event. Positions
//! are valued at what closing them would bring: the bid of what is held, the ask of what is owed.
//!
//! Start reading at [`OptionExchange`], then [`life`], then [`backtest`](mod@backtest).

mod account;
pub mod backtest;
mod board;
mod exchange;
mod execute;
mod fees;
pub mod life;
mod margin;
mod measure;
mod order;
mod plan;
mod quote;
pub mod select;
pub mod synthetic;
#[cfg(test)]
mod tests;

pub use account::{Account, Holding};
pub use board::Board;
pub use exchange::{OptionExchange, OptionExchangeConfig, Outcome, Tally};
pub use execute::{FillAt, FillBasis, OptionFill, QuoteEvidence, Rules, execute};
pub use fees::{OptionFees, Premium};
pub use life::{EarlyAssignment, Happened, LifeEvent};
pub use margin::MarginRule;
pub use measure::{Assumed, Measured, measure};
pub use order::{Asset, Combo, ComboId, ComboKind, ComboTif, Leg};
pub use quote::{Arrival, OneSided, QuoteRules, Refusal, Spot, Trades, trading_ends, vet};
