//! Parent orders worked over time: pace, children, limits.
//!
//! A [`Parent`] says what and within which limits; a [`Worker`] is told quotes, trades, the time
//! and the broker's answers, and answers with children to send and to take back. It has no clock
//! and draws nothing, so the same story gives the same children. Sizes are whole lots and prices
//! whole ticks of a [`market::depth::Grid`].
//!
//! Start reading at [`Parent`], then [`Worker::on`].

mod almgren_chriss;
mod parent;
mod volume;
mod worker;

pub use almgren_chriss::{AlmgrenChriss, FrontierPoint, Trajectory};
pub use parent::{Bounds, Pace, Parent, Style, TapeOf};
pub use volume::VolumeProfile;
pub use worker::{Answer, ChildOrder, Posture, Progress, Told, Wish, Worker};

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
