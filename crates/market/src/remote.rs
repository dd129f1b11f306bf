//! A broker at the other end of a wire: what is said to it, and what is heard.
//!
//! Messages may be lost, late, doubled and out of order. What is heard therefore names each fact by
//! the broker's own reference, and tells of an order in sums, so that hearing it twice is hearing
//! it once.

use base::Ts;
use serde::{Deserialize, Serialize};

use crate::{Cash, ClientOrderId, Held, InstrumentId, OrderRequest, OrderState, Price, Qty};

/// The broker's own name for a fact: an execution, a correction, a movement of cash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BrokerRef(pub String);

/// What is said to a broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// Take an order. The same client id twice is one order.
    Submit(OrderRequest),
    /// Take it back.
    Cancel(ClientOrderId),
    /// Tell all that is on the account. The answer bears the number.
    AskBooks {
        /// Of this question.
        number: u64,
        /// Orders that ended before then, and executions before then, need not be told.
        since: Ts,
    },
}

/// What is heard from a broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// Where an order stands.
    Order(Report),
    /// A trade was done, or the price of one was corrected.
    Executed(Execution),
    /// Cash moved without a trade.
    Paid(Payment),
    /// The answer to a question for the books.
    Books(Books),
    /// The wire carries messages again.
    Connected,
    /// It carries none.
    Lost,
}

/// Where an order stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The order; a name that we did not give for one placed elsewhere.
    pub order: ClientOrderId,
    /// What it trades.
    pub instrument: InstrumentId,
    /// Its state.
    pub state: OrderState,
    /// Signed quantity filled so far.
    pub filled: Qty,
    /// The broker's words; empty where it gave none.
    pub reason: String,
}

/// A trade done for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// The broker's name for it.
    pub id: BrokerRef,
    /// The order.
    pub order: ClientOrderId,
    /// What was traded.
    pub instrument: InstrumentId,
    /// When.
    pub at: Ts,
    /// Signed quantity.
    pub qty: Qty,
    /// Price.
    pub price: Price,
    /// Commission and fees; positive costs money.
    pub fee: Cash,
    /// The execution whose price this one puts right; its quantity is that one's, not a further
    /// one.
    pub corrects: Option<BrokerRef>,
}

/// Cash that moved without a trade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The broker's name for it.
    pub id: BrokerRef,
    /// The amount; positive is ours.
    pub amount: Cash,
    /// What for.
    pub reason: String,
}

/// All that is on an account at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Books {
    /// The number of the question.
    pub number: u64,
    /// Cash.
    pub cash: Cash,
    /// Positions other than flat.
    pub positions: Vec<Held>,
    /// All open orders, and those that ended since the time asked for.
    pub orders: Vec<Report>,
    /// Executions since then, in the order in which they were done.
    pub executions: Vec<Execution>,
    /// Payments since then.
    pub payments: Vec<Payment>,
}

impl<W: Wire + ?Sized> Wire for Box<W> {
    fn say(&mut self, said: &Said) {
        (**self).say(said);
    }

    fn hear(&mut self, into: &mut Vec<Heard>) {
        (**self).hear(into);
    }

    fn flush(&mut self) {
        (**self).flush();
    }

    fn takes_families(&self) -> bool {
        (**self).takes_families()
    }

    fn recall(&mut self, order: &OrderRequest, filled: Qty, taken: Qty) {
        (**self).recall(order, filled, taken);
    }
}

/// A wire to a broker. Nothing here blocks, and nothing here is certain to arrive.
pub trait Wire {
    /// Says something.
    fn say(&mut self, said: &Said);

    /// Moves out what was heard since the last call.
    fn hear(&mut self, into: &mut Vec<Heard>);

    /// All of this turn was said. A wire that puts orders together does so now.
    fn flush(&mut self) {}

    /// Whether an order and those that sleep under it are said in one turn, so that the broker can
    /// be given them as one. Otherwise each child is said once its parent is known.
    fn takes_families(&self) -> bool {
        false
    }

    /// An order that was said in an earlier life, with the magnitudes of what it had filled and of
    /// what fills of its group had taken off it; older ones come first. Whether it ever arrived,
    /// only the books can say. Wires that keep orders for a broker need it.
    fn recall(&mut self, _order: &OrderRequest, _filled: Qty, _taken: Qty) {}
}
