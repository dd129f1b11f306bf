//! The rally, base and breakout pattern.

pub mod setup;
