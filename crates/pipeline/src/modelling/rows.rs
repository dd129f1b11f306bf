//! From a table of any layout to labelled rows: which column is what.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use base::{Panel, RowKey, Ts};
use lake::{Column, Frame, Lake};
use learn::split::hold_out;
use learn::{LabelSpan, Samples, Targets, networks};
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
}

/// Which column is what. Kept with the model, so that later rows are read alike.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roles {
    /// What is foretold.
    pub target: String,
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
    /// Texts of columns that a model reads as codes: the code is the place in the list.
    pub categories: BTreeMap<String, Vec<String>>,
    /// Names of classes: the class is the place in the list.
    pub classes: Vec<String>,
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

/// Names that a time goes by, in the order in which they are believed.
const TIMES: [&str; 7] = ["known", "time", "timestamp", "datetime", "date", "day", "at"];
/// Names that an instrument goes by.
const IDS: [&str; 5] = ["symbol", "ticker", "instrument", "asset", "id"];
/// Most classes that are believed to be classes.
const MOST_CLASSES: usize = 255;

impl Labelled {
    /// Reads rows out of a table. `codes` says whether the model takes texts as codes.
    pub fn of(frame: &Frame, roles: &Roles, codes: bool) -> Result<Labelled, Error> {
        let mut reading = Reading { frame, roles: roles.clone(), notes: Vec::new() };
        reading.find_time_and_id();
        let keys = reading.keys()?;
        let (targets, kept) = reading.targets(&keys)?;
        let panel = reading.panel(&keys, codes)?;
        let spans = reading.spans(&keys, &kept)?;
        let weights = reading.weights()?;
        let samples = Samples::of(panel.take(&kept), targets, spans)?;
        let samples = match weights {
            Some(weights) => {
                samples.with_weights(kept.iter().map(|&row| weights[row]).collect())?
            }
            None => samples,
        };
        let Reading { roles, notes, .. } = reading;
        let samples = if roles.time.is_some() { in_order(&samples) } else { samples };
        let samples = in_steps(samples, roles.steps)?;
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
fn in_steps(samples: Samples, steps: usize) -> Result<Samples, Error> {
    if steps <= 1 {
        return Ok(samples);
    }
    let (panel, kept) = networks::windows(samples.panel(), steps);
    if kept.is_empty() {
        let what = format!("no id has {steps} rows, so there is no window; ask for fewer steps");
        return Err(refuse(what));
    }
    let last = samples.take(&kept);
    let made = Samples::of(panel, last.targets().clone(), last.spans().to_vec())?;
    Ok(made.with_weights(last.weights().to_vec())?)
}

/// A table being read.
struct Reading<'a> {
    frame: &'a Frame,
    roles: Roles,
    notes: Vec<String>,
}

impl Reading<'_> {
    fn find_time_and_id(&mut self) {
        let named = |names: &[&str], fits: &dyn Fn(&Column) -> bool| {
            let known = |name: &&str| {
                let same = |(column, _): &(&str, &Column)| column.eq_ignore_ascii_case(name);
                self.frame.columns().find(same).filter(|(_, column)| fits(column))
            };
            names.iter().find_map(known).map(|(column, _)| column.to_owned())
        };
        let time = named(&TIMES, &|column| matches!(column, Column::Times(_)));
        let id = named(&IDS, &|column| matches!(column, Column::Texts(_)));
        if self.roles.time.is_none() {
            match &time {
                Some(name) => self.notes.push(format!("time of a row: column {name:?}")),
                None => self.notes.push(
                    "no column of times: rows are taken to lie in order of time, one after the \
                     other; name a column with --time"
                        .to_owned(),
                ),
            }
            self.roles.time = time;
        }
        if self.roles.id.is_none() {
            self.roles.id = id;
        }
    }

    fn column(&self, role: &str, name: &str) -> Result<&Column, Error> {
        self.frame.column(name).ok_or_else(|| {
            let known = self.frame.names().join(", ");
            refuse(format!("there is no column {name:?} for the {role}; there is {known}"))
        })
    }

