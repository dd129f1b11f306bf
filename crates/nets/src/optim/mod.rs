//! Optimisers: one loop over all weights, schedules, clipping, early stopping.

pub mod descent;
pub mod schedule;
pub mod stopping;

pub use descent::{Descent, Optimiser, clip};
pub use schedule::Schedule;
pub use stopping::{Stopping, Verdict};
