//! Days and times in all the forms that a Flex Query can be set to.
//!
//! Source: ibkrguides.com, "Activity Flex Queries", delivery configuration: dates as `yyyyMMdd`,
//! `yyyy-MM-dd`, `MM/dd/yyyy`, `MM/dd/yy`, `dd/MM/yyyy`, `dd/MM/yy`, `dd-MMM-yy`; times as `HHmmss`
//! or `HH:mm:ss`, each with or without a zone; between them a semicolon, a comma, a blank or
//! nothing.

use base::{Day, Ts};
use jiff::civil::{Date, Time};

use crate::gateway::Zone;

/// What stands before the first slash of a date. The text itself does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slashes {
    /// The month, as in `MM/dd/yyyy`.
    MonthFirst,
    /// The day, as in `dd/MM/yyyy`.
    DayFirst,
}

/// What a statement does not say of its own times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The zone of times that bear none.
    pub zone: Zone,
    /// How dates with slashes are written; where nothing is said they are refused.
    pub slashes: Option<Slashes>,
}

impl Default for Reading {
    fn default() -> Reading {
        Reading { zone: Zone::NewYork, slashes: None }
    }
}

/// A day, and the instant where a time was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// As written, by the clock of its zone.
    pub day: Day,
    /// The instant.
    pub at: Option<Ts>,
}

/// Why a text is no time.
pub(super) type Why = &'static str;

const NO_DAY: Why = "no date";
const NO_TIME: Why = "no time";
const SLASHES: Why = "a date with slashes may be read two ways: set the query to yyyyMMdd";

/// A day, with or without a time behind it.
pub(super) fn moment(text: &str, reading: &Reading) -> Result<Moment, Why> {
    let (day, rest) = split(text).ok_or(NO_DAY)?;
    let date = date(day, reading)?;
    let day = Day::from_ymd(date.year(), date.month(), date.day()).ok_or(NO_DAY)?;
    if rest.is_empty() {
        return Ok(Moment { day, at: None });
    }
    let (time, zone) = time(rest)?;
    let at = match zone {
        Some(minutes) => {
            let at = Zone::Utc.when(date.to_datetime(time)).ok_or(NO_TIME)?;
            Ts::from_nanos(at.nanos().saturating_sub(minutes * 60 * 1_000_000_000))
        }
        None => reading.zone.when(date.to_datetime(time)).ok_or(NO_TIME)?,
    };
    Ok(Moment { day, at: Some(at) })
}

/// The date, and what follows without what parts them.
fn split(text: &str) -> Option<(&str, &str)> {
    if !text.is_ascii() {
        return None;
    }
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let parts = |at: usize| match bytes[at] {
        b';' | b',' | b' ' => true,
        b'T' => at > 0 && digit(at - 1) && digit(at + 1),
        _ => false,
    };
    if let Some(at) = (0..bytes.len()).find(|at| parts(*at)) {
        return Some((&text[..at], text[at + 1..].trim_start()));
    }
    // Nothing between date and time.
    let length = match (bytes.len(), bytes.get(4)) {
        (14 | 16, Some(byte)) if byte.is_ascii_digit() => 8,
        (16 | 18, Some(b'-')) => 10,
        _ => bytes.len(),
    };
    Some(text.split_at(length))
}

fn number(text: &str) -> Option<i16> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// Two digits are a year of this century.
fn year(text: &str) -> Option<i16> {
    match text.len() {
        2 => number(text).map(|year| 2_000 + year),
        4 => number(text),
        _ => None,
    }
}

fn date(text: &str, reading: &Reading) -> Result<Date, Why> {
    let made = |year: Option<i16>, month: Option<i16>, day: Option<i16>| {
        let (month, day) = (i8::try_from(month?).ok()?, i8::try_from(day?).ok()?);
        Date::new(year?, month, day).ok()
    };
    let parts: Vec<&str> = text.split(['/', '-']).collect();
    let found = match parts[..] {
        [a, b, c] if text.contains('/') => match reading.slashes {
            None => return Err(SLASHES),
            Some(Slashes::MonthFirst) => made(year(c), number(a), number(b)),
            Some(Slashes::DayFirst) => made(year(c), number(b), number(a)),
        },
        [a, b, c] if a.len() == 4 => made(year(a), number(b), number(c)),
        [a, b, c] => made(year(c), month(b), number(a)),
        [all] if all.len() == 8 => made(number(&all[..4]), number(&all[4..6]), number(&all[6..])),
        _ => None,
    };
    found.ok_or(NO_DAY)
}

fn month(name: &str) -> Option<i16> {
    const NAMES: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let found = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name))?;
    i16::try_from(found + 1).ok()
}

