//! Bars of an index as prints: recorded ones, and made ones.

use std::collections::BTreeMap;

use base::{Day, Seed, Span, Ts};
use lake::ShortBar;
use lake::ingest::{Passing, SymbolBars};
use market::{Bar, Candle, LocalClock};
use pricing::knockout::Paths;
use serde::Serialize;
use sim::knockout::{Hours, IssuerRules, Print};

use crate::Error;
use crate::knockout::{View, refuse};

/// The first session of a made index.
const MADE_FROM: &str = "2010-01-04";
/// Where a made index begins.
const MADE_AT: f64 = 10_000.0;
/// Sessions of a made index that fit into memory with ease.
const MOST_MADE: u32 = 100_000;

/// Bars of one index, as the exchange takes them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bars {
    /// Its symbol.
    pub symbol: String,
    /// Minutes of a bar; `None` where a bar is a session.
    pub minutes: Option<i32>,
    /// Oldest first.
    #[serde(skip)]
    pub prints: Vec<Print>,
    /// Rows that the quality gate set aside.
    pub set_aside: u64,
}

impl Bars {
    /// The bars of one symbol of a file; the only one where none is named.
    pub fn of(
        passing: Passing,
        symbol: Option<&str>,
        rules: &mut IssuerRules,
    ) -> Result<Bars, Error> {
        let set_aside = passing.quality.quarantined.values().map(|found| found.count).sum();
        let found = only(passing.symbols, symbol)?;
        let symbol = found.symbol;
        if found.shorter.is_empty() {
            by_the_day(rules);
            let hours = rules.index_hours.clone();
            let print = |(candle, _): &(Candle, Ts)| session(candle, &hours);
            let prints = found.daily.iter().map(print).collect::<Result<_, Error>>()?;
            return Ok(Bars { symbol, minutes: None, prints, set_aside });
        }
        let minutes = found.shorter[0].1;
        refuse_mixed(&found.shorter, minutes)?;
        let length = Span::from_minutes(i64::from(minutes));
        let print = |(start, _, candle, known): &ShortBar| {
            let (start, end) = (*start, *start + length);
            let bar = candle.to_bar(1.0)?;
            Ok(Print::Candle { start, end, known: (*known).max(end), bar })
        };
        let prints = found.shorter.iter().map(print).collect::<Result<_, Error>>()?;
        Ok(Bars { symbol, minutes: Some(minutes), prints, set_aside })
    }

    /// A made index: sessions of an index that diffuses by day and leaps by night.
    pub fn made(
        sessions: u32,
        view: &View,
        seed: u64,
        rules: &mut IssuerRules,
    ) -> Result<Bars, Error> {
        if !(2..=MOST_MADE).contains(&sessions) {
            return refuse(format!("{sessions} made sessions; give 2 to {MOST_MADE}"));
        }
        view.check()?;
        by_the_day(rules);
        // Nights and sessions one after the other, as a view has them; only the count is larger.
        let mut forecast = view.forecast();
        let one = forecast.legs[..2].to_vec();
        forecast.legs = one.iter().copied().cycle().take(2 * sessions as usize).collect();
        let drift = forecast.return_if_up.ln_1p() / f64::from(view.sessions);
        forecast.return_if_up = (drift * f64::from(sessions)).exp_m1();
        let seed = Seed::root(seed).child("made index");
        let drawn = Paths::draw(MADE_AT, &forecast, 2, seed).map_err(Error::ValueKnockOut)?;
        let moves = drawn.iter().next().unwrap_or_default();
        let first: Day = MADE_FROM.parse().map_err(market::Error::MakeMoney)?;
        let mut day = first;
        let mut prints = Vec::with_capacity(sessions as usize);
        for pair in moves.chunks_exact(2) {
            let (open, moved) = (pair[0].close, pair[1]);
            let (high, low) = (moved.high, moved.low);
            let candle = Candle { day, open, high, low, close: moved.close, volume: 0.0 };
            prints.push(session(&candle, &rules.index_hours)?);
            day = next_weekday(day);
        }
        Ok(Bars { symbol: "MADE".to_owned(), minutes: None, prints, set_aside: 0 })
    }

    /// Median of high − low of a bar, as a part of its close.
    pub fn median_range(&self) -> f64 {
        let range = |print: &Print| {
            let bar = print.bar();
            (bar.high - bar.low).to_f64() / bar.close.to_f64()
        };
        base::stats::median(&self.prints.iter().map(range).collect::<Vec<f64>>())
    }
}

/// The next day that is no weekend.
pub(super) fn next_weekday(day: Day) -> Day {
    day.plus(if day.weekday() == 4 { 3 } else { 1 })
}

/// Bars of a session have no time of day: they are put between the index's local opening and
/// close as if the clock on the wall were UTC, with an issuer that quotes from then to midnight.
fn by_the_day(rules: &mut IssuerRules) {
    let clock = LocalClock::Fixed { minutes: 0 };
    rules.index_hours.clock = clock;
    rules.hours = Hours::of(clock, rules.index_hours.opens_minute, 24 * 60);
}

fn session(candle: &Candle, hours: &Hours) -> Result<Print, Error> {
    let at = |minute: u32| candle.day.start() + Span::from_minutes(i64::from(minute));
    let (start, end) = (at(hours.opens_minute), at(hours.closes_minute));
    let bar: Bar = candle.to_bar(1.0)?;
    Ok(Print::Candle { start, end, known: end, bar })
}

/// Bars of several lengths in one file can't be told apart: a long one would count as a short one.
fn refuse_mixed(bars: &[ShortBar], minutes: i32) -> Result<(), Error> {
    // By day the shortest step between two bars, in minutes.
    let mut steps: BTreeMap<Day, i64> = BTreeMap::new();
    for pair in bars.windows(2).filter(|pair| pair[0].0.utc_day() == pair[1].0.utc_day()) {
        let step = ((pair[1].0 - pair[0].0).seconds() / 60.0).round() as i64;
        let least = steps.entry(pair[0].0.utc_day()).or_insert(step);
        *least = step.min(*least);
    }
    let other = |step: &&i64| **step >= 2 * i64::from(minutes) || **step < i64::from(minutes);
    let others = steps.values().filter(other).count();
    match others * 10 > steps.len() {
        false => Ok(()),
        true => refuse(format!(
            "most bars last {minutes} minutes, but on {others} of {} days they have another length; \
             give a file of bars of one length",
            steps.len()
        )),
    }
}

fn only(mut symbols: Vec<SymbolBars>, wanted: Option<&str>) -> Result<SymbolBars, Error> {
    let names: Vec<&str> = symbols.iter().map(|one| one.symbol.as_str()).collect();
    let at = match wanted {
        Some(name) => names.iter().position(|have| *have == name),
        None => (names.len() == 1).then_some(0),
    };
    match at {
        Some(at) => Ok(symbols.swap_remove(at)),
        None if names.is_empty() => refuse("the file has no bars; give one with prices by time"),
        None => refuse(format!("name one symbol by --symbol: {}", names.join(", "))),
    }
}
