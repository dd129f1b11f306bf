//! Recordings of Binance.

use market::depth::{BookSide, DepthChange, Fault, Lots, Packet, Ticks};
use tape::binance::{BestQuotes, Options, Reader, Start};
use tape::{Error, Messages};

use crate::samples::{BINANCE, grid};

fn options() -> Options {
    Options::new(grid("0.1", "1"))
}

fn level(side: BookSide, price: i64, size: i64) -> DepthChange {
    DepthChange::Level { side, price: Ticks(price), size: Lots(size) }
}

const BID: BookSide = BookSide::Bid;
const ASK: BookSide = BookSide::Ask;

#[test]
fn a_snapshot_is_followed_by_what_it_lacks_and_by_what_came_later() {
    let mut reader = Reader::new(BINANCE.as_bytes(), options()).unwrap();
    let all = reader.read_all().unwrap();
    let said: Vec<(i64, DepthChange, Packet)> =
        all.iter().map(|m| (m.known.nanos() - 1_000_000_000, m.change, m.packet)).collect();
    let (more, last) = (Packet::More, Packet::Last);
    let trade = DepthChange::Trade { resting: Some(ASK), price: Ticks(1001), size: Lots(2) };
    assert_eq!(
        said,
        [
            (300, DepthChange::Clear, more),
            (300, level(BID, 1000, 5), more),
            (300, level(BID, 999, 1), more),
            (300, level(ASK, 1001, 2), more),
            (300, level(ASK, 1002, 4), last),
            (300, level(BID, 1000, 3), more),
            (300, level(ASK, 1002, 0), last),
            (400, trade, last),
            (500, level(ASK, 1001, 0), more),
            (500, level(ASK, 1003, 9), last),
        ]
    );
    assert_eq!(reader.skipped().get("before the snapshot"), Some(&1));
    assert_eq!(reader.last_update(), Some(110));
}

#[test]
fn a_missing_event_is_a_gap_and_the_book_waits() {
    let text = BINANCE.replace("\"pu\":105", "\"pu\":106");
    let mut reader = Reader::new(text.as_bytes(), options()).unwrap();
    let all = reader.read_all().unwrap();
    assert_eq!(all.last().map(|m| m.change), Some(DepthChange::Gap { missed: 1 }));
    assert_eq!(reader.faults().of(Fault::SequenceGap), 1);
    assert_eq!(reader.last_update(), None);
}

#[test]
fn after_a_gap_the_next_snapshot_builds_the_book_anew() {
    let again = BINANCE.replace("10000003", "10000013").replace(":100,", ":112,");
    let snapshot = again.lines().nth(2).unwrap();
    let text = format!("{}{snapshot}\n", BINANCE.replace("\"pu\":105", "\"pu\":106"));
    let mut reader = Reader::new(text.as_bytes(), options()).unwrap();
    let all = reader.read_all().unwrap();
    assert_eq!(all.iter().filter(|m| m.change == DepthChange::Clear).count(), 2);
    assert_eq!(reader.last_update(), Some(112));
}

#[test]
fn a_recording_continues_another_where_its_numbers_do() {
    let last = BINANCE.lines().nth(4).unwrap();
    for (update, wanted) in [(105, Some(110)), (104, None)] {
        let options = Options { start: Start::After(update), ..options() };
        let mut reader = Reader::new(last.as_bytes(), options).unwrap();
        reader.read_all().unwrap();
        assert_eq!(reader.last_update(), wanted, "after {update}");
    }
}

#[test]
fn spot_events_continue_by_their_first_update() {
    let event = |first: u64, last: u64| {
        format!(
            "10{first} {{\"e\":\"depthUpdate\",\"E\":1,\"s\":\"X\",\"U\":{first},\"u\":{last},\
             \"b\":[[\"1.0\",\"2\"]],\"a\":[]}}\n"
        )
    };
    let snapshot = "1000 {\"lastUpdateId\":100,\"bids\":[],\"asks\":[]}\n";
    let text = [snapshot.to_owned(), event(101, 103), event(104, 104), event(106, 107)].concat();
    let mut reader = Reader::new(text.as_bytes(), options()).unwrap();
    let changes: Vec<DepthChange> = reader.read_all().unwrap().iter().map(|m| m.change).collect();
    let bid = level(BID, 10, 2);
    assert_eq!(changes, [DepthChange::Clear, bid, bid, DepthChange::Gap { missed: 1 }]);
}

#[test]
fn best_quotes_are_said_where_they_are_asked_for() {
    let text = "5 {\"u\":1,\"s\":\"X\",\"b\":\"1.0\",\"B\":\"3\",\"a\":\"1.1\",\"A\":\"4\"}\n";
    let said = |best_quotes| {
        let options = Options { best_quotes, ..options() };
        Reader::new(text.as_bytes(), options).unwrap().read_all().unwrap()
    };
    assert_eq!(said(BestQuotes::Leave), []);
    let best =
        |side, price, size| DepthChange::Best { side, price: Ticks(price), size: Lots(size) };
    let changes: Vec<DepthChange> = said(BestQuotes::Say).iter().map(|m| m.change).collect();
    assert_eq!(changes, [best(BID, 10, 3), best(ASK, 11, 4)]);
}

#[test]
fn a_clock_that_goes_back_is_counted_and_held() {
    let text = BINANCE.replace("1000000500", "1000000350");
    let mut reader = Reader::new(text.as_bytes(), options()).unwrap();
    let all = reader.read_all().unwrap();
    assert_eq!(reader.faults().of(Fault::ClockBackwards), 1);
    assert_eq!(all.last().map(|m| m.known.nanos()), Some(1_000_000_400));
}

#[test]
fn a_price_beside_the_grid_is_counted_and_left_out() {
    let text = BINANCE.replace("\"100.3\",\"9\"", "\"100.35\",\"9\"");
    let mut reader = Reader::new(text.as_bytes(), options()).unwrap();
    let all = reader.read_all().unwrap();
    assert_eq!(reader.faults().of(Fault::OffGrid), 1);
    assert_eq!(all.last().map(|m| (m.change, m.packet)), Some((level(ASK, 1001, 0), Packet::Last)));
}

#[test]
fn a_second_symbol_is_an_error_unless_one_is_chosen() {
    let text = BINANCE.replacen("\"s\":\"X\"", "\"s\":\"Y\"", 1);
    let read = |symbol: Option<&str>| {
        let options = Options { symbol: symbol.map(str::to_owned), ..options() };
        Reader::new(text.as_bytes(), options).unwrap().read_all().map(|all| all.len())
    };
    assert!(matches!(read(None), Err(Error::ChooseInstrument { known }) if known == "Y and X"));
    assert_eq!(read(Some("X")).unwrap(), 10);
}

#[test]
fn a_cut_line_is_an_error_after_all_whole_lines() {
    let cut = &BINANCE[..BINANCE.len() - 20];
    let mut reader = Reader::new(cut.as_bytes(), options()).unwrap();
    let mut all = Vec::new();
    reader.read(&mut all).unwrap();
    assert_eq!(all.len(), 8);
    let error = reader.read(&mut all).unwrap_err();
    assert!(error.to_string().starts_with("read line 5: "), "{error}");
    reader.read(&mut all).unwrap();
    assert_eq!(all.len(), 8);
}
