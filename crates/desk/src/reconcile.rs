//! Our account held against the broker's (EXE-3).

use std::collections::BTreeSet;

use market::remote::Books;
use market::{Cash, ClientOrderId, Currency, InstrumentId, Qty};

use crate::journal::State;

/// Something that is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// Cash.
    Cash {
        /// What we booked.
        ours: Cash,
        /// What the broker holds.
        theirs: Cash,
    },
    /// A position.
    Position {
        /// Of what.
        instrument: InstrumentId,
        /// What we booked.
        ours: Qty,
        /// What the broker holds.
        theirs: Qty,
    },
    /// An order that waits at the broker and that we do not know.
    Stranger {
        /// Its name.
        order: ClientOrderId,
        /// What it trades.
        instrument: InstrumentId,
    },
    /// An order that we take to be waiting, and the broker does not.
    Missing {
        /// Its name.
        order: ClientOrderId,
        /// What it trades.
        instrument: InstrumentId,
    },
}

impl Difference {
    /// What to open nothing in until it is settled; none for the whole account.
    pub fn instrument(&self) -> Option<InstrumentId> {
        match self {
            Difference::Cash { .. } => None,
            Difference::Position { instrument, .. }
            | Difference::Stranger { instrument, .. }
            | Difference::Missing { instrument, .. } => Some(*instrument),
        }
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Difference::Cash { ours, theirs } => {
                write!(f, "cash: we have {ours}, the broker has {theirs}")
            }
            Difference::Position { instrument, ours, theirs } => {
                let number = instrument.0;
                write!(f, "instrument {number}: we hold {ours}, the broker holds {theirs}")
            }
            Difference::Stranger { order, .. } => {
                write!(f, "order {order} waits at the broker and is not known here")
            }
            Difference::Missing { order, .. } => {
                write!(f, "order {order} is taken to wait, and the broker does not know it")
            }
        }
    }
}

/// All that differs, in order. Only of worth while nothing is on its way between the two.
pub fn differences(state: &State, currency: Currency, books: &Books) -> BTreeSet<Difference> {
    let mut found = BTreeSet::new();
    let ours = state.ledger.cash(currency);
    // Brokers tell whole cents, and prices have more decimals than that.
    if (ours - books.cash).abs().raw() >= Cash::SCALE / 100 {
        found.insert(Difference::Cash { ours, theirs: books.cash });
    }
    let held = |id: InstrumentId| state.ledger.position(id).map_or(Qty::ZERO, |it| it.qty);
    let theirs = |id: InstrumentId| {
        let position = books.positions.iter().find(|held| held.instrument == id);
        position.map_or(Qty::ZERO, |held| held.qty)
    };
    let mine = state.ledger.positions().map(|(id, _)| id);
    for instrument in mine.chain(books.positions.iter().map(|held| held.instrument)) {
        let (ours, theirs) = (held(instrument), theirs(instrument));
        if ours != theirs {
            found.insert(Difference::Position { instrument, ours, theirs });
        }
    }
    let open = || books.orders.iter().filter(|report| !report.state.is_done());
    for report in open().filter(|report| state.orders.get(&report.order).is_none()) {
        let (order, instrument) = (report.order.clone(), report.instrument);
        found.insert(Difference::Stranger { order, instrument });
    }
    for order in state.orders.iter() {
        if !open().any(|report| report.order == order.request.id) {
            let (order, instrument) = (order.request.id.clone(), order.request.instrument);
            found.insert(Difference::Missing { order, instrument });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cash_differs(theirs: &str) -> bool {
        let books = Books { cash: theirs.parse().unwrap(), ..Books::default() };
        !differences(&State::default(), Currency::USD, &books).is_empty()
    }

    #[test]
    fn cash_differs_from_a_cent_on() {
        assert!(!cash_differs("0"));
        assert!(!cash_differs("0.0099"));
        assert!(!cash_differs("-0.0099"));
        assert!(cash_differs("0.01"));
        assert!(cash_differs("-0.01"));
    }
}
