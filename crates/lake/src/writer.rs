//! Appends rows to a table: streamed to files, then committed at one moment.

use std::fs::{File, OpenOptions};
use std::path::PathBuf;

use arrow::record_batch::RecordBatch;
use base::{Day, Ts};
use market::{Candle, CorporateAction};

use crate::manifest::{Adjusted, Manifest, Origin, Quality, Source};
use crate::rows::{
    self, BarColumns, FundamentalRow, InstrumentRow, MacroRow, RefusedRow, ShortBar,
};
use crate::segment::SegmentWriter;
use crate::{Error, Lake, Table, log};

/// Least rows of a row group: it ends at the next border of symbols, so that one symbol's bars
/// are read without much of others'.
const GROUP_ROWS: usize = 4_096;

/// What an append is.
#[derive(Debug, Clone, PartialEq)]
pub struct Append {
    /// Dataset it belongs to: 1 to 64 of `a-z 0-9 _`.
    pub dataset: String,
    /// Where the rows come from.
    pub source: Source,
    /// How they were read: layout and columns.
    pub read_as: String,
    /// Recorded or synthetic.
    pub origin: Origin,
    /// What the source did to prices.
    pub adjusted: Adjusted,
    /// When this append is made, told by the caller.
    pub at: Ts,
}

impl Append {
    /// The name under which the same append is recognised.
    pub fn id(&self) -> String {
        let words = format!("{}|{}|{}", self.dataset, self.source.sha256, self.read_as);
        base::Digest::of(words.as_bytes()).as_str()[..32].to_owned()
    }
}

/// A dataset's name is fit for a path.
pub(crate) fn check_dataset(name: &str) -> Result<(), Error> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
        return Err(Error::NameDataset { name: name.to_owned() });
    }
    Ok(())
}

/// An append under way. Dropped before [`Writer::finish`], it leaves nothing behind. One process
/// at a time holds one for a table.
#[derive(Debug)]
pub struct Writer {
    table: Table,
    append: Append,
    folder: PathBuf,
    version: u64,
    segments: SegmentWriter,
    bars: BarColumns,
    last_symbol: Option<String>,
    days: Option<(Day, Day)>,
    known: Option<(Ts, Ts)>,
    rows: u64,
    // Held until the append is over.
    _lock: File,
}

impl Lake {
    /// Begins to append to a table.
    pub fn write(&self, table: Table, append: Append) -> Result<Writer, Error> {
        check_dataset(&append.dataset)?;
        let folder = self.folder(table);
        std::fs::create_dir_all(&folder).map_err(|e| Error::write(&folder, e))?;
        let lock = lock(folder.join(".lock"))?;
        let version = log::commits(&folder)?.len() as u64;
        let stem = format!("{}-{version}", &append.id()[..12]);
        let segments = SegmentWriter::new(table, &folder, &append.dataset, &stem);
        Ok(Writer {
            table,
            append,
            folder,
            version,
            segments,
            bars: BarColumns::default(),
            last_symbol: None,
            days: None,
            known: None,
            rows: 0,
            _lock: lock,
        })
    }
}

fn lock(path: PathBuf) -> Result<File, Error> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|e| Error::write(&path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::Lock { path }),
        Err(std::fs::TryLockError::Error(fault)) => Err(Error::write(&path, fault)),
    }
}

impl Writer {
    /// One symbol's daily bars, ascending by day, each with the time at which it was known.
    /// Symbols come in ascending order.
    pub fn daily(&mut self, symbol: &str, bars: &[(Candle, Ts)]) -> Result<(), Error> {
        self.next_symbol(symbol)?;
        for (candle, known) in bars {
            self.widen(candle.day, *known);
            self.bars.push(candle, *known, None);
        }
        self.flush_group(GROUP_ROWS)
    }

    /// One symbol's shorter bars: start, minutes, prices, known; ascending by start.
    pub fn intraday(&mut self, symbol: &str, bars: &[ShortBar]) -> Result<(), Error> {
        self.next_symbol(symbol)?;
        for (start, minutes, candle, known) in bars {
            self.widen(candle.day, *known);
            self.bars.push(candle, *known, Some((*start, *minutes)));
        }
        self.flush_group(GROUP_ROWS)
    }

    /// Corporate actions of any symbols.
    pub fn actions(&mut self, rows: &[(String, CorporateAction)]) -> Result<(), Error> {
        rows.iter().for_each(|row| self.widen(row.1.ex_day, row.1.known));
        self.group(rows::action_batch(rows))
    }

    /// Series of the economy.
    pub fn series(&mut self, rows: &[MacroRow]) -> Result<(), Error> {
        rows.iter().for_each(|row| self.widen(row.day, row.known));
        self.group(rows::macro_batch(rows))
    }

    /// Figures of companies.
    pub fn fundamentals(&mut self, rows: &[FundamentalRow]) -> Result<(), Error> {
        rows.iter().for_each(|row| self.widen(row.period_end, row.known));
        self.group(rows::fundamental_batch(rows))
    }

    /// What symbols are.
    pub fn instruments(&mut self, rows: &[InstrumentRow]) -> Result<(), Error> {
        rows.iter().for_each(|row| self.widen(row.day, row.known));
        self.group(rows::instrument_batch(rows))
    }

    pub(crate) fn refused(&mut self, rows: &[RefusedRow]) -> Result<(), Error> {
        let at = self.append.at;
        rows.iter().for_each(|row| self.widen(row.day, at));
        let source = self.append.source.name.clone();
        self.group(rows::refused_batch(rows, &source, at))
    }

    /// Commits. From here on the rows are part of the table.
    pub fn finish(mut self, quality: Quality) -> Result<Manifest, Error> {
        self.flush_group(1)?;
        let pending = self.segments.finish()?;
        let manifest = Manifest {
            id: self.append.id(),
            table: self.table.name().to_owned(),
            dataset: self.append.dataset,
            source: self.append.source,
            read_as: self.append.read_as,
            origin: self.append.origin,
            adjusted: self.append.adjusted,
            days: self.days,
            known: self.known,
            rows: self.rows,
            quality,
            files: pending.segments.clone(),
            version: self.version,
        };
        log::append(self.table, &self.folder, (&manifest, pending), self.append.at)?;
        Ok(manifest)
    }

    fn next_symbol(&mut self, symbol: &str) -> Result<(), Error> {
        if self.last_symbol.as_deref().is_some_and(|last| last >= symbol) {
            let fault = "symbols must come in ascending order, each once".to_owned();
            return Err(Error::AppendSymbol { symbol: symbol.to_owned(), fault });
        }
        self.last_symbol = Some(symbol.to_owned());
        self.bars.begin(symbol);
        Ok(())
    }

    fn widen(&mut self, day: Day, known: Ts) {
        self.rows += 1;
        let (first, last) = self.days.unwrap_or((day, day));
        self.days = Some((first.min(day), last.max(day)));
        let (first, last) = self.known.unwrap_or((known, known));
        self.known = Some((first.min(known), last.max(known)));
    }

    fn flush_group(&mut self, least: usize) -> Result<(), Error> {
        if self.bars.len() < least {
            return Ok(());
        }
        let batch = self.bars.take(self.table);
        self.group(batch)
    }

    fn group(&mut self, batch: Result<RecordBatch, arrow::error::ArrowError>) -> Result<(), Error> {
        let batch = batch.map_err(|source| Error::EncodeRows {
            path: self.folder.clone(),
            source: Box::new(source),
        })?;
        self.segments.write_group(batch)
    }
}
