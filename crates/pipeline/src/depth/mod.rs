//! Recorded order books: a market maker replayed in one, and the page about it.

pub mod maker;
pub mod page;
pub mod replay;

pub use maker::Maker;
pub use replay::{Mark, MarkOut, Outcome, replay};
