//! New York time, as it is since 2007.

use base::{Day, Span, Ts};
use market::Calendar;

/// What New York's clock lags behind UTC on a day, taken at noon. `None` before 2007, when the
/// rule was another one.
///
/// Energy Policy Act of 2005, section 110: four hours from the second Sunday of March to the
/// first Sunday of November, else five.
pub fn behind_utc(day: Day) -> Option<Span> {
    let (year, _, _) = day.ymd();
    let year = i16::try_from(year).ok().filter(|year| *year >= 2007)?;
    let begins = sunday_on_or_after(Day::from_ymd(year, 3, 8)?);
    let ends = sunday_on_or_after(Day::from_ymd(year, 11, 1)?);
    let summer = day >= begins && day < ends;
    Some(Span::from_hours(if summer { 4 } else { 5 }))
}

fn sunday_on_or_after(day: Day) -> Day {
    day.plus(6 - day.weekday() as i32)
}

/// A naive New York time stamp, counted from 1970 as if it were UTC, as UTC.
pub fn to_utc(local: Ts) -> Option<Ts> {
    Some(local + behind_utc(local.utc_day())?)
}

/// When the session of a day closes on the New York Stock Exchange; `None` without a session.
pub fn session_close(day: Day) -> Option<Ts> {
    let session = Calendar::of("XNYS").ok()?.session(day).ok()??;
    Some(session.close)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_session_of_two_decades_opens_at_half_past_nine() {
        let calendar = Calendar::of("XNYS").unwrap();
        let days = ["2007-01-01", "2027-12-31"].map(|text| text.parse::<Day>().unwrap());
        let sessions = calendar.between(days[0], days[1]);
        assert!(sessions.len() > 5_000);
        for session in sessions {
            let local = session.day.start() + Span::from_minutes(9 * 60 + 30);
            assert_eq!(to_utc(local), Some(session.open), "{}", session.day);
        }
    }

    #[test]
    fn the_rule_before_2007_is_not_guessed() {
        assert_eq!(behind_utc("2006-12-31".parse().unwrap()), None);
    }
}
