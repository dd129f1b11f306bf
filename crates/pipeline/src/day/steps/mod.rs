//! The ten steps. Each is recorded as done in the same transaction as what it wrote; run again, it
//! changes nothing that it has not found changed.

pub(crate) mod live;
pub(crate) mod look;
mod phases;
pub(crate) mod plan;
pub(crate) mod send;
pub(crate) mod session;
pub(crate) mod settle;
mod splits;
mod spreads;

use super::{Ended, Pause, Step, Walk};
use crate::Error;

/// Runs one step, unless it is done or passed over.
pub(crate) fn run(walk: &Walk<'_>, step: Step) -> Result<Ended, Error> {
    match step {
        Step::Download => look::download(walk)?,
        Step::Features => look::features(walk)?,
        Step::Scan => look::scan(walk)?,
        Step::Score => look::score(walk)?,
        Step::Plan => plan::plan(walk)?,
        Step::Approve => return send::approve(walk),
        Step::Execute => send::execute(walk)?,
        Step::Manage if walk.outside.is_some() => {
            walk.with_outside(|outside| live::manage(walk, outside, &walk.session))?;
        }
        Step::Manage => {
            if !session::manage(walk, &walk.session)? {
                return Ok(Ended::Paused(Pause::Bars));
            }
        }
        // The account was compared all along; what differed is on record.
        Step::Reconcile if walk.outside.is_some() => {
            walk.store.step(&walk.key("reconcile"), &walk.inputs(), |_| Ok::<usize, Error>(0))?;
        }
        Step::Reconcile => settle::reconcile(walk, &walk.session)?,
        Step::Report => return settle::report(walk),
    }
    Ok(Ended::Over)
}
