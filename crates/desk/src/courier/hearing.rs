//! What is heard, made into facts that come once and in order.

use base::Ts;
use market::remote::{Books, Execution, Heard, Payment, Report, Wire};
use market::{BrokerEvent, Cash, ClientOrderId, OrderState, Qty};

use super::{Courier, Ending, Tracked, fill, late_fee};

impl<W: Wire> Courier<W> {
    pub(super) fn take(&mut self, heard: Heard) {
        match heard {
            Heard::Order(report) => self.on_report(report),
            Heard::Executed(execution) => self.on_execution(execution),
            Heard::Paid(payment) => self.on_payment(payment),
            Heard::Books(books) => self.on_books(books),
            Heard::Lost => {
                self.connected = false;
                self.asked = None;
            }
            Heard::Connected => {
                self.connected = true;
                self.asked = None;
                self.wanted = true;
            }
        }
    }

    fn on_report(&mut self, report: Report) {
        let now = self.now;
        let Some(order) = self.orders.get_mut(&report.order) else { return };
        if report.state.is_done() {
            let Report { state, filled, reason, .. } = report.clone();
            match &mut order.ended {
                None => order.ended = Some(Ending { state, filled, reason, heard: now }),
                Some(ending) if ending.filled.abs() < filled.abs() => ending.filled = filled,
                Some(_) => {}
            }
            order.known.get_or_insert(now);
            self.end_if_whole(&report.order);
        } else if report.state == OrderState::Working {
            self.acknowledge(&report.order);
            let missing = |qty: Qty| qty.abs() < report.filled.abs();
            if self.orders.get(&report.order).is_some_and(|order| missing(order.delivered)) {
                self.wanted = true;
            }
        }
    }

    /// The broker knows the order.
    fn acknowledge(&mut self, id: &ClientOrderId) {
        let now = self.now;
        let Some(order) = self.orders.get_mut(id) else { return };
        if order.known.is_none() && order.ended.is_none() {
            order.known = Some(now);
            self.tell(id, OrderState::Working, "");
        }
    }

    fn on_execution(&mut self, execution: Execution) {
        if !self.heard.insert(execution.id.clone()) || self.was_before_us(&execution) {
            return;
        }
        if let Some(of) = &execution.corrects {
            let (id, price) = (execution.id.clone(), execution.price);
            if self.heard.contains(of) {
                self.events.push(BrokerEvent::Corrected { id, execution: of.clone(), price });
            } else {
                self.early.entry(of.clone()).or_default().push((id, price));
            }
            return;
        }
        if self.is_ahead(&execution) {
            self.ahead.push((self.now, execution));
            self.wanted = true;
            return;
        }
        self.deliver(execution);
        // What was ahead of this one may be due now.
        for (heard, execution) in std::mem::take(&mut self.ahead) {
            match self.is_ahead(&execution) {
                true => self.ahead.push((heard, execution)),
                false => self.deliver(execution),
            }
        }
    }

    /// Whether others traded on the account before it was ours to trade on: its first cash holds
    /// what that left.
    fn was_before_us(&self, execution: &Execution) -> bool {
        execution.at < self.began && !execution.order.is_ours()
    }

    /// Whether an execution of a child came before that of its parent which it rests on: an order
    /// of a bracket can't have closed more than its share of what the entry has opened.
    fn is_ahead(&self, execution: &Execution) -> bool {
        let Some(order) = self.orders.get(&execution.order) else { return false };
        let Some(parent) = &order.request.parent else { return false };
        let Some(entry) = self.orders.get(parent) else { return false };
        let group = &order.request.oco_group;
        let of_group = self.orders.values().filter(|other| {
            group.is_some()
                && other.request.oco_group == *group
                && other.request.id != execution.order
        });
        let others: Qty = of_group.map(|other| other.delivered.abs()).sum();
        let ended = group.as_ref().and_then(|group| self.closed.get(group)).copied();
        let closed = order.delivered.abs() + others + ended.unwrap_or_default();
        let wide = |qty: Qty| i128::from(qty.raw().abs());
        let asked = wide(entry.request.qty).max(1);
        let share = wide(order.request.qty) * wide(entry.delivered) / asked;
        wide(closed + execution.qty.abs()) > share
    }

