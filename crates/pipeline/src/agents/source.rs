//! Bars of one instrument from a file, the lake or a made market, checked and adjusted.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base::{Day, Digest, Span, Ts};
use books::intraday::BARS;
use lake::ingest::{self, Passing, Request, Stamp};
use lake::read::{Bars as LakeBars, DailyQuery};
use lake::{Adjusted, Lake, Origin, Table};
use market::corporate::adjust_series;
use market::{Bar, Calendar, Candle, CorporateAction};
use serde::{Deserialize, Serialize};

use super::{made, refuse};
use crate::Error;

/// Longest time between two bars; more is a hole in the data and not a weekend.
const LONGEST_PAUSE_DAYS: i64 = 10;
/// Largest share of bars that may be missing within days.
const MOST_MISSING: f64 = 0.1;
/// Largest share of bars on which nothing traded.
const MOST_STILL: f64 = 0.5;

/// Where bars come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A CSV or Parquet file, or a folder of LEAN; corporate actions are not read from it.
    File {
        /// The file.
        path: PathBuf,
        /// Columns that are named by the caller.
        names: BTreeMap<String, String>,
        /// Code of the exchange whose clock the times have; UTC when absent.
        calendar: Option<String>,
        /// True where a bar's time is its end.
        ends: bool,
    },
    /// A dataset of the lake: bars shorter than a session where it has any, unless daily ones are
    /// asked for.
    Lake {
        /// Its name.
        dataset: String,
        /// Daily bars.
        daily: bool,
        /// As known by then.
        known_by: Ts,
    },
    /// A stock of the synthetic market.
    Made {
        /// Its sessions.
        sessions: u32,
        /// Minutes of a bar.
        minutes: u16,
        /// Seed of the market.
        seed: u64,
        /// Deviation of displacements that come back, in basis points; 0 is a martingale.
        reversion_bps: f64,
    },
}

/// Which bars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wanted {
    /// Where from.
    pub source: Source,
    /// Which symbol; the only one when absent.
    pub symbol: Option<String>,
    /// First day; that of the data when absent.
    pub from: Option<Day>,
    /// Last day; that of the data when absent.
    pub to: Option<Day>,
}

/// Bars of one instrument, oldest first, adjusted forward.
#[derive(Debug, Clone, PartialEq)]
pub struct Tape {
    /// Which instrument.
    pub symbol: String,
    /// Minutes of a bar; nothing where a bar is a session.
    pub minutes: Option<i32>,
    /// The bars.
    pub bars: Vec<Bar>,
    /// When each began.
    pub starts: Vec<Ts>,
    /// Recorded or made.
    pub origin: Origin,
    /// Version of the data, in words.
    pub version: String,
    /// Digest of times and bars.
    pub digest: Digest,
    /// What the reader of a result must know of how bars were read.
    pub notes: Vec<String>,
}

/// Bars as they were found.
struct Found {
    symbol: String,
    minutes: Option<i32>,
    /// When it began, raw prices, when it was known.
    rows: Vec<(Ts, Candle, Ts)>,
    actions: Vec<CorporateAction>,
    origin: Origin,
    version: String,
    notes: Vec<String>,
}

impl Wanted {
    /// Reads, checks and adjusts the bars.
    ///
    /// # Errors
    /// [`Error::SetAgents`] for too few bars, holes, mixed lengths and bars without volume;
    /// [`Error::KeepData`] for what can't be read.
    pub fn read(&self, lake: &Lake) -> Result<Tape, Error> {
        let mut found = match &self.source {
            Source::File { path, names, calendar, ends } => {
                let request = Request {
                    path: path.clone(),
                    dataset: String::new(),
                    names: names.clone(),
                    adjusted: Adjusted::None,
                    calendar: calendar.as_deref().map(Calendar::of).transpose()?,
                    stamp: if *ends { Stamp::End } else { Stamp::Start },
                    at: Ts::MIN,
                };
                of_file(ingest::bars(&request)?, self.symbol.as_deref())?
            }
            Source::Lake { dataset, daily, known_by } => {
                self.of_lake(lake, (dataset, *daily, *known_by))?
            }
            Source::Made { sessions, minutes, seed, reversion_bps } => {
                self.made((*sessions, *minutes), *seed, *reversion_bps)?
            }
        };
        found.rows.retain(|(_, candle, _)| {
            let day = candle.day;
            self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
        });
        found.into_tape()
    }

