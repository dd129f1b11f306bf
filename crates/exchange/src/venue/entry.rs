//! Orders in plain words: for doors that say of each order what it waits for and which group it
//! belongs to, instead of naming a class.

use base::Ts;
use market::{InstrumentId, Price, Qty};

use super::Venue;
#[cfg(test)]
use super::ledger::Orders;
use super::order::{Class, Kind, Order, Side, Status, Tif};
use super::read::Wish;
use super::replace::LegSize;
use crate::Answer;
use crate::figures::{money, value_of};

/// A wish for one order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) instrument: InstrumentId,
    pub(crate) side: Side,
    pub(crate) kind: Kind,
    pub(crate) tif: Tif,
    pub(crate) qty: Qty,
    /// When it ends, if not by its time in force.
    pub(crate) expires: Option<Ts>,
    /// The client's name; another one is made where it is taken.
    pub(crate) client_id: Option<String>,
    /// Number of the order that it waits for.
    pub(crate) parent: Option<usize>,
    /// One cancels the others of its group.
    pub(crate) group: Option<String>,
}

/// New terms of an order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    /// What shall still be filled.
    pub(crate) qty: Qty,
    pub(crate) kind: Kind,
    pub(crate) tif: Option<Tif>,
    pub(crate) expires: Option<Ts>,
    pub(crate) client_id: Option<String>,
}

/// Refuses to change what can't be changed any more.
pub(super) fn may_change(old: &Order) -> Result<(), Answer> {
    if !old.status.is_open() {
        let word = old.status.word();
        return Err(Answer::unprocessable(format!("cannot replace order in \"{word}\" state")));
    }
    if old.combo.is_some() {
        let text = "orders on options and orders with legs cannot be replaced";
        return Err(Answer::unprocessable(text));
    }
    if old.notional.is_some() {
        return Err(Answer::unprocessable("notional orders cannot be replaced"));
    }
    if old.filled != Qty::ZERO && !old.legs.is_empty() {
        return Err(Answer::unprocessable("a partly filled complex order cannot be replaced"));
    }
    Ok(())
}

impl Venue {
    /// The order of a number.
    pub(crate) fn order(&self, number: usize) -> Option<&Order> {
        self.state.orders.get(number)
    }

    /// All orders, the oldest first; an order's place is its number.
    #[cfg(test)]
    pub(crate) fn orders(&self) -> &Orders {
        &self.state.orders
    }

    /// The number of an order by its id.
    pub(crate) fn number(&self, id: &str) -> Option<usize> {
        self.by_id.find(id)
    }

    /// Says whether an order would be taken now, and changes nothing.
    pub(crate) fn try_entry(&self, entry: &Entry) -> Result<(), Answer> {
        self.check_entry(&self.wish_of(entry), entry).map(|_| ())
    }

    /// Takes one order; nothing changed where it is refused.
    pub(crate) fn enter(&mut self, entry: &Entry) -> Result<usize, Answer> {
        self.reckon();
        let wish = self.wish_of(entry);
        let intent = self.check_entry(&wish, entry)?;
        let mut order = self.draft(&wish, entry.instrument);
        let parent = entry.parent.map(|parent| &self.state.orders[parent]);
        let sleeps = parent.is_some_and(|parent| parent.filled == Qty::ZERO);
        order.status = match (sleeps, self.is_open()) {
            (true, _) => Status::Held,
            (false, true) => Status::New,
            (false, false) => Status::Accepted,
        };
        order.intent = intent.to_owned();
        order.expires = entry.expires.unwrap_or(order.expires);
        order.parent = entry.parent;
        order.group.clone_from(&entry.group);
        if entry.parent.is_some() {
            order.class = Class::Bracket;
        }
        if let Kind::Trailing { trail, best: Price::ZERO } = order.kind {
            let best = self.mark(entry.instrument).unwrap_or(Price::ZERO);
            order.kind = Kind::Trailing { trail, best };
        }
        let (number, now) = (self.add(order), self.state.now);
        if let Some(parent) = entry.parent {
            self.state.orders[parent].legs.push(number);
        }
        if !self.waits_here(number) {
            self.send(number, now);
        }
        let word = if self.is_open() { "new" } else { "accepted" };
        self.tell(if sleeps { "held" } else { word }, number, now);
        self.take_answers(entry.instrument, now);
        Ok(number)
    }

    /// Gives an open order new terms; the new order's number.
    pub(crate) fn amend(&mut self, number: usize, change: Change) -> Result<usize, Answer> {
        let old =
            self.state.orders.get(number).ok_or_else(|| Answer::missing("order not found"))?;
        may_change(old)?;
        let is_trailing = matches!(change.kind, Kind::Trailing { .. });
        let is_family = old.parent.is_some() || !old.legs.is_empty();
        if is_trailing && !old.legs.is_empty() {
            return Err(Answer::unprocessable("a trailing stop can't be a parent"));
        }
        if is_family && change.tif.is_some_and(Tif::is_timed) {
            let text = "a parent and its children must be DAY or GTC orders";
            return Err(Answer::unprocessable(text));
        }
        let is_simple = matches!(change.kind, Kind::Market | Kind::Limit { .. });
        if !is_simple && change.tif.unwrap_or(old.tif).is_timed() {
            let text = "orders for one moment must be market or limit orders";
            return Err(Answer::unprocessable(text));
        }
        let mut change = change;
        if let (Kind::Trailing { best, .. }, Kind::Trailing { trail, .. }) = (old.kind, change.kind)
        {
            change.kind = Kind::Trailing { trail, best };
        } else if let Kind::Trailing { trail, .. } = change.kind {
            let best = self.mark(old.instrument).unwrap_or(Price::ZERO);
            change.kind = Kind::Trailing { trail, best };
        }
        self.reckon();
        let order = self.changed_order(number, change)?;
        Ok(self.succeed(number, order, LegSize::Stays))
    }

