//! A synthetic market as the book sees it: adjusted candles, funds, market values.

use base::{Day, Digest, Ts};
use books::breakout::{Context, Stock, StockFacts};
use features::Caps;
use market::corporate::adjust_series;
use market::{Candle, InstrumentId, Kind, Session};
use rayon::prelude::*;
use sim::synth::{Market, SymbolHistory, SynthConfig};

use crate::{Error, Progress};

/// All stocks of a market with what surrounds them.
pub struct SyntheticMarket {
    /// What it was made from.
    pub config: SynthConfig,
    /// Stocks with at least one bar, by symbol.
    pub stocks: Vec<Stock>,
    /// Symbol of each instrument.
    pub symbols: Vec<String>,
    /// Funds and the volatility index.
    pub context: Context,
    /// Bars of all stocks.
    pub bars: usize,
    /// Digest of all candles, which stands for the data version.
    pub digest: Digest,
}

/// Makes the market, symbol by symbol in parallel; the same for any number of threads.
pub fn make(config: SynthConfig, progress: &dyn Progress) -> Result<SyntheticMarket, Error> {
    let market = Market::new(config)?;
    let ids: Vec<InstrumentId> = market.universe().iter().map(|(id, _)| id).collect();
    progress.begin("making the market", ids.len() as u64);
    let histories: Vec<SymbolHistory> = ids
        .par_iter()
        .map(|id| {
            let history = market.symbol_series(*id);
            progress.step();
            history
        })
        .collect::<Result<_, sim::Error>>()?;
    progress.end();
    let totals = Totals::of(&market, &histories);
    let mut made = SyntheticMarket {
        config: market.config().clone(),
        stocks: Vec::new(),
        symbols: market.universe().iter().map(|(_, it)| it.symbol.clone()).collect(),
        context: Context::default(),
        bars: 0,
        digest: Digest::of(b""),
    };
    let mut hasher = base::hash::Hasher::default();
    for history in histories {
        let candles = adjusted(&history, market.sessions());
        candles.iter().for_each(|candle| hash(&mut hasher, candle));
        place(&mut made, &market, &totals, (history, candles));
    }
    made.digest = hasher.finish();
    Ok(made)
}

fn place(
    made: &mut SyntheticMarket,
    market: &Market,
    totals: &Totals,
    (history, candles): (SymbolHistory, Vec<Candle>),
) {
    let instrument = market.universe().get(history.instrument);
    match (instrument.kind, instrument.symbol.as_str()) {
        (Kind::Stock, _) => {
            let sector_etf = instrument.sector_etf.clone();
            let caps = totals.caps(&history, sector_etf.as_deref());
            made.bars += candles.len();
            made.stocks.push(Stock {
                instrument: history.instrument,
                candles,
                finer: Vec::new(),
                facts: StockFacts { sector_etf, caps },
            });
        }
        (_, "SPY") => made.context.spy = candles,
        (_, "QQQ") => made.context.qqq = candles,
        (_, "VIX") => made.context.vix = candles,
        (_, symbol) => {
            made.context.sectors.insert(symbol.to_owned(), candles);
        }
    }
}

/// Raw candles adjusted forward; a bar is known at the close of its session.
fn adjusted(history: &SymbolHistory, sessions: &[Session]) -> Vec<Candle> {
    let close = |candle: &Candle| {
        let found = sessions.binary_search_by_key(&candle.day, |session| session.day);
        found.map_or(candle.day.plus(1).start(), |index| sessions[index].close)
    };
    let known: Vec<Ts> = history.candles.iter().map(close).collect();
    adjust_series(&history.candles, &known, history.actions.clone()).candles
}

/// Market values by session, of each sector and of the whole market.
struct Totals {
    first: Day,
    market: Vec<f64>,
    sectors: Vec<(String, Vec<f64>)>,
}

impl Totals {
    fn of(market: &Market, histories: &[SymbolHistory]) -> Totals {
        let sessions = market.sessions();
        let first = sessions.first().map_or(Day::MIN, |session| session.day);
        let days = sessions.last().map_or(0, |last| (last.day - first + 1) as usize);
        let mut totals = Totals { first, market: vec![0.0; days], sectors: Vec::new() };
        for history in histories {
            let Some(sector) = &market.universe().get(history.instrument).sector_etf else {
                continue;
            };
            let place = totals.sectors.iter().position(|(name, _)| name == sector);
            let place = place.unwrap_or_else(|| {
                totals.sectors.push((sector.clone(), vec![0.0; days]));
                totals.sectors.len() - 1
            });
            for (day, value) in history.market_caps() {
                let at = (day - first) as usize;
                totals.market[at] += value;
                totals.sectors[place].1[at] += value;
            }
        }
        totals
    }

    fn caps(&self, history: &SymbolHistory, sector: Option<&str>) -> Vec<(Day, Caps)> {
        let Some((_, industry)) =
            self.sectors.iter().find(|(name, _)| Some(name.as_str()) == sector)
        else {
            return Vec::new();
        };
        let caps = history.market_caps().map(|(day, own)| {
            let at = (day - self.first) as usize;
            (day, Caps { own, industry: industry[at], sp500: self.market[at] })
        });
        caps.collect()
    }
}

fn hash(hasher: &mut base::hash::Hasher, candle: &Candle) {
    hasher.update(&candle.day.number().to_le_bytes());
    for value in [candle.open, candle.high, candle.low, candle.close, candle.volume] {
        hasher.update(&value.to_bits().to_le_bytes());
    }
}
