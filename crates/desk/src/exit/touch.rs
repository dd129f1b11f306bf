//! Closing on the price of another instrument: a spread on that of its share (BRK-25), a pair on
//! that of its index. The engine holds it, so it works alike at every broker.

use base::Ts;
use market::{Bar, InstrumentId, Price};
use serde::{Deserialize, Serialize};

use super::keeper::{ExitReason, Keeper};
use crate::ledger::divided;

/// When everything of a plan is closed at the market, and its entry taken back if it still waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseOn {
    /// Whose price it waits for; a split of it adjusts the price.
    pub instrument: InstrumentId,
    /// The price.
    pub price: Price,
    /// From which side it is touched.
    pub way: Way,
}

/// From which side a price is touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The price rises to it or beyond.
    Rises,
    /// The price falls to it or beyond.
    Falls,
}

impl CloseOn {
    fn is_touched(&self, low: Price, high: Price) -> bool {
        match self.way {
            Way::Rises => high >= self.price,
            Way::Falls => low <= self.price,
        }
    }
}

impl Keeper {
    /// The instrument whose price it waits for.
    pub fn watched(&self) -> Option<InstrumentId> {
        self.plan.close_on.map(|close| close.instrument)
    }

    /// Whether it waits for a price of that instrument.
    pub fn waits_for(&self, instrument: InstrumentId) -> bool {
        self.watched() == Some(instrument)
    }

    /// Takes in a bar of the instrument that it waits for. Of a bar in which the entry filled only
    /// the close surely came after it.
    pub fn on_watched_bar(&mut self, start: Ts, bar: &Bar) {
        let Some(close) = self.plan.close_on else { return };
        let whole = self.opened_at.is_none_or(|opened| start >= opened);
        let (low, high) = if whole { (bar.low, bar.high) } else { (bar.close, bar.close) };
        if close.is_touched(low, high) {
            self.leave(ExitReason::Touched);
        }
    }

    /// The instrument that it waits for was split.
    pub fn on_watched_split(&mut self, ratio: f64) {
        if let Some(close) = &mut self.plan.close_on {
            close.price = divided(close.price, ratio);
        }
    }
}
