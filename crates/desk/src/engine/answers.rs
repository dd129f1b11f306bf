//! The broker's answers, and the orders that follow from them.

use market::{
    Broker, BrokerEvent, BrokerRef, Cash, ClientOrderId, Fill, InstrumentId, OrderKind,
    OrderRequest, OrderState, Price, Qty,
};

use super::Mode;
use super::core::{Core, Ports};
use crate::Error;
use crate::exit::{Action, Keeper};
use crate::journal::{Closed, Journal, Record, State, keeper_in};
use crate::ledger::Booking;
use crate::orders::{Role, Working};

/// Answers to answers to answers: a broker that never falls silent is cut off here and heard
/// again at the next event.
const MOST_ROUNDS: usize = 32;

/// Whether a plan is written down even if what was done to it seems to have changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Answers have changed it before.
    Always,
    /// Only if it changes now.
    IfChanged,
}

/// An add-on that a plan asks for.
struct AddOnAsk {
    instrument: InstrumentId,
    intent: String,
    qty: Qty,
    kind: OrderKind,
}

impl Core {
    /// Drains the broker until it is silent, which it mostly is from the start.
    #[inline]
    pub(super) fn answers<B: Broker, J: Journal>(
        &mut self,
        ports: &mut Ports<'_, B, J>,
    ) -> Result<(), Error> {
        ports.broker.drain(&mut self.answers);
        if self.answers.is_empty() { Ok(()) } else { self.hear_out(ports) }
    }

    fn hear_out<B: Broker, J: Journal>(
        &mut self,
        ports: &mut Ports<'_, B, J>,
    ) -> Result<(), Error> {
        for _ in 1..MOST_ROUNDS {
            self.hear_round(ports)?;
            ports.broker.drain(&mut self.answers);
            if self.answers.is_empty() {
                return Ok(());
            }
        }
        self.hear_round(ports)
    }

    /// All answers of a round are taken in before any plan is settled, so that no order is sent
    /// on half of the news.
    fn hear_round<B: Broker, J: Journal>(
        &mut self,
        ports: &mut Ports<'_, B, J>,
    ) -> Result<(), Error> {
        let mut answers = std::mem::take(&mut self.answers);
        for answer in &answers {
            self.on_answer(answer, ports)?;
        }
        answers.clear();
        self.answers = answers;
        self.settle_touched(ports)
    }

    pub(super) fn on_answer<B: Broker, J: Journal>(
        &mut self,
        answer: &BrokerEvent,
        ports: &mut Ports<'_, B, J>,
    ) -> Result<(), Error> {
        match answer {
            BrokerEvent::Moved { order, state, reason } => {
                self.on_moved((order, *state), reason, ports.journal);
                Ok(())
            }
            BrokerEvent::Filled(fill) => self.on_fill(fill, ports.journal),
            BrokerEvent::CashMoved { amount, reason, id } => {
                if let Some(id) = id {
                    self.state.note(id, None);
                    self.write(ports.journal, || Record::Paid(id.clone()));
                }
                self.cash_moved(*amount, reason, ports.journal);
                Ok(())
            }
            BrokerEvent::Corrected { id, execution, price } => {
                self.on_corrected((id, execution), *price, ports.journal);
                Ok(())
            }
        }
    }

    fn cash_moved<J: Journal>(&mut self, amount: Cash, reason: &str, journal: &mut J) {
        let booking = Booking::cash_moved(self.now, self.config.currency, amount, reason);
        self.state.ledger.book(&booking);
        self.write(journal, || Record::Booked { booking, position: None });
    }

    /// A trade was done at another price than was told: the difference is cash. What a position
    /// cost stays as it was first told, so that plans and their R do not move.
    fn on_corrected<J: Journal>(
        &mut self,
        (id, execution): (&BrokerRef, &BrokerRef),
        price: Price,
        journal: &mut J,
    ) {
        let trade = self.state.told.get(execution).and_then(|told| told.trade);
        self.state.correct(id, execution, price);
        let (told, of) = (id.clone(), execution.clone());
        self.write(journal, || Record::Corrected { id: told, execution: of, price });
        match trade {
            Some((_, qty, was)) => {
                let reason =
                    format!("price of execution {} put right: {was} was {price}", execution.0);
                self.cash_moved((was - price).times(qty), &reason, journal);
            }
            None => {
                let text = format!("execution {} put right, which nobody told of", execution.0);
                self.incident(text, journal);
            }
        }
    }

