//! Models of any family on rows of any origin: train, tune, evaluate, explain.
//!
//! Rows come from a file or from an answer in SQL ([`rows`]). The latest share of them is held out
//! and nothing here looks at it but [`judging::open_held_out`], once, on record. What is told of a
//! model before that comes from walking forward through the rest. Training leaves checkpoints; run
//! again, the same job goes on from the last one ([`fitting`]).

pub mod chances;
pub mod disagreement;
pub mod explaining;
pub mod fitting;
pub mod judging;
pub mod keeping;
pub mod rows;
pub mod tuning;

use std::sync::atomic::Ordering;

use base::bootstrap::Plan;
use base::{Day, Seed};
use learn::Samples;
use learn::trees::Flow;

use crate::{Error, Progress};

pub use chances::Chances;
pub use disagreement::Disagreement;
pub use explaining::{Explained, explain};
pub use fitting::{Job, Outcome, Ports, Shelf, train};
pub use judging::{Judged, evaluate, open_held_out};
pub use keeping::{AnyModel, Card, Kept, Origin};
pub use rows::{Labelled, Roles, Source, TargetKind, Texts};
pub use tuning::{Search, tune};

/// [`Flow::Stop`] once the work shall end.
pub(crate) fn flow(progress: &dyn Progress) -> Flow {
    match progress.stop().load(Ordering::Relaxed) {
        true => Flow::Stop,
        false => Flow::Go,
    }
}

/// Work in a room without a way to say that it was stopped says so in its own words.
pub(crate) fn unless_stopped(fault: learn::Error) -> Error {
    match fault {
        learn::Error::Stopped { .. } => Error::Stopped,
        fault => fault.into(),
    }
}

/// Fewest calendar quarters that make blocks of quarters worth drawing.
const QUARTERS: usize = 6;

/// How rows are drawn for intervals: neighbours in time share their market, so that they are drawn
/// together, by calendar quarters where there are enough, otherwise by twentieths of the rows.
/// Rows without a time are drawn one by one.
pub(crate) fn blocks(samples: &Samples, timed: bool, seed: Seed) -> Plan {
    if !timed {
        return Plan::independent(seed);
    }
    let days = || samples.panel().keys().iter().map(|key| key.at.utc_day());
    let mut quarters: Vec<_> = days().map(Day::quarter).collect();
    quarters.sort_unstable();
    quarters.dedup();
    match quarters.len() >= QUARTERS {
        true => Plan::quarters(seed, days()),
        false => Plan::blocks(seed, (samples.len() as f64 / 20.0).max(1.0)),
    }
}
