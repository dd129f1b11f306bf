//! What a model's maker says of it: what it reads, what it gives, and rows to prove it by.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::Error;

/// How far a forecast may be from the one the contract promises: absolute and relative.
pub const TOLERANCE: f64 = 1e-5;

/// Features, steps and rows that a contract may have at most.
const AT_MOST: usize = 100_000;

/// What a model reads and gives. As JSON it lies beside the `.onnx`:
///
/// ```json
/// {
///   "name": "breakout-mlp",
///   "features": ["momentum", "range"],
///   "kind": "win_logit",
///   "check": [{"input": [0.5, -1.25], "output": [0.8413]}]
/// }
/// ```
///
/// Optional: `steps`, `output`, `missing`. `proving/peers/golden_onnx.py` writes contracts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// The model's name.
    pub name: String,
    /// Columns of the panel that the model reads, in the order of its input. For a sequence the
    /// names without their step.
    pub features: Vec<String>,
    /// Steps of a sequence model, whose input is `[rows, steps, features]`. The panel then has the
    /// columns `name@-k`, `k` steps back, as `learn::networks::windows` makes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<usize>,
    /// The tensor that is the forecast; where not given, the one output of floats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// What the output speaks of.
    pub kind: Kind,
    /// What to do with a value that is not available.
    #[serde(default)]
    pub missing: Missing,
    /// Rows with known outputs, at least one. They are run whenever the model is read.
    pub check: Vec<Check>,
}

/// What the numbers of an output are. `N` stands for rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Kind {
    /// The probability of a win, `[N]` or `[N, 1]`; or of a loss and a win, `[N, 2]`.
    Win,
    /// The logit of a win, `[N]` or `[N, 1]`.
    WinLogit,
    /// A probability for each class, `[N, count]`.
    Classes {
        /// Number of classes, at least 2.
        count: usize,
    },
    /// A score for each class, `[N, count]`; softmax makes probabilities of them.
    ClassScores {
        /// Number of classes, at least 2.
        count: usize,
    },
    /// One number, `[N]` or `[N, 1]`.
    Number,
    /// Several numbers, `[N, count]`.
    Numbers {
        /// How many.
        count: usize,
    },
}

/// What to do with a value that is not available (NaN).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Name it and stop.
    #[default]
    Refuse,
    /// Hand it to the model, which knows what to do, as trees do.
    Pass,
}

/// A row with its known output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The inputs in the model's order, step by step for a sequence; null where not available.
    pub input: Vec<Option<f64>>,
    /// The numbers of the output tensor for this row, as the model gives them: before any
    /// sigmoid or softmax that `kind` asks for.
    pub output: Vec<f64>,
}

impl Contract {
    /// Reads and checks a contract.
    pub fn from_json(json: &[u8]) -> Result<Contract, Error> {
        let contract: Contract =
            serde_json::from_slice(json).map_err(|source| Error::ReadContract { source })?;
        contract.check()?;
        Ok(contract)
    }

    /// The contract as JSON.
    pub fn to_json(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(self).map_err(|source| Error::WriteContract { source })
    }

    /// Numbers the model reads for a row.
    pub fn width(&self) -> usize {
        self.features.len() * self.steps.unwrap_or(1)
    }

    /// Columns of the panel, in the order of the input: the features, or for a sequence the
    /// features of each step, oldest step first.
    pub fn columns(&self) -> Vec<String> {
        let Some(steps) = self.steps else { return self.features.clone() };
        let step = |back| self.features.iter().map(move |name| format!("{name}@-{back}"));
        (0..steps).rev().flat_map(step).collect()
    }

    /// The input as the contract has it, for messages.
    pub(crate) fn shape(&self) -> String {
        match self.steps {
            Some(steps) => format!("[rows, {steps} steps, {} features]", self.features.len()),
            None => format!("[rows, {} features]", self.features.len()),
        }
    }

    /// Refuses a contract that contradicts itself.
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |what| Err(Error::CheckContract { model: self.name.clone(), what });
        if self.name.trim().is_empty() {
            return refuse("`name` is empty; give the model a name".to_owned());
        }
        if self.features.is_empty() || self.features.len() > AT_MOST {
            let count = self.features.len();
            return refuse(format!("`features` has {count} names; 1 to {AT_MOST} are allowed"));
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = self.features.iter().find(|name| !seen.insert(name.as_str())) {
            return refuse(format!("`features` names {twice:?} twice"));
        }
        let width = self.features.len().saturating_mul(self.steps.unwrap_or(1));
        if width == 0 || width > AT_MOST {
            let steps = self.steps.unwrap_or(1);
            return refuse(format!("`steps` is {steps}; steps x features must be 1 to {AT_MOST}"));
        }
        if let Some(what) = self.kind.wrong() {
            return refuse(what);
        }
        self.check_rows().map_or(Ok(()), refuse)
    }

    /// What is wrong with the known rows.
    fn check_rows(&self) -> Option<String> {
        if self.check.is_empty() || self.check.len() > 1000 {
            let count = self.check.len();
            return Some(format!(
                "`check` has {count} rows; 1 to 1000 rows with known outputs are needed, \
                 so that a wrong export is found before it trades"
            ));
        }
        self.check.iter().enumerate().find_map(|(at, row)| {
            if row.input.len() != self.width() {
                let (given, wanted) = (row.input.len(), self.width());
                return Some(format!(
                    "check row {at} has {given} inputs, the model reads {wanted}"
                ));
            }
            if !self.kind.fits(row.output.len()) {
                let (given, wanted) = (row.output.len(), self.kind.wanted());
                return Some(format!("check row {at} has {given} outputs; this kind has {wanted}"));
            }
            if self.missing == Missing::Refuse && row.input.contains(&None) {
                return Some(format!(
                    "check row {at} has a null; if the model takes missing values, \
                     write \"missing\": \"pass\""
                ));
            }
            None
        })
    }
}

impl Kind {
    /// Numbers of a forecast.
    pub fn outputs(self) -> usize {
        match self {
            Kind::Win | Kind::WinLogit | Kind::Number => 1,
            Kind::Classes { count } | Kind::ClassScores { count } | Kind::Numbers { count } => {
                count
            }
        }
    }

    /// True if an output of this many numbers a row can be of this kind.
    pub(crate) fn fits(self, numbers: usize) -> bool {
        numbers == self.outputs() || (self == Kind::Win && numbers == 2)
    }

    /// How many numbers the output has, for messages.
    pub(crate) fn wanted(self) -> String {
        match self {
            Kind::Win => "1 or 2 numbers a row".to_owned(),
            other => format!("{} a row", other.outputs()),
        }
    }

    fn wrong(self) -> Option<String> {
        let least = match self {
            Kind::Classes { .. } | Kind::ClassScores { .. } => 2,
            _ => 1,
        };
        let count = self.outputs();
        let wrong = count < least || count > AT_MOST;
        wrong.then(|| format!("`count` is {count}; {least} to {AT_MOST} are allowed"))
    }
}
