//! Runs: which command ran when, with which inputs, and how it ended.

use base::Ts;
use serde_json::Value as Json;

use crate::record::{record, words};
use crate::{Error, Tx, Written};

words! {
    /// How a run stands.
    RunState {
        /// Under way, or its process died.
        Running = "running",
        /// It ended well.
        Done = "done",
        /// It ended with an error.
        Failed = "failed",
        /// A person stopped it; it can be resumed.
        Interrupted = "interrupted",
    }
}

record! {
    /// One command that ran.
    Run in "runs" by [id] {
        /// Its name, unique.
        id: String,
        /// The command, for example `day` or `train`.
        kind: String,
        /// How it stands.
        state: RunState,
        /// When it began.
        started: Ts,
        /// When it ended.
        finished: Option<Ts>,
        /// Digest of the settings it ran with.
        config_digest: String,
        /// Version of the data it read.
        data_version: String,
        /// Revision of the code it ran.
        code_revision: String,
        /// The seed of all its randomness.
        seed: u64,
        /// Its arguments.
        args: Json,
        /// Why it failed.
        error: Option<String>,
    }
}

impl Tx<'_> {
    /// Writes down that a run began.
    pub fn start_run(&self, run: &Run) -> Result<Written, Error> {
        self.insert_once(run)
    }

    /// Writes down how a run ended; `error` says why it failed.
    pub fn finish_run(&self, id: &str, state: RunState, error: Option<&str>) -> Result<(), Error> {
        let mut run: Run = self.hold(vec![id.into()])?;
        run.state = state;
        run.finished = Some(self.now());
        run.error = error.map(str::to_owned);
        self.put(&run)
    }

    /// The run of this name.
    pub fn run_by_id(&self, id: &str) -> Result<Option<Run>, Error> {
        self.find(vec![id.into()])
    }

    /// The latest runs, newest first.
    pub fn latest_runs(&self, limit: u32) -> Result<Vec<Run>, Error> {
        self.select("order by started desc, id limit $1", vec![i64::from(limit).into()])
    }
}
