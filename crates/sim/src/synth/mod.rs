//! A seeded market whose edge is known: none at all, or one of known size.
//!
//! Stocks load on a market and a sector factor, both with regimes, stochastic volatility and fat
//! tails, and have a life of their own: volatility clusters, announcements, splits, dividends,
//! listings and delistings, and shapes of rally, base and breakout that arise without drift (see
//! `shape`; breakouts and the edge after them are in `watch`). Given the past and its variance v,
//! every session's log return is normal with mean −v ÷ 2, so the expected change of the price is
//! zero unless an edge is planted. Each symbol is made from its own seed and the common factors,
//! so symbols may be made in any order, on any number of threads, one at a time.
//!
//! Start reading at [`Market`]; the edge is described at [`Edge`].

mod config;
mod draw;
mod factors;
mod intraday;
mod path;
mod shape;
mod symbol;
mod traits;
mod volatility_index;
mod watch;

use base::{Day, Seed};
use market::{
    Calendar, Candle, CorporateAction, Currency, Instrument, InstrumentId, Kind, Session,
    TimedCandle, Universe,
};

use crate::Error;
pub use config::{DRIFT_SESSIONS, Edge, SynthConfig};
use draw::Draw;
use factors::{DayFactors, SECTORS};
use symbol::Plan;
pub use watch::Breakout;

const VOLATILITY_INDEX: &str = "VIX";

/// One symbol's history in raw prices.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SymbolHistory {
    /// Whose.
    pub instrument: InstrumentId,
    /// One raw candle for each session from its listing to its end.
    pub candles: Vec<Candle>,
    /// Splits, dividends and its delisting, ascending by ex-day.
    pub actions: Vec<CorporateAction>,
    /// Shares outstanding from a day on; empty for an index.
    pub shares: Vec<(Day, f64)>,
    /// The breakouts that the market itself knows of, with their planted drift.
    pub breakouts: Vec<Breakout>,
}

impl SymbolHistory {
    /// Shares outstanding on a day; `None` before its listing and for an index.
    pub fn shares_at(&self, day: Day) -> Option<f64> {
        let after = self.shares.partition_point(|(from, _)| *from <= day);
        after.checked_sub(1).map(|index| self.shares[index].1)
    }

    /// Market value of the company on each session.
    pub fn market_caps(&self) -> impl Iterator<Item = (Day, f64)> {
        self.candles.iter().filter_map(|candle| {
            self.shares_at(candle.day).map(|shares| (candle.day, shares * candle.close))
        })
    }
}

/// A synthetic market. Holds what is common; symbols are made on demand.
#[derive(Debug, Clone)]
pub struct Market {
    config: SynthConfig,
    universe: Universe,
    calendar: &'static Calendar,
    sessions: &'static [Session],
    factors: Vec<DayFactors>,
}

impl Market {
    /// Makes the universe and the factors common to all symbols.
    pub fn new(config: SynthConfig) -> Result<Market, Error> {
        let calendar = Calendar::of("XNYS").map_err(Error::LookUpCalendar)?;
        config.check(calendar)?;
        let sessions = calendar.between(config.start, config.end().plus(-1));
        let factors = factors::make(Seed::root(config.seed), sessions)?;
        let universe = Universe::new(instruments(&config))?;
        Ok(Market { config, universe, calendar, sessions, factors })
    }

    /// All symbols: the stocks, SPY, QQQ, eleven sector funds and VIX.
    pub fn universe(&self) -> &Universe {
        &self.universe
    }

    /// What it was made from.
    pub fn config(&self) -> &SynthConfig {
        &self.config
    }

    /// Its sessions.
    pub fn sessions(&self) -> &'static [Session] {
        self.sessions
    }

    /// Makes one symbol's history; the same whenever and wherever it is called.
    pub fn symbol_series(&self, instrument: InstrumentId) -> Result<SymbolHistory, Error> {
        if instrument.index() >= self.universe.len() {
            return Err(Error::FindInstrument { instrument, count: self.universe.len() });
        }
        let (seed, symbol) = (self.seed_of(instrument), &self.universe.get(instrument).symbol);
        let (sessions, factors) = (self.sessions, self.factors.as_slice());
        if symbol == VOLATILITY_INDEX {
            return Ok(volatility_index::make(instrument, seed, sessions, factors));
        }
        let traits = match traits::fund(symbol) {
            Some(traits) => traits,
            None => traits::stock(seed, &self.config, sessions.len()),
        };
        let config = &self.config;
        symbol::make(&Plan { instrument, seed, traits, config, sessions, factors })
    }

    /// Makes the bars of so many minutes behind one raw daily candle of a symbol. They add up
    /// to it exactly: first open, highest high, lowest low, last close, sum of volumes.
    pub fn intraday(
        &self,
        instrument: InstrumentId,
        daily: &Candle,
        minutes: u16,
    ) -> Result<Vec<TimedCandle>, Error> {
        let field = "intraday.minutes";
        crate::check_range(field, f64::from(minutes), (1.0, 390.0), "in 1..=390")?;
        let session = self.calendar.session(daily.day).map_err(Error::LookUpCalendar)?;
        let Some(session) = session else { return Ok(Vec::new()) };
        Ok(minutes_of(self.seed_of(instrument), daily, session, minutes))
    }

    /// A symbol's seed hangs on its name, so that a stock is the same in a larger market.
    fn seed_of(&self, instrument: InstrumentId) -> Seed {
        symbol_seed(&self.config, &self.universe.get(instrument).symbol)
    }
}

/// Makes the bars of so many minutes behind a raw daily candle of any market, recorded or made, in
/// whole cents. They hang on the seed of the symbol and on the day; a step of no minutes counts as
/// one.
pub fn minutes_of(seed: Seed, daily: &Candle, session: &Session, minutes: u16) -> Vec<TimedCandle> {
    let day = seed.child("intraday").index(daily.day.number() as u64);
    intraday::bars(&mut Draw::new(day), daily, session, minutes.max(1))
}

fn symbol_seed(config: &SynthConfig, symbol: &str) -> Seed {
    Seed::root(config.seed).child("symbol").child(symbol)
}

fn instruments(config: &SynthConfig) -> Vec<Instrument> {
    let named = |symbol: String, kind, sector_etf| Instrument {
        symbol,
        kind,
        currency: Currency::USD,
        exchange: "XNYS".to_owned(),
        sector_etf,
    };
    let stock = |number: usize| {
        let symbol = format!("SYN{number:05}");
        let sector = SECTORS[traits::sector_of(symbol_seed(config, &symbol))];
        named(symbol, Kind::Stock, Some(sector.to_owned()))
    };
    let mut all: Vec<Instrument> = (1..=config.symbols).map(stock).collect();
    let funds = SECTORS.iter().chain(&["SPY", "QQQ"]);
    all.extend(funds.map(|symbol| named((*symbol).to_owned(), Kind::Etf, None)));
    all.push(named(VOLATILITY_INDEX.to_owned(), Kind::Index, None));
    all
}
