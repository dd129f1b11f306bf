//! One bar after the other: what waits is released, the exchange works it, and what came of it
//! is taken into the orders.

use std::collections::BTreeMap;

use base::Ts;
use market::{
    Broker as _, BrokerEvent, Cash, ClientOrderId, Corporate, CorporateAction, Fill, InstrumentId,
    OrderKind, OrderRequest, OrderState, Price, Qty, TimeInForce,
};
use sim::BarPrint;

use super::Venue;
use super::activity::Activity;
use super::order::{Class, Kind, Side, Status, Tif, trailed};
use crate::Error;

impl Venue {
    /// Works the next bar of all symbols; false when the tape is at its end.
    pub(super) fn work_slot(&mut self) -> Result<bool, Error> {
        let Some(session) = self.session() else { return Ok(false) };
        if self.state.slot >= self.tape.slots(session) {
            if self.state.session + 1 >= self.tape.sessions().len() {
                return Ok(false);
            }
            self.state.session += 1;
            self.state.slot = 0;
            self.begin_session()?;
        }
        let Some(session) = self.session() else { return Ok(false) };
        let (start, end) = self.tape.slot(session, self.state.slot);
        let number = self.state.session;
        if self.day.as_ref().is_none_or(|(made, _)| *made != number) {
            self.day = Some((number, self.tape.day(session)));
        }
        let prints = self.day.as_mut().and_then(|(_, day)| day.remove(&start)).unwrap_or_default();
        let mut printed = BTreeMap::new();
        for print in prints {
            if !self.state.halted.contains(&print.instrument) {
                self.work_bar(&print)?;
                printed.insert(print.instrument, print);
            }
        }
        self.state.slot += 1;
        self.state.now = self.state.now.max(end);
        self.reckon();
        self.work_combos(start, &printed)?;
        if self.state.slot >= self.tape.slots(session) {
            self.expire_contracts(session.day, end);
        }
        self.expire(end);
        self.reckon();
        self.changed();
        Ok(true)
    }

    /// What happens before the first bar of a session.
    pub(super) fn begin_session(&mut self) -> Result<(), Error> {
        let Some(session) = self.session() else { return Ok(()) };
        self.day = None;
        self.state.now = self.state.now.max(session.open);
        self.state.closes.clone_from(&self.state.marks);
        let before = self.state.session.checked_sub(1).map(|at| self.tape.sessions()[at].day);
        let tape = std::sync::Arc::clone(&self.tape);
        for (instrument, _) in tape.universe().iter() {
            for action in &tape.listing(instrument).actions {
                if action.ex_day <= session.day && before.is_none_or(|day| action.ex_day > day) {
                    self.apply(instrument, action, session.open)?;
                }
            }
        }
        self.remember_lots();
        self.state.last_equity = self.equity();
        let held = self.state.exchange.positions();
        self.state.overnight = held.map(|held| (held.instrument, held.qty)).collect();
        let waiting: Vec<usize> = self.state.open.iter().copied().collect();
        for number in waiting {
            if self.state.orders[number].status == Status::Accepted {
                self.state.orders[number].status = Status::New;
                self.state.orders[number].updated_at = session.open;
                self.tell("new", number, session.open);
            }
        }
        self.changed();
        Ok(())
    }

    fn apply(
        &mut self,
        instrument: InstrumentId,
        action: &CorporateAction,
        open: Ts,
    ) -> Result<(), Error> {
        if let Corporate::Split { ratio } = action.action {
            for number in self.open_orders_of(instrument) {
                self.take_back(number, Status::Canceled, open);
            }
            let split = |price: Option<Price>| {
                price.map(|price| Price::from_raw((price.raw() as f64 / ratio).round() as i64))
            };
            let at = instrument.index();
            self.state.marks[at] = split(self.state.marks[at]);
            self.state.closes[at] = split(self.state.closes[at]);
        }
        self.adjust_contracts(instrument, &action.action, open);
        let action = CorporateAction { known: open, ..action.clone() };
        self.state.exchange.on_corporate(instrument, &action).map_err(Error::ReplayBar)?;
        self.take_answers(instrument, open);
        self.remember_cost(instrument);
        Ok(())
    }

