//! What one line says, in numbers.

use base::{Span as Length, Ts};
use market::depth::{BookSide, Fault, Lots, Ticks};

use super::scan::{Fields, Pairs, Value};
use super::sync::{Level, Span};
use crate::decimal;
use crate::messages::{Count, Steps};

/// A kind of event, as far as this room knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A difference of depth.
    Difference,
    /// A whole book, asked for by the recorder.
    Snapshot,
    /// Best prices.
    BestQuote,
    /// One trade.
    Trade,
    /// Trades of one order at one price.
    JoinedTrade,
    /// Something else.
    Other,
}

/// Text and time of a line.
pub(super) fn split(line: &[u8]) -> Result<(Ts, &[u8]), String> {
    let blank = memchr::memchr(b' ', line).ok_or("it has no blank between time and event")?;
    let nanos = decimal::whole(&line[..blank]).and_then(|nanos| i64::try_from(nanos).ok());
    let nanos = nanos.ok_or("it does not begin with the local time in nanoseconds")?;
    Ok((Ts::from_nanos(nanos), &line[blank + 1..]))
}

impl Kind {
    /// By what the event calls itself, or by the fields it has: spot's best prices and
    /// snapshots carry no name.
    pub(super) fn of(fields: &Fields) -> Kind {
        match fields.event {
            Some(b"depthUpdate") => Kind::Difference,
            Some(b"bookTicker") => Kind::BestQuote,
            Some(b"trade") => Kind::Trade,
            Some(b"aggTrade") => Kind::JoinedTrade,
            Some(_) => Kind::Other,
            None if fields.snapshot.is_some() => Kind::Snapshot,
            None if fields.bid_size.is_some() && fields.ask_size.is_some() => Kind::BestQuote,
            None => Kind::Other,
        }
    }
}

/// A field that must be a whole number.
pub(super) fn number(value: Option<Value>, name: &str) -> Result<u64, String> {
    let found = match value {
        Some(Value::Bare(text)) => decimal::whole(text),
        _ => None,
    };
    found.ok_or_else(|| format!("its field {name:?} is missing or no whole number"))
}

/// Numbers that tie an event to its neighbours.
pub(super) fn span(fields: &Fields) -> Result<Span, String> {
    let before = fields.update_before.map(|value| number(Some(value), "pu")).transpose()?;
    let first = number(fields.first_update, "U")?;
    let last = number(fields.last_update, "u")?;
    if last < first {
        return Err(format!("it ends at update {last} before it begins at {first}"));
    }
    Ok(Span { first, last, before })
}

/// When it happened: the matching time where the exchange gives it, else the time of sending,
/// else that of receipt.
pub(super) fn at(fields: &Fields, known: Ts) -> Result<Ts, String> {
    let Some(value) = fields.happened.or(fields.sent) else { return Ok(known) };
    let millis = i64::try_from(number(Some(value), "T or E")?).unwrap_or(i64::MAX);
    let nanos = millis.checked_mul(1_000_000).ok_or("its time lies beyond the year 2262")?;
    Ok(Ts::MIN.max(Ts::from_seconds(0) + Length::from_nanos(nanos)))
}

/// Text of a price or size.
fn decimal_text<'a>(value: Option<Value<'a>>, name: &str) -> Result<&'a [u8], String> {
    match value {
        Some(Value::Text(text)) => Ok(text),
        _ => Err(format!("its field {name:?} is missing or no text")),
    }
}

/// Reads prices and sizes; those that the grid does not have are counted and left out.
pub(super) struct Scale<'a> {
    pub(super) steps: Steps,
    pub(super) count: &'a mut Count,
    pub(super) known: Ts,
}

impl Scale<'_> {
    /// A price and a size; `None` where one of them is a fault.
    #[inline]
    pub(super) fn pair(
        &mut self,
        price: &[u8],
        size: &[u8],
    ) -> Result<Option<(Ticks, Lots)>, String> {
        let not_a_number = || "a price or size of it is no decimal number".to_owned();
        let price = decimal::read(price).ok_or_else(not_a_number)?;
        let size = decimal::read(size).ok_or_else(not_a_number)?;
        let place = |raw: (i64, i64)| -> Result<(Ticks, Lots), Fault> {
            Ok((self.steps.ticks(raw.0)?, self.steps.lots(raw.1)?))
        };
        match price.and_then(|price| place((price, size?))) {
            Ok(place) => Ok(Some(place)),
            Err(fault) => {
                self.count.fault(fault, self.known);
                Ok(None)
            }
        }
    }

    /// A price and a size out of two fields.
    pub(super) fn fields(
        &mut self,
        (price, price_name): (Option<Value>, &str),
        (size, size_name): (Option<Value>, &str),
    ) -> Result<Option<(Ticks, Lots)>, String> {
        self.pair(decimal_text(price, price_name)?, decimal_text(size, size_name)?)
    }

    /// All levels of an event, bids first.
    pub(super) fn levels(&mut self, fields: &Fields, into: &mut Vec<Level>) -> Result<(), String> {
        into.clear();
        for (side, value) in [(BookSide::Bid, fields.bids), (BookSide::Ask, fields.asks)] {
            let expected = |what: &str| format!("its levels lack {what}");
            let mut pairs = Pairs::of(value.ok_or("it has no levels")?).map_err(expected)?;
            while let Some((price, size)) = pairs.next().map_err(expected)? {
                if let Some((price, size)) = self.pair(price, size)? {
                    into.push((side, price, size));
                }
            }
        }
        Ok(())
    }
}
