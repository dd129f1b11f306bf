//! Recorded order books: what is in one, a market maker replayed in it, and the page about it.

pub mod maker;
pub mod page;
pub mod recording;
pub mod replay;
pub mod words;

pub use maker::Maker;
pub use recording::{Look, Recorded, Shows, read};
pub use replay::{Mark, MarkOut, Outcome, replay};