    fn work_bar(&mut self, print: &BarPrint) -> Result<(), Error> {
        let instrument = print.instrument;
        for number in self.open_orders_of(instrument) {
            self.release(number, print)?;
        }
        self.state.exchange.on_bar(print).map_err(Error::ReplayBar)?;
        self.state.marks[instrument.index()] = Some(print.bar.close);
        self.revalue(instrument);
        self.take_answers(instrument, print.end);
        for number in self.open_orders_of(instrument) {
            self.follow(number, print);
        }
        self.prints.push(*print);
        Ok(())
    }

    /// Sends what waits for this bar; takes back what can't fill on it and must.
    fn release(&mut self, number: usize, print: &BarPrint) -> Result<(), Error> {
        let order = &self.state.orders[number];
        if order.combo.is_some() {
            return Ok(());
        }
        if order.wire.is_some() || order.status == Status::Held || order.submitted_at > print.start
        {
            return Ok(());
        }
        let session = self.session();
        let first = session.is_some_and(|session| session.open == print.start);
        let last = session.is_some_and(|session| session.close <= print.end);
        let within = |price: Price| match (order.kind.limit(), order.side) {
            (Some(limit), Side::Buy) => price <= limit,
            (Some(limit), Side::Sell) => price >= limit,
            (None, _) => true,
        };
        let can_open = within(print.bar.open) && print.bar.volume > 0;
        let (sends, fails) = match order.tif {
            Tif::Day | Tif::Gtc => (true, false),
            Tif::Opg => (first && can_open, first && !can_open),
            Tif::Cls => (last && within(print.bar.close), last && !within(print.bar.close)),
            Tif::Ioc | Tif::Fok => (can_open, !can_open),
        };
        if fails {
            let ended = if order.tif.is_auction() { Status::Expired } else { Status::Canceled };
            self.take_back(number, ended, print.start);
            return Ok(());
        }
        if !sends {
            return Ok(());
        }
        self.value_notional(number, print.bar.open);
        if self.state.orders[number].qty == Some(Qty::ZERO) {
            self.take_back(number, Status::Canceled, print.start);
            return Ok(());
        }
        if self.state.orders[number].tif == Tif::Fok && !self.fills_whole(number, print)? {
            self.take_back(number, Status::Canceled, print.start);
            return Ok(());
        }
        self.send(number, print.start);
        Ok(())
    }

    /// An order by value becomes one by shares, in whole millionths.
    fn value_notional(&mut self, number: usize, price: Price) {
        let order = &mut self.state.orders[number];
        if let (Some(notional), None) = (order.notional, order.qty) {
            let shares = notional.to_f64() / price.to_f64();
            order.qty =
                Some(Qty::from_raw((shares * 1e6).floor() as i64 * (Qty::SCALE / 1_000_000)));
        }
    }

    /// Tries the bar on a copy of the exchange.
    fn fills_whole(&self, number: usize, print: &BarPrint) -> Result<bool, Error> {
        let mut trial = self.state.exchange.clone();
        let Some(request) = self.request_of(number) else { return Ok(false) };
        trial.submit(print.start, &request);
        trial.on_bar(print).map_err(Error::ReplayBar)?;
        let mut answers = Vec::new();
        trial.drain(&mut answers);
        let filled: Qty = answers
            .iter()
            .filter_map(|answer| match answer {
                BrokerEvent::Filled(fill) if fill.order == request.id => Some(fill.qty),
                _ => None,
            })
            .sum();
        Ok(filled == request.qty)
    }

    /// After a bar: what was for this bar alone is taken back, trailing stops follow.
    fn follow(&mut self, number: usize, print: &BarPrint) {
        let order = &self.state.orders[number];
        if order.wire.is_none() || order.submitted_at > print.start {
            return;
        }
        if order.tif.is_timed() {
            let ended = if order.tif.is_auction() { Status::Expired } else { Status::Canceled };
            self.take_back(number, ended, print.end);
            return;
        }
        let Kind::Trailing { trail, best } = order.kind else { return };
        let seen = match order.side {
            // One that still sleeps trails from where its parent fills.
            _ if self.sleeps(order) => print.bar.close,
            Side::Sell => best.max(print.bar.high),
            Side::Buy => best.min(print.bar.low),
        };
        if seen == best || order.filled != Qty::ZERO {
            return;
        }
        let moves = trailed(trail, seen, order.side) != trailed(trail, best, order.side);
        self.state.orders[number].kind = Kind::Trailing { trail, best: seen };
        if moves {
            self.recall(number, print.end);
            self.send(number, print.end);
        }
    }

