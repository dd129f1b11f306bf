//! Takes in files of many layouts: found out by name and content, or told.
//!
//! One ingest is one append to each table it fills. It is named by the hash of its source and of
//! how it was read: the same again is a no-op. Refused rows go first, then actions and series,
//! bars last; after a crash in between, the same ingest goes on where it stopped.

mod actions;
mod columns;
mod csv;
mod gate;
mod gathered;
mod lean;
mod lines;
mod parquet;

use std::path::{Path, PathBuf};

use base::{Day, Ts};
use market::{Calendar, Candle, CorporateAction};
use rayon::prelude::*;

pub use columns::Names;
use gate::{Gate, Passed};
use gathered::{Gathered, RawBar};

use crate::manifest::{Adjusted, Manifest, Origin, Quality, Source};
use crate::rows::{RefusedRow, ShortBar};
use crate::{Append, Error, Lake, Table, Writer};

/// Days after which a figure of the economy is taken for published, where its source does not
/// say: it becomes known at the start of the day after the next.
const PUBLISHED_AFTER_DAYS: i32 = 2;

/// What to take in, and as what.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// A file or a folder of files.
    pub path: PathBuf,
    /// The dataset it becomes.
    pub dataset: String,
    /// Columns that are named by the caller.
    pub names: Names,
    /// What the source did to its prices.
    pub adjusted: Adjusted,
    /// The exchange whose sessions the bars have; none for what trades around the clock.
    pub calendar: Option<&'static Calendar>,
    /// Whether a bar's time is its end instead of its start.
    pub stamp: Stamp,
    /// When this happens, told by the caller.
    pub at: Ts,
}

/// Which end of a short bar its time names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stamp {
    /// The start.
    #[default]
    Start,
    /// The end.
    End,
}

/// What came of an ingest.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The appends, in the order of their tables.
    pub manifests: Vec<Manifest>,
    /// True when all of it had been taken in before.
    pub known_already: bool,
}

/// Takes a source in. `told` hears of bytes read and of all bytes.
pub fn ingest(lake: &Lake, request: &Request, told: &dyn Fn(u64, u64)) -> Result<Outcome, Error> {
    let layout = Layout::of(&request.path)?;
    let files = layout.files(&request.path)?;
    let source = hash_all(request, &files)?;
    let read_as = format!(
        "{layout:?} {:?} {:?} {:?} {:?}",
        request.names,
        request.adjusted,
        request.calendar.map(Calendar::code),
        request.stamp
    );
    let append = Append {
        dataset: request.dataset.clone(),
        source,
        read_as,
        origin: Origin::Recorded,
        adjusted: request.adjusted,
        at: request.at,
    };
    append.check()?;
    if let Some(outcome) = known_already(lake, &append.id())? {
        return Ok(outcome);
    }
    let gathered = gather(layout, &files, request, told)?;
    let refined = refine(gathered, request)?;
    refined.write(lake, &append)
}

/// An append is complete when its last table is: bars, or what stands in for them.
fn known_already(lake: &Lake, id: &str) -> Result<Option<Outcome>, Error> {
    let last = [Table::BarsDaily, Table::BarsIntraday, Table::MacroSeries, Table::Fundamentals];
    let mut manifests = Vec::new();
    for table in last.into_iter().chain([Table::CorporateActions, Table::Quarantine]) {
        manifests.extend(lake.find_append(table, id)?);
    }
    let whole = manifests.iter().any(|m| {
        last.iter().any(|table| table.name() == m.table)
            || m.quality.rows_in == 0 && m.table == Table::CorporateActions.name()
    });
    Ok(whole.then_some(Outcome { manifests, known_already: true }))
}

/// How the files of a source are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Csv,
    Parquet,
    Lean,
}

