//! What comes in: answers to what was asked, and messages of the stream.

use market::remote::{Execution, Heard};
use market::{BrokerRef, ClientOrderId, OrderState, Qty};
use serde_json::Value;

use super::line::{Line, Method, News};
use super::packs::{Phase, Task};
use super::words::{self, Seen, Trade};
use super::{Alpaca, MOST_REFUSALS, Purpose};
use crate::shelf::Kept;

/// An answer, as far as it decides what is done next.
enum Said {
    /// Done; the body.
    Done(Value),
    /// Refused, with the status and the broker's words.
    Refused(u16, String),
    /// Nobody knows whether it was done.
    Unknown,
}

impl<L: Line> Alpaca<L> {
    pub(super) fn take(&mut self, news: News) {
        match news {
            News::Answer { number, status, body } => {
                let said = match status {
                    200..=299 => Said::Done(body),
                    // A server in trouble may have done it all the same.
                    500..=599 | 408 => Said::Unknown,
                    status => Said::Refused(status, words::message(status, &body)),
                };
                self.answered(number, said);
            }
            News::Unanswered { number, .. } => self.answered(number, Said::Unknown),
            News::Update(update) => self.updated(&update),
            News::Connected => self.shelf.heard.push(Heard::Connected),
            News::Lost => {
                self.round = None;
                self.shelf.heard.push(Heard::Lost);
            }
        }
    }

    fn answered(&mut self, number: u64, said: Said) {
        let Some(purpose) = self.purposes.remove(&number) else { return };
        match (purpose, said) {
            (Purpose::Books, Said::Done(body)) => self.read_part(number, &body),
            // The line has waited by itself.
            (Purpose::Books, Said::Unknown) => self.ask_again(number),
            (Purpose::Books, Said::Refused(_, reason)) => {
                tracing::warn!(reason, "read the account at Alpaca");
                self.round = None;
            }
            (Purpose::Place(pack), Said::Done(body)) => self.placed(pack, &body),
            (Purpose::Place(pack), Said::Refused(status, reason)) => {
                self.refused(pack, status, &reason);
            }
            (Purpose::Find(pack), Said::Done(body)) => self.placed(pack, &body),
            (Purpose::Find(pack), Said::Refused(404, _)) => self.not_found(pack),
            (Purpose::Move(pack, id, order), Said::Done(body)) => {
                self.moved(pack, &id, &order, &body);
            }
            (Purpose::Move(pack, _, order), Said::Refused(status, reason)) => {
                self.move_refused(pack, &order, (status, &reason));
            }
            // The stream says when it is gone.
            (Purpose::Leave(_), Said::Done(_)) => {}
            (Purpose::Move(pack, id, _), Said::Unknown) => self.find_order(pack, &id),
            // What became of it, a look at the order tells.
            (Purpose::Place(pack) | Purpose::Find(pack) | Purpose::Leave(pack), _) => {
                self.find(pack)
            }
        }
    }

    /// Looks a pack up, by its name while Alpaca's is not known.
    pub(super) fn find(&mut self, number: u64) {
        let Some(pack) = self.packs.get_mut(&number) else { return };
        if let Some(id) = pack.head().map(str::to_owned) {
            self.find_order(number, &id);
            return;
        }
        pack.phase = Phase::Asking;
        let name: String = url::form_urlencoded::byte_serialize(pack.name.as_bytes()).collect();
        let path = format!("/v2/orders:by_client_order_id?client_order_id={name}");
        self.ask(Method::Get, path, None, Purpose::Find(number));
    }

    /// Looks up one order of a pack.
    fn find_order(&mut self, number: u64, id: &str) {
        let Some(pack) = self.packs.get_mut(&number) else { return };
        pack.phase = Phase::Asking;
        let path = format!("/v2/orders/{id}?nested=true");
        self.ask(Method::Get, path, None, Purpose::Find(number));
    }

    /// A pack stands, or has ended: Alpaca showed it.
    fn placed(&mut self, number: u64, body: &Value) {
        let Ok(seen) = serde_json::from_value::<Seen>(body.clone()) else {
            self.find(number);
            return;
        };
        let Some(pack) = self.packs.get_mut(&number) else { return };
        pack.phase = Phase::Standing;
        for (order, part) in seen.served() {
            if let Some(leg) = pack.legs.iter_mut().find(|leg| leg.order == order) {
                leg.id = Some(part.id.clone());
            }
            // A leg that is looked up by itself bears a name of Alpaca's own.
            self.names.entry(part.id.clone()).or_insert(order);
        }
        let orders: Vec<ClientOrderId> =
            self.packs[&number].legs.iter().map(|leg| leg.order.clone()).collect();
        for order in orders {
            self.shelf.tell_working(&order);
        }
        self.see_all(&seen);
        if let (true, Some(successor)) = (seen.is_replaced(), &seen.replaced_by) {
            self.find_order(number, successor);
        }
    }

