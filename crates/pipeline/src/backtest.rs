//! The book with shared cash: signals through the engine and the simulated exchange.
//!
//! The study judges signals one by one at the close of the breakout bar. Here an order goes out
//! after that close and fills at the next open, with costs, limits, exit plans and one account.
//! Prices are adjusted forward, so splits are undone and dividends stay in the price.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use base::{Day, Prob, Seed, Ts};
use books::breakout::bet::Signal;
use books::breakout::book::PlannedFade;
use books::breakout::opposing::Watch;
use books::breakout::{BreakoutBook, BreakoutConfig, Candidate, Stock};
use desk::journal::Record;
use desk::performance::{self, DayEquity, Month, Summary, Trade};
use desk::{Approval, Engine, EngineConfig, MemoryJournal, Mode};
use market::{
    BarSize, Calendar, Cash, Currency, Event, FillRule, Instrument, InstrumentId, Kind, Side,
    Universe, What,
};
use sim::costs::{Commission, CostConfig, SellFees, Slippage};
use sim::exchange::{ExchangeConfig, ExchangeStats};
use sim::{BarExchange, CostModel};

use crate::history::History;
use crate::{Error, Progress};

/// Confidence below which a signal is watched for a fade.
const FADED_BELOW: Prob = Prob::HALF;
/// Smallest commission of an order, as a broker charges it.
const LEAST_COMMISSION: f64 = 1.0;

/// A signal with what the model says of it.
#[derive(Debug, Clone)]
pub struct ScoredSignal {
    /// The signal.
    pub candidate: Candidate,
    /// The model's confidence; none where only the scanner speaks.
    pub confidence: Option<Prob>,
}

/// What is run.
#[derive(Debug, Clone)]
pub struct BacktestRequest {
    /// Numbers of the book.
    pub config: BreakoutConfig,
    /// Money at the start.
    pub cash: Cash,
    /// First and last day.
    pub days: (Day, Day),
    /// Seed of the bootstrap.
    pub seed: Seed,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Backtest {
    /// Key figures with intervals.
    pub summary: Summary,
    /// Equity by day.
    pub curve: Vec<DayEquity>,
    /// Return by month.
    pub months: Vec<Month>,
    /// Finished trades with their fills.
    pub trades: Vec<Trade>,
    /// Intents refused, by reason.
    pub refused: BTreeMap<String, usize>,
    /// What the exchange counted.
    pub exchange: ExchangeStats,
    /// Fills by the rule that allowed them.
    pub fills_by_rule: BTreeMap<String, usize>,
    /// Equity at the end, cash and positions.
    pub equity: Cash,
    /// Symbols of the instruments in the trades.
    pub symbols: Vec<String>,
}

/// Runs the book over a period.
pub fn run(
    history: &dyn History,
    signals: &[ScoredSignal],
    request: &BacktestRequest,
    progress: &dyn Progress,
) -> Result<Backtest, Error> {
    let tape = Tape::of(history, signals, request)?;
    let (mut book, universe) = (BreakoutBook::default(), tape.universe()?);
    tape.plan(&mut book, history, signals, request)?;
    let config = EngineConfig {
        mode: Mode::Paper,
        approval: Approval::Automatic,
        capital: request.cash,
        limits: request.config.limits.clone(),
        size: request.config.size,
        ..EngineConfig::default()
    };
    let exchange = ExchangeConfig { cash: request.cash, ..ExchangeConfig::default() };
    let costs = CostModel::new(costs(&request.config))?;
    let mut exchange = BarExchange::new(exchange, costs, universe.len())?;
    let mut engine = Engine::new(config, &universe, book)?;
    let mut journal = MemoryJournal::default();
    progress.begin("backtesting", tape.events.len() as u64);
    for event in &tape.events {
        exchange.on_event(event)?;
        engine.step(event, &mut exchange, &mut journal)?;
        progress.step();
    }
    progress.end();
    engine.finish(&mut journal);
    let trades = performance::trades(&journal.lines);
    let curve = performance::equity_curve(&journal.lines);
    let mut refused = BTreeMap::new();
    let mut fills_by_rule = BTreeMap::new();
    for line in &journal.lines {
        match &line.record {
            Record::Refused { reason, .. } => {
                *refused.entry(format!("{reason:?}")).or_default() += 1;
            }
            Record::Filled { fill, .. } => {
                let rule = fill.evidence.map_or("told by the broker".to_owned(), |e| rule(e.rule));
                *fills_by_rule.entry(rule).or_default() += 1;
            }
            _ => {}
        }
    }
    Ok(Backtest {
        summary: performance::summary(&trades, &curve, request.seed.child("backtest")),
        months: performance::monthly(&curve),
        curve,
        trades,
        refused,
        exchange: *exchange.stats(),
        fills_by_rule,
        equity: engine.equity(),
        symbols: universe.iter().map(|(_, it)| it.symbol.clone()).collect(),
    })
}

fn rule(rule: FillRule) -> String {
    format!("{rule:?}")
}

/// The exchange's costs are those that the study takes off R.
pub fn costs(config: &BreakoutConfig) -> CostConfig {
    CostConfig {
        commission: Commission::PerShare {
            rate: config.costs.commission_per_share,
            minimum: LEAST_COMMISSION,
            maximum_fraction: 0.01,
        },
        half_spread_bps: config.costs.half_spread_bps,
        slippage: Slippage::Fixed { bps: config.costs.slippage_bps },
        sell_fees: SellFees::UsEquity,
        ..CostConfig::default()
    }
}

/// The stocks that had a signal, and their bars in the order in which they became known.
struct Tape {
    symbols: Vec<String>,
    places: BTreeMap<InstrumentId, (InstrumentId, usize)>,
    events: Vec<Event>,
}

impl Tape {
    fn of(
        history: &dyn History,
        signals: &[ScoredSignal],
        request: &BacktestRequest,
    ) -> Result<Tape, Error> {
        let mut tape = Tape { symbols: Vec::new(), places: BTreeMap::new(), events: Vec::new() };
        let calendar = Calendar::of("XNYS")?;
        let in_time = |day: Day| request.days.0 <= day && day <= request.days.1;
        for signal in signals.iter().filter(|s| in_time(s.candidate.setup.day)) {
            let instrument = signal.candidate.instrument;
            let Some(place) = history.place(instrument) else { continue };
            if tape.places.contains_key(&instrument) {
                continue;
            }
            let id = InstrumentId(tape.symbols.len() as u32);
            tape.places.insert(instrument, (id, place));
            tape.symbols.push(history.symbol(instrument).to_owned());
            let stock = history.stock(place)?;
            for candle in stock.candles.iter().filter(|candle| in_time(candle.day)) {
                // A bar on a day without a session was never tradable.
                let Some(session) = calendar.session(candle.day)? else { continue };
                let Ok(bar) = candle.to_bar(1.0) else { continue };
                let (size, start) = (BarSize::Daily, session.open);
                let what = What::Bar { instrument: id, size, start, bar };
                tape.events.push(Event { at: session.close, known: session.close, what });
            }
        }
        let key = |event: &Event| -> (Ts, u32) {
            match event.what {
                What::Bar { instrument, .. } => (event.known, instrument.0),
                _ => (event.known, u32::MAX),
            }
        };
        tape.events.sort_by_key(key);
        Ok(tape)
    }

