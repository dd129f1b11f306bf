//! Values of a column as targets, times or numbers of groups.

use std::collections::BTreeSet;

use base::Ts;
use lake::Column;
use learn::Targets;

use super::{TargetKind, refuse};
use crate::Error;

/// What a target holds, from its values: two numbers 0 and 1 are wins, text is classes, all else
/// is numbers.
pub(super) fn kind_of(name: &str, column: &Column) -> Result<TargetKind, Error> {
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

pub(super) fn wins(name: &str, values: &[f64]) -> Result<Targets, Error> {
    match values.iter().find(|value| **value != 0.0 && **value != 1.0) {
        None => Ok(Targets::Wins(values.iter().map(|value| *value == 1.0).collect())),
        Some(value) => Err(refuse(format!(
            "the target {name:?} holds {value}; wins are 1 and 0, so say --kind numbers or classes"
        ))),
    }
}

/// Times of a column; whole numbers are read as days like 20240131 or as seconds, milliseconds,
/// microseconds or nanoseconds since 1970, whichever falls between 1971 and 2200.
pub(super) fn times(name: &str, column: &Column, rows: &[usize]) -> Result<Vec<Ts>, Error> {
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
pub(super) fn numbered(column: &Column) -> Vec<u32> {
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

pub(super) fn sorted<'a>(texts: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let distinct: BTreeSet<&String> = texts.into_iter().collect();
    distinct.into_iter().cloned().collect()
}
