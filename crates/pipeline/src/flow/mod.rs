//! The flow of orders behind a recorded book: models of it, how good they are, and recordings
//! made with them.
//!
//! A recording is watched once ([`observe`]); from what was seen a zero-intelligence flow, a
//! Hawkes flow and the numbers of a crowd are fitted ([`fit`](fn@fit)) and kept as a [`FlowFile`].
//! [`judge`] puts the stylised facts of the recording and of the simulated flows side by side;
//! [`make`] writes a recording of a made market.
//!
//! Start reading at [`observe`], then [`fit`](fn@fit), then [`FlowFile`].

mod as_levels;
mod crowd;
mod curves;
mod facts;
mod file;
mod fit;
mod fit_page;
mod held_out;
mod make;
mod page;
mod seen;
#[cfg(test)]
mod tests;

pub use crowd::{CrowdNumbers, FlowChoice, PlainMarket};
pub use facts::{Bucket, FactsRun, Judged, Outcome, judge};
pub use file::{FlowFile, Kept, Source};
pub use fit::{FitSettings, Fitted, HawkesFound, fit};
pub use fit_page::fit_page;
pub use held_out::HeldOut;
pub use make::{Made, Making, make};
pub use page::facts_page;
pub use seen::{Observation, Watching, observe};