    fn on_moved<J: Journal>(
        &mut self,
        (order, state): (&ClientOrderId, OrderState),
        reason: &str,
        journal: &mut J,
    ) {
        self.write(journal, || Record::Moved {
            order: order.clone(),
            state,
            reason: reason.to_owned(),
        });
        let State { orders, plans, delisted, .. } = &mut self.state;
        let Some(known) = orders.get(order) else { return };
        let (role, instrument) = (known.role, known.request.instrument);
        if let Some(keeper) = keeper_in(plans, instrument, &known.intent) {
            keeper.on_moved((order, state), role, self.now, &mut self.actions);
            if delisted.contains(&instrument) {
                // What leaves its exchange takes its orders along: nobody need look.
                self.actions.retain(|action| !matches!(action, Action::Incident(_)));
            }
            self.touched.push(instrument);
        }
        orders.moved(order, state);
        if state == OrderState::Expired && role == Role::Close {
            // No price came in what was left of the session: it waits for the next one's first.
            self.touched.push(instrument);
        }
        if state == OrderState::Rejected && matches!(role, Role::Entry | Role::Plain | Role::Close)
        {
            self.incident(format!("order {order} refused by the broker: {reason}"), journal);
        }
    }

    fn on_fill<J: Journal>(&mut self, fill: &Fill, journal: &mut J) -> Result<(), Error> {
        let instrument = fill.instrument;
        let count = self.hot.len();
        let unknown = Error::FindInstrument { instrument, count };
        let currency = self.listed.get(instrument.index()).ok_or(unknown)?.currency;
        let (booking, position) = self.state.ledger.price_fill(fill, currency)?;
        let known = self.state.orders.get(&fill.order);
        let role = known.map(|order| order.role);
        let intent = known.map(|order| order.intent.clone());
        self.write(journal, || Record::Filled {
            fill: fill.clone(),
            intent: intent.clone().filter(|intent| !intent.is_empty()),
            role: role.unwrap_or(Role::Close),
        });
        self.state.orders.filled(fill);
        // What alternatives took off an entry counts: it may be full with less than was asked.
        let is_full = self.state.orders.get(&fill.order).is_none();
        self.state.note_fill(fill);
        self.state.ledger.book(&booking);
        self.state.ledger.hold(instrument, position);
        self.write(journal, || Record::Booked { booking, position: Some(position) });
        self.revalue(instrument, position.qty, fill.price);
        match (role, intent) {
            (Some(role @ (Role::Plain | Role::Close)), _) => {
                // What closes a stray leaves alone what was meant to lie beside it.
                let stray = position.qty - fill.qty - self.state.meant(instrument);
                let rest = if role == Role::Close { beyond(fill.qty, stray) } else { fill.qty };
                self.loosen((instrument, role), rest, journal);
                self.touched.push(instrument);
            }
            (Some(role), Some(intent)) => {
                let mut out = std::mem::take(&mut self.actions);
                if let Some(keeper) = self.state.keeper_mut(instrument, &intent) {
                    keeper.on_fill(fill, role, &mut out);
                    keeper.first.done |= role == Role::Entry && is_full;
                }
                // Even where the plan is over: what its order took nobody meant any more.
                self.touched.push(instrument);
                if role == Role::Entry {
                    self.take_back_alternatives(instrument, &intent, &mut out);
                }
                self.actions = out;
            }
            _ => self.foreign_fill(fill, journal),
        }
        Ok(())
    }

    /// One entry of a group was filled: the others are taken back. The broker has reduced them by
    /// as much already, where it keeps the group; what is left of a larger one goes too.
    fn take_back_alternatives(&self, of: InstrumentId, intent: &str, out: &mut Vec<Action>) {
        let plans = self.state.plans.get(&of).map_or(&[][..], Vec::as_slice);
        let group = plans.iter().find(|keeper| keeper.intent == intent);
        let Some(group) = group.and_then(|keeper| keeper.group.as_ref()) else { return };
        let others = plans.iter().filter(|keeper| keeper.intent != intent);
        let others = others.filter(|keeper| keeper.group.as_ref() == Some(group));
        let waiting = others.filter(|keeper| !keeper.first.done);
        out.extend(waiting.map(|keeper| Action::Cancel(keeper.first.id.clone())));
    }

