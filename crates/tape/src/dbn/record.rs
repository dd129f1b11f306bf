//! Fields of records, at their places in the bytes.
//!
//! Places follow the structures of the `dbn` crate, whose records are laid out as in memory; the
//! tests hold both against each other. Reading single fields needs no aligned copy.

use base::Ts;
use market::depth::BookSide;

/// More of the same event follow, unless this flag is set.
pub(super) const LAST: u8 = dbn::flags::LAST;
/// A best price, not an order.
pub(super) const TOP_OF_BOOK: u8 = dbn::flags::TOB;
/// Told by a snapshot server.
pub(super) const SNAPSHOT: u8 = dbn::flags::SNAPSHOT;
/// A level, not an order.
pub(super) const LEVEL: u8 = dbn::flags::MBP;
/// Messages were lost for good.
pub(super) const BAD_BOOK: u8 = dbn::flags::MAYBE_BAD_BOOK;

/// Bytes that every record has.
pub(super) const HEADER_BYTES: usize = 16;
/// A record about an order.
pub(super) const MBO_BYTES: usize = 56;
/// A trade.
pub(super) const TRADE_BYTES: usize = 48;
/// A trade or a quote with one level; a level takes [`LEVEL_BYTES`].
pub(super) const QUOTE_BYTES: usize = TRADE_BYTES + LEVEL_BYTES;
/// Both sides of one level.
pub(super) const LEVEL_BYTES: usize = 32;
/// A quote with ten levels.
pub(super) const DEPTH_BYTES: usize = TRADE_BYTES + 10 * LEVEL_BYTES;

/// The field at a place; the caller has asked for the record's length before.
macro_rules! field {
    ($name:ident, $number:ty) => {
        #[inline(always)]
        pub(super) fn $name(bytes: &[u8], place: usize) -> $number {
            let mut field = [0; size_of::<$number>()];
            field.copy_from_slice(&bytes[place..place + size_of::<$number>()]);
            <$number>::from_le_bytes(field)
        }
    };
}
field!(u32_at, u32);
field!(u64_at, u64);
field!(i64_at, i64);

/// A time; `None` where the venue gave none.
#[inline(always)]
pub(super) fn time(nanos: u64) -> Option<Ts> {
    i64::try_from(nanos).ok().map(Ts::from_nanos)
}

/// The side that rests, where `side` is that of a resting order.
#[inline(always)]
pub(super) fn resting(side: u8) -> Option<BookSide> {
    match side {
        b'B' => Some(BookSide::Bid),
        b'A' => Some(BookSide::Ask),
        _ => None,
    }
}

/// What rested, where `side` is that of the aggressor.
#[inline(always)]
pub(super) fn hit(side: u8) -> Option<BookSide> {
    resting(side).map(BookSide::opposite)
}
