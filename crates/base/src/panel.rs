//! Named columns of numbers by time and instrument.
//!
//! A [`Panel`] is what features fill and models read. NaN means "not available"; nothing is ever
//! filled with zero. Rows keep the order in which they were pushed.

use serde::{Deserialize, Serialize};

use crate::{Error, Ts};

/// What a row speaks of: an instrument at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowKey {
    /// When the row's values became known.
    pub at: Ts,
    /// Dense index of the instrument, or any number the caller gives a meaning.
    pub id: u32,
}

/// Named columns over common rows; shape rows × columns, stored column by column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    names: Vec<String>,
    keys: Vec<RowKey>,
    columns: Vec<Vec<f64>>,
}

impl Panel {
    /// An empty panel with these columns.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Panel {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let columns = vec![Vec::new(); names.len()];
        Panel { names, keys: Vec::new(), columns }
    }

    /// Adds one row; one value a column, NaN where a value is not available.
    pub fn push(&mut self, key: RowKey, values: &[f64]) -> Result<(), Error> {
        if values.len() != self.columns.len() {
            return Err(Error::PushRow { given: values.len(), wanted: self.columns.len() });
        }
        self.keys.push(key);
        for (column, value) in self.columns.iter_mut().zip(values) {
            column.push(*value);
        }
        Ok(())
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// True when there is no row.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Names of the columns, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Keys of the rows, in order.
    pub fn keys(&self) -> &[RowKey] {
        &self.keys
    }

    /// All columns, in the order of the names.
    pub fn columns(&self) -> &[Vec<f64>] {
        &self.columns
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Result<&[f64], Error> {
        Ok(&self.columns[self.position(name)?])
    }

    /// The values of one row, in the order of the names.
    pub fn row(&self, index: usize) -> Vec<f64> {
        self.columns.iter().map(|column| column[index]).collect()
    }

    /// The same rows with only these columns, in this order.
    pub fn select<S: AsRef<str>>(&self, names: &[S]) -> Result<Panel, Error> {
        let positions: Vec<usize> =
            names.iter().map(|name| self.position(name.as_ref())).collect::<Result<_, _>>()?;
        Ok(Panel {
            names: positions.iter().map(|&at| self.names[at].clone()).collect(),
            keys: self.keys.clone(),
            columns: positions.iter().map(|&at| self.columns[at].clone()).collect(),
        })
    }

    /// The same columns with only these rows, in this order.
    pub fn take(&self, rows: &[usize]) -> Panel {
        let pick = |column: &Vec<f64>| rows.iter().map(|&row| column[row]).collect();
        Panel {
            names: self.names.clone(),
            keys: rows.iter().map(|&row| self.keys[row]).collect(),
            columns: self.columns.iter().map(pick).collect(),
        }
    }

    fn position(&self, name: &str) -> Result<usize, Error> {
        self.names
            .iter()
            .position(|known| known == name)
            .ok_or_else(|| Error::FindColumn { name: name.to_owned(), known: self.names.join(" ") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Panel {
        let mut panel = Panel::new(["a", "b"]);
        for row in 0..3 {
            let key = RowKey { at: Ts::from_seconds(row), id: 9 };
            panel.push(key, &[row as f64, 10.0 * row as f64]).unwrap();
        }
        panel
    }

    #[test]
    fn select_and_take_keep_names_and_keys_together() {
        let picked = sample().select(&["b"]).unwrap().take(&[2, 0]);
        assert_eq!(picked.column("b").unwrap(), [20.0, 0.0]);
        assert_eq!(picked.keys()[0].at, Ts::from_seconds(2));
    }

    #[test]
    fn an_unknown_column_names_those_there_are() {
        let error = sample().column("c").unwrap_err();
        assert_eq!(error.to_string(), "find column \"c\" in panel: it has a b");
    }

    #[test]
    fn a_short_row_is_refused_and_changes_nothing() {
        let mut panel = sample();
        assert!(panel.push(RowKey { at: Ts::MIN, id: 0 }, &[1.0]).is_err());
        assert_eq!(panel.len(), 3);
    }
}
