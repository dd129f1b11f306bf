//! Market data on request: bars, trades, quotes, the latest of each, snapshots. Nothing is shown
//! that was not known at the time in the market.

use base::{Day, Ts};
use market::{InstrumentId, LocalClock};
use serde_json::{Map, Value, json};
use sim::BarPrint;

use super::Venue;
use super::spans::{Asked, Frame, Spanned, Splits};
use crate::figures::moment;
use crate::{Answer, Request};

/// Most values in one answer.
const MOST: usize = 10_000;

/// What is listed over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Series {
    Bars,
    Trades,
    Quotes,
}

impl Series {
    fn read(word: &str) -> Option<Series> {
        match word {
            "bars" => Some(Series::Bars),
            "trades" => Some(Series::Trades),
            "quotes" => Some(Series::Quotes),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Series::Bars => "bars",
            Series::Trades => "trades",
            Series::Quotes => "quotes",
        }
    }
}

/// A request for a series, read.
struct Page {
    asked: Asked,
    limit: usize,
    is_falling: bool,
    /// The last value of the page before.
    after: Option<(String, Ts)>,
}

fn wrong(text: impl Into<String>) -> Answer {
    let text: String = text.into();
    Answer { status: 400, body: Some(json!({ "message": text })) }
}

impl Venue {
    pub(super) fn market_data(&self, rest: &[&str], request: &Request) -> Answer {
        let many = request.list("symbols");
        let needed = || wrong("symbols is required");
        match rest {
            ["snapshots"] if many.is_empty() => needed(),
            ["snapshots"] => self.of_each(&many, |id| self.snapshot(id)),
            [symbol, "snapshot"] => self.of_one(symbol, |id| {
                let mut snapshot = self.snapshot(id);
                snapshot["symbol"] = symbol.to_uppercase().into();
                snapshot
            }),
            [word, "latest"] if Series::read(word).is_some() && many.is_empty() => needed(),
            [word, "latest"] => match Series::read(word) {
                Some(series) => {
                    let answer = self.of_each(&many, |id| self.latest(id, series));
                    wrapped(answer, series.word())
                }
                None => Answer::missing("endpoint not found"),
            },
            [symbol, word, "latest"] => match Series::read(word) {
                Some(series) => self.of_one(symbol, |id| {
                    let name = series.word().trim_end_matches('s');
                    json!({ "symbol": symbol.to_uppercase(), name: self.latest(id, series) })
                }),
                None => Answer::missing("endpoint not found"),
            },
            [word] if Series::read(word).is_some() && many.is_empty() => needed(),
            [word] => match Series::read(word) {
                Some(series) => self.series(&many, series, request),
                None => Answer::missing("endpoint not found"),
            },
            [symbol, word] => match Series::read(word) {
                Some(series) => {
                    let answer = self.series(&[(*symbol).to_owned()], series, request);
                    unwrapped(answer, series.word(), &symbol.to_uppercase())
                }
                None => Answer::missing("endpoint not found"),
            },
            _ => Answer::missing("endpoint not found"),
        }
    }

    fn of_one(&self, symbol: &str, show: impl Fn(InstrumentId) -> Value) -> Answer {
        match self.find(symbol) {
            Some(id) => Answer::ok(show(id)),
            None => wrong(format!("invalid symbol: {symbol}")),
        }
    }

    fn of_each(&self, symbols: &[String], show: impl Fn(InstrumentId) -> Value) -> Answer {
        let mut shown = Map::new();
        for symbol in symbols {
            let Some(id) = self.find(symbol) else {
                return wrong(format!("invalid symbol: {symbol}"));
            };
            let value = show(id);
            if !value.is_null() {
                shown.insert(symbol.to_uppercase(), value);
            }
        }
        Answer::ok(shown)
    }

    fn latest(&self, instrument: InstrumentId, series: Series) -> Value {
        self.last_bar(instrument).map_or(Value::Null, |print| self.shown_of(&print, series))
    }

