//! What each candle does to certificates, whoever holds them.

use market::{Price, Side};
use pricing::knockout::MonthTurn;
use sim::knockout::{IssuerRules, MeanRange, Print};

/// A candle and the issuer's rules at its time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scene {
    pub(super) open: f64,
    pub(super) high: f64,
    pub(super) low: f64,
    pub(super) close: f64,
    /// Spread in points at its opening, and at its end.
    pub(super) spread: (f64, f64),
    /// Whether the issuer quotes when it begins.
    pub(super) quoted: bool,
    /// Whether a touch in it kills.
    pub(super) watched: bool,
    /// Calendar days since the candle before; zero within a day.
    pub(super) nights: u32,
    /// Whether a month begins with it.
    pub(super) turn: MonthTurn,
}

impl Scene {
    /// The price at which a side suffers most.
    pub(super) fn worst(&self, side: Side) -> f64 {
        match side {
            Side::Long => self.low,
            Side::Short => self.high,
        }
    }
}

/// One scene a print; the prints are checked and in order.
pub(super) fn scenes(prints: &[Print], rules: &IssuerRules) -> Vec<Scene> {
    let clock = rules.index_hours.clock;
    let day = |print: &Print| clock.shown_at(print.begins()).utc_day();
    let mut range = MeanRange::default();
    let mut before = None;
    let scene = |print: &Print| {
        let (bar, begins, today) = (print.bar(), print.begins(), day(print));
        let yesterday = before.replace(today).unwrap_or(today);
        let at_opening = rules.spread_points(begins, range.points());
        range.take(&bar);
        let month = |day: base::Day| (day.year(), day.month());
        let same_month = month(yesterday) == month(today);
        let [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close].map(Price::to_f64);
        Scene {
            open,
            high,
            low,
            close,
            spread: (at_opening, rules.spread_points(print.ends(), range.points())),
            quoted: rules.hours.session(begins).is_some(),
            watched: rules.watches(begins),
            nights: (today - yesterday).max(0) as u32,
            turn: if same_month { MonthTurn::Within } else { MonthTurn::Begins },
        }
    };
    prints.iter().map(scene).collect()
}
