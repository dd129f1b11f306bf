//! What all instruments share: cash, answers waiting to be drained, counts, order names.

use std::collections::BTreeMap;

use base::{Day, Ts};
use market::{BrokerEvent, Cash, ClientOrderId, InstrumentId, OrderState, Qty};
use serde::{Deserialize, Serialize};

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
    done: BTreeMap<ClientOrderId, Qty>,
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
            done: BTreeMap::new(),
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

    /// Says that an order moved to another state.
    pub(super) fn say(&mut self, order: &ClientOrderId, state: OrderState, reason: &str) {
        let reason = reason.to_owned();
        self.answers.push(BrokerEvent::Moved { order: order.clone(), state, reason });
    }

    /// Moves cash without a trade, and says so.
    pub(super) fn move_cash(&mut self, amount: Cash, reason: String) {
        if amount != Cash::ZERO {
            self.cash += amount;
            self.answers.push(BrokerEvent::CashMoved { amount, reason });
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
