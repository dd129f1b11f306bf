//! What all instruments share: cash, answers waiting to be drained, counts, order names.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use base::{Day, Ts};
use market::{BrokerEvent, Cash, ClientOrderId, InstrumentId, OrderState, Qty};
use serde::{Deserialize, Serialize, Serializer};

use super::book::Working;
use super::{ExchangeStats, FillCost};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// It waits in the book of that instrument.
    Open(InstrumentId),
    /// Nothing more can happen to it; what it filled.
    Done { filled: Qty },
}

/// Filled quantities by order. Every new order asks whether it is in there, and in a long run
/// there are many; nobody walks it but to write it down, and then by name.
type Done = HashMap<ClientOrderId, Qty, BuildHasherDefault<Fold>>;

/// Folds names to a number, eight bytes at a time. They are our own and mostly digests already.
#[derive(Debug, Clone, Copy, Default)]
struct Fold(u64);

impl Hasher for Fold {
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            // An odd constant near 2^64 / golden ratio (Knuth, TAOCP 3, 6.4).
            self.0 = (self.0.rotate_left(29) ^ u64::from_le_bytes(word))
                .wrapping_mul(0x9E37_79B9_7F4A_7C15);
        }
    }

    fn finish(&self) -> u64 {
        // The product's high bits depend on all of the name; the table looks at the low ones too.
        self.0 ^ self.0.rotate_left(32)
    }
}

/// What all instruments share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) cash: Cash,
    pub(super) answers: Vec<BrokerEvent>,
    pub(super) fill_costs: Vec<FillCost>,
    pub(super) stats: ExchangeStats,
    /// Where each open order waits. Apart from those that are done, which become ever more.
    open: BTreeMap<ClientOrderId, InstrumentId>,
    /// What each order filled that is done, kept for ever so that sending it twice is sending it
    /// once.
    #[serde(serialize_with = "by_name")]
    done: Done,
    /// Latest time seen.
    pub(super) clock: Ts,
    /// Day up to which financing was paid.
    pub(super) financed_to: Option<Day>,
}

impl Account {
    pub(super) fn new(cash: Cash) -> Account {
        Account {
            cash,
            answers: Vec::new(),
            fill_costs: Vec::new(),
            stats: ExchangeStats::default(),
            open: BTreeMap::new(),
            done: Done::default(),
            clock: Ts::MIN,
            financed_to: None,
        }
    }

    /// Where an order stands; `None` for one never sent.
    pub(super) fn known(&self, order: &ClientOrderId) -> Option<Known> {
        if let Some(instrument) = self.open.get(order) {
            return Some(Known::Open(*instrument));
        }
        self.done.get(order).map(|filled| Known::Done { filled: *filled })
    }

    /// Notes an order that waits.
    pub(super) fn open(&mut self, order: &ClientOrderId, instrument: InstrumentId) {
        self.open.insert(order.clone(), instrument);
    }

    /// Notes an order refused.
    pub(super) fn refuse(&mut self, order: &ClientOrderId) {
        self.done.insert(order.clone(), Qty::ZERO);
    }

    /// Forgets the orders that are done.
    pub(super) fn forget_done(&mut self) {
        if !self.done.is_empty() {
            self.done.clear();
        }
    }

    /// Says that an order moved to another state.
    pub(super) fn say(&mut self, order: &ClientOrderId, state: OrderState, reason: &str) {
        let reason = reason.to_owned();
        self.answers.push(BrokerEvent::Moved { order: order.clone(), state, reason });
    }

    /// Moves cash without a trade, and says so.
    pub(super) fn move_cash(&mut self, amount: Cash, reason: String) {
        if amount != Cash::ZERO {
            self.cash += amount;
            self.answers.push(BrokerEvent::CashMoved { amount, reason, id: None });
        }
    }

    /// Writes an order off. `state` is said unless it is `Filled`, which the fill has said.
    pub(super) fn close(&mut self, order: &Working, state: OrderState, reason: &str) {
        self.open.remove(order.id());
        self.done.insert(order.id().clone(), order.filled);
        if state == OrderState::Expired {
            self.stats.expired += 1;
        }
        if state != OrderState::Filled {
            self.say(order.id(), state, reason);
        }
    }
}

fn by_name<S: Serializer>(done: &Done, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(done.iter().collect::<BTreeMap<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_that_are_done_are_written_by_name_whichever_ended_first() {
        let names: Vec<_> = (0..100).map(|n| ClientOrderId::derive(&n.to_string(), "l")).collect();
        let (mut ascending, mut descending) = (Account::new(Cash::ZERO), Account::new(Cash::ZERO));
        names.iter().for_each(|name| ascending.refuse(name));
        names.iter().rev().for_each(|name| descending.refuse(name));
        let text = serde_json::to_string(&ascending).unwrap();
        assert_eq!(text, serde_json::to_string(&descending).unwrap());
        assert_eq!(serde_json::from_str::<Account>(&text).unwrap(), ascending);
    }
}