    /// A fill of an order we do not know: at a delisting the broker closes by itself; anything
    /// else is an incident.
    fn foreign_fill<J: Journal>(&mut self, fill: &Fill, journal: &mut J) {
        let instrument = fill.instrument;
        let delisted = self.state.delisted.contains(&instrument);
        if !delisted && fill.order.is_ours() {
            // It had ended, as far as the broker said. What it took is astray.
            self.incident(format!("late fill of order {}, which had ended", fill.order), journal);
            self.touched.push(instrument);
            return;
        }
        if !delisted {
            self.by_hand(fill, journal);
            return;
        }
        for keeper in self.state.plans.get_mut(&instrument).into_iter().flatten() {
            let closes = keeper.side.opposite().signed(Qty::whole(1)).signum();
            if closes == fill.qty.signum() {
                let qty = keeper.open();
                let part = Fill { qty: keeper.side.opposite().signed(qty), ..fill.clone() };
                keeper.on_delisting_fill(&part, qty);
            }
        }
        self.touched.push(instrument);
    }

    /// Someone traded on the account beside us. What that took off our plans is no longer theirs to
    /// close; what is left of it was meant. Nothing is opened there until a person has looked.
    fn by_hand<J: Journal>(&mut self, fill: &Fill, journal: &mut J) {
        let instrument = fill.instrument;
        let mut left = fill.qty.abs();
        for keeper in self.state.plans.get_mut(&instrument).into_iter().flatten() {
            let closes = keeper.side.opposite().signed(Qty::whole(1)).signum();
            let part = left.min(keeper.open());
            if closes == fill.qty.signum() && part > Qty::ZERO {
                keeper.on_hand_fill(&Fill {
                    qty: keeper.side.opposite().signed(part),
                    ..fill.clone()
                });
                left -= part;
            }
        }
        self.touched.push(instrument);
        let rest = if fill.qty.is_negative() { -left } else { left };
        if rest != Qty::ZERO {
            self.loosen((instrument, Role::Plain), rest, journal);
        }
        let text = format!("order {} on instrument {} is not ours", fill.order, instrument.0);
        self.incident(text.clone(), journal);
        self.state.freeze(Some(instrument), &text);
        let frozen = Some(instrument);
        self.write(journal, || Record::Frozen { instrument: frozen, incident: text });
        self.frozen.push(instrument);
    }

    /// Keeps account of what is held without a plan. A closing order takes off what is there.
    fn loosen<J: Journal>(
        &mut self,
        (instrument, role): (InstrumentId, Role),
        qty: Qty,
        journal: &mut J,
    ) {
        let before = self.state.loose.get(&instrument).copied().unwrap_or_default();
        let after = match role {
            Role::Close if before.signum() * qty.signum() >= 0 => return,
            Role::Close if qty.abs() >= before.abs() => Qty::ZERO,
            _ => before + qty,
        };
        self.state.set_loose(instrument, after);
        self.write(journal, || Record::Loose { instrument, qty: after });
    }

    /// What is held beyond plans and intentions, because an exit took more than there was, is
    /// closed: nothing protects it.
    pub(super) fn close_strays<B: Broker, J: Journal>(
        &mut self,
        instrument: InstrumentId,
        ports: &mut Ports<'_, B, J>,
    ) {
        let held = self.hot(instrument).map_or(Qty::ZERO, |hot| hot.qty);
        let stray = held - self.state.meant(instrument);
        let is_closed = self.state.delisted.contains(&instrument);
        if is_closed || self.config.mode == Mode::DryRun {
            return;
        }
        if stray.abs() < self.config.limits.step {
            if self.astray.remove(&instrument) {
                for (order, _) in self.closing(instrument) {
                    self.cancel(&order, ports);
                }
            }
            return;
        }
        self.astray.insert(instrument);
        let closing = self.closing(instrument);
        let coming: Qty = closing.iter().map(|(_, left)| *left).sum();
        let needed = -stray - coming;
        if needed == Qty::ZERO {
            return;
        }
        if needed.signum() == -coming.signum() {
            // Something else closed it meanwhile: what is on its way would do so twice.
            for (order, _) in closing {
                self.cancel(&order, ports);
            }
            return;
        }
        let text = format!("{stray} of instrument {} is held that nobody meant", instrument.0);
        self.incident(text, ports.journal);
        self.close_at_market(instrument, needed, ports);
    }

