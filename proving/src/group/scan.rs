//! The breakout book's scan over a whole market: patterns, their features, their outcomes.

use anyhow::Result;
use books::breakout::{BreakoutConfig, find};

use crate::Bench;
use crate::clock::peak_memory_mib;
use crate::line::{Bar, Line};
use crate::world::World;

/// A scan of streamed symbols, without files, on two threads; making the market is not counted.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let (symbols, years) = bench.size.pick((8_000, 20), (100, 5));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build()?;
    let config = BreakoutConfig::default();
    let scan = |stock: &_, context: &_| Ok(find(stock, context, &config)?.len());
    let (walked, found) = pool.install(|| World::new(symbols, years)?.walk(scan))?;
    let signals: usize = found.iter().sum();
    Ok(vec![
        Line::alone(format!("scan/stream_{symbols}x{years}y_s"), walked.work_s, Bar::AtMost(60.0)),
        Line::alone("scan/stream_peak_memory_mib", peak_memory_mib()?, Bar::AtMost(2_048.0)),
        Line::alone("scan/stream_signals", signals as f64, Bar::None),
        Line::alone("scan/stream_making_the_market_s", walked.making_s, Bar::None),
    ])
}
