//! Files that are damaged in one place each.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};

use super::open;
use crate::thrift::page_head;

const ROWS: usize = 1_000;

fn written(properties: WriterPropertiesBuilder) -> Vec<u8> {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..ROWS as i64));
    let words = (0..ROWS).map(|row| format!("word {}", row % 7));
    let words: ArrayRef = Arc::new(StringArray::from_iter_values(words));
    let batch = RecordBatch::try_from_iter([("number", numbers), ("word", words)]).unwrap();
    let properties = properties.build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn zstd() -> WriterPropertiesBuilder {
    WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default()))
}

fn refusal(bytes: Vec<u8>) -> String {
    match open(Bytes::from(bytes), 64) {
        Err(error) => error.to_string(),
        Ok(mut rows) => rows.find_map(Result::err).map(|it| it.to_string()).unwrap_or_default(),
    }
}

/// A zigzag varint of as many bytes as another has.
fn padded(value: u64, bytes: usize) -> Vec<u8> {
    let mut zigzag = value << 1;
    let mut found = Vec::new();
    for place in 0..bytes {
        let more = if place + 1 < bytes { 0x80 } else { 0 };
        found.push((zigzag & 0x7f) as u8 | more);
        zigzag >>= 7;
    }
    assert_eq!(zigzag, 0, "{value} needs more than {bytes} bytes");
    found
}

#[test]
fn a_sound_file_is_read_whole_in_batches() {
    let rows = open(Bytes::from(written(zstd())), 64).unwrap();
    assert_eq!(rows.schema().field(1).name(), "word");
    let counts: Vec<usize> = rows.map(|rows| rows.unwrap().num_rows()).collect();
    assert_eq!(counts.iter().sum::<usize>(), ROWS);
    assert_eq!(counts[0], 64);
}

#[test]
fn the_head_of_a_page_is_read_as_it_was_written() {
    let plain = zstd().set_dictionary_enabled(false);
    // The first page begins after the four letters of the format.
    let head = page_head(&written(plain)[4..]).unwrap();
    assert_eq!((head.values, head.encoding), (Some(ROWS as u64), Some(Encoding::PLAIN as i64)));
    assert_eq!(head.uncompressed, 8 * ROWS as u64);
    assert!(head.compressed < head.uncompressed && head.length > 5, "{head:?}");
}

#[test]
fn a_page_that_states_gigabytes_is_refused_before_it_is_read() {
    let mut bytes = written(zstd().set_dictionary_enabled(false));
    // Kind 1 of field 1, then field 2: 8000 as a zigzag varint of two bytes.
    assert_eq!(bytes[4..7], [0x15, 0x00, 0x15]);
    bytes.splice(7..9, padded(2_000_000_000, 5));
    let told = refusal(bytes);
    assert!(told.contains("states 2000000000 bytes packed into"), "{told}");
}

#[test]
fn a_page_with_more_values_than_its_column_is_refused() {
    let bytes = written(zstd().set_dictionary_enabled(false));
    let head = page_head(&bytes[4..]).unwrap();
    let mut bytes = bytes;
    let at = (4..4 + head.length as usize)
        .find(|at| bytes[*at..].starts_with(&padded(ROWS as u64, 2)) && *at > 11)
        .unwrap();
    bytes.splice(at..at + 2, padded(ROWS as u64 + 1, 2));
    let told = refusal(bytes);
    assert!(told.contains("states more values than its column, which has 1000"), "{told}");
}

#[test]
fn lengths_that_are_packed_away_are_refused_with_what_to_do() {
    let packed = zstd()
        .set_dictionary_enabled(false)
        .set_column_encoding("word".into(), Encoding::DELTA_LENGTH_BYTE_ARRAY);
    let told = refusal(written(packed));
    assert!(told.contains("write the file again with strings plain"), "{told}");
}

#[test]
fn a_list_in_the_footer_that_is_longer_than_the_file_is_refused() {
    let mut bytes = written(zstd());
    let tail = bytes.len() - 8;
    // A footer of one field: a list of 2^31 truths, which no byte follows.
    let footer = [0x19, 0xf1, 0x80, 0x80, 0x80, 0x80, 0x08, 0x00];
    bytes.truncate(tail);
    bytes.extend(footer);
    bytes.extend((footer.len() as u32).to_le_bytes());
    bytes.extend(b"PAR1");
    assert!(refusal(bytes).contains("its footer is damaged"));
}

#[test]
fn no_damaged_byte_makes_a_panic_or_endless_rows() {
    for bytes in [written(zstd()), written(WriterProperties::builder())] {
        for at in (0..bytes.len()).step_by(7) {
            for change in [0xff, 0x01, 0x80] {
                let mut damaged = bytes.clone();
                damaged[at] ^= change;
                let Ok(rows) = open(Bytes::from(damaged), 64) else { continue };
                let read: usize = rows.map_while(Result::ok).map(|it| it.num_rows()).sum();
                assert!(read <= 1_000 * bytes.len(), "{at} {change}: {read}");
            }
        }
    }
}
