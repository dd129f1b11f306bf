//! A recorded file of options, whatever its form.

use std::collections::BTreeMap;

use base::{Day, Ts};
use market::{ExerciseStyle, InstrumentId, OptionQuote, Settlement};
use serde::Deserialize;
use tape::options::{
    ChainRow, Contents, Counts, Frame, Kind, Root, Roots, Snapshot, chain_csv, chain_json,
    contents, quotes, universe,
};

use crate::Error;

/// The one underlying that a file is read for.
pub const UNDERLYING: InstrumentId = InstrumentId(0);

/// What a file does not say of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hints {
    /// Which underlying of several.
    pub symbol: Option<String>,
    /// When its options may be exercised; known for the usual indices, American for all else.
    pub style: Option<ExerciseStyle>,
    /// When the quotes of a snapshot stood.
    pub at: Option<Ts>,
    /// The expiry of a snapshot in CSV.
    pub expiry: Option<Day>,
}

/// Rows of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Rows {
    /// Bids and asks, by the time they were known.
    Quotes(Vec<OptionQuote>),
    /// Last prices, with volatilities as a vendor states them; nothing can be bought at them.
    Closes(Vec<ChainRow>),
}

/// A file in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its name.
    pub name: String,
    /// The underlying.
    pub symbol: String,
    /// What its options are.
    pub root: Root,
    /// Its form in words.
    pub form: String,
    /// Price of the underlying, where the file states one.
    pub spot: Option<f64>,
    /// What was read and what was passed over.
    pub counts: Counts,
    /// The rows.
    pub rows: Rows,
}

/// Indices whose options are European, and how they are settled.
const INDICES: [(&str, Settlement); 11] = [
    ("SPX", Settlement::CashAtOpen),
    ("NDX", Settlement::CashAtOpen),
    ("RUT", Settlement::CashAtOpen),
    ("SPXW", Settlement::CashAtClose),
    ("XSP", Settlement::CashAtClose),
    ("NDXP", Settlement::CashAtClose),
    ("NQX", Settlement::CashAtClose),
    ("RUTW", Settlement::CashAtClose),
    ("SP500", Settlement::CashAtClose),
    ("DAX", Settlement::CashAtClose),
    ("DE30", Settlement::CashAtClose),
];

fn root(symbol: &str, style: Option<ExerciseStyle>) -> Root {
    let known = INDICES.iter().find(|(name, _)| *name == symbol).map(|(_, settled)| *settled);
    match (style, known) {
        (Some(ExerciseStyle::American), _) | (None, None) => Root::shares(UNDERLYING),
        (_, settled) => Root::index(UNDERLYING, settled.unwrap_or(Settlement::CashAtClose)),
    }
}

/// Reads a file whole: Parquet or CSV of quotes or of chains at the end of a day, a snapshot in
/// JSON or CSV.
///
/// # Errors
/// [`Error::ReadRecording`] for bytes that are damaged, [`Error::AskOptions`] for a file that holds
/// no quotes, or that needs a hint.
pub fn read(name: &str, bytes: Vec<u8>, hints: &Hints) -> Result<Recorded, Error> {
    let first = bytes.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    match first {
        _ if bytes.starts_with(b"PAR1") || bytes.starts_with(b"symbol,") => {
            table(name, bytes, hints)
        }
        Some(b'{') => snapshot_json(name, &bytes, hints),
        _ if bytes.starts_with(b"Strike Price") => snapshot_csv(name, &bytes, hints),
        _ => Err(asked(format!(
            "{name} is neither Parquet or CSV of quotes (its first words would be \"symbol,\") nor \
             a snapshot in JSON or CSV (\"Strike Price\")"
        ))),
    }
}

fn asked(what: String) -> Error {
    Error::AskOptions { doing: "read options", what }
}

