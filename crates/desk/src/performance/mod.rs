//! From a journal to figures: trades, equity curve, and what they amount to, with intervals.
//!
//! *Gross* is before fees; slippage is in the fill prices already. Run at zero costs for a figure
//! before all costs. R is a trade's profit over its original risk in money.

mod curve;
mod summary;
mod trades;

pub use curve::{DayEquity, Month, daily_returns, equity_curve, monthly};
pub use summary::{Summary, summary};
pub use trades::{Trade, TradeFill, trades};
