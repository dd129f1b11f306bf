//! Bars of quotes and trades, and open interest.

use arrow::array::RecordBatch;
use base::{Day, Ts};
use bytes::Bytes;
use market::{
    Calendar, LocalClock, Offer, OpenInterest, OptionContract, OptionQuote, OptionRight,
    OptionTrades,
};

use super::columns::{Days, Floats, Stamps, Wholes, Words, batches, price};
use super::{Counts, Frame, Roots};
use crate::Error;

/// The clock of the files.
const NEW_YORK: LocalClock = LocalClock::NewYork;

/// The columns that every file has.
pub(super) struct Keys<'a> {
    symbol: Words<'a>,
    expiry: Days<'a>,
    strike: Floats<'a>,
    right: Words<'a>,
}

impl<'a> Keys<'a> {
    pub(super) fn of(batch: &'a RecordBatch) -> Result<Keys<'a>, Error> {
        Ok(Keys {
            symbol: Words::of(batch, "symbol")?,
            expiry: Days::of(batch, "expiry")?,
            strike: Floats::of(batch, "strike")?,
            right: Words::of(batch, "right")?,
        })
    }

    pub(super) fn root<'r>(&self, row: usize, roots: &'r Roots) -> Option<&'r super::Root> {
        roots.get(self.symbol.get(row)?)
    }

    /// The contract of a row; `None`, and counted, where there is none.
    fn contract(&self, row: usize, roots: &Roots, counts: &mut Counts) -> Option<OptionContract> {
        let Some(root) = self.root(row, roots) else {
            counts.other_names += 1;
            return None;
        };
        let found =
            self.terms(row).map(|(right, strike, expiry)| root.contract(right, strike, expiry));
        counts.no_contract += u64::from(found.is_none());
        found
    }

    pub(super) fn terms(&self, row: usize) -> Option<(OptionRight, market::Price, Day)> {
        let right = match self.right.get(row)? {
            "C" => OptionRight::Call,
            "P" => OptionRight::Put,
            _ => return None,
        };
        let strike = price(self.strike.get(row)?).filter(|strike| strike.raw() > 0)?;
        Some((right, strike, self.expiry.get(row)?))
    }
}

/// When the session of a day closes on the New York Stock Exchange; `None` without a session.
pub fn session_close(day: Day) -> Option<Ts> {
    let session = Calendar::of("XNYS").ok()?.session(day).ok()??;
    Some(session.close)
}

/// When a bar stamped with its start, in New York time, began and ended; `None`, and counted,
/// where no session holds it.
fn bar(stamps: &Stamps<'_>, row: usize, frame: Frame, counts: &mut Counts) -> Option<(Ts, Ts)> {
    let ends = |local: Ts| match frame.length() {
        Some(length) => {
            let start = NEW_YORK.to_utc(local)?;
            Some((start, start + length))
        }
        None => Some((NEW_YORK.to_utc(local)?, session_close(local.utc_day())?)),
    };
    let found = stamps.get(row).and_then(ends);
    counts.bad_times += u64::from(found.is_none());
    found
}

/// One side of a quote: nothing where there is no price, `Err` where it can't be one.
fn offer(value: Option<f64>, size: Option<i64>) -> Result<Option<Offer>, ()> {
    let Some(value) = value else { return Ok(None) };
    let price = price(value).ok_or(())?;
    let size = u32::try_from(size.ok_or(())?).map_err(|_| ())?;
    Ok(Some(Offer { price, size }))
}

/// Reads a file of quote bars and hands on the last bid and ask of each, known at its end.
pub fn quotes(
    bytes: impl Into<Bytes>,
    frame: Frame,
    roots: &Roots,
    mut each: impl FnMut(OptionQuote),
) -> Result<Counts, Error> {
    let mut counts = Counts::default();
    batches(bytes.into(), |batch, _| {
        let keys = Keys::of(batch)?;
        let stamps = Stamps::of(batch, "ts")?;
        let (bids, asks) = (Floats::of(batch, "bid_close")?, Floats::of(batch, "ask_close")?);
        let sizes = (Wholes::of(batch, "bid_size")?, Wholes::of(batch, "ask_size")?);
        for row in 0..batch.num_rows() {
            counts.rows += 1;
            let Some(contract) = keys.contract(row, roots, &mut counts) else { continue };
            let Some((_, known)) = bar(&stamps, row, frame, &mut counts) else { continue };
            let bid = offer(bids.get(row), sizes.0.get(row));
            let (Ok(bid), Ok(ask)) = (bid, offer(asks.get(row), sizes.1.get(row))) else {
                counts.bad_numbers += 1;
                continue;
            };
            counts.read += 1;
            each(OptionQuote { contract, at: known, known, bid, ask });
        }
        Ok(())
    })?;
    Ok(counts)
}

/// Reads a file of trade bars.
pub fn trades(
    bytes: impl Into<Bytes>,
    frame: Frame,
    roots: &Roots,
    mut each: impl FnMut(OptionTrades),
) -> Result<Counts, Error> {
    let mut counts = Counts::default();
    batches(bytes.into(), |batch, _| {
        let keys = Keys::of(batch)?;
        let stamps = Stamps::of(batch, "ts")?;
        let (open, high) = (Floats::of(batch, "open")?, Floats::of(batch, "high")?);
        let (low, close) = (Floats::of(batch, "low")?, Floats::of(batch, "close")?);
        let volume = Wholes::of(batch, "volume")?;
        for row in 0..batch.num_rows() {
            counts.rows += 1;
            let Some(contract) = keys.contract(row, roots, &mut counts) else { continue };
            let Some((start, known)) = bar(&stamps, row, frame, &mut counts) else { continue };
            let at = |column: &Floats<'_>| column.get(row).and_then(price);
            let numbers = || {
                let volume = u64::try_from(volume.get(row)?).ok()?;
                let (open, high) = (at(&open)?, at(&high)?);
                let (low, close) = (at(&low)?, at(&close)?);
                let fits = high >= open.max(close) && low <= open.min(close);
                let bar = OptionTrades { contract, start, known, open, high, low, close, volume };
                fits.then_some(bar)
            };
            match numbers() {
                Some(bar) => {
                    counts.read += 1;
                    each(bar);
                }
                None => counts.bad_numbers += 1,
            }
        }
        Ok(())
    })?;
    Ok(counts)
}

/// Reads a file of open interest, known at its stamp.
pub fn open_interest(
    bytes: impl Into<Bytes>,
    roots: &Roots,
    mut each: impl FnMut(OpenInterest),
) -> Result<Counts, Error> {
    let mut counts = Counts::default();
    batches(bytes.into(), |batch, _| {
        let keys = Keys::of(batch)?;
        let stamps = Stamps::of(batch, "ts")?;
        let open = Wholes::of(batch, "open_interest")?;
        for row in 0..batch.num_rows() {
            counts.rows += 1;
            let Some(contract) = keys.contract(row, roots, &mut counts) else { continue };
            let Some(known) = stamps.get(row).and_then(|local| NEW_YORK.to_utc(local)) else {
                counts.bad_times += 1;
                continue;
            };
            match open.get(row).and_then(|count| u64::try_from(count).ok()) {
                Some(contracts) => {
                    counts.read += 1;
                    each(OpenInterest { contract, known, contracts });
                }
                None => counts.bad_numbers += 1,
            }
        }
        Ok(())
    })?;
    Ok(counts)
}
