//! The clocks on walls by which the broker tells times.
//!
//! Each is a rule in the form of POSIX, so that a time is read alike on every machine, also on one
//! without a database of zones. The rules hold from 2007 on, longer ago than any statement reaches.

use std::sync::LazyLock;

use base::Ts;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A clock on a wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Zone {
    /// "ET" of the broker's pages.
    NewYork,
    /// "CET" of the broker's pages, in summer too.
    Zurich,
    /// "HKT".
    HongKong,
    /// Everywhere.
    Utc,
}

impl Zone {
    /// The rule: offset, and where summer time begins and ends.
    const fn rule(self) -> &'static str {
        match self {
            Zone::NewYork => "EST5EDT,M3.2.0,M11.1.0",
            Zone::Zurich => "CET-1CEST,M3.5.0,M10.5.0/3",
            Zone::HongKong => "HKT-8",
            Zone::Utc => "UTC0",
        }
    }

    fn zone(self) -> &'static TimeZone {
        static READ: [LazyLock<TimeZone>; 4] = [
            LazyLock::new(|| read(Zone::NewYork)),
            LazyLock::new(|| read(Zone::Zurich)),
            LazyLock::new(|| read(Zone::HongKong)),
            LazyLock::new(|| read(Zone::Utc)),
        ];
        &READ[self as usize]
    }

    /// What the clock shows.
    pub fn shows(self, at: Ts) -> DateTime {
        let stamp = Timestamp::from_nanosecond(i128::from(at.nanos()));
        // All of `Ts` lies between the years 1677 and 2262.
        self.zone().to_datetime(stamp.unwrap_or_default())
    }

    /// When the clock shows that: the first of two times where it is shown twice, the time by the
    /// old offset where it is never shown. `None` beyond the year 2262 and before 1677.
    pub fn when(self, shown: DateTime) -> Option<Ts> {
        let at = self.zone().to_timestamp(shown).ok()?;
        i64::try_from(at.as_nanosecond()).ok().map(Ts::from_nanos)
    }
}

fn read(zone: Zone) -> TimeZone {
    TimeZone::posix(zone.rule()).expect("each rule above is one")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(text: &str) -> Ts {
        let stamp: Timestamp = text.parse().unwrap();
        Ts::from_nanos(i64::try_from(stamp.as_nanosecond()).unwrap())
    }

    #[test]
    fn walls_follow_summer_and_winter() {
        let cases = [
            (Zone::NewYork, "2026-03-08T06:59:00Z", date(2026, 3, 8).at(1, 59, 0, 0)),
            (Zone::NewYork, "2026-03-08T07:00:00Z", date(2026, 3, 8).at(3, 0, 0, 0)),
            (Zone::NewYork, "2026-11-01T06:00:00Z", date(2026, 11, 1).at(1, 0, 0, 0)),
            (Zone::Zurich, "2026-03-29T01:00:00Z", date(2026, 3, 29).at(3, 0, 0, 0)),
            (Zone::Zurich, "2026-10-25T01:00:00Z", date(2026, 10, 25).at(2, 0, 0, 0)),
            (Zone::HongKong, "2026-07-01T00:00:00Z", date(2026, 7, 1).at(8, 0, 0, 0)),
            (Zone::Utc, "2026-07-01T00:00:00Z", date(2026, 7, 1).at(0, 0, 0, 0)),
        ];
        for (zone, text, shown) in cases {
            assert_eq!(zone.shows(at(text)), shown, "{zone:?} {text}");
        }
    }

    #[test]
    fn a_time_shown_twice_is_the_first_and_one_never_shown_is_by_the_old_offset() {
        let when = |shown| Zone::NewYork.when(shown).unwrap();
        assert_eq!(when(date(2026, 11, 1).at(1, 30, 0, 0)), at("2026-11-01T05:30:00Z"));
        assert_eq!(when(date(2026, 3, 8).at(2, 30, 0, 0)), at("2026-03-08T07:30:00Z"));
        assert_eq!(Zone::Utc.when(date(9999, 1, 1).at(0, 0, 0, 0)), None);
    }
}
