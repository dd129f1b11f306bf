//! Bars of price and volume, in money and in numbers.

use base::{Day, Rounding, Span, Ts};
use serde::{Deserialize, Serialize};

use crate::{Error, Price};

/// How long a bar is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum BarSize {
    /// One session of the exchange.
    #[default]
    Daily,
    /// So many minutes.
    Minutes(u16),
}

impl BarSize {
    /// Length on the clock; a session counts as 24 hours.
    pub const fn span(self) -> Span {
        match self {
            BarSize::Daily => Span::from_days(1),
            BarSize::Minutes(minutes) => Span::from_minutes(minutes as i64),
        }
    }
}

/// Raw prices of one bar, as traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Bar {
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Units traded; 0 where the source has none.
    pub volume: u64,
}

/// A bar as numbers, in adjusted prices: what features and scanners read.
///
/// Adjusted *forward*: raw price × the factor of all splits and dividends known up to this bar,
/// so a past candle never changes when a later split arrives, and a prefix of the series equals
/// the same part of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Candle {
    /// Trading day.
    pub day: Day,
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Units traded, adjusted for splits; 0 where nothing traded or the source has none.
    pub volume: f64,
}

/// A stretch of bars of one instrument, one size, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// Candles, ascending by day.
    pub candles: Vec<Candle>,
    /// Factor that turned the raw price into the candle's: raw = candle / factor. One a candle.
    pub factors: Vec<f64>,
}

impl Bar {
    /// The nearest bar of money to some raw float prices; refuses what is not a price.
    pub fn from_f64(open: f64, high: f64, low: f64, close: f64) -> Result<Bar, Error> {
        let price = |value| Price::from_f64(value, Rounding::HalfEven);
        let bar = Bar {
            open: price(open)?,
            high: price(high)?,
            low: price(low)?,
            close: price(close)?,
            volume: 0,
        };
        bar.check()?;
        Ok(bar)
    }

    /// Checks that prices are positive and high and low enclose the others.
    pub fn check(&self) -> Result<(), Error> {
        let top = self.open.max(self.close);
        let bottom = self.open.min(self.close);
        if bottom <= Price::ZERO || self.low <= Price::ZERO {
            return Err(Error::CheckBar { fault: "a price is not positive", bar: *self });
        }
        if self.high < top || self.low > bottom {
            return Err(Error::CheckBar { fault: "high and low do not enclose", bar: *self });
        }
        Ok(())
    }
}

impl Candle {
    /// High − low.
    pub fn range(&self) -> f64 {
        self.high - self.low
    }

    /// Wilder's true range against the previous close.
    pub fn true_range(&self, previous_close: f64) -> f64 {
        let up = (self.high - previous_close).abs();
        let down = (self.low - previous_close).abs();
        self.range().max(up).max(down)
    }

    /// The raw bar behind this candle, given the factor of its day.
    pub fn to_bar(&self, factor: f64) -> Result<Bar, Error> {
        let raw = |value: f64| value / factor;
        let mut bar =
            Bar::from_f64(raw(self.open), raw(self.high), raw(self.low), raw(self.close))?;
        bar.volume = (self.volume * factor).max(0.0) as u64;
        Ok(bar)
    }
}

impl Series {
    /// A series whose prices were never adjusted.
    pub fn unadjusted(candles: Vec<Candle>) -> Series {
        let factors = vec![1.0; candles.len()];
        Series { candles, factors }
    }

    /// Position of the last candle on or before the day.
    pub fn position_at(&self, day: Day) -> Option<usize> {
        self.candles.partition_point(|candle| candle.day <= day).checked_sub(1)
    }

    /// The candles from one day to another, both included.
    pub fn between(&self, from: Day, to: Day) -> &[Candle] {
        let start = self.candles.partition_point(|candle| candle.day < from);
        let end = self.candles.partition_point(|candle| candle.day <= to);
        &self.candles[start..end.max(start)]
    }
}

/// A finer bar with its own clock time, for exits decided inside a day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TimedCandle {
    /// When the bar began.
    pub start: Ts,
    /// How long it is.
    pub size: BarSize,
    /// Its prices; `day` is the trading day it belongs to.
    pub candle: Candle,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_bars_are_refused() {
        let cases = [
            (1.0, 0.5, 0.4, 0.6),
            (1.0, 2.0, 1.5, 1.8),
            (0.0, 1.0, 0.0, 1.0),
            (-1.0, 1.0, -1.0, 0.5),
            (1.0, 1e308, 1.0, 1.0),
            (f64::NAN, 1.0, 1.0, 1.0),
        ];
        for (open, high, low, close) in cases {
            assert!(Bar::from_f64(open, high, low, close).is_err(), "{open} {high} {low} {close}");
        }
    }

    #[test]
    fn true_range_counts_the_gap() {
        let candle = Candle { high: 12.0, low: 11.0, ..Candle::default() };
        assert_eq!(candle.true_range(9.0), 3.0);
        assert_eq!(candle.true_range(11.5), 1.0);
    }

    #[test]
    fn between_includes_both_ends() {
        let candle = |n| Candle { day: Day::from_number(n), ..Candle::default() };
        let series = Series::unadjusted((0..10).map(candle).collect());
        let days = series.between(Day::from_number(3), Day::from_number(5));
        assert_eq!(days.len(), 3);
        assert_eq!(series.position_at(Day::from_number(99)), Some(9));
        assert_eq!(series.position_at(Day::from_number(-1)), None);
    }
}
