//! Order-book recordings that benchmarks read, from a folder that is given.

use std::io::{BufReader, Read};
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use market::Qty;
use market::depth::{DepthMessage, Grid};
use tape::Messages;
use tape::unpack::unpack;
use tape::{binance, dbn};

use crate::Bench;

const BY_LEVEL: &str = "order_book/binance_usdm_btcusdt_20240808.jsonl.gz";
const BY_ORDER: &str = "order_book/es_futures_mbo_20231225.dbn.zst";

/// Messages of one instrument.
pub(super) struct Recording {
    /// Steps of prices and sizes.
    pub(super) grid: Grid,
    /// In the order of arrival.
    pub(super) messages: Vec<DepthMessage>,
}

/// Bitcoin futures of Binance: prices and sizes level by level.
pub(super) fn depth(bench: &Bench) -> Result<Recording> {
    let grid = Grid::new("0.1".parse()?, "0.001".parse()?)?;
    let source = unpack(open(bench, BY_LEVEL)?)?;
    read(binance::Reader::new(source, binance::Options::new(grid))?, grid)
}

/// S&P 500 futures of CME: every order.
pub(super) fn orders(bench: &Bench) -> Result<Recording> {
    let bytes = order_bytes(bench)?;
    read(dbn::Reader::new(bytes.as_slice(), dbn::Options::new(order_grid()?))?, order_grid()?)
}

/// The bytes of the recording by order, unpacked.
pub(super) fn order_bytes(bench: &Bench) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    unpack(open(bench, BY_ORDER)?)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The grid of the recording by order.
pub(super) fn order_grid() -> Result<Grid> {
    Ok(Grid::new("0.25".parse()?, Qty::whole(1))?)
}

fn open(bench: &Bench, name: &str) -> Result<BufReader<std::fs::File>> {
    let path: PathBuf =
        bench.data.as_ref().context("no folder of recorded data: give one with --data")?.join(name);
    let file = std::fs::File::open(&path).with_context(|| format!("open {}", path.display()))?;
    Ok(BufReader::new(file))
}

fn read(mut reader: impl Messages, grid: Grid) -> Result<Recording> {
    let messages = reader.read_all()?;
    ensure!(!messages.is_empty(), "the recording has no message");
    Ok(Recording { grid, messages })
}
