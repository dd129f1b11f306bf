//! One backtest by our engine against our exchange, with costs, ledger and risk on.

use anyhow::{Context as _, Result};
use desk::{Approval, Engine, EngineConfig, Limits, MemoryJournal, Mode, NullJournal, Record};
use market::{Cash, Event, Price, Qty};
use sim::{BarExchange, Commission, CostConfig, CostModel, ExchangeConfig};

use super::Case;
use super::fills::Fill;
use super::sma_cross::{Exits, SmaCross};
use crate::clock::timed;

/// What a run left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    /// Seconds from the first event to the last equity.
    pub(super) seconds: f64,
    /// Cash and positions at the last prices.
    pub(super) equity: Cash,
}

struct Desk {
    exchange: BarExchange,
    engine: Engine<SmaCross>,
}

/// Runs the events and measures.
pub(super) fn run(case: &Case, exits: Exits, events: &[Event]) -> Result<Outcome> {
    let Desk { mut exchange, mut engine } = desk(case, exits)?;
    let walk = || -> Result<()> {
        for event in events {
            exchange.on_event(event)?;
            engine.step(event, &mut exchange, &mut NullJournal)?;
        }
        Ok(())
    };
    let (seconds, done) = timed(walk);
    done?;
    Ok(Outcome { seconds, equity: engine.equity() })
}

/// The fills of a run, read from its journal.
pub(super) fn fills(case: &Case, events: &[Event]) -> Result<Vec<Fill>> {
    let Desk { mut exchange, mut engine } = desk(case, Exits::Cross)?;
    let mut journal = MemoryJournal::default();
    let mut fills = Vec::new();
    for event in events {
        exchange.on_event(event)?;
        engine.step(event, &mut exchange, &mut journal)?;
        for line in journal.lines.drain(..) {
            if let Record::Filled { fill, .. } = line.record {
                fills.push(read(case, &fill)?);
            }
        }
    }
    fills.sort_unstable();
    Ok(fills)
}

fn read(case: &Case, fill: &market::Fill) -> Result<Fill> {
    let evidence = fill.evidence.context("a simulated fill without its bar")?;
    let bar = case.tape.bar_at(evidence.bar_start).context("a fill on a bar that is not there")?;
    Ok(Fill {
        bar: bar as i64,
        symbol: i64::from(fill.instrument.0),
        qty: fill.qty.raw() / Qty::SCALE,
        price_cents: fill.price.raw() / (Price::SCALE / 100),
    })
}

fn desk(case: &Case, exits: Exits) -> Result<Desk> {
    let cash = Cash::from_raw(case.cash * Cash::SCALE);
    let commission = Commission::OfValue { bps: 1.0, minimum: 0.0 };
    let costs = match exits {
        Exits::Cross => CostConfig { commission, ..CostConfig::free() },
        Exits::CrossAndPlan => CostConfig::default(),
    };
    let exchange = ExchangeConfig { cash, participation: None, ..ExchangeConfig::default() };
    let symbols = case.tape.symbols();
    let exchange = BarExchange::new(exchange, CostModel::new(costs)?, symbols)?;
    let config = EngineConfig {
        mode: Mode::Paper,
        approval: Approval::Automatic,
        capital: cash,
        limits: Limits::none(),
        ..EngineConfig::default()
    };
    let book = SmaCross::new(symbols, Qty::whole(case.quantity), exits);
    let engine = Engine::new(config, &case.tape.universe()?, book)?;
    Ok(Desk { exchange, engine })
}
