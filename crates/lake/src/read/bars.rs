//! Bars of one dataset, symbol by symbol, in any order and from many threads.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

use arrow::array::AsArray;
use arrow::datatypes::{Date32Type, Float64Type, Int32Type, TimestampMicrosecondType};
use arrow::record_batch::RecordBatch;
use base::{Day, Ts};
use market::corporate::adjust_series;
use market::{Candle, CorporateAction, Series};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};

use super::{AsOf, pin};
use crate::{DataVersion, Error, Table};

/// Which daily bars.
#[derive(Debug, Clone, PartialEq)]
pub struct DailyQuery {
    /// The dataset.
    pub dataset: String,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
    /// Version of the table; the newest when absent.
    pub version: Option<u64>,
}

impl DailyQuery {
    /// All days of a dataset at its newest version.
    pub fn all(dataset: &str) -> DailyQuery {
        let (from, to) = (Day::MIN, Day::from_number(i32::MAX));
        DailyQuery { dataset: dataset.to_owned(), from, to, version: None }
    }
}

/// A bar shorter than a session.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IntradayBar {
    /// When it begins.
    pub start: Ts,
    /// Its length.
    pub minutes: i32,
    /// Prices, as the dataset has them.
    pub candle: Candle,
    /// When it was known.
    pub known: Ts,
}

/// The bars of a dataset at one version, as known at one time. Each call reads its symbol from
/// disk; nothing is kept but where it lies.
#[derive(Debug)]
pub struct Bars {
    table: Table,
    files: Vec<OpenFile>,
    symbols: Vec<String>,
    // By symbol: places in `files` and row groups in them, oldest append first.
    groups: BTreeMap<String, Vec<(usize, usize)>>,
    actions: BTreeMap<String, Vec<CorporateAction>>,
    version: DataVersion,
    days: (Day, Day),
    known_by: Ts,
}

#[derive(Debug)]
struct OpenFile {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
}

impl AsOf<'_> {
    /// Daily bars.
    pub fn daily(&self, query: &DailyQuery) -> Result<Bars, Error> {
        self.bars(Table::BarsDaily, query)
    }

    /// Bars shorter than a session.
    pub fn intraday(&self, query: &DailyQuery) -> Result<Bars, Error> {
        self.bars(Table::BarsIntraday, query)
    }

    fn bars(&self, table: Table, query: &DailyQuery) -> Result<Bars, Error> {
        let mut pinned = pin(self.lake, table, &query.dataset, query.version)?;
        if self.lake.datasets(Table::CorporateActions)?.contains(&query.dataset) {
            let actions = pin(self.lake, Table::CorporateActions, &query.dataset, None)?.version;
            pinned.version.actions = Some((actions.version, actions.hash));
        }
        let folder = self.lake.folder(table);
        let mut bars = Bars {
            table,
            files: Vec::new(),
            symbols: Vec::new(),
            groups: BTreeMap::new(),
            actions: self.actions(&query.dataset)?,
            version: pinned.version,
            days: (query.from, query.to),
            known_by: self.known_by,
        };
        for path in pinned.files {
            let path = folder.join(path);
            let file = File::open(&path).map_err(|e| Error::read(&path, e))?;
            let metadata = ArrowReaderMetadata::load(&file, Default::default())
                .map_err(|e| Error::parquet(&path, e))?;
            bars.files.push(OpenFile { path, metadata });
            bars.index_last()?;
        }
        bars.symbols = bars.groups.keys().cloned().collect();
        Ok(bars)
    }
}

impl Bars {
    /// All symbols, ascending.
    pub fn symbols(&self) -> &[String] {
        &self.symbols
    }

    /// What is read.
    pub fn version(&self) -> &DataVersion {
        &self.version
    }

    /// Raw daily bars of a symbol by its place in [`Bars::symbols`], ascending, each with the time
    /// at which it was known.
    pub fn raw(&self, place: usize) -> Result<Vec<(Candle, Ts)>, Error> {
        let mut rows = self.rows(place)?;
        rows.sort_by_key(|row| (row.bar.candle.day, row.bar.known, row.order));
        let mut kept: Vec<(Candle, Ts)> = Vec::with_capacity(rows.len());
        for row in rows {
            match kept.last_mut() {
                Some(last) if last.0.day == row.bar.candle.day => {
                    *last = (row.bar.candle, row.bar.known);
                }
                _ => kept.push((row.bar.candle, row.bar.known)),
            }
        }
        Ok(kept)
    }

    /// Daily bars adjusted forward by the actions known by then.
    pub fn adjusted(&self, place: usize) -> Result<Series, Error> {
        let (candles, known): (Vec<Candle>, Vec<Ts>) = self.raw(place)?.into_iter().unzip();
        let actions = self.actions.get(&self.symbols[place]).cloned().unwrap_or_default();
        Ok(adjust_series(&candles, &known, actions))
    }

    /// Shorter bars of a symbol, ascending by start.
    pub fn shorter(&self, place: usize) -> Result<Vec<IntradayBar>, Error> {
        let mut rows = self.rows(place)?;
        rows.sort_by_key(|row| (row.bar.start, row.bar.known, row.order));
        let mut kept: Vec<IntradayBar> = Vec::with_capacity(rows.len());
        for row in rows {
            match kept.last_mut() {
                Some(last) if last.start == row.bar.start => *last = row.bar,
                _ => kept.push(row.bar),
            }
        }
        Ok(kept)
    }

