//! Opening hours on a local clock.

use base::{Day, Span, Ts};
use serde::{Deserialize, Serialize};

use crate::Error;

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

    /// How far it is ahead of UTC.
    pub fn ahead_at(self, at: Ts) -> Span {
        let year = at.utc_day().year();
        let (standard, summer) = match self {
            LocalClock::Fixed { minutes } => return Span::from_minutes(i64::from(minutes)),
            LocalClock::CentralEurope => {
                let hour = Span::from_hours(1);
                (1, (sunday_from(year, 3, 25), hour, sunday_from(year, 10, 25), hour))
            }
            LocalClock::NewYork => {
                let (begins, ends) = (Span::from_hours(7), Span::from_hours(6));
                (-5, (sunday_from(year, 3, 8), begins, sunday_from(year, 11, 1), ends))
            }
        };
        let (begins, begins_at, ends, ends_at) = summer;
        let is_summer = at >= begins.start() + begins_at && at < ends.start() + ends_at;
        Span::from_hours(standard + i64::from(is_summer))
    }
}

/// The first Sunday on or after a day of a month.
fn sunday_from(year: i32, month: i8, day: i8) -> Day {
    let first = Day::from_ymd(year as i16, month, day).unwrap_or(Day::MIN);
    first.plus(6 - first.weekday() as i32)
}

/// When something is open: Monday to Friday, from one time of day to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The clock by which it opens.
    pub clock: LocalClock,
    /// Minutes since local midnight of the opening; this minute is within.
    pub opens_minute: u32,
    /// Minutes since local midnight of the close; this minute is outside.
    pub closes_minute: u32,
    /// Local days on which it stays shut, ascending.
    pub holidays: Vec<Day>,
}

impl Hours {
    /// A certificate's issuer in Frankfurt: 08:00 to 22:00.
    pub fn issuer() -> Hours {
        Hours::of(LocalClock::CentralEurope, 8 * 60, 22 * 60)
    }

    /// The DAX on Xetra: 09:00 to 17:30.
    pub fn dax() -> Hours {
        Hours::of(LocalClock::CentralEurope, 9 * 60, 17 * 60 + 30)
    }

    /// Shares in New York, and the NASDAQ-100: 09:30 to 16:00.
    pub fn new_york() -> Hours {
        Hours::of(LocalClock::NewYork, 9 * 60 + 30, 16 * 60)
    }

    /// Open on all weekdays between two minutes of the local day.
    pub fn of(clock: LocalClock, opens_minute: u32, closes_minute: u32) -> Hours {
        Hours { clock, opens_minute, closes_minute, holidays: Vec::new() }
    }

    /// Refuses hours that no day has.
    pub fn check(&self) -> Result<(), Error> {
        let (opens, closes) = (f64::from(self.opens_minute), f64::from(self.closes_minute));
        crate::check_range("opens_minute", opens, (0.0, 1439.0), "within a day")?;
        let allowed = "after the opening, within a day";
        crate::check_range("closes_minute", closes, (opens + 1.0, 1440.0), allowed)?;
        if self.holidays.is_sorted() {
            return Ok(());
        }
        let (field, value) = ("holidays", self.holidays.len() as f64);
        Err(Error::ReadSetting { field, value, allowed: "a list in ascending order" })
    }

    /// The local day, where it is open at this instant.
    pub fn session(&self, at: Ts) -> Option<Day> {
        let shown = self.clock.shown_at(at);
        let (day, minute) = (shown.utc_day(), shown.time_of_day().nanos() / NANOS_PER_MINUTE);
        let within =
            (i64::from(self.opens_minute)..i64::from(self.closes_minute)).contains(&minute);
        let works = day.weekday() < 5 && self.holidays.binary_search(&day).is_err();
        (within && works).then_some(day)
    }

    /// Time since today's opening, where it is open.
    pub fn since_opening(&self, at: Ts) -> Option<Span> {
        self.session(at)?;
        let opened = Span::from_minutes(i64::from(self.opens_minute)).nanos();
        Some(Span::from_nanos(self.clock.shown_at(at).time_of_day().nanos() - opened))
    }
}

const NANOS_PER_MINUTE: i64 = 60_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

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
    fn the_dax_opens_at_nine_in_summer_and_winter_and_not_on_sundays() {
        let dax = Hours::dax();
        let opens = |day, hour, minute| dax.session(at(day, hour, minute)).is_some();
        assert!(!opens("2024-07-01", 6, 59) && opens("2024-07-01", 7, 0));
        assert!(!opens("2024-01-02", 7, 59) && opens("2024-01-02", 8, 0));
        assert!(opens("2024-01-02", 16, 29) && !opens("2024-01-02", 16, 30));
        assert!(!opens("2024-06-30", 10, 0));
        let shut = Hours { holidays: vec!["2024-05-01".parse().unwrap()], ..Hours::dax() };
        assert_eq!(shut.session(at("2024-05-01", 10, 0)), None);
    }

    #[test]
    fn hours_that_no_day_has_are_refused() {
        let day = |text: &str| text.parse().unwrap();
        let cases = [
            Hours::of(LocalClock::CentralEurope, 600, 600),
            Hours::of(LocalClock::CentralEurope, 600, 1441),
            Hours::of(LocalClock::CentralEurope, 1440, 1441),
            Hours { holidays: vec![day("2024-05-02"), day("2024-05-01")], ..Hours::dax() },
        ];
        for hours in cases {
            assert!(hours.check().is_err(), "{hours:?}");
        }
        assert!(Hours::issuer().check().is_ok());
    }
}
