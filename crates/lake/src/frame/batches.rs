//! Batches of Arrow, from Parquet or from an answer in SQL.

use std::fs::File;
use std::path::Path;

use arrow::array::{Array as _, ArrayRef, AsArray as _};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, SchemaRef, TimeUnit, TimestampNanosecondType};
use arrow::record_batch::RecordBatch;
use base::Ts;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{Column, Frame};
use crate::{Error, Lake};

impl Lake {
    /// Answers a question over all tables, as columns; see [`Lake::sql`].
    pub fn frame(&self, query: &str) -> Result<Frame, Error> {
        let (schema, batches) = self.batches(query)?;
        gather("the answer", &schema, batches.into_iter().map(Ok))
    }
}

/// Reads a Parquet file.
pub(super) fn parquet(path: &Path) -> Result<Frame, Error> {
    let file = File::open(path).map_err(|e| Error::read(path, e))?;
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| Error::parquet(path, e))?;
    let schema = builder.schema().clone();
    let reader = builder.with_batch_size(1 << 16).build().map_err(|e| Error::parquet(path, e))?;
    let batches = reader.map(|batch| batch.map_err(|e| Error::parquet(path, e)));
    gather(&path.display().to_string(), &schema, batches)
}

fn gather(
    what: &str,
    schema: &SchemaRef,
    batches: impl Iterator<Item = Result<RecordBatch, Error>>,
) -> Result<Frame, Error> {
    let mut columns: Vec<Column> =
        schema.fields().iter().map(|field| empty(field.data_type())).collect();
    for batch in batches {
        let batch = batch?;
        for ((column, field), array) in columns.iter_mut().zip(schema.fields()).zip(batch.columns())
        {
            append(column, array).map_err(|fault| Error::ReadFrame {
                what: what.to_owned(),
                fault: format!(
                    "column {} of type {} can't be read as {}: {fault}; leave it out or cast it",
                    field.name(),
                    field.data_type(),
                    column.kind()
                ),
            })?;
        }
    }
    let names = schema.fields().iter().map(|field| field.name().clone());
    let refuse = |fault| Error::ReadFrame { what: what.to_owned(), fault };
    Frame::new(names.zip(columns).collect(), refuse)
}

fn empty(kind: &DataType) -> Column {
    match kind {
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Column::Times(Vec::new()),
        kind if kind.is_numeric() || matches!(kind, DataType::Boolean | DataType::Null) => {
            Column::Numbers(Vec::new())
        }
        _ => Column::Texts(Vec::new()),
    }
}

fn append(column: &mut Column, array: &ArrayRef) -> Result<(), arrow::error::ArrowError> {
    match column {
        Column::Numbers(values) => {
            let array = cast(array, &DataType::Float64)?;
            let numbers = array.as_primitive::<Float64Type>();
            values.extend(numbers.iter().map(|value| value.unwrap_or(f64::NAN)));
        }
        Column::Times(values) => {
            // Through UTC: a zone says how a time is shown, not which one it is.
            let zone = match array.data_type() {
                DataType::Timestamp(_, zone) => zone.clone(),
                _ => None,
            };
            let array = cast(array, &DataType::Timestamp(TimeUnit::Nanosecond, zone))?;
            let times = array.as_primitive::<TimestampNanosecondType>();
            values.extend(times.iter().map(|nanos| nanos.map(Ts::from_nanos)));
        }
        Column::Texts(values) => {
            let array = cast(array, &DataType::Utf8)?;
            values.extend(array.as_string::<i32>().iter().map(|text| text.map(str::to_owned)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use arrow::array::{BooleanArray, Date32Array, DictionaryArray, Int32Array};
    use arrow::datatypes::{Field, Int32Type, Schema};

    fn batch() -> RecordBatch {
        let kind = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let schema = Arc::new(Schema::new(vec![
            Field::new("x", DataType::Int32, true),
            Field::new("won", DataType::Boolean, true),
            Field::new("day", DataType::Date32, true),
            Field::new("name", kind, true),
        ]));
        let names: DictionaryArray<Int32Type> = [Some("a"), None].into_iter().collect();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int32Array::from(vec![Some(3), None])),
            Arc::new(BooleanArray::from(vec![true, false])),
            Arc::new(Date32Array::from(vec![1, 2])),
            Arc::new(names),
        ];
        RecordBatch::try_new(schema, columns).unwrap()
    }

    #[test]
    fn a_parquet_file_keeps_its_types() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let batch = batch();
        let mut writer =
            parquet::arrow::ArrowWriter::try_new(file.reopen().unwrap(), batch.schema(), None)
                .unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let frame = Frame::read(file.path()).unwrap();
        assert_eq!(frame.names(), ["x", "won", "day", "name"]);
        let Some(Column::Numbers(x)) = frame.column("x") else { panic!("{frame:?}") };
        assert!(x[0] == 3.0 && x[1].is_nan());
        assert_eq!(frame.column("won"), Some(&Column::Numbers(vec![1.0, 0.0])));
        let days = [1, 2].map(|day| Some(Ts::from_seconds(day * 86_400)));
        assert_eq!(frame.column("day"), Some(&Column::Times(days.to_vec())));
        let names = Column::Texts(vec![Some("a".to_owned()), None]);
        assert_eq!(frame.column("name"), Some(&names));
    }

    #[test]
    fn a_parquet_file_cut_short_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"PAR1 and no more").unwrap();
        let said = Frame::read(file.path()).unwrap_err().to_string();
        assert!(said.contains("truncated, damaged or not Parquet"), "{said}");
    }

    #[test]
    fn an_answer_has_columns_though_it_has_no_row() {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::at(folder.path());
        let frame = lake.frame("select symbol, close from bars_daily").unwrap();
        assert_eq!((frame.names(), frame.len()), (&["symbol", "close"].map(str::to_owned)[..], 0));
    }
}
