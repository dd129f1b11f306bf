//! A synthetic market, streamed: symbols are made a chunk at a time, worked on, and forgotten.

use anyhow::{Result, ensure};
use base::Ts;
use books::breakout::{Context, Stock, StockFacts};
use features::Caps;
use market::corporate::adjust_series;
use market::{Candle, CorporateAction, InstrumentId, Kind};
use rayon::prelude::*;
use sim::synth::{Edge, Market, SymbolHistory, SynthConfig};

use crate::clock::timed;

/// Symbols in memory at a time.
const CHUNK: usize = 256;
/// Stand-ins for the sums over sector and market: a stream can't know them before it has ended,
/// and their size changes no time.
const SECTOR_CAP: f64 = 4e12;
const MARKET_CAP: f64 = 4e13;

/// A market and what surrounds its stocks.
pub struct World {
    market: Market,
    context: Context,
    stocks: Vec<InstrumentId>,
}

/// Which series of a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The stocks.
    Stocks,
    /// The funds and the volatility index.
    Surroundings,
}

/// One symbol's history as a vendor would have it.
pub struct RawHistory {
    /// Raw candles, each with the time at which it was known.
    pub bars: Vec<(Candle, Ts)>,
    /// Splits and dividends.
    pub actions: Vec<CorporateAction>,
}

/// What a walk over all stocks took, making them apart.
#[derive(Debug, Clone, Copy, Default)]
pub struct Walked {
    /// Seconds of making the market.
    pub making_s: f64,
    /// Seconds of the work on it.
    pub work_s: f64,
    /// Bars of all stocks.
    pub bars: usize,
}

impl World {
    /// A market of so many stocks, each listed through all of so many years.
    pub fn new(symbols: usize, years: u32) -> Result<World> {
        let edge = Edge::None;
        let start = base::Day::from_ymd(2004, 1, 2).unwrap_or_default();
        let config = SynthConfig {
            symbols,
            years,
            start,
            edge,
            late_listings: 0.0,
            delistings_per_year: 0.0,
            ..SynthConfig::default()
        };
        let market = Market::new(config)?;
        let mut context = Context::default();
        let mut stocks = Vec::new();
        for (id, instrument) in market.universe().iter() {
            if instrument.kind == Kind::Stock {
                stocks.push(id);
                continue;
            }
            let candles = market.symbol_series(id)?.candles;
            match instrument.symbol.as_str() {
                "SPY" => context.spy = candles,
                "QQQ" => context.qqq = candles,
                "VIX" => context.vix = candles,
                symbol => drop(context.sectors.insert(symbol.to_owned(), candles)),
            }
        }
        ensure!(!stocks.is_empty(), "the market has no stocks");
        Ok(World { market, context, stocks })
    }

    /// What surrounds the stocks.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Makes the stocks a chunk at a time and lets something be done to each, on all threads of
    /// the pool; gives the results in the order of the stocks.
    pub fn walk<T: Send>(
        &self,
        work: impl Fn(&Stock, &Context) -> Result<T> + Sync,
    ) -> Result<(Walked, Vec<T>)> {
        let (mut walked, mut results) = (Walked::default(), Vec::new());
        for chunk in self.stocks.chunks(CHUNK) {
            let make = || chunk.par_iter().map(|id| self.stock(*id)).collect::<Result<Vec<_>>>();
            let (seconds, stocks) = timed(make);
            let stocks = stocks?;
            walked.making_s += seconds;
            let each = || stocks.par_iter().map(|stock| work(stock, &self.context));
            let (seconds, done) = timed(|| each().collect::<Result<Vec<T>>>());
            walked.work_s += seconds;
            walked.bars += stocks.iter().map(|stock| stock.candles.len()).sum::<usize>();
            results.extend(done?);
        }
        Ok((walked, results))
    }

    /// Gives the raw history of each stock, or of each fund and index, in the order of symbols.
    pub fn histories(
        &self,
        which: Which,
        mut take: impl FnMut(&str, RawHistory) -> Result<()>,
    ) -> Result<()> {
        let universe = self.market.universe();
        let mut all: Vec<(&str, InstrumentId)> = universe
            .iter()
            .filter(|(_, it)| (it.kind == Kind::Stock) == (which == Which::Stocks))
            .map(|(id, it)| (it.symbol.as_str(), id))
            .collect();
        all.sort_unstable();
        for chunk in all.chunks(CHUNK) {
            let make = |(_, id): &(&str, InstrumentId)| Ok(self.market.symbol_series(*id)?);
            let made: Vec<SymbolHistory> = chunk.par_iter().map(make).collect::<Result<_>>()?;
            for ((symbol, _), history) in chunk.iter().zip(made) {
                let known = self.known(&history);
                let bars = history.candles.into_iter().zip(known).collect();
                take(symbol, RawHistory { bars, actions: history.actions })?;
            }
        }
        Ok(())
    }

    /// Symbol of the fund of a stock's sector.
    pub fn sector_of(&self, symbol: &str) -> Option<String> {
        let found = self.market.universe().find(symbol).ok()?;
        self.market.universe().get(found).sector_etf.clone()
    }

    fn stock(&self, id: InstrumentId) -> Result<Stock> {
        let history = self.market.symbol_series(id)?;
        let sector_etf = self.market.universe().get(id).sector_etf.clone();
        let caps = history.market_caps();
        let caps =
            caps.map(|(day, own)| (day, Caps { own, industry: SECTOR_CAP, sp500: MARKET_CAP }));
        let caps = caps.collect();
        let candles = self.adjusted(&history);
        let facts = StockFacts { sector_etf, caps };
        Ok(Stock { instrument: id, candles, finer: Vec::new(), facts })
    }

    /// Raw candles adjusted forward; a bar is known at the close of its session.
    fn adjusted(&self, history: &SymbolHistory) -> Vec<Candle> {
        let known = self.known(history);
        adjust_series(&history.candles, &known, history.actions.clone()).candles
    }

    fn known(&self, history: &SymbolHistory) -> Vec<Ts> {
        let sessions = self.market.sessions();
        let known = |candle: &Candle| {
            let found = sessions.binary_search_by_key(&candle.day, |session| session.day);
            found.map_or(candle.day.plus(1).start(), |index| sessions[index].close)
        };
        history.candles.iter().map(known).collect()
    }
}
