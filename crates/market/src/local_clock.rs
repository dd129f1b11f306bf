//! Clocks on walls: how far local time is ahead of UTC, by the law that moves them.

use base::{Day, Span, Ts};
use serde::{Deserialize, Serialize};

/// Beyond this year no instant can be counted in nanoseconds.
const LAST_YEAR: i32 = 2261;

/// A clock on a wall: how far it is ahead of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LocalClock {
    /// Always by the same.
    Fixed {
        /// Ahead of UTC by so many minutes.
        minutes: i32,
    },
    /// Frankfurt and Paris: one hour, two from the last Sunday of March to the last Sunday of
    /// October, both at 01:00 UTC (Directive 2000/84/EC; right for 1996 and later).
    CentralEurope,
    /// New York: minus five hours, minus four from the second Sunday of March to the first
    /// Sunday of November, at 02:00 local (Energy Policy Act 2005; right for 2007 and later).
    NewYork,
}

impl LocalClock {
    /// What the clock shows, as if it were UTC.
    pub fn shown_at(self, at: Ts) -> Ts {
        at + self.ahead_at(at)
    }

    /// How far it is ahead of UTC, by the law of today; see [`LocalClock::knows`].
    pub fn ahead_at(self, at: Ts) -> Span {
        let year = at.utc_day().year();
        let (begins, ends) = match self {
            LocalClock::Fixed { .. } => return self.standard(),
            LocalClock::CentralEurope => {
                let hour = Span::from_hours(1);
                (sunday_from(year, 3, 25).start() + hour, sunday_from(year, 10, 25).start() + hour)
            }
            LocalClock::NewYork => {
                let (begins, ends) = (Span::from_hours(7), Span::from_hours(6));
                (sunday_from(year, 3, 8).start() + begins, sunday_from(year, 11, 1).start() + ends)
            }
        };
        let summer = if at >= begins && at < ends { Span::from_hours(1) } else { Span::ZERO };
        self.standard() + summer
    }

    /// True for a day on which the law of today held, and which has instants.
    pub fn knows(self, day: Day) -> bool {
        let first = match self {
            LocalClock::Fixed { .. } => 1678,
            LocalClock::CentralEurope => 1996,
            LocalClock::NewYork => 2007,
        };
        (first..=LAST_YEAR).contains(&day.year())
    }

    /// The instant at which it shows a local time, which counts as if it were UTC; of the two in
    /// the hour that comes twice in autumn the earlier. A time in the hour that spring leaves out
    /// counts by winter's rule. `None` where [`LocalClock::knows`] is false.
    pub fn to_utc(self, shown: Ts) -> Option<Ts> {
        if !self.knows(shown.utc_day()) {
            return None;
        }
        let ahead = self.standard().nanos();
        let summer = shown - Span::from_nanos(ahead) - Span::from_hours(1);
        let is_summer = self.shown_at(summer) == shown;
        Some(if is_summer { summer } else { shown - Span::from_nanos(ahead) })
    }

    /// When a local day begins; `None` where [`LocalClock::knows`] is false.
    pub fn midnight(self, day: Day) -> Option<Ts> {
        // Asked first: a day far off has no instants to count from.
        self.knows(day).then(|| self.to_utc(day.start()))?
    }

    const fn standard(self) -> Span {
        match self {
            LocalClock::Fixed { minutes } => Span::from_minutes(minutes as i64),
            LocalClock::CentralEurope => Span::from_hours(1),
            LocalClock::NewYork => Span::from_hours(-5),
        }
    }
}

/// The first Sunday on or after a day of a month.
fn sunday_from(year: i32, month: i8, day: i8) -> Day {
    let first = Day::from_ymd(year as i16, month, day).unwrap_or(Day::from_number(0));
    first.plus(6 - first.weekday() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Calendar;

    fn at(day: &str, hour: i64, minute: i64) -> Ts {
        day.parse::<Day>().unwrap().start() + Span::from_minutes(hour * 60 + minute)
    }

    #[test]
    fn clocks_change_when_the_law_says() {
        let hours = |clock: LocalClock, at| clock.ahead_at(at).seconds() / 3_600.0;
        let cases = [
            (LocalClock::CentralEurope, at("2024-03-31", 0, 59), 1.0),
            (LocalClock::CentralEurope, at("2024-03-31", 1, 0), 2.0),
            (LocalClock::CentralEurope, at("2024-10-27", 0, 59), 2.0),
            (LocalClock::CentralEurope, at("2024-10-27", 1, 0), 1.0),
            (LocalClock::NewYork, at("2025-03-09", 6, 59), -5.0),
            (LocalClock::NewYork, at("2025-03-09", 7, 0), -4.0),
            (LocalClock::NewYork, at("2025-11-02", 5, 59), -4.0),
            (LocalClock::NewYork, at("2025-11-02", 6, 0), -5.0),
            (LocalClock::Fixed { minutes: 330 }, at("2025-01-01", 0, 0), 5.5),
        ];
        for (clock, at, wanted) in cases {
            assert_eq!(hours(clock, at), wanted, "{clock:?} {at}");
        }
    }

    #[test]
    fn each_session_of_two_decades_opens_at_its_local_hour() {
        let opens = [
            ("XNYS", LocalClock::NewYork, 9 * 60 + 30),
            ("XETR", LocalClock::CentralEurope, 9 * 60),
        ];
        for (code, clock, minute) in opens {
            let days = ["2007-01-01", "2027-12-31"].map(|text| text.parse::<Day>().unwrap());
            let sessions = Calendar::of(code).unwrap().between(days[0], days[1]);
            assert!(sessions.len() > 4_000, "{code}");
            for session in sessions {
                let local = session.day.start() + Span::from_minutes(minute);
                assert_eq!(clock.to_utc(local), Some(session.open), "{code} {}", session.day);
            }
        }
    }

    #[test]
    fn what_comes_twice_is_taken_the_first_time_and_what_is_left_out_by_winter() {
        let utc = |day, hour, minute| LocalClock::NewYork.to_utc(at(day, hour, minute)).unwrap();
        assert_eq!(utc("2025-11-02", 1, 30), at("2025-11-02", 5, 30));
        assert_eq!(utc("2025-11-02", 2, 0), at("2025-11-02", 7, 0));
        assert_eq!(utc("2025-03-09", 2, 30), at("2025-03-09", 7, 30));
        assert_eq!(utc("2025-03-09", 3, 0), at("2025-03-09", 7, 0));
    }

    #[test]
    fn another_law_and_days_without_instants_are_not_guessed() {
        let clock = LocalClock::NewYork;
        assert_eq!(clock.midnight("2006-12-31".parse().unwrap()), None);
        let midnight = clock.midnight("2012-06-21".parse().unwrap());
        assert_eq!(midnight, Some(at("2012-06-21", 4, 0)));
        for day in [Day::MIN, Day::MAX, "9999-01-01".parse().unwrap()] {
            assert_eq!(clock.midnight(day), None);
        }
        for at in [Ts::MIN, Ts::MAX] {
            assert_eq!(LocalClock::CentralEurope.to_utc(at), None);
        }
    }
}
