//! LEAN data folders: `daily/SYMBOL.zip`, `factor_files/SYMBOL.csv`, `map_files/SYMBOL.csv`.
//!
//! Daily prices are whole numbers of 1/10,000 USD without a header
//! (github.com/QuantConnect/Lean, Data/equity/readme.md).

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use base::Day;
use market::{Corporate, CorporateAction};

use super::actions::{Factor, from_factors};
use super::gathered::{Gathered, RawBar};
use super::lines::{self, Cells};
use crate::Error;
use crate::rows::RefusedRow;

/// Units of a price.
const UNITS: f64 = 10_000.0;
/// The last row of a factor or map file lies here and means "until now".
const OPEN_END: i32 = 2040;

/// Whether a folder is one of LEAN's: it has zip files in a folder `daily`.
pub(crate) fn is_lean(folder: &Path) -> bool {
    daily(folder).is_some()
}

/// The folder of zip files, at or below what was named.
fn daily(folder: &Path) -> Option<PathBuf> {
    let here = ["", "daily", "usa/daily", "equity/usa/daily"];
    here.iter().map(|part| folder.join(part)).find(|path| {
        path.file_name().is_some_and(|name| name == "daily")
            && super::files(path).is_ok_and(|all| all.iter().any(|f| has_ending(f, "zip")))
    })
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|end| end == ending)
}

/// All files that [`gather`] reads.
pub(crate) fn sources(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let daily = daily(folder).unwrap_or_else(|| folder.to_owned());
    let mut all = super::files(&daily)?;
    all.retain(|path| has_ending(path, "zip"));
    for other in ["factor_files", "map_files"] {
        let beside = daily.with_file_name(other);
        if beside.is_dir() {
            all.extend(super::files(&beside)?.into_iter().filter(|path| has_ending(path, "csv")));
        }
    }
    Ok(all)
}

/// Reads one file of the folder.
pub(crate) fn gather(path: &Path, symbol: &str) -> Result<Gathered, Error> {
    let symbol = symbol.to_ascii_uppercase();
    if has_ending(path, "zip") {
        return zip(path, &symbol);
    }
    let text = std::fs::read(path).map_err(|e| Error::read(path, e))?;
    let mut gathered = Gathered::default();
    let maps = path.parent().is_some_and(|folder| folder.ends_with("map_files"));
    gathered.actions = if maps { renames(&text, &symbol) } else { factors(&text, &symbol)? };
    Ok(gathered)
}

fn zip(path: &Path, symbol: &str) -> Result<Gathered, Error> {
    let broken = |source: zip::result::ZipError| Error::ReadZip {
        path: path.to_owned(),
        source: Box::new(source),
    };
    let file = File::open(path).map_err(|e| Error::read(path, e))?;
    let mut archive = zip::ZipArchive::new(file).map_err(broken)?;
    let mut text = Vec::new();
    let mut entry = archive.by_index(0).map_err(broken)?;
    entry
        .read_to_end(&mut text)
        .map_err(|source| Error::ReadZip { path: path.to_owned(), source: Box::new(source) })?;
    let mut gathered = Gathered::default();
    let at = gathered.of(symbol);
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        gathered.rows_in += 1;
        match bar(line, index as u64 + 1) {
            Some(bar) => gathered.bars[at].1.push(bar),
            None => gathered.refused.push(RefusedRow {
                symbol: symbol.to_owned(),
                day: Day::default(),
                line: index as u64 + 1,
                reason: "row can't be read",
                row: String::from_utf8_lossy(&line[..line.len().min(300)]).into_owned(),
            }),
        }
    }
    Ok(gathered)
}

fn bar(line: &[u8], number: u64) -> Option<RawBar> {
    let mut cells = Cells::new(line, b',');
    let (day, _) = lines::date(cells.next()?)?;
    let mut price = || cells.next().and_then(lines::number).map(|units| units / UNITS);
    let (open, high, low, close) = (price()?, price()?, price()?, price()?);
    let volume = cells.next().and_then(lines::number).unwrap_or(0.0);
    Some(RawBar {
        day,
        time: None,
        open,
        high,
        low,
        close,
        volume,
        adjusted_close: f64::NAN,
        known: None,
        line: number,
    })
}

fn factors(text: &[u8], symbol: &str) -> Result<Vec<(String, CorporateAction)>, Error> {
    let factor = |line: &[u8]| {
        let mut cells = Cells::new(line, b',');
        let (day, _) = lines::date(cells.next()?)?;
        let mut number = || cells.next().and_then(lines::number);
        let (price, split) = (number()?, number()?);
        let reference = number().unwrap_or(0.0);
        Some(Factor { symbol: symbol.to_owned(), day, price, split, reference })
    };
    from_factors(text.split(|byte| *byte == b'\n').filter_map(factor).collect())
}

/// A map file lists the last day of each symbol a company had.
fn renames(text: &[u8], symbol: &str) -> Vec<(String, CorporateAction)> {
    let row = |line: &[u8]| {
        let mut cells = Cells::new(line, b',');
        let (day, _) = lines::date(cells.next()?)?;
        let name = cells.next()?.trim_ascii().to_ascii_uppercase();
        Some((day, String::from_utf8_lossy(&name).into_owned()))
    };
    let rows: Vec<(Day, String)> = text.split(|byte| *byte == b'\n').filter_map(row).collect();
    let mut actions = Vec::new();
    for pair in rows.windows(2).filter(|pair| pair[0].1 != pair[1].1) {
        let ex_day = pair[0].0.plus(1);
        let action = Corporate::Renamed { symbol: pair[1].1.clone() };
        let action = CorporateAction { ex_day, known: ex_day.start(), action };
        actions.push((symbol.to_owned(), action));
    }
    if let Some((last, _)) = rows.last().filter(|(last, _)| last.year() < OPEN_END) {
        let ex_day = last.plus(1);
        let action = Corporate::Delisted { payout: None };
        let action = CorporateAction { ex_day, known: ex_day.start(), action };
        actions.push((symbol.to_owned(), action));
    }
    actions
}