    /// Orders that close what no plan keeps, and what is left of each.
    pub(super) fn closing(&self, instrument: InstrumentId) -> Vec<(ClientOrderId, Qty)> {
        let mine =
            self.state.orders.iter().filter(|order| {
                order.role == Role::Close && order.request.instrument == instrument
            });
        mine.map(|it| (it.request.id.clone(), it.request.qty - it.filled)).collect()
    }

    pub(super) fn incident<J: Journal>(&mut self, text: String, journal: &mut J) {
        self.state.incidents += 1;
        self.write(journal, || Record::Incident(text));
    }

    /// Settles the plans that answers have touched.
    pub(super) fn settle_touched<B: Broker, J: Journal>(
        &mut self,
        ports: &mut Ports<'_, B, J>,
    ) -> Result<(), Error> {
        let actions = std::mem::take(&mut self.actions);
        self.actions = self.perform(actions, "", ports);
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        for instrument in touched.drain(..) {
            self.with_plans(instrument, ports, |_, _| Told::Always)?;
            self.close_strays(instrument, ports);
        }
        self.touched = touched;
        for instrument in std::mem::take(&mut self.frozen) {
            self.take_back(|other| other == instrument, ports);
        }
        Ok(())
    }

    /// Lets something happen to each plan of an instrument, settles it, writes it down, and only
    /// then sends what follows.
    pub(super) fn with_plans<B: Broker, J: Journal>(
        &mut self,
        instrument: InstrumentId,
        ports: &mut Ports<'_, B, J>,
        mut with: impl FnMut(&mut Keeper, &mut Vec<Action>) -> Told,
    ) -> Result<(), Error> {
        let mut asks = Vec::new();
        let mut over = false;
        for index in 0.. {
            let keepers = self.state.plans.get_mut(&instrument);
            let Some(keeper) = keepers.and_then(|all| all.get_mut(index)) else { break };
            let mut out = std::mem::take(&mut self.actions);
            let (before, watched) = (keeper.mark(), keeper.watch);
            let told = with(keeper, &mut out);
            let stirred = told == Told::Always
                || keeper.mark() != before
                || keeper.watch.exit_refused != watched.exit_refused
                || !out.is_empty();
            if stirred {
                // Settling what did not change would change nothing.
                keeper.settle(&mut out);
                over |= keeper.is_over();
            }
            let (seq, at) = (self.state.next_seq, self.now);
            if stirred {
                ports.journal.write(seq, at, || Record::Planned(Box::new(keeper.clone())));
                self.state.next_seq += 1;
            } else if keeper.watch != watched {
                ports.journal.write(seq, at, || Record::Watched {
                    instrument,
                    intent: keeper.intent.clone(),
                    watch: keeper.watch,
                });
                self.state.next_seq += 1;
            }
            if !out.is_empty() {
                let intent = keeper.intent.clone();
                self.collect_asks(&out, (instrument, &intent), &mut asks);
                out = self.perform(out, &intent, ports);
            }
            self.actions = out;
        }
        for ask in asks {
            self.add_on(&ask, ports);
        }
        if over {
            self.forget_finished(instrument, ports.journal);
        }
        Ok(())
    }

    fn collect_asks(
        &self,
        out: &[Action],
        (instrument, intent): (InstrumentId, &str),
        asks: &mut Vec<AddOnAsk>,
    ) {
        for action in out {
            if let Action::AskAddOn(qty, kind) = action {
                let intent = intent.to_owned();
                asks.push(AddOnAsk { instrument, intent, qty: *qty, kind: *kind });
            }
        }
    }

