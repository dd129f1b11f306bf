//! When the broker, or Gateway, is away as planned.
//!
//! Source: interactivebrokers.com, "System Status", reset times by region: as published in 2024
//! (23:45 to 00:45 ET) and since (00:15 to 01:45 ET); both are kept, since an account's servers may
//! follow either. ibkrguides.com, "Auto Restart Considerations": tokens of a login end each Sunday
//! at 01:00 ET, the first login after that needs a person.

use base::Ts;
use jiff::ToSpan as _;
use jiff::civil::Weekday::{self, Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};

use super::zones::Zone;

/// Where the servers of an account are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// Both Americas.
    NorthAmerica,
    /// Europe.
    Europe,
    /// Asia and the Pacific.
    AsiaPacific,
}

/// Why the line may be away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Away {
    /// The broker's servers start anew.
    Reset,
    /// Gateway starts anew, as it was told to.
    Restart,
    /// Gateway waits for a person to log in.
    Login,
}

/// A part of the week in which a lost line is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Why.
    pub away: Away,
    /// By which clock.
    pub zone: Zone,
    /// Days on which it begins.
    pub days: &'static [Weekday],
    /// Hour and minute at which it begins.
    pub from: (i8, i8),
    /// Hour and minute at which it ends; on the next day where that is not later.
    pub until: (i8, i8),
}

const EACH: &[Weekday] = &[Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday];
const BUT_FRIDAY: &[Weekday] = &[Saturday, Sunday, Monday, Tuesday, Wednesday, Thursday];
const BUT_SATURDAY: &[Weekday] = &[Sunday, Monday, Tuesday, Wednesday, Thursday, Friday];

const fn reset(zone: Zone, days: &'static [Weekday], from: (i8, i8), until: (i8, i8)) -> Window {
    Window { away: Away::Reset, zone, days, from, until }
}

/// All regions: from Friday to Saturday.
const WEEKEND: Window = reset(Zone::NewYork, &[Friday], (23, 0), (3, 0));
/// All regions: from the end of last week's tokens until the week's first markets open.
const LOGIN: Window = Window {
    away: Away::Login,
    zone: Zone::NewYork,
    days: &[Sunday],
    from: (1, 0),
    until: (17, 0),
};
const AMERICA: [Window; 2] = [
    reset(Zone::NewYork, BUT_FRIDAY, (23, 45), (0, 45)),
    reset(Zone::NewYork, BUT_SATURDAY, (0, 15), (1, 45)),
];
const EUROPE: [Window; 2] = [
    reset(Zone::Zurich, BUT_FRIDAY, (5, 45), (6, 45)),
    reset(Zone::Zurich, BUT_SATURDAY, (6, 25), (7, 45)),
];
const ASIA: [Window; 4] = [
    reset(Zone::NewYork, BUT_FRIDAY, (16, 45), (17, 45)),
    reset(Zone::HongKong, BUT_FRIDAY, (20, 15), (21, 0)),
    reset(Zone::HongKong, BUT_SATURDAY, (4, 45), (6, 5)),
    reset(Zone::HongKong, BUT_SATURDAY, (20, 15), (21, 15)),
];

impl Region {
    /// The clock that its windows follow.
    pub fn zone(self) -> Zone {
        match self {
            Region::NorthAmerica => Zone::NewYork,
            Region::Europe => Zone::Zurich,
            Region::AsiaPacific => Zone::HongKong,
        }
    }

    /// The windows that the broker publishes.
    pub fn windows(self) -> Vec<Window> {
        let daily: &[Window] = match self {
            Region::NorthAmerica => &AMERICA,
            Region::Europe => &EUROPE,
            Region::AsiaPacific => &ASIA,
        };
        [WEEKEND, LOGIN].iter().chain(daily).copied().collect()
    }
}

impl Window {
    /// Ten minutes from the time of day at which Gateway was told to start anew; `None` where a day
    /// has no such time.
    pub fn restart(zone: Zone, (hour, minute): (i8, i8)) -> Option<Window> {
        let from = jiff::civil::Time::new(hour, minute, 0, 0).ok()?;
        let until = from.wrapping_add(10.minutes());
        let until = (until.hour(), until.minute());
        Some(Window { away: Away::Restart, zone, days: EACH, from: (hour, minute), until })
    }

    /// Whether it is then.
    pub fn holds(&self, at: Ts) -> bool {
        let today = self.zone.shows(at).date();
        let begins = [Some(today), today.yesterday().ok()];
        begins.into_iter().flatten().any(|day| self.holds_from(day, at) == Some(true))
    }

