//! What a study reads from the lake: stocks of one dataset, funds and the volatility index around
//! them, each as known at one time.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use base::{Day, Span, Ts};
use books::breakout::{Context, Stock, StockFacts};
use features::Caps;
use lake::read::{Bars, DailyQuery, IntradayBar};
use lake::{Lake, Table};
use market::{BarSize, Calendar, Candle, CorporateAction, InstrumentId, Session, TimedCandle};
use report::Origin;

use crate::Error;
use crate::history::History;

/// Which datasets play which part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// Daily bars of the stocks.
    pub stocks: String,
    /// Daily bars of SPY, QQQ and the sector funds; the stocks' own dataset when absent.
    pub funds: Option<String>,
    /// Daily bars of the volatility index, as symbol `VIX`; left out when absent.
    pub volatility: Option<String>,
    /// Bars shorter than a session, for exits; left out when absent.
    pub finer: Option<String>,
    /// First and last day read.
    pub days: (Day, Day),
}

impl Parts {
    /// One dataset as all there is, on all its days.
    pub fn of(dataset: &str) -> Parts {
        Parts {
            stocks: dataset.to_owned(),
            funds: None,
            volatility: None,
            finer: None,
            days: (Day::MIN, Day::from_number(i32::MAX)),
        }
    }
}

/// A study's data in the lake.
#[derive(Debug)]
pub struct LakeHistory {
    bars: Bars,
    finer: Option<Bars>,
    /// Places in `bars` of the stocks, by instrument.
    places: Vec<usize>,
    context: Context,
    sectors: BTreeMap<String, String>,
    caps: Caps3,
    versions: Vec<String>,
    origin: Origin,
}

/// Market values by symbol and day, with those of sector and market around them.
type Caps3 = BTreeMap<String, Vec<(Day, Caps)>>;

impl LakeHistory {
    /// Opens the datasets as known by that time.
    pub fn open(lake: &Lake, parts: &Parts, known_by: Ts) -> Result<LakeHistory, Error> {
        let as_of = lake.as_of(known_by);
        let daily = |dataset: &str| -> Result<Bars, Error> {
            let (from, to) = parts.days;
            let query = DailyQuery { dataset: dataset.to_owned(), from, to, version: None };
            Ok(as_of.daily(&query)?)
        };
        let bars = daily(&parts.stocks)?;
        let mut versions = vec![bars.version().to_string()];
        let mut history = LakeHistory {
            origin: match bars.version().origin {
                lake::Origin::Recorded => Origin::Recorded,
                lake::Origin::Synthetic => Origin::Synthetic,
            },
            finer: None,
            places: Vec::new(),
            context: Context::default(),
            sectors: BTreeMap::new(),
            caps: BTreeMap::new(),
            versions: Vec::new(),
            bars,
        };
        for (symbol, row) in as_of.instruments(&parts.stocks)? {
            if let Some(sector) = row.sector_etf {
                history.sectors.insert(symbol, sector);
            }
        }
        let mut others = BTreeSet::new();
        for dataset in parts.funds.iter().chain([&parts.stocks]) {
            let funds = daily(dataset)?;
            if *dataset != parts.stocks {
                versions.push(funds.version().to_string());
                others.extend(funds.symbols().iter().cloned());
            }
            history.take_funds(&funds, *dataset != parts.stocks)?;
        }
        if let Some(dataset) = &parts.volatility {
            let index = daily(dataset)?;
            versions.push(index.version().to_string());
            history.context.vix = traded(index.adjusted(index.place("VIX")?)?.candles, true);
        }
        if let Some(dataset) = &parts.finer {
            let (from, to) = parts.days;
            let query = DailyQuery { dataset: dataset.clone(), from, to, version: None };
            let finer = as_of.intraday(&query)?;
            versions.push(finer.version().to_string());
            history.finer = Some(finer);
        }
        history.place_stocks(&others);
        history.take_caps(lake, &parts.stocks, known_by)?;
        history.versions = versions;
        Ok(history)
    }

