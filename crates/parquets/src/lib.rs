//! Parquet files of other makers: batches of rows, or an error.
//!
//! The `parquet` crate believes what a file says of itself. A damaged file of a kilobyte makes it
//! take gigabytes, give millions of rows, or panic. Here the sizes that a file states are held
//! against its length before a page is read, and a panic is an error.
//!
//! **For**: recordings and ingest, which read files that nobody vouches for.
//! **Must never know**: what the columns mean.
//! **Start reading** at [`open`], then `pages`.

mod pages;
#[cfg(test)]
mod tests;
mod thrift;

use arrow::array::{RecordBatch, RecordBatchReader as _};
use arrow::datatypes::SchemaRef;
use base::panics;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::reader::ChunkReader;

/// The rows of a file, a batch at a time. It ends after an error.
pub struct Rows {
    reader: Option<ParquetRecordBatchReader>,
    schema: SchemaRef,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// Reads the footer and looks at the head of every page. `rows` is the length of a batch.
///
/// Types are those of Parquet's own schema: the copy that Arrow leaves beside it is not read.
///
/// # Errors
/// Whatever is wrong with the file, in words.
pub fn open<R: ChunkReader + 'static>(input: R, rows: usize) -> Result<Rows, ParquetError> {
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let footer = panics::caught(|| {
        pages::footer(&input)?;
        let metadata = ArrowReaderMetadata::load(&input, options.clone())?;
        pages::check(&input, metadata.metadata())?;
        ParquetRecordBatchReaderBuilder::new_with_metadata(input, metadata)
            .with_batch_size(rows)
            .build()
    });
    let reader = footer.map_err(damaged)??;
    Ok(Rows { schema: reader.schema(), reader: Some(reader) })
}

fn damaged(panic: String) -> ParquetError {
    ParquetError::General(format!("its pages are damaged ({panic})"))
}

impl Rows {
    /// The columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }
}

impl Iterator for Rows {
    type Item = Result<RecordBatch, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let reader = self.reader.as_mut()?;
        let next = match panics::caught(|| reader.next()) {
            Ok(next) => next.map(|rows| rows.map_err(ParquetError::from)),
            Err(panic) => Some(Err(damaged(panic))),
        };
        if !matches!(next, Some(Ok(_))) {
            self.reader = None;
        }
        next
    }
}