    fn holds_from(&self, day: jiff::civil::Date, at: Ts) -> Option<bool> {
        if !self.days.contains(&day.weekday()) {
            return None;
        }
        let last = if self.until <= self.from { day.tomorrow().ok()? } else { day };
        let from = self.zone.when(day.at(self.from.0, self.from.1, 0, 0))?;
        let until = self.zone.when(last.at(self.until.0, self.until.1, 0, 0))?;
        Some(from <= at && at < until)
    }
}

/// Why the line may be away then; `None` where it should be there. A login counts least, since it
/// is the one for which a person must do something.
pub fn away(windows: &[Window], at: Ts) -> Option<Away> {
    let now = || windows.iter().filter(|window| window.holds(at)).map(|window| window.away);
    now().find(|away| *away != Away::Login).or_else(|| now().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Ts {
        let stamp: jiff::Timestamp = text.parse().unwrap();
        Ts::from_nanos(i64::try_from(stamp.as_nanosecond()).unwrap())
    }

    #[test]
    fn the_windows_of_a_week_in_america_across_both_changes_of_the_clock() {
        let (reset, login) = (Some(Away::Reset), Some(Away::Login));
        let cases = [
            // A Wednesday in winter, five hours behind.
            ("2026-01-15T04:44:59Z", None),
            ("2026-01-15T04:45:00Z", reset),
            ("2026-01-15T06:44:59Z", reset),
            ("2026-01-15T06:45:00Z", None),
            // One in summer, four hours behind.
            ("2026-07-16T03:44:59Z", None),
            ("2026-07-16T03:45:00Z", reset),
            ("2026-07-16T05:45:00Z", None),
            // Friday to Saturday, in winter and in summer.
            ("2026-01-17T03:59:59Z", None),
            ("2026-01-17T04:00:00Z", reset),
            ("2026-01-17T07:59:59Z", reset),
            ("2026-01-17T08:00:00Z", None),
            ("2026-07-18T02:59:59Z", None),
            ("2026-07-18T03:00:00Z", reset),
            ("2026-07-18T07:00:00Z", None),
            // Saturday night into the Sunday on which summer time begins, at 02:00.
            ("2026-03-08T04:45:00Z", reset),
            ("2026-03-08T06:44:59Z", reset),
            ("2026-03-08T06:45:00Z", login),
            ("2026-03-08T20:59:59Z", login),
            ("2026-03-08T21:00:00Z", None),
            // And into the one on which it ends: 01:00 to 02:00 is shown twice.
            ("2026-11-01T03:45:00Z", reset),
            ("2026-11-01T05:44:59Z", reset),
            ("2026-11-01T05:45:00Z", login),
            ("2026-11-01T21:59:59Z", login),
            ("2026-11-01T22:00:00Z", None),
        ];
        let windows = Region::NorthAmerica.windows();
        for (text, wanted) in cases {
            assert_eq!(away(&windows, at(text)), wanted, "{text}");
        }
    }

    #[test]
    fn europe_and_asia_have_hours_of_their_own() {
        let cases = [
            (Region::Europe, "2026-01-14T04:45:00Z", true),
            (Region::Europe, "2026-01-14T06:44:59Z", true),
            (Region::Europe, "2026-01-14T06:45:00Z", false),
            (Region::Europe, "2026-07-15T03:45:00Z", true),
            (Region::Europe, "2026-07-15T05:45:00Z", false),
            // Summer time begins in Europe three weeks after America.
            (Region::Europe, "2026-03-18T04:45:00Z", true),
            (Region::Europe, "2026-03-18T03:45:00Z", false),
            (Region::AsiaPacific, "2026-01-14T12:15:00Z", true),
            (Region::AsiaPacific, "2026-01-14T13:15:00Z", false),
            (Region::AsiaPacific, "2026-01-14T20:45:00Z", true),
            (Region::AsiaPacific, "2026-01-14T22:45:00Z", false),
            (Region::AsiaPacific, "2026-01-14T05:00:00Z", false),
            (Region::NorthAmerica, "2026-01-14T12:15:00Z", false),
        ];
        for (region, text, wanted) in cases {
            assert_eq!(away(&region.windows(), at(text)).is_some(), wanted, "{region:?} {text}");
        }
    }

    #[test]
    fn gateway_restarts_once_a_day_also_over_midnight() {
        let window = Window::restart(Zone::Zurich, (23, 55)).unwrap();
        assert_eq!(window.until, (0, 5));
        assert!(window.holds(at("2026-01-14T22:55:00Z")));
        assert!(window.holds(at("2026-01-14T23:04:59Z")));
        assert!(!window.holds(at("2026-01-14T23:05:00Z")));
        assert!(window.holds(at("2026-07-14T21:55:00Z")));
        assert_eq!(Window::restart(Zone::Utc, (24, 0)), None);
    }
}