    /// Sends an order to the exchange under a name of its own.
    pub(super) fn send(&mut self, number: usize, at: Ts) {
        let order = &mut self.state.orders[number];
        order.revision += 1;
        if let Some(request) = self.request_of(number) {
            self.state.orders[number].wire = Some(request.id.clone());
            self.state.exchange.submit(at, &request);
        }
    }

    /// Takes an order back from the exchange without a word to the account.
    pub(super) fn recall(&mut self, number: usize, at: Ts) {
        if let Some(wire) = self.state.orders[number].wire.take() {
            self.state.exchange.cancel(at, &wire);
        }
    }

    /// The order in the exchange's words; `None` while its quantity is not known.
    fn request_of(&self, number: usize) -> Option<OrderRequest> {
        let order = &self.state.orders[number];
        let qty = order.side.signed(order.qty? - order.filled);
        let kind = match order.kind {
            Kind::Market | Kind::Limit { .. } if order.tif == Tif::Cls => OrderKind::MarketOnClose,
            Kind::Market => OrderKind::Market,
            Kind::Limit { limit } => OrderKind::Limit { limit },
            Kind::Stop { stop } => OrderKind::Stop { stop },
            Kind::StopLimit { stop, limit } => OrderKind::StopLimit { stop, limit },
            Kind::Trailing { trail, best } => {
                OrderKind::Stop { stop: trailed(trail, best, order.side) }
            }
        };
        let waits_for = order.parent.filter(|_| order.class != Class::Oco);
        let parent = waits_for.and_then(|parent| {
            let parent = &self.state.orders[parent];
            parent.wire.clone().filter(|_| parent.status.is_open())
        });
        Some(OrderRequest {
            id: ClientOrderId::from_text(format!("o{number}r{}", order.revision)),
            instrument: order.instrument,
            qty,
            kind,
            tif: if order.tif == Tif::Gtc { TimeInForce::Gtc } else { TimeInForce::Day },
            oco_group: order.group.clone(),
            parent,
            reduce_only: false,
        })
    }

    /// Takes the exchange's answers about one instrument into the orders.
    pub(super) fn take_answers(&mut self, instrument: InstrumentId, at: Ts) {
        let mut answers = Vec::new();
        self.state.exchange.drain(&mut answers);
        if answers.is_empty() {
            return;
        }
        // Each name is sent once, and a child only while its parent is open.
        self.state.exchange.forget_done();
        let said_of = answers.iter().filter_map(|answer| match answer {
            BrokerEvent::Filled(fill) => number_in(&fill.order),
            BrokerEvent::Moved { order, .. } => number_in(order),
            _ => None,
        });
        let concerned = self.concerned(said_of);
        let sizes: Vec<(usize, Option<Qty>)> =
            concerned.iter().map(|number| (*number, self.state.orders[*number].qty)).collect();
        let mut costs = Vec::new();
        self.state.exchange.drain_fill_costs(&mut costs);
        let filled: Qty = answers
            .iter()
            .filter_map(|answer| match answer {
                BrokerEvent::Filled(fill) => Some(fill.qty),
                _ => None,
            })
            .sum();
        let mut basis = self.basis_before(instrument, filled);
        for answer in answers {
            match answer {
                BrokerEvent::Filled(fill) => {
                    let earned = basis.trade(fill.qty, fill.price);
                    self.take_fill(&fill, basis.qty, earned);
                }
                BrokerEvent::Moved { order, state, .. } => self.take_move(&order, state, at),
                BrokerEvent::CashMoved { amount, reason, .. } => {
                    let activity = Activity::cash(self.state.activities.len(), at, amount, &reason);
                    self.state.activities.push(activity);
                }
                // An exchange of bars takes no price back.
                BrokerEvent::Corrected { .. } => {}
            }
        }
        for number in concerned {
            if self.state.orders[number].status.is_open() {
                self.measure(number);
            }
        }
        // Who was reduced by a sibling hears of it.
        for (number, qty) in sizes {
            let order = &self.state.orders[number];
            if order.status.is_open() && qty.is_some() && order.qty != qty {
                self.note(number, at, None);
            }
        }
        if filled != Qty::ZERO {
            self.remember_cost(instrument);
            self.changed();
        }
    }

