//! Search for settings: TPE, Gaussian process, genetic, random and grid, with pruning, in
//! parallel, resumable, by one process or several.
//!
//! A [`Study`] is a pure function of its finished trials: the next batch of proposals depends on
//! the trials of earlier batches and on the seed, on nothing else. So an interrupted study goes
//! on from its log as if nothing had happened, the number of threads changes nothing, and several
//! processes on one study ([`Sharing`]) come to the same trials as one.
//!
//! Start reading at [`Study`], then `drive` for how it runs, then the method: `tpe`, `gp`,
//! `genetic`.

mod drive;
pub mod example;
mod front;
mod genetic;
mod gp;
mod lattice;
mod layout;
mod parzen;
mod pruning;
mod run;
mod space;
mod spread;
mod study;
mod tpe;
mod trial;

pub use drive::Ports;
pub use front::{front, hypervolume};
pub use genetic::GeneticPlan;
pub use gp::GpPlan;
pub use pruning::Pruning;
pub use run::{Objective, Outcome, Run};
pub use space::{Domain, Params, Space, Value};
pub use study::{Method, Study, best};
pub use tpe::TpePlan;
pub use trial::{Claim, Progress, Sharing, Silent, State, Trial, TrialLog, TrialMemory};
