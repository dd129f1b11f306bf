//! The paper exchange as a process with its journal on this disk: orders a second from fifty
//! connections, a day of minutes of five hundred symbols with a book trading on it, and the
//! memory that a day takes.
//!
//! The clients share the processors with what they measure, so they read as little of an answer
//! as they can. What the machine itself could do is measured in the same run: the same load
//! against a server that only says hello, and writes that are brought to the disk one by one.

mod client;
mod day;
mod hello;
mod load;
mod served;

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::Bench;
use crate::clock::timed;
use crate::line::{Bar, Line};
use load::Loaded;
use served::Served;

const LEAST_ORDERS: Bar = Bar::AtLeast(5_000.0);
const SLOWEST_MS: Bar = Bar::AtMost(20.0);
const LONGEST_DAY_S: Bar = Bar::AtMost(60.0);
/// Room that a day may take beside the orders' own records, in MiB.
const FLAT_MIB: Bar = Bar::AtMost(32.0);
/// The last orders of an old account are taken as fast as its first ones, but for noise.
const AS_FAST: Bar = Bar::RatioAtLeast(0.7);

/// Orders over HTTP, then a day.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let Some(binary) = &bench.binary else {
        let missing = |(name, bar)| Line::missing(name, "the binary was not built", bar);
        let names = [("orders_per_s", LEAST_ORDERS), ("day_s", LONGEST_DAY_S)];
        let named = names.map(|(name, bar)| (format!("exchange/{name}"), bar));
        return Ok(named.map(missing).into());
    };
    let (mut lines, bytes_per_order) = orders(bench, binary)?;
    lines.extend(a_day(bench, binary, bytes_per_order)?);
    Ok(lines)
}

fn alone(name: &str, ours: f64, bar: Bar) -> Line {
    Line::alone(format!("exchange/{name}"), ours, bar)
}

fn beside(name: &str, (ours, peer): (f64, f64), who: &str, bar: Bar) -> Line {
    Line { peer: Some(peer), who: who.to_owned(), ..alone(name, ours, bar) }
}

/// Fifty connections that place and cancel as fast as they are answered; and how many bytes of
/// memory an order took.
fn orders(bench: &Bench, binary: &Path) -> Result<(Vec<Line>, f64)> {
    let count = bench.size.pick(100_000, 2_000);
    let home = tempfile::tempdir_in(&bench.scratch)?;
    let words = ["--symbols", "100", "--years", "1", "--speed", "60", "--cash", "1000000000.00"];
    let served = Served::start(binary, home.path(), &words)?;
    let warm = bench.size.pick(1_000, 100);
    let symbols = served.symbols()?;
    load::run(&served.door(), &symbols, (warm, "warm"))?;
    let before = served.memory_mib()?;
    let Loaded { seconds, mut latencies, requests, early, late } =
        load::run(&served.door(), &symbols, (count, "load"))?;
    let grown = (served.memory_mib()? - before).max(0.0);
    let bytes_per_order = grown * 1_048_576.0 / count as f64;
    drop(served);
    latencies.sort_by(f64::total_cmp);
    let at = |part: f64| {
        let place = (latencies.len() as f64 * part) as usize;
        latencies.get(place.min(latencies.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
    };
    let rate = count as f64 / seconds;
    let said = hello::load(count)?;
    let syncs = syncs_per_second(&bench.scratch)?;
    let lines = vec![
        beside("orders_per_s", (rate, syncs), "writes of 2 KiB synced one by one", LEAST_ORDERS),
        beside(
            "requests_per_s",
            (requests as f64 / seconds, said),
            "axum saying hello, same load",
            Bar::None,
        ),
        alone("order_p50_ms", at(0.5), Bar::None),
        alone("order_p99_ms", at(0.99), SLOWEST_MS),
        alone("order_p999_ms", at(0.999), Bar::None),
        alone("order_max_ms", at(1.0), Bar::None),
        beside("late_orders_per_s", (late, early), "the first tenth of the same run", AS_FAST),
        alone("bytes_of_memory_per_order", bytes_per_order, Bar::None),
    ];
    Ok((lines, bytes_per_order))
}

/// Writes a second of as many bytes as a few orders take, each on the disk before the next.
fn syncs_per_second(scratch: &Path) -> Result<f64> {
    let mut file = tempfile::tempfile_in(scratch)?;
    let (count, page) = (500, [7; 2_048]);
    let (seconds, written) = timed(|| {
        (0..count).try_for_each(|_| file.write_all(&page).and_then(|()| file.sync_data()))
    });
    written.context("write to the scratch folder")?;
    Ok(f64::from(count) / seconds)
}

/// A session of minutes with a book trading on it, and the night after it.
fn a_day(bench: &Bench, binary: &Path, bytes_per_order: f64) -> Result<Vec<Line>> {
    let home = tempfile::tempdir_in(&bench.scratch)?;
    let symbols = bench.size.pick("500", "20");
    let words =
        ["--symbols", symbols, "--years", "1", "--speed", "stepped", "--cash", "100000000.00"];
    let served = Served::start(binary, home.path(), &words)?;
    let day = day::run(&served, bench.size.pick(390, 40))?;
    let orders = day.orders as f64 * bytes_per_order / 1_048_576.0;
    let [start, middle, end] = day.memory_mib;
    Ok(vec![
        alone("day_s", day.seconds, LONGEST_DAY_S),
        alone("day_orders", day.orders as f64, Bar::None),
        alone("day_fills", day.fills as f64, Bar::None),
        alone("day_start_mib", start, Bar::None),
        alone("day_middle_mib", middle, Bar::None),
        alone("day_end_mib", end, Bar::None),
        alone("day_growth_beside_orders_mib", end - start - orders, FLAT_MIB),
    ])
}