    fn universe(&self) -> Result<Universe, Error> {
        let instrument = |symbol: &String| Instrument {
            symbol: symbol.clone(),
            kind: Kind::Stock,
            currency: Currency::USD,
            exchange: "XNYS".to_owned(),
            sector_etf: None,
        };
        Ok(Universe::new(self.symbols.iter().map(instrument).collect())?)
    }

    /// Hands the book what it wants at the close of each day.
    fn plan(
        &self,
        book: &mut BreakoutBook,
        history: &dyn History,
        signals: &[ScoredSignal],
        request: &BacktestRequest,
    ) -> Result<(), Error> {
        let config = &request.config;
        let mut stocks: BTreeMap<InstrumentId, Stock> = BTreeMap::new();
        let mut days: Vec<Day> = Vec::new();
        for signal in signals {
            let candidate = &signal.candidate;
            let Some(&(id, place)) = self.places.get(&candidate.instrument) else { continue };
            let stock = match stocks.entry(id) {
                Entry::Occupied(there) => there.into_mut(),
                Entry::Vacant(free) => free.insert(history.stock(place)?.into_owned()),
            };
            let symbol = &self.symbols[id.index()];
            let found = Signal {
                instrument: id,
                symbol,
                setup: &candidate.setup,
                candles: &stock.candles[..=candidate.bar],
                factor: 1.0,
                confidence: signal.confidence,
            };
            let day = candidate.setup.day;
            days.push(day);
            if let Ok(intent) = found.intent(config, request.cash) {
                book.plan(day, intent);
            }
            if signal.confidence.is_some_and(|confidence| confidence < FADED_BELOW) {
                plan_fade(book, (id, symbol), (candidate, stock), config);
            }
        }
        days.sort_unstable();
        days.dedup();
        for day in days {
            let regime = books::breakout::regime::regime(history.context(), day, &config.regime);
            book.filter(day, regime);
        }
        Ok(())
    }
}

/// Hands the book the fade of a signal of low confidence, at the close of its alert.
fn plan_fade(
    book: &mut BreakoutBook,
    (id, symbol): (InstrumentId, &str),
    (candidate, stock): (&Candidate, &Stock),
    config: &BreakoutConfig,
) {
    let setup = &candidate.setup;
    let mut watch = Watch::new(setup);
    let later = stock.candles.iter().skip(candidate.bar + 1).take(config.label.max_bars);
    for candle in later {
        if let Some(entry) = watch.bar(candle) {
            let fade = PlannedFade {
                primary: format!("{}/{symbol}/{}", setup.day, setup.side),
                side: match setup.side {
                    Side::Long => Side::Short,
                    Side::Short => Side::Long,
                },
                entry,
                risk_pct: config.size.decent.risk_pct,
            };
            book.plan_fade(candle.day, id, fade);
            return;
        }
        if watch.is_over() {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
