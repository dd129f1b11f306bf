//! What the exchange keeps for one instrument: its waiting orders, our position, its tape.

use base::fixed::divide;
use base::{Day, Rounding, Ts};
use market::{Bar, BarSize, ClientOrderId, OrderKind, OrderRequest, OrderState, Price, Qty};
use serde::{Deserialize, Serialize};

use super::account::Account;
use super::quote::{Ask, Motion};
use crate::costs::Executed;

/// Sessions over which the average true range and the average volume are smoothed.
const SMOOTHING_SESSIONS: f64 = 14.0;

/// Whether an order may fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Stage {
    /// Its parent has not filled.
    Asleep,
    /// It waits for its price.
    Waiting,
    /// Its stop price was touched.
    Triggered,
}

/// An order that is not done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Working {
    pub(super) request: OrderRequest,
    pub(super) sent: Ts,
    pub(super) expires: Ts,
    pub(super) stage: Stage,
    /// Signed quantity it is for, after splits and reductions.
    pub(super) total: Qty,
    /// Signed quantity that fills of its siblings took off the total.
    pub(super) reduced: Qty,
    /// Signed part of the total that the parent's fills allow.
    pub(super) allowed: Qty,
    pub(super) filled: Qty,
    pub(super) executed: Executed,
    /// Set when it was awakened or triggered inside a bar: that bar's start, and from where.
    pub(super) woken: Option<(Ts, Price, Motion)>,
}

impl Working {
    /// Signed quantity that may still fill now.
    pub(super) fn open_qty(&self) -> Qty {
        match self.stage {
            Stage::Asleep => Qty::ZERO,
            Stage::Waiting | Stage::Triggered => self.allowed - self.filled,
        }
    }

    /// Signed quantity that it was sent for, after splits: what its children are for in all.
    pub(super) fn whole(&self) -> Qty {
        self.total + self.reduced
    }

    pub(super) fn id(&self) -> &ClientOrderId {
        &self.request.id
    }

    pub(super) fn ask(&self) -> Ask {
        Ask {
            kind: self.request.kind,
            buys: !self.total.is_negative(),
            triggered: self.stage == Stage::Triggered,
        }
    }

    /// The worst price that it accepts.
    pub(super) fn worst(&self) -> Option<Price> {
        match self.request.kind {
            OrderKind::Limit { limit } | OrderKind::StopLimit { limit, .. } => Some(limit),
            OrderKind::Market | OrderKind::MarketOnClose | OrderKind::Stop { .. } => None,
        }
    }

    pub(super) fn is_sibling_of(&self, other: &OrderRequest) -> bool {
        self.request.oco_group.is_some()
            && self.request.oco_group == other.oco_group
            && self.request.id != other.id
    }

    pub(super) fn is_child_of(&self, parent: &ClientOrderId) -> bool {
        self.request.parent.as_ref() == Some(parent)
    }

    /// Allows as much of the order as its parent has filled of its own, in whole lots; all of it
    /// once the parent is full. What siblings filled is already gone from `total`.
    pub(super) fn allow(&mut self, filled: Qty, of: Qty, lot: Qty) {
        let whole = self.whole();
        let share = i128::from(whole.raw()) * i128::from(filled.raw().abs());
        let exact = (share / i128::from(of.raw().abs().max(1))) as i64;
        let lots = Qty::from_raw(exact / lot.raw() * lot.raw());
        self.allowed = if filled == of { self.total } else { self.clamped(lots - self.reduced) };
        if self.stage == Stage::Asleep && self.allowed != Qty::ZERO {
            self.stage = Stage::Waiting;
        }
    }

    /// A quantity brought between what is filled and the total.
    fn clamped(&self, qty: Qty) -> Qty {
        qty.clamp(self.filled.min(self.total), self.filled.max(self.total))
    }
}

/// The last bar that was worked, as evidence for what happens between bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LastBar {
    pub(super) start: Ts,
    pub(super) end: Ts,
    pub(super) known: Ts,
    pub(super) size: BarSize,
    pub(super) close: Price,
}

/// What was traded: the last price, and averages over sessions for the cost models.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Tape {
    pub(super) last: Option<LastBar>,
    /// Average true range of a session, raw price units; 0 before the first session ended.
    range_raw: f64,
    volume: f64,
    session: Gathered,
}

/// The session that is being gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Gathered {
    day: Day,
    high: Price,
    low: Price,
    volume: u64,
    /// Close of the session before; zero where there was none.
    previous_close: Price,
}

impl Tape {
    /// Average true range of a session, in price; 0 where not known yet.
    pub(super) fn range(&self) -> f64 {
        self.range_raw / Price::SCALE as f64
    }

    /// Average volume of a session; 0 where not known yet.
    pub(super) fn daily_volume(&self) -> f64 {
        self.volume
    }

    /// Takes in a bar after orders were worked against it.
    #[inline]
    pub(super) fn take(&mut self, day: Day, last: LastBar, bar: &Bar) {
        if day != self.session.day {
            self.end_session();
            let previous_close = self.last.map_or(Price::ZERO, |last| last.close);
            let (high, low) = (bar.high, bar.low);
            self.session = Gathered { day, high, low, volume: 0, previous_close };
        }
        self.session.high = self.session.high.max(bar.high);
        self.session.low = self.session.low.min(bar.low);
        self.session.volume += bar.volume;
        self.last = Some(last);
    }