    fn deliver(&mut self, execution: Execution) {
        self.acknowledge(&execution.order);
        self.fees.insert(execution.id.clone(), execution.fee);
        self.events.push(BrokerEvent::Filled(fill(&execution)));
        if let Some(order) = self.orders.get_mut(&execution.order) {
            order.delivered += execution.qty;
        }
        for (id, price) in self.early.remove(&execution.id).unwrap_or_default() {
            let execution = execution.id.clone();
            self.events.push(BrokerEvent::Corrected { id, execution, price });
        }
        self.end_if_whole(&execution.order);
    }

    /// Executions in the order in which they were done. None is ahead of another by itself, but a
    /// later one may have been heard before: then what it left no room for waits until the entry
    /// has filled.
    fn deliver_all(&mut self, done: Vec<&Execution>) {
        let mut late = Vec::new();
        for execution in done {
            if !self.heard.insert(execution.id.clone()) {
                self.on_fee(execution);
            } else if self.is_ahead(execution) {
                late.push(execution);
            } else if !self.was_before_us(execution) {
                self.deliver(execution.clone());
            }
        }
        while let Some(at) = late.iter().position(|execution| !self.is_ahead(execution)) {
            let execution = late.remove(at);
            self.deliver(execution.clone());
        }
        for execution in late {
            self.deliver(execution.clone());
        }
    }

    /// What an execution cost may be known only after it was told, and in another life of ours. A
    /// broker that tells none may have forgotten it: nothing is given back for that.
    fn on_fee(&mut self, execution: &Execution) {
        let Some(told) = self.fees.get(&execution.id).copied() else { return };
        if execution.fee != Cash::ZERO && execution.fee != told {
            self.on_payment(late_fee(&execution.id, execution.fee - told));
        }
    }

    fn on_payment(&mut self, payment: Payment) {
        if self.heard.insert(payment.id.clone()) {
            let Payment { id, amount, reason } = payment;
            self.events.push(BrokerEvent::CashMoved { amount, reason, id: Some(id) });
        }
    }

    /// An order that ended is told of once all that it filled was.
    fn end_if_whole(&mut self, id: &ClientOrderId) {
        let Some(order) = self.orders.get(id) else { return };
        let full = order.delivered == order.request.qty;
        let whole = |ending: &&Ending| order.delivered.abs() >= ending.filled.abs();
        let ending = order.ended.as_ref().filter(whole).cloned();
        if self.ahead.iter().any(|(_, execution)| execution.order == *id) {
            return;
        }
        if !full && ending.is_none() {
            return;
        }
        let unfilled = order.delivered == Qty::ZERO;
        let unasked = order.cancelling.is_none()
            && ending.as_ref().is_some_and(|ending| {
                matches!(ending.state, OrderState::Cancelled | OrderState::Expired)
            });
        if let Some(group) = order.request.oco_group.clone().filter(|_| unasked && !full) {
            self.doubted.insert(group, self.next_number);
            self.wanted = true;
        }
        self.forget(id);
        if let Some(Ending { state, reason, .. }) = ending.filter(|_| !full) {
            self.tell(id, state, &reason);
        }
        if unfilled {
            self.cancel_orphans(id);
        }
    }

    /// An order that has ended; what it closed still counts for its group.
    fn forget(&mut self, id: &ClientOrderId) -> Option<Tracked> {
        let order = self.orders.remove(id)?;
        if let Some(group) = order.request.oco_group.clone() {
            // The group is remembered while one of its orders is.
            match self.orders.values().any(|it| it.request.oco_group.as_ref() == Some(&group)) {
                true => *self.closed.entry(group).or_default() += order.delivered.abs(),
                false => drop(self.closed.remove(&group)),
            }
        }
        Some(order)
    }

