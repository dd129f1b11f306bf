use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Float32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use base::{Day, Span};
use bytes::Bytes;
use market::{InstrumentId, OptionRight, Settlement};
use parquet::arrow::ArrowWriter;

use super::*;

fn roots() -> Roots {
    Roots::from([("AAPL".to_owned(), Root::shares(InstrumentId(3)))])
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn file(columns: Vec<(&str, ArrayRef)>) -> Bytes {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    )
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes.into()
}

/// Five rows: sound, without a bid, of another name, with a negative ask, without a strike.
fn quote_file(local: base::Ts) -> Bytes {
    let words = |words: Vec<&str>| Arc::new(StringArray::from(words)) as ArrayRef;
    let expiry = day("2014-06-20").number();
    let stamps = vec![local.micros(); 5];
    let floats = |values: Vec<Option<f32>>| Arc::new(Float32Array::from(values)) as ArrayRef;
    let bids = vec![Some(159.45), None, Some(1.0), Some(1.0), Some(1.0)];
    let asks = vec![Some(160.5), Some(0.09), Some(1.1), Some(-1.0), Some(1.1)];
    file(vec![
        ("symbol", words(vec!["AAPL", "AAPL", "TWX", "AAPL", "AAPL"])),
        ("ts", Arc::new(TimestampMicrosecondArray::from(stamps))),
        ("expiry", Arc::new(Date32Array::from(vec![expiry; 5]))),
        ("strike", Arc::new(Float64Array::from(vec![490.0, 492.5, 70.0, 490.0, 0.0]))),
        ("right", words(vec!["C", "P", "C", "C", "C"])),
        ("bid_close", floats(bids)),
        ("bid_size", Arc::new(Int64Array::from(vec![20, 0, 1, 1, 1]))),
        ("ask_close", floats(asks)),
        ("ask_size", Arc::new(Int64Array::from(vec![6, 8, 1, 1, 1]))),
    ])
}

#[test]
fn a_bar_of_quotes_is_known_at_its_end_in_utc() {
    let local = day("2014-06-06").start() + Span::from_hours(15);
    let table = [(Frame::Minute, "19:01:00"), (Frame::Hour, "20:00:00")];
    for (frame, clock) in table {
        let mut found = Vec::new();
        quotes(quote_file(local), frame, &roots(), |quote| found.push(quote)).unwrap();
        assert_eq!(found[0].known.to_string(), format!("2014-06-06T{clock}Z"));
        assert_eq!(found[0].at, found[0].known);
    }
}

#[test]
fn a_daily_bar_is_known_at_the_close_of_its_session() {
    let mut found = Vec::new();
    // The day after Thanksgiving closes at one o'clock.
    let local = day("2014-11-28").start();
    let counts = quotes(quote_file(local), Frame::Session, &roots(), |quote| found.push(quote));
    assert_eq!(found[0].known.to_string(), "2014-11-28T18:00:00Z");
    assert_eq!(counts.unwrap().bad_times, 0);
    let sunday = day("2014-11-30").start();
    let counts = quotes(quote_file(sunday), Frame::Session, &roots(), |_| {}).unwrap();
    assert_eq!((counts.read, counts.bad_times), (0, 3));
}

#[test]
fn single_floats_become_the_prices_that_were_quoted() {
    let mut found = Vec::new();
    let local = day("2014-06-06").start() + Span::from_hours(10);
    let counts =
        quotes(quote_file(local), Frame::Minute, &roots(), |quote| found.push(quote)).unwrap();
    let (bid, ask) = (found[0].bid.unwrap(), found[0].ask.unwrap());
    assert_eq!((bid.price.to_string(), bid.size), ("159.45".to_owned(), 20));
    assert_eq!((ask.price.to_string(), ask.size), ("160.5".to_owned(), 6));
    assert_eq!(found[1].bid, None);
    assert_eq!(found[1].contract.right, OptionRight::Put);
    assert_eq!(found[1].contract.strike.to_string(), "492.5");
    let wanted =
        Counts { rows: 5, read: 2, other_names: 1, no_contract: 1, bad_numbers: 1, bad_times: 0 };
    assert_eq!(counts, wanted);
}

#[test]
fn bytes_that_are_no_table_are_told() {
    let told = quotes(&b"not a table"[..], Frame::Minute, &roots(), |_| {}).unwrap_err();
    assert!(told.to_string().starts_with("read record 0"), "{told}");
    let whole = quote_file(day("2014-06-06").start());
    let cut = whole.slice(..whole.len() / 2);
    assert!(quotes(cut, Frame::Minute, &roots(), |_| {}).is_err());
    let told = trades(whole, Frame::Minute, &roots(), |_| {}).unwrap_err();
    assert!(told.to_string().contains("there is no column open"), "{told}");
}