fn table(name: &str, bytes: Vec<u8>, hints: &Hints) -> Result<Recorded, Error> {
    let Contents { kind, names, frame } = contents(bytes.clone()).map_err(Error::ReadRecording)?;
    let symbol = chosen(&names, hints)?;
    let root = root(&symbol, hints.style);
    let roots = Roots::from([(symbol.clone(), root)]);
    let (form, rows, counts) = match kind {
        Kind::Quotes => {
            let mut found = Vec::new();
            let counts = quotes(bytes, frame, &roots, |quote| found.push(quote));
            found.sort_by_key(|quote: &OptionQuote| (quote.known, quote.contract));
            let form = match frame {
                Frame::Minute => "quotes at the end of each minute",
                Frame::Hour => "quotes at the end of each hour",
                Frame::Session => "quotes at the close of each session",
            };
            (form, Rows::Quotes(found), counts)
        }
        Kind::Universe => {
            let mut found = Vec::new();
            let counts = universe(bytes, &roots, |row| found.push(row));
            (
                "chains at the end of a day, last prices without bid and ask",
                Rows::Closes(found),
                counts,
            )
        }
        Kind::Trades | Kind::OpenInterest => {
            let what = if kind == Kind::Trades { "trades" } else { "open interest" };
            return Err(asked(format!("{name} holds {what} alone: name a file of quotes")));
        }
    };
    let counts = counts.map_err(Error::ReadRecording)?;
    let (name, form) = (name.to_owned(), form.to_owned());
    Ok(Recorded { name, symbol, root, form, spot: None, counts, rows })
}

fn chosen(names: &BTreeMap<String, u64>, hints: &Hints) -> Result<String, Error> {
    let known = || {
        let listed: Vec<String> =
            names.iter().map(|(name, rows)| format!("{name} ({rows} rows)")).collect();
        listed.join(", ")
    };
    match (&hints.symbol, names.len()) {
        (Some(symbol), _) if names.contains_key(symbol) => Ok(symbol.clone()),
        (Some(symbol), _) => {
            Err(asked(format!("there is no {symbol} in the file; it has {}", known())))
        }
        (None, 1) => Ok(names.keys().next().cloned().unwrap_or_default()),
        (None, _) => Err(asked(format!("name one underlying with --symbol: {}", known()))),
    }
}

/// What stands at the head of a snapshot in JSON.
#[derive(Deserialize)]
struct Head {
    symbol: Option<String>,
}

fn stood(hints: &Hints) -> Result<Ts, Error> {
    let told = "a snapshot does not say when its quotes stood: give --at";
    hints.at.ok_or_else(|| asked(told.to_owned()))
}

fn snapshot_json(name: &str, bytes: &[u8], hints: &Hints) -> Result<Recorded, Error> {
    let head: Option<Head> = serde_json::from_slice(bytes).ok();
    let stated = head.and_then(|head| head.symbol);
    let symbol = hints.symbol.clone().or(stated).unwrap_or_else(|| first_word(name));
    let root = root(&symbol, hints.style);
    let snapshot = Snapshot { root, at: stood(hints)?, size: 1 };
    let mut found = Vec::new();
    let (spot, counts) =
        chain_json(bytes, &snapshot, |quote| found.push(quote)).map_err(Error::ReadRecording)?;
    Ok(Recorded {
        name: name.to_owned(),
        symbol,
        root,
        form: "a snapshot of one expiry".to_owned(),
        spot: Some(spot.to_f64()),
        counts,
        rows: Rows::Quotes(found),
    })
}

fn snapshot_csv(name: &str, bytes: &[u8], hints: &Hints) -> Result<Recorded, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| asked(format!("{name} is no UTF-8")))?;
    let symbol = hints.symbol.clone().unwrap_or_else(|| first_word(name));
    let root = root(&symbol, hints.style);
    let snapshot = Snapshot { root, at: stood(hints)?, size: 1 };
    let told = "a snapshot in CSV does not say its expiry: give --expiry";
    let expiry = hints.expiry.ok_or_else(|| asked(told.to_owned()))?;
    let mut found = Vec::new();
    let counts = chain_csv(text, expiry, &snapshot, |quote| found.push(quote))
        .map_err(Error::ReadRecording)?;
    Ok(Recorded {
        name: name.to_owned(),
        symbol,
        root,
        form: "a snapshot of one expiry".to_owned(),
        spot: None,
        counts,
        rows: Rows::Quotes(found),
    })
}

/// The part of a name before its first dash or point.
fn first_word(name: &str) -> String {
    name.split(['-', '.', '_']).next().unwrap_or(name).to_owned()
}