    fn shown_of(&self, print: &BarPrint, series: Series) -> Value {
        match series {
            Series::Bars => shown_bar(&Spanned::of(print.start, print.bar)),
            Series::Trades => json!({
                "t": print.end.to_string(),
                "x": "V",
                "p": print.bar.close.to_f64(),
                "s": (print.bar.volume / 100).max(1),
                "c": ["@"],
                "i": trade_number(print),
                "z": "A",
            }),
            Series::Quotes => {
                let (bid, ask) = self.quote(print.bar.close);
                json!({
                    "t": print.end.to_string(),
                    "ax": "V",
                    "ap": ask,
                    "as": 1,
                    "bx": "V",
                    "bp": bid,
                    "bs": 1,
                    "c": ["R"],
                    "z": "A",
                })
            }
        }
    }

    fn snapshot(&self, instrument: InstrumentId) -> Value {
        let Some(last) = self.last_bar(instrument) else { return Value::Null };
        let from = last.start.utc_day().plus(-14).start();
        let asked = Asked { frame: Frame::Day, from, to: Ts::MAX, splits: Splits::Raw };
        let days = self.spans(instrument, &asked, MOST);
        let day = |back: usize| {
            days.len().checked_sub(back).map_or(Value::Null, |at| shown_bar(&days[at]))
        };
        json!({
            "latestTrade": self.shown_of(&last, Series::Trades),
            "latestQuote": self.shown_of(&last, Series::Quotes),
            "minuteBar": self.shown_of(&last, Series::Bars),
            "dailyBar": day(1),
            "prevDailyBar": day(2),
        })
    }

    fn page(&self, series: Series, request: &Request) -> Result<Page, Answer> {
        let frame = match (series, request.word("timeframe")) {
            (Series::Bars, None) => return Err(wrong("timeframe is required")),
            (Series::Bars, Some(text)) => {
                Frame::read(text).ok_or_else(|| wrong(format!("invalid timeframe: {text}")))?
            }
            _ => Frame::Minutes(1),
        };
        let shortest = i64::from(self.tape.minutes());
        if matches!(frame, Frame::Minutes(minutes) if minutes < shortest) && series == Series::Bars
        {
            return Err(wrong(format!("this market has no bars shorter than {shortest} minutes")));
        }
        let bound = |name: &str, usual: Ts| match request.word(name) {
            None => Ok(usual),
            Some(text) => moment(text).ok_or_else(|| wrong(format!("invalid {name}: {text}"))),
        };
        let today: Day = self.today();
        let from = bound("start", LocalClock::NewYork.midnight(today).unwrap_or(today.start()))?;
        let to = match request.word("end") {
            // A day alone names all of it.
            Some(text) if text.len() == 10 => bound("end", Ts::MAX)? + base::Span::from_days(1),
            _ => bound("end", self.state.now)?,
        };
        if from > to {
            return Err(wrong("end should not be before start"));
        }
        let splits = match request.word("adjustment") {
            None | Some("raw") => Splits::Raw,
            Some("split") => Splits::Adjusted,
            Some(other) => return Err(wrong(format!("adjustment {other} is not supported here"))),
        };
        let limit = match request.word("limit").map(str::parse) {
            None => 1_000,
            Some(Ok(limit @ 1..=MOST)) => limit,
            Some(_) => return Err(wrong("invalid limit: it must be in 1..=10000")),
        };
        let after = match request.word("page_token") {
            None => None,
            Some(token) => {
                let parts = token.rsplit_once('_');
                let read = parts.and_then(|(symbol, nanos)| {
                    Some((symbol.to_owned(), Ts::from_nanos(nanos.parse().ok()?)))
                });
                Some(read.ok_or_else(|| wrong("invalid page_token"))?)
            }
        };
        let is_falling = match request.word("sort") {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(_) => return Err(wrong("invalid sort")),
        };
        Ok(Page { asked: Asked { frame, from, to, splits }, limit, is_falling, after })
    }

