//! Columns as networks and linear models want them: centred, scaled, complete.

use base::Panel;
use serde::{Deserialize, Serialize};

use crate::Error;

/// What is done about absent values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Training and prediction refuse them, naming column and row.
    Refuse,
    /// The mean of training stands in, and a column beside says so with 1. Only columns in which
    /// training lacked a value get one; elsewhere an absent value is refused.
    MeanAndMark,
}

/// What was seen of the columns in training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// Columns, in order.
    pub columns: Vec<String>,
    /// Mean of each over the rows that have it.
    pub means: Vec<f64>,
    /// Deviation of each; 1 where it never varies.
    pub deviations: Vec<f64>,
    /// Columns that never vary: they teach nothing.
    pub constant: Vec<String>,
    /// Columns with a mark for absent values, by number.
    pub marked: Vec<usize>,
    /// Numbers outside this many deviations are brought back to it.
    pub widest: f64,
}

impl Scaling {
    /// Looks at some rows of a panel.
    pub fn of(panel: &Panel, rows: &[usize], missing: Missing) -> Result<Scaling, Error> {
        let mut scaling = Scaling {
            columns: panel.names().to_vec(),
            means: Vec::new(),
            deviations: Vec::new(),
            constant: Vec::new(),
            marked: Vec::new(),
            widest: 10.0,
        };
        for (at, (name, column)) in panel.names().iter().zip(panel.columns()).enumerate() {
            if let Some(row) = rows.iter().find(|row| column[**row].is_infinite()) {
                return Err(refuse(format!("column {name:?} is infinite in row {row}")));
            }
            let seen: Vec<f64> =
                rows.iter().map(|row| column[*row]).filter(|value| !value.is_nan()).collect();
            let absent = rows.len() - seen.len();
            match missing {
                _ if seen.is_empty() => {
                    let advice = "leave it out of the columns";
                    return Err(refuse(format!("column {name:?} has no value at all; {advice}")));
                }
                Missing::Refuse if absent > 0 => {
                    return Err(refuse(format!(
                        "column {name:?} lacks {absent} of {} values; leave it out, or set \
                         missing = \"mean_and_mark\"",
                        rows.len()
                    )));
                }
                Missing::MeanAndMark if absent > 0 => scaling.marked.push(at),
                _ => {}
            }
            let mean = seen.iter().sum::<f64>() / seen.len() as f64;
            let square = |value: &f64| (value - mean) * (value - mean);
            let deviation = (seen.iter().map(square).sum::<f64>() / seen.len() as f64).sqrt();
            let varies = deviation > 1e-12 * (1.0 + mean.abs());
            if !varies {
                scaling.constant.push(name.clone());
            }
            scaling.means.push(mean);
            scaling.deviations.push(if varies { deviation } else { 1.0 });
        }
        Ok(scaling)
    }

    /// What was done about columns that are not as they should be, a line each.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.constant.is_empty() {
            let which = self.constant.join(", ");
            notes.push(format!("never vary in the rows learned from, and teach nothing: {which}"));
        }
        if !self.marked.is_empty() {
            let which: Vec<&str> = self.marked.iter().map(|at| &*self.columns[*at]).collect();
            let which = which.join(", ");
            notes
                .push(format!("lack values; their mean stands in, with a mark beside it: {which}"));
        }
        notes
    }

    /// Values of a row on the way into the model.
    pub fn width(&self) -> usize {
        self.columns.len() + self.marked.len()
    }

    /// Rows of a panel, found by name, one after the other.
    pub fn apply(&self, panel: &Panel, rows: &[usize]) -> Result<Vec<f32>, Error> {
        let columns: Vec<&[f64]> = self
            .columns
            .iter()
            .map(|name| panel.column(name).map_err(|source| Error::MatchColumns { source }))
            .collect::<Result<_, _>>()?;
        let wide = self.width();
        let mut out = vec![0.0; rows.len() * wide];
        for (at, column) in columns.iter().enumerate() {
            let (mean, scale) = (self.means[at], 1.0 / self.deviations[at]);
            let mark = self.marked.binary_search(&at).ok().map(|mark| columns.len() + mark);
            for (out, row) in out.chunks_exact_mut(wide).zip(rows) {
                let value = column[*row];
                if value.is_infinite() || (value.is_nan() && mark.is_none()) {
                    let name = &self.columns[at];
                    return Err(refuse(format!("column {name:?} is {value} in row {row}")));
                }
                match mark {
                    Some(mark) if value.is_nan() => out[mark] = 1.0,
                    _ => {
                        let scaled = (value - mean) * scale;
                        out[at] = scaled.clamp(-self.widest, self.widest) as f32;
                    }
                }
            }
        }
        Ok(out)
    }
}

fn refuse(what: String) -> Error {
    Error::ScaleColumns { what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{RowKey, Ts};

    fn panel(rows: &[[f64; 2]]) -> Panel {
        let mut panel = Panel::new(["a", "b"]);
        for (at, row) in rows.iter().enumerate() {
            panel.push(RowKey { at: Ts::from_seconds(at as i64), id: 0 }, row).unwrap();
        }
        panel
    }

    #[test]
    fn columns_are_centred_and_a_constant_one_is_named() {
        let panel = panel(&[[1.0, 5.0], [3.0, 5.0]]);
        let scaling = Scaling::of(&panel, &[0, 1], Missing::Refuse).unwrap();
        assert_eq!(scaling.constant, ["b"]);
        assert_eq!(scaling.apply(&panel, &[0, 1]).unwrap(), [-1.0, 0.0, 1.0, 0.0]);
    }

    #[test]
    fn an_absent_value_is_refused_or_marked() {
        let panel = panel(&[[1.0, f64::NAN], [3.0, 4.0], [5.0, 6.0]]);
        let said = Scaling::of(&panel, &[0, 1, 2], Missing::Refuse).unwrap_err().to_string();
        assert!(said.contains("\"b\" lacks 1 of 3"), "{said}");
        let scaling = Scaling::of(&panel, &[0, 1, 2], Missing::MeanAndMark).unwrap();
        let out = scaling.apply(&panel, &[0, 1]).unwrap();
        assert_eq!((out[1], out[2], out[4], out[5]), (0.0, 1.0, -1.0, 0.0));
        let elsewhere = self::panel(&[[f64::NAN, 1.0]]);
        assert!(scaling.apply(&elsewhere, &[0]).unwrap_err().to_string().contains("\"a\""));
    }

    #[test]
    fn infinity_is_refused_by_name_and_row() {
        let panel = panel(&[[1.0, 2.0], [f64::INFINITY, 3.0]]);
        let said = Scaling::of(&panel, &[0, 1], Missing::MeanAndMark).unwrap_err().to_string();
        assert!(said.contains("\"a\" is infinite in row 1"), "{said}");
    }
}
