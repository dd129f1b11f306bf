//! What trading cost: a parent order against the market as it was.
//!
//! Everything here looks back: quotes after the order are used to tell what stayed of its impact.
//! It is for reports, never for a decision.
//!
//! Start reading at [`Analysis::of`], then [`Shortfall`].

mod benchmark;
mod series;
mod shortfall;
mod summary;
mod tape;

use base::{Span, Ts};
use market::{Cash, Price, Qty, Side};
use serde::{Deserialize, Serialize};

use crate::Error;

pub use benchmark::{Benchmark, MarkOut};
pub use series::{Series, Step};
pub use shortfall::{Reversion, Shortfall};
pub use summary::{FEWEST_ORDERS, Summary, summarise};
pub use tape::{QuotePoint, Tape, TradePoint};

/// A parent order that is over, and what was done for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// Its name.
    pub id: String,
    /// Bought or sold.
    pub side: Side,
    /// How much was wanted, a magnitude.
    pub qty: Qty,
    /// When it was decided.
    pub decided: Ts,
    /// When it came to the market.
    pub arrived: Ts,
    /// When work on it ended.
    pub ended: Ts,
    /// What was traded, in the order of time.
    pub fills: Vec<ChildFill>,
}

/// A trade done for a parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildFill {
    /// When.
    pub at: Ts,
    /// At what price.
    pub price: Price,
    /// How much, a magnitude.
    pub qty: Qty,
    /// Commission and fees; positive costs money.
    pub fee: Cash,
}

/// Settings of an analysis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Horizons {
    /// How long after the end a price counts as what stayed of the impact.
    pub reversion: Span,
    /// How long after each fill the price is looked at again.
    pub mark_outs: Vec<Span>,
}

/// What one parent order cost. Basis points are of the paper value: quantity wanted × price at the
/// decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// The order's name.
    pub id: String,
    /// Bought or sold.
    pub side: Side,
    /// How much was wanted.
    pub wanted: Qty,
    /// How much was done.
    pub filled: Qty,
    /// Middle of the quotes at the decision.
    pub decision: Price,
    /// Middle of the quotes at the arrival.
    pub arrival: Price,
    /// Mean price paid or received; `None` where nothing was done.
    pub average: Option<f64>,
    /// Quantity wanted × price at the decision.
    pub paper_value: Cash,
    /// The shortfall and its parts.
    pub shortfall: Shortfall,
    /// The market's mean price by volume, from arrival to end.
    pub vwap: Option<Benchmark>,
    /// The middle's mean by time, from arrival to end.
    pub twap: Option<Benchmark>,
    /// Our quantity ÷ the tape's, from arrival to end; `None` where nothing traded. Where the tape
    /// does not show our own trades this may exceed 1.
    pub participation: Option<f64>,
    /// What the price did after our fills, for each horizon asked.
    pub mark_outs: Vec<MarkOut>,
}

impl Analysis {
    /// Analyses an order against the market's quotes and trades around it. Refused with a reason
    /// where the order or the tape can't be true, or where no quote stands at the decision.
    pub fn of(order: &Done, tape: &Tape, horizons: &Horizons) -> Result<Analysis, Error> {
        order.check()?;
        tape.check(&order.id)?;
        let (shortfall, prices) = shortfall::split(order, tape, horizons.reversion)?;
        let filled = order.filled();
        let average = order.average();
        Ok(Analysis {
            id: order.id.clone(),
            side: order.side,
            wanted: order.qty,
            filled,
            decision: prices.decision,
            arrival: prices.arrival,
            average,
            paper_value: prices.decision.times(order.qty),
            shortfall,
            vwap: benchmark::vwap(order, tape, average),
            twap: benchmark::twap(order, tape, average),
            participation: benchmark::participation(order, tape),
            mark_outs: benchmark::mark_outs(order, tape, &horizons.mark_outs),
        })
    }

    /// An amount of money in basis points of the paper value.
    pub fn bps(&self, amount: Cash) -> f64 {
        amount.to_f64() / self.paper_value.to_f64() * 1e4
    }
}

impl Done {
    /// How much was done.
    pub fn filled(&self) -> Qty {
        self.fills.iter().map(|fill| fill.qty).sum()
    }

    /// Mean price of the fills; `None` without fills.
    pub fn average(&self) -> Option<f64> {
        let value: f64 = self.fills.iter().map(|f| f.price.to_f64() * f.qty.to_f64()).sum();
        (!self.fills.is_empty()).then(|| value / self.filled().to_f64())
    }

    fn refuse(&self, fault: impl Into<String>) -> Error {
        Error::AnalyseCosts { parent: self.id.clone(), fault: fault.into() }
    }

    fn check(&self) -> Result<(), Error> {
        if self.qty.raw() <= 0 {
            return Err(self.refuse("its quantity is not positive"));
        }
        if self.arrived < self.decided || self.ended <= self.arrived {
            return Err(self.refuse("it must be decided, then arrive, then end"));
        }
        let (mut before, mut filled) = (self.arrived, 0i128);
        for (at, fill) in self.fills.iter().enumerate() {
            if fill.qty.raw() <= 0 || fill.price.raw() <= 0 {
                return Err(self.refuse(format!("fill {at} has no positive quantity and price")));
            }
            if fill.at < before {
                return Err(self.refuse(format!("fill {at} came before its time")));
            }
            before = fill.at;
            filled += i128::from(fill.qty.raw());
            if filled > i128::from(self.qty.raw()) {
                return Err(self.refuse(format!("fill {at} goes beyond the order")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
