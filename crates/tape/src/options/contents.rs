//! What a file of options holds, before it is read.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use bytes::Bytes;
use serde::Serialize;

use super::Frame;
use super::columns::{Stamps, Words, batches};
use crate::Error;

/// Rows of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Bars of bids and asks: [`super::quotes`].
    Quotes,
    /// Bars of trades: [`super::trades`].
    Trades,
    /// Contracts open: [`super::open_interest`].
    OpenInterest,
    /// Chains at the end of a day: [`super::universe`].
    Universe,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Rows of what.
    pub kind: Kind,
    /// Underlyings as the file names them, with their rows.
    pub names: BTreeMap<String, u64>,
    /// Length of its bars, told from when they begin: all at midnight, all on the hour, or not.
    pub frame: Frame,
}

/// Looks through a Parquet file.
pub fn contents(bytes: impl Into<Bytes>) -> Result<Contents, Error> {
    let mut names: BTreeMap<String, u64> = BTreeMap::new();
    let (mut kind, mut begins) = (None, Begins::default());
    batches(bytes.into(), |batch, _| {
        kind = kind.or(kind_of(batch));
        let symbols = Words::of(batch, "symbol")?;
        for name in (0..batch.num_rows()).filter_map(|row| symbols.get(row)) {
            match names.get_mut(name) {
                Some(rows) => *rows += 1,
                None => {
                    names.insert(name.to_owned(), 1);
                }
            }
        }
        if let Ok(stamps) = Stamps::of(batch, "ts") {
            begins.see(&stamps, batch.num_rows());
        }
        Ok(())
    })?;
    let fault = "no bids and asks, no trades, no open interest, no chain: no rows of options";
    let kind = kind.ok_or_else(|| Error::ReadRecord { record: 0, fault: fault.to_owned() })?;
    Ok(Contents { kind, names, frame: begins.frame() })
}

fn kind_of(batch: &RecordBatch) -> Option<Kind> {
    let has = |name: &str| batch.column_by_name(name).is_some();
    match () {
        () if has("bid_close") && has("ask_close") => Some(Kind::Quotes),
        () if has("file_date") => Some(Kind::Universe),
        () if has("open_interest") => Some(Kind::OpenInterest),
        () if has("volume") && has("close") => Some(Kind::Trades),
        () => None,
    }
}

/// Whether a bar began within an hour, within a day, or at all.
#[derive(Default)]
struct Begins {
    any: bool,
    in_hour: bool,
    in_day: bool,
}

impl Begins {
    fn see(&mut self, stamps: &Stamps<'_>, rows: usize) {
        const HOUR: i64 = 3_600_000_000_000;
        for at in (0..rows).filter_map(|row| stamps.get(row)) {
            self.any = true;
            self.in_hour |= at.nanos().rem_euclid(HOUR) != 0;
            self.in_day |= at.nanos().rem_euclid(24 * HOUR) != 0;
        }
    }

    fn frame(&self) -> Frame {
        match (self.any && !self.in_day, self.in_hour) {
            (true, _) => Frame::Session,
            (false, false) if self.any => Frame::Hour,
            _ => Frame::Minute,
        }
    }
}