    fn of_lake(
        &self,
        lake: &Lake,
        (dataset, daily, known_by): (&str, bool, Ts),
    ) -> Result<Found, Error> {
        let has_shorter = lake.datasets(Table::BarsIntraday)?.iter().any(|name| name == dataset);
        let as_of = lake.as_of(known_by);
        let query = DailyQuery::all(dataset);
        let short = has_shorter && !daily;
        let bars = if short { as_of.intraday(&query)? } else { as_of.daily(&query)? };
        let place = place(&bars, self.symbol.as_deref(), dataset)?;
        let symbol = bars.symbols()[place].clone();
        let (mut rows, mut lengths) = (Vec::new(), Vec::new());
        match short {
            true => {
                for bar in bars.shorter(place)? {
                    lengths.push(bar.minutes);
                    rows.push((bar.start, bar.candle, bar.known));
                }
            }
            false => rows.extend(bars.raw(place)?.into_iter().map(daily_row)),
        }
        Ok(Found {
            minutes: one_length(&lengths)?,
            rows,
            actions: bars.actions(&symbol).to_vec(),
            origin: bars.version().origin,
            version: bars.version().to_string(),
            notes: Vec::new(),
            symbol,
        })
    }

    fn made(
        &self,
        (sessions, minutes): (u32, u16),
        seed: u64,
        reversion_bps: f64,
    ) -> Result<Found, Error> {
        let (bars, actions) = made::bars((sessions, minutes), seed, reversion_bps)?;
        let length = Span::from_minutes(i64::from(minutes));
        let row = |bar: market::TimedCandle| (bar.start, bar.candle, bar.start + length);
        let edge = match reversion_bps > 0.0 {
            true => format!("a planted reversion of {reversion_bps} bp"),
            false => "no edge".to_owned(),
        };
        Ok(Found {
            symbol: "MADE".to_owned(),
            minutes: Some(i32::from(minutes)),
            rows: bars.into_iter().map(row).collect(),
            actions,
            origin: Origin::Synthetic,
            version: format!("{sessions} made sessions, seed {seed}, {edge}"),
            notes: Vec::new(),
        })
    }
}

fn daily_row((candle, known): (Candle, Ts)) -> (Ts, Candle, Ts) {
    (candle.day.start(), candle, known)
}

fn of_file(passing: Passing, wanted: Option<&str>) -> Result<Found, Error> {
    let Passing { mut symbols, quality, source } = passing;
    let names: Vec<&str> = symbols.iter().map(|one| one.symbol.as_str()).collect();
    let at = match wanted {
        Some(name) => names.iter().position(|have| *have == name),
        None => (names.len() == 1).then_some(0),
    };
    let Some(at) = at else {
        return match names.is_empty() {
            true => refuse("the file has no bars; give one with prices by time"),
            false => refuse(format!("name one symbol by --symbol: {}", listed(&names))),
        };
    };
    let mut notes =
        vec!["prices of a file are taken as they are: it names no splits or dividends".to_owned()];
    for (reason, found) in &quality.quarantined {
        notes.push(format!("{} rows were set aside: {reason}", found.count));
    }
    let found = symbols.swap_remove(at);
    let lengths: Vec<i32> = found.shorter.iter().map(|bar| bar.1).collect();
    let rows = match found.shorter.is_empty() {
        true => found.daily.into_iter().map(daily_row).collect(),
        false => found.shorter.into_iter().map(|(start, _, c, known)| (start, c, known)).collect(),
    };
    Ok(Found {
        symbol: found.symbol,
        minutes: one_length(&lengths)?,
        rows,
        actions: Vec::new(),
        origin: Origin::Recorded,
        version: format!("{}, {}", source.name, source.sha256.short()),
        notes,
    })
}

fn place(bars: &LakeBars, wanted: Option<&str>, dataset: &str) -> Result<usize, Error> {
    let symbols = bars.symbols();
    match wanted {
        Some(symbol) => Ok(bars.place(symbol)?),
        None if symbols.len() == 1 => Ok(0),
        None => {
            let names: Vec<&str> = symbols.iter().map(String::as_str).collect();
            refuse(format!("dataset {dataset}: name one symbol by --symbol: {}", listed(&names)))
        }
    }
}

/// Some names, and how many more there are.
fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    match names.len() > SHOWN {
        false => names.join(", "),
        true => format!("{} and {} more", names[..SHOWN].join(", "), names.len() - SHOWN),
    }
}

/// The one length of all bars; nothing for daily ones.
fn one_length(lengths: &[i32]) -> Result<Option<i32>, Error> {
    let mut found = lengths.to_vec();
    found.sort_unstable();
    found.dedup();
    match found[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => refuse(format!("bars of several lengths, {found:?} minutes; give bars of one length")),
    }
}

