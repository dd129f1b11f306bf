//! One expiry of a chain at one moment, as JSON or CSV.

use base::{Day, Ts};
use market::{Offer, OptionQuote, OptionRight, Price};
use serde::Deserialize;

use super::columns::price;
use super::{Counts, Root};
use crate::Error;

/// What a snapshot does not say of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// What its options are on.
    pub root: Root,
    /// When its quotes stood.
    pub at: Ts,
    /// Contracts shown at each price; the files have none.
    pub size: u32,
}

#[derive(Deserialize)]
struct Chain {
    underlying_price: f64,
    expiration_date: String,
    options: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    strike_price: f64,
    call_bid: Option<f64>,
    call_ask: Option<f64>,
    put_bid: Option<f64>,
    put_ask: Option<f64>,
}

fn told(record: u64, fault: impl ToString) -> Error {
    Error::ReadRecord { record, fault: fault.to_string() }
}

/// Reads a snapshot in JSON: the price of the underlying, and the quotes. Its day of expiry reads
/// like `18 oct 2024`. Greeks and open interest are left alone: in these files they are
/// placeholders.
pub fn chain_json(
    text: &[u8],
    snapshot: &Snapshot,
    mut each: impl FnMut(OptionQuote),
) -> Result<(Price, Counts), Error> {
    let chain: Chain = serde_json::from_slice(text).map_err(|error| told(0, error))?;
    let expiry = day(&chain.expiration_date)
        .ok_or_else(|| told(0, format!("{:?} is no day", chain.expiration_date)))?;
    let spot = price(chain.underlying_price)
        .filter(|spot| spot.raw() > 0)
        .ok_or_else(|| told(0, format!("the underlying can't be at {}", chain.underlying_price)))?;
    let mut counts = Counts::default();
    for line in &chain.options {
        both(line, expiry, snapshot, &mut counts, &mut each);
    }
    Ok((spot, counts))
}

/// Reads a snapshot in CSV with a line of headings; the file does not say its expiry.
pub fn chain_csv(
    text: &str,
    expiry: Day,
    snapshot: &Snapshot,
    mut each: impl FnMut(OptionQuote),
) -> Result<Counts, Error> {
    const WANTED: [&str; 5] = ["Strike Price", "Call Bid", "Call Ask", "Put Bid", "Put Ask"];
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split(',').map(str::trim).collect();
    if head.len() < WANTED.len() || head[..WANTED.len()] != WANTED {
        return Err(told(0, format!("its headings begin with {head:?}, not {WANTED:?}")));
    }
    let mut counts = Counts::default();
    for (at, line) in lines.enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let mut cells = [None; WANTED.len()];
        for (cell, text) in cells.iter_mut().zip(line.split(',').map(str::trim)) {
            *cell = match text {
                "" => None,
                text => Some(text.parse::<f64>().map_err(|error| told(at as u64 + 1, error))?),
            };
        }
        let [strike, call_bid, call_ask, put_bid, put_ask] = cells;
        let strike_price = strike.ok_or_else(|| told(at as u64 + 1, "there is no strike"))?;
        let line = Line { strike_price, call_bid, call_ask, put_bid, put_ask };
        both(&line, expiry, snapshot, &mut counts, &mut each);
    }
    Ok(counts)
}

/// The quotes of the call and the put of a strike.
fn both(
    line: &Line,
    expiry: Day,
    snapshot: &Snapshot,
    counts: &mut Counts,
    each: &mut impl FnMut(OptionQuote),
) {
    let sides = [
        (OptionRight::Call, line.call_bid, line.call_ask),
        (OptionRight::Put, line.put_bid, line.put_ask),
    ];
    for (right, bid, ask) in sides {
        counts.rows += 1;
        let Some(strike) = price(line.strike_price).filter(|strike| strike.raw() > 0) else {
            counts.no_contract += 1;
            continue;
        };
        let offer = |value: Option<f64>| match value {
            None => Some(None),
            Some(value) => price(value).map(|price| Some(Offer { price, size: snapshot.size })),
        };
        let (Some(bid), Some(ask)) = (offer(bid), offer(ask)) else {
            counts.bad_numbers += 1;
            continue;
        };
        counts.read += 1;
        let contract = snapshot.root.contract(right, strike, expiry);
        each(OptionQuote { contract, at: snapshot.at, known: snapshot.at, bid, ask });
    }
}

/// A day like `18 oct 2024`.
fn day(text: &str) -> Option<Day> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let mut words = text.split_whitespace();
    let of_month = words.next()?.parse().ok()?;
    let name = words.next()?.to_lowercase();
    let month = MONTHS.iter().position(|month| *month == name)? + 1;
    let year = words.next()?.parse().ok()?;
    Day::from_ymd(year, month as i8, of_month)
}