    /// A pack that Alpaca does not know: it never came, and is placed again under the same name, or
    /// it is not wanted any more.
    fn not_found(&mut self, number: u64) {
        let Some(pack) = self.packs.get(&number) else { return };
        let wanted = |order: &ClientOrderId| {
            self.shelf.kept.get(order).is_some_and(|kept| !kept.is_cancelling)
        };
        match pack.legs.iter().any(|leg| wanted(&leg.order)) && pack.head().is_none() {
            true => self.ask_to_place(number),
            false => drop(self.packs.remove(&number)),
        }
    }

    /// A pack was refused. What may pass is asked again a few times; then the order that is to
    /// blame has ended.
    fn refused(&mut self, number: u64, status: u16, reason: &str) {
        if reason.contains("client_order_id") {
            // The name is taken: it came before.
            self.find(number);
            return;
        }
        let Some(pack) = self.packs.remove(&number) else { return };
        let leg_for = |task: Task| pack.legs.iter().find(|leg| leg.task == task);
        let entry = leg_for(Task::Entry);
        let is_exit = entry.is_none()
            && pack.legs.iter().any(|leg| {
                self.shelf.kept.get(&leg.order).is_some_and(|kept| kept.group().is_some())
            });
        // Shares may still be promised to an order that is on its way out.
        let may_pass = status == 429 || (is_exit && status == 403);
        let named = if reason.contains("take_profit") { Task::Target } else { Task::Stop };
        let blamed = entry.or(leg_for(named)).or(pack.legs.first());
        let Some(order) = blamed.map(|leg| leg.order.clone()) else { return };
        self.held_against(&order, may_pass, reason);
    }

    fn held_against(&mut self, order: &ClientOrderId, may_pass: bool, reason: &str) {
        let again = self.now() + self.waits.again;
        let Some(kept) = self.shelf.kept.get_mut(order) else { return };
        kept.refusals += 1;
        match may_pass && kept.refusals < MOST_REFUSALS {
            true => kept.not_before = Some(again),
            false => self.shelf.tell_ended(order, OrderState::Rejected, reason),
        }
    }

    /// A leg stands at another price, under another of Alpaca's names.
    fn moved(&mut self, number: u64, id: &str, order: &ClientOrderId, body: &Value) {
        let Ok(seen) = serde_json::from_value::<Seen>(body.clone()) else {
            self.find(number);
            return;
        };
        let Some(pack) = self.packs.get_mut(&number) else { return };
        pack.phase = Phase::Standing;
        // The stream may have told of the successor before.
        let known = if pack.leg_of(id).is_some() { id } else { &seen.id };
        if let Some(leg) = pack.leg_of(known) {
            leg.id = Some(seen.id.clone());
            leg.order = order.clone();
            leg.qty = seen.qty();
            leg.filled = Qty::ZERO;
            leg.is_open = true;
        }
        if *id != seen.id {
            self.superseded.insert(id.to_owned());
        }
        self.names.insert(seen.id.clone(), order.clone());
        self.shelf.tell_working(order);
        self.see_all(&seen);
    }

    /// A leg could not be moved: the new order has ended where the broker says why, and the old one
    /// stands as it stood.
    fn move_refused(&mut self, number: u64, order: &ClientOrderId, (status, reason): (u16, &str)) {
        self.held_against(order, matches!(status, 403 | 404 | 429), reason);
        self.find(number);
    }

    fn updated(&mut self, update: &Value) {
        let Ok(seen) = serde_json::from_value::<Seen>(update["order"].clone()) else { return };
        let own = seen.own_order();
        if !self.names.contains_key(&seen.id) && self.shelf.kept.contains_key(&own) {
            self.names.insert(seen.id.clone(), own);
        }
        if let Some(trade) = words::trade_of(update, &seen) {
            self.traded(&trade, &seen.symbol);
            if let Some(name) = words::execution_name(update) {
                self.done.insert(name, trade);
            }
        }
        if words::undoes(update) {
            self.put_right(update, &seen.symbol);
        }
        self.see_all(&seen);
    }

    /// A trade was taken back or put right after it was told. The desk can be told of another price
    /// for the same shares. All else shows in the account alone, so that is asked for at once.
    fn put_right(&mut self, update: &Value, symbol: &str) {
        tracing::warn!(%update, "Alpaca takes a trade back, or puts it right");
        let right = words::correction_of(update, |name| self.done.get(name).cloned());
        if let Some((name, of, trade)) = right {
            let correction = self.execution(&trade, symbol).map(|execution| Execution {
                id: BrokerRef(name.clone()),
                corrects: Some(of),
                ..execution
            });
            self.done.insert(name, trade);
            self.shelf.heard.extend(correction.map(Heard::Executed));
        }
        // What was told before may be wrong, as it is after a break.
        self.shelf.heard.push(Heard::Connected);
    }

