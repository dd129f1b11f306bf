//! `trimtab data`: files in, questions out.

use std::path::Path;

use base::{Day, Ts};
use lake::ingest::{self, Request, Stamp};
use lake::read::DailyQuery;
use lake::{Adjusted, Lake, Manifest, Quality, Table};
use market::Calendar;
use pipeline::Progress as _;
use pipeline::lake_history::Parts;
use serde::Serialize;
use store::{Clock as _, MachineClock};

use crate::cli::{AdjustedArg, DataCommand, DatasetArgs, IngestArgs, ShowArgs, StampArg};
use crate::failure::Failure;
use crate::terminal::{Bar, Form, Terminal, headed};

/// The lake of a home folder.
pub(crate) fn lake(home: &Path) -> Lake {
    Lake::at(home.join("lake"))
}

/// The parts of the lake that a book reads, on all days.
pub(crate) fn parts(args: &DatasetArgs) -> Parts {
    let (funds, volatility) = (args.funds.clone(), args.volatility.clone());
    Parts { funds, volatility, finer: args.finer.clone(), ..Parts::of(&args.stocks) }
}

pub(crate) fn run(command: DataCommand, home: &Path, terminal: Terminal) -> Result<(), Failure> {
    let lake = lake(home);
    match command {
        DataCommand::Ingest(args) => take_in(&args, &lake, terminal),
        DataCommand::Ls => list(&lake, terminal),
        DataCommand::Show(args) => show(&args, &lake, terminal),
        DataCommand::Quality { dataset } => quality(dataset.as_deref(), &lake, terminal),
        DataCommand::Verify => verify(&lake, terminal),
        DataCommand::Sql { query, csv } => sql(&query, csv, &lake, terminal),
    }
}

/// What is said of an append.
#[derive(Serialize)]
struct Appended {
    table: String,
    dataset: String,
    version: u64,
    rows: u64,
    rows_in: u64,
    quarantined: u64,
    known_already: bool,
}

/// Columns by name, from words such as `close=last`.
pub(super) fn named(map: &[String]) -> Result<ingest::Names, Failure> {
    let mut names = ingest::Names::new();
    for pair in map {
        let Some((field, column)) = pair.split_once('=') else {
            return Err(Failure::new(format!("read --map {pair:?}: it is not FIELD=COLUMN"))
                .advise("write for example --map close=last"));
        };
        names.insert(field.to_owned(), column.to_owned());
    }
    Ok(names)
}

/// The exchange of a code; nothing for `none`.
pub(super) fn calendar(code: &str) -> Result<Option<&'static Calendar>, Failure> {
    match code {
        "none" => Ok(None),
        code => Ok(Some(Calendar::of(code)?)),
    }
}

pub(super) const fn stamp(stamp: StampArg) -> Stamp {
    match stamp {
        StampArg::Start => Stamp::Start,
        StampArg::End => Stamp::End,
    }
}

fn take_in(args: &IngestArgs, lake: &Lake, terminal: Terminal) -> Result<(), Failure> {
    let dataset = args.dataset.clone().unwrap_or_else(|| name_of(&args.path));
    let (names, calendar) = (named(&args.map)?, calendar(&args.calendar)?);
    let request = Request {
        path: args.path.clone(),
        dataset,
        names,
        adjusted: match args.adjusted {
            AdjustedArg::None => Adjusted::None,
            AdjustedArg::Splits => Adjusted::Splits,
            AdjustedArg::All => Adjusted::SplitsDividends,
        },
        calendar,
        stamp: stamp(args.stamp),
        at: MachineClock.now(),
    };
    let bar = Bar::new(terminal);
    bar.begin("reading", 100);
    let done = std::cell::Cell::new(0);
    let outcome = ingest::ingest(lake, &request, &|bytes, all| {
        let percent = bytes * 100 / all.max(1);
        (done.get()..percent).for_each(|_| bar.step());
        done.set(percent);
    });
    bar.end();
    let outcome = outcome?;
    let said: Vec<Appended> = outcome
        .manifests
        .iter()
        .map(|manifest| Appended {
            table: manifest.table.clone(),
            dataset: manifest.dataset.clone(),
            version: manifest.version,
            rows: manifest.rows,
            rows_in: manifest.quality.rows_in,
            quarantined: manifest.quality.quarantined.values().map(|f| f.count).sum(),
            known_already: outcome.known_already,
        })
        .collect();
    let mut text = String::new();
    if outcome.known_already {
        text.push_str("taken in before, nothing to do\n");
    }
    for manifest in &outcome.manifests {
        text.push_str(&format!(
            "{}/{} version {}: {} rows\n",
            manifest.table, manifest.dataset, manifest.version, manifest.rows
        ));
        text.push_str(&findings(&manifest.quality));
    }
    terminal.answer(&said, text.trim_end())
}

