//! What can go wrong in this room.

use tract_onnx::prelude::TractError;

/// What can go wrong in this room. The variant names the operation that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A contract that is no JSON of the documented form.
    #[error("read contract of the model; see the fields of `onnx::Contract`")]
    ReadContract {
        /// Where and what.
        #[source]
        source: serde_json::Error,
    },
    /// A contract that could not be written.
    #[error("write contract of the model as json")]
    WriteContract {
        /// The reason.
        #[source]
        source: serde_json::Error,
    },
    /// A contract that contradicts itself.
    #[error("check contract of model {model:?}: {what}")]
    CheckContract {
        /// The model.
        model: String,
        /// What is wrong and what to write instead.
        what: String,
    },
    /// Bytes that are no ONNX file, or part of one.
    #[error("read onnx file: {what}")]
    ReadFile {
        /// What is wrong and what to do.
        what: String,
    },
    /// A file that would take more memory or time than a model may.
    #[error("limit size of onnx model: {what}")]
    LimitSize {
        /// What is too large, and the limit.
        what: String,
    },
    /// An operator that is not run here.
    #[error("find operator {operator} of domain {domain:?} (node {node:?}): {advice}")]
    FindOperator {
        /// The operator.
        operator: String,
        /// The set of operators it belongs to.
        domain: String,
        /// The first node that has it.
        node: String,
        /// How to export the model without it.
        advice: String,
    },
    /// An input of the model that is not what the contract says.
    #[error("match input of the model with its contract: {what}")]
    MatchInput {
        /// What the contract says, what the model says, what to change.
        what: String,
    },
    /// An output of the model that is not what the contract says.
    #[error("match output of the model with its contract: {what}")]
    MatchOutput {
        /// What the contract says, what the model says, what to change.
        what: String,
    },
    /// Operators that do not fit each other.
    #[error("build graph of the model: {what}")]
    BuildGraph {
        /// Which node, or what to do.
        what: String,
        /// The reason given by the runtime.
        #[source]
        source: TractError,
    },
    /// The runtime gave up in the middle of its work.
    #[error("{doing}: the runtime broke off: {what}; the file is damaged or not meant for it")]
    RunSafely {
        /// The operation.
        doing: &'static str,
        /// Its last words.
        what: String,
    },
    /// A row that the model can't be run on.
    #[error("run model {model:?}: {what}")]
    Run {
        /// The model.
        model: String,
        /// Which row, which value, what to do.
        what: String,
    },
    /// A known row for which the model gives other numbers than the contract says.
    #[error(
        "check row {row} of the contract: output {output} is {found}, expected {expected} within \
         {tolerance:e}; export the model again and write the contract from the same model"
    )]
    CheckRow {
        /// The row of `check`, counted from 0.
        row: usize,
        /// The number of the row, counted from 0.
        output: usize,
        /// What the contract says.
        expected: f64,
        /// What the model gives.
        found: f64,
        /// How far they may be apart.
        tolerance: f64,
    },
    /// A panel without a column that the model reads.
    #[error("match columns of the panel with those of the model")]
    MatchColumns {
        /// Which column, and what there is.
        #[source]
        source: base::Error,
    },
    /// Bytes that are no container of ours.
    #[error("read model container: {what}")]
    ReadContainer {
        /// What is wrong.
        what: String,
    },
}
