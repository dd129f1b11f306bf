//! Chains at the end of a day.

use base::{Day, Ts};
use bytes::Bytes;
use market::{Calendar, InstrumentId, OptionContract, Price};

use super::columns::{Days, Floats, Wholes, batches, price};
use super::files::Keys;
use super::{Counts, Roots};
use crate::Error;

/// A row of a file of chains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChainRow {
    /// The underlying.
    pub underlying: InstrumentId,
    /// The contract; `None` in the row of the underlying itself.
    pub contract: Option<OptionContract>,
    /// The day of the file. Values are of a session before it, and not always of the last one.
    pub file_day: Day,
    /// When it could be seen at the latest: the opening of the file's day.
    pub known: Ts,
    /// Last price of that session; 0 where nothing traded.
    pub close: Price,
    /// Units traded.
    pub volume: u64,
    /// Contracts open, where stated.
    pub open_interest: Option<u64>,
    /// Implied volatility a year, where it was computed (the file has 0 where not).
    pub volatility: Option<f64>,
    /// Delta, where the volatility was computed.
    pub delta: Option<f64>,
}

/// Reads a file of chains.
pub fn universe(
    bytes: impl Into<Bytes>,
    roots: &Roots,
    mut each: impl FnMut(ChainRow),
) -> Result<Counts, Error> {
    let mut counts = Counts::default();
    batches(bytes.into(), |batch, _| {
        let keys = Keys::of(batch)?;
        let file_days = Days::of(batch, "file_date")?;
        let (expiry, close) = (Days::of(batch, "expiry")?, Floats::of(batch, "close")?);
        let (volume, open) = (Wholes::of(batch, "volume")?, Wholes::of(batch, "open_interest")?);
        let volatility = Floats::of(batch, "implied_volatility")?;
        let delta = Floats::of(batch, "delta")?;
        for row in 0..batch.num_rows() {
            counts.rows += 1;
            let Some(root) = keys.root(row, roots) else {
                counts.other_names += 1;
                continue;
            };
            let terms = keys.terms(row);
            if terms.is_none() && expiry.get(row).is_some() {
                counts.no_contract += 1;
                continue;
            }
            let dated = file_days.get(row).and_then(|day| Some((day, opening(day)?)));
            let Some((file_day, known)) = dated else {
                counts.bad_times += 1;
                continue;
            };
            let whole = |column: &Wholes<'_>| column.get(row).map(u64::try_from).transpose();
            let numbers = (close.get(row).and_then(price), whole(&volume), whole(&open));
            let (Some(close), Ok(volume), Ok(open_interest)) = numbers else {
                counts.bad_numbers += 1;
                continue;
            };
            let volatility = volatility.get(row).filter(|value| *value > 0.0);
            counts.read += 1;
            each(ChainRow {
                underlying: root.underlying,
                contract: terms.map(|(right, strike, expiry)| root.contract(right, strike, expiry)),
                file_day,
                known,
                close,
                volume: volume.unwrap_or(0),
                open_interest,
                volatility,
                delta: delta.get(row).filter(|_| volatility.is_some()),
            });
        }
        Ok(())
    })?;
    Ok(counts)
}

/// The opening of a day's session, or of the next one.
fn opening(day: Day) -> Option<Ts> {
    let calendar = Calendar::of("XNYS").ok()?;
    let session = match calendar.session(day).ok()? {
        Some(session) => session,
        None => calendar.next(day).ok()?,
    };
    Some(session.open)
}
