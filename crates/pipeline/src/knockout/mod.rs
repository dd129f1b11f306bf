//! Knock-out certificates from the command line: one quoted, one chosen from a ladder of barriers,
//! and the life of those that a stated rule buys on bars of an index.
//!
//! What they are worth is said by [`pricing::knockout`], what happens to them by
//! [`sim::knockout`]; here a person's words become their settings, and their answers tables and
//! pages.
//!
//! Start reading at [`quote`](fn@quote), then [`ladder`], then [`life`].

pub mod ladder;
pub mod life;
mod offer;
mod quote;
#[cfg(test)]
mod tests;
mod view;

pub use offer::{Asked, Kind, Level, Offer};
pub use quote::{Financed, Quoted, quote};
pub use view::{Cases, Gaps, View};

use crate::Error;

/// Paths below which an interval is too wide to be of use.
const FEWEST_PATHS: usize = 100;
/// Paths above which a table would not fit into memory.
const MOST_PATHS: usize = 1_000_000;

fn refuse<T>(what: impl Into<String>) -> Result<T, Error> {
    Err(Error::SetKnockOut { what: what.into() })
}

fn check_paths(paths: usize) -> Result<(), Error> {
    match (FEWEST_PATHS..=MOST_PATHS).contains(&paths) {
        true => Ok(()),
        false => refuse(format!("{paths} paths; give {FEWEST_PATHS} to {MOST_PATHS} by --paths")),
    }
}

/// A share of so many paths as an interval that does not leave 0..=1.
fn share(estimate: pricing::knockout::Estimate, paths: usize) -> base::Interval {
    let value = estimate.mean;
    let wins = (value * paths as f64).round() as usize;
    let (low, high) = base::stats::wilson(wins, paths, 0.95);
    base::Interval { value, low, high, level: 0.95 }
}