    /// Actions of a symbol known by then.
    pub fn actions(&self, symbol: &str) -> &[CorporateAction] {
        self.actions.get(symbol).map_or(&[], Vec::as_slice)
    }

    /// The place of a symbol; near ones in the error when there is none.
    pub fn place(&self, symbol: &str) -> Result<usize, Error> {
        let found = self.symbols.binary_search_by(|known| known.as_str().cmp(symbol));
        found.map_err(|at| {
            let near: Vec<&str> =
                self.symbols[at.saturating_sub(1)..].iter().take(3).map(String::as_str).collect();
            let hint =
                format!("; it has {} symbols, near it {}", self.symbols.len(), near.join(", "));
            let dataset = self.version.dataset.clone();
            Error::FindSymbol { symbol: symbol.to_owned(), dataset, hint }
        })
    }

    /// Adds the row groups of the last file to the index.
    fn index_last(&mut self) -> Result<(), Error> {
        let place = self.files.len() - 1;
        let file = &self.files[place];
        for group in 0..file.metadata.metadata().num_row_groups() {
            let column = file.metadata.metadata().row_group(group).column(0);
            let bounds = column.statistics().and_then(|statistics| {
                let text = |bytes: Option<&[u8]>| {
                    bytes.and_then(|b| std::str::from_utf8(b).ok()).map(str::to_owned)
                };
                let exact = statistics.max_is_exact() && statistics.min_is_exact();
                text(statistics.min_bytes_opt())
                    .zip(text(statistics.max_bytes_opt()))
                    .filter(|(least, most)| exact && least == most)
            });
            let names = match bounds {
                Some((only, _)) => vec![only],
                None => file.symbols_of(group)?,
            };
            for name in names {
                self.groups.entry(name).or_default().push((place, group));
            }
        }
        Ok(())
    }

    fn rows(&self, place: usize) -> Result<Vec<Row>, Error> {
        let symbol = &self.symbols[place];
        let mut rows = Vec::new();
        for &(file, group) in &self.groups[symbol] {
            let file = &self.files[file];
            for batch in file.batches(group, None)? {
                self.take(&batch, symbol, &mut rows);
            }
        }
        Ok(rows)
    }

    /// Appends the rows of one symbol that were known in time and lie in the range of days.
    fn take(&self, batch: &RecordBatch, symbol: &str, rows: &mut Vec<Row>) {
        let names = batch.column(0).as_string::<i32>();
        let day = batch.column(1).as_primitive::<Date32Type>();
        let shift = if self.table == Table::BarsIntraday { 2 } else { 0 };
        let real = |at: usize| batch.column(2 + shift + at).as_primitive::<Float64Type>().values();
        let [open, high, low, close, volume] = [real(0), real(1), real(2), real(3), real(4)];
        let known = batch.column(7 + shift).as_primitive::<TimestampMicrosecondType>();
        for at in 0..batch.num_rows() {
            let of_day = Day::from_number(day.value(at));
            let known = Ts::from_micros(known.value(at));
            let visible = known <= self.known_by && self.days.0 <= of_day && of_day <= self.days.1;
            if !visible || names.value(at) != symbol {
                continue;
            }
            let candle = Candle {
                day: of_day,
                open: open[at],
                high: high[at],
                low: low[at],
                close: close[at],
                volume: volume[at],
            };
            let (start, minutes) = match shift {
                0 => (of_day.start(), 0),
                _ => (
                    Ts::from_micros(
                        batch.column(2).as_primitive::<TimestampMicrosecondType>().value(at),
                    ),
                    batch.column(3).as_primitive::<Int32Type>().value(at),
                ),
            };
            let bar = IntradayBar { start, minutes, candle, known };
            rows.push(Row { bar, order: rows.len() });
        }
    }
}

struct Row {
    bar: IntradayBar,
    order: usize,
}

impl OpenFile {
    fn batches(&self, group: usize, columns: Option<&[usize]>) -> Result<Vec<RecordBatch>, Error> {
        let file = File::open(&self.path).map_err(|e| Error::read(&self.path, e))?;
        let mut builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        if let Some(columns) = columns {
            let schema = self.metadata.metadata().file_metadata().schema_descr();
            builder = builder.with_projection(ProjectionMask::leaves(schema, columns.to_vec()));
        }
        let reader = builder.with_row_groups(vec![group]).with_batch_size(1 << 16).build();
        let reader = reader.map_err(|e| Error::parquet(&self.path, e))?;
        reader.map(|batch| batch.map_err(|e| Error::parquet(&self.path, e))).collect()
    }

    /// Symbols of a row group, each once, in order of appearance.
    fn symbols_of(&self, group: usize) -> Result<Vec<String>, Error> {
        let mut names: Vec<String> = Vec::new();
        for batch in self.batches(group, Some(&[0]))? {
            for name in batch.column(0).as_string::<i32>().iter().flatten() {
                if names.last().is_none_or(|last| last != name) {
                    names.push(name.to_owned());
                }
            }
        }
        names.sort();
        names.dedup();
        Ok(names)
    }
}
