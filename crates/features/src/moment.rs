//! All that is known at one bar, and the one trait of every calculator.

use base::Day;
use market::Candle;

use crate::pattern::setup::Setup;
use crate::spec::{Input, Spec};

/// Candles that a caller who trims history keeps at least of each series. No feature reads
/// further back, so a trimmed history and a whole one give the same values.
pub const KEPT_BARS: usize = LONGEST_PATTERN_BARS + SEARCHED_BARS;

/// A pattern is shorter than this, from the bar before its rally to its breakout.
pub const LONGEST_PATTERN_BARS: usize = 400;

/// Bars before a pattern that are searched for old touches of its levels, most of a year.
pub const SEARCHED_BARS: usize = 200;

/// All that is known at one bar of one instrument.
///
/// Every slice is ascending by day and ends at or before the current bar, so a feature has no
/// way to look past it. A context slice is empty where there is no such series. It may be *stale*:
/// its last candle older than the current day, because its market was closed or its data are late.
/// A stale series counts as missing; see [`Moment::context`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Moment<'a> {
    /// Candles of the instrument; the last one is the current bar.
    pub own: &'a [Candle],
    /// Candles of its sector's fund.
    pub sector: &'a [Candle],
    /// Candles of the Nasdaq 100 fund.
    pub qqq: &'a [Candle],
    /// Candles of the S&P 500 fund.
    pub spy: &'a [Candle],
    /// Candles of the volatility index.
    pub vix: &'a [Candle],
    /// Market capitalisations as known at this bar.
    pub caps: Option<Caps>,
    /// The breakout setup that this bar confirms, if it does.
    pub setup: Option<&'a Setup>,
}

/// Market capitalisations in US dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Caps {
    /// Of the company.
    pub own: f64,
    /// Of its industry's index.
    pub industry: f64,
    /// Of the S&P 500.
    pub sp500: f64,
}

impl<'a> Moment<'a> {
    /// A moment of which only the instrument's own candles are known.
    pub fn of(own: &'a [Candle]) -> Moment<'a> {
        Moment { own, ..Moment::default() }
    }

    /// The same moment with the setup that its bar confirms.
    pub fn at<'b>(self, setup: &'b Setup) -> Moment<'b>
    where
        'a: 'b,
    {
        Moment { setup: Some(setup), ..self }
    }

    /// The current bar; `None` before the first.
    pub fn candle(&self) -> Option<&'a Candle> {
        self.own.last()
    }

    /// The trading day of the current bar.
    pub fn day(&self) -> Option<Day> {
        self.own.last().map(|candle| candle.day)
    }

    /// The candles of a context series, or `None` unless its last one is of the current day.
    ///
    /// Day-exact on purpose: a return of the stock set against yesterday's return of its sector
    /// is a different quantity, so a late series makes the feature unavailable, not approximate.
    /// [`Input::Own`] gives the own candles; market caps and setups are no series and give `None`.
    pub fn context(&self, input: Input) -> Option<&'a [Candle]> {
        let series = match input {
            Input::Own => self.own,
            Input::Sector => self.sector,
            Input::Qqq => self.qqq,
            Input::Spy => self.spy,
            Input::Vix => self.vix,
            Input::MarketCap | Input::Setup => return None,
        };
        (series.last()?.day == self.day()?).then_some(series)
    }

    /// The last `count` own candles, or `None` where there are fewer.
    pub fn recent(&self, count: usize) -> Option<&'a [Candle]> {
        Some(&self.own[self.own.len().checked_sub(count)?..])
    }
}

/// One calculator: the same code bar by bar in live and over history in training.
pub trait Feature: Send {
    /// What it calculates.
    fn spec(&self) -> &'static Spec;

    /// Takes the next bar. Called exactly once a bar, in order; a moment without an own candle
    /// changes nothing.
    fn update(&mut self, moment: &Moment<'_>);

    /// The value at the last bar taken. `None` means "not available"; it is never filled with
    /// zero, and a value is always finite.
    fn value(&self) -> Option<f64>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candles(days: std::ops::Range<i32>) -> Vec<Candle> {
        days.map(|n| Candle { day: Day::from_number(n), ..Candle::default() }).collect()
    }

    #[test]
    fn a_stale_context_counts_as_missing() {
        let (own, late) = (candles(0..10), candles(0..9));
        let moment = Moment { spy: &late, qqq: &own, ..Moment::of(&own) };
        assert!(moment.context(Input::Spy).is_none());
        assert_eq!(moment.context(Input::Qqq).map(<[Candle]>::len), Some(10));
        assert!(moment.context(Input::Vix).is_none());
    }

    #[test]
    fn recent_gives_the_last_candles_or_none() {
        let own = candles(0..5);
        let moment = Moment::of(&own);
        assert_eq!(moment.recent(2).unwrap()[0].day, Day::from_number(3));
        assert!(moment.recent(6).is_none());
    }
}
