//! Rows of a recording that comes as lines of text or as a Parquet table.

use std::io::Read;

use base::Rounding;
use bytes::Bytes;
use market::Price;
use market::depth::{DepthMessage, Fault};

use crate::lines::Lines;
use crate::messages::error_last;
use crate::table::{Batch, Table};
use crate::{Error, decimal};

/// Messages given out at a time, about.
const BLOCK_MESSAGES: usize = 4096;

/// A row out of a line; `None` for a line that names the columns.
type FromLine<T> = fn(&[u8]) -> Result<Option<T>, String>;
/// Rows out of a batch, each perhaps at fault.
type FromBatch<T> = fn(&Batch) -> Result<Vec<Result<T, String>>, Error>;

/// Where rows come from.
#[derive(Debug)]
pub(crate) enum Rows<R, T> {
    Lines(Lines<R>, FromLine<T>),
    Table {
        table: Box<Table>,
        from: FromBatch<T>,
        batch: std::vec::IntoIter<Row<T>>,
        row: u64,
    },
    /// Nothing comes after an error.
    Ended,
}

/// A row, or what is wrong with it.
type Row<T> = Result<T, String>;

impl<R: Read, T> Rows<R, T> {
    pub(crate) fn lines(source: R, from: FromLine<T>) -> Rows<R, T> {
        Rows::Lines(Lines::new(source), from)
    }

    pub(crate) fn table(bytes: Bytes, from: FromBatch<T>) -> Result<Rows<R, T>, Error> {
        let table = Box::new(Table::new(bytes)?);
        Ok(Rows::Table { table, from, batch: Vec::new().into_iter(), row: 0 })
    }

    /// The next row; `None` after the last.
    pub(crate) fn next(&mut self) -> Result<Option<T>, Error> {
        match self {
            Rows::Ended => Ok(None),
            Rows::Lines(lines, from) => next_line(lines, *from),
            Rows::Table { table, from, batch, row } => loop {
                if let Some(found) = batch.next() {
                    *row += 1;
                    let record = *row - 1;
                    return found.map(Some).map_err(|fault| Error::ReadRecord { record, fault });
                }
                match table.next()? {
                    Some(rows) => *batch = from(&rows)?.into_iter(),
                    None => return Ok(None),
                }
            },
        }
    }
}

fn next_line<R: Read, T>(lines: &mut Lines<R>, from: FromLine<T>) -> Result<Option<T>, Error> {
    loop {
        let Some(line) = lines.next()? else { return Ok(None) };
        let found = from(line);
        match found {
            Ok(Some(row)) => return Ok(Some(row)),
            Ok(None) => {}
            Err(fault) => return Err(Error::ReadLine { line: lines.number(), fault }),
        }
    }
}

/// Reads a block of rows; an error waits until what came before it was given out.
pub(crate) fn read<R: Read, T>(
    rows: &mut Rows<R, T>,
    broken: &mut Option<Error>,
    into: &mut Vec<DepthMessage>,
    mut say: impl FnMut(T, &mut Vec<DepthMessage>),
) -> Result<(), Error> {
    let from = into.len();
    while into.len() < from + BLOCK_MESSAGES && broken.is_none() {
        match rows.next() {
            Ok(Some(row)) => say(row, into),
            Ok(None) => return Ok(()),
            Err(error) => {
                *rows = Rows::Ended;
                *broken = Some(error);
            }
        }
    }
    error_last(broken, into.len() - from)
}

/// A float of a table in hundred-millionths: the decimal number that it stood for.
pub(crate) fn from_real(value: f64) -> Result<i64, Fault> {
    let price = Price::from_f64(value, Rounding::HalfEven).map_err(|_| Fault::OutOfRange)?;
    Ok(price.raw())
}

/// A whole number, perhaps negative; `None` where it is none or does not fit.
pub(crate) fn signed(text: &[u8]) -> Option<i64> {
    match text.strip_prefix(b"-") {
        Some(digits) => decimal::whole(digits).and_then(|value| 0_i64.checked_sub_unsigned(value)),
        None => decimal::whole(text).and_then(|value| i64::try_from(value).ok()),
    }
}
