//! Trading bars within the day: the environment in which an agent learns when a trade is worth
//! its costs, and a naive twin without them.
//!
//! An agent sees thirty bars and what it holds; it chooses FLAT, LONG or SHORT. What it chooses
//! at the end of a bar is done at the open of the next one: that is the latency of one bar, and
//! the rule by which the engine's exchange fills market orders. The reward of a step is
//!
//! ```text
//! p (open' − close) / close + q (close' − open') / close − |q − p| cost' open' / close
//! ```
//! with p held before, q held after, and primes on the next bar. `cost'` is a part of the price:
//! half the spread and the fee as [`sim::CostModel`] charges them, and `impact / √volume'`. On a
//! bar without volume nothing trades, as on the exchange.
//!
//! The exchange itself is not stepped: it keeps orders, evidence and events that an agent never
//! sees, at a thousand times the price of a step, and it has no slippage by the volume of a bar.
//! The costs are its own, priced once a bar; a test holds totals to its account.
//!
//! Start reading at [`BarEnv`], then [`measure`](mod@measure).

mod costs;
mod env;
pub mod measure;
#[cfg(test)]
mod tests;
mod view;

pub use costs::{Costs, Fee};
pub use env::{Account, BarEnv, BarEnvConfig, Stand};
pub use measure::{Traded, compare, pass};
pub use view::{BARS, COLUMNS};
