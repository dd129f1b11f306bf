//! Parent orders worked through a recorded order book, and what that cost.
//!
//! A [`desk::execution::Worker`] decides on what it has heard; its children go to the
//! [`sim::replay::Replay`] of the recording, where they take what is shown, queue, and leave a
//! footprint; [`desk::tca`] looks back at what was done. Orders of all paces are worked over the
//! same stretches of time, so that paces can be compared order by order.
//!
//! Start reading at [`execute`], then `floor`.

mod assumed;
mod floor;
mod outcome;
pub mod page;
mod seen;
mod settings;

pub use outcome::{Outcome, Run, Worked, execute};
pub use seen::{Facts, Market};
pub use settings::{Limit, PaceChoice, Posture, Risk, Settings, Sides, Slot};

#[cfg(test)]
mod tests;
