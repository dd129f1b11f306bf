//! Exchange calendars: sessions, holidays, half days, and their hours in UTC.
//!
//! The table beside this file is generated from PyPI `exchange_calendars` and committed, so that
//! no machine needs a time-zone database. `cargo xtask gen calendars` makes it anew and compares.

mod read;

use std::sync::OnceLock;

use base::{Day, Span, Ts};

use crate::Error;

/// One trading session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// The trading day.
    pub day: Day,
    /// When continuous trading begins.
    pub open: Ts,
    /// When it ends.
    pub close: Ts,
    /// True when it closes earlier than a regular session.
    pub half_day: bool,
}

/// The sessions of one exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    code: &'static str,
    sessions: Vec<Session>,
}

impl Calendar {
    /// The calendar of a market identifier code, for example `XNYS`. NASDAQ and NYSE Arca keep
    /// the hours of `XNYS`.
    pub fn of(code: &str) -> Result<&'static Calendar, Error> {
        static TABLE: OnceLock<Vec<Calendar>> = OnceLock::new();
        let table = TABLE.get_or_init(|| read::table(include_str!("table.txt")));
        let wanted = match code {
            "XNAS" | "ARCX" | "XASE" | "BATS" => "XNYS",
            other => other,
        };
        table.iter().find(|calendar| calendar.code == wanted).ok_or_else(|| {
            let known: Vec<&str> = table.iter().map(|calendar| calendar.code).collect();
            Error::FindCalendar { code: code.to_owned(), known: known.join(" ") }
        })
    }

    /// The market identifier code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// First and last day of the table.
    pub fn covers(&self) -> (Day, Day) {
        (self.sessions[0].day, self.sessions[self.sessions.len() - 1].day)
    }

    /// The session of that day; `None` on a day without one.
    pub fn session(&self, day: Day) -> Result<Option<&Session>, Error> {
        self.check(day)?;
        let found = self.sessions.binary_search_by_key(&day, |session| session.day);
        Ok(found.ok().map(|index| &self.sessions[index]))
    }

    /// The first session after that day.
    pub fn next(&self, day: Day) -> Result<&Session, Error> {
        let index = self.sessions.partition_point(|session| session.day <= day);
        self.sessions.get(index).ok_or_else(|| self.outside(day))
    }

    /// The last session before that day.
    pub fn previous(&self, day: Day) -> Result<&Session, Error> {
        let index = self.sessions.partition_point(|session| session.day < day);
        let before = index.checked_sub(1).and_then(|index| self.sessions.get(index));
        before.ok_or_else(|| self.outside(day))
    }

    /// The first session that closes after that time; `None` after the last of the table.
    pub fn closing_after(&self, at: Ts) -> Option<&Session> {
        self.sessions.get(self.sessions.partition_point(|session| session.close <= at))
    }

    /// The sessions from one day to another, both included.
    pub fn between(&self, from: Day, to: Day) -> &[Session] {
        let start = self.sessions.partition_point(|session| session.day < from);
        let end = self.sessions.partition_point(|session| session.day <= to);
        &self.sessions[start..end.max(start)]
    }

    fn check(&self, day: Day) -> Result<(), Error> {
        let (first, last) = self.covers();
        if day < first || day > last { Err(self.outside(day)) } else { Ok(()) }
    }

    fn outside(&self, day: Day) -> Error {
        let (first, last) = self.covers();
        Error::LookUpDay { code: self.code, day, first, last }
    }
}

impl Session {
    /// Length of continuous trading.
    pub fn length(&self) -> Span {
        self.close - self.open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn new_york_hours_follow_daylight_saving() {
        let calendar = Calendar::of("XNYS").unwrap();
        let hours = |text| {
            let session = calendar.session(day(text)).unwrap().unwrap();
            (session.open.to_string(), session.close.to_string())
        };
        assert_eq!(
            hours("2024-01-02"),
            ("2024-01-02T14:30:00Z".to_owned(), "2024-01-02T21:00:00Z".to_owned())
        );
        assert_eq!(hours("2024-07-02").0, "2024-07-02T13:30:00Z");
    }

    #[test]
    fn a_session_that_closes_at_that_very_time_is_over() {
        let calendar = Calendar::of("XNYS").unwrap();
        let friday = calendar.session(day("2024-01-05")).unwrap().unwrap();
        let next = |at| calendar.closing_after(at).unwrap().day;
        assert_eq!(next(friday.close - Span::from_minutes(1)), friday.day);
        assert_eq!(next(friday.close), day("2024-01-08"));
        assert_eq!(calendar.closing_after(Ts::MAX), None);
    }

    #[test]
    fn half_days_close_early() {
        let calendar = Calendar::of("XNAS").unwrap();
        let session = calendar.session(day("2024-07-03")).unwrap().unwrap();
        assert!(session.half_day);
        assert_eq!(session.close.to_string(), "2024-07-03T17:00:00Z");
    }

    #[test]
    fn days_without_a_session() {
        let calendar = Calendar::of("XNYS").unwrap();
        // Independence Day, a Saturday, the mourning of 2001, Sandy, the mourning of 2025.
        for text in ["2024-07-04", "2024-06-29", "2001-09-12", "2012-10-29", "2025-01-09"] {
            assert_eq!(calendar.session(day(text)).unwrap(), None, "{text}");
        }
        assert_eq!(calendar.next(day("2024-07-03")).unwrap().day, day("2024-07-05"));
        assert_eq!(calendar.previous(day("2024-07-05")).unwrap().day, day("2024-07-03"));
    }

    #[test]
    fn a_year_has_its_number_of_sessions() {
        let calendar = Calendar::of("XNYS").unwrap();
        assert_eq!(calendar.between(day("2023-01-01"), day("2023-12-31")).len(), 250);
        assert_eq!(calendar.between(day("2024-01-01"), day("2024-12-31")).len(), 252);
    }

    #[test]
    fn outside_the_table_is_an_error_not_a_holiday() {
        let calendar = Calendar::of("XNYS").unwrap();
        assert!(calendar.session(day("1950-01-03")).is_err());
        assert!(Calendar::of("XXXX").is_err());
    }
}
