//! Takes in files of many layouts: found out by name and content, or told.
//!
//! One ingest is one append to each table it fills. It is named by the hash of its source and of
//! how it was read: the same again is a no-op. Refused rows go first, then actions and series,
//! bars last; after a crash in between, the same ingest goes on where it stopped.

mod actions;
pub(crate) mod blocks;
mod columns;
mod csv;
mod gate;
mod gathered;
mod lean;
pub(crate) mod lines;
mod parquet;
mod passing;
mod refine;
mod sessions;
mod text;

use std::path::{Path, PathBuf};

use base::{Day, Digest, Ts};
use market::Calendar;
use rayon::prelude::*;

pub use columns::Names;
use gathered::Gathered;
pub use passing::{Passing, SymbolBars, bars};
use refine::Refined;

use crate::manifest::{Adjusted, Manifest, Origin, Source};
use crate::{Append, Error, Lake, Table};

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
    crate::writer::check_dataset(&request.dataset)?;
    let layout = Layout::of(&request.path)?;
    let files = layout.files(&request.path)?;
    let sizes = files.iter().map(|path| std::fs::metadata(path).map_or(0, |about| about.len()));
    let total = sizes.sum();
    // Texts are hashed while they are parsed, others before.
    let (text, hashes) = match layout {
        Layout::Csv => {
            let (rows, hashes) = text::gather(&files, &request.names, &|bytes| told(bytes, total))?;
            (Some(rows), hashes)
        }
        Layout::Parquet | Layout::Lean => (None, hash_each(&files)?),
    };
    let read_as = format!(
        "{layout:?} {:?} {:?} {:?} {:?}",
        request.names,
        request.adjusted,
        request.calendar.map(Calendar::code),
        request.stamp
    );
    let append = Append {
        dataset: request.dataset.clone(),
        source: source(request, &files, &hashes),
        read_as,
        origin: Origin::Recorded,
        adjusted: request.adjusted,
        at: request.at,
    };
    if let Some(outcome) = known_already(lake, &append.id())? {
        return Ok(outcome);
    }
    let gathered = match text {
        Some(rows) => rows,
        None => gather(layout, &files, request, &|bytes| told(bytes, total))?,
    };
    Refined::of(gathered, request)?.write(lake, &append)
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

/// Bytes and hash of each file.
fn hash_each(files: &[PathBuf]) -> Result<Vec<(u64, Digest)>, Error> {
    let one = |path: &PathBuf| -> Result<(u64, Digest), Error> {
        let bytes = std::fs::metadata(path).map_err(|e| Error::read(path, e))?.len();
        Ok((bytes, crate::verify::hash(path).map_err(|e| Error::read(path, e))?))
    };
    let each: Vec<Result<(u64, Digest), Error>> = files.par_iter().map(one).collect();
    each.into_iter().collect()
}

fn source(request: &Request, files: &[PathBuf], hashes: &[(u64, Digest)]) -> Source {
    let mut hasher = base::hash::Hasher::default();
    for (path, (_, digest)) in files.iter().zip(hashes) {
        let inside = path.strip_prefix(&request.path).unwrap_or(Path::new(""));
        hasher.update(inside.to_string_lossy().as_bytes());
        hasher.update(digest.as_str().as_bytes());
    }
    let sha256 = match hashes {
        [(_, only)] => only.clone(),
        _ => hasher.finish(),
    };
    let bytes = hashes.iter().map(|(bytes, _)| bytes).sum();
    Source { name: request.path.display().to_string(), bytes, sha256 }
}

fn gather(
    layout: Layout,
    files: &[PathBuf],
    request: &Request,
    told: &dyn Fn(u64),
) -> Result<Gathered, Error> {
    let (mut all, mut done) = (Gathered::default(), 0);
    for path in files {
        let symbol = symbol_of(path);
        all.absorb(match layout {
            Layout::Lean => lean::gather(path, &symbol)?,
            _ => parquet::gather(path, &symbol, &request.names)?,
        });
        done += std::fs::metadata(path).map_or(0, |about| about.len());
        told(done);
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
