//! Orders in DBN: written, read back, and what the vendor's records mean.

use std::io::Read;

use base::Ts;
use dbn::encode::EncodeRecord;
use dbn::encode::dbn::Encoder;
use dbn::{FlagSet, MboMsg, MetadataBuilder, RecordHeader, SType, Schema};
use market::depth::{BookSide, DepthChange, DepthMessage, Fault, Lots, OrderKey, Packet, Ticks};
use proptest::prelude::*;
use tape::dbn::{Options, Pick, Reader, Writer};
use tape::{Error, Messages};

use crate::samples::grid;

/// A record in short: action, side, order, price in quarters, size, flags.
type Short = (u8, u8, u64, i64, u32, u8);

const LAST: u8 = 128;
const SNAPSHOT: u8 = 32 | 8;

fn file(records: &[Short], ids: &[u32]) -> Vec<u8> {
    let metadata = MetadataBuilder::new()
        .dataset("TEST.TEST")
        .schema(Some(Schema::Mbo))
        .start(0)
        .stype_in(Some(SType::RawSymbol))
        .stype_out(SType::InstrumentId)
        .build();
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, &metadata).unwrap();
    for (index, (action, side, order, price, size, flags)) in records.iter().enumerate() {
        let id = ids[index % ids.len()];
        let record = MboMsg {
            hd: RecordHeader::new::<MboMsg>(dbn::rtype::MBO, 1, id, 1_000 + index as u64),
            order_id: *order,
            price: if *price == i64::MAX { dbn::UNDEF_PRICE } else { price * 250_000_000 },
            size: *size,
            flags: FlagSet::new(*flags),
            channel_id: 0,
            action: *action as _,
            side: *side as _,
            ts_recv: 2_000 + index as u64,
            ts_in_delta: 0,
            sequence: 0,
        };
        encoder.encode_record(&record).unwrap();
    }
    bytes
}

fn said(records: &[Short]) -> Vec<(DepthChange, Packet)> {
    let bytes = file(records, &[7]);
    let mut reader = Reader::new(bytes.as_slice(), Options::new(grid("0.25", "1"))).unwrap();
    reader.read_all().unwrap().iter().map(|m| (m.change, m.packet)).collect()
}

const ONE: OrderKey = OrderKey(1);

#[test]
fn a_cancel_after_a_fill_is_an_execution() {
    let trade = DepthChange::Trade { resting: Some(BookSide::Ask), price: Ticks(8), size: Lots(5) };
    let fill = [(b'T', b'B', 9, 8, 5, 0), (b'F', b'A', 1, 8, 5, 0)];
    let cancelled = said(&[fill[0], fill[1], (b'C', b'A', 1, 8, 5, LAST)]);
    let executed = DepthChange::Execute { order: ONE, size: Lots(5) };
    assert_eq!(cancelled, [(trade, Packet::More), (executed, Packet::Last)]);
    let changed = said(&[fill[0], fill[1], (b'M', b'A', 1, 8, 2, LAST)]);
    let replaced = DepthChange::Replace { order: ONE, price: Ticks(8), size: Lots(2) };
    assert_eq!(changed, [(trade, Packet::More), (replaced, Packet::Last)]);
    let in_part = said(&[fill[1], (b'C', b'A', 1, 8, 7, LAST)]);
    let reduced = DepthChange::Reduce { order: ONE, by: Lots(2) };
    assert_eq!(in_part, [(executed, Packet::More), (reduced, Packet::Last)]);
}

#[test]
fn a_fill_of_an_earlier_event_makes_no_later_cancel_an_execution() {
    let records = [(b'F', b'A', 1, 8, 5, LAST), (b'C', b'A', 1, 8, 5, LAST)];
    assert_eq!(said(&records), [(DepthChange::Reduce { order: ONE, by: Lots(5) }, Packet::Last)]);
}

#[test]
fn a_snapshot_clears_the_book_and_is_whole_at_its_end() {
    let add = |order, price| DepthChange::Add {
        order: OrderKey(order),
        side: BookSide::Bid,
        price: Ticks(price),
        size: Lots(1),
    };
    let records = [
        (b'A', b'B', 1, 8, 1, SNAPSHOT),
        (b'A', b'B', 2, 7, 1, SNAPSHOT),
        (b'A', b'B', 3, 6, 1, LAST),
    ];
    let (more, last) = (Packet::More, Packet::Last);
    let wanted = [(DepthChange::Clear, more), (add(1, 8), more), (add(2, 7), last)];
    assert_eq!(said(&records)[..3], wanted);
    assert_eq!(said(&records)[3], (add(3, 6), last));
    assert_eq!(said(&records[..2]), wanted);
}

#[test]
fn lost_messages_are_a_gap_once() {
    let records = [(b'A', b'B', 1, 8, 1, LAST | 4), (b'A', b'B', 2, 8, 1, LAST | 4)];
    let gaps = said(&records).iter().filter(|m| m.0 == DepthChange::Gap { missed: 1 }).count();
    assert_eq!(gaps, 1);
}

#[test]
fn an_order_without_a_price_is_counted_and_left_out() {
    let bytes = file(&[(b'A', b'B', 1, i64::MAX, 1, LAST)], &[7]);
    let mut reader = Reader::new(bytes.as_slice(), Options::new(grid("0.25", "1"))).unwrap();
    assert_eq!(reader.read_all().unwrap(), []);
    assert_eq!(reader.faults().of(Fault::OutOfRange), 1);
}

