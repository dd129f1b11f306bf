//! One event and the book after it.

use base::Day;
use market::depth::BookSide;

use crate::Error;
use crate::decimal;
use crate::rows::signed;
use crate::table::{Batch, Table};

/// Raw units of [`market::Price`] in LOBSTER's unit of a ten-thousandth.
pub(super) const PRICE_RAW: i64 = 10_000;
/// The price of an empty level is this or its negative.
const EMPTY_PRICE: i64 = 9_999_999_999;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    New,
    Reduced,
    Deleted,
    Executed,
    ExecutedHidden,
    Crossed,
    Halted,
}

/// One side of one level: price in ten-thousandths and size.
pub(super) type Place = (i64, i64);

/// One event and the levels after it, bids and asks, best first; both empty where the recording
/// has none.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Since midnight in New York.
    pub(super) nanos: i64,
    pub(super) kind: Kind,
    pub(super) order: u64,
    pub(super) size: i64,
    pub(super) price: i64,
    /// Side of the resting order.
    pub(super) side: BookSide,
    pub(super) book: Option<[Vec<Place>; 2]>,
}

/// The numbers of a message, before they are given meaning.
struct Numbers {
    nanos: i64,
    kind: i64,
    order: i64,
    size: i64,
    price: i64,
    direction: i64,
}

impl Numbers {
    fn row(self, book: Option<[Vec<Place>; 2]>) -> Result<Row, String> {
        const DAY_NANOS: i64 = 86_400_000_000_000;
        if !(0..=DAY_NANOS).contains(&self.nanos) {
            return Err("its time is not within a day".to_owned());
        }
        let kind = match self.kind {
            1 => Kind::New,
            2 => Kind::Reduced,
            3 => Kind::Deleted,
            4 => Kind::Executed,
            5 => Kind::ExecutedHidden,
            6 => Kind::Crossed,
            7 => Kind::Halted,
            other => return Err(format!("its type {other} is not among 1 to 7")),
        };
        let side = match self.direction {
            1 => BookSide::Bid,
            -1 => BookSide::Ask,
            other => return Err(format!("its direction {other} is neither 1 nor -1")),
        };
        let Numbers { nanos, order, size, price, .. } = self;
        Ok(Row { nanos, kind, order: order as u64, size, price, side, book })
    }
}

/// A line of the text of messages.
pub(super) fn from_line(line: &[u8]) -> Result<Option<Row>, String> {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b',').collect();
    // Recent files have a seventh field, the market maker's name.
    let [time, kind, order, size, price, direction, ..] = fields.as_slice() else {
        return Err(format!("it has {} fields instead of 6; cut off?", fields.len()));
    };
    let number = |text: &[u8], name: &str| {
        signed(text).ok_or_else(|| format!("its {name} is no whole number"))
    };
    let numbers = Numbers {
        nanos: nanos(time).ok_or("its time is no number of seconds")?,
        kind: number(kind, "type")?,
        order: number(order, "order")?,
        size: number(size, "size")?,
        price: number(price, "price")?,
        direction: number(direction, "direction")?,
    };
    numbers.row(None).map(Some)
}

/// Seconds with up to nine decimals.
fn nanos(text: &[u8]) -> Option<i64> {
    let dot = memchr::memchr(b'.', text).unwrap_or(text.len());
    let seconds = i64::try_from(decimal::whole(&text[..dot])?).ok()?;
    let decimals = text.get(dot + 1..).unwrap_or_default();
    if decimals.len() > 9 {
        return None;
    }
    let fraction = if decimals.is_empty() { 0 } else { decimal::whole(decimals)? };
    let scale = 10_i64.pow(9 - decimals.len() as u32);
    seconds.checked_mul(1_000_000_000)?.checked_add(fraction as i64 * scale)
}

/// A line of the text of the book.
pub(super) fn book_from_line(line: &[u8]) -> Result<[Vec<Place>; 2], String> {
    let mut numbers = Vec::new();
    for field in line.split(|byte| *byte == b',') {
        numbers.push(signed(field).ok_or("a number of it is no whole number")?);
    }
    if numbers.len() % 4 != 0 {
        return Err(format!("it has {} numbers, not four for each level", numbers.len()));
    }
    Ok(book(numbers.chunks_exact(4).map(|level| [level[0], level[1], level[2], level[3]])))
}

fn book(levels: impl Iterator<Item = [i64; 4]>) -> [Vec<Place>; 2] {
    let mut sides = [Vec::new(), Vec::new()];
    for [ask, ask_size, bid, bid_size] in levels {
        for (side, place) in sides.iter_mut().zip([(bid, bid_size), (ask, ask_size)]) {
            if place.0.abs() < EMPTY_PRICE && place.1 > 0 {
                side.push(place);
            }
        }
    }
    sides
}

/// Whether a table holds events, or the book alone.
pub(super) fn check(table: &Table) -> Result<(), Error> {
    let has = |name: &str| table.names().iter().any(|known| known == name);
    if has("ts_ns") && has("order_id") {
        return Ok(());
    }
    Err(Error::ReadHead {
        format: "LOBSTER",
        fault: if has("ask_price_1") {
            "it holds the book without times: nothing says when it could be seen; fetch the \
             messages that belong to it"
                .to_owned()
        } else {
            format!("its columns are {}", table.names().join(", "))
        },
    })
}

/// Rows of a table.
pub(super) fn from_batch(batch: &Batch) -> Result<Vec<Result<Row, String>>, Error> {
    let names = ["ts_ns", "type", "order_id", "size", "price", "direction"];
    let columns = names.iter().map(|name| batch.wholes(name)).collect::<Result<Vec<_>, _>>()?;
    let mut levels = Vec::new();
    for level in 1.. {
        let names = ["ask_price", "ask_size", "bid_price", "bid_size"];
        let found: Result<Vec<_>, _> =
            names.iter().map(|name| batch.wholes(&format!("{name}_{level}"))).collect();
        let Ok(found) = found else { break };
        levels.push(found);
    }
    let row = |row: usize| {
        let number = |column: usize| columns[column].value(row);
        let places = levels.iter().map(|level| [0, 1, 2, 3].map(|part| level[part].value(row)));
        let numbers = Numbers {
            nanos: number(0),
            kind: number(1),
            order: number(2),
            size: number(3),
            price: number(4),
            direction: number(5),
        };
        numbers.row((!levels.is_empty()).then(|| book(places)))
    };
    Ok((0..batch.len()).map(row).collect())
}

/// The day in a name such as `AMZN_2012-06-21_34200000_57600000_message_10.csv` or
/// `lobster_amzn_20120621_l1.parquet`.
pub fn day_of(name: &str) -> Option<Day> {
    let name = name.rsplit('/').next()?;
    name.split(['_', '.']).find_map(|part| match part.len() {
        10 => part.parse().ok(),
        8 => crate::lean::day_of(part),
        _ => None,
    })
}
