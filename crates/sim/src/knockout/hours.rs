//! Opening hours on a local clock.

use base::{Day, Span, Ts};
use market::LocalClock;
use serde::{Deserialize, Serialize};

use crate::Error;

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