impl Layout {
    fn of(path: &Path) -> Result<Layout, Error> {
        let about = std::fs::metadata(path).map_err(|e| Error::read(path, e))?;
        if about.is_dir() && lean::is_lean(path) {
            return Ok(Layout::Lean);
        }
        let sample = match about.is_dir() {
            false => path.to_owned(),
            true => {
                files(path)?.into_iter().find(|file| ending(file).is_some()).ok_or_else(|| {
                    let fault = "the folder holds no csv, txt, parquet or zip files".to_owned();
                    Error::Ingest { path: path.to_owned(), fault }
                })?
            }
        };
        match ending(&sample) {
            Some("parquet") => Ok(Layout::Parquet),
            Some("zip") => Ok(Layout::Lean),
            _ => Ok(Layout::Csv),
        }
    }

    fn files(self, path: &Path) -> Result<Vec<PathBuf>, Error> {
        if self == Layout::Lean && path.is_dir() {
            return lean::sources(path);
        }
        if path.is_file() {
            return Ok(vec![path.to_owned()]);
        }
        let mut all = files(path)?;
        all.retain(|file| match self {
            Layout::Parquet => ending(file) == Some("parquet"),
            Layout::Csv => matches!(ending(file), Some("csv" | "txt")),
            Layout::Lean => ending(file) == Some("zip"),
        });
        Ok(all)
    }
}

fn ending(path: &Path) -> Option<&str> {
    let ending = path.extension()?.to_str()?;
    ["csv", "txt", "parquet", "zip"].into_iter().find(|known| ending.eq_ignore_ascii_case(known))
}

/// All files below a folder, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|e| Error::read(folder, e))? {
        let path = entry.map_err(|e| Error::read(folder, e))?.path();
        match path.is_dir() {
            true => found.extend(files(&path)?),
            false => found.push(path),
        }
    }
    found.sort();
    Ok(found)
}

fn hash_all(request: &Request, files: &[PathBuf]) -> Result<Source, Error> {
    let one = |path: &PathBuf| -> Result<(u64, base::Digest), Error> {
        let bytes = std::fs::metadata(path).map_err(|e| Error::read(path, e))?.len();
        Ok((bytes, crate::verify::hash(path).map_err(|e| Error::read(path, e))?))
    };
    let each: Vec<(u64, base::Digest)> = files.par_iter().map(one).collect::<Result<_, _>>()?;
    let mut hasher = base::hash::Hasher::default();
    for (path, (_, digest)) in files.iter().zip(&each) {
        let inside = path.strip_prefix(&request.path).unwrap_or(Path::new(""));
        hasher.update(inside.to_string_lossy().as_bytes());
        hasher.update(digest.as_str().as_bytes());
    }
    let sha256 = match &each[..] {
        [(_, only)] => only.clone(),
        _ => hasher.finish(),
    };
    let bytes = each.iter().map(|(bytes, _)| bytes).sum();
    Ok(Source { name: request.path.display().to_string(), bytes, sha256 })
}

fn gather(
    layout: Layout,
    files: &[PathBuf],
    request: &Request,
    told: &dyn Fn(u64, u64),
) -> Result<Gathered, Error> {
    let sizes: Vec<u64> =
        files.iter().map(|path| std::fs::metadata(path).map_or(0, |about| about.len())).collect();
    let (mut done, total) = (0, sizes.iter().sum());
    let mut all = Gathered::default();
    for (path, size) in files.iter().zip(sizes) {
        let symbol = symbol_of(path);
        all.absorb(match layout {
            Layout::Lean => lean::gather(path, &symbol)?,
            Layout::Parquet => parquet::gather(path, &symbol, &request.names)?,
            Layout::Csv => {
                let text = std::fs::read(path).map_err(|e| Error::read(path, e))?;
                csv::Csv { path, text: &text, symbol: &symbol, names: &request.names }.gather()?
            }
        });
        done += size;
        told(done, total);
    }
    Ok(all)
}

/// The symbol a file is named after: `AAPL.csv`, `aapl.us.txt`, `vix_daily_cboe.parquet`.
fn symbol_of(path: &Path) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = stem.strip_suffix(".us").or_else(|| stem.strip_suffix(".US")).unwrap_or(&stem);
    stem.split('_').next().unwrap_or(stem).to_ascii_uppercase()
}

