//! Points and lengths of time, and calendar days.
//!
//! [`Ts`] is UTC nanoseconds since 1970: enough for order books, and good until the year 2262.
//! [`Day`] is a date without a zone: the trading day of a daily bar.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const NANOS_PER_DAY: i64 = 86_400 * NANOS_PER_SECOND;

/// A point in time, UTC nanoseconds since 1970-01-01.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Ts(i64);

/// A length of time in nanoseconds; may be negative.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(i64);

/// A calendar day, counted from 1970-01-01, without a zone. Serialised as `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Day(i32);

impl Ts {
    /// Before every event.
    pub const MIN: Ts = Ts(i64::MIN);
    /// After every event.
    pub const MAX: Ts = Ts(i64::MAX);

    /// From nanoseconds since 1970.
    pub const fn from_nanos(nanos: i64) -> Ts {
        Ts(nanos)
    }

    /// From microseconds since 1970, the unit of tables and stores.
    pub const fn from_micros(micros: i64) -> Ts {
        Ts(micros * 1_000)
    }

    /// From seconds since 1970.
    pub const fn from_seconds(seconds: i64) -> Ts {
        Ts(seconds * NANOS_PER_SECOND)
    }

    /// Nanoseconds since 1970.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Microseconds since 1970, rounded down.
    pub const fn micros(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// The UTC day this instant falls on.
    #[inline]
    pub const fn utc_day(self) -> Day {
        Day(self.0.div_euclid(NANOS_PER_DAY) as i32)
    }

    /// Time since midnight UTC.
    pub const fn time_of_day(self) -> Span {
        Span(self.0.rem_euclid(NANOS_PER_DAY))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// From nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Span {
        Span(nanos)
    }

    /// From seconds.
    pub const fn from_seconds(seconds: i64) -> Span {
        Span(seconds * NANOS_PER_SECOND)
    }

    /// From minutes.
    pub const fn from_minutes(minutes: i64) -> Span {
        Span::from_seconds(minutes * 60)
    }

    /// From hours.
    pub const fn from_hours(hours: i64) -> Span {
        Span::from_seconds(hours * 3_600)
    }

    /// From days of 24 hours.
    pub const fn from_days(days: i64) -> Span {
        Span(days * NANOS_PER_DAY)
    }

    /// Nanoseconds.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Seconds as a fraction.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND as f64
    }
}

impl Day {
    /// Before every day.
    pub const MIN: Day = Day(i32::MIN);
    /// After every day.
    pub const MAX: Day = Day(i32::MAX);

    /// From a count of days since 1970-01-01.
    pub const fn from_number(number: i32) -> Day {
        Day(number)
    }

    /// Days since 1970-01-01; the `date32` of Arrow.
    pub const fn number(self) -> i32 {
        self.0
    }

    /// From year, month and day of month; `None` where the calendar has no such day.
    pub fn from_ymd(year: i16, month: i8, day: i8) -> Option<Day> {
        let date = jiff::civil::Date::new(year, month, day).ok()?;
        Some(Day::from_date(date))
    }