    /// Children that were never sent go with a parent that filled nothing.
    fn cancel_orphans(&mut self, parent: &ClientOrderId) {
        let orphan = |id: &&ClientOrderId| {
            let order = &self.orders[*id];
            order.request.parent.as_ref() == Some(parent) && order.sent.is_none()
        };
        let orphans: Vec<ClientOrderId> = self.orders.keys().filter(orphan).cloned().collect();
        for id in orphans {
            self.orders.remove(&id);
            self.tell(&id, OrderState::Cancelled, "the order it waits for ended unfilled");
        }
    }

    fn on_books(&mut self, books: Books) {
        let Some((number, asked)) = self.asked else { return };
        if books.number != number {
            return;
        }
        self.asked = None;
        self.introduced = true;
        // Books hold all that was heard before they were asked for, and what came since may still
        // be ahead.
        let ahead = std::mem::take(&mut self.ahead);
        let (old, new): (Vec<_>, Vec<_>) = ahead.into_iter().partition(|(heard, _)| *heard < asked);
        for (_, execution) in old.iter().chain(&new) {
            self.heard.remove(&execution.id);
        }
        let old = old.iter().map(|(_, execution)| execution);
        let (corrections, done): (Vec<_>, Vec<_>) =
            books.executions.iter().chain(old).partition(|it| it.corrects.is_some());
        self.deliver_all(done);
        for correction in corrections {
            self.on_execution(correction.clone());
        }
        for (_, execution) in new {
            self.on_execution(execution);
        }
        for payment in books.payments.iter().cloned() {
            self.on_payment(payment);
        }
        for report in books.orders.iter().cloned() {
            self.on_report(report);
        }
        self.doubted.retain(|_, before| *before >= number);
        self.settle_unmentioned(&books, asked);
        self.last_books = Some((asked, books));
        self.last = None;
    }

    /// Orders that the books do not know: sent again, let go, or forgotten by the broker. And
    /// those that still stand though they were to be taken back.
    fn settle_unmentioned(&mut self, books: &Books, asked: Ts) {
        let now = self.now;
        let mut gone: Vec<(ClientOrderId, &str)> = Vec::new();
        for (id, order) in &mut self.orders {
            let mentioned = books.orders.iter().any(|report| report.order == *id);
            let stands = mentioned && order.ended.is_none();
            match (mentioned, order.known, order.sent) {
                (true, ..) if stands && order.cancelling.is_some_and(|at| at < asked) => {
                    order.cancelling = Some(now);
                    self.outgoing.push(market::remote::Said::Cancel(id.clone()));
                }
                (true, ..) => {}
                (false, Some(known), _) if known < asked && order.ended.is_none() => {
                    gone.push((id.clone(), "the broker no longer knows it"));
                }
                (false, None, Some(sent)) if sent + self.patience.travel <= asked => {
                    if order.is_late(now, self.patience.opening) {
                        gone.push((
                            id.clone(),
                            "it never reached the broker, and its time is past",
                        ));
                    } else if order.cancelling.is_some() {
                        gone.push((id.clone(), "it never reached the broker"));
                    } else {
                        // Flushed again as if for the first time.
                        order.sent = None;
                    }
                }
                (false, ..) => {}
            }
        }
        for (id, reason) in gone {
            self.let_go(&id, reason);
        }
    }

    /// An order that stands nowhere and is not sent any more, and what sleeps under it.
    pub(super) fn let_go(&mut self, id: &ClientOrderId, reason: &str) {
        let unfilled = self.forget(id).is_some_and(|it| it.delivered == Qty::ZERO);
        self.incidents.push(format!("order {id}: {reason}"));
        self.tell(id, OrderState::Cancelled, reason);
        if unfilled {
            self.cancel_orphans(id);
        }
    }
}
