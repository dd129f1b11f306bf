//! The market that is replayed: what is listed, its daily bars, and the minutes behind them.

use std::collections::BTreeMap;

use base::{Day, Digest, Rounding, Seed, Ts};
use market::{
    Bar, BarSize, Calendar, Candle, Corporate, CorporateAction, Instrument, InstrumentId, Kind,
    LocalClock, Price, Session, TimedCandle, Universe,
};
use sim::BarPrint;
use sim::synth::{Market, minutes_of};

use crate::Error;

/// Bars of a session that came from a recording: more than this many minutes are not short.
const LONGEST_MINUTES: u16 = 390;

/// One thing that is listed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listing {
    /// What it is.
    pub instrument: Instrument,
    /// Raw daily candles, ascending.
    pub candles: Vec<Candle>,
    /// Splits, dividends, delistings.
    pub actions: Vec<CorporateAction>,
    /// Recorded bars shorter than a session, ascending; where a day has none they are made.
    pub finer: Vec<TimedCandle>,
}

/// What a tape is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct TapeSource {
    /// Names the data and their version: a state is continued on the same data alone.
    pub name: String,
    /// Seed of the minutes that are made.
    pub seed: u64,
    /// Minutes of one bar.
    pub minutes: u16,
    /// What is listed.
    pub listings: Vec<Listing>,
}

/// A market to replay. Nothing in it changes.
#[derive(Debug, Clone)]
pub struct Tape {
    name: String,
    seed: Seed,
    minutes: u16,
    universe: Universe,
    listings: Vec<Listing>,
    sessions: &'static [Session],
}

impl Tape {
    /// Takes in listings; refuses a tape without a session to trade in.
    pub fn new(source: TapeSource) -> Result<Tape, Error> {
        let TapeSource { name, seed, minutes, mut listings } = source;
        if !(1..=LONGEST_MINUTES).contains(&minutes) {
            return Err(Error::OpenTape { fault: "bars must be of 1 to 390 minutes" });
        }
        listings.sort_by(|a, b| a.instrument.symbol.cmp(&b.instrument.symbol));
        for listing in &mut listings {
            listing.candles.sort_by_key(|candle| candle.day);
            listing.candles.dedup_by_key(|candle| candle.day);
            listing.finer.sort_by_key(|bar| bar.start);
            listing.finer.dedup_by_key(|bar| bar.start);
        }
        let instruments = listings.iter().map(|listing| listing.instrument.clone()).collect();
        let universe = Universe::new(instruments).map_err(Error::ListInstruments)?;
        let first = listings.iter().filter_map(|listing| listing.candles.first()).map(|c| c.day);
        let last = listings.iter().filter_map(|listing| listing.candles.last()).map(|c| c.day);
        let (Some(first), Some(last)) = (first.min(), last.max()) else {
            return Err(Error::OpenTape { fault: "no symbol has a bar" });
        };
        let calendar = Calendar::of("XNYS").map_err(Error::LookUpCalendar)?;
        let sessions = calendar.between(first, last);
        if sessions.is_empty() {
            return Err(Error::OpenTape { fault: "no bar lies in a session of New York" });
        }
        let name = format!("{name}/{minutes}min/{seed}");
        Ok(Tape { name, seed: Seed::root(seed), minutes, universe, listings, sessions })
    }

    /// A tape of a synthetic market.
    pub fn synthetic(market: &Market, minutes: u16) -> Result<Tape, Error> {
        let config = market.config();
        let mut listings = Vec::new();
        for (id, instrument) in market.universe().iter() {
            let made = market.symbol_series(id).map_err(Error::MakeMarket)?;
            listings.push(Listing {
                instrument: instrument.clone(),
                candles: made.candles,
                actions: made.actions,
                finer: Vec::new(),
            });
        }
        let digest = Digest::of(format!("{config:?}").as_bytes());
        let name = format!("synthetic/{}", digest.short());
        Tape::new(TapeSource { name, seed: config.seed, minutes, listings })
    }

    /// Data, length of a bar and seed in one name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Minutes of one bar.
    pub fn minutes(&self) -> u16 {
        self.minutes
    }

    /// What is listed, numbered.
    pub fn universe(&self) -> &Universe {
        &self.universe
    }