    /// Tells the desk of a trade. One of an order that is not known here waits for the books, which
    /// tell whose it is: a fact is told once, and must be told right.
    fn traded(&mut self, trade: &Trade, symbol: &str) {
        let Some(execution) = self.execution(trade, symbol) else { return };
        if self.trades.insert(trade.id.clone()) {
            *self.held.entry(execution.instrument).or_default() += trade.qty;
            self.meanwhile.insert(execution.instrument);
        }
        if self.names.contains_key(&trade.order_id) {
            self.shelf.heard.push(Heard::Executed(execution));
        }
    }

    /// A trade in the desk's words; `None` in what it has never heard of.
    pub(super) fn execution(&self, trade: &Trade, symbol: &str) -> Option<Execution> {
        let foreign = || ClientOrderId::from_text(format!("alpaca/{}", trade.order_id));
        Some(Execution {
            id: trade.id.clone(),
            order: self.names.get(&trade.order_id).cloned().unwrap_or_else(foreign),
            instrument: self.universe.find(symbol).ok()?,
            at: trade.at,
            qty: trade.qty,
            price: trade.price,
            fee: market::Cash::ZERO,
            corrects: None,
        })
    }

    /// Takes in how an order and its legs stand.
    pub(super) fn see_all(&mut self, seen: &Seen) {
        self.see(seen);
        for leg in seen.legs() {
            self.see(leg);
        }
    }

    fn see(&mut self, seen: &Seen) {
        let now = self.now();
        let found = self
            .packs
            .iter_mut()
            .find_map(|(number, pack)| pack.leg_of(&seen.id).is_some().then_some((*number, pack)));
        let Some((number, pack)) = found else { return };
        let Some(leg) = pack.leg_of(&seen.id) else { return };
        if seen.is_replaced() {
            if let Some(successor) = &seen.replaced_by {
                leg.id = Some(successor.clone());
                leg.filled = Qty::ZERO;
                self.superseded.insert(seen.id.clone());
            }
            return;
        }
        // A leg that was moved serves another order; its name says which.
        let named = seen.own_order();
        let is_other = named != leg.order && self.shelf.kept.contains_key(&named);
        if is_other {
            leg.order = named.clone();
        }
        // One order of Alpaca's is counted once, under whatever pack it is found.
        let counted = self.counted.entry(seen.id.clone()).or_default();
        let more = (seen.filled() - *counted).max(Qty::ZERO);
        *counted += more;
        leg.filled = *counted;
        let (order, task, was_open) = (leg.order.clone(), leg.task, leg.is_open);
        let state = seen.state();
        if seen.qty() > Qty::ZERO {
            leg.qty = seen.qty();
        }
        leg.is_open &= !state.is_done();
        let is_partial = leg.is_open && leg.filled > Qty::ZERO;
        // An entry that stands alone has its exits asleep here.
        let is_parent =
            |kept: &Kept| kept.request.parent.as_ref() == Some(&order) && task == Task::Only;
        let opens = task == Task::Entry || self.shelf.kept.values().any(is_parent);
        if opens && is_partial && pack.partial_since.is_none() {
            pack.partial_since = Some(now);
        }
        if is_other {
            self.names.insert(seen.id.clone(), named);
            self.shelf.tell_working(&order);
        }
        if more > Qty::ZERO {
            self.shelf.book(&order, more);
        }
        if was_open && state.is_done() {
            self.leg_ended(number, (&order, task), state);
        }
    }

    fn leg_ended(&mut self, number: u64, (order, task): (&ClientOrderId, Task), state: OrderState) {
        let Some(pack) = self.packs.get(&number) else { return };
        let (is_ours, is_over) = (pack.is_ours_to_end, pack.open_legs().next().is_none());
        let has_siblings = pack.legs.len() > 1 && task != Task::Entry;
        let untouched = pack.legs.iter().all(|leg| leg.filled == Qty::ZERO);
        if is_over
            && let Some(pack) = self.packs.remove(&number)
            && !is_ours
            && untouched
            && state == OrderState::Cancelled
        {
            // Someone took all of it back at the broker.
            for leg in pack.legs.iter().filter(|leg| leg.order != *order) {
                self.shelf.tell_ended(&leg.order, state, "the broker ended it");
            }
            self.shelf.tell_ended(order, state, "the broker ended it");
            return;
        }
        let Some(kept) = self.shelf.kept.get(order) else { return };
        let is_whole = self.shelf.open_qty(kept) == Qty::ZERO;
        let is_own = kept.group().is_none() || task == Task::Entry;
        match state {
            OrderState::Filled if is_own || is_whole => {
                self.shelf.tell_ended(order, OrderState::Filled, "");
            }
            // Some of it is left, for another pack.
            OrderState::Filled => {}
            _ if is_own => self.shelf.tell_ended(order, state, "the broker ended it"),
            // Taken back by us, or with its sibling, or its day is over: what is still wanted is
            // placed again, and what is not is let go.
            _ if is_ours || has_siblings || state == OrderState::Expired => {}
            _ => self.shelf.tell_ended(order, state, "the broker ended it"),
        }
    }
}