/// A dataset named after its file.
fn name_of(path: &Path) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().to_lowercase());
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    stem.unwrap_or_default().chars().map(plain).take(64).collect()
}

fn findings(quality: &Quality) -> String {
    let mut text = String::new();
    for (word, all) in [("set aside", &quality.quarantined), ("flagged", &quality.flagged)] {
        for (what, found) in all {
            let places = found.examples.join(", ");
            text.push_str(&format!("  {word}: {what}: {} ({places}, …)\n", found.count));
        }
    }
    text
}

fn manifests(lake: &Lake) -> Result<Vec<Manifest>, Failure> {
    let mut all = Vec::new();
    for table in Table::ALL {
        all.extend(lake.manifests(table)?);
    }
    Ok(all)
}

fn list(lake: &Lake, terminal: Terminal) -> Result<(), Failure> {
    let all = manifests(lake)?;
    if terminal.form == Form::Json {
        return terminal.answer(&all, "");
    }
    let mut grid =
        headed(["table", "dataset", "version", "rows", "days", "adjusted", "origin", "source"]);
    for manifest in &all {
        let days = manifest.days.map_or_else(String::new, |(a, b)| format!("{a} to {b}"));
        grid.add_row([
            manifest.table.clone(),
            manifest.dataset.clone(),
            manifest.version.to_string(),
            manifest.rows.to_string(),
            days,
            manifest.adjusted.to_string(),
            format!("{:?}", manifest.origin).to_lowercase(),
            manifest.source.name.clone(),
        ]);
    }
    if all.is_empty() {
        return terminal.answer(
            &all,
            "no data yet; `trimtab data ingest PATH` or `trimtab synth` brings some",
        );
    }
    terminal.answer(&all, grid)
}

/// A bar as it is shown.
#[derive(Serialize)]
struct Shown {
    day: Day,
    open: f64,
    high: f64,
    low: f64,
    close: f64,
    volume: f64,
    known: String,
}

fn show(args: &ShowArgs, lake: &Lake, terminal: Terminal) -> Result<(), Failure> {
    let known_by = match args.known_by {
        Some(day) => day.plus(1).start(),
        None => MachineClock.now(),
    };
    let dataset = match &args.dataset {
        Some(name) => name.clone(),
        None => only_dataset(lake)?,
    };
    let bars = lake.as_of(known_by).daily(&DailyQuery::all(&dataset))?;
    let place = bars.place(&args.symbol)?;
    let raw = bars.raw(place)?;
    let series = bars.adjusted(place)?;
    let known = |at: usize| -> Ts { raw[at].1 };
    let from = raw.len().saturating_sub(args.last);
    let rows: Vec<Shown> = (from..raw.len())
        .map(|at| {
            let c = if args.raw { raw[at].0 } else { series.candles[at] };
            let known = known(at).to_string();
            Shown {
                day: c.day,
                open: c.open,
                high: c.high,
                low: c.low,
                close: c.close,
                volume: c.volume,
                known,
            }
        })
        .collect();
    let mut grid = headed(["day", "open", "high", "low", "close", "volume", "known"]);
    for row in &rows {
        let price = |value: f64| format!("{value:.4}");
        grid.add_row([
            row.day.to_string(),
            price(row.open),
            price(row.high),
            price(row.low),
            price(row.close),
            format!("{:.0}", row.volume),
            row.known.clone(),
        ]);
    }
    let word = if args.raw { "as in the source" } else { "adjusted forward" };
    terminal.answer(&rows, format!("{} from {}, {word}\n{grid}", args.symbol, bars.version()))
}

