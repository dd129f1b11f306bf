//! The breakout book's scan over a whole market: patterns, their features, their outcomes.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use base::{Digest, Ts};
use books::breakout::{BreakoutConfig, Context, Stock, StockFacts, find};
use lake::read::{Bars, DailyQuery};
use lake::{Adjusted, Append, Lake, Origin, Quality, Source, Table};
use market::InstrumentId;
use rayon::prelude::*;

use crate::clock::{peak_memory_mib, timed};
use crate::line::{Bar, Line};
use crate::world::{Which, World};
use crate::{Bench, files};

/// From tables on a disk that nothing of is in memory, and from a stream without files; on two
/// threads. Making the market is not counted.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let (symbols, years) = bench.size.pick((8_000, 20), (100, 5));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build()?;
    pool.install(|| {
        let world = World::new(symbols, years)?;
        let shape = format!("{symbols}x{years}y");
        let mut lines = from_stream(&world, &shape)?;
        lines.extend(from_files(bench, &world, &shape)?);
        Ok(lines)
    })
}

fn from_stream(world: &World, shape: &str) -> Result<Vec<Line>> {
    let config = BreakoutConfig::default();
    let scan = |stock: &_, context: &_| Ok(find(stock, context, &config)?.len());
    let (walked, found) = world.walk(scan)?;
    let signals: usize = found.iter().sum();
    Ok(vec![
        Line::alone(format!("scan/stream_{shape}_s"), walked.work_s, Bar::None),
        Line::alone("scan/stream_signals", signals as f64, Bar::None),
    ])
}

fn from_files(bench: &Bench, world: &World, shape: &str) -> Result<Vec<Line>> {
    let folder = tempfile::tempdir_in(&bench.scratch)?;
    let lake = Lake::at(folder.path());
    let (making_s, made) = timed(|| fill(&lake, world));
    made?;
    let mib = 1024.0 * 1024.0;
    let on_disk = files::bytes_below(folder.path())? as f64 / mib;
    files::make_cold(folder.path())?;
    let before = files::read_from_disk()?;
    let (seconds, signals) = timed(|| scan(&lake, world));
    let read = (files::read_from_disk()? - before) as f64 / mib;
    Ok(vec![
        Line::alone(format!("scan/cold_files_{shape}_s"), seconds, Bar::AtMost(60.0)),
        Line::alone("scan/peak_memory_mib", peak_memory_mib()?, Bar::AtMost(2_048.0)),
        Line::alone("scan/signals", signals? as f64, Bar::None),
        Line::alone("scan/tables_mib", on_disk, Bar::None),
        Line::alone("scan/read_from_disk_mib", read, Bar::None),
        Line::alone("scan/making_and_writing_s", making_s, Bar::None),
    ])
}

/// Writes the market into the lake, symbol by symbol.
fn fill(lake: &Lake, world: &World) -> Result<()> {
    for (dataset, which) in [("stocks", Which::Stocks), ("funds", Which::Surroundings)] {
        let mut actions = Vec::new();
        let mut bars = lake.write(Table::BarsDaily, append(dataset))?;
        world.histories(which, |symbol, history| {
            let named = history.actions.into_iter().map(|action| (symbol.to_owned(), action));
            actions.extend(named);
            Ok(bars.daily(symbol, &history.bars)?)
        })?;
        bars.finish(Quality::default())?;
        if !actions.is_empty() {
            let mut writer = lake.write(Table::CorporateActions, append(dataset))?;
            writer.actions(&actions)?;
            writer.finish(Quality::default())?;
        }
    }
    Ok(())
}

fn append(dataset: &str) -> Append {
    let sha256 = Digest::of(dataset.as_bytes());
    Append {
        dataset: dataset.to_owned(),
        source: Source { name: "synthetic".to_owned(), bytes: 0, sha256 },
        read_as: "made".to_owned(),
        origin: Origin::Synthetic,
        adjusted: Adjusted::None,
        at: Ts::default(),
    }
}

/// Opens the tables, reads each stock as it was known at the end, and scans it.
fn scan(lake: &Lake, world: &World) -> Result<usize> {
    let config = BreakoutConfig::default();
    let now = lake.as_of(Ts::MAX);
    let context = surroundings(&now.daily(&DailyQuery::all("funds"))?)?;
    let bars = now.daily(&DailyQuery::all("stocks"))?;
    let places: Vec<usize> = (0..bars.symbols().len()).collect();
    let one = |&place: &usize| -> Result<usize> {
        let sector_etf = world.sector_of(&bars.symbols()[place]);
        let stock = Stock {
            instrument: InstrumentId(place as u32),
            candles: bars.adjusted(place)?.candles,
            finer: Vec::new(),
            facts: StockFacts { sector_etf, caps: Vec::new() },
        };
        Ok(find(&stock, &context, &config)?.len())
    };
    places.par_iter().map(one).sum()
}

fn surroundings(bars: &Bars) -> Result<Context> {
    let mut all = BTreeMap::new();
    for (place, symbol) in bars.symbols().iter().enumerate() {
        all.insert(symbol.clone(), bars.adjusted(place)?.candles);
    }
    let mut take =
        |symbol: &str| all.remove(symbol).with_context(|| format!("the market made no {symbol}"));
    let (spy, qqq, vix) = (take("SPY")?, take("QQQ")?, take("VIX")?);
    Ok(Context { spy, qqq, vix, sectors: all })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_stream_find_the_same_signals() {
        let folder = tempfile::tempdir().unwrap();
        let world = World::new(12, 3).unwrap();
        let lake = Lake::at(folder.path());
        fill(&lake, &world).unwrap();
        let config = BreakoutConfig::default();
        let count = |stock: &_, context: &_| Ok(find(stock, context, &config)?.len());
        let streamed: usize = world.walk(count).unwrap().1.iter().sum();
        assert!(streamed > 0);
        assert_eq!(scan(&lake, &world).unwrap(), streamed);
    }
}
