//! The market as it was.

use base::Ts;
use market::{Price, Qty};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Best prices from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotePoint {
    /// From when on.
    pub at: Ts,
    /// Best bid.
    pub bid: Price,
    /// Best ask.
    pub ask: Price,
}

/// A trade of the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradePoint {
    /// When.
    pub at: Ts,
    /// At what price.
    pub price: Price,
    /// How much.
    pub qty: Qty,
}

/// Quotes and trades of one instrument, each in the order of time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tape {
    /// Quotes; a crossed one, and one without both sides, counts as not there.
    pub quotes: Vec<QuotePoint>,
    /// Trades.
    pub trades: Vec<TradePoint>,
}

impl QuotePoint {
    /// True where both sides are there and do not cross.
    pub fn is_whole(&self) -> bool {
        self.bid.raw() > 0 && self.ask >= self.bid
    }

    /// The middle, rounded down to the last decimal of a price.
    pub fn middle(&self) -> Price {
        Price::from_raw(self.bid.raw() + (self.ask.raw() - self.bid.raw()) / 2)
    }
}

impl Tape {
    /// The middle of the last whole quote at or before a moment.
    pub fn middle_at(&self, at: Ts) -> Option<Price> {
        let after = self.quotes.partition_point(|quote| quote.at <= at);
        self.last_whole(after)
    }

    /// The middle of the last whole quote before a moment, not at it: what stood when a trade came,
    /// where the trade's own trace has the same time stamp.
    pub fn middle_before(&self, at: Ts) -> Option<Price> {
        let after = self.quotes.partition_point(|quote| quote.at < at);
        self.last_whole(after)
    }

    /// The middle at a moment that the quotes reach: `None` after the last one, for which nobody
    /// can say whether it still stood.
    pub fn middle_within(&self, at: Ts) -> Option<Price> {
        let reaches = self.quotes.last().is_some_and(|last| last.at >= at);
        reaches.then(|| self.middle_at(at)).flatten()
    }

    /// Trades from a moment on, up to another, both included.
    pub fn trades_between(&self, from: Ts, to: Ts) -> &[TradePoint] {
        let first = self.trades.partition_point(|trade| trade.at < from);
        let last = self.trades.partition_point(|trade| trade.at <= to);
        &self.trades[first..last.max(first)]
    }

    fn last_whole(&self, before: usize) -> Option<Price> {
        self.quotes[..before].iter().rev().find(|quote| quote.is_whole()).map(QuotePoint::middle)
    }

    pub(super) fn check(&self, parent: &str) -> Result<(), Error> {
        let refuse = |fault: &str| {
            Err(Error::AnalyseCosts { parent: parent.to_owned(), fault: fault.to_owned() })
        };
        if self.quotes.windows(2).any(|pair| pair[1].at < pair[0].at) {
            return refuse("its quotes are not in the order of time");
        }
        if self.trades.windows(2).any(|pair| pair[1].at < pair[0].at) {
            return refuse("its trades are not in the order of time");
        }
        match self.trades.iter().any(|trade| trade.qty.raw() <= 0 || trade.price.raw() <= 0) {
            true => refuse("a trade has no positive quantity and price"),
            false => Ok(()),
        }
    }
}
