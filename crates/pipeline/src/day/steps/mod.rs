//! The ten steps. Each is recorded as done in the same transaction as what it wrote; run again, it
//! changes nothing that it has not found changed.

pub(crate) mod look;
pub(crate) mod plan;
pub(crate) mod send;
pub(crate) mod session;
pub(crate) mod settle;

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
        Step::Manage => {
            if !session::manage(walk, &walk.session)? {
                return Ok(Ended::Paused(Pause::Bars));
            }
        }
        Step::Reconcile => settle::reconcile(walk, &walk.session)?,
        Step::Report => return settle::report(walk),
    }
    Ok(Ended::Over)
}
