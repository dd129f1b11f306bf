//! Search for settings: TPE, random and grid, with pruning, in parallel, resumable.
//!
//! A [`Study`] is a pure function of its finished trials: the next batch of proposals depends on
//! the trials of earlier batches and on the seed, on nothing else. So an interrupted study goes
//! on from its log as if nothing had happened, and the number of threads changes nothing.

mod parzen;
mod space;
mod study;
mod tpe;
mod trial;

pub use space::{Domain, Params, Space, Value};
pub use study::{Method, Objective, Outcome, Ports, Pruning, Run, Study, best};
pub use tpe::TpePlan;
pub use trial::{Progress, Silent, State, Trial, TrialLog, TrialMemory};
