//! One symbol's minutes on their way to bars: which were heard, and how far they are whole.

use std::collections::BTreeMap;

use base::{Span, Ts};
use market::Bar;

const MINUTE: Span = Span::from_minutes(1);

/// Since when a stream is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    Away,
    /// It began after the clock showed this. The clock that we have may lag behind the broker's by
    /// a look at it, so only what it shows next surely lies behind the beginning.
    Soon(Ts),
    At(Ts),
}

/// Minutes of one symbol.
#[derive(Debug, Clone)]
pub(super) struct Strand {
    /// Where the next bar begins.
    pub(super) next: Ts,
    heard: BTreeMap<Ts, Bar>,
    since: Since,
    /// History was asked up to here.
    asked: Ts,
}

impl Strand {
    /// Nothing was told since the open.
    pub(super) fn new(open: Ts) -> Strand {
        Strand { next: open, heard: BTreeMap::new(), since: Since::Away, asked: open }
    }

    /// A minute; those that were told in a bar change nothing any more.
    pub(super) fn minute(&mut self, start: Ts, bar: Bar) {
        if start >= self.next {
            self.heard.insert(start, bar);
        }
    }

    /// The stream is heard from now on, or not.
    pub(super) fn hears(&mut self, is_heard: bool, now: Ts) {
        self.since = match (is_heard, self.since) {
            (false, _) => Since::Away,
            (true, Since::Away) => Since::Soon(now),
            (true, since) => since,
        };
    }

    /// The clock went on.
    pub(super) fn clock(&mut self, now: Ts) {
        if let Since::Soon(began) = self.since
            && now > began
        {
            self.since = Since::At(now);
        }
    }

    /// True where every minute up to then is known, with a stream that was heard up to `heard`.
    pub(super) fn is_whole(&self, end: Ts, heard: Ts) -> bool {
        let reached = match self.since {
            Since::At(since) if since <= self.next.max(self.asked) => self.asked.max(heard),
            _ => self.asked,
        };
        end <= reached
    }

    /// History told all minutes before then, and what was heard of them is not needed: of some it
    /// may be a part.
    pub(super) fn told(&mut self, minutes: impl Iterator<Item = (Ts, Bar)>, to: Ts) {
        self.heard = self.heard.split_off(&to);
        let (from, to) = (self.next, self.asked.max(to));
        self.asked = to;
        self.heard.extend(minutes.filter(|(start, _)| *start >= from && *start < to));
    }

    /// The bar from the last one to `end`; none where nothing traded.
    pub(super) fn bar(&mut self, end: Ts) -> Option<(Ts, Bar)> {
        let start = std::mem::replace(&mut self.next, end);
        let later = self.heard.split_off(&end);
        let minutes = std::mem::replace(&mut self.heard, later);
        let mut bars = minutes.into_values();
        let first = bars.next()?;
        Some((start, bars.fold(first, joined)))
    }
}

/// Two bars, one after the other.
fn joined(before: Bar, after: Bar) -> Bar {
    Bar {
        open: before.open,
        high: before.high.max(after.high),
        low: before.low.min(after.low),
        close: after.close,
        volume: before.volume.saturating_add(after.volume),
    }
}

/// The last end of a bar of so many minutes since the open that lies at or before a time.
pub(super) fn last_end(open: Ts, minutes: u16, time: Ts) -> Ts {
    let length = MINUTE.nanos() * i64::from(minutes.max(1));
    let whole = (time - open).nanos().div_euclid(length);
    Ts::from_nanos(open.nanos() + whole * length)
}

/// The end of a bar that begins then.
pub(super) fn end_of(start: Ts, minutes: u16) -> Ts {
    start + Span::from_minutes(i64::from(minutes.max(1)))
}