/// Name of a series: what its row says, and the column where there are several.
fn series_name(own: Option<&str>, column: &str, columns: usize) -> String {
    match own {
        Some(own) if columns == 1 => own.to_owned(),
        Some(own) => format!("{own}.{column}"),
        None => column.to_owned(),
    }
}

/// When a figure of a day is taken for published.
fn published(day: Day) -> Ts {
    day.plus(PUBLISHED_AFTER_DAYS).start()
}

/// A source behind the gate, ready to be written.
#[derive(Debug, Default)]
struct Refined {
    daily: Vec<(String, Vec<(Candle, Ts)>)>,
    shorter: Vec<(String, Vec<ShortBar>)>,
    actions: Vec<(String, CorporateAction)>,
    refused: Vec<RefusedRow>,
    quality: Quality,
    rest: Gathered,
}

fn refine(mut gathered: Gathered, request: &Request) -> Result<Refined, Error> {
    let gate = Gate { calendar: request.calendar };
    let mut bars = std::mem::take(&mut gathered.bars);
    bars.iter_mut().for_each(|(symbol, _)| {
        let whole = symbol.strip_suffix(".US").map(str::to_owned);
        if let Some(short) = whole {
            *symbol = short;
        }
    });
    bars.sort_by(|a, b| a.0.cmp(&b.0));
    bars.retain(|(_, rows)| !rows.is_empty());
    let passed: Vec<(String, Passed)> = bars
        .into_par_iter()
        .map(|(symbol, rows)| {
            let passed = gate.pass(&symbol, rows);
            (symbol, passed)
        })
        .collect();
    let mut refined = Refined::default();
    refined.quality.rows_in = gathered.refused.len() as u64;
    for row in std::mem::take(&mut gathered.refused) {
        let found = refined.quality.quarantined.entry(row.reason.to_owned()).or_default();
        found.add(|| format!("line {}", row.line));
        refined.refused.push(row);
    }
    for (symbol, passed) in passed {
        refined.take(symbol, passed, request)?;
    }
    refined.quality.rows_in += (gathered.series.len() + gathered.figures.len()) as u64;
    refined.actions.append(&mut gathered.actions);
    refined.rest = gathered;
    let nothing = refined.daily.is_empty()
        && refined.shorter.is_empty()
        && refined.actions.is_empty()
        && refined.rest.series.is_empty()
        && refined.rest.figures.is_empty();
    if nothing {
        let reasons: Vec<String> = refined
            .quality
            .quarantined
            .iter()
            .map(|(why, found)| format!("{why} ({} rows)", found.count))
            .collect();
        let fault = match reasons.is_empty() {
            true => "it has no rows".to_owned(),
            false => format!("no row is fit to be kept: {}", reasons.join(", ")),
        };
        return Err(Error::Ingest { path: request.path.clone(), fault });
    }
    Ok(refined)
}

impl Refined {
    fn take(&mut self, symbol: String, passed: Passed, request: &Request) -> Result<(), Error> {
        self.quality.absorb(passed.quality);
        self.refused.extend(passed.refused);
        let bars = passed.bars;
        if bars.iter().any(|bar| bar.time.is_some()) {
            let minutes = minutes_of(&bars);
            let rows = bars.iter().map(|bar| short_row(bar, minutes, request));
            self.shorter.push((symbol, rows.collect::<Result<_, Error>>()?));
            return Ok(());
        }
        if bars.iter().any(|bar| bar.adjusted_close.is_finite()) {
            let actions = actions::from_adjusted(&bars)?;
            self.actions.extend(actions.into_iter().map(|action| (symbol.clone(), action)));
        }
        let rows: Vec<(Candle, Ts)> =
            bars.iter().map(|bar| (candle(bar), known(bar, request.calendar))).collect();
        if !rows.is_empty() {
            self.daily.push((symbol, rows));
        }
        Ok(())
    }