/// A time of day, and how many minutes its zone is ahead of UTC where it bears one.
fn time(text: &str) -> Result<(Time, Option<i64>), Why> {
    let digits = |c: char| c.is_ascii_digit() || c == ':';
    let end = text.find(|c| !digits(c)).unwrap_or(text.len());
    let (time, zone) = text.split_at(end);
    let time = match *time.as_bytes() {
        [_, _, b':', _, _, b':', _, _] => time.replace(':', ""),
        _ => time.to_owned(),
    };
    if time.len() != 6 {
        return Err(NO_TIME);
    }
    let part = |at: usize| number(&time[at..at + 2]).and_then(|part| i8::try_from(part).ok());
    let (Some(hour), Some(minute), Some(second)) = (part(0), part(2), part(4)) else {
        return Err(NO_TIME);
    };
    let time = Time::new(hour, minute, second, 0).map_err(|_| NO_TIME)?;
    let zone = zone.trim();
    Ok((time, if zone.is_empty() { None } else { Some(ahead(zone)?) }))
}

/// Minutes by which a zone is ahead of UTC.
fn ahead(zone: &str) -> Result<i64, Why> {
    const NAMED: [(&str, i64); 10] = [
        ("UTC", 0),
        ("GMT", 0),
        ("Z", 0),
        ("BST", 60),
        ("CET", 60),
        ("CEST", 120),
        ("EST", -300),
        ("EDT", -240),
        ("HKT", 480),
        ("JST", 540),
    ];
    const UNKNOWN: Why = "a zone that is not known: set the query to times without one";
    if let Some((_, minutes)) = NAMED.iter().find(|(name, _)| *name == zone) {
        return Ok(*minutes);
    }
    let sign = match zone.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return Err(UNKNOWN),
    };
    let digits = zone[1..].replace(':', "");
    let (hours, minutes) = match digits.len() {
        4 => (number(&digits[..2]), number(&digits[2..])),
        _ => (None, None),
    };
    match (hours, minutes) {
        (Some(hours @ 0..=14), Some(minutes @ 0..60)) => Ok(sign * i64::from(hours * 60 + minutes)),
        _ => Err(UNKNOWN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, slashes: Option<Slashes>) -> String {
        let reading = Reading { slashes, ..Reading::default() };
        match moment(text, &reading) {
            Ok(Moment { day, at: None }) => day.to_string(),
            Ok(Moment { at: Some(at), .. }) => at.to_string(),
            Err(why) => why.to_owned(),
        }
    }

    #[test]
    fn all_forms_of_a_query_say_the_same() {
        let winter = "2026-01-05T14:31:02Z";
        for text in [
            "20260105;093102",
            "20260105,093102",
            "20260105 093102",
            "20260105093102",
            "20260105, 09:31:02",
            "2026010509:31:02",
            "2026-01-05;09:31:02",
            "2026-01-0509:31:02",
            "2026-01-05093102",
            "2026-01-05T09:31:02",
            "2026-01-05T09:31:02-0500",
            "2026-01-05 09:31:02 EST",
            "20260105;143102 UTC",
            "20260105;15:31:02 CET",
            "2026-01-05T15:31:02+01:00",
            "05-Jan-26;093102",
            "05-JAN-2026 09:31:02",
        ] {
            assert_eq!(told(text, None), winter, "{text}");
        }
        assert_eq!(told("20260705;093102", None), "2026-07-05T13:31:02Z");
        assert_eq!(told("20260705;093102 EDT", None), "2026-07-05T13:31:02Z");
        assert_eq!(told("05-OCT-26", None), "2026-10-05");
        assert_eq!(told("2026-01-05", None), "2026-01-05");
        // The day is the one on the wall, not that of UTC.
        let late = moment("20260105;203000", &Reading::default()).unwrap();
        assert_eq!(late.day.to_string(), "2026-01-05");
    }

    #[test]
    fn slashes_are_read_only_where_it_is_said_how() {
        let (month, day) = (Some(Slashes::MonthFirst), Some(Slashes::DayFirst));
        assert_eq!(told("01/05/2026;093102", month), "2026-01-05T14:31:02Z");
        assert_eq!(told("05/01/26 09:31:02", day), "2026-01-05T14:31:02Z");
        assert_eq!(told("01/05/2026", None), SLASHES);
        assert_eq!(told("13/05/2026", month), NO_DAY);
    }

    #[test]
    fn what_is_no_time_says_so() {
        for text in ["", "yesterday", "2026", "20261301", "2026-02-30", "1-2", "20-Foo-26", "é"] {
            assert_eq!(told(text, None), NO_DAY, "{text}");
        }
        for text in ["20260105;9", "20260105;250000", "20260105;09:3102", "20260105;::::::"] {
            assert_eq!(told(text, None), NO_TIME, "{text}");
        }
        assert!(told("20260105;093102 XYZ", None).contains("zone"));
        assert!(told("20260105;093102+9900", None).contains("zone"));
    }
}
