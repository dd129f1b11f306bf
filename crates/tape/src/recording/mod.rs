//! One way to open every recording, whatever its format.

mod infer;
mod sniff;

use std::collections::BTreeMap;
use std::io::{self, Read};

use base::{Day, Ts};
use bytes::Bytes;
use market::depth::{DepthChange, DepthMessage, FaultCounts, Grid};

use crate::messages::{Messages, Skipped};
use crate::table::Table;
use crate::unpack::unpack;
use crate::{Error, binance, bitstamp, dbn, lean, lobster};

pub use sniff::{Format, first_bytes, sniff};

/// Bytes of a file, being read.
pub type Bytestream<'a> = Box<dyn Read + Send + 'a>;

/// A file that can be read from its beginning more than once: to see what it is, to find its
/// grid, and for its messages.
pub trait File {
    /// Its name, without folders.
    fn name(&self) -> &str;

    /// Its bytes from the beginning.
    ///
    /// # Errors
    /// Where it can't be opened.
    fn open(&self) -> io::Result<Bytestream<'_>>;
}

/// A file in memory.
#[derive(Debug, Clone, Copy)]
pub struct InMemory<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
}

impl File for InMemory<'_> {
    fn name(&self) -> &str {
        self.name
    }

    fn open(&self) -> io::Result<Bytestream<'_>> {
        Ok(Box::new(self.bytes))
    }
}

/// What is known about a file beforehand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hints {
    /// Steps of prices and sizes; without, they are inferred from the whole file.
    pub grid: Option<Grid>,
    /// Which instrument of several.
    pub symbol: Option<String>,
    /// The day, for formats whose name says it and whose bytes don't.
    pub day: Option<Day>,
    /// For Binance: the last update of the recording that this one continues.
    pub after_update: Option<u64>,
    /// For LOBSTER: orders or levels; without, levels where the book's columns are there, for
    /// only they are whole.
    pub words: Option<lobster::Words>,
    /// For LEAN: what a row of quotes means.
    pub quotes: lean::Quotes,
}

/// Where a grid came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GridFrom {
    /// The caller.
    Caller,
    /// The greatest common divisor of all prices, and of all sizes, of the file. It may be
    /// coarser than the venue's where the file is short.
    Inferred,
}

/// What a recording has said so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// When its first message was known.
    pub first: Option<Ts>,
    /// When its last one was.
    pub last: Option<Ts>,
    /// Messages by what they say.
    pub changes: BTreeMap<&'static str, u64>,
}

/// A recording of any format.
pub struct Recording<'a> {
    messages: Box<dyn Messages + 'a>,
    format: Format,
    grid_from: GridFrom,
    facts: Facts,
}

impl<'a> Recording<'a> {
    /// Opens a file.
    ///
    /// # Errors
    /// Where its format is unknown, its head is damaged, or something is missing in the hints.
    pub fn open(file: &'a dyn File, hints: &Hints) -> Result<Recording<'a>, Error> {
        let first = first_bytes(file.open().map_err(unread)?).map_err(unread)?;
        let format = sniff(file.name(), &first).ok_or_else(|| Error::ReadHead {
            format: "recording",
            fault: format!(
                "{:?} is none of DBN, Binance lines, LOBSTER, Bitstamp, LEAN, Parquet",
                file.name()
            ),
        })?;
        let (grid, grid_from) = match hints.grid {
            Some(grid) => (grid, GridFrom::Caller),
            None => {
                let grid = crate::messages::finest_grid();
                let grid = infer::grid(&mut *messages(file, format, hints, grid)?)?;
                (grid, GridFrom::Inferred)
            }
        };
        let messages = messages(file, format, hints, grid)?;
        Ok(Recording { messages, format, grid_from, facts: Facts::default() })
    }

    /// The format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Where the grid came from.
    pub fn grid_from(&self) -> GridFrom {
        self.grid_from
    }

    /// What was said so far.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }
}

impl Messages for Recording<'_> {
    fn read(&mut self, into: &mut Vec<DepthMessage>) -> Result<(), Error> {
        let from = into.len();
        self.messages.read(into)?;
        for message in &into[from..] {
            self.facts.first.get_or_insert(message.known);
            self.facts.last = Some(message.known);
            *self.facts.changes.entry(word(&message.change)).or_insert(0) += 1;
        }
        Ok(())
    }