    fn write(self, lake: &Lake, append: &Append) -> Result<Outcome, Error> {
        let mut manifests = Vec::new();
        let mut put = |table: Table,
                       quality: Quality,
                       rows: &dyn Fn(&mut Writer) -> Result<(), Error>|
         -> Result<(), Error> {
            if let Some(before) = lake.find_append(table, &append.id())? {
                manifests.push(before);
                return Ok(());
            }
            let mut writer = lake.write(table, append.clone())?;
            rows(&mut writer)?;
            manifests.push(writer.finish(quality)?);
            Ok(())
        };
        if !self.refused.is_empty() {
            put(Table::Quarantine, Quality::default(), &|w| w.refused(&self.refused))?;
        }
        if !self.actions.is_empty() {
            put(Table::CorporateActions, Quality::default(), &|w| w.actions(&self.actions))?;
        }
        if !self.rest.figures.is_empty() {
            put(Table::Fundamentals, self.quality.clone(), &|w| {
                w.fundamentals(&self.rest.figures)
            })?;
        }
        if !self.rest.series.is_empty() {
            put(Table::MacroSeries, self.quality.clone(), &|w| w.series(&self.rest.series))?;
        }
        if !self.shorter.is_empty() {
            put(Table::BarsIntraday, self.quality.clone(), &|w| {
                self.shorter.iter().try_for_each(|(symbol, rows)| w.intraday(symbol, rows))
            })?;
        }
        if !self.daily.is_empty() {
            put(Table::BarsDaily, self.quality.clone(), &|w| {
                self.daily.iter().try_for_each(|(symbol, rows)| w.daily(symbol, rows))
            })?;
        }
        Ok(Outcome { manifests, known_already: false })
    }
}

fn candle(bar: &RawBar) -> Candle {
    // Four-byte prices may put open or close a hair outside of high and low.
    let high = bar.high.max(bar.open).max(bar.close);
    let low = bar.low.min(bar.open).min(bar.close);
    Candle { day: bar.day, open: bar.open, high, low, close: bar.close, volume: bar.volume }
}

/// A daily bar is known when its session closes; without a session, at the end of its day.
fn known(bar: &RawBar, calendar: Option<&Calendar>) -> Ts {
    bar.known.unwrap_or_else(|| {
        let session = calendar.and_then(|c| c.session(bar.day).ok().flatten());
        session.map_or(bar.day.plus(1).start(), |session| session.close)
    })
}

/// The usual distance of a symbol's bars.
fn minutes_of(bars: &[RawBar]) -> i32 {
    let mut steps: Vec<i64> = bars
        .windows(2)
        .filter(|pair| pair[0].day == pair[1].day)
        .map(|pair| (pair[1].time.unwrap_or(0) - pair[0].time.unwrap_or(0)) / 60_000_000)
        .filter(|step| *step > 0)
        .collect();
    steps.sort_unstable();
    steps.get(steps.len() / 4).map_or(1, |step| *step as i32)
}

/// A short bar in UTC: its local time less that of the session's opening, 09:30 in New York.
fn short_row(bar: &RawBar, minutes: i32, request: &Request) -> Result<ShortBar, Error> {
    let length = i64::from(minutes) * 60_000_000;
    let local = bar.time.unwrap_or(0) - if request.stamp == Stamp::End { length } else { 0 };
    let offset = utc_offset(bar.day, request.calendar);
    let start = Ts::from_micros(bar.day.start().micros() + local + offset);
    let known = bar.known.unwrap_or(Ts::from_micros(start.micros() + length));
    Ok((start, minutes, candle(bar), known))
}

/// Microseconds from the exchange's local time to UTC on a day, told by when the nearest session
/// opens.
fn utc_offset(day: Day, calendar: Option<&Calendar>) -> i64 {
    let Some(calendar) = calendar else { return 0 };
    let opens_minutes = match calendar.code() {
        "XNYS" => 9 * 60 + 30,
        "XETR" => 9 * 60,
        _ => 8 * 60,
    };
    let session = calendar.next(day.plus(-1)).ok();
    session.map_or(0, |session| {
        let local = session.day.start().micros() + opens_minutes * 60_000_000;
        session.open.micros() - local
    })
}
