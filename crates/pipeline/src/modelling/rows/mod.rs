//! From a table of any layout to labelled rows: which column is what.

mod reading;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;

use lake::{Frame, Lake};
use learn::split::hold_out;
use learn::{Samples, networks};
use serde::{Deserialize, Serialize};

use super::Kept;
use crate::Error;

/// Where rows come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A CSV or Parquet file.
    File(PathBuf),
    /// A question to the lake.
    Sql(String),
}

/// What a target column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// 1 for a win, 0 for none.
    Wins,
    /// Any number.
    Numbers,
    /// Names or whole numbers of classes.
    Classes,
    /// How high a row belongs among those of its group.
    Ranks,
    /// Several numbers, one for each head of a network.
    Several,
}

/// Which column is what. Kept with the model, so that later rows are read alike.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roles {
    /// What is foretold: one column, or one for each head of a network.
    pub targets: Vec<String>,
    /// What it holds; found out when absent.
    pub kind: Option<TargetKind>,
    /// When a row was known; found out when absent.
    pub time: Option<String>,
    /// What a row speaks of, a symbol for example; found out when absent.
    pub id: Option<String>,
    /// When the target was known; the row's own time when absent.
    pub ends: Option<String>,
    /// Rows of one group are ordered among themselves; those of one time when absent.
    pub group: Option<String>,
    /// Weight of a row; 1 when absent.
    pub weight: Option<String>,
    /// What the model may read; all other columns of numbers when empty.
    pub features: Vec<String>,
    /// Columns that are left out.
    pub drop: Vec<String>,
    /// Rows of the same id that make up one row of a sequence; 1 for no sequence.
    pub steps: usize,
    /// Columns that stand still: of a sequence only its last row has them, in front.
    #[serde(default)]
    pub still: Vec<String>,
    /// Texts of columns that a model reads as codes: the code is the place in the list.
    pub categories: BTreeMap<String, Vec<String>>,
    /// Names of classes: the class is the place in the list.
    pub classes: Vec<String>,
}

/// What becomes of columns of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Texts {
    /// The model reads them as codes of categories.
    Codes,
    /// No model of this kind reads them.
    Refused,
}

/// Rows ready to learn from or to be judged on.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// The rows.
    pub samples: Samples,
    /// Which column is what, with all that was found out.
    pub roles: Roles,
    /// What the reader of a result must know of how rows were read.
    pub notes: Vec<String>,
}

impl Source {
    /// Reads all columns.
    pub fn read(&self, lake: &Lake) -> Result<Frame, Error> {
        Ok(match self {
            Source::File(path) => Frame::read(path)?,
            Source::Sql(query) => lake.frame(query)?,
        })
    }
}

impl Labelled {
    /// Reads rows out of a table.
    pub fn of(frame: &Frame, roles: &Roles, texts: Texts) -> Result<Labelled, Error> {
        let Labelled { samples, roles, notes } = reading::read(frame, roles, texts)?;
        let samples = if roles.time.is_some() { in_order(&samples) } else { samples };
        let samples = in_steps(samples, (roles.steps, &roles.still))?;
        Ok(Labelled { samples, roles, notes })
    }

    /// The rows that a model learned from: all that are not held out. Refused where they are not
    /// what they were.
    pub fn developed(&self, kept: &Kept) -> Result<Labelled, Error> {
        let Some(card) = kept.card() else { return Ok(self.clone()) };
        if self.samples.digest() != card.data {
            return Err(Error::ChangeRows { name: kept.name.clone() });
        }
        let (samples, _) = hold_out(&self.samples, card.held_out_share, card.embargo)?;
        Ok(Labelled { samples, ..self.clone() })
    }

    /// So many of the latest rows.
    pub fn latest(&self, most: usize) -> Labelled {
        let spans = self.samples.spans();
        let mut rows: Vec<usize> = (0..self.samples.len()).collect();
        rows.sort_by_key(|&row| spans[row]);
        let samples = self.samples.take(&rows[rows.len().saturating_sub(most.max(1))..]);
        Labelled { samples, ..self.clone() }
    }

    /// True when rows have a time of their own.
    pub fn is_timed(&self) -> bool {
        self.roles.time.is_some()
    }
}

/// Rows in order of time and id, then of their values: an answer in SQL comes in no order, and
/// the same rows must be the same data.
fn in_order(samples: &Samples) -> Samples {
    let (panel, targets) = (samples.panel(), samples.targets());
    let mut order: Vec<usize> = (0..samples.len()).collect();
    order.sort_by(|&a, &b| {
        let keys = panel.keys()[a].cmp(&panel.keys()[b]);
        let columns = || panel.columns().iter().map(|column| column[a].total_cmp(&column[b]));
        let values = || columns().find(|found| found.is_ne()).unwrap_or(std::cmp::Ordering::Equal);
        keys.then_with(values).then_with(|| targets.number(a).total_cmp(&targets.number(b)))
    });
    samples.take(&order)
}

/// Rows as windows of so many of the same id; targets and spans are those of the last.
fn in_steps(samples: Samples, (steps, still): (usize, &[String])) -> Result<Samples, Error> {
    if steps <= 1 {
        return match still.is_empty() {
            true => Ok(samples),
            false => Err(refuse("columns stand still beside a series: say --steps".to_owned())),
        };
    }
    let windows = networks::windows_beside(samples.panel(), still, steps);
    let (panel, kept) = windows.map_err(|fault| match fault {
        learn::Error::MatchColumns { source } => {
            refuse(format!("a column that is to stand still is none that is read: {source}"))
        }
        fault => fault.into(),
    })?;
    if kept.is_empty() {
        let what = format!("no id has {steps} rows, so there is no window; ask for fewer steps");
        return Err(refuse(what));
    }
    let last = samples.take(&kept);
    let made = Samples::of(panel, last.targets().clone(), last.spans().to_vec())?;
    Ok(made.with_weights(last.weights().to_vec())?)
}

fn refuse(what: String) -> Error {
    Error::ReadRows { what }
}