/// The only dataset of daily bars, where there is just one.
fn only_dataset(lake: &Lake) -> Result<String, Failure> {
    let names = lake.datasets(Table::BarsDaily)?;
    match &names[..] {
        [only] => Ok(only.clone()),
        [] => Err(Failure::new("show bars: there are none yet").advise("trimtab data ingest PATH")),
        _ => Err(Failure::new(format!("show bars: there are {}", names.join(", ")))
            .advise("name one with --dataset")),
    }
}

fn quality(dataset: Option<&str>, lake: &Lake, terminal: Terminal) -> Result<(), Failure> {
    let mut all = manifests(lake)?;
    all.retain(|m| m.quality.rows_in > 0 && dataset.is_none_or(|name| m.dataset == name));
    if all.is_empty() {
        return Err(Failure::new("report quality: no such dataset").advise("trimtab data ls"));
    }
    let mut text = String::new();
    for manifest in &all {
        let refused: u64 = manifest.quality.quarantined.values().map(|found| found.count).sum();
        text.push_str(&format!(
            "{}/{} version {}: {} rows read, {} kept, {refused} set aside ({:.2} %)\n{}",
            manifest.table,
            manifest.dataset,
            manifest.version,
            manifest.quality.rows_in,
            manifest.rows,
            100.0 * refused as f64 / manifest.quality.rows_in as f64,
            findings(&manifest.quality)
        ));
    }
    terminal.answer(&all, text.trim_end())
}

fn verify(lake: &Lake, terminal: Terminal) -> Result<(), Failure> {
    let bar = Bar::new(terminal);
    let files: usize = manifests(lake)?.iter().map(|manifest| manifest.files.len()).sum();
    bar.begin("verifying", files as u64);
    let verified = lake.verify(&|_| bar.step())?;
    bar.end();
    if let Some(first) = verified.faults.first() {
        let more = verified.faults.len() - 1;
        return Err(Failure::new(format!(
            "verify {}: version {}: {}; {more} more files are not as they were written",
            first.path.display(),
            first.version,
            first.fault
        ))
        .advise("restore the file from a copy; nothing in the lake ever changes a written file"));
    }
    let text = format!(
        "{} versions read back exactly: {} files, {} rows, {} bytes",
        verified.versions, verified.files, verified.rows, verified.bytes
    );
    terminal.answer(&verified, text)
}

fn sql(query: &str, csv: bool, lake: &Lake, terminal: Terminal) -> Result<(), Failure> {
    let tables = Table::ALL.map(Table::name).join(", ");
    let advice = format!("one question with select; the tables are {tables}");
    let answer = lake.sql(query).map_err(|error| Failure::of(&error).advise(advice))?;
    if terminal.form == Form::Json {
        let rows: Vec<serde_json::Map<String, serde_json::Value>> = answer
            .rows
            .iter()
            .map(|row| {
                let cells = answer.columns.iter().zip(row);
                cells.map(|(name, cell)| (name.clone(), cell.clone().into())).collect()
            })
            .collect();
        return terminal.answer(&rows, "");
    }
    if csv {
        let line = |cells: &mut dyn Iterator<Item = &str>| -> String {
            let quoted = cells.map(|cell| match cell.contains([',', '"', '\n']) {
                true => format!("\"{}\"", cell.replace('"', "\"\"")),
                false => cell.to_owned(),
            });
            quoted.collect::<Vec<_>>().join(",")
        };
        let mut lines = vec![line(&mut answer.columns.iter().map(String::as_str))];
        lines.extend(
            answer
                .rows
                .iter()
                .map(|row| line(&mut row.iter().map(|cell| cell.as_deref().unwrap_or_default()))),
        );
        return terminal.answer(&(), lines.join("\n"));
    }
    let mut grid = headed(&answer.columns);
    for row in &answer.rows {
        grid.add_row(row.iter().map(|cell| cell.as_deref().unwrap_or("")));
    }
    terminal.answer(&(), grid)
}
