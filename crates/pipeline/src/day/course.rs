//! Which of the ten steps are walked: all that are not done, from one on, one alone, without some.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use base::Day;
use store::{StepRecord, StepState, Store};

use super::Walk;
use crate::Error;

/// A step of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The data are there, their version is on record.
    Download,
    /// Setups of the last session, with their features.
    Features,
    /// Setups become signals.
    Scan,
    /// Models say what they think of them.
    Score,
    /// Signals become intents, or refusals.
    Plan,
    /// A person, or the rule for unattended mode, decides.
    Approve,
    /// Approved intents become orders.
    Execute,
    /// The session's bars: fills, stops, targets.
    Manage,
    /// The broker's account against ours.
    Reconcile,
    /// The page.
    Report,
}

impl Step {
    /// All steps, in their order.
    pub const ALL: [Step; 10] = [
        Step::Download,
        Step::Features,
        Step::Scan,
        Step::Score,
        Step::Plan,
        Step::Approve,
        Step::Execute,
        Step::Manage,
        Step::Reconcile,
        Step::Report,
    ];

    /// Its name, as on record.
    pub const fn name(self) -> &'static str {
        match self {
            Step::Download => "download",
            Step::Features => "features",
            Step::Scan => "scan",
            Step::Score => "score",
            Step::Plan => "plan",
            Step::Approve => "approve",
            Step::Execute => "execute",
            Step::Manage => "manage",
            Step::Reconcile => "reconcile",
            Step::Report => "report",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Step {
    type Err = Error;

    fn from_str(text: &str) -> Result<Step, Error> {
        let found = Step::ALL.into_iter().find(|step| step.name() == text);
        found.ok_or_else(|| Error::ReadStep { text: text.to_owned() })
    }
}

/// Which steps are walked. By default: all that are not done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Course {
    /// Run again from this step on, though it is done. What was sent stays sent.
    pub from: Option<Step>,
    /// Run this step alone, though it is done.
    pub only: Option<Step>,
    /// Pass over these.
    pub skip: BTreeSet<Step>,
}

impl Course {
    /// True where a step is on this course.
    pub(crate) fn holds(&self, step: Step) -> bool {
        self.only.is_none_or(|only| only == step)
    }

    /// True where a step shall run though it is done.
    fn again(&self, step: Step) -> bool {
        self.only == Some(step) || self.from.is_some_and(|from| step >= from)
    }
}

/// The steps of a day as they stand, in their order.
pub fn records(store: &Store, day: Day, book: &str) -> Result<Vec<StepRecord>, Error> {
    let mut steps = store.read(|tx| tx.steps_of_day(day, book))?;
    steps.sort_by_key(|step| Step::ALL.iter().position(|known| known.name() == step.name));
    Ok(steps)
}

/// Opens again what shall run again, and passes over what shall be passed over.
pub(crate) fn prepare(walk: &Walk<'_>) -> Result<(), Error> {
    let course = &walk.request.course;
    let done = walk.records()?;
    let state = |step: Step| {
        done.iter().find(|record| record.name == step.name()).map(|record| record.state)
    };
    if let Some(only) = course.only {
        let over = |step: &Step| {
            state(*step).is_some_and(StepState::is_over) || course.skip.contains(step)
        };
        let earlier = Step::ALL.into_iter().filter(|step| *step < only);
        if let Some(missing) = earlier.into_iter().find(|step| !over(step)) {
            return Err(Error::RunStep { step: only, missing });
        }
    }
    let changed = changed(walk, &done)?;
    let again = |step: Step| course.again(step) || changed.is_some_and(|first| step >= first);
    walk.store.transaction("breakout.course", |tx| {
        for step in Step::ALL {
            if course.skip.contains(&step) {
                if state(step) == Some(StepState::Done) {
                    tx.reopen_step(&walk.key(step.name()))?;
                }
                tx.skip_step(&walk.key(step.name()), "passed over, as asked")?;
            } else if again(step) && state(step).is_some() {
                tx.reopen_step(&walk.key(step.name()))?;
            }
        }
        Ok(())
    })
}

/// The first step that is done with other settings than today's. Before anything is planned it
/// runs again by itself; after that a person has to say so.
fn changed(walk: &Walk<'_>, done: &[StepRecord]) -> Result<Option<Step>, Error> {
    let course = &walk.request.course;
    let inputs = walk.inputs();
    let finished: Vec<Step> = done
        .iter()
        .filter(|record| record.state == StepState::Done)
        .filter(|record| record.input_digest != inputs)
        .filter_map(|record| record.name.parse().ok())
        .collect();
    let Some(first) = finished.iter().copied().find(|step| !course.again(*step)) else {
        return Ok(None);
    };
    let planned = finished.iter().any(|step| *step >= Step::Plan && !course.again(*step));
    if planned {
        return Err(Error::ChangeSettings { day: walk.request.session, step: first });
    }
    Ok(Some(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_is_read_by_its_name_and_another_word_names_them_all() {
        for step in Step::ALL {
            assert_eq!(step.name().parse::<Step>().unwrap(), step);
        }
        let told = "plna".parse::<Step>().unwrap_err().to_string();
        assert!(told.contains("plna") && told.contains("download, features"), "{told}");
    }
}