impl Found {
    fn into_tape(mut self) -> Result<Tape, Error> {
        let least = BARS + 2;
        if self.rows.len() < least {
            return refuse(format!(
                "{} has {} bars, fewer than the {least} of a window and a step; give more days",
                self.symbol,
                self.rows.len()
            ));
        }
        self.check_holes()?;
        self.check_missing()?;
        let raw: Vec<Candle> = self.rows.iter().map(|(_, candle, _)| *candle).collect();
        let known: Vec<Ts> = self.rows.iter().map(|(_, _, known)| *known).collect();
        let series = adjust_series(&raw, &known, self.actions);
        let bars: Vec<Bar> =
            series.candles.iter().map(|candle| candle.to_bar(1.0)).collect::<Result<_, _>>()?;
        let still = bars.iter().filter(|bar| bar.volume == 0).count();
        if still as f64 > MOST_STILL * bars.len() as f64 {
            return refuse(format!(
                "{still} of {} bars have no volume; nothing trades there, and what a trade costs \
                 hangs on volume: give bars with it",
                bars.len()
            ));
        }
        if still > 0 {
            self.notes.push(format!("nothing traded on {still} bars; orders wait there"));
        }
        let starts: Vec<Ts> = self.rows.iter().map(|(start, _, _)| *start).collect();
        let digest = digest(&starts, &bars);
        let Found { symbol, minutes, origin, version, notes, .. } = self;
        Ok(Tape { symbol, minutes, bars, starts, origin, version, digest, notes })
    }

    /// A gap of weeks would be traded over as if it were one bar.
    fn check_holes(&self) -> Result<(), Error> {
        let longest = Span::from_minutes(LONGEST_PAUSE_DAYS * 24 * 60);
        match self.rows.windows(2).find(|pair| pair[1].0 - pair[0].0 > longest) {
            None => Ok(()),
            Some(pair) => refuse(format!(
                "{} has no bar from {} to {}; cut the days on one side of the hole off with --from \
                 or --to",
                self.symbol, pair[0].1.day, pair[1].1.day
            )),
        }
    }

    /// Counts bars that are missing within days.
    fn check_missing(&mut self) -> Result<(), Error> {
        let Some(minutes) = self.minutes else { return Ok(()) };
        let (mut missing, mut odd) = (0_i64, 0_usize);
        for pair in self.rows.windows(2).filter(|pair| pair[0].1.day == pair[1].1.day) {
            let step = ((pair[1].0 - pair[0].0).seconds() / 60.0).round() as i64;
            let bars = step / i64::from(minutes);
            odd += usize::from(bars < 1 || step % i64::from(minutes) != 0);
            missing += (bars - 1).max(0);
        }
        if odd * 100 > self.rows.len() {
            return refuse(format!(
                "{odd} bars do not begin {minutes} minutes or a multiple after the one before; \
                 give bars of one length"
            ));
        }
        let all = self.rows.len() as i64 + missing;
        if missing as f64 > MOST_MISSING * all as f64 {
            return refuse(format!(
                "{missing} of {all} bars of {minutes} minutes are missing within days; give data \
                 with fewer gaps, or longer bars"
            ));
        }
        if missing > 0 {
            self.notes.push(format!(
                "{missing} of {all} bars are missing within days; an order waits for the next"
            ));
        }
        Ok(())
    }
}

fn digest(starts: &[Ts], bars: &[Bar]) -> Digest {
    let mut bytes = Vec::with_capacity(starts.len() * 48);
    for (start, bar) in starts.iter().zip(bars) {
        bytes.extend(start.nanos().to_le_bytes());
        for price in [bar.open, bar.high, bar.low, bar.close] {
            bytes.extend(price.raw().to_le_bytes());
        }
        bytes.extend(bar.volume.to_le_bytes());
    }
    Digest::of(&bytes)
}

impl Tape {
    /// Digest of the bars from one place on.
    pub(super) fn digest_from(&self, at: usize) -> Digest {
        digest(&self.starts[at..], &self.bars[at..])
    }

    /// Bars of a usual day; 63, a quarter, where a bar is a session.
    pub fn usual_episode(&self) -> usize {
        const QUARTER: usize = 63;
        if self.minutes.is_none() {
            return QUARTER;
        }
        let mut counts = Vec::new();
        for day in self.starts.chunk_by(|a, b| a.utc_day() == b.utc_day()) {
            counts.push(day.len() as f64);
        }
        (base::stats::median(&counts) as usize).max(1)
    }
}
