//! What must lie in the account for positions in options on one underlying.
//!
//! Two methods: [`rules::required`] after the strategy-based rules of the exchanges of the United
//! States, and [`scan::required`], the largest loss over a range of prices. House rules of a
//! broker ask for more, never for less.

mod assignment;
pub mod rules;
pub mod scan;
#[cfg(test)]
mod tests;

pub use rules::{Class, Cover, Group, Requirement, Stage, Underlying};
pub use scan::{Range, Scan};