    /// Wilder's smoothing of the session's true range and volume.
    fn end_session(&mut self) {
        let Gathered { high, low, volume, previous_close, .. } = self.session;
        if high == Price::ZERO {
            return;
        }
        let (high, low) = match previous_close == Price::ZERO {
            true => (high, low),
            false => (high.max(previous_close), low.min(previous_close)),
        };
        let range = (high - low).raw() as f64;
        let first = self.range_raw == 0.0 && self.volume == 0.0;
        let weight = if first { 1.0 } else { 1.0 / SMOOTHING_SESSIONS };
        self.range_raw += weight * (range - self.range_raw);
        self.volume += weight * (volume as f64 - self.volume);
    }

    /// Restates everything in shares after a split.
    pub(super) fn split(&mut self, ratio: f64) {
        if let Some(last) = &mut self.last {
            last.close = divided(last.close, ratio);
        }
        self.range_raw /= ratio;
        self.volume *= ratio;
        let session = &mut self.session;
        session.high = divided(session.high, ratio);
        session.low = divided(session.low, ratio);
        session.previous_close = divided(session.previous_close, ratio);
        session.volume = (session.volume as f64 * ratio).round() as u64;
    }
}

/// A price after a split, rounded to the last decimal.
pub(super) fn divided(price: Price, ratio: f64) -> Price {
    Price::from_raw((price.raw() as f64 / ratio).round_ties_even() as i64)
}

/// A quantity after a split, rounded to the last decimal.
pub(super) fn multiplied(qty: Qty, ratio: f64) -> Qty {
    Qty::from_raw((qty.raw() as f64 * ratio).round_ties_even() as i64)
}

/// What is held of one instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Position {
    pub(super) qty: Qty,
    pub(super) average_price: Price,
    /// Day up to which a borrow fee was paid; meaningful while short.
    pub(super) borrowed_to: Day,
}

impl Position {
    /// Adds a trade. The average price moves only when the position grows; when it turns, the
    /// rest stands at the new price.
    pub(super) fn trade(&mut self, qty: Qty, price: Price) {
        let before = self.qty;
        let after = before + qty;
        if before.signum() * qty.signum() >= 0 {
            let weighed =
                |price: Price, qty: Qty| i128::from(price.raw()) * i128::from(qty.raw().abs());
            let paid = weighed(self.average_price, before) + weighed(price, qty);
            let total = i128::from(after.raw().abs().max(1));
            self.average_price = Price::from_raw(divide(paid, total, Rounding::HalfEven) as i64);
        } else if after.signum() != before.signum() {
            self.average_price = if after == Qty::ZERO { Price::ZERO } else { price };
        }
        self.qty = after;
    }
}

/// One instrument's orders, position and tape.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Book {
    pub(super) orders: Vec<Working>,
    pub(super) position: Position,
    pub(super) tape: Tape,
    pub(super) delisted: bool,
    /// Corporate actions that wait for their ex-day, oldest first.
    pub(super) pending: Vec<market::CorporateAction>,
}

impl Book {
    /// True when a bar can do no more than move the tape.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        self.orders.is_empty() && self.position.qty == Qty::ZERO && self.pending.is_empty()
    }
}

impl Working {
    /// True for orders that protect or enter on a touched price: they go first.
    pub(super) fn is_stop(&self) -> bool {
        matches!(self.request.kind, OrderKind::Stop { .. } | OrderKind::StopLimit { .. })
    }

    /// Takes a sibling's fill off what is open.
    pub(super) fn reduce(&mut self, size: Qty) {
        let open = self.total - self.filled;
        if size >= open.abs() {
            self.total = self.filled;
            self.allowed = self.filled;
            return;
        }
        let cut = if open.is_negative() { -size } else { size };
        self.total -= cut;
        self.reduced += cut;
        self.allowed = self.clamped(self.allowed - cut);
    }
}

impl Book {
    /// Cancels the orders that meet a condition, and with them their sleeping children.
    pub(super) fn cancel_where(
        &mut self,
        account: &mut Account,
        condition: impl Fn(&Working) -> bool,
        reason: &str,
    ) {
        while let Some(index) = self.orders.iter().position(&condition) {
            let order = self.orders.remove(index);
            account.close(&order, OrderState::Cancelled, reason);
            self.orphan(account, &order);
        }
    }

    /// Cancels an order as asked, and with it its sleeping children.
    pub(super) fn cancel(&mut self, account: &mut Account, id: &ClientOrderId) {
        // The newest are cancelled most.
        if let Some(index) = self.orders.iter().rposition(|order| order.id() == id) {
            let order = self.orders.remove(index);
            account.close(&order, OrderState::Cancelled, "as asked");
            self.orphan(account, &order);
        }
    }

    /// Expires the day orders whose session ended by then.
    pub(super) fn expire(&mut self, account: &mut Account, now: Ts) {
        while let Some(index) = self.orders.iter().position(|order| order.expires <= now) {
            let order = self.orders.remove(index);
            account.close(&order, OrderState::Expired, "the session ended");
            self.orphan(account, &order);
        }
    }

    /// A parent ended early: its children keep the part that it filled; those that it never
    /// awakened are cancelled.
    pub(super) fn orphan(&mut self, account: &mut Account, parent: &Working) {
        if !self.orders.iter().any(|order| order.is_child_of(parent.id())) {
            return;
        }
        for child in self.orders.iter_mut().filter(|order| order.is_child_of(parent.id())) {
            child.total = child.allowed;
        }
        let mut index = 0;
        while index < self.orders.len() {
            let child = &self.orders[index];
            if child.is_child_of(parent.id()) && child.total == child.filled {
                let child = self.orders.remove(index);
                account.close(&child, OrderState::Cancelled, "the order it waited for ended");
                self.orphan(account, &child);
                index = 0;
            } else {
                index += 1;
            }
        }
    }
}
