//! The steps of a day: each happens once, whatever crashes in between.
//!
//! A step is recorded as done in the same transaction as what it wrote. Run again, a step that is
//! done gives back its recorded output without running; one that was cut off left nothing.

use base::{Day, Ts};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::record::{record, words, write_json};
use crate::{Error, Store, Tx};

words! {
    /// How a step stands.
    StepState {
        /// To be run.
        Pending = "pending",
        /// Under way, or its process died.
        Running = "running",
        /// It ended well; its output is recorded.
        Done = "done",
        /// It ended with an error.
        Failed = "failed",
        /// A person or a rule passed over it.
        Skipped = "skipped",
    }
}

/// Which step of which day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StepKey {
    /// The trading day.
    pub day: Day,
    /// The book whose day it is.
    pub book: String,
    /// The name of the step.
    pub name: String,
}

impl StepState {
    /// True where the step will not run again by itself.
    pub const fn is_over(self) -> bool {
        matches!(self, StepState::Done | StepState::Skipped)
    }
}

impl StepKey {
    /// The step of this name.
    pub fn new(day: Day, book: &str, name: &str) -> StepKey {
        StepKey { day, book: book.to_owned(), name: name.to_owned() }
    }

    fn values(&self) -> Vec<sea_orm::Value> {
        vec![self.day.to_string().into(), self.book.as_str().into(), self.name.as_str().into()]
    }

    fn label(&self) -> String {
        format!("{}.{}", self.book, self.name)
    }
}

record! {
    /// What is known of a step.
    StepRecord in "steps" by [day, book, name] {
        /// The trading day.
        day: Day,
        /// The book whose day it is.
        book: String,
        /// The name of the step.
        name: String,
        /// How it stands.
        state: StepState,
        /// Digest of what it read.
        input_digest: String,
        /// When it last began.
        started: Option<Ts>,
        /// When it last ended.
        finished: Option<Ts>,
        /// What it gave; null unless done.
        output: Json,
        /// Why it failed or was skipped.
        error: Option<String>,
    }
}

/// What came of asking for a step.
#[derive(Debug, Clone, PartialEq)]
pub enum StepOutcome<T> {
    /// It ran now.
    Ran(T),
    /// It had run before; this is what it gave then.
    Recorded(T),
    /// It had been skipped.
    Skipped,
}

impl<T> StepOutcome<T> {
    /// What the step gave, now or before.
    pub fn output(self) -> Option<T> {
        match self {
            StepOutcome::Ran(output) | StepOutcome::Recorded(output) => Some(output),
            StepOutcome::Skipped => None,
        }
    }
}

