//! Whatever bytes come, read as a file of each format, and what holds whatever they are. The tests
//! run these over samples and over what fuzzing found; `fuzz` runs them over what it makes up.

use base::Ts;
use bytes::Bytes;
use market::depth::{DepthChange, DepthMessage, Grid, Ladder, Orders, Ticks, Top};
use market::{InstrumentId, Settlement};
use tape::options::{self, Frame, Root, Roots, Snapshot};
use tape::recording::{Hints, InMemory};
use tape::{Messages, Recording, dbn, lean, lobster};

/// A file that says more is read no further: a few packed bytes may stand for any number.
const MOST_MESSAGES: usize = 200_000;

/// A grid that suits most files.
pub(crate) fn cents() -> Grid {
    Grid::new("0.01".parse().unwrap(), "1".parse().unwrap()).unwrap()
}

/// Databento: messages on a given grid and on one that is found, and definitions.
pub(crate) fn databento(bytes: &[u8]) {
    recording("a.dbn", bytes, &[Hints::default(), on_cents()]);
    if let Ok(found) = dbn::definitions(bytes) {
        for definition in found {
            let _either_is_fine = definition.grid();
        }
    }
}

/// Binance: a recording from its snapshot, and one that continues another.
pub(crate) fn binance(bytes: &[u8]) {
    let continued = Hints { after_update: Some(95), ..on_cents() };
    recording("x.jsonl", bytes, &[Hints::default(), on_cents(), continued]);
}

/// LOBSTER: messages alone, and what stands before a `|` beside the book behind it.
pub(crate) fn lobster(bytes: &[u8]) {
    let name = "AMZN_2012-06-21_34200000_57600000_message_1.csv";
    recording(name, bytes, &[Hints::default(), on_cents()]);
    let cut = bytes.iter().position(|byte| *byte == b'|').unwrap_or(bytes.len());
    let (messages, book) = (&bytes[..cut], bytes.get(cut + 1..).unwrap_or_default());
    for words in [lobster::Words::Orders, lobster::Words::Levels] {
        let day = "2012-06-21".parse().unwrap();
        let options = lobster::Options { grid: cents(), day, words };
        if let Ok(mut reader) = lobster::Reader::lines(messages, Some(book), options) {
            drain(&mut reader);
        }
    }
}

/// Bitstamp.
pub(crate) fn bitstamp(bytes: &[u8]) {
    recording("orders.csv", bytes, &[Hints::default(), on_cents()]);
}

/// LEAN: text or archive, quotes of the best and of each exchange.
pub(crate) fn lean(bytes: &[u8]) {
    let each = Hints { quotes: lean::Quotes::EachExchange, ..on_cents() };
    recording("20131007_ibm_tick_quote.csv", bytes, &[Hints::default(), on_cents(), each]);
}

/// Parquet tables of order books.
pub(crate) fn tables(bytes: &[u8]) {
    let day = "2012-06-21".parse().ok();
    let dated = Hints { day, ..on_cents() };
    recording("AMZN_2012-06-21.parquet", bytes, &[Hints::default(), dated]);
}

/// Files of options: Parquet, JSON, CSV.
pub(crate) fn options(bytes: &[u8]) {
    let root = Root::shares(InstrumentId(3));
    let index = Root::index(InstrumentId(4), Settlement::CashAtClose);
    let roots = Roots::from([("AAPL".to_owned(), root), ("SPX".to_owned(), index)]);
    let snapshot = Snapshot { root, at: Ts::from_seconds(1_700_000_000), size: 1 };
    let expiry = "2024-10-18".parse().unwrap();
    if bytes.starts_with(b"PAR1") {
        let bytes = Bytes::copy_from_slice(bytes);
        for frame in [Frame::Minute, Frame::Session] {
            // Rows are counted or refused; the sums are judged by other tests.
            let _ = options::quotes(bytes.clone(), frame, &roots, |_| {});
            let _ = options::trades(bytes.clone(), frame, &roots, |_| {});
        }
        let _ = options::open_interest(bytes.clone(), &roots, |_| {});
        let _ = options::universe(bytes, &roots, |_| {});
        return;
    }
    let mut handed_on = 0;
    if let Ok((_, counts)) = options::chain_json(bytes, &snapshot, |_| handed_on += 1) {
        assert_eq!(counts.read, handed_on);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = options::chain_csv(text, expiry, &snapshot, |_| {});
    }
}

fn on_cents() -> Hints {
    Hints { grid: Some(cents()), ..Hints::default() }
}

/// Opens a file of that name with each of these hints and reads it to its end.
fn recording(name: &str, bytes: &[u8], hints: &[Hints]) {
    for hints in hints {
        if let Ok(mut recording) = Recording::open(&InMemory { name, bytes }, hints) {
            drain(&mut recording);
        }
    }
}

/// Reads to the end, into a book of each depth.
fn drain(messages: &mut dyn Messages) {
    let grid = messages.grid();
    let (mut top, mut ladder, mut orders) = (Top::new(), Ladder::new(), Orders::new());
    let (mut block, mut last, mut said) = (Vec::new(), Ts::MIN, 0);
    while said < MOST_MESSAGES {
        block.clear();
        let ended = messages.read(&mut block);
        if ended.is_err() {
            assert!(block.is_empty(), "what came before an error is given out first");
            let again = messages.read(&mut block);
            assert!(block.is_empty(), "after an error there is nothing more: {again:?}");
            return;
        }
        if block.is_empty() {
            return;
        }
        said += block.len();
        for message in &block {
            assert!(message.known >= last, "received in order: {message:?} after {last}");
            last = message.known;
            on_grid(&grid, message);
            // A fault is an answer too.
            let _ = (top.apply(message), ladder.apply(message), orders.apply(message));
        }
    }
}

/// Price and size can be told in money and units again.
fn on_grid(grid: &Grid, message: &DepthMessage) {
    let (price, size) = match message.change {
        DepthChange::Best { price, size, .. }
        | DepthChange::Level { price, size, .. }
        | DepthChange::Add { price, size, .. }
        | DepthChange::Replace { price, size, .. }
        | DepthChange::Trade { price, size, .. } => (price, size),
        DepthChange::Reduce { by, .. } => (Ticks::ZERO, by),
        DepthChange::Execute { size, .. } => (Ticks::ZERO, size),
        DepthChange::Clear | DepthChange::Delete { .. } | DepthChange::Gap { .. } => return,
    };
    assert_eq!(grid.ticks(grid.price(price)), Some(price));
    assert_eq!(grid.lots(grid.qty(size)), Some(size));
}
