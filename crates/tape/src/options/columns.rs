//! The columns of a Parquet file, as numbers and words.

use arrow::array::{
    Array, ArrayRef, Date32Array, Float32Array, Float64Array, Int64Array, LargeStringArray,
    RecordBatch, StringArray, TimestampMicrosecondArray,
};
use base::{Day, Ts};
use bytes::Bytes;
use market::Price;

use super::text;
use crate::Error;

/// Rows read at once: few enough that memory is flat in the length of a file.
const BATCH_ROWS: usize = 8_192;

/// True of a line of names between commas, as a file in CSV begins.
fn is_text(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let has = |name: &[u8]| line.windows(name.len()).any(|part| part == name);
    line.is_ascii() && has(b"symbol,") && has(b"strike,")
}

/// Hands on each batch of rows, with the number of its first row.
pub(super) fn batches(
    bytes: Bytes,
    mut each: impl FnMut(&RecordBatch, u64) -> Result<(), Error>,
) -> Result<(), Error> {
    let fault = |row: u64, fault: String| Error::ReadRecord { record: row, fault };
    if is_text(&bytes) {
        return each(&text::batch(&bytes)?, 0);
    }
    let mut row = 0;
    for batch in parquets::open(bytes, BATCH_ROWS).map_err(|error| fault(0, error.to_string()))? {
        let batch = batch.map_err(|error| fault(row, error.to_string()))?;
        each(&batch, row)?;
        row += batch.num_rows() as u64;
    }
    Ok(())
}

fn find<'a, A: 'static>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a A, Error> {
    let told = |fault: String| Error::ReadRecord { record: 0, fault };
    let column: &ArrayRef =
        batch.column_by_name(name).ok_or_else(|| told(format!("there is no column {name}")))?;
    column.as_any().downcast_ref::<A>().ok_or_else(|| {
        told(format!("column {name} is {}, which is not what it holds", column.data_type()))
    })
}

/// A column of words, in either width.
pub(super) enum Words<'a> {
    Large(&'a LargeStringArray),
    Small(&'a StringArray),
}

impl<'a> Words<'a> {
    pub(super) fn of(batch: &'a RecordBatch, name: &'static str) -> Result<Words<'a>, Error> {
        match find::<LargeStringArray>(batch, name) {
            Ok(column) => Ok(Words::Large(column)),
            Err(_) => Ok(Words::Small(find(batch, name)?)),
        }
    }

    pub(super) fn get(&self, row: usize) -> Option<&'a str> {
        match self {
            Words::Large(column) => column.is_valid(row).then(|| column.value(row)),
            Words::Small(column) => column.is_valid(row).then(|| column.value(row)),
        }
    }
}

/// A column of floats, in either width.
pub(super) enum Floats<'a> {
    Single(&'a Float32Array),
    Double(&'a Float64Array),
}

impl<'a> Floats<'a> {
    pub(super) fn of(batch: &'a RecordBatch, name: &'static str) -> Result<Floats<'a>, Error> {
        match find::<Float32Array>(batch, name) {
            Ok(column) => Ok(Floats::Single(column)),
            Err(_) => Ok(Floats::Double(find(batch, name)?)),
        }
    }

    pub(super) fn get(&self, row: usize) -> Option<f64> {
        match self {
            Floats::Single(column) => column.is_valid(row).then(|| f64::from(column.value(row))),
            Floats::Double(column) => column.is_valid(row).then(|| column.value(row)),
        }
    }
}

/// A column of whole numbers.
pub(super) struct Wholes<'a>(&'a Int64Array);

impl<'a> Wholes<'a> {
    pub(super) fn of(batch: &'a RecordBatch, name: &'static str) -> Result<Wholes<'a>, Error> {
        Ok(Wholes(find(batch, name)?))
    }

    pub(super) fn get(&self, row: usize) -> Option<i64> {
        self.0.is_valid(row).then(|| self.0.value(row))
    }
}

/// A column of days.
pub(super) struct Days<'a>(&'a Date32Array);

impl<'a> Days<'a> {
    pub(super) fn of(batch: &'a RecordBatch, name: &'static str) -> Result<Days<'a>, Error> {
        Ok(Days(find(batch, name)?))
    }

    pub(super) fn get(&self, row: usize) -> Option<Day> {
        self.0.is_valid(row).then(|| Day::from_number(self.0.value(row)))
    }
}

/// A column of time stamps without a zone.
pub(super) struct Stamps<'a>(&'a TimestampMicrosecondArray);

impl<'a> Stamps<'a> {
    pub(super) fn of(batch: &'a RecordBatch, name: &'static str) -> Result<Stamps<'a>, Error> {
        Ok(Stamps(find(batch, name)?))
    }

    /// Counted from 1970 as if it were UTC.
    pub(super) fn get(&self, row: usize) -> Option<Ts> {
        let micros = self.0.is_valid(row).then(|| self.0.value(row))?;
        Some(Ts::from_nanos(micros.checked_mul(1_000)?))
    }
}

/// The price that a float stood for: the nearest 1/10,000. `None` where it is negative, no
/// number, or above a hundred million.
pub(super) fn price(value: f64) -> Option<Price> {
    const STEPS: f64 = 10_000.0;
    if !(0.0..=1e8).contains(&value) {
        return None;
    }
    Some(Price::from_raw((value * STEPS).round() as i64 * (Price::SCALE / STEPS as i64)))
}