impl Store {
    /// Runs a step in one transaction, or gives back what it gave when it ran before.
    pub fn step<T, E>(
        &self,
        key: &StepKey,
        input_digest: &str,
        body: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<StepOutcome<T>, E>
    where
        T: Serialize + DeserializeOwned,
        E: From<Error> + std::fmt::Display,
    {
        self.prepared_step(key, input_digest, || Ok(()), |tx, ()| body(tx))
    }

    /// Like [`Store::step`], with long work done first, outside the transaction, so that others
    /// can write meanwhile. `prepare` must change nothing that a second run would not change
    /// again; `record` writes what it found.
    pub fn prepared_step<P, T, E>(
        &self,
        key: &StepKey,
        input_digest: &str,
        prepare: impl FnOnce() -> Result<P, E>,
        record: impl FnOnce(&Tx<'_>, P) -> Result<T, E>,
    ) -> Result<StepOutcome<T>, E>
    where
        T: Serialize + DeserializeOwned,
        E: From<Error> + std::fmt::Display,
    {
        let start = format!("{}.start", key.label());
        let earlier: Option<StepOutcome<T>> =
            self.transaction(&start, |tx| tx.begin_step(key, input_digest))?;
        if let Some(outcome) = earlier {
            return Ok(outcome);
        }
        let ended = prepare()
            .and_then(|found| self.transaction(&key.label(), |tx| finish(tx, key, found, record)));
        if let Err(error) = &ended {
            let why = error.to_string();
            let label = format!("{}.failed", key.label());
            if let Err(second) = self.transaction(&label, |tx| tx.fail_step(key, &why)) {
                // The first error is the one to tell; the step stays marked as running.
                tracing::warn!(step = key.label(), %second, "record that a step failed");
            }
        }
        ended
    }
}

fn finish<P, T, E>(
    tx: &Tx<'_>,
    key: &StepKey,
    found: P,
    record: impl FnOnce(&Tx<'_>, P) -> Result<T, E>,
) -> Result<StepOutcome<T>, E>
where
    T: Serialize + DeserializeOwned,
    E: From<Error>,
{
    // Another process may have done it between our start and now: held, the row tells.
    let mut step: StepRecord = tx.hold(key.values())?;
    if let Some(outcome) = outcome_of(&step)? {
        return Ok(outcome);
    }
    let output = record(tx, found)?;
    let text = write_json(&output, "the output of a step")?;
    step.output = serde_json::from_str(&text)
        .map_err(|source| Error::WriteJson { what: "the output of a step", source })?;
    step.state = StepState::Done;
    step.finished = Some(tx.now());
    step.error = None;
    tx.put(&step)?;
    Ok(StepOutcome::Ran(output))
}

fn outcome_of<T: DeserializeOwned>(step: &StepRecord) -> Result<Option<StepOutcome<T>>, Error> {
    match step.state {
        StepState::Done => {
            let read = T::deserialize(&step.output);
            let output = read.map_err(|fault| Error::ReadColumn {
                table: "steps",
                column: "output",
                fault: format!("of step {}: {fault}", step.name),
            })?;
            Ok(Some(StepOutcome::Recorded(output)))
        }
        StepState::Skipped => Ok(Some(StepOutcome::Skipped)),
        StepState::Pending | StepState::Running | StepState::Failed => Ok(None),
    }
}

impl Tx<'_> {
    fn begin_step<T, E>(
        &self,
        key: &StepKey,
        input_digest: &str,
    ) -> Result<Option<StepOutcome<T>>, E>
    where
        T: DeserializeOwned,
        E: From<Error>,
    {
        let earlier: Option<StepRecord> = self.find(key.values())?;
        if let Some(step) = &earlier
            && let Some(outcome) = outcome_of(step)?
        {
            return Ok(Some(outcome));
        }
        let mut step = empty(key);
        step.state = StepState::Running;
        step.input_digest = input_digest.to_owned();
        step.started = Some(self.now());
        self.put_unless_done(&step)?;
        Ok(None)
    }

    /// Two processes may begin at once; the slower must not undo what the faster has finished.
    fn put_unless_done(&self, step: &StepRecord) -> Result<(), Error> {
        self.put_where(step, "steps.state not in ('done', 'skipped')")?;
        Ok(())
    }

    fn fail_step(&self, key: &StepKey, why: &str) -> Result<(), Error> {
        let mut step: StepRecord = self.hold(key.values())?;
        if step.state != StepState::Running {
            return Ok(());
        }
        step.state = StepState::Failed;
        step.finished = Some(self.now());
        step.error = Some(why.to_owned());
        self.put(&step)
    }

    /// What is known of a step.
    pub fn step_record(&self, key: &StepKey) -> Result<Option<StepRecord>, Error> {
        self.find(key.values())
    }

    /// What is known of all steps of a book's day, in order of name.
    pub fn steps_of_day(&self, day: Day, book: &str) -> Result<Vec<StepRecord>, Error> {
        let values = vec![day.to_string().into(), book.into()];
        self.select("where day = $1 and book = $2 order by name", values)
    }

    /// What is known of one step of all days of a book, in order of day.
    pub fn steps_named(&self, book: &str, name: &str) -> Result<Vec<StepRecord>, Error> {
        self.select("where book = $1 and name = $2 order by day", vec![book.into(), name.into()])
    }

    /// Passes over a step; a step that is done stays done.
    pub fn skip_step(&self, key: &StepKey, why: &str) -> Result<(), Error> {
        let mut step = self.find(key.values())?.unwrap_or_else(|| empty(key));
        match step.state {
            StepState::Skipped => return Ok(()),
            StepState::Done => return Err(wrong_move(key, StepState::Done, StepState::Skipped)),
            StepState::Pending | StepState::Running | StepState::Failed => {}
        }
        step.state = StepState::Skipped;
        step.finished = Some(self.now());
        step.error = Some(why.to_owned());
        self.put_unless_done(&step)
    }

    /// Makes a step run again when it is next asked for, whatever became of it.
    pub fn reopen_step(&self, key: &StepKey) -> Result<(), Error> {
        self.put(&empty(key))
    }
}

fn wrong_move(key: &StepKey, from: StepState, to: StepState) -> Error {
    Error::MoveState {
        table: "steps",
        key: format!("{}/{}/{}", key.day, key.book, key.name),
        from: from.as_str(),
        to: to.as_str(),
    }
}

fn empty(key: &StepKey) -> StepRecord {
    StepRecord {
        day: key.day,
        book: key.book.clone(),
        name: key.name.clone(),
        state: StepState::Pending,
        input_digest: String::new(),
        started: None,
        finished: None,
        output: Json::Null,
        error: None,
    }
}
