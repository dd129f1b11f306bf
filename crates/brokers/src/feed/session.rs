//! The bars of one session, each told once and in order.

use std::collections::{BTreeMap, BTreeSet};

use base::{Span, Ts};
use market::Bar;

use super::strand::{Strand, end_of, last_end};
use super::{Feed, History, Told};

/// How long after its end a minute is told at the latest. A line can be slow, or dead for a while
/// before anyone notices: only what is told of a time later than that proves that nothing was missed.
const LATE: Span = Span::from_seconds(5);
/// How long that proof is waited for before history is asked; less once the session is over.
const SILENCE: Span = Span::from_seconds(90);
const SILENCE_AT_CLOSE: Span = Span::from_seconds(30);

/// A bar of the session: whose, when it began, its prices.
pub type Whole = (String, Ts, Bar);

/// Bars of one session, from a stream and, where that had a hole, from history.
#[derive(Debug)]
pub struct Session<F, H> {
    feed: F,
    history: H,
    open: Ts,
    close: Ts,
    minutes: u16,
    strands: BTreeMap<String, Strand>,
    wanted: BTreeSet<String>,
    told: Vec<Told>,
    /// Whether the stream is there, and the latest time that it told of.
    is_there: bool,
    heard: Ts,
}

impl<F: Feed, H: History> Session<F, H> {
    /// Bars of so many minutes, counted from the open. What would reach beyond the close is no bar.
    pub fn new((feed, history): (F, H), (open, close): (Ts, Ts), minutes: u16) -> Session<F, H> {
        Session {
            feed,
            history,
            open,
            close,
            minutes,
            strands: BTreeMap::new(),
            wanted: BTreeSet::new(),
            told: Vec::new(),
            is_there: false,
            heard: open,
        }
    }

    /// Bars of these symbols that ended since the last call, by their end. The first call for a
    /// symbol tells them all from the open on.
    ///
    /// `now` is the broker's time and may lag behind it.
    ///
    /// # Errors
    /// In words, where history was needed and did not answer. Nothing is lost: ask again.
    pub fn bars(&mut self, now: Ts, symbols: &BTreeSet<String>) -> Result<Vec<Whole>, String> {
        self.want(symbols);
        self.listen(now);
        let until = self.until(now);
        self.fill(until)?;
        let mut whole = Vec::new();
        for symbol in &self.wanted {
            let Some(strand) = self.strands.get_mut(symbol) else { continue };
            while strand.next < until {
                let end = end_of(strand.next, self.minutes);
                whole.extend(strand.bar(end).map(|(start, bar)| (symbol.clone(), start, bar)));
            }
        }
        whole.sort_by_key(|(_, start, _)| *start);
        Ok(whole)
    }

    /// Up to where bars can be told now.
    fn until(&self, now: Ts) -> Ts {
        let last_end = |time: Ts| last_end(self.open, self.minutes, time.min(self.close));
        let until = last_end(now - LATE);
        let proven = last_end(self.heard - LATE);
        let waited_for = end_of(proven, self.minutes);
        let patience = (waited_for + SILENCE).min(self.close + SILENCE_AT_CLOSE);
        let is_waiting = self.is_there && proven < until && now < patience;
        if is_waiting { proven } else { until }
    }

    fn want(&mut self, symbols: &BTreeSet<String>) {
        if self.wanted == *symbols {
            return;
        }
        for symbol in symbols {
            self.strands.entry(symbol.clone()).or_insert_with(|| Strand::new(self.open));
        }
        self.wanted.clone_from(symbols);
        self.feed.want(symbols);
    }

    fn listen(&mut self, now: Ts) {
        let mut told = std::mem::take(&mut self.told);
        self.feed.hear(&mut told);
        for one in told.drain(..) {
            match one {
                Told::Minute(minute) => {
                    self.heard = self.heard.max(minute.start + minute.length);
                    if let Some(strand) = self.strands.get_mut(&minute.symbol) {
                        strand.minute(minute.start, minute.bar);
                    }
                }
                Told::Hears(symbols) => {
                    self.is_there = true;
                    self.hears(&symbols, now);
                }
                Told::Lost(why) => {
                    tracing::warn!(why, "listen to prices");
                    self.is_there = false;
                    self.hears(&BTreeSet::new(), now);
                }
                Told::Halted { symbol, is_halted, words } => {
                    tracing::warn!(symbol, is_halted, words, "trading status");
                }
                Told::Time(time) => self.heard = self.heard.max(time),
                Told::Quote(quote) => self.heard = self.heard.max(quote.at.unwrap_or(self.heard)),
            }
        }
        self.told = told;
        for strand in self.strands.values_mut() {
            strand.clock(now);
        }
    }

    fn hears(&mut self, symbols: &BTreeSet<String>, now: Ts) {
        for (symbol, strand) in &mut self.strands {
            strand.hears(symbols.contains(symbol), now);
        }
    }

    /// Asks history for what the stream did not tell.
    fn fill(&mut self, until: Ts) -> Result<(), String> {
        let heard = self.heard - LATE;
        let wanted = self.wanted.iter();
        let lacking: Vec<String> = wanted
            .filter(|symbol| {
                let strand = self.strands.get(*symbol);
                strand.is_some_and(|strand| strand.next < until && !strand.is_whole(until, heard))
            })
            .cloned()
            .collect();
        let from = lacking.iter().filter_map(|symbol| self.strands.get(symbol)).map(|it| it.next);
        let Some(from) = from.min() else { return Ok(()) };
        let minutes = self.history.minutes(&lacking, from, until)?;
        for symbol in &lacking {
            if let Some(strand) = self.strands.get_mut(symbol) {
                let own = minutes.iter().filter(|minute| minute.symbol == *symbol);
                strand.told(own.map(|minute| (minute.start, minute.bar)), until);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
