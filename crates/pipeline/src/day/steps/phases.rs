//! What the clock says to the engine while a session runs: that it has opened, and that its close
//! can still be traded. The simulated day and a broker outside are told the same.

use base::{Span, Ts};
use desk::exit::plan::BEFORE_CLOSE;
use market::{Event, Session, SessionPhase, What};

/// Before the close. The New York Stock Exchange takes no order for its closing auction in the last
/// ten minutes, Nasdaq in the last five.
const BEFORE: Span = Span::from_minutes(15);

/// The session opened: the day's loss is reckoned from here on.
pub(crate) fn opened(session: &Session, known: Ts) -> Event {
    let what = What::Session { day: session.day, phase: SessionPhase::Open };
    Event { at: session.open, known, what }
}

/// The last moment at which the close is traded. An order fills on bars that begin after it was
/// sent, so it goes out no later than the last bar begins.
pub(crate) fn last_chance(session: &Session, last_bar: Ts) -> Ts {
    last_bar.min(session.close + Span::from_nanos(-BEFORE.nanos()))
}

/// When the last of the bars of so many minutes begins that are counted from the open.
pub(crate) fn last_bar(session: &Session, minutes: u16) -> Ts {
    let length = Span::from_minutes(i64::from(minutes.max(1))).nanos();
    let whole = (session.close - session.open).nanos() - 1;
    session.open + Span::from_nanos(whole / length * length)
}

/// The close comes: what is to be traded at it goes out now.
pub(crate) fn before_close(at: Ts, known: Ts) -> Event {
    Event { at, known, what: What::Timer { name: BEFORE_CLOSE.to_owned() } }
}

#[cfg(test)]
mod tests {
    use base::Day;
    use market::Calendar;

    use super::*;

    fn session(day: &str) -> Session {
        let day: Day = day.parse().unwrap();
        Calendar::of("XNYS").unwrap().between(day, day)[0]
    }

    /// Minutes before the close.
    fn minutes(session: &Session, at: Ts) -> i64 {
        (session.close - at).nanos() / Span::from_minutes(1).nanos()
    }

    #[test]
    fn the_last_chance_leaves_time_for_the_auction_and_a_whole_bar() {
        let whole = session("2026-01-14");
        for (length, last, chance) in [(1, 1, 15), (5, 5, 15), (15, 15, 15), (60, 30, 30)] {
            let bar = last_bar(&whole, length);
            assert_eq!(minutes(&whole, bar), last, "bars of {length}");
            assert_eq!(minutes(&whole, last_chance(&whole, bar)), chance, "bars of {length}");
        }
        let half = session("2026-11-27");
        assert_eq!(minutes(&half, last_bar(&half, 60)), 30);
    }
}
