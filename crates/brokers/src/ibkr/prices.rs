//! Prices from TWS as they are made, and bars of the past.
//!
//! TWS gives bars of five seconds, and the best bid and ask. It has some hundred lines of market
//! data for all programs together; a bar and a quote are one each, so quotes are asked for only
//! where someone looks at them. A symbol whose data the account may not see is told of once and then
//! comes from history alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use base::{Rounding, Span, Ts};
use ibapi::client::blocking::Client;
use ibapi::market_data::historical::{BarSize, BarTimestamp, ToDuration as _};
use ibapi::market_data::realtime::{self, TickTypes};
use ibapi::subscriptions::SubscriptionItem;
use ibapi::subscriptions::sync::Subscription;
use market::{Bar, Price};

use super::gateway::{Gateway, Standing};
use super::words;
use crate::Error;
use crate::clock::rest;
use crate::feed::{Far, History, Minute, Quote, Stream, Told, Unheard};

/// Between two looks at what has come.
const LOOK: Duration = Duration::from_millis(50);
/// Between two looks for a session.
const WAIT: Duration = Duration::from_millis(500);

/// Length of the bars that come.
const LENGTH: Span = Span::from_seconds(5);

/// What is asked for of each symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parts {
    /// Bars alone.
    Bars,
    /// Bars and quotes.
    BarsAndQuotes,
}

/// Starts the stream; it lives in the session that orders have.
///
/// # Errors
/// [`Error::StartThread`].
pub fn start(gateway: Arc<Gateway>, parts: Parts) -> Result<Stream, Error> {
    Stream::start("ibkr prices", move |far| {
        let mut line = Line { gateway, far, parts, wanted: BTreeSet::new() };
        // Whoever listened is gone.
        let Err(Unheard) = line.keep();
    })
}

struct Line {
    gateway: Arc<Gateway>,
    far: Far,
    parts: Parts,
    wanted: BTreeSet<String>,
}

/// What is subscribed for one symbol; one that was refused tells nothing.
struct Lines {
    bars: Option<Subscription<realtime::Bar>>,
    quotes: Option<(Subscription<TickTypes>, realtime::Quote)>,
}

impl Line {
    fn keep(&mut self) -> Result<std::convert::Infallible, Unheard> {
        loop {
            self.look()?;
            let Ok(standing) = self.gateway.standing() else {
                rest(WAIT);
                continue;
            };
            self.session(&standing)?;
            self.far.tell(Told::Lost("the session with TWS ended".to_owned()))?;
        }
    }

    /// True where other symbols are wanted now.
    fn look(&mut self) -> Result<bool, Unheard> {
        let Some(wanted) = self.far.wanted()? else { return Ok(false) };
        self.wanted = wanted;
        Ok(true)
    }

    /// Listens as long as the line is there: what was subscribed may be gone once the broker's
    /// servers were.
    fn session(&mut self, standing: &Standing) -> Result<(), Unheard> {
        let client = &standing.client;
        let mut lines: BTreeMap<String, Lines> = BTreeMap::new();
        let mut is_new = true;
        while self.gateway.standing().is_ok_and(|now| now.line == standing.line) {
            if self.look()? || is_new {
                is_new = false;
                self.subscribe(client, &mut lines);
                self.tell_what_is_heard(&lines)?;
            }
            for (symbol, line) in &mut lines {
                let had = line.bars.is_some();
                line.listen(symbol, &self.far)?;
                is_new |= had && line.bars.is_none();
            }
            rest(LOOK);
        }
        Ok(())
    }

    fn subscribe(&self, client: &Client, lines: &mut BTreeMap<String, Lines>) {
        lines.retain(|symbol, _| self.wanted.contains(symbol));
        for symbol in &self.wanted {
            lines.entry(symbol.clone()).or_insert_with(|| Lines::open(client, symbol, self.parts));
        }
    }

    fn tell_what_is_heard(&self, lines: &BTreeMap<String, Lines>) -> Result<(), Unheard> {
        let heard = lines.iter().filter(|(_, line)| line.bars.is_some());
        self.far.tell(Told::Hears(heard.map(|(symbol, _)| symbol.clone()).collect()))
    }
}

impl Lines {
    fn open(client: &Client, symbol: &str, parts: Parts) -> Lines {
        let contract = words::stock(symbol);
        let asked = client.realtime_bars(&contract).subscribe();
        let bars = asked.map_err(|fault| tracing::warn!(symbol, %fault, "ask TWS for bars")).ok();
        let quotes =
            (parts == Parts::BarsAndQuotes).then(|| client.market_data(&contract).subscribe());
        let quotes = quotes.and_then(|asked| {
            asked.map_err(|fault| tracing::warn!(symbol, %fault, "ask TWS for quotes")).ok()
        });
        Lines { bars, quotes: quotes.map(|asked| (asked, realtime::Quote::default())) }
    }

