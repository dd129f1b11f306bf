//! What a file states of its pages, held against its length.

use parquet::basic::Encoding;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::ChunkReader;

use crate::thrift::{PageHead, is_whole, page_head};

/// Rows a byte of the file that are believed. Even a minute bar with all columns but the time
/// constant has fewer.
const MOST_ROWS_A_BYTE: u64 = 1_000;
/// Bytes of a page that are believed whatever its compressed size. Writers make pages of a megabyte.
const SMALL_PAGE: u64 = 1 << 24;
/// Beyond that, bytes that one compressed byte may become.
const MOST_BYTES_A_BYTE: u64 = 1_000;
/// Bytes at the end of a file: the length of its footer, and the four letters of the format.
const TAIL: u64 = 8;
/// Bytes in which the head of a page is looked for; heads with long statistics are longer.
const HEAD: u64 = 1 << 16;

fn refused(what: String) -> ParquetError {
    ParquetError::General(what)
}

/// Walks through the footer before it is believed.
pub(crate) fn footer<R: ChunkReader>(input: &R) -> Result<(), ParquetError> {
    let whole = input.len();
    // What is no Parquet at all is told by the reader, in its words.
    let Some(tail) = whole.checked_sub(TAIL) else { return Ok(()) };
    let bytes = input.get_bytes(tail, TAIL as usize)?;
    let Some((length, b"PAR1")) = bytes.split_first_chunk::<4>() else { return Ok(()) };
    let length = u64::from(u32::from_le_bytes(*length));
    let Some(start) = tail.checked_sub(length) else { return Ok(()) };
    let bytes = input.get_bytes(start, length as usize)?;
    if is_whole(&bytes) { Ok(()) } else { Err(refused("its footer is damaged".to_owned())) }
}

/// Looks at the head of every page.
pub(crate) fn check<R: ChunkReader>(
    input: &R,
    metadata: &ParquetMetaData,
) -> Result<(), ParquetError> {
    let length = input.len();
    let mut rows = 0_u64;
    for group in metadata.row_groups() {
        let count = u64::try_from(group.num_rows())
            .map_err(|_| refused(format!("a group of {} rows", group.num_rows())))?;
        rows = rows.saturating_add(count);
        for column in group.columns() {
            chunk(input, column)?;
        }
    }
    if rows > length.saturating_mul(MOST_ROWS_A_BYTE) {
        return Err(refused(format!("it states {rows} rows, and has {length} bytes")));
    }
    Ok(())
}

fn chunk<R: ChunkReader>(input: &R, column: &ColumnChunkMetaData) -> Result<(), ParquetError> {
    let name = || column.column_path().string();
    let (start, length) = column.byte_range();
    let end = start.checked_add(length).filter(|end| *end <= input.len());
    let end = end.ok_or_else(|| refused(format!("column {} lies past its end", name())))?;
    let values = u64::try_from(column.num_values()).unwrap_or(0);
    let mut at = start;
    while at < end {
        let bytes = input.get_bytes(at, usize::try_from((end - at).min(HEAD)).unwrap_or(0))?;
        // A head that can't be read is told by the reader, in its words.
        let Some(head) = page_head(&bytes) else { return Ok(()) };
        plausible(&head, values)
            .map_err(|what| refused(format!("a page of column {} at byte {at} {what}", name())))?;
        at = at.saturating_add(head.length).saturating_add(head.compressed);
    }
    Ok(())
}

/// Whether a page may be read; what it claims where not.
fn plausible(head: &PageHead, values: u64) -> Result<(), String> {
    let PageHead { compressed, uncompressed, .. } = *head;
    let most = SMALL_PAGE.max(compressed.saturating_mul(MOST_BYTES_A_BYTE));
    if uncompressed > most {
        return Err(format!("states {uncompressed} bytes packed into {compressed}"));
    }
    if head.values.is_some_and(|of_page| of_page > values) {
        return Err(format!("states more values than its column, which has {values}"));
    }
    // Their lengths stand packed inside the page, and the reader makes room for as many as it
    // states.
    let lengths = [Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY];
    if let Some(encoding) = lengths.iter().find(|it| head.encoding == Some(**it as i64)) {
        return Err(format!(
            "is encoded as {encoding}, which is not read: write the file again with strings plain \
             or with a dictionary"
        ));
    }
    Ok(())
}
