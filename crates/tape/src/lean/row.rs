//! One tick.

use base::{Day, Span, Ts};
use market::depth::Fault;
use market::{LocalClock, Qty};

use crate::Error;
use crate::decimal;
use crate::rows::from_real;
use crate::table::Batch;

/// Raw units of [`market::Price`] in LEAN's unit of a ten-thousandth.
const PRICE_RAW: u64 = 10_000;

/// A price and a size in raw units, or why not.
pub(super) type Place = Result<(i64, i64), Fault>;

/// One tick.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) time: Time,
    pub(super) what: What,
    pub(super) exchange: u8,
    pub(super) is_suspicious: bool,
}

/// When it happened.
#[derive(Debug, Clone, Copy)]
pub(super) enum Time {
    /// Since midnight in New York, of the file's day.
    OfDay(Span),
    /// As UTC.
    At(Ts),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    /// Bid and ask; `None` for a side that the row does not tell.
    Quote([Option<Place>; 2]),
    Trade(Place),
}

/// A line of text: eight fields are a quote, six a trade.
pub(super) fn from_line(line: &[u8]) -> Result<Option<Row>, String> {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b',').collect();
    let (what, exchange, suspicious) = match fields.as_slice() {
        [_, bid, bid_size, ask, ask_size, exchange, _, suspicious] => {
            let sides =
                [side(number(bid)?, number(bid_size)?), side(number(ask)?, number(ask_size)?)];
            (What::Quote(sides), exchange, suspicious)
        }
        [_, price, size, exchange, _, suspicious] => {
            let place = place(number(price)?, number(size)?);
            (What::Trade(place), exchange, suspicious)
        }
        other => {
            return Err(format!(
                "it has {} fields; a quote has 8 and a trade 6: cut off?",
                other.len()
            ));
        }
    };
    let time = number(fields[0])?;
    if time > 86_400_000 {
        return Err("its time is not within a day".to_owned());
    }
    Ok(Some(Row {
        time: Time::OfDay(Span::from_nanos(time as i64 * 1_000_000)),
        what,
        exchange: exchange.first().copied().unwrap_or(b'?'),
        is_suspicious: **suspicious != *b"0",
    }))
}

/// A field that may be empty, which is zero.
fn number(text: &[u8]) -> Result<u64, String> {
    let text = text.strip_suffix(b".0").unwrap_or(text);
    match text {
        [] => Ok(0),
        text => decimal::whole(text).ok_or_else(|| "a number of it is no whole number".to_owned()),
    }
}

fn side(price: u64, size: u64) -> Option<Place> {
    (price != 0).then(|| place(price, size))
}

fn place(price: u64, size: u64) -> Place {
    let raw = |value: u64, scale: u64| -> Result<i64, Fault> {
        let scaled = value.checked_mul(scale).ok_or(Fault::OutOfRange)?;
        i64::try_from(scaled).map_err(|_| Fault::OutOfRange)
    };
    Ok((raw(price, PRICE_RAW)?, raw(size, Qty::SCALE as u64)?))
}

/// Rows of a table of quotes or trades.
pub(super) fn from_batch(batch: &Batch) -> Result<Vec<Result<Row, String>>, Error> {
    let (times, exchanges) = (batch.wholes("ts")?, batch.words("exchange")?);
    let suspicious = batch.wholes("suspicious")?;
    let sides = match batch.reals("price") {
        Ok(prices) => vec![(prices, batch.wholes("size")?)],
        Err(_) => vec![
            (batch.reals("bid")?, batch.wholes("bid_size")?),
            (batch.reals("ask")?, batch.wholes("ask_size")?),
        ],
    };
    let place = |which: usize, row: usize| -> Place {
        let (prices, sizes) = &sides[which];
        let size = sizes.value(row).checked_mul(Qty::SCALE).ok_or(Fault::OutOfRange)?;
        Ok((from_real(prices.value(row))?, size))
    };
    let told =
        |which: usize, row: usize| (sides[which].0.value(row) != 0.0).then(|| place(which, row));
    let row = |row: usize| -> Result<Row, String> {
        let time = LocalClock::NewYork.to_utc(Ts::from_nanos(times.value(row)));
        Ok(Row {
            time: Time::At(time.ok_or("its time has no known New York time")?),
            what: match sides.len() {
                1 => What::Trade(place(0, row)),
                _ => What::Quote([told(0, row), told(1, row)]),
            },
            exchange: exchanges.value(row).bytes().next().unwrap_or(b'?'),
            is_suspicious: suspicious.value(row) != 0,
        })
    };
    Ok((0..batch.len()).map(row).collect())
}

/// The day in a name such as `20131007_ibm_Tick_Quote.csv`.
pub fn day_of(name: &str) -> Option<Day> {
    let name = name.rsplit('/').next()?;
    let digits = name.get(..8).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let part = |range: std::ops::Range<usize>| digits[range].parse::<i16>().ok();
    Day::from_ymd(part(0..4)?, part(4..6)? as i8, part(6..8)? as i8)
}
