//! Executions: their names, what corrects them, what they cost.
//!
//! An execution is named by `execId`; one that differs behind the last dot only is the same
//! execution, put right. The desk hears of it under the name without that end, so that it has one
//! name whichever was heard first. What it cost comes as a message of its own, mostly a moment
//! later: the desk is told of both at once. Where no cost comes within a while, the execution is
//! told without, and the cost as a payment when it comes. Where it comes while no process of ours is
//! there, the books of the next one tell it with the execution, and the courier finds that it was
//! not paid.

use base::Ts;
use desk::courier::late_fee;
use market::remote::{Execution, Heard};
use market::{BrokerRef, Cash, ClientOrderId, Qty};

use super::Ibkr;
use super::line::{Line, Trade};

/// An execution that was counted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Counted {
    /// The number behind the last dot of the newest version.
    pub version: u32,
    pub cost: Cost,
}

/// What is known of what an execution cost.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cost {
    /// The desk waits for it, and so does the execution.
    Awaited(Box<Execution>, Ts),
    /// The execution was told without it.
    Missing,
    /// It was told.
    Told(Cash),
}

/// The name without its version, and the version.
pub(super) fn cut(id: &str) -> (&str, u32) {
    let cut = id.rsplit_once('.');
    cut.and_then(|(name, version)| Some((name, version.parse().ok()?))).unwrap_or((id, 1))
}

/// The order of an execution or of an order that TWS shows.
pub(super) fn name(reference: &str, permanent: i64) -> ClientOrderId {
    match reference {
        "" => ClientOrderId::from_text(format!("ibkr/{permanent}")),
        reference => ClientOrderId::from_text(reference),
    }
}

impl<L: Line> Ibkr<L> {
    /// An execution in the desk's words; `None` in what it has never heard of.
    pub(super) fn execution(&self, trade: &Trade, fee: Cash) -> Option<Execution> {
        Some(Execution {
            id: BrokerRef(cut(&trade.id).0.to_owned()),
            order: name(&trade.reference, trade.permanent),
            instrument: self.universe.find(&trade.symbol).ok()?,
            at: trade.at,
            qty: trade.qty,
            price: trade.price,
            fee,
            corrects: None,
        })
    }

    /// One that puts another right.
    pub(super) fn correction(&self, trade: &Trade) -> Option<Execution> {
        let execution = self.execution(trade, Cash::ZERO)?;
        let corrects = Some(execution.id.clone());
        Some(Execution { id: BrokerRef(trade.id.clone()), corrects, ..execution })
    }

    /// Takes in an execution, heard or read.
    pub(super) fn traded(&mut self, trade: &Trade) {
        let (base, version) = cut(&trade.id);
        let now = self.now();
        match self.trades.get_mut(base) {
            Some(counted) if counted.version >= version => {}
            Some(counted) => {
                counted.version = version;
                let correction = self.correction(trade);
                self.shelf.heard.extend(correction.map(Heard::Executed));
            }
            None => {
                let Some(execution) = self.execution(trade, Cash::ZERO) else { return };
                self.count(trade, &execution);
                let cost = Cost::Awaited(Box::new(execution), now);
                self.trades.insert(base.to_owned(), Counted { version, cost });
                if let Some(fee) = self.early.remove(&trade.id) {
                    self.charged(&trade.id, fee);
                }
            }
        }
    }

    /// Books an execution to its order, to those of its group, and to what is held.
    fn count(&mut self, trade: &Trade, execution: &Execution) {
        let now = self.now();
        *self.held.entry(execution.instrument).or_default() += trade.qty;
        self.traded_at.insert(execution.instrument, now);
        if trade.is_own
            && let Some(slot) = self.slots.get_mut(&trade.order)
        {
            slot.filled += trade.qty.abs();
            slot.left = (slot.left - trade.qty.abs()).max(Qty::ZERO);
        }
        self.shelf.book(&execution.order, trade.qty.abs());
    }

    /// Takes in what an execution cost. That of a correction is the same cost again.
    pub(super) fn charged(&mut self, id: &str, fee: Cash) {
        let (base, _) = cut(id);
        let Some(counted) = self.trades.get_mut(base) else {
            self.early.insert(id.to_owned(), fee);
            return;
        };
        match std::mem::replace(&mut counted.cost, Cost::Told(fee)) {
            Cost::Awaited(execution, _) => {
                self.shelf.heard.push(Heard::Executed(Execution { fee, ..*execution }));
            }
            Cost::Missing => {
                let paid = late_fee(&BrokerRef(base.to_owned()), fee);
                self.shelf.heard.push(Heard::Paid(paid));
            }
            Cost::Told(told) => counted.cost = Cost::Told(told),
        }
    }

    /// Executions whose cost does not come are told without it.
    pub(super) fn tell_unpriced(&mut self) {
        let (now, wait) = (self.now(), self.waits.fee);
        for counted in self.trades.values_mut() {
            let Cost::Awaited(_, since) = &counted.cost else { continue };
            if now >= *since + wait
                && let Cost::Awaited(execution, _) =
                    std::mem::replace(&mut counted.cost, Cost::Missing)
            {
                self.shelf.heard.push(Heard::Executed(*execution));
            }
        }
    }

    /// What an execution is told to have cost.
    pub(super) fn cost(&self, id: &str) -> Cash {
        match self.trades.get(cut(id).0).map(|counted| &counted.cost) {
            Some(Cost::Told(fee)) => *fee,
            _ => Cash::ZERO,
        }
    }

    /// Whether what it cost is still waited for.
    pub(super) fn is_awaited(&self, id: &str) -> bool {
        let counted = self.trades.get(cut(id).0);
        counted.is_some_and(|counted| matches!(counted.cost, Cost::Awaited(..)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_differs_behind_the_last_dot() {
        assert_eq!(cut("0000e0d5.6596b0a2.01.02"), ("0000e0d5.6596b0a2.01", 2));
        assert_eq!(cut("whole"), ("whole", 1));
        assert_eq!(cut("a.b"), ("a.b", 1));
    }

    #[test]
    fn an_order_placed_elsewhere_has_the_broker_s_number_for_a_name() {
        assert_eq!(name("", 7).as_str(), "ibkr/7");
        assert_eq!(name("tt-x", 7).as_str(), "tt-x");
    }
}