#[test]
fn two_instruments_are_an_error_unless_one_is_chosen() {
    let bytes = file(&[(b'A', b'B', 1, 8, 1, LAST), (b'A', b'B', 2, 8, 1, LAST)], &[7, 8]);
    let read = |pick| {
        let options = Options { pick, ..Options::new(grid("0.25", "1")) };
        let mut all = Vec::new();
        let mut reader = Reader::new(bytes.as_slice(), options).unwrap();
        reader.read(&mut all).and_then(|()| reader.read(&mut all)).map(|()| all.len())
    };
    let error = read(Pick::Only).unwrap_err();
    assert!(matches!(&error, Error::ChooseInstrument { known } if known.contains("7 and 8")));
    assert_eq!(read(Pick::Id(8)).unwrap(), 1);
}

#[test]
fn a_cut_file_gives_all_whole_records_and_then_one_error() {
    let bytes = file(&[(b'A', b'B', 1, 8, 1, LAST), (b'A', b'B', 2, 8, 1, LAST)], &[7]);
    let cut = &bytes[..bytes.len() - 10];
    let mut reader = Reader::new(cut, Options::new(grid("0.25", "1"))).unwrap();
    let mut all = Vec::new();
    reader.read(&mut all).unwrap();
    assert_eq!(all.len(), 1);
    let error = reader.read(&mut all).unwrap_err().to_string();
    assert!(error.contains("read record 1: at byte") && error.contains("46 bytes"), "{error}");
    reader.read(&mut all).unwrap();
    assert_eq!(all.len(), 1);
}

/// Makes a stream of messages that a book can follow.
fn made(draws: &[(u8, u64, i64, i64)]) -> Vec<DepthMessage> {
    let mut resting: Vec<(OrderKey, i64)> = Vec::new();
    let mut all = Vec::new();
    for (index, (kind, pick, price, size)) in draws.iter().enumerate() {
        let (price, lots) = (Ticks(*price), Lots(*size));
        let place = (*pick as usize) % resting.len().max(1);
        let side = if pick % 2 == 0 { BookSide::Bid } else { BookSide::Ask };
        let change = match (kind % 7, resting.get(place).copied()) {
            (0, _) => DepthChange::Trade { resting: Some(side), price, size: lots },
            (1, Some((order, _))) => {
                resting[place].1 = *size;
                DepthChange::Replace { order, price, size: lots }
            }
            (2, Some((order, left))) if left > 1 => {
                resting[place].1 -= 1;
                DepthChange::Reduce { order, by: Lots(1) }
            }
            (3, Some((order, left))) if left > 1 => {
                resting[place].1 -= 1;
                DepthChange::Execute { order, size: Lots(1) }
            }
            (4, Some((order, left))) => {
                resting.remove(place);
                DepthChange::Execute { order, size: Lots(left) }
            }
            (5, _) => DepthChange::Level { side, price, size: lots },
            _ => {
                let order = OrderKey(index as u64 + 1);
                resting.push((order, *size));
                DepthChange::Add { order, side, price, size: lots }
            }
        };
        let known = Ts::from_nanos(10 * index as i64);
        let packet = if pick % 3 == 0 { Packet::More } else { Packet::Last };
        all.push(DepthMessage { at: known, known, change, packet });
    }
    all
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        draws in prop::collection::vec(
            (any::<u8>(), any::<u64>(), -400_i64..400, 1_i64..50), 0..80,
        ),
    ) {
        let grid = grid("0.25", "1");
        let messages = made(&draws);
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes, "MADE", grid).unwrap();
        for message in &messages {
            writer.write(message).unwrap();
        }
        writer.finish().unwrap();
        let mut reader = Reader::new(bytes.as_slice(), Options::new(grid)).unwrap();
        prop_assert!(reader.head().is_synthetic());
        prop_assert_eq!(reader.read_all().unwrap(), messages);
    }
}

#[test]
fn a_deleted_order_is_written_as_a_cancel_of_all_that_is_left() {
    let grid = grid("0.25", "1");
    let message = |change| DepthMessage {
        at: Ts::from_nanos(1),
        known: Ts::from_nanos(1),
        change,
        packet: Packet::Last,
    };
    let add = DepthChange::Add { order: ONE, side: BookSide::Ask, price: Ticks(4), size: Lots(9) };
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes, "MADE", grid).unwrap();
    writer.write(&message(add)).unwrap();
    writer.write(&message(DepthChange::Delete { order: ONE })).unwrap();
    assert!(writer.write(&message(DepthChange::Delete { order: ONE })).is_err());
    writer.finish().unwrap();
    let all = Reader::new(bytes.as_slice(), Options::new(grid)).unwrap().read_all().unwrap();
    assert_eq!(all[1].change, DepthChange::Reduce { order: ONE, by: Lots(9) });
}

#[test]
fn blocks_of_any_size_of_source_give_the_same_messages() {
    let records: Vec<Short> =
        (0..5_000).map(|i| (b'A', b'B', i + 1, 8, 1, if i % 3 == 0 { LAST } else { 0 })).collect();
    let bytes = file(&records, &[7]);
    /// Gives out few bytes at a time.
    struct Dribble<'a>(&'a [u8]);
    impl Read for Dribble<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let few = into.len().min(1_021);
            self.0.read(&mut into[..few])
        }
    }
    let options = || Options::new(grid("0.25", "1"));
    let whole = Reader::new(bytes.as_slice(), options()).unwrap().read_all().unwrap();
    let dribbled = Reader::new(Dribble(&bytes), options()).unwrap().read_all().unwrap();
    assert_eq!(whole.len(), 5_000);
    assert_eq!(whole, dribbled);
}
