//! Times as the protocol writes them: on a wall in New York, with the wall's name behind.

use base::{Day, Span, Ts};
use market::LocalClock;

/// The name of the wall.
pub(super) const ZONE: &str = "US/Eastern";

/// A day as `20160202`.
pub(super) fn day_text(day: Day) -> String {
    day.to_string().replace('-', "")
}

/// A moment as `20160202 09:31:00`.
fn wall_text(at: Ts) -> String {
    let shown = LocalClock::NewYork.shown_at(at);
    format!("{} {}", day_text(shown.utc_day()), &shown.to_string()[11..19])
}

/// A moment as `20160202 09:31:00 US/Eastern`.
pub(super) fn stamp(at: Ts) -> String {
    format!("{} {ZONE}", wall_text(at))
}

/// Milliseconds since 1970.
pub(super) fn millis(at: Ts) -> i64 {
    at.nanos().div_euclid(1_000_000)
}

/// Seconds since 1970.
pub(super) fn seconds(at: Ts) -> i64 {
    at.nanos().div_euclid(1_000_000_000)
}

/// Reads `20160202`.
pub(super) fn read_day(text: &str) -> Option<Day> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Day::from_ymd(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?)
}

/// Reads `20160202 09:31:00 US/Eastern`, `20160202-14:31:00` (UTC) and forms between them. Without
/// a zone a time with a blank is New York's. A zone that is not known is none.
pub(super) fn read_moment(text: &str) -> Option<Ts> {
    let text = text.trim();
    let (day, rest) = text.split_at_checked(8)?;
    // A day far away has no instants that could be counted.
    let day = read_day(day).filter(|day| LocalClock::NewYork.knows(*day))?;
    let is_universal = rest.starts_with('-');
    let rest = rest.trim_start_matches(['-', ' ']);
    if rest.is_empty() {
        return LocalClock::NewYork.midnight(day);
    }
    let (clock, zone) = rest.split_once(' ').unwrap_or((rest, ""));
    let clock = clock.trim_end_matches('Z');
    let shown = day.start() + time_of_day(clock)?;
    match zone.trim() {
        "" if is_universal => Some(shown),
        "UTC" | "GMT" | "Etc/UTC" | "Z" => Some(shown),
        "" | "US/Eastern" | "America/New_York" | "EST" | "EDT" | "EST5EDT" => {
            LocalClock::NewYork.to_utc(shown)
        }
        _ => None,
    }
}

fn time_of_day(text: &str) -> Option<Span> {
    let mut parts = text.split(':').map(str::parse::<i64>);
    let mut part = |most: i64| match parts.next() {
        None => Some(0),
        Some(value) => value.ok().filter(|value| (0..most).contains(value)),
    };
    let (hours, minutes, seconds) = (part(24)?, part(60)?, part(60)?);
    parts.next().is_none().then(|| Span::from_seconds(hours * 3_600 + minutes * 60 + seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_in_each_of_its_forms() {
        let wanted = Some("2016-02-02T14:31:00Z");
        let cases = [
            ("20160202 09:31:00 US/Eastern", wanted),
            ("20160202 09:31:00 America/New_York", wanted),
            ("20160202 14:31:00 UTC", wanted),
            ("20160202-14:31:00", wanted),
            ("20160202-14:31:00Z", wanted),
            ("20160202 09:31", wanted),
            ("20160202", Some("2016-02-02T05:00:00Z")),
            ("20160202 09:31:00 Mars", None),
            ("20160230 09:31:00", None),
            ("20160202 25:00:00", None),
            ("00010101-00:00:00", None),
            ("99991231 23:59:59 UTC", None),
            ("2016", None),
            ("é2160202 é", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(read_moment(text).map(|at| at.to_string()).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let at = read_moment("20160703-13:31:07").unwrap();
        assert_eq!(stamp(at), "20160703 09:31:07 US/Eastern");
        assert_eq!(read_moment(&stamp(at)), Some(at));
    }
}
