//! A recording of a made market.

use std::io::Write;

use base::{Seed, Ts};
use market::Qty;
use market::depth::{DepthChange, DepthMessage, Grid};
use serde::Serialize;
use sim::flow::{Crowd, CrowdConfig, FlowEdge};
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
}

/// Writes an order-by-order recording of schema `mbo`. The same market, seed and length give the
/// same bytes.
///
/// # Errors
/// Where the market can't be made, or the sink refuses.
pub fn make(making: &Making, sink: impl Write) -> Result<Made, Error> {
    if !(1.0..=1e6).contains(&making.seconds) {
        return Err(wrong(&format!("{} seconds are not in 1..=1000000", making.seconds)));
    }
    let crowd = Crowd::new(making.market.clone())?;
    let grid = whole_lots(making.grid)?;
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

/// The grid with lots of whole units.
fn whole_lots(grid: Grid) -> Result<Grid, Error> {
    match grid.lot().raw() % Qty::SCALE {
        0 => Ok(grid),
        _ => Ok(Grid::new(grid.tick(), Qty::whole(1))?),
    }
}