    fn grid(&self) -> Grid {
        self.messages.grid()
    }

    fn faults(&self) -> &FaultCounts {
        self.messages.faults()
    }

    fn skipped(&self) -> &Skipped {
        self.messages.skipped()
    }

    fn is_synthetic(&self) -> bool {
        self.messages.is_synthetic()
    }
}

/// The name of a change.
fn word(change: &DepthChange) -> &'static str {
    match change {
        DepthChange::Clear => "clear",
        DepthChange::Best { .. } => "best",
        DepthChange::Level { .. } => "level",
        DepthChange::Add { .. } => "add",
        DepthChange::Replace { .. } => "replace",
        DepthChange::Reduce { .. } => "reduce",
        DepthChange::Delete { .. } => "delete",
        DepthChange::Execute { .. } => "execute",
        DepthChange::Trade { .. } => "trade",
        DepthChange::Gap { .. } => "gap",
    }
}

fn messages<'a>(
    file: &'a dyn File,
    format: Format,
    hints: &Hints,
    grid: Grid,
) -> Result<Box<dyn Messages + 'a>, Error> {
    let source = unpack(file.open().map_err(unread)?).map_err(unread)?;
    Ok(match format {
        Format::Databento => {
            let pick = hints.symbol.clone().map_or(dbn::Pick::Only, dbn::Pick::Symbol);
            let options = dbn::Options { pick, ..dbn::Options::new(grid) };
            Box::new(dbn::Reader::new(source, options)?)
        }
        Format::Binance => {
            let start = hints.after_update.map_or(binance::Start::Snapshot, binance::Start::After);
            let symbol = hints.symbol.clone();
            let options = binance::Options { start, symbol, ..binance::Options::new(grid) };
            Box::new(binance::Reader::new(source, options)?)
        }
        Format::Lobster => Box::new(lobster::Reader::lines(
            source,
            None,
            of_lobster(file, hints, grid, lobster::Words::Orders)?,
        )?),
        Format::Bitstamp => Box::new(bitstamp::Reader::lines(source, grid)?),
        Format::Lean => {
            let day = hints.day.or(lean::day_of(file.name()));
            Box::new(lean::Reader::lines(
                source,
                lean::Options { grid, day, quotes: hints.quotes },
            )?)
        }
        Format::LeanZip => {
            let (text, day) = lean::read_zip(&all(source)?)?;
            let day = hints.day.or(day).or(lean::day_of(file.name()));
            Box::new(lean::Reader::lines(
                io::Cursor::new(text),
                lean::Options { grid, day, quotes: hints.quotes },
            )?)
        }
        Format::Table => table(file, all(source)?.into(), hints, grid)?,
    })
}

/// A Parquet table, by its columns.
fn table<'a>(
    file: &'a dyn File,
    bytes: Bytes,
    hints: &Hints,
    grid: Grid,
) -> Result<Box<dyn Messages + 'a>, Error> {
    let table = Table::new(bytes.clone())?;
    let has = |name: &str| table.names().iter().any(|known| known == name);
    if has("exchange.timestamp") {
        Ok(Box::new(bitstamp::Reader::<Bytestream>::table(bytes, grid)?))
    } else if has("suspicious") {
        let (day, quotes) = (hints.day, hints.quotes);
        let options = lean::Options { grid, day, quotes };
        Ok(Box::new(lean::Reader::<Bytestream>::table(bytes, options)?))
    } else {
        let words = match has("ask_price_1") {
            true => lobster::Words::Levels,
            false => lobster::Words::Orders,
        };
        let options = of_lobster(file, hints, grid, words)?;
        Ok(Box::new(lobster::Reader::<Bytestream>::table(bytes, options)?))
    }
}

fn of_lobster(
    file: &dyn File,
    hints: &Hints,
    grid: Grid,
    otherwise: lobster::Words,
) -> Result<lobster::Options, Error> {
    let fault = || Error::ReadHead {
        format: "LOBSTER",
        fault: format!("{:?} does not say the day: give it", file.name()),
    };
    let day = hints.day.or(lobster::day_of(file.name())).ok_or_else(fault)?;
    Ok(lobster::Options { grid, day, words: hints.words.unwrap_or(otherwise) })
}

fn all(mut source: impl Read) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).map_err(unread)?;
    Ok(bytes)
}

fn unread(source: io::Error) -> Error {
    Error::ReadBytes { offset: 0, source }
}
