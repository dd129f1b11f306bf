//! Facts, in the order in which they could be seen.
//!
//! Every event carries when it happened (`at`) and when it could be seen (`known`). An engine is
//! given events by `known`, and nothing reaches it any other way.

use base::{Day, Ts};
use serde::{Deserialize, Serialize};

use crate::{
    Bar, BarSize, BrokerRef, Cash, ClientOrderId, Corporate, Fill, InstrumentId, OrderState, Price,
    Qty,
};

/// A fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When it happened; for a bar, when the bar ended.
    pub at: Ts,
    /// When it could be seen; never before `at`.
    pub known: Ts,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A bar of raw prices closed.
    Bar {
        /// Whose bar.
        instrument: InstrumentId,
        /// How long it is.
        size: BarSize,
        /// When it began; for a daily bar, the open of the session.
        start: Ts,
        /// Its prices.
        bar: Bar,
    },
    /// A figure of the economy or of an index was published.
    Macro {
        /// Name of the series, for example `VIX`.
        series: String,
        /// Its value.
        value: f64,
    },
    /// A split, a dividend, a new name, a delisting.
    Corporate {
        /// Whose.
        instrument: InstrumentId,
        /// What it is.
        action: Corporate,
    },
    /// A session opened or closed.
    Session {
        /// The trading day.
        day: Day,
        /// Which end of it.
        phase: SessionPhase,
    },
    /// Something the broker said.
    Broker(BrokerEvent),
    /// A timer that the engine had set.
    Timer {
        /// The name it was set under.
        name: String,
    },
    /// A person's or the pipeline's command.
    Command(Command),
}

/// Which end of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionPhase {
    /// Continuous trading began.
    Open,
    /// Continuous trading ended.
    Close,
}

/// Something the broker said. Every answer of a broker is an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrokerEvent {
    /// An order moved to another state without a fill.
    Moved {
        /// The order.
        order: ClientOrderId,
        /// Its new state.
        state: OrderState,
        /// The broker's words; empty where it gave none.
        reason: String,
    },
    /// A trade was done.
    Filled(Fill),
    /// Cash moved without a trade: dividend, borrow, interest, transfer.
    CashMoved {
        /// The amount; positive is ours.
        amount: Cash,
        /// What for.
        reason: String,
        /// The broker's name for it; `None` where the broker is simulated in place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<BrokerRef>,
    },
    /// The broker put the price of a trade right.
    Corrected {
        /// The broker's name for the correction.
        id: BrokerRef,
        /// The trade.
        execution: BrokerRef,
        /// Its right price.
        price: Price,
    },
}

/// What a person or the pipeline tells the engine to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Let a waiting intent trade.
    Approve {
        /// The intent.
        intent: String,
        /// Who said so.
        who: String,
    },
    /// Do not let it trade.
    Reject {
        /// The intent.
        intent: String,
        /// Who said so.
        who: String,
    },
    /// It waited too long: nobody decided in time.
    Expire {
        /// The intent.
        intent: String,
    },
    /// Halt all trading at once.
    Kill {
        /// Why.
        reason: String,
    },
    /// Let trading go on after a halt. What the halt took back stays back.
    Resume {
        /// Why.
        reason: String,
    },
    /// Open nothing until it is known what is there: our account and the broker's differ.
    Freeze {
        /// The instrument that differs; all of the account where it is cash.
        instrument: Option<InstrumentId>,
        /// What was found.
        incident: String,
    },
    /// The difference is settled.
    Thaw {
        /// The instrument, or the account, that was frozen.
        instrument: Option<InstrumentId>,
    },
}

/// What a broker holds for us, for reconciliation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Snapshot {
    /// Cash on the account.
    pub cash: Cash,
    /// Open positions, ordered by instrument.
    pub positions: Vec<Held>,
    /// Orders not yet done, ordered by id.
    pub open_orders: Vec<ClientOrderId>,
}

/// A position as a broker reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// What is held.
    pub instrument: InstrumentId,
    /// How much; negative is short.
    pub qty: Qty,
    /// Average price paid.
    pub average_price: Price,
}
