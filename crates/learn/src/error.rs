//! What can go wrong in this room.

/// An error of whatever stands behind a port.
pub type PortError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// What can go wrong in this room. The variant names the operation that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting that makes no sense.
    #[error("check setting {name}: {value} {rule}")]
    CheckParams {
        /// The setting.
        name: String,
        /// Its value as given.
        value: f64,
        /// What is allowed.
        rule: &'static str,
    },
    /// A setting that does not exist, or a value that does not fit it.
    #[error("read setting {path}: {what}")]
    ReadSetting {
        /// Names with dots.
        path: String,
        /// What is wrong, and what there is.
        what: String,
    },
    /// Rows, labels, spans or weights that do not fit each other.
    #[error("check samples: {what}")]
    CheckSamples {
        /// What does not fit, and where.
        what: String,
    },
    /// A panel lacks a column that the model was trained on.
    #[error("match columns of the panel with those of the model")]
    MatchColumns {
        /// Which column, and what there is.
        #[source]
        source: base::Error,
    },
    /// Too few rows, or only one class, to do what was asked.
    #[error("split samples: {what}")]
    SplitSamples {
        /// What is wrong and what to change.
        what: String,
    },
    /// Columns that can't be centred and scaled.
    #[error("scale columns: {what}")]
    ScaleColumns {
        /// Which column, which row, and what to do.
        what: String,
    },
    /// A model could not be trained.
    #[error("fit {model}: {what}")]
    Fit {
        /// The model family.
        model: &'static str,
        /// What is wrong with the training rows.
        what: String,
    },
    /// A prediction that is not a probability.
    #[error("predict row {row}")]
    Predict {
        /// The row of the panel.
        row: usize,
        /// The value refused.
        #[source]
        source: base::Error,
    },
    /// A forecast that is no number.
    #[error(
        "predict row {row}: output {output} is {value}; the model's weights ran away, or the row \
         lies far outside what it learned from"
    )]
    Forecast {
        /// The row of the panel.
        row: usize,
        /// Which number of the row, from 0.
        output: usize,
        /// What it is.
        value: f32,
    },
    /// Bytes that are no model of ours.
    #[error("read model: {what}")]
    ReadModel {
        /// Where and what.
        what: String,
    },
    /// The bytes of a model are not those that were hashed.
    #[error("verify model: bytes hash to {found}, the record says {wanted}")]
    VerifyModel {
        /// Digest of the bytes.
        found: String,
        /// Digest on record.
        wanted: String,
    },
    /// A model made elsewhere that refused its bytes or the rows.
    #[error("{what}")]
    UseForeign {
        /// The operation and the model.
        what: String,
        /// The reason given by the room that runs it.
        #[source]
        source: PortError,
    },
    /// A model or record that could not be written as JSON.
    #[error("write {what} as json")]
    WriteJson {
        /// What was to be written.
        what: &'static str,
        /// The reason.
        #[source]
        source: serde_json::Error,
    },
    /// The held-out part was opened before, by another model of the same experiment.
    #[error(
        "open held-out part: experiment {experiment:?} opened it at {at} by {by:?}; a held-out \
         part is opened once per experiment, so start a new experiment and say so in its report"
    )]
    OpenVault {
        /// The experiment.
        experiment: String,
        /// Who opened it.
        by: String,
        /// When.
        at: base::Ts,
    },
    /// A port failed to keep or give back a record.
    #[error("{what}")]
    UseLog {
        /// The operation and the record.
        what: String,
        /// The reason given by the store.
        #[source]
        source: PortError,
    },
    /// Stored trials that this study could not have produced.
    #[error("resume study: {what}; use a new study name or the settings it began with")]
    ResumeStudy {
        /// What differs.
        what: String,
    },
    /// A study whose plan or objective makes no sense.
    #[error("run study {study:?}: {what}")]
    RunStudy {
        /// Name of the study.
        study: String,
        /// What is wrong.
        what: String,
    },
    /// Work ended because it was asked to; what was done is on record.
    #[error("stopped after {done} of {total} {unit}; run again to go on from there")]
    Stopped {
        /// Work done.
        done: usize,
        /// All the work.
        total: usize,
        /// What is counted.
        unit: &'static str,
    },
    /// A search space that can't be searched.
    #[error("build search space: parameter {name:?} {what}")]
    BuildSpace {
        /// The parameter.
        name: String,
        /// What is wrong with it.
        what: String,
    },
    /// A search with no usable trial.
    #[error("search {study}: no trial was completed")]
    Search {
        /// The study.
        study: String,
    },
    /// Scores that can't be calibrated or measured.
    #[error("measure scores: {what}")]
    Measure {
        /// What is wrong.
        what: String,
    },
    /// A network that can't be built, or whose numbers ran away.
    #[error("train network")]
    BuildNetwork {
        /// The reason.
        #[source]
        source: nets::Error,
    },
    /// A network that can't be written.
    #[error("save network")]
    SaveNetwork {
        /// The reason.
        #[source]
        source: nets::Error,
    },
    /// Bytes that are no network of ours.
    #[error("read network")]
    ReadNetwork {
        /// The reason.
        #[source]
        source: nets::Error,
    },
    /// Agents, environments or observations that do not fit each other.
    #[error("match agent and environments: {what}")]
    MatchSpaces {
        /// What does not fit.
        what: String,
    },
    /// An environment that was given or gave what is not allowed.
    #[error("step environment {environment} at step {step}: {what}")]
    StepEnvironment {
        /// Which copy.
        environment: usize,
        /// Steps of all copies before.
        step: u64,
        /// What is wrong.
        what: String,
    },
    /// A training whose numbers ran away.
    #[error("train {agent} at update {update}: {what}")]
    TrainAgent {
        /// The algorithm.
        agent: &'static str,
        /// Updates before.
        update: u64,
        /// What is no number, and what to change.
        what: String,
    },
    /// Bytes that are no checkpoint of this agent.
    #[error("read checkpoint: {what}")]
    ReadCheckpoint {
        /// What is wrong with it.
        what: String,
    },
}