    fn from_date(date: jiff::civil::Date) -> Day {
        // Howard Hinnant, "chrono-compatible low-level date algorithms", days_from_civil.
        let year = i32::from(date.year()) - i32::from(date.month() <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month = (i32::from(date.month()) + 9) % 12;
        let day_of_year = (153 * month + 2) / 5 + i32::from(date.day()) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Day(era * 146_097 + day_of_era - 719_468)
    }

    /// Year and calendar quarter 1–4.
    pub fn quarter(self) -> (i32, u32) {
        let (year, month, _) = self.ymd();
        (year, (month - 1) / 3 + 1)
    }

    /// Year, month 1–12 and day of month 1–31.
    pub fn ymd(self) -> (i32, u32, u32) {
        // Hinnant, civil_from_days.
        let shifted = self.0.saturating_add(719_468);
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_shifted = (5 * day_of_year + 2) / 153;
        let day = (day_of_year - (153 * month_shifted + 2) / 5 + 1) as u32;
        let month = if month_shifted < 10 { month_shifted + 3 } else { month_shifted - 9 } as u32;
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        (year, month, day)
    }

    /// Month, 1–12.
    pub fn month(self) -> u32 {
        self.ymd().1
    }

    /// Year of the common era.
    pub fn year(self) -> i32 {
        self.ymd().0
    }

    /// Day of the week, Monday 0 to Sunday 6.
    pub const fn weekday(self) -> u32 {
        (self.0 + 3).rem_euclid(7) as u32
    }

    /// Number of the week (Monday to Sunday) since 1970; equal for days of one week.
    pub const fn week(self) -> i32 {
        (self.0 + 3).div_euclid(7)
    }

    /// This day moved by a number of calendar days.
    pub const fn plus(self, days: i32) -> Day {
        Day(self.0 + days)
    }

    /// Midnight UTC at the start of this day.
    pub const fn start(self) -> Ts {
        Ts(self.0 as i64 * NANOS_PER_DAY)
    }
}

impl Add<Span> for Ts {
    type Output = Ts;
    fn add(self, span: Span) -> Ts {
        Ts(self.0 + span.0)
    }
}

impl Sub<Span> for Ts {
    type Output = Ts;
    fn sub(self, span: Span) -> Ts {
        Ts(self.0 - span.0)
    }
}

impl Sub for Ts {
    type Output = Span;
    fn sub(self, earlier: Ts) -> Span {
        Span(self.0 - earlier.0)
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0 + other.0)
    }
}

impl Sub for Day {
    type Output = i32;
    fn sub(self, earlier: Day) -> i32 {
        self.0 - earlier.0
    }
}

impl fmt::Display for Ts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds_of_day = self.time_of_day().0 / NANOS_PER_SECOND;
        let (hour, minute) = (seconds_of_day / 3_600, seconds_of_day / 60 % 60);
        let micros = self.time_of_day().0 / 1_000 % 1_000_000;
        write!(f, "{}T{hour:02}:{minute:02}:{:02}", self.utc_day(), seconds_of_day % 60)?;
        if micros != 0 {
            write!(f, ".{micros:06}")?;
        }
        f.write_str("Z")
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Day {
    type Err = Error;
    fn from_str(text: &str) -> Result<Day, Error> {
        let date: jiff::civil::Date =
            text.parse().map_err(|_| Error::ReadDay { text: text.to_owned() })?;
        Ok(Day::from_date(date))
    }
}

impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn day_reads_and_prints_the_same_text() {
        for text in ["1970-01-01", "1998-01-02", "2000-02-29", "2024-12-31", "1927-12-30"] {
            assert_eq!(text.parse::<Day>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn weekday_of_known_days() {
        let cases = [("1970-01-01", 3), ("2024-06-28", 4), ("2024-06-30", 6), ("2024-07-01", 0)];
        for (text, weekday) in cases {
            assert_eq!(text.parse::<Day>().unwrap().weekday(), weekday, "{text}");
        }
    }

    #[test]
    fn a_day_that_no_calendar_has_is_an_error() {
        for text in ["2023-02-29", "2024-13-01", "yesterday", ""] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }

    #[test]
    fn instants_print_as_rfc_3339() {
        let day: Day = "2024-06-28".parse().unwrap();
        let ts = day.start() + Span::from_hours(20) + Span::from_nanos(1_500_000);
        assert_eq!(ts.to_string(), "2024-06-28T20:00:00.001500Z");
        assert_eq!(ts.utc_day(), day);
    }

    proptest! {
        #[test]
        fn civil_round_trip(number in -200_000i32..200_000) {
            let (year, month, day) = Day::from_number(number).ymd();
            let back = Day::from_ymd(year as i16, month as i8, day as i8);
            prop_assert_eq!(back, Some(Day::from_number(number)));
        }
    }
}
