//! From raw bars to rows: through the gate, with actions read off, into tables.

use base::{Day, Ts};
use market::{Calendar, Candle, CorporateAction};
use rayon::prelude::*;

use super::gate::{Gate, Passed};
use super::gathered::{Gathered, Pieces, RawBar};
use super::passing::SymbolBars;
use super::sessions::Sessions;
use super::{Outcome, Request, Stamp, actions};
use crate::manifest::Quality;
use crate::rows::{RefusedRow, ShortBar};
use crate::{Append, Error, Lake, Table, Writer};

/// A source behind the gate, ready to be written.
#[derive(Debug, Default)]
pub(crate) struct Refined {
    daily: Vec<(String, Vec<(Candle, Ts)>)>,
    shorter: Vec<(String, Vec<ShortBar>)>,
    actions: Vec<(String, CorporateAction)>,
    refused: Vec<RefusedRow>,
    quality: Quality,
    rest: Gathered,
}

/// What is kept of one symbol.
struct Kept {
    daily: Vec<(Candle, Ts)>,
    shorter: Vec<ShortBar>,
    actions: Vec<CorporateAction>,
    refused: Vec<RefusedRow>,
    quality: Quality,
}

impl Refined {
    /// Passes everything through the gate, symbol by symbol; an error where nothing is left.
    pub(crate) fn of(mut gathered: Gathered, request: &Request) -> Result<Refined, Error> {
        let mut bars = std::mem::take(&mut gathered.bars);
        bars.iter_mut().for_each(|(symbol, _)| {
            let whole = symbol.strip_suffix(".US").map(str::to_owned);
            if let Some(short) = whole {
                *symbol = short;
            }
        });
        bars.sort_by(|a, b| a.0.cmp(&b.0));
        bars.retain(|(_, rows)| !rows.is_empty());
        let kept: Vec<(String, Result<Kept, Error>)> = bars
            .into_par_iter()
            .map(|(symbol, pieces)| {
                let kept = Kept::of(&symbol, pieces, request);
                (symbol, kept)
            })
            .collect();
        let mut refined = Refined::default();
        refined.quality.rows_in = gathered.refused.len() as u64;
        for row in std::mem::take(&mut gathered.refused) {
            let found = refined.quality.quarantined.entry(row.reason.to_owned()).or_default();
            found.add(|| format!("line {}", row.line));
            refined.refused.push(row);
        }
        for (symbol, kept) in kept {
            refined.take(symbol, kept?);
        }
        refined.quality.rows_in += (gathered.series.len() + gathered.figures.len()) as u64;
        refined.actions.append(&mut gathered.actions);
        refined.rest = gathered;
        match refined.is_empty() {
            true => Err(refined.nothing_left(request)),
            false => Ok(refined),
        }
    }

    fn take(&mut self, symbol: String, kept: Kept) {
        self.quality.absorb(kept.quality);
        self.refused.extend(kept.refused);
        self.actions.extend(kept.actions.into_iter().map(|action| (symbol.clone(), action)));
        if !kept.shorter.is_empty() {
            self.shorter.push((symbol, kept.shorter));
        } else if !kept.daily.is_empty() {
            self.daily.push((symbol, kept.daily));
        }
    }

    fn is_empty(&self) -> bool {
        self.daily.is_empty()
            && self.shorter.is_empty()
            && self.actions.is_empty()
            && self.rest.series.is_empty()
            && self.rest.figures.is_empty()
    }

    fn nothing_left(&self, request: &Request) -> Error {
        let quarantined = self.quality.quarantined.iter();
        let reasons: Vec<String> =
            quarantined.map(|(why, found)| format!("{why} ({} rows)", found.count)).collect();
        let fault = match reasons.is_empty() {
            true => "it has no rows".to_owned(),
            false => format!("no row is fit to be kept: {}", reasons.join(", ")),
        };
        Error::Ingest { path: request.path.clone(), fault }
    }

    /// The bars alone, by symbol, and what the gate said.
    pub(crate) fn into_bars(self) -> (Vec<SymbolBars>, Quality) {
        let of_session = |(symbol, daily)| SymbolBars { symbol, daily, ..SymbolBars::default() };
        let short = |(symbol, shorter)| SymbolBars { symbol, shorter, ..SymbolBars::default() };
        let mut symbols: Vec<SymbolBars> = self.daily.into_iter().map(of_session).collect();
        symbols.extend(self.shorter.into_iter().map(short));
        symbols.sort_by(|a, b| a.symbol.cmp(&b.symbol));
        (symbols, self.quality)
    }

