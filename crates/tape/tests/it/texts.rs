//! LOBSTER, Bitstamp and LEAN as text.

use base::{Day, Span};
use market::depth::{BookSide, DepthChange, Lots, OrderKey, Packet, Ticks};
use tape::{Messages, bitstamp, lean, lobster};

use crate::samples::{BITSTAMP, LEAN_QUOTES, LOBSTER, LOBSTER_BOOK, grid};

const BID: BookSide = BookSide::Bid;
const ASK: BookSide = BookSide::Ask;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn lobster_options(words: lobster::Words) -> lobster::Options {
    lobster::Options { grid: grid("0.005", "1"), day: day("2012-06-21"), words }
}

#[test]
fn lobster_tells_orders() {
    let options = lobster_options(lobster::Words::Orders);
    let mut reader = lobster::Reader::lines(LOBSTER.as_bytes(), None, options).unwrap();
    let all = reader.read_all().unwrap();
    let changes: Vec<DepthChange> = all.iter().map(|m| m.change).collect();
    let (order, price) = (OrderKey(11), Ticks(44_762));
    assert_eq!(
        changes,
        [
            DepthChange::Add { order, side: BID, price, size: Lots(100) },
            DepthChange::Reduce { order, by: Lots(20) },
            DepthChange::Trade { resting: Some(BID), price, size: Lots(80) },
            DepthChange::Execute { order, size: Lots(80) },
            DepthChange::Trade { resting: None, price: Ticks(44_765), size: Lots(1) },
        ]
    );
    assert_eq!(reader.skipped().get("trading halt"), Some(&1));
    let opening = day("2012-06-21").start() + Span::from_nanos(48_600_017_459_617);
    assert_eq!(all[0].known, opening);
}

#[test]
fn lobster_tells_levels_and_its_columns_verify_the_messages() {
    let options = lobster_options(lobster::Words::Levels);
    let book = Some(LOBSTER_BOOK.as_bytes());
    let mut reader = lobster::Reader::lines(LOBSTER.as_bytes(), book, options).unwrap();
    let all = reader.read_all().unwrap();
    let level =
        |side, price, size| DepthChange::Level { side, price: Ticks(price), size: Lots(size) };
    let levels: Vec<DepthChange> = all
        .iter()
        .map(|m| m.change)
        .filter(|change| matches!(change, DepthChange::Level { .. }))
        .collect();
    assert_eq!(
        levels,
        [
            level(BID, 44_762, 100),
            level(ASK, 44_790, 100),
            level(BID, 44_762, 80),
            level(BID, 44_762, 0),
            level(BID, 44_750, 200),
        ]
    );
    let agreement = reader.agreement();
    assert_eq!((agreement.checked, agreement.disagreed), (4, 0));
}

#[test]
fn columns_that_contradict_a_message_are_counted() {
    let options = lobster_options(lobster::Words::Levels);
    let wrong = LOBSTER_BOOK.replace("2238100,80", "2238100,70");
    let book = Some(wrong.as_bytes());
    let mut reader = lobster::Reader::lines(LOBSTER.as_bytes(), book, options).unwrap();
    reader.read_all().unwrap();
    let agreement = reader.agreement();
    assert_eq!((agreement.disagreed, agreement.first), (2, Some(1)));
}

#[test]
fn a_book_shorter_than_its_messages_is_an_error() {
    let options = lobster_options(lobster::Words::Levels);
    let book = Some(&LOBSTER_BOOK.as_bytes()[..47]);
    let mut reader = lobster::Reader::lines(LOBSTER.as_bytes(), book, options).unwrap();
    let error = reader.read_all().unwrap_err().to_string();
    assert!(error.contains("the book: it ends before the messages do"), "{error}");
}

#[test]
fn bitstamp_orders_that_shrink_were_traded() {
    let mut reader = bitstamp::Reader::lines(BITSTAMP.as_bytes(), grid("0.01", "0.00000001"));
    let all = reader.as_mut().unwrap().read_all().unwrap();
    let changes: Vec<DepthChange> = all.iter().map(|m| m.change).collect();
    let (seven, eight) = (OrderKey(7), OrderKey(8));
    let add = |order, side, price, size| DepthChange::Add {
        order,
        side,
        price: Ticks(price),
        size: Lots(size),
    };
    assert_eq!(
        changes,
        [
            add(seven, BID, 23_647, 200_000_000),
            DepthChange::Execute { order: seven, size: Lots(50_000_000) },
            DepthChange::Execute { order: seven, size: Lots(150_000_000) },
            add(eight, ASK, 23_660, 100_000_000),
            DepthChange::Delete { order: eight },
            DepthChange::Replace { order: OrderKey(3), price: Ticks(23_610), size: Lots(5) },
        ]
    );
}

#[test]
fn lean_rows_of_one_millisecond_belong_together() {
    let options = lean::Options {
        grid: grid("0.01", "1"),
        day: Some(day("2013-10-07")),
        quotes: lean::Quotes::Best,
    };
    let mut reader = lean::Reader::lines(LEAN_QUOTES.as_bytes(), options).unwrap();
    let all = reader.read_all().unwrap();
    let said: Vec<(DepthChange, Packet)> = all.iter().map(|m| (m.change, m.packet)).collect();
    let best =
        |side, price, size| DepthChange::Best { side, price: Ticks(price), size: Lots(size) };
    assert_eq!(
        said,
        [
            (best(BID, 18_363, 100), Packet::Last),
            (best(ASK, 18_370, 300), Packet::More),
            (best(BID, 18_365, 200), Packet::Last),
        ]
    );
    assert_eq!(reader.skipped().get("suspicious"), Some(&1));
}

#[test]
fn a_line_with_too_few_fields_says_which() {
    let text = format!("{BITSTAMP}9,1430438405000\n");
    let mut reader = bitstamp::Reader::lines(text.as_bytes(), grid("0.01", "0.00000001")).unwrap();
    let mut all = Vec::new();
    reader.read(&mut all).unwrap();
    let error = reader.read(&mut all).unwrap_err().to_string();
    assert_eq!(all.len(), 6);
    assert!(error.starts_with("read line 8: it has 2 fields instead of 7"), "{error}");
}