    /// Adjusted price ÷ raw price at the last bar of a stock.
    pub fn last_factor(&self, place: usize) -> Result<f64, Error> {
        let series = self.bars.adjusted(self.places[place])?;
        Ok(series.factors.last().copied().unwrap_or(1.0))
    }

    /// Where a stock's history stands, by its symbol.
    pub fn place_of(&self, symbol: &str) -> Option<usize> {
        let at = self.bars.place(symbol).ok()?;
        self.places.iter().position(|place| *place == at)
    }

    /// The raw daily bar of a stock on a day, with the time at which it was known, and its
    /// corporate actions of that day.
    pub fn session_bar(
        &self,
        symbol: &str,
        day: Day,
    ) -> Result<(Option<(Candle, Ts)>, Vec<CorporateAction>), Error> {
        let Ok(at) = self.bars.place(symbol) else { return Ok((None, Vec::new())) };
        let bar = self.bars.raw(at)?.into_iter().find(|(candle, _)| candle.day == day);
        let actions = self.bars.actions(symbol).iter().filter(|a| a.ex_day == day).cloned();
        Ok((bar, actions.collect()))
    }

    /// True where any symbol of the stocks' dataset has a daily bar of that day.
    pub fn has_session(&self, day: Day) -> Result<bool, Error> {
        for at in 0..self.bars.symbols().len() {
            let raw = self.bars.raw(at)?;
            if raw.iter().rev().any(|(candle, _)| candle.day == day) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Minutes of the bars that are shorter than a session, where the lake has them.
    pub fn shorter_minutes(&self) -> Result<Option<u16>, Error> {
        let Some(finer) = &self.finer else { return Ok(None) };
        for at in 0..finer.symbols().len() {
            if let Some(bar) = finer.shorter(at)?.first() {
                return Ok(u16::try_from(bar.minutes).ok());
            }
        }
        Ok(None)
    }

    /// Bars of a day shorter than the session, where the lake has them.
    pub fn session_shorter(&self, symbol: &str, day: Day) -> Result<Vec<IntradayBar>, Error> {
        let Some(finer) = &self.finer else { return Ok(Vec::new()) };
        let Ok(at) = finer.place(symbol) else { return Ok(Vec::new()) };
        let mut bars = finer.shorter(at)?;
        bars.retain(|bar| bar.candle.day == day);
        regular(&mut bars)?;
        Ok(bars)
    }

    /// Funds by their symbol: the two of the market, and one for each sector.
    fn take_funds(&mut self, funds: &Bars, all_are_funds: bool) -> Result<(), Error> {
        let sectors: BTreeSet<&String> = self.sectors.values().collect();
        for (place, symbol) in funds.symbols().iter().enumerate() {
            let market = matches!(symbol.as_str(), "SPY" | "QQQ" | "VIX");
            if !market && !sectors.contains(symbol) && !all_are_funds {
                continue;
            }
            let candles = traded(funds.adjusted(place)?.candles, symbol == "VIX");
            let slot = match symbol.as_str() {
                "SPY" => &mut self.context.spy,
                "QQQ" => &mut self.context.qqq,
                "VIX" => &mut self.context.vix,
                other => self.context.sectors.entry(other.to_owned()).or_default(),
            };
            if slot.is_empty() {
                *slot = candles;
            }
        }
        Ok(())
    }

    fn place_stocks(&mut self, funds: &BTreeSet<String>) {
        let sectors: BTreeSet<&String> = self.sectors.values().collect();
        let is_stock = |symbol: &String| {
            let market = matches!(symbol.as_str(), "SPY" | "QQQ" | "VIX");
            !market && !funds.contains(symbol) && !sectors.contains(symbol)
        };
        let symbols = self.bars.symbols();
        self.places = (0..symbols.len()).filter(|at| is_stock(&symbols[*at])).collect();
    }

    /// Market values where the lake has them as the figure `market_cap`.
    fn take_caps(&mut self, lake: &Lake, dataset: &str, known_by: Ts) -> Result<(), Error> {
        let mut own: BTreeMap<String, Vec<(Day, f64)>> = BTreeMap::new();
        if !lake.datasets(Table::Fundamentals)?.iter().any(|name| name == dataset) {
            return Ok(());
        }
        for row in lake.as_of(known_by).figures(dataset, "market_cap")? {
            own.entry(row.symbol).or_default().push((row.period_end, row.value));
        }
        let mut totals: BTreeMap<Day, (f64, BTreeMap<&str, f64>)> = BTreeMap::new();
        for (symbol, values) in &own {
            for (day, value) in values {
                let total = totals.entry(*day).or_default();
                total.0 += value;
                if let Some(sector) = self.sectors.get(symbol) {
                    *total.1.entry(sector.as_str()).or_default() += value;
                }
            }
        }
        for (symbol, values) in &own {
            let Some(sector) = self.sectors.get(symbol) else { continue };
            let caps = values.iter().map(|(day, own)| {
                let (sp500, sectors) = &totals[day];
                (*day, Caps { own: *own, industry: sectors[sector.as_str()], sp500: *sp500 })
            });
            self.caps.insert(symbol.clone(), caps.collect());
        }
        Ok(())
    }
}

/// Keeps bars of the regular session: the book's orders work there alone, and some sources have
/// bars from before and after it on some days only.
fn regular(bars: &mut Vec<IntradayBar>) -> Result<(), Error> {
    let calendar = Calendar::of("XNYS")?;
    let mut last: Option<Session> = None;
    bars.retain(|bar| {
        let day = bar.candle.day;
        if last.is_none_or(|session| session.day != day) {
            last = calendar.session(day).ok().flatten().copied();
        }
        let end = bar.start + Span::from_minutes(i64::from(bar.minutes));
        last.is_some_and(|session| {
            session.day == day && bar.start >= session.open && end <= session.close
        })
    });
    Ok(())
}

/// Bars of days on which something traded; an index trades nothing and keeps all.
fn traded(mut candles: Vec<Candle>, is_index: bool) -> Vec<Candle> {
    candles.retain(|candle| is_index || candle.volume > 0.0);
    candles
}

impl History for LakeHistory {
    fn count(&self) -> usize {
        self.places.len()
    }

    fn stock(&self, place: usize) -> Result<Cow<'_, Stock>, Error> {
        let at = self.places[place];
        let symbol = &self.bars.symbols()[at];
        let finer = match self.finer.as_ref().map(|finer| (finer, finer.place(symbol))) {
            Some((finer, Ok(at))) => {
                let mut bars = finer.shorter(at)?;
                regular(&mut bars)?;
                let timed = |bar: IntradayBar| TimedCandle {
                    start: bar.start,
                    size: BarSize::Minutes(bar.minutes.clamp(1, 1_440) as u16),
                    candle: bar.candle,
                };
                bars.into_iter().map(timed).collect()
            }
            _ => Vec::new(),
        };
        Ok(Cow::Owned(Stock {
            instrument: InstrumentId(place as u32),
            candles: traded(self.bars.adjusted(at)?.candles, false),
            finer,
            facts: StockFacts {
                sector_etf: self.sectors.get(symbol).cloned(),
                caps: self.caps.get(symbol).cloned().unwrap_or_default(),
            },
        }))
    }

    fn place(&self, instrument: InstrumentId) -> Option<usize> {
        Some(instrument.index()).filter(|place| *place < self.places.len())
    }

    fn symbol(&self, instrument: InstrumentId) -> &str {
        &self.bars.symbols()[self.places[instrument.index()]]
    }

    fn context(&self) -> &Context {
        &self.context
    }

    fn data_version(&self) -> String {
        self.versions.join(", ")
    }

    fn origin(&self) -> Origin {
        self.origin
    }
}