fn snapshot() -> Snapshot {
    let root = Root::index(InstrumentId(0), Settlement::CashAtClose);
    Snapshot { root, at: day("2024-10-16").start(), size: 10 }
}

#[test]
fn a_snapshot_in_json_gives_both_rights_of_a_strike() {
    let text = br#"{"symbol":"SP500","underlying_price":5781.88,"expiration_date":"18 oct 2024",
        "options":[{"strike_price":5520,"call_bid":274.26,"call_ask":276.06,"put_bid":null,
        "put_ask":14.9,"delta_call":"0.5"}]}"#;
    let mut found = Vec::new();
    let (spot, counts) = chain_json(text, &snapshot(), |quote| found.push(quote)).unwrap();
    assert_eq!((spot.to_string(), counts.read), ("5781.88".to_owned(), 2));
    assert_eq!(found[0].contract.expiry, day("2024-10-18"));
    assert_eq!(found[0].bid.unwrap().price.to_string(), "274.26");
    assert_eq!((found[1].contract.right, found[1].bid), (OptionRight::Put, None));
}

#[test]
fn a_snapshot_in_json_that_is_none_is_told() {
    let bad = [
        &br#"{"underlying_price":1.0,"expiration_date":"18 oxt 2024","options":[]}"#[..],
        br#"{"underlying_price":-1.0,"expiration_date":"18 oct 2024","options":[]}"#,
        br#"{"underlying_price":1.0"#,
    ];
    for text in bad {
        assert!(chain_json(text, &snapshot(), |_| {}).is_err());
    }
}

#[test]
fn a_snapshot_in_csv_reads_as_the_one_in_json() {
    let text = "Strike Price,Call Bid,Call Ask,Put Bid,Put Ask,Implied Volatility\n\
                5520,274.26,276.06,13.22,14.9,16.31\n5525,,271.42,13.54,15.27,16.2\n";
    let mut found = Vec::new();
    let counts = chain_csv(text, day("2024-10-18"), &snapshot(), |q| found.push(q)).unwrap();
    assert_eq!(counts.read, 4);
    assert_eq!(found[1].ask.unwrap().price.to_string(), "14.9");
    assert_eq!(found[2].bid, None);
    let read = |text: &str| chain_csv(text, day("2024-10-18"), &snapshot(), |_| {});
    assert!(read("Strike,Bid\n1,2").is_err());
    let told = read(&text.replace("13.54", "many")).unwrap_err();
    assert!(told.to_string().starts_with("read record 2"), "{told}");
}

#[test]
fn a_file_says_what_it_holds_and_how_long_its_bars_are() {
    let start = day("2014-06-06").start();
    let table = [
        (start, Frame::Session),
        (start + Span::from_hours(15), Frame::Hour),
        (start + Span::from_minutes(901), Frame::Minute),
    ];
    for (at, frame) in table {
        let found = contents(quote_file(at)).unwrap();
        assert_eq!((found.kind, found.frame), (Kind::Quotes, frame));
        assert_eq!(found.names, [("AAPL".to_owned(), 4), ("TWX".to_owned(), 1)].into());
    }
    let words = Arc::new(StringArray::from(vec!["AAPL"])) as ArrayRef;
    let told = contents(file(vec![("symbol", words)])).unwrap_err();
    assert!(told.to_string().contains("no rows of options"), "{told}");
}

const LINES: &str = "symbol,ts,expiry,strike,right,bid_close,bid_size,ask_close,ask_size
AAPL,2014-06-06 15:00:00,2014-06-20,490,C,159.45,20,160.5,6
AAPL,2014-06-06 15:00:00,2014-06-20,492.5,P,,0,0.09,8
";

#[test]
fn quotes_in_csv_read_as_those_in_parquet() {
    let local = day("2014-06-06").start() + Span::from_hours(15);
    let (mut one, mut other) = (Vec::new(), Vec::new());
    quotes(LINES.as_bytes(), Frame::Hour, &roots(), |quote| one.push(quote)).unwrap();
    quotes(quote_file(local), Frame::Hour, &roots(), |quote| other.push(quote)).unwrap();
    assert_eq!(one, other);
    assert_eq!(contents(LINES.as_bytes()).unwrap().frame, Frame::Hour);
}

#[test]
fn a_cell_that_is_not_what_its_column_holds_is_told_with_its_line() {
    let table = [("490", "cheap"), ("2014-06-20", "soon"), (",6\n", ",6,7\n"), ("15:00", "25:00")];
    for (cell, bad) in table {
        let text = LINES.replacen(cell, bad, 1).into_bytes();
        let told = quotes(text, Frame::Hour, &roots(), |_| {}).unwrap_err();
        assert!(told.to_string().starts_with("read line 2"), "{bad}: {told}");
    }
}
