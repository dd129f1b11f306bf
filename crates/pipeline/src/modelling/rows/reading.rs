//! Which column of a table is what, found out or said, and the rows that follow from it.

use std::collections::BTreeSet;

use base::{Panel, RowKey, Ts};
use lake::{Column, Frame};
use learn::{LabelSpan, Samples, Targets};

use super::values::{kind_of, numbered, sorted, times, wins};
use super::{Labelled, Roles, TargetKind, Texts, refuse};
use crate::Error;

/// Names that a time goes by, in the order in which they are believed.
const TIMES: [&str; 7] = ["known", "time", "timestamp", "datetime", "date", "day", "at"];
/// Names that an instrument goes by.
const IDS: [&str; 5] = ["symbol", "ticker", "instrument", "asset", "id"];
/// Most classes that are believed to be classes.
const MOST_CLASSES: usize = 255;

/// Reads the rows that have a target, in the order of the table.
pub(super) fn read(frame: &Frame, roles: &Roles, texts: Texts) -> Result<Labelled, Error> {
    let mut reading = Reading { frame, roles: roles.clone(), notes: Vec::new() };
    reading.find_time_and_id();
    let keys = reading.keys()?;
    let (targets, kept) = reading.targets(&keys)?;
    let panel = reading.panel(&keys, texts)?;
    let spans = reading.spans(&keys, &kept)?;
    let weights = reading.weights()?;
    let samples = Samples::of(panel.take(&kept), targets, spans)?;
    let samples = match weights {
        Some(weights) => samples.with_weights(kept.iter().map(|&row| weights[row]).collect())?,
        None => samples,
    };
    let Reading { roles, notes, .. } = reading;
    Ok(Labelled { samples, roles, notes })
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
            Some(name) => times(name, self.column("time", name)?, &(0..rows).collect::<Vec<_>>())?,
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
        let name = match &self.roles.targets[..] {
            [name] => name.clone(),
            [] => return Err(refuse("no column is named as the target".to_owned())),
            _ => return self.several(),
        };
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
        self.settle(kind, &kept);
        Ok((targets, kept))
    }

    /// Several targets of the rows that have all of them: numbers, classes as whole numbers, wins
    /// as 1 and 0.
    fn several(&mut self) -> Result<(Targets, Vec<usize>), Error> {
        if let Some(kind) = self.roles.kind.filter(|kind| *kind != TargetKind::Several) {
            return Err(refuse(format!("several targets are several numbers, not {kind:?}")));
        }
        let names = self.roles.targets.clone();
        let columns: Vec<&[f64]> =
            names.iter().map(|name| self.numbers("targets", name)).collect::<Result<_, _>>()?;
        let there = |row: &usize| columns.iter().all(|column| !column[*row].is_nan());
        let kept: Vec<usize> = (0..self.frame.len()).filter(there).collect();
        if kept.is_empty() {
            let names = names.join(", ");
            return Err(refuse(format!("no row has a value of each target: {names}")));
        }
        let picked = columns.iter().map(|column| kept.iter().map(|&row| column[row]).collect());
        let targets = Targets::Many(picked.collect());
        self.settle(TargetKind::Several, &kept);
        Ok((targets, kept))
    }

    /// Notes what the targets were found to be, and how many rows have none.
    fn settle(&mut self, kind: TargetKind, kept: &[usize]) {
        self.roles.kind = Some(kind);
        let rows = self.frame.len();
        let absent = rows - kept.len();
        if absent > 0 {
            self.notes.push(format!("{absent} of {rows} rows have no target and are left out"));
        }
    }

    fn classes(&mut self, name: &str, kept: &[usize]) -> Result<Targets, Error> {
        let texts: Vec<String> = match self.column("target", name)? {
            Column::Texts(values) => kept.iter().filter_map(|&row| values[row].clone()).collect(),
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

    fn panel(&mut self, keys: &[RowKey], texts: Texts) -> Result<Panel, Error> {
        let names = self.feature_names(texts)?;
        let mut columns: Vec<Vec<f64>> = Vec::with_capacity(names.len());
        for name in &names {
            columns.push(match self.column("features", name)? {
                Column::Numbers(values) => values.clone(),
                Column::Texts(values) if texts == Texts::Codes => {
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

    fn feature_names(&mut self, texts: Texts) -> Result<Vec<String>, Error> {
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
            .chain(&roles.targets)
            .map(String::as_str)
            .collect();
        let free = self.frame.columns().filter(|(name, _)| !taken.contains(name));
        let (read, left): (Vec<_>, Vec<_>) = free.partition(|(_, column)| match column {
            Column::Numbers(_) => true,
            Column::Texts(_) => texts == Texts::Codes,
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

fn learn_columns(source: base::Error) -> Error {
    learn::Error::MatchColumns { source }.into()
}
