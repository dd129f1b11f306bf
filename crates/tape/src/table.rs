//! Columns of a Parquet file, a batch of rows at a time, in the three types that recordings need.

use arrow::array::RecordBatch;
use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, LargeStringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit};
use bytes::Bytes;
use parquet::errors::ParquetError;
use parquets::Rows;

use crate::Error;

/// Rows read at once.
const BATCH_ROWS: usize = 4096;

/// A file being read.
pub(crate) struct Table {
    reader: Rows,
    names: Vec<String>,
    row: u64,
}

/// Some rows of it.
pub(crate) struct Batch {
    rows: RecordBatch,
    /// The number of its first row.
    pub(crate) first: u64,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("names", &self.names).field("row", &self.row).finish()
    }
}

impl Table {
    /// Reads the footer.
    pub(crate) fn new(bytes: Bytes) -> Result<Table, Error> {
        let head = |error: ParquetError| Error::ReadHead {
            format: "Parquet",
            fault: format!("{error}; is it cut off?"),
        };
        let reader = parquets::open(bytes, BATCH_ROWS).map_err(head)?;
        let names = reader.schema().fields().iter().map(|field| field.name().clone()).collect();
        Ok(Table { reader, names, row: 0 })
    }

    /// The names of its columns, in order.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The next rows; `None` after the last.
    pub(crate) fn next(&mut self) -> Result<Option<Batch>, Error> {
        let first = self.row;
        let told =
            |error: ParquetError| Error::ReadRecord { record: first, fault: error.to_string() };
        let Some(rows) = self.reader.next().transpose().map_err(told)? else { return Ok(None) };
        self.row += rows.num_rows() as u64;
        Ok(Some(Batch { rows, first }))
    }
}

impl Batch {
    /// How many rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.num_rows()
    }

    /// A column of whole numbers, of whatever width; times become nanoseconds.
    pub(crate) fn wholes(&self, name: &str) -> Result<Int64Array, Error> {
        let mut column = self.column(name)?;
        if let DataType::Timestamp(_, zone) = column.data_type() {
            let nanos = DataType::Timestamp(TimeUnit::Nanosecond, zone.clone());
            column = self.cast(name, &column, &nanos)?;
        }
        Ok(self.cast(name, &column, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
    }

    /// A column of numbers.
    pub(crate) fn reals(&self, name: &str) -> Result<Float64Array, Error> {
        let column = self.column(name)?;
        let column = self.cast(name, &column, &DataType::Float64)?;
        Ok(column.as_primitive::<Float64Type>().clone())
    }

    /// A column of words.
    pub(crate) fn words(&self, name: &str) -> Result<LargeStringArray, Error> {
        let column = self.column(name)?;
        Ok(self.cast(name, &column, &DataType::LargeUtf8)?.as_string::<i64>().clone())
    }

    fn column(&self, name: &str) -> Result<ArrayRef, Error> {
        let column = self.rows.column_by_name(name).cloned();
        let column = column.ok_or_else(|| self.fault(format!("there is no column {name:?}")))?;
        match column.null_count() {
            0 => Ok(column),
            empty => Err(self.fault(format!("column {name:?} is empty in {empty} rows"))),
        }
    }

    fn cast(&self, name: &str, column: &ArrayRef, to: &DataType) -> Result<ArrayRef, Error> {
        let is_number = column.data_type().is_numeric() == to.is_numeric();
        let is_time = matches!(column.data_type(), DataType::Timestamp(..));
        let told =
            cast(column, to).ok().filter(|to| to.null_count() == 0 && (is_number || is_time));
        told.ok_or_else(|| {
            self.fault(format!("column {name:?} is {}, which is not {to}", column.data_type()))
        })
    }

    fn fault(&self, fault: String) -> Error {
        Error::ReadRecord { record: self.first, fault }
    }
}
