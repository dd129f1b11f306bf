//! What is seen of an index: ticks and candles.

use base::{Span, Ts};
use market::{Bar, BarSize, Evidence, FillRule, Price};
use serde::{Deserialize, Serialize};

use crate::Error;

/// A piece of the path of an index, the finest that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Print {
    /// One price.
    Tick {
        /// When it was.
        at: Ts,
        /// When it could be seen.
        known: Ts,
        /// The price.
        price: Price,
    },
    /// All prices of a time, shortened to four.
    Candle {
        /// When it began.
        start: Ts,
        /// When it ended.
        end: Ts,
        /// When it could be seen, not before its end.
        known: Ts,
        /// Its prices.
        bar: Bar,
    },
}

impl Print {
    /// When its first price was.
    pub fn begins(&self) -> Ts {
        match self {
            Print::Tick { at, .. } => *at,
            Print::Candle { start, .. } => *start,
        }
    }

    /// When its last price was.
    pub fn ends(&self) -> Ts {
        match self {
            Print::Tick { at, .. } => *at,
            Print::Candle { end, .. } => *end,
        }
    }

    /// When it could be seen.
    pub fn known(&self) -> Ts {
        match self {
            Print::Tick { known, .. } | Print::Candle { known, .. } => *known,
        }
    }

    /// Its prices; a tick's are all the same.
    pub fn bar(&self) -> Bar {
        match self {
            Print::Tick { price, .. } => {
                Bar { open: *price, high: *price, low: *price, close: *price, volume: 0 }
            }
            Print::Candle { bar, .. } => *bar,
        }
    }

    /// True for a print with an inside.
    pub fn is_candle(&self) -> bool {
        matches!(self, Print::Candle { .. })
    }

    /// The print as evidence for a broker's answer; a tick is a bar of zero minutes.
    pub(super) fn evidence(&self, rule: FillRule) -> Evidence {
        let minutes = (self.ends() - self.begins()).nanos() / Span::from_minutes(1).nanos();
        let bar_size = BarSize::Minutes(u16::try_from(minutes).unwrap_or(u16::MAX));
        Evidence { bar_start: self.begins(), bar_known: self.known(), bar_size, rule }
    }

    /// Refuses a print that no index makes, or that comes before one already seen.
    pub(super) fn check(&self, last: Option<&Print>) -> Result<(), Error> {
        let fault = if self.bar().check().is_err() {
            Some("prices are not positive, or high and low do not enclose them")
        } else if self.is_candle() && self.ends() <= self.begins() {
            Some("it ends before it began")
        } else if self.known() < self.ends() {
            Some("it was known before it ended")
        } else {
            last.and_then(|last| {
                let back = self.begins() < last.ends() || self.known() < last.known();
                back.then_some("time goes backwards: it overlaps the one before")
            })
        };
        match fault {
            None => Ok(()),
            Some(fault) => Err(Error::ReadPrint { begins: self.begins(), fault }),
        }
    }
}