    fn series(&self, symbols: &[String], series: Series, request: &Request) -> Answer {
        let page = match self.page(series, request) {
            Ok(page) => page,
            Err(refusal) => return refusal,
        };
        let mut found: Vec<(String, InstrumentId)> = Vec::new();
        for symbol in symbols {
            let Some(id) = self.find(symbol) else {
                return wrong(format!("invalid symbol: {symbol}"));
            };
            found.push((symbol.to_uppercase(), id));
        }
        found.sort();
        found.dedup();
        let mut shown = Map::new();
        let (mut left, mut token) = (page.limit, None);
        for (symbol, id) in found {
            if page.after.as_ref().is_some_and(|(last, _)| symbol < *last) {
                continue;
            }
            if token.is_some() {
                break;
            }
            let own = page.after.as_ref().filter(|(last, _)| *last == symbol).map(|(_, at)| *at);
            let values = self.values(id, series, &page, (own, left));
            let more = values.len() > left;
            let kept: Vec<(Ts, Value)> = values.into_iter().take(left).collect();
            left -= kept.len();
            if more {
                // Where a page is full before a symbol began, it begins on the next one.
                let last = kept.last().map_or(i64::MIN, |(at, _)| at.nanos());
                let last = if page.is_falling && kept.is_empty() { i64::MAX } else { last };
                token = Some(format!("{symbol}_{last}"));
            }
            if !kept.is_empty() {
                shown.insert(symbol, kept.into_iter().map(|(_, value)| value).collect());
            }
        }
        Answer::ok(json!({ series.word(): shown, "next_page_token": token }))
    }

    /// Values of one symbol in the order asked for, after a moment, one more than so many.
    fn values(
        &self,
        instrument: InstrumentId,
        series: Series,
        page: &Page,
        (after, most): (Option<Ts>, usize),
    ) -> Vec<(Ts, Value)> {
        let mut asked = page.asked;
        if let (Some(after), false) = (after, page.is_falling) {
            asked.from = asked.from.max(Ts::from_nanos(after.nanos().saturating_add(1)));
        }
        let bound = if page.is_falling { usize::MAX - 2 } else { most };
        let mut values: Vec<(Ts, Value)> = match series {
            Series::Bars => {
                let spans = self.spans(instrument, &asked, bound);
                spans.iter().map(|span| (span.start, shown_bar(span))).collect()
            }
            _ => self.ticks(instrument, series, &asked, bound),
        };
        if page.is_falling {
            values.retain(|(at, _)| after.is_none_or(|after| *at < after));
            values.reverse();
        }
        values.truncate(most + 1);
        values
    }

    /// One trade or quote at the end of each bar.
    fn ticks(
        &self,
        instrument: InstrumentId,
        series: Series,
        asked: &Asked,
        most: usize,
    ) -> Vec<(Ts, Value)> {
        let mut found = Vec::new();
        let sessions = self.tape.sessions();
        let first = sessions.partition_point(|session| session.close < asked.from);
        for session in &sessions[first..] {
            if session.open > asked.to || session.open >= self.state.now || found.len() > most {
                break;
            }
            for print in self.known_bars(instrument, session) {
                if print.end >= asked.from && print.end <= asked.to {
                    found.push((print.end, self.shown_of(&print, series)));
                }
            }
        }
        found
    }
}

/// A bar as the broker shows it.
fn shown_bar(span: &Spanned) -> Value {
    let bar = &span.bar;
    json!({
        "t": span.start.to_string(),
        "o": bar.open.to_f64(),
        "h": bar.high.to_f64(),
        "l": bar.low.to_f64(),
        "c": bar.close.to_f64(),
        "v": bar.volume,
        "n": (bar.volume / 100).max(1),
        "vw": (span.average() * 1e6).round() / 1e6,
    })
}

/// A number for the trade at the end of a bar.
pub(crate) fn trade_number(print: &BarPrint) -> i64 {
    print.end.nanos() / 1_000_000_000
}

fn wrapped(answer: Answer, name: &str) -> Answer {
    match answer {
        Answer { status: 200, body: Some(body) } => Answer::ok(json!({ name: body })),
        other => other,
    }
}

/// The answer about many symbols as one about a single one.
fn unwrapped(answer: Answer, name: &str, symbol: &str) -> Answer {
    let Answer { status: 200, body: Some(mut body) } = answer else { return answer };
    let values = body[name][symbol].take();
    let values = if values.is_null() { json!([]) } else { values };
    Answer::ok(json!({
        name: values,
        "symbol": symbol,
        "next_page_token": body["next_page_token"].take(),
    }))
}
