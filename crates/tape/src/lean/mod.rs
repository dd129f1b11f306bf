//! Ticks as the LEAN engine stores them: best quotes of single exchanges, one side or both a
//! row, and trades. Text in a zip archive for each day, or Parquet.
//!
//! Text: milliseconds after midnight in New York, then for quotes bid × 10,000, bid size, ask ×
//! 10,000, ask size, exchange, condition, suspicious; for trades price × 10,000, size, exchange,
//! condition, suspicious (QuantConnect/Lean, Data/equity/readme.md). Rows marked suspicious by
//! their source are left out and counted.
//!
//! What a row means is the caller's to say ([`Quotes`]): the engine's own sample data hold
//! only quotes that were the best of all exchanges when they were sent, so the last row of a side
//! is the national best; kept as each exchange's standing quote they would cross nearly always,
//! for nothing says when a quote was withdrawn. A trade does not say which side rested.

mod national;
mod reader;
mod row;

pub use national::{Exchange, National, Quote};
pub use reader::{Options, Quotes, Reader, read_zip};
pub use row::day_of;
