//! Megabytes of CSV a second through the quality gate into tables.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use base::Ts;
use lake::ingest::{Request, Stamp, ingest};
use lake::{Adjusted, Lake};
use market::Calendar;

use crate::clock::{best, peak_memory_mib, timed};
use crate::line::{Bar, Line};
use crate::world::{Which, World};
use crate::{Bench, files};

/// One file of daily bars of many symbols, read cold, on two threads.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let (symbols, years) = bench.size.pick((800, 20), (20, 5));
    let folder = tempfile::tempdir_in(&bench.scratch)?;
    let source = folder.path().join("source");
    std::fs::create_dir(&source)?;
    let path = source.join("bars.csv");
    let rows = write(&path, &World::new(symbols, years)?)?;
    let megabytes = std::fs::metadata(&path)?.len() as f64 / 1e6;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build()?;
    let mut seconds = Vec::new();
    for round in 0..bench.size.pick(3, 1) {
        files::make_cold(&source)?;
        let lake = Lake::at(folder.path().join(format!("lake-{round}")));
        let (taken, outcome) = timed(|| {
            pool.install(|| ingest(&lake, &request(&path)?, &|_, _| {}).context("take the file in"))
        });
        let kept: u64 = outcome?.manifests.iter().map(|manifest| manifest.rows).sum();
        ensure!(kept == rows, "{kept} rows were kept of {rows}");
        seconds.push(taken);
    }
    let bar = Bar::AtLeast(100.0);
    Ok(vec![
        Line::alone("ingest/csv_mb_per_s", megabytes / best(&seconds), bar),
        Line::alone("ingest/csv_mb", megabytes, Bar::None),
        Line::alone("ingest/rows_per_s", rows as f64 / best(&seconds), Bar::None),
        Line::alone("ingest/peak_memory_mib", peak_memory_mib()?, Bar::None),
    ])
}

fn request(path: &Path) -> Result<Request> {
    Ok(Request {
        path: path.to_owned(),
        dataset: "bars".to_owned(),
        names: BTreeMap::new(),
        adjusted: Adjusted::None,
        calendar: Some(Calendar::of("XNYS")?),
        stamp: Stamp::Start,
        at: Ts::default(),
    })
}

/// Writes a market as one long table; gives its rows.
fn write(path: &Path, world: &World) -> Result<u64> {
    let named = || format!("write {}", path.display());
    let mut file = BufWriter::new(std::fs::File::create(path).with_context(named)?);
    writeln!(file, "symbol,date,open,high,low,close,volume").with_context(named)?;
    let mut rows = 0;
    world.histories(Which::Stocks, |symbol, history| {
        for (candle, _) in &history.bars {
            let [open, high, low, close] = [candle.open, candle.high, candle.low, candle.close];
            let (day, volume) = (candle.day, candle.volume);
            writeln!(file, "{symbol},{day},{open},{high},{low},{close},{volume}")?;
            rows += 1;
        }
        Ok(())
    })?;
    file.flush().with_context(named)?;
    Ok(rows)
}
