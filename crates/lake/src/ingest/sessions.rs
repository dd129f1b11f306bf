//! Sessions of an exchange, looked up day after day.

use base::Day;
use market::{Calendar, Session};

/// Remembers where it was: the next day asked for is mostly that of the next session.
#[derive(Debug, Clone)]
pub(crate) struct Sessions<'a> {
    all: &'a [Session],
    at: usize,
}

impl<'a> Sessions<'a> {
    /// All sessions of a calendar; none where there is no calendar.
    pub(crate) fn of(calendar: Option<&'a Calendar>) -> Sessions<'a> {
        Sessions { all: calendar.map_or(&[], |c| c.between(Day::MIN, Day::MAX)), at: 0 }
    }

    /// The number of that day's session; without one, that of the first behind it.
    pub(crate) fn place(&mut self, day: Day) -> Result<usize, usize> {
        let near = [self.at, self.at + 1];
        let next = near.into_iter().find(|at| self.all.get(*at).is_some_and(|s| s.day == day));
        let found = match next {
            Some(at) => Ok(at),
            None => self.all.binary_search_by_key(&day, |session| session.day),
        };
        let (Ok(at) | Err(at)) = found;
        self.at = at;
        found
    }

    /// The session of that day, where it is known to have one.
    pub(crate) fn session(&mut self, day: Day) -> Option<&'a Session> {
        self.place(day).ok().map(|at| &self.all[at])
    }

    /// Whether a day is known to have no session.
    pub(crate) fn closed(&mut self, day: Day) -> bool {
        // Before the first and behind the last session nothing is known.
        matches!(self.place(day), Err(at) if at > 0 && at < self.all.len())
    }

    /// Sessions between two days, both left out.
    pub(crate) fn between(&mut self, earlier: Day, later: Day) -> usize {
        let first = self.place(earlier).map_or_else(|at| at, |at| at + 1);
        let (Ok(end) | Err(end)) = self.place(later);
        end.saturating_sub(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_walk_finds_what_the_calendar_says(steps in proptest::collection::vec(-3..40i32, 1..80))
        {
            let calendar = Calendar::of("XNYS").unwrap();
            let mut sessions = Sessions::of(Some(calendar));
            let mut day: Day = "2001-08-01".parse().unwrap();
            for step in steps {
                let next = day.plus(step);
                prop_assert_eq!(sessions.session(next), calendar.session(next).unwrap());
                prop_assert_eq!(sessions.closed(next), calendar.session(next).unwrap().is_none());
                let (from, to) = (day.plus(1), next.plus(-1));
                let between = if from > to { 0 } else { calendar.between(from, to).len() };
                prop_assert_eq!(sessions.between(day, next), between);
                day = next;
            }
        }
    }

    #[test]
    fn outside_the_calendar_no_day_is_known_to_be_closed() {
        let calendar = Calendar::of("XNYS").unwrap();
        let (first, last) = calendar.covers();
        let mut sessions = Sessions::of(Some(calendar));
        assert!(!sessions.closed(first.plus(-1)) && !sessions.closed(last.plus(1)));
        assert!(!Sessions::of(None).closed(first));
    }
}
