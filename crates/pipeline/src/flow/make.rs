//! A recording of a made market.

use std::io::Write;

use base::{Seed, Ts};
use market::Qty;
use market::depth::{DepthChange, DepthMessage, Grid};
use serde::Serialize;
use sim::flow::{Crowd, CrowdConfig, FlowEdge, FlowSizes};
use tape::dbn::Writer;

use super::seen::wrong;
use crate::Error;

/// What is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Making {
    /// The market.
    pub market: CrowdConfig,
    /// Steps of prices and sizes.
    pub grid: Grid,
    /// What the instrument shall be called.
    pub symbol: String,
    /// Every draw comes from it.
    pub seed: u64,
    /// How long.
    pub seconds: f64,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Made {
    /// True: no market ever traded like this.
    pub synthetic: bool,
    /// Every draw came from it.
    pub seed: u64,
    /// First moment.
    pub from: Ts,
    /// How long.
    pub seconds: f64,
    /// Messages written.
    pub messages: u64,
    /// Trades among them.
    pub trades: u64,
    /// Lots traded.
    pub traded_lots: i64,
    /// Whether a fair price is known to some; without, the book goes where the flow takes it.
    pub has_fair_price: bool,
    /// What was planted.
    pub edge: FlowEdge,
    /// Step of prices.
    pub tick: String,
    /// Step of sizes as written: the format has whole units alone, so a finer lot is one unit.
    pub lot: String,
    /// What one written unit stands for; 1 where the market's own lots are whole units.
    pub unit: String,
}

/// Largest size that is asked of the format, a little under 2³².
const LARGEST_WRITTEN: i64 = 4_000_000_000;

/// Writes an order-by-order recording of schema `mbo`. The same market, seed and length give the
/// same bytes.
///
/// # Errors
/// Where the market can't be made, or the sink refuses.
pub fn make(making: &Making, sink: impl Write) -> Result<Made, Error> {
    if !(1.0..=1e6).contains(&making.seconds) {
        return Err(wrong(&format!("{} seconds are not in 1..=1000000", making.seconds)));
    }
    let Written { sizes, grid, unit } = written(making)?;
    let crowd = Crowd::new(CrowdConfig { sizes, ..making.market.clone() })?;
    let mut writer = Writer::new(sink, &making.symbol, grid).map_err(Error::WriteRecording)?;
    let mut made = Made {
        synthetic: true,
        seed: making.seed,
        from: making.market.begin,
        seconds: making.seconds,
        messages: 0,
        trades: 0,
        traded_lots: 0,
        has_fair_price: making.market.fair.is_some(),
        edge: making.market.edge,
        tick: grid.tick().to_string(),
        lot: grid.lot().to_string(),
        unit: unit.to_string(),
    };
    crowd.feed_to(Seed::root(making.seed), making.seconds, |part: &[DepthMessage]| {
        for message in part {
            writer.write(message).map_err(Error::WriteRecording)?;
            made.messages += 1;
            if let DepthChange::Trade { size, .. } = message.change {
                made.trades += 1;
                made.traded_lots += size.0;
            }
        }
        Ok::<(), Error>(())
    })?;
    writer.finish().map_err(Error::WriteRecording)?;
    Ok(made)
}

/// How sizes go into a format of whole numbers.
struct Written {
    sizes: FlowSizes,
    grid: Grid,
    unit: Qty,
}

fn written(making: &Making) -> Result<Written, Error> {
    let (grid, sizes) = (making.grid, &making.market.sizes);
    if grid.lot().raw() % Qty::SCALE == 0 {
        return Ok(Written { sizes: sizes.clone(), grid, unit: Qty::whole(1) });
    }
    let largest = sizes.limit.largest().max(sizes.market.largest());
    let mut lots = 1_i64;
    while largest / lots > LARGEST_WRITTEN {
        lots *= 10;
    }
    let unit = grid.lot().raw().checked_mul(lots).map(Qty::from_raw);
    Ok(Written {
        sizes: FlowSizes { limit: sizes.limit.coarser(lots), market: sizes.market.coarser(lots) },
        grid: Grid::new(grid.tick(), Qty::whole(1))?,
        unit: unit.ok_or_else(|| wrong("a lot is too large"))?,
    })
}