    fn keys(&self) -> Result<Vec<RowKey>, Error> {
        let rows = self.frame.len();
        if rows == 0 {
            return Err(refuse("there is no row".to_owned()));
        }
        let times = match &self.roles.time {
            Some(name) => {
                times(name, self.column("time", name)?, &(0..rows).collect::<Vec<_>>())?
            }
            None => (0..rows).map(|row| Ts::from_seconds(row as i64)).collect(),
        };
        let ids = match &self.roles.id {
            Some(name) => numbered(self.column("id", name)?),
            None => vec![0; rows],
        };
        Ok(times.into_iter().zip(ids).map(|(at, id)| RowKey { at, id }).collect())
    }

    fn numbers(&self, role: &str, name: &str) -> Result<&[f64], Error> {
        match self.column(role, name)? {
            Column::Numbers(values) => Ok(values),
            other => Err(refuse(format!(
                "column {name:?} for the {role} holds {}, not numbers",
                other.kind()
            ))),
        }
    }

    /// Targets of the rows that have one, and which rows those are.
    fn targets(&mut self, keys: &[RowKey]) -> Result<(Targets, Vec<usize>), Error> {
        let name = self.roles.target.clone();
        let column = self.column("target", &name)?;
        let kind = match self.roles.kind {
            Some(kind) => kind,
            None => kind_of(&name, column)?,
        };
        let there = |row: &usize| match column {
            Column::Numbers(values) => !values[*row].is_nan(),
            Column::Texts(values) => values[*row].is_some(),
            Column::Times(_) => false,
        };
        let kept: Vec<usize> = (0..self.frame.len()).filter(there).collect();
        let absent = self.frame.len() - kept.len();
        if kept.is_empty() {
            return Err(refuse(format!("the target {name:?} has no value at all")));
        }
        let targets = match kind {
            TargetKind::Classes => self.classes(&name, &kept)?,
            _ => {
                let values = self.numbers("target", &name)?;
                let values: Vec<f64> = kept.iter().map(|&row| values[row]).collect();
                match kind {
                    TargetKind::Wins => wins(&name, &values)?,
                    TargetKind::Ranks => {
                        let groups = self.groups(keys)?;
                        let groups = kept.iter().map(|&row| groups[row]).collect();
                        Targets::Ranks { relevance: values, groups }
                    }
                    _ => Targets::Numbers(values),
                }
            }
        };
        self.roles.kind = Some(kind);
        if absent > 0 {
            let rows = self.frame.len();
            self.notes.push(format!("{absent} of {rows} rows have no target and are left out"));
        }
        Ok((targets, kept))
    }

    fn classes(&mut self, name: &str, kept: &[usize]) -> Result<Targets, Error> {
        let texts: Vec<String> = match self.column("target", name)? {
            Column::Texts(values) => {
                kept.iter().filter_map(|&row| values[row].clone()).collect()
            }
            Column::Numbers(values) => kept.iter().map(|&row| values[row].to_string()).collect(),
            Column::Times(_) => return Err(refuse(format!("the target {name:?} holds times"))),
        };
        if self.roles.classes.is_empty() {
            self.roles.classes = sorted(&texts);
            let number = |text: &String| text.parse::<f64>().unwrap_or(f64::INFINITY);
            self.roles.classes.sort_by(|a, b| number(a).total_cmp(&number(b)));
        }
        let known = &self.roles.classes;
        if known.len() > MOST_CLASSES {
            return Err(refuse(format!(
                "the target {name:?} has {} classes; --kind numbers learns a number instead",
                known.len()
            )));
        }
        let place = |text: &String| {
            let at = known.iter().position(|class| class == text);
            at.map(|at| at as u32).ok_or_else(|| {
                refuse(format!("{text:?} is none of the classes {} of {name:?}", known.join(", ")))
            })
        };
        let classes = texts.iter().map(place).collect::<Result<_, _>>()?;
        Ok(Targets::Classes { classes, count: known.len() as u32 })
    }

