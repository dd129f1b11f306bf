//! Taking orders in: what is refused, what sleeps, when each expires.

use base::Ts;
use market::{
    Calendar, ClientOrderId, OrderKind, OrderRequest, OrderState, Price, Qty, TimeInForce,
};

use super::BarExchange;
use super::account::Known;
use super::book::{Stage, Working};
use crate::costs::Executed;

/// How much of its parent's order was filled, and of how much.
struct Parent {
    filled: Qty,
    total: Qty,
}

impl BarExchange {
    /// Takes an order in, or refuses it with a reason. An id seen before changes nothing.
    pub(super) fn accept(&mut self, at: Ts, order: &OrderRequest) {
        self.account.clock = self.account.clock.max(at);
        if self.account.known(&order.id).is_some() {
            return;
        }
        match self.prepare(at, order) {
            Ok(working) => {
                self.account.open(&order.id, order.instrument);
                self.account.say(&order.id, OrderState::Working, "");
                self.books[order.instrument.index()].orders.push(working);
            }
            Err(reason) => {
                self.account.refuse(&order.id);
                self.account.stats.rejected += 1;
                self.account.say(&order.id, OrderState::Rejected, reason);
            }
        }
    }

    fn prepare(&self, at: Ts, order: &OrderRequest) -> Result<Working, &'static str> {
        let book = self.books.get(order.instrument.index()).ok_or("unknown instrument")?;
        if book.delisted {
            return Err("the instrument is delisted");
        }
        if order.qty == Qty::ZERO {
            return Err("the quantity is zero");
        }
        if prices(order.kind).into_iter().flatten().any(|price| price <= Price::ZERO) {
            return Err("a price is not positive");
        }
        let parent = match &order.parent {
            Some(parent) => Some(self.parent(parent, order)?),
            None => None,
        };
        let mut working = Working {
            request: order.clone(),
            sent: at,
            expires: self.expiry(at, order)?,
            stage: if parent.is_some() { Stage::Asleep } else { Stage::Waiting },
            total: order.qty,
            reduced: Qty::ZERO,
            allowed: if parent.is_some() { Qty::ZERO } else { order.qty },
            filled: Qty::ZERO,
            executed: Executed::default(),
            woken: None,
        };
        if let Some(Parent { filled, total }) = parent {
            working.allow(filled, total, self.config.lot);
        }
        Ok(working)
    }

    /// The state of the parent. A parent that ended early counts for what it filled.
    fn parent(&self, id: &ClientOrderId, order: &OrderRequest) -> Result<Parent, &'static str> {
        match self.account.known(id) {
            Some(Known::Open(instrument)) if instrument == order.instrument => {
                let orders = &self.books[instrument.index()].orders;
                let parent = orders.iter().find(|working| working.id() == id);
                let parent = parent.ok_or("the order it waits for is unknown")?;
                Ok(Parent { filled: parent.filled, total: parent.whole() })
            }
            Some(Known::Open(_)) => Err("the order it waits for is of another instrument"),
            Some(Known::Done { filled }) if filled == Qty::ZERO => {
                Err("the order it waits for ended without a fill")
            }
            Some(Known::Done { filled }) => Ok(Parent { filled, total: filled }),
            None => Err("the order it waits for is unknown"),
        }
    }

    /// Day orders and closing orders live until the close of the session that they were sent in,
    /// or of the next one when sent between sessions.
    fn expiry(&self, at: Ts, order: &OrderRequest) -> Result<Ts, &'static str> {
        if order.tif == TimeInForce::Gtc && order.kind != OrderKind::MarketOnClose {
            return Ok(Ts::MAX);
        }
        let calendar = Calendar::of(&self.config.calendar).map_err(|_| "unknown calendar")?;
        let day = at.utc_day();
        let session = calendar.closing_after(at).filter(|session| session.day <= day.plus(14));
        session.map(|session| session.close).ok_or("the calendar's table has no session for it")
    }
}

fn prices(kind: OrderKind) -> [Option<Price>; 2] {
    match kind {
        OrderKind::Market | OrderKind::MarketOnClose => [None, None],
        OrderKind::Limit { limit: price } | OrderKind::Stop { stop: price } => [Some(price), None],
        OrderKind::StopLimit { stop, limit } => [Some(stop), Some(limit)],
    }
}
