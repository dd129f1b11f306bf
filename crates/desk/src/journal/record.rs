//! What the journal holds.

use std::collections::BTreeMap;

use base::{Day, Ts};
use market::{
    BrokerRef, Cash, ClientOrderId, Fill, InstrumentId, OrderRequest, OrderState, Price, Qty, Side,
};
use serde::{Deserialize, Serialize};

use crate::engine::ModeWord;
use crate::exit::{ExitReason, Keeper, Watch};
use crate::intent::Intent;
use crate::ledger::{Booking, Position};
use crate::orders::Role;
use crate::risk::{Reason, Regime};

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Number, from 0 without a gap.
    pub seq: u64,
    /// Time of the event that caused it.
    pub at: Ts,
    /// What it says.
    pub record: Record,
}

/// What happened or was decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// The engine began.
    Started {
        /// Dry run, paper or live.
        mode: ModeWord,
    },
    /// A trading day began.
    DayBegan {
        /// The day.
        day: Day,
        /// Equity as the last day left it.
        equity: Cash,
        /// What the plans at work had made by then, by book, after fees.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        books: BTreeMap<String, Cash>,
    },
    /// A book wants something.
    Wanted(Box<Intent>),
    /// An intent waits for a person.
    Waiting {
        /// The intent.
        intent: String,
        /// Until then.
        until: Ts,
    },
    /// Risk let an intent pass.
    Approved {
        /// The intent.
        intent: String,
        /// The quantity allowed.
        qty: Qty,
        /// Who approved it: a person, or `automatic`.
        by: String,
    },
    /// Something was refused.
    Refused {
        /// The intent.
        intent: String,
        /// Why.
        reason: Reason,
    },
    /// A dry run would have sent this.
    WouldSend(OrderRequest),
    /// An order is about to be sent.
    Sending {
        /// The order.
        request: OrderRequest,
        /// What it is for.
        role: Role,
        /// The intent behind it; empty for a plain closing order.
        intent: String,
    },
    /// An order is about to be taken back.
    Cancelling(ClientOrderId),
    /// The broker moved an order.
    Moved {
        /// The order.
        order: ClientOrderId,
        /// Its state.
        state: OrderState,
        /// The broker's words.
        reason: String,
    },
    /// A trade was done.
    Filled {
        /// The fill.
        fill: Fill,
        /// The plan it belongs to, where there is one.
        intent: Option<String>,
        /// What the order was for.
        role: Role,
    },
    /// The broker told of cash that moved; the postings follow.
    Paid(BrokerRef),
    /// The broker put the price of a trade right; the postings follow.
    Corrected {
        /// The broker's name for the correction.
        id: BrokerRef,
        /// The trade.
        execution: BrokerRef,
        /// Its right price.
        price: Price,
    },
    /// What is held of an instrument that no plan keeps and that is meant to be there.
    Loose {
        /// The instrument.
        instrument: InstrumentId,
        /// Signed quantity.
        qty: Qty,
    },
    /// Postings were made, and the position they leave.
    Booked {
        /// The postings.
        booking: Booking,
        /// The position afterwards; `None` where cash alone moved.
        position: Option<Position>,
    },
    /// A plan changed; this is all of it.
    Planned(Box<Keeper>),
    /// A bar changed what a plan has seen.
    Watched {
        /// The instrument.
        instrument: InstrumentId,
        /// The plan.
        intent: String,
        /// What it has seen.
        watch: Watch,
    },
    /// A plan is over.
    Closed(Box<Closed>),
    /// A split was applied.
    Split {
        /// Whose.
        instrument: InstrumentId,
        /// New shares for each old one.
        ratio: f64,
    },
    /// An instrument left its exchange.
    Delisted(InstrumentId),
    /// The regime filter spoke.
    RegimeSet(Regime),
    /// The kill switch was thrown.
    Killed {
        /// Why.
        reason: String,
    },
    /// The kill switch was released.
    Resumed {
        /// Why.
        reason: String,
    },
    /// Nothing is opened in an instrument, or at all, until a difference is settled.
    Frozen {
        /// The instrument; `None` for all of the account.
        instrument: Option<InstrumentId>,
        /// What was found.
        incident: String,
    },
    /// It was settled.
    Thawed {
        /// What was frozen.
        instrument: Option<InstrumentId>,
    },
    /// Something went wrong that a person should look at.
    Incident(String),
}

/// A finished plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    /// Its intent.
    pub intent: String,
    /// Its book.
    pub book: String,
    /// What was traded.
    pub instrument: InstrumentId,
    /// Long or short.
    pub side: Side,
    /// When the first fill was done; `None` if it never filled.
    pub opened: Option<Ts>,
    /// When the last was.
    pub closed: Ts,
    /// Quantity entered, add-on included.
    pub qty: Qty,
    /// Average entry price.
    pub entry: Price,
    /// Average exit price; zero if it never filled.
    pub exit: Price,
    /// Original risk in money.
    pub risk: Cash,
    /// Profit before fees; slippage is in the prices.
    pub gross: Cash,
    /// Fees.
    pub fees: Cash,
    /// Most adverse excursion, in R; 0 or negative.
    pub mae_r: f64,
    /// Most favourable excursion, in R; 0 or positive.
    pub mfe_r: f64,
    /// Sessions held.
    pub sessions: u16,
    /// Why it ended.
    pub reason: ExitReason,
}

impl Closed {
    /// The account of a plan that is over.
    pub fn of(keeper: &Keeper, at: Ts) -> Closed {
        let add = keeper.add.as_ref();
        let qty = keeper.first.filled + add.map_or(Qty::ZERO, |leg| leg.filled);
        let entry = keeper.average_entry();
        let exit = crate::exit::share::average(keeper.closed_value, keeper.closed);
        let in_r =
            |price: Price| (price - entry).to_f64() * keeper.side.sign() / keeper.risk.to_f64();
        let filled = qty > Qty::ZERO;
        Closed {
            intent: keeper.intent.clone(),
            book: keeper.book.clone(),
            instrument: keeper.instrument,
            side: keeper.side,
            opened: keeper.opened_at,
            closed: at,
            qty,
            entry,
            exit: exit.unwrap_or(Price::ZERO),
            risk: keeper.risk_cash,
            gross: keeper.profit(Price::ZERO) + keeper.fees,
            fees: keeper.fees,
            mae_r: if filled { in_r(keeper.watch.worst).min(0.0) } else { 0.0 },
            mfe_r: if filled { in_r(keeper.watch.best).max(0.0) } else { 0.0 },
            sessions: keeper.watch.sessions,
            reason: keeper.reason(),
        }
    }
}
