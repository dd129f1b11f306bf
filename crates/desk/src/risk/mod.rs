//! Limits before every order that opens or enlarges (EXE-4): rules in a fixed order, each of
//! which may shrink or refuse, never grow. Closing orders and stops pass no gate: a limit must
//! never stand between a position and its exit.

mod book;
mod limits;
mod rules;

pub use book::{BookLimits, OfBook};
pub use limits::{ClassLimits, Limits, Regime, Stance};
pub use rules::{RULES, Rule};

use base::{Rounding, Ts};
use market::{Cash, InstrumentId, Kind, OrderKind, Price, Qty, Side};
use serde::{Deserialize, Serialize};

use crate::engine::Mode;
use crate::exit::PlanFault;
use crate::size::NoSize;

/// What passed the gate. It can only be made here, so an order that opens can only come from
/// something risk has seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Approved<T> {
    what: T,
    qty: Qty,
}

impl<T> Approved<T> {
    /// What was approved.
    pub fn what(&self) -> &T {
        &self.what
    }

    /// The quantity allowed, a magnitude, at most what was asked.
    pub fn qty(&self) -> Qty {
        self.qty
    }
}

impl Approved<()> {
    /// The same approval, with what it was given for.
    pub(crate) fn with<T>(self, what: T) -> Approved<T> {
        Approved { what, qty: self.qty }
    }
}

/// A refusal: a value, not an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The intent refused.
    pub intent: String,
    /// Why.
    pub reason: Reason,
}

/// Why something was refused. The list is closed; refusals are counted by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The kill switch is on.
    Killed,
    /// Our account and the broker's differ there, and it is not settled yet.
    Frozen,
    /// An intent of that name was seen before.
    Duplicate,
    /// The book holds or seeks a position in that instrument on that side already.
    AlreadyOpen,
    /// The regime filter blocks the side.
    Regime,
    /// The day's loss has reached its limit.
    DailyLoss,
    /// Too many orders within a minute.
    OrderRate,
    /// The entry price is too far from the market.
    PriceCollar,
    /// The order is larger than anyone would mean.
    FatFinger,
    /// As many positions as allowed are open.
    OpenPositions,
    /// No room under the cap of one position.
    PositionCap,
    /// No room under the cap of one book.
    BookCap,
    /// No room under the cap that this book has for itself.
    BookGross,
    /// No room under the cap that this book has for one position.
    BookPositionCap,
    /// The book's loss of the day has reached its own limit.
    BookDailyLoss,
    /// Too many orders of this book within a minute.
    BookOrderRate,
    /// As many positions as this book may have are open.
    BookOpenPositions,
    /// No room under the cap of that class of instruments.
    ClassCap,
    /// No room under the cap of gross exposure.
    GrossLeverage,
    /// No room above the margin cushion.
    MarginCushion,
    /// The instrument is quoted in another currency than the account's.
    ForeignCurrency,
    /// An order for all hours that is no limit.
    UnlimitedOutsideSession,
    /// The instrument was delisted.
    Delisted,
    /// No price has been seen and none was given.
    NoPrice,
    /// The exit plan makes no sense.
    BadPlan,
    /// A bet without a plan has no stop to be sized by.
    NoPlan,
    /// Confidence below the gate.
    BelowGate,
    /// Net EV not above zero, or below the last tier.
    NoValue,
    /// The quantity is less than one step.
    TooSmall,
    /// A person said no.
    Rejected,
    /// Nobody said yes in time.
    ApprovalExpired,
    /// A book asked to loosen a stop.
    LooserStop,
    /// A command or a change named something that is not there.
    Unknown,
}

impl From<PlanFault> for Reason {
    fn from(_: PlanFault) -> Reason {
        Reason::BadPlan
    }
}

impl From<NoSize> for Reason {
    fn from(no: NoSize) -> Reason {
        match no {
            NoSize::BelowGate => Reason::BelowGate,
            NoSize::NoValue => Reason::NoValue,
            NoSize::NoStop => Reason::BadPlan,
            NoSize::TooSmall => Reason::TooSmall,
        }
    }
}

/// An opening order as risk sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ask {
    /// What.
    pub instrument: InstrumentId,
    /// Long or short.
    pub side: Side,
    /// Long where it gains from a rise of what lies beneath, which the regime filter speaks of.
    pub gains_from: Side,
    /// Quantity asked, a magnitude.
    pub qty: Qty,
    /// Price reckoned with.
    pub price: Price,
    /// Kind of the order.
    pub kind: OrderKind,
    /// True for an addition to a running plan.
    pub adds: Adds,
    /// The quantity as it was named, where it was and not reckoned from a bet.
    pub named: Option<Qty>,
}

/// Whether an ask opens something new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adds {
    /// A new position.
    Opens,
    /// An addition to a running one.
    Enlarges,
}

/// What the rules look at. Exposures include orders that may yet fill.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct World {
    /// Time of the event.
    pub now: Ts,
    /// Dry run, paper or live.
    pub mode: Mode,
    /// True while the kill switch is on.
    pub killed: bool,
    /// True while a difference with the broker's account is not settled.
    pub frozen: bool,
    /// Block or halve a side.
    pub regime: Regime,
    /// Cash and positions.
    pub equity: Cash,
    /// Equity at the start of the trading day.
    pub day_start_equity: Cash,
    /// Sum of the magnitudes of all positions and of orders that would open.
    pub gross: Cash,
    /// The book that asks.
    pub book: OfBook,
    /// What the instrument is.
    pub class: Kind,
    /// The same for all instruments of that class.
    pub class_gross: Cash,
    /// The same for this instrument alone.
    pub instrument_gross: Cash,
    /// Positions open and sought.
    pub open_positions: usize,
    /// True where this book holds or seeks the same side of the instrument.
    pub already_open: bool,
    /// Opening orders sent in the last minute.
    pub recent_orders: usize,
    /// Last price seen.
    pub mark: Option<Price>,
}

/// Passes an ask through all rules; the quantity left is rounded down to a step.
pub fn approve<T>(
    what: T,
    ask: &Ask,
    world: &World,
    limits: &Limits,
) -> Result<Approved<T>, Reason> {
    let mut qty = ask.qty.abs();
    for rule in RULES {
        let allowed = (rule.check)(&Ask { qty, ..*ask }, world, limits)?;
        let allowed = allowed.round_to(limits.step, Rounding::TowardZero);
        if allowed <= Qty::ZERO {
            return Err(rule.refusal);
        }
        // A rule may shrink, never grow.
        qty = qty.min(allowed);
    }
    Ok(Approved { what, qty })
}