    fn groups(&self, keys: &[RowKey]) -> Result<Vec<i64>, Error> {
        match &self.roles.group {
            None => Ok(keys.iter().map(|key| key.at.nanos()).collect()),
            Some(name) => {
                let column = self.column("group", name)?;
                Ok(numbered(column).into_iter().map(i64::from).collect())
            }
        }
    }

    /// Spans of the rows that have a target.
    fn spans(&mut self, keys: &[RowKey], kept: &[usize]) -> Result<Vec<LabelSpan>, Error> {
        let Some(name) = self.roles.ends.clone() else {
            self.notes.push(
                "a target is taken to be known with its row; where it lies in the future, name \
                 the column that says when it was known with --ends, or folds overlap"
                    .to_owned(),
            );
            let own = |&row: &usize| LabelSpan { starts: keys[row].at, ends: keys[row].at };
            return Ok(kept.iter().map(own).collect());
        };
        let ends = times(&name, self.column("end of the target", &name)?, kept)?;
        let span = |(&row, ends): (&usize, Ts)| LabelSpan { starts: keys[row].at, ends };
        Ok(kept.iter().zip(ends).map(span).collect())
    }

    fn weights(&self) -> Result<Option<Vec<f64>>, Error> {
        let name = self.roles.weight.as_ref();
        name.map(|name| self.numbers("weight", name).map(<[f64]>::to_vec)).transpose()
    }

    fn panel(&mut self, keys: &[RowKey], codes: bool) -> Result<Panel, Error> {
        let names = self.feature_names(codes)?;
        let mut columns: Vec<Vec<f64>> = Vec::with_capacity(names.len());
        for name in &names {
            columns.push(match self.column("features", name)? {
                Column::Numbers(values) => values.clone(),
                Column::Texts(values) if codes => {
                    let known = self.roles.categories.get(name);
                    let known = match known {
                        Some(known) => known.clone(),
                        None => sorted(values.iter().flatten()),
                    };
                    let code = |text: &Option<String>| {
                        let at = text.as_ref().and_then(|text| known.binary_search(text).ok());
                        at.map_or(f64::NAN, |at| at as f64)
                    };
                    let coded = values.iter().map(code).collect();
                    self.roles.categories.insert(name.clone(), known);
                    coded
                }
                other => {
                    return Err(refuse(format!(
                        "column {name:?} holds {}; leave it out with --drop {name}{}",
                        other.kind(),
                        match other {
                            Column::Texts(_) => ", or use --model trees, which takes categories",
                            _ => "",
                        }
                    )));
                }
            });
        }
        let mut panel = Panel::new(names.iter().cloned());
        let mut values = vec![0.0; names.len()];
        for (row, key) in keys.iter().enumerate() {
            values.iter_mut().zip(&columns).for_each(|(value, column)| *value = column[row]);
            panel.push(*key, &values).map_err(learn_columns)?;
        }
        self.roles.features = names;
        Ok(panel)
    }

    fn feature_names(&mut self, codes: bool) -> Result<Vec<String>, Error> {
        let roles = &self.roles;
        let unknown = |name: &&String| self.frame.column(name).is_none();
        if let Some(name) = roles.drop.iter().find(unknown) {
            self.column("columns to drop", name)?;
        }
        if !roles.features.is_empty() {
            return Ok(roles.features.clone());
        }
        let others = [&roles.time, &roles.id, &roles.ends, &roles.group, &roles.weight];
        let taken: BTreeSet<&str> = others
            .into_iter()
            .flatten()
            .chain(&roles.drop)
            .chain([&roles.target])
            .map(String::as_str)
            .collect();
        let free = self.frame.columns().filter(|(name, _)| !taken.contains(name));
        let (read, left): (Vec<_>, Vec<_>) = free.partition(|(_, column)| match column {
            Column::Numbers(_) => true,
            Column::Texts(_) => codes,
            Column::Times(_) => false,
        });
        let names = |columns: &[(&str, &Column)]| -> Vec<String> {
            columns.iter().map(|(name, _)| (*name).to_owned()).collect()
        };
        if read.is_empty() {
            let what = "no column is left to learn from; give some beside target and time";
            return Err(refuse(what.to_owned()));
        }
        if !left.is_empty() {
            let left = names(&left).join(", ");
            self.notes.push(format!("left out, for they hold no numbers: {left}"));
        }
        Ok(names(&read))
    }
}

