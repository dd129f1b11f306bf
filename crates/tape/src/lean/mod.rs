//! Ticks as the LEAN engine stores them: best quotes of single exchanges, one side or both a
//! row, and trades. Text in a zip archive for each day, or Parquet.
//!
//! Text: milliseconds after midnight in New York, then for quotes bid × 10,000, bid size, ask ×
//! 10,000, ask size, exchange, condition, suspicious; for trades price × 10,000, size, exchange,
//! condition, suspicious (QuantConnect/Lean, Data/equity/readme.md). Rows marked suspicious by
//! their source are left out and counted.
//!
//! The best of all exchanges is made here ([`National`]): each exchange's last quote stands until
//! it is replaced, withdrawn or the day ends. A trade does not say which side rested.

mod national;
mod reader;
mod row;

pub use national::{Exchange, National, Quote};
pub use reader::{Options, Reader, read_zip};
pub use row::day_of;