    /// Appends to each table that gets rows.
    pub(crate) fn write(self, lake: &Lake, append: &Append) -> Result<Outcome, Error> {
        let mut manifests = Vec::new();
        let mut put = |table: Table,
                       quality: Quality,
                       rows: &dyn Fn(&mut Writer) -> Result<(), Error>|
         -> Result<(), Error> {
            if let Some(before) = lake.find_append(table, &append.id())? {
                manifests.push(before);
                return Ok(());
            }
            let mut writer = lake.write(table, append.clone())?;
            rows(&mut writer)?;
            manifests.push(writer.finish(quality)?);
            Ok(())
        };
        if !self.refused.is_empty() {
            put(Table::Quarantine, Quality::default(), &|w| w.refused(&self.refused))?;
        }
        if !self.actions.is_empty() {
            put(Table::CorporateActions, Quality::default(), &|w| w.actions(&self.actions))?;
        }
        if !self.rest.figures.is_empty() {
            put(Table::Fundamentals, self.quality.clone(), &|w| {
                w.fundamentals(&self.rest.figures)
            })?;
        }
        if !self.rest.series.is_empty() {
            put(Table::MacroSeries, self.quality.clone(), &|w| w.series(&self.rest.series))?;
        }
        if !self.shorter.is_empty() {
            put(Table::BarsIntraday, self.quality.clone(), &|w| {
                self.shorter.iter().try_for_each(|(symbol, rows)| w.intraday(symbol, rows))
            })?;
        }
        if !self.daily.is_empty() {
            put(Table::BarsDaily, self.quality.clone(), &|w| {
                self.daily.iter().try_for_each(|(symbol, rows)| w.daily(symbol, rows))
            })?;
        }
        Ok(Outcome { manifests, known_already: false })
    }
}

impl Kept {
    fn of(symbol: &str, pieces: Pieces, request: &Request) -> Result<Kept, Error> {
        let gate = Gate { calendar: request.calendar };
        let Passed { bars, refused, quality } = gate.pass(symbol, pieces.joined());
        let (daily, shorter, actions) = (Vec::new(), Vec::new(), Vec::new());
        let mut kept = Kept { daily, shorter, actions, refused, quality };
        if bars.iter().any(|bar| bar.time.is_some()) {
            kept.shorter = short_rows(&bars, request);
            return Ok(kept);
        }
        if bars.iter().any(|bar| bar.adjusted_close.is_finite()) {
            kept.actions = actions::from_adjusted(&bars)?;
        }
        let mut sessions = Sessions::of(request.calendar);
        kept.daily = bars.iter().map(|bar| (candle(bar), known(bar, &mut sessions))).collect();
        Ok(kept)
    }
}

fn candle(bar: &RawBar) -> Candle {
    // Four-byte prices may put open or close a hair outside of high and low.
    let high = bar.high.max(bar.open).max(bar.close);
    let low = bar.low.min(bar.open).min(bar.close);
    Candle { day: bar.day, open: bar.open, high, low, close: bar.close, volume: bar.volume }
}

/// A daily bar is known when its session closes; without a session, at the end of its day.
fn known(bar: &RawBar, sessions: &mut Sessions<'_>) -> Ts {
    bar.known.unwrap_or_else(|| {
        sessions.session(bar.day).map_or(bar.day.plus(1).start(), |session| session.close)
    })
}

/// The usual distance of a symbol's bars.
fn minutes_of(bars: &[RawBar]) -> i32 {
    let mut steps: Vec<i64> = bars
        .windows(2)
        .filter(|pair| pair[0].day == pair[1].day)
        .map(|pair| (pair[1].time.unwrap_or(0) - pair[0].time.unwrap_or(0)) / 60_000_000)
        .filter(|step| *step > 0)
        .collect();
    steps.sort_unstable();
    steps.get(steps.len() / 4).map_or(1, |step| *step as i32)
}

/// Short bars in UTC: their local time less that of the session's opening, 09:30 in New York.
fn short_rows(bars: &[RawBar], request: &Request) -> Vec<ShortBar> {
    let minutes = minutes_of(bars);
    let length = i64::from(minutes) * 60_000_000;
    let mut of_day: Option<(Day, i64)> = None;
    let row = |bar: &RawBar| {
        let offset = match of_day {
            Some((day, offset)) if day == bar.day => offset,
            _ => utc_offset(bar.day, request.calendar),
        };
        of_day = Some((bar.day, offset));
        let local = bar.time.unwrap_or(0) - if request.stamp == Stamp::End { length } else { 0 };
        let start = Ts::from_micros(bar.day.start().micros() + local + offset);
        let known = bar.known.unwrap_or(Ts::from_micros(start.micros() + length));
        (start, minutes, candle(bar), known)
    };
    bars.iter().map(row).collect()
}

/// Microseconds from the exchange's local time to UTC on a day, told by when the nearest session
/// opens.
fn utc_offset(day: Day, calendar: Option<&Calendar>) -> i64 {
    let Some(calendar) = calendar else { return 0 };
    let opens_minutes = match calendar.code() {
        "XNYS" => 9 * 60 + 30,
        "XETR" => 9 * 60,
        _ => 8 * 60,
    };
    let session = calendar.next(day.plus(-1)).ok();
    session.map_or(0, |session| {
        let local = session.day.start().micros() + opens_minutes * 60_000_000;
        session.open.micros() - local
    })
}
