//! Recordings of Binance: each line the local receive time in nanoseconds, a blank, and the JSON
//! as it came. Spot, USD-M and COIN-M alike.
//!
//! Differences of depth are applied after the exchange's rule ("How to manage a local order book
//! correctly", developers.binance.com): what lies before a snapshot is dropped, the first event
//! after it must cover it, and each later one must continue its predecessor: on futures `pu` is
//! the `u` before, on spot `U` is one more than that. What does not continue is a gap, and the
//! book waits for the next snapshot.

mod line;
mod reader;
mod scan;
mod sync;

pub use reader::{BestQuotes, Options, Reader, Start};