    /// What siblings filled, and what an entry left unfilled, is gone from an order's quantity.
    fn measure(&mut self, number: usize) {
        let order = &self.state.orders[number];
        let rest = order.wire.as_ref().and_then(|wire| self.state.exchange.remaining(wire));
        let qty = rest.map(|rest| order.filled + rest.abs());
        if qty.is_some() && qty != order.qty {
            self.state.orders[number].qty = qty;
        }
    }

    /// The number of an order by the exchange's name, while that name is its last.
    fn number_of(&self, wire: &ClientOrderId) -> Option<usize> {
        let number = number_in(wire)?;
        let order = self.state.orders.get(number)?;
        (order.wire.as_ref() == Some(wire)).then_some(number)
    }

    fn take_move(&mut self, wire: &ClientOrderId, state: OrderState, at: Ts) {
        let Some(number) = self.number_of(wire) else { return };
        let ended = match state {
            OrderState::Cancelled => Status::Canceled,
            OrderState::Expired => Status::Expired,
            OrderState::Rejected => Status::Rejected,
            _ => return,
        };
        self.state.orders[number].wire = None;
        self.end(number, ended, at);
    }

    fn take_fill(&mut self, fill: &Fill, held: Qty, earned: Option<Cash>) {
        let Some(number) = self.number_of(&fill.order) else {
            let activity = Activity::closing(self.state.activities.len(), fill);
            self.state.activities.push(activity);
            return;
        };
        let order = &mut self.state.orders[number];
        order.fill(fill.qty, fill.price, fill.at);
        let done = order.status == Status::Filled;
        let activity = Activity::fill(self.state.activities.len(), order, fill);
        self.state.activities.push(activity);
        if done {
            self.state.orders[number].wire = None;
            self.close_order(number);
        }
        let event = if done { "fill" } else { "partial_fill" };
        self.tell_fill(event, number, fill, (held, earned));
        self.shrink_siblings(number, fill.qty.abs());
        match done {
            true => self.wake_legs(number, fill.at),
            false => {
                for leg in self.state.orders[number].legs.clone() {
                    self.note(leg, fill.at, None);
                }
            }
        }
    }

    /// One cancels the other: what one filled is not there for its siblings.
    fn shrink_siblings(&mut self, number: usize, by: Qty) {
        for other in self.open_group_of(number) {
            let order = &self.state.orders[other];
            let rest = order.open_qty() - by;
            if other != number && rest > Qty::ZERO {
                let qty = Some(rest + order.filled);
                self.state.orders[other].qty = qty;
            }
        }
    }

    /// The legs of a filled order become live. Of a pair the stop stays held, as the broker
    /// shows it.
    pub(super) fn wake_legs(&mut self, number: usize, at: Ts) {
        for leg in self.state.orders[number].legs.clone() {
            let order = &mut self.state.orders[leg];
            let stays = order.group.is_some() && order.is_stop();
            match (order.status, stays) {
                (Status::Held, false) => {
                    order.status = Status::New;
                    order.updated_at = at;
                    self.tell("new", leg, at);
                }
                (Status::Held, true) => self.note(leg, at, None),
                _ => {}
            }
        }
    }

    /// Ends what no bar ended: orders on symbols without a bar, and old ones.
    fn expire(&mut self, now: Ts) {
        for number in self.waiting.due(now) {
            if self.state.orders[number].status.is_open() {
                self.take_back(number, Status::Expired, now);
            }
        }
    }
}

/// The number of the order that a name of the exchange was made for.
fn number_in(wire: &ClientOrderId) -> Option<usize> {
    wire.as_str().strip_prefix('o')?.split('r').next()?.parse().ok()
}

impl Tif {
    /// True for orders of an auction.
    pub(super) fn is_auction(self) -> bool {
        matches!(self, Tif::Opg | Tif::Cls)
    }
}
