//! What rows are to teach: a win or not, a number, a class, an order.

use base::Panel;

use crate::Error;

/// One target a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// Won or not.
    Wins(Vec<bool>),
    /// Any finite number.
    Numbers(Vec<f64>),
    /// One of some classes.
    Classes {
        /// The class of each row, below `count`.
        classes: Vec<u32>,
        /// Number of classes, at least 2.
        count: u32,
    },
    /// An order inside groups; rows of different groups are never compared.
    Ranks {
        /// How high a row belongs: finite, not negative.
        relevance: Vec<f64>,
        /// The group of each row.
        groups: Vec<i64>,
    },
    /// Several numbers a row, column by column, for a network with several heads.
    Many(Vec<Vec<f64>>),
}

impl Targets {
    /// An order among the rows that became known at the same time.
    pub fn ranks_by_time(relevance: Vec<f64>, panel: &Panel) -> Targets {
        let groups = panel.keys().iter().map(|key| key.at.nanos()).collect();
        Targets::Ranks { relevance, groups }
    }

    /// An order among the rows that hold the same number in this column of the panel.
    pub fn ranks_by_column(
        relevance: Vec<f64>,
        panel: &Panel,
        column: &str,
    ) -> Result<Targets, Error> {
        let values = panel.column(column).map_err(|source| Error::MatchColumns { source })?;
        if let Some(row) = values.iter().position(|value| value.is_nan()) {
            return Err(refuse(format!("group column {column:?} has no value in row {row}")));
        }
        // Adding 0 turns -0 into 0, so that the two are one group.
        let groups = values.iter().map(|value| (value + 0.0).to_bits() as i64).collect();
        Ok(Targets::Ranks { relevance, groups })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Targets::Wins(wins) => wins.len(),
            Targets::Numbers(numbers) => numbers.len(),
            Targets::Classes { classes, .. } => classes.len(),
            Targets::Ranks { relevance, .. } => relevance.len(),
            Targets::Many(columns) => columns.first().map_or(0, Vec::len),
        }
    }

    /// True when there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What kind of target this is, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Targets::Wins(_) => "wins",
            Targets::Numbers(_) => "numbers",
            Targets::Classes { .. } => "classes",
            Targets::Ranks { .. } => "ranks",
            Targets::Many(_) => "several numbers",
        }
    }

    /// Numbers of a row.
    pub fn width(&self) -> usize {
        match self {
            Targets::Many(columns) => columns.len(),
            _ => 1,
        }
    }

    /// One of the numbers of a row.
    pub fn value(&self, row: usize, at: usize) -> f64 {
        match self {
            Targets::Many(columns) => columns[at][row],
            _ => self.number(row),
        }
    }

    /// The target of a row as a number: 0 or 1, the number, the class, the relevance; the first
    /// of several.
    pub fn number(&self, row: usize) -> f64 {
        match self {
            Targets::Wins(wins) => f64::from(u8::from(wins[row])),
            Targets::Numbers(numbers) => numbers[row],
            Targets::Classes { classes, .. } => f64::from(classes[row]),
            Targets::Ranks { relevance, .. } => relevance[row],
            Targets::Many(columns) => columns[0][row],
        }
    }

    /// The group of a row, where there are groups.
    pub fn group(&self, row: usize) -> Option<i64> {
        match self {
            Targets::Ranks { groups, .. } => Some(groups[row]),
            _ => None,
        }
    }

    /// Refuses targets that are none.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if let Targets::Many(columns) = self {
            let rows = self.len();
            if let Some(at) = columns.iter().position(|column| column.len() != rows) {
                let given = columns[at].len();
                return Err(refuse(format!("target {at} has {given} rows, the first {rows}")));
            }
            if columns.is_empty() {
                return Err(refuse("there is no target".to_owned()));
            }
        }
        let none = |&row: &usize| (0..self.width()).any(|at| !self.value(row, at).is_finite());
        let found = (0..self.len()).find(none);
        if let Some(row) = found {
            let given = self.number(row);
            return Err(refuse(format!("the target of row {row} is {given}: not a number")));
        }
        match self {
            Targets::Classes { classes, count } => {
                if *count < 2 {
                    return Err(refuse(format!("{count} classes: there must be at least 2")));
                }
                let wrong = classes.iter().position(|class| class >= count);
                wrong.map_or(Ok(()), |row| {
                    Err(refuse(format!("row {row} is of class {}, of {count}", classes[row])))
                })
            }
            Targets::Ranks { relevance, groups } => {
                if groups.len() != relevance.len() {
                    let (rows, given) = (relevance.len(), groups.len());
                    return Err(refuse(format!("{rows} relevances but {given} groups")));
                }
                let wrong = relevance.iter().position(|&value| value < 0.0);
                wrong.map_or(Ok(()), |row| {
                    Err(refuse(format!("the relevance of row {row} is below 0")))
                })
            }
            Targets::Wins(_) | Targets::Numbers(_) | Targets::Many(_) => Ok(()),
        }
    }

    /// Those of some rows, in this order.
    pub(crate) fn take(&self, rows: &[usize]) -> Targets {
        fn pick<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().map(|&row| values[row]).collect()
        }
        match self {
            Targets::Wins(wins) => Targets::Wins(pick(wins, rows)),
            Targets::Numbers(numbers) => Targets::Numbers(pick(numbers, rows)),
            Targets::Classes { classes, count } => {
                Targets::Classes { classes: pick(classes, rows), count: *count }
            }
            Targets::Ranks { relevance, groups } => {
                Targets::Ranks { relevance: pick(relevance, rows), groups: pick(groups, rows) }
            }
            Targets::Many(columns) => {
                Targets::Many(columns.iter().map(|column| pick(column, rows)).collect())
            }
        }
    }
}

fn refuse(what: String) -> Error {
    Error::CheckSamples { what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{RowKey, Ts};

    #[test]
    fn targets_that_are_none_are_refused_with_their_row() {
        let cases = [
            (Targets::Numbers(vec![1.0, f64::NAN]), "row 1"),
            (Targets::Classes { classes: vec![0, 3], count: 3 }, "row 1 is of class 3"),
            (Targets::Classes { classes: vec![0, 0], count: 1 }, "at least 2"),
            (Targets::Ranks { relevance: vec![-1.0], groups: vec![0] }, "row 0 is below 0"),
            (Targets::Ranks { relevance: vec![1.0], groups: vec![] }, "0 groups"),
        ];
        for (targets, words) in cases {
            let said = targets.check().unwrap_err().to_string();
            assert!(said.contains(words), "{said}");
        }
    }

    #[test]
    fn groups_come_from_times_or_from_a_column() {
        let mut panel = Panel::new(["day"]);
        for (at, day) in [(5, 2.0), (5, 3.0), (6, 2.0)] {
            panel.push(RowKey { at: Ts::from_seconds(at), id: 0 }, &[day]).unwrap();
        }
        let same = |targets: &Targets, a, b| targets.group(a) == targets.group(b);
        let by_time = Targets::ranks_by_time(vec![0.0, 1.0, 2.0], &panel);
        assert!(same(&by_time, 0, 1) && !same(&by_time, 0, 2));
        let by_day = Targets::ranks_by_column(vec![0.0, 1.0, 2.0], &panel, "day").unwrap();
        assert!(same(&by_day, 0, 2) && !same(&by_day, 0, 1));
        assert!(Targets::ranks_by_column(vec![0.0; 3], &panel, "week").is_err());
    }
}