/// What a target holds, from its values: two numbers 0 and 1 are wins, text is classes, all else
/// is numbers.
fn kind_of(name: &str, column: &Column) -> Result<TargetKind, Error> {
    Ok(match column {
        Column::Texts(_) => TargetKind::Classes,
        Column::Times(_) => {
            return Err(refuse(format!("the target {name:?} holds times; nothing foretells them")));
        }
        Column::Numbers(values) => {
            let binary = |value: &f64| value.is_nan() || *value == 0.0 || *value == 1.0;
            if values.iter().all(binary) { TargetKind::Wins } else { TargetKind::Numbers }
        }
    })
}

fn wins(name: &str, values: &[f64]) -> Result<Targets, Error> {
    match values.iter().find(|value| **value != 0.0 && **value != 1.0) {
        None => Ok(Targets::Wins(values.iter().map(|value| *value == 1.0).collect())),
        Some(value) => Err(refuse(format!(
            "the target {name:?} holds {value}; wins are 1 and 0, so say --kind numbers or classes"
        ))),
    }
}

/// Times of a column; whole numbers are read as days like 20240131 or as seconds, milliseconds,
/// microseconds or nanoseconds since 1970, whichever falls between 1971 and 2200.
fn times(name: &str, column: &Column, rows: &[usize]) -> Result<Vec<Ts>, Error> {
    let absent = |row: usize| refuse(format!("column {name:?} has no time in row {row}"));
    match column {
        Column::Times(values) => {
            rows.iter().map(|&row| values[row].ok_or_else(|| absent(row))).collect()
        }
        Column::Numbers(values) => {
            let read = |&row: &usize| match values[row] {
                value if value.is_nan() => Err(absent(row)),
                value => instant(value).ok_or_else(|| {
                    refuse(format!("column {name:?} holds {value} in row {row}, which is no time"))
                }),
            };
            rows.iter().map(read).collect()
        }
        Column::Texts(_) => Err(refuse(format!(
            "column {name:?} holds text that is no time; write 2024-01-31 or 2024-01-31 09:30:00"
        ))),
    }
}

fn instant(value: f64) -> Option<Ts> {
    if value.fract() != 0.0 {
        return None;
    }
    let whole = value as i64;
    if (19_000_101..=22_001_231).contains(&whole) {
        let parts = (whole / 10_000, whole / 100 % 100, whole % 100);
        let day = base::Day::from_ymd(parts.0 as i16, parts.1 as i8, parts.2 as i8)?;
        return Some(day.start());
    }
    let seconds = 31_536_000..7_258_118_400i64;
    [1i64, 1_000, 1_000_000, 1_000_000_000]
        .into_iter()
        .find(|unit| seconds.contains(&(whole / unit)))
        .map(|unit| Ts::from_nanos(whole * (1_000_000_000 / unit)))
}

/// Numbers for the distinct values of a column, in their order.
fn numbered(column: &Column) -> Vec<u32> {
    let texts: Vec<String> = match column {
        Column::Texts(values) => values.iter().map(|v| v.clone().unwrap_or_default()).collect(),
        // Padded, so that the order of texts is that of what they say.
        Column::Numbers(values) => values.iter().map(|value| format!("{value:020}")).collect(),
        Column::Times(values) => {
            let nanos = |at: &Option<Ts>| at.map_or(i64::MIN, Ts::nanos);
            values.iter().map(|at| format!("{:020}", nanos(at))).collect()
        }
    };
    let known = sorted(&texts);
    texts.iter().map(|text| known.binary_search(text).unwrap_or(0) as u32).collect()
}

fn sorted<'a>(texts: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let distinct: BTreeSet<&String> = texts.into_iter().collect();
    distinct.into_iter().cloned().collect()
}

fn learn_columns(source: base::Error) -> Error {
    learn::Error::MatchColumns { source }.into()
}

fn refuse(what: String) -> Error {
    Error::ReadRows { what }
}
