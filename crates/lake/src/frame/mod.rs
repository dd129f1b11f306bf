//! Tables of any layout: the answer to a question, a CSV or a Parquet file, column by column.
//!
//! A [`Frame`] is how rows that no table of the lake describes come in, for example features and
//! targets that somebody made elsewhere. Types are found out: numbers, times, text.

mod batches;
mod text;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use base::Ts;

use crate::Error;

/// Values of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Numbers; NaN where there is none. True and false are 1 and 0.
    Numbers(Vec<f64>),
    /// Instants; a day is its start in UTC.
    Times(Vec<Option<Ts>>),
    /// Anything else.
    Texts(Vec<Option<String>>),
}

/// Named columns of one length.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    names: Vec<String>,
    columns: Vec<Column>,
    rows: usize,
}

/// First bytes of a Parquet file.
const PARQUET: &[u8] = b"PAR1";

impl Frame {
    /// Reads a file: Parquet where it begins like one, otherwise text with a line of names and
    /// columns separated by `,` `;` `|` or tab. Cells that are empty, `NA`, `NaN` or `null` are
    /// absent.
    pub fn read(path: &Path) -> Result<Frame, Error> {
        let mut file = File::open(path).map_err(|e| Error::read(path, e))?;
        let mut begins = [0; PARQUET.len()];
        let is_parquet = match file.read_exact(&mut begins) {
            Ok(()) => begins == PARQUET,
            Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => false,
            Err(e) => return Err(Error::read(path, e)),
        };
        match is_parquet {
            true => batches::parquet(path),
            false => text::read(path),
        }
    }

    /// Columns of one length with names that differ.
    pub(crate) fn new(
        named: Vec<(String, Column)>,
        refuse: impl Fn(String) -> Error,
    ) -> Result<Frame, Error> {
        let rows = named.first().map_or(0, |(_, column)| column.len());
        let (names, columns): (Vec<String>, Vec<Column>) = named.into_iter().unzip();
        match names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
            Some((_, name)) => {
                Err(refuse(format!("two columns are named {name:?}; give each a name of its own")))
            }
            None => Ok(Frame { names, columns, rows }),
        }
    }

    /// Names of the columns, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Columns in the order of the names.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = (&str, &Column)> {
        self.names.iter().map(String::as_str).zip(&self.columns)
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns().find(|(known, _)| *known == name).map(|(_, column)| column)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// True when there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Column::Numbers(values) => values.len(),
            Column::Times(values) => values.len(),
            Column::Texts(values) => values.len(),
        }
    }

    /// What its values are, in a word.
    pub fn kind(&self) -> &'static str {
        match self {
            Column::Numbers(_) => "numbers",
            Column::Times(_) => "times",
            Column::Texts(_) => "text",
        }
    }
}