    /// Takes one order back, and what waits for it; its group stays. False where it was done.
    pub(crate) fn withdraw(&mut self, number: usize) -> bool {
        let is_open = self.order(number).is_some_and(|order| order.status.is_open());
        if is_open {
            let now = self.state.now;
            self.take_back(number, Status::Canceled, now);
        }
        is_open
    }

    fn wish_of(&self, entry: &Entry) -> Wish {
        let name = entry.client_id.as_ref().filter(|name| self.by_client.find(name).is_none());
        Wish {
            symbol: self.tape.universe().get(entry.instrument).symbol.clone(),
            side: entry.side,
            kind: entry.kind,
            tif: entry.tif,
            qty: Some(entry.qty),
            notional: None,
            class: Class::Simple,
            extended: false,
            client_id: name.cloned(),
            legs: Vec::new(),
        }
    }

    fn check_entry(&self, wish: &Wish, entry: &Entry) -> Result<&'static str, Answer> {
        self.tradable(&wish.symbol)?;
        if self.state.configuration.suspend_trade {
            return Err(Answer::forbidden("new orders are rejected by user request"));
        }
        // A trailing stop may wait for another order here: the form of a single one is asked.
        self.check_form(wish)?;
        self.check_auction(wish)?;
        // What waits for its parent is for a market that is elsewhere by then.
        if entry.parent.is_none() {
            self.check_collar(wish.kind, wish.side, entry.instrument)?;
        }
        match entry.parent {
            Some(parent) => self.check_child(entry, parent),
            None => self.check_means(wish, entry),
        }
    }

    /// A child closes what its parent opens, and is paid for by it.
    fn check_child(&self, entry: &Entry, parent: usize) -> Result<&'static str, Answer> {
        let refuse = |text: &str| Err(Answer::unprocessable(text));
        let Some(parent) = self.order(parent) else { return refuse("the parent order is unknown") };
        if parent.instrument != entry.instrument || parent.side == entry.side {
            return refuse("a child order must be on the other side of its parent's symbol");
        }
        // A trailing stop is another order at the exchange each time it follows; what waits for
        // it would end with the one before.
        if matches!(parent.kind, Kind::Trailing { .. }) && parent.status.is_open() {
            return refuse("a trailing stop can't be a parent");
        }
        if entry.tif.is_timed() || parent.tif.is_timed() {
            return refuse("a parent and its children must be DAY or GTC orders");
        }
        if !parent.status.is_open() && parent.filled == Qty::ZERO {
            return refuse("the parent order ended without a fill");
        }
        Ok(if entry.side == Side::Buy { "buy_to_close" } else { "sell_to_close" })
    }

    /// What closes a position is free; what goes beyond it must be affordable.
    fn check_means(&self, wish: &Wish, entry: &Entry) -> Result<&'static str, Answer> {
        let Some(price) = self.estimate(wish, entry.instrument) else {
            return Err(Answer::unprocessable(format!("{} has no price yet", wish.symbol)));
        };
        let buys = entry.side == Side::Buy;
        let held = self.position_of(entry.instrument);
        let free = held
            .filter(|held| held.qty.is_negative() == buys)
            .map_or(Qty::ZERO, |held| self.available(&held).abs());
        // A second order of a group takes no more than the first.
        let grouped = self.grouped(entry);
        let opened = (entry.qty - free.max(grouped)).max(Qty::ZERO);
        if opened == Qty::ZERO {
            return Ok(if buys { "buy_to_close" } else { "sell_to_close" });
        }
        if !buys {
            self.check_short(wish)?;
        }
        let (cost, power) = (value_of(price, opened), self.buying_power());
        if cost > power {
            return Err(Answer::forbidden(format!(
                "insufficient buying power (it costs {}, there is {})",
                money(cost),
                money(power)
            )));
        }
        Ok(if buys { "buy_to_open" } else { "sell_to_open" })
    }

    /// What an open order of the same group and side already closes.
    fn grouped(&self, entry: &Entry) -> Qty {
        let same = |order: &&Order| {
            order.group.is_some()
                && order.group == entry.group
                && order.side == entry.side
                && order.intent.ends_with("to_close")
        };
        let open = self.open_orders_of(entry.instrument);
        let orders = open.iter().map(|number| &self.state.orders[*number]);
        orders.filter(same).map(Order::open_qty).max().unwrap_or(Qty::ZERO)
    }
}
