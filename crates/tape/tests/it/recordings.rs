//! Files opened by what is in them.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use market::depth::DepthMessage;
use parquet::arrow::ArrowWriter;
use tape::recording::{Format, GridFrom, Hints, InMemory};
use tape::{Messages, Recording};

use crate::samples::{BINANCE, BITSTAMP, LEAN_QUOTES, LOBSTER, grid, open};

fn read(name: &str, bytes: &[u8]) -> Vec<DepthMessage> {
    let (messages, error) = open(name, bytes, &Hints::default()).unwrap();
    assert!(error.is_none(), "{name}: {error:?}");
    messages
}

#[test]
fn each_text_is_opened_by_its_content() {
    assert_eq!(read("x.jsonl", BINANCE.as_bytes()).len(), 10);
    assert_eq!(read("AMZN_2012-06-21_34200000_message_1.csv", LOBSTER.as_bytes()).len(), 5);
    assert_eq!(read("orders.csv", BITSTAMP.as_bytes()).len(), 6);
    assert_eq!(read("20131007_ibm_tick_quote.csv", LEAN_QUOTES.as_bytes()).len(), 3);
}

#[test]
fn a_wrapping_changes_nothing() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(BINANCE.as_bytes()).unwrap();
    assert_eq!(read("x.jsonl.gz", &gzip.finish().unwrap()), read("x.jsonl", BINANCE.as_bytes()));
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("20131007_ibm_Tick_Quote.csv", options).unwrap();
    archive.write_all(LEAN_QUOTES.as_bytes()).unwrap();
    let zipped = archive.finish().unwrap().into_inner();
    assert_eq!(
        read("quotes.zip", &zipped),
        read("20131007_ibm_tick_quote.csv", LEAN_QUOTES.as_bytes())
    );
}

#[test]
fn a_grid_is_inferred_and_says_so() {
    let file = InMemory { name: "x.jsonl", bytes: BINANCE.as_bytes() };
    let recording = Recording::open(&file, &Hints::default()).unwrap();
    assert_eq!(recording.grid_from(), GridFrom::Inferred);
    assert_eq!(recording.grid(), grid("0.1", "1"));
    let hints = Hints { grid: Some(grid("0.05", "0.5")), ..Hints::default() };
    let recording = Recording::open(&file, &hints).unwrap();
    assert_eq!((recording.grid_from(), recording.format()), (GridFrom::Caller, Format::Binance));
}

#[test]
fn facts_tell_the_span_and_what_was_said() {
    let file = InMemory { name: "x.jsonl", bytes: BINANCE.as_bytes() };
    let mut recording = Recording::open(&file, &Hints::default()).unwrap();
    recording.read_all().unwrap();
    let facts = recording.facts();
    assert_eq!(facts.first.map(base::Ts::nanos), Some(1_000_000_300));
    assert_eq!(facts.last.map(base::Ts::nanos), Some(1_000_000_500));
    let changes: Vec<_> = facts.changes.iter().map(|(word, times)| (*word, *times)).collect();
    assert_eq!(changes, [("clear", 1), ("level", 8), ("trade", 1)]);
}

#[test]
fn what_is_no_recording_says_what_would_be_one() {
    let error = open("notes.txt", b"once upon a time", &Hints::default()).unwrap_err();
    assert!(error.to_string().contains("is none of DBN, Binance"), "{error}");
}

/// Bitstamp's sample as a table.
pub(crate) fn table() -> Vec<u8> {
    let rows: Vec<Vec<&str>> =
        BITSTAMP.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let whole = |column: usize| -> ArrayRef {
        let values = rows.iter().map(|row| row[column].parse::<i64>().unwrap());
        Arc::new(Int64Array::from_iter_values(values))
    };
    let words = |column: usize| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row[column])))
    };
    let prices = rows.iter().map(|row| row[3].parse::<f64>().unwrap());
    let batch = RecordBatch::try_from_iter([
        ("id", whole(0)),
        ("timestamp", whole(1)),
        ("exchange.timestamp", whole(2)),
        ("price", Arc::new(Float64Array::from_iter_values(prices)) as ArrayRef),
        ("volume", whole(4)),
        ("action", words(5)),
        ("direction", words(6)),
    ])
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn a_table_says_the_same_as_its_text() {
    assert_eq!(read("orders.parquet", &table()), read("orders.csv", BITSTAMP.as_bytes()));
}