    fn add_on<B: Broker, J: Journal>(&mut self, ask: &AddOnAsk, ports: &mut Ports<'_, B, J>) {
        let Some(keeper) = self.state.keeper(ask.instrument, &ask.intent) else { return };
        let price = keeper.watch.close;
        match self.approve_add_on(keeper, ask.qty, (price, ask.kind)) {
            Err(reason) => self.refuse(&ask.intent, reason, ports.journal),
            Ok(approved) => {
                self.count_order(self.book_number(&keeper.book));
                let mut out = Vec::new();
                let qty = approved.qty();
                let intent = &ask.intent;
                self.write(ports.journal, || Record::Approved {
                    intent: intent.clone(),
                    qty,
                    by: "automatic, add-on".to_owned(),
                });
                let Some(keeper) = self.state.keeper_mut(ask.instrument, &ask.intent) else {
                    return;
                };
                keeper.add_on(qty, ask.kind, &mut out);
                keeper.settle(&mut out);
                let planned = keeper.clone();
                self.write(ports.journal, || Record::Planned(Box::new(planned)));
                self.perform(out, &ask.intent, ports);
            }
        }
    }

    fn forget_finished<J: Journal>(&mut self, instrument: InstrumentId, journal: &mut J) {
        let plans = self.state.plans.get(&instrument).into_iter().flatten();
        let closed = |keeper: &Keeper| (Closed::of(keeper, self.now), keeper.watched());
        let over: Vec<_> = plans.filter(|keeper| keeper.is_over()).map(closed).collect();
        for (closed, watched) in over {
            self.state.close_plan(&closed);
            self.count_watched(watched);
            self.write(journal, || Record::Closed(Box::new(closed)));
        }
        let left = self.state.plans.get(&instrument).map_or(0, Vec::len);
        self.hot[instrument.index()].plans = left as u32;
    }

    /// Writes down and sends. Returns the emptied list for reuse.
    pub(super) fn perform<B: Broker, J: Journal>(
        &mut self,
        mut actions: Vec<Action>,
        intent: &str,
        ports: &mut Ports<'_, B, J>,
    ) -> Vec<Action> {
        for action in actions.drain(..) {
            match action {
                Action::Submit(request, role) => self.submit((request, role), intent, ports),
                Action::Cancel(order) => self.cancel(&order, ports),
                Action::Incident(text) => self.incident(text, ports.journal),
                Action::AskAddOn(..) => {}
            }
        }
        actions
    }

    pub(super) fn submit<B: Broker, J: Journal>(
        &mut self,
        (request, role): (OrderRequest, Role),
        intent: &str,
        ports: &mut Ports<'_, B, J>,
    ) {
        if self.config.mode == Mode::DryRun {
            self.write(ports.journal, || Record::WouldSend(request));
            return;
        }
        self.write(ports.journal, || Record::Sending {
            request: request.clone(),
            role,
            intent: intent.to_owned(),
        });
        ports.broker.submit(self.now, &request);
        self.state.orders.send(Working {
            request,
            role,
            intent: intent.to_owned(),
            sent: self.now,
            state: OrderState::Sent,
            filled: Qty::ZERO,
            reduced: Qty::ZERO,
            cancelling: false,
        });
    }

    pub(super) fn cancel<B: Broker, J: Journal>(
        &mut self,
        order: &ClientOrderId,
        ports: &mut Ports<'_, B, J>,
    ) {
        if self.state.orders.cancel(order) {
            self.write(ports.journal, || Record::Cancelling(order.clone()));
            ports.broker.cancel(self.now, order);
        }
    }

    /// Value an order may yet open, at its own price or the last seen.
    pub(super) fn pending_value(&self, order: &Working) -> Cash {
        let left = order.left().max(Qty::ZERO);
        let mark = self.hot(order.request.instrument).map_or(Price::ZERO, |hot| hot.mark);
        let price = match order.request.kind {
            OrderKind::Limit { limit } | OrderKind::StopLimit { limit, .. } => limit,
            OrderKind::Stop { stop } => stop.max(mark),
            OrderKind::Market | OrderKind::MarketOnClose => mark,
        };
        price.times(left)
    }
}

/// What of a fill is left once it has closed a stray as far as it can.
fn beyond(fill: Qty, stray: Qty) -> Qty {
    match stray.signum() == -fill.signum() {
        true if stray.abs() >= fill.abs() => Qty::ZERO,
        true => fill + stray,
        false => fill,
    }
}