    /// Its sessions, oldest first.
    pub fn sessions(&self) -> &'static [Session] {
        self.sessions
    }

    /// One listing.
    pub fn listing(&self, instrument: InstrumentId) -> &Listing {
        &self.listings[instrument.index()]
    }

    /// True for what can be bought: an index can't.
    pub fn is_tradable(&self, instrument: InstrumentId) -> bool {
        matches!(self.listing(instrument).instrument.kind, Kind::Stock | Kind::Etf)
    }

    /// True from the first bar on until the day of a delisting.
    pub fn is_active(&self, instrument: InstrumentId, day: Day) -> bool {
        let listing = self.listing(instrument);
        let gone = |action: &CorporateAction| {
            matches!(action.action, Corporate::Delisted { .. }) && action.ex_day <= day
        };
        listing.candles.first().is_some_and(|candle| candle.day <= day)
            && !listing.actions.iter().any(gone)
    }

    /// The daily candle of a day.
    pub fn candle(&self, instrument: InstrumentId, day: Day) -> Option<&Candle> {
        let candles = &self.listing(instrument).candles;
        candles.binary_search_by_key(&day, |candle| candle.day).ok().map(|at| &candles[at])
    }

    /// The day's bar and its start in New York, where this bar is the session's last.
    pub(crate) fn ended_day(&self, print: &BarPrint) -> Option<(Ts, Bar)> {
        let at = self.sessions.binary_search_by_key(&print.end, |session| session.close).ok()?;
        let day = self.sessions[at].day;
        let bar = self.candle(print.instrument, day)?.to_bar(1.0).ok()?;
        Some((LocalClock::NewYork.midnight(day).unwrap_or(day.start()), bar))
    }

    /// The last close before a day.
    pub fn close_before(&self, instrument: InstrumentId, day: Day) -> Option<Price> {
        let candles = &self.listing(instrument).candles;
        let at = candles.partition_point(|candle| candle.day < day).checked_sub(1)?;
        Price::from_f64(candles[at].close, Rounding::HalfEven).ok()
    }

    /// Starts of the bars of a session.
    pub fn slots(&self, session: &Session) -> usize {
        let minutes = (session.length().seconds() / 60.0) as usize;
        minutes.div_ceil(usize::from(self.minutes))
    }

    /// When the bar of a slot begins and ends.
    pub fn slot(&self, session: &Session, slot: usize) -> (Ts, Ts) {
        let step = base::Span::from_minutes(i64::from(self.minutes)).nanos();
        let start = Ts::from_nanos(session.open.nanos() + step * slot as i64);
        (start, Ts::from_nanos(start.nanos() + step).min(session.close))
    }

    /// The bars of one symbol in one session, those that are no prices left out.
    pub fn bars(&self, instrument: InstrumentId, session: &Session) -> Vec<BarPrint> {
        let listing = self.listing(instrument);
        let from = listing.finer.partition_point(|bar| bar.start < session.open);
        let recorded = listing.finer[from..].iter().take_while(|bar| bar.start < session.close);
        let step = BarSize::Minutes(self.minutes);
        let mut found: Vec<TimedCandle> =
            recorded.filter(|bar| bar.size == step).copied().collect();
        if found.is_empty() {
            let Some(daily) = self.candle(instrument, session.day) else { return Vec::new() };
            if daily.volume <= 0.0 && self.is_tradable(instrument) {
                return Vec::new();
            }
            let seed = self.seed.child(&listing.instrument.symbol);
            found = minutes_of(seed, daily, session, self.minutes);
        }
        found.iter().filter_map(|bar| print(instrument, bar, session.close)).collect()
    }

    /// The bars of all symbols in one session, by their start.
    pub fn day(&self, session: &Session) -> BTreeMap<Ts, Vec<BarPrint>> {
        let mut day: BTreeMap<Ts, Vec<BarPrint>> = BTreeMap::new();
        for (instrument, _) in self.universe.iter() {
            for bar in self.bars(instrument, session) {
                day.entry(bar.start).or_default().push(bar);
            }
        }
        day
    }
}

fn print(instrument: InstrumentId, timed: &TimedCandle, close: Ts) -> Option<BarPrint> {
    let TimedCandle { start, size, candle } = *timed;
    let mut bar = Bar::from_f64(candle.open, candle.high, candle.low, candle.close).ok()?;
    bar.volume = candle.volume.max(0.0) as u64;
    let end = (start + size.span()).min(close);
    Some(BarPrint { instrument, size, start, end, known: end, bar })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim::SynthConfig;

    fn tape(minutes: u16) -> Tape {
        let config = SynthConfig { symbols: 3, years: 1, seed: 5, ..SynthConfig::default() };
        Tape::synthetic(&Market::new(config).unwrap(), minutes).unwrap()
    }

    #[test]
    fn minutes_of_a_day_add_up_to_its_candle() {
        let tape = tape(5);
        let spy = tape.universe().find("SPY").unwrap();
        let session = &tape.sessions()[20];
        let (bars, daily) = (tape.bars(spy, session), tape.candle(spy, session.day).unwrap());
        assert_eq!(bars.len(), tape.slots(session));
        assert_eq!(bars[0].bar.open.to_f64(), daily.open);
        assert_eq!(bars[bars.len() - 1].bar.close.to_f64(), daily.close);
        let volume: u64 = bars.iter().map(|print| print.bar.volume).sum();
        assert_eq!(volume as f64, daily.volume);
    }

    #[test]
    fn slots_cover_the_session_and_end_with_it() {
        let tape = tape(60);
        let session = &tape.sessions()[0];
        assert_eq!(tape.slots(session), 7);
        assert_eq!(tape.slot(session, 0).0, session.open);
        assert_eq!(tape.slot(session, 6).1, session.close);
    }

    #[test]
    fn a_tape_without_bars_is_refused() {
        let source = TapeSource { name: "none".into(), seed: 1, minutes: 1, listings: Vec::new() };
        assert!(Tape::new(source).is_err());
    }
}