    /// Tells what has come. A subscription that failed is let go.
    fn listen(&mut self, symbol: &str, far: &Far) -> Result<(), Unheard> {
        let mut failed = None;
        for item in std::iter::from_fn(|| self.bars.as_ref().and_then(Subscription::try_next)) {
            match item {
                Ok(SubscriptionItem::Data(bar)) => {
                    if let Some(told) = told(symbol, &bar) {
                        far.tell(told)?;
                    }
                }
                Ok(SubscriptionItem::Notice(notice)) => {
                    tracing::warn!(symbol, code = notice.code, notice.message, "bars of TWS");
                }
                Err(fault) => failed = Some(fault),
            }
            if failed.is_some() {
                break;
            }
        }
        if let Some(fault) = failed {
            tracing::warn!(symbol, %fault, "TWS gives no bars: history is asked instead");
            self.bars = None;
        }
        let Some((ticks, quote)) = &mut self.quotes else { return Ok(()) };
        let before = quote.clone();
        let mut is_over = false;
        while let Some(item) = ticks.try_next() {
            match item {
                Ok(SubscriptionItem::Data(tick)) => quote.apply(&tick),
                Ok(SubscriptionItem::Notice(_)) => {}
                Err(fault) => {
                    tracing::warn!(symbol, %fault, "TWS gives no quotes");
                    is_over = true;
                    break;
                }
            }
        }
        if *quote != before {
            far.tell(Told::Quote(shown(symbol, quote)))?;
        }
        if is_over {
            self.quotes = None;
        }
        Ok(())
    }
}

/// What a bar tells. Five seconds without a trade come with the last price and no volume.
fn told(symbol: &str, told: &realtime::Bar) -> Option<Told> {
    let start = words::unix(told.date.unix_timestamp_nanos())?;
    if told.volume <= 0.0 {
        return Some(Told::Time(start + LENGTH));
    }
    let mut bar = Bar::from_f64(told.open, told.high, told.low, told.close).ok()?;
    bar.volume = told.volume as u64;
    let symbol = symbol.to_owned();
    Some(Told::Minute(Minute { symbol, start, length: LENGTH, bar }))
}

fn shown(symbol: &str, quote: &realtime::Quote) -> Quote {
    let side = |price: Option<f64>, size: Option<f64>| {
        // A missing side is -1 there.
        let price =
            Price::from_f64(price.filter(|price| *price > 0.0)?, Rounding::HalfEven).ok()?;
        Some((price, size.unwrap_or(0.0).max(0.0) as u64))
    };
    Quote {
        symbol: symbol.to_owned(),
        at: None,
        bid: side(quote.bid, quote.bid_size),
        ask: side(quote.ask, quote.ask_size),
    }
}

/// Seconds that one question for the past may span.
const LONGEST: i64 = 86_400;

/// Bars of the last day. TWS answers some sixty such questions in ten minutes.
#[derive(Debug, Clone)]
pub struct Past {
    gateway: Arc<Gateway>,
}

impl Past {
    /// Questions over a session.
    pub fn new(gateway: Arc<Gateway>) -> Past {
        Past { gateway }
    }

    fn of(&self, symbol: &str, from: Ts, to: Ts) -> Result<Vec<Minute>, String> {
        let client = self.gateway.standing()?.client;
        let fault =
            |error: &dyn std::fmt::Display| format!("ask TWS for bars of {symbol}: {error}");
        let now = client.server_time().map_err(|error| fault(&error))?;
        let seconds = now.unix_timestamp() - from.nanos() / 1_000_000_000;
        let seconds = seconds.clamp(60, LONGEST) as i32;
        let contract = words::stock(symbol);
        let asked = client.historical_data(&contract, BarSize::Min);
        let bars = match asked.duration(seconds.seconds()).fetch() {
            Ok(data) => data.bars,
            Err(ibapi::Error::Notice(notice)) if super::market::is_none(&notice) => Vec::new(),
            Err(error) => return Err(fault(&error)),
        };
        let minutes = bars.iter().filter_map(|told| {
            let BarTimestamp::DateTime(at) = told.date else { return None };
            let start = words::unix(at.unix_timestamp_nanos())
                .filter(|start| *start >= from && *start < to)?;
            let mut bar = Bar::from_f64(told.open, told.high, told.low, told.close).ok()?;
            bar.volume = told.volume.max(0.0) as u64;
            (told.volume > 0.0).then(|| Minute {
                symbol: symbol.to_owned(),
                start,
                length: Span::from_minutes(1),
                bar,
            })
        });
        Ok(minutes.collect())
    }
}

impl History for Past {
    fn minutes(&self, symbols: &[String], from: Ts, to: Ts) -> Result<Vec<Minute>, String> {
        let mut found = Vec::new();
        for symbol in symbols {
            found.extend(self.of(symbol, from, to)?);
        }
        Ok(found)
    }
}
