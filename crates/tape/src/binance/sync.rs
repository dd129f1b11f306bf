//! Whether an event of depth continues the book.

use std::collections::VecDeque;

use base::Ts;
use market::depth::{BookSide, Lots, Ticks};

/// Events kept while a snapshot is awaited; the oldest are dropped beyond.
const MOST_WAITING: usize = 20_000;

/// One level of an event.
pub(super) type Level = (BookSide, Ticks, Lots);

/// Numbers that tie events together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// First update covered.
    pub(super) first: u64,
    /// Last update covered.
    pub(super) last: u64,
    /// Last update of the event before; futures say it, spot does not.
    pub(super) before: Option<u64>,
}

/// An event that waits for a snapshot.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) span: Span,
    pub(super) at: Ts,
    pub(super) levels: Vec<Level>,
}

/// Where the book stands.
#[derive(Debug)]
pub(super) enum Book {
    /// No snapshot yet, or none since the last gap.
    Awaits(VecDeque<Waiting>),
    /// A snapshot came, and no event since.
    Fresh(u64),
    /// As of an update.
    At(u64),
}

/// What to do with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It continues the book.
    Apply,
    /// The book has it already.
    Drop,
    /// So many updates are missing before it.
    Gap(u64),
    /// It must wait for a snapshot.
    Wait,
}

impl Book {
    /// Judges an event by its numbers.
    pub(super) fn judge(&self, span: Span) -> Verdict {
        match *self {
            Book::Awaits(_) => Verdict::Wait,
            Book::Fresh(last) => span.judge_first(last),
            Book::At(last) => span.judge_next(last),
        }
    }

    /// The last update that the book has; `None` while it awaits a snapshot.
    pub(super) fn last_update(&self) -> Option<u64> {
        match self {
            Book::Awaits(_) => None,
            Book::Fresh(last) | Book::At(last) => Some(*last),
        }
    }

    /// Keeps an event until a snapshot comes.
    pub(super) fn wait(&mut self, event: Waiting) {
        if !matches!(self, Book::Awaits(_)) {
            *self = Book::Awaits(VecDeque::new());
        }
        if let Book::Awaits(events) = self {
            if events.len() == MOST_WAITING {
                events.pop_front();
            }
            events.push_back(event);
        }
    }
}

impl Span {
    /// After a snapshot. Futures: u ≥ id and U ≤ id; spot: u > id and U ≤ id + 1. An event of
    /// futures whose predecessor ended at the snapshot continues it as well.
    fn judge_first(self, snapshot: u64) -> Verdict {
        let (is_old, covers) = match self.before {
            Some(before) => (self.last < snapshot, self.first <= snapshot || before <= snapshot),
            None => (self.last <= snapshot, self.first <= snapshot.saturating_add(1)),
        };
        match (is_old, covers) {
            (true, _) => Verdict::Drop,
            (false, true) => Verdict::Apply,
            (false, false) => Verdict::Gap(self.missed(snapshot)),
        }
    }

    fn judge_next(self, last: u64) -> Verdict {
        let continues = match self.before {
            Some(before) => before == last,
            None => self.first == last.saturating_add(1),
        };
        if continues { Verdict::Apply } else { Verdict::Gap(self.missed(last)) }
    }

    /// Updates between; at least one, for going back is a gap too.
    fn missed(self, last: u64) -> u64 {
        self.first.saturating_sub(last).saturating_sub(1).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn futures(before: u64, first: u64, last: u64) -> Span {
        Span { first, last, before: Some(before) }
    }

    fn spot(first: u64, last: u64) -> Span {
        Span { first, last, before: None }
    }

    #[test]
    fn the_first_event_after_a_snapshot_must_cover_it() {
        let cases = [
            (futures(90, 92, 99), Verdict::Drop),
            (futures(90, 92, 100), Verdict::Apply),
            (futures(90, 95, 105), Verdict::Apply),
            (futures(100, 103, 105), Verdict::Apply),
            (futures(101, 103, 105), Verdict::Gap(2)),
            (spot(92, 100), Verdict::Drop),
            (spot(92, 101), Verdict::Apply),
            (spot(101, 105), Verdict::Apply),
            (spot(102, 105), Verdict::Gap(1)),
        ];
        for (span, wanted) in cases {
            assert_eq!(Book::Fresh(100).judge(span), wanted, "{span:?}");
        }
    }

    #[test]
    fn each_later_event_must_continue_its_predecessor() {
        let cases = [
            (futures(100, 105, 110), Verdict::Apply),
            (futures(99, 105, 110), Verdict::Gap(4)),
            (spot(101, 110), Verdict::Apply),
            (spot(103, 110), Verdict::Gap(2)),
            (spot(90, 95), Verdict::Gap(1)),
        ];
        for (span, wanted) in cases {
            assert_eq!(Book::At(100).judge(span), wanted, "{span:?}");
        }
    }
}
