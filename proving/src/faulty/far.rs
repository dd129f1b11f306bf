//! The broker at the other end: an exchange of bars, and what a broker remembers and can tell.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use base::Ts;
use market::remote::{Books, Execution, Heard, Payment, Report, Said};
use market::{
    Broker as _, BrokerEvent, BrokerRef, Cash, ClientOrderId, Corporate, Event, InstrumentId,
    OrderKind, OrderRequest, OrderState, Price, Qty, TimeInForce, What,
};
use sim::{BarExchange, CostConfig, CostModel, ExchangeConfig};

/// An order as the broker remembers it.
#[derive(Debug, Clone)]
pub(super) struct Remembered {
    pub(super) request: OrderRequest,
    pub(super) state: OrderState,
    pub(super) filled: Qty,
    reason: String,
    changed: Ts,
}

/// The broker.
#[derive(Debug)]
pub(super) struct Far {
    exchange: BarExchange,
    pub(super) orders: BTreeMap<ClientOrderId, Remembered>,
    pub(super) executions: Vec<Execution>,
    payments: Vec<(Ts, Payment)>,
    /// Cash moved by corrections.
    adjusted: Cash,
    next: u64,
    now: Ts,
    /// What it has to say and has not said yet.
    pub(super) said: Vec<Heard>,
    /// Orders placed by hand.
    hands: Vec<(InstrumentId, Qty)>,
    drained: Vec<BrokerEvent>,
    /// Orders that filled since the exchange last worked.
    filled_now: Vec<ClientOrderId>,
    forgotten: BTreeSet<ClientOrderId>,
}

impl Far {
    pub(super) fn new(instruments: usize, cash: Cash) -> Result<Far> {
        let config = ExchangeConfig { cash, ..ExchangeConfig::default() };
        let costs = CostModel::new(CostConfig::default())?;
        Ok(Far {
            exchange: BarExchange::new(config, costs, instruments)?,
            orders: BTreeMap::new(),
            executions: Vec::new(),
            payments: Vec::new(),
            adjusted: Cash::ZERO,
            next: 0,
            now: Ts::MIN,
            said: Vec::new(),
            hands: Vec::new(),
            drained: Vec::new(),
            filled_now: Vec::new(),
            forgotten: BTreeSet::new(),
        })
    }

    fn name(&mut self, kind: &str) -> BrokerRef {
        self.next += 1;
        BrokerRef(format!("{kind}{}", self.next))
    }

    pub(super) fn cash(&self) -> Cash {
        self.exchange.cash() + self.adjusted
    }

    pub(super) fn position(&self, instrument: InstrumentId) -> Qty {
        self.exchange.position(instrument)
    }

    /// A bar of the tape.
    pub(super) fn on_bar(&mut self, event: &Event) -> Result<()> {
        self.now = self.now.max(event.known);
        self.exchange.on_event(event)?;
        self.collect();
        Ok(())
    }

    /// A split, for which all that stands of the share is taken back, or a dividend.
    pub(super) fn on_corporate(&mut self, event: &Event) -> Result<()> {
        self.now = self.now.max(event.known);
        let What::Corporate { instrument, action } = &event.what else { return Ok(()) };
        if let Corporate::Split { ratio } = action {
            let mine = self.open().filter(|(_, order)| order.request.instrument == *instrument);
            let mine: Vec<ClientOrderId> = mine.map(|(id, _)| id.clone()).collect();
            for order in mine {
                self.exchange.cancel(self.now, &order);
            }
            self.collect();
            for (_, qty) in self.hands.iter_mut().filter(|(of, _)| of == instrument) {
                *qty = Qty::from_raw((qty.raw() as f64 * ratio).round() as i64);
            }
        }
        self.exchange.on_event(event)?;
        self.collect();
        Ok(())
    }

    /// A message came in. `refuse` is what a broker that is not in the mood says.
    pub(super) fn on_said(&mut self, at: Ts, said: &Said, refuse: Option<&str>) {
        self.now = self.now.max(at);
        match said {
            Said::Submit(request) => self.on_submit(request, refuse),
            Said::Cancel(order) => {
                self.exchange.cancel(self.now, order);
                self.collect();
                // Asked about what ended long ago, it says again how it ended.
                let over = self.orders.get(order).is_some_and(|order| order.state.is_done());
                if over {
                    self.report(&order.clone());
                }
            }
            Said::AskBooks { number, since } => {
                let books = self.books(*number, *since);
                self.said.push(Heard::Books(books));
            }
        }
    }

    fn on_submit(&mut self, request: &OrderRequest, refuse: Option<&str>) {
        let id = &request.id;
        if self.orders.contains_key(id) {
            // The same name twice is one order.
            self.report(&id.clone());
            return;
        }
        let remembered = Remembered {
            request: request.clone(),
            state: OrderState::Sent,
            filled: Qty::ZERO,
            reason: String::new(),
            changed: self.now,
        };
        self.orders.insert(id.clone(), remembered);
        let refuse = match self.forgotten.contains(id) {
            // What it forgot, the exchange behind it has not: a name is used once.
            true => Some("the name was used before"),
            false => refuse,
        };
        match refuse {
            Some(reason) => self.moved(&id.clone(), OrderState::Rejected, reason),
            None => {
                self.exchange.submit(self.now, request);
                self.collect();
            }
        }
    }

    fn moved(&mut self, id: &ClientOrderId, state: OrderState, reason: &str) {
        let now = self.now;
        let Some(order) = self.orders.get_mut(id) else { return };
        (order.state, order.changed) = (state, now);
        reason.clone_into(&mut order.reason);
        self.report(id);
    }

    fn report(&mut self, id: &ClientOrderId) {
        let report = self.orders.get(id).map(|order| told(id, order));
        self.said.extend(report.map(Heard::Order));
    }

    /// Takes in what the exchange answered.
    fn collect(&mut self) {
        let mut drained = std::mem::take(&mut self.drained);
        self.exchange.drain(&mut drained);
        for answer in drained.drain(..) {
            match answer {
                BrokerEvent::Moved { order, state, reason } => self.moved(&order, state, &reason),
                BrokerEvent::Filled(fill) => self.filled(&fill),
                BrokerEvent::CashMoved { amount, reason, .. } => self.pay(amount, reason),
                BrokerEvent::Corrected { .. } => {}
            }
        }
        self.drained = drained;
        self.end_full();
    }

    fn filled(&mut self, fill: &market::Fill) {
        let id = self.name("x");
        let execution = Execution {
            id,
            order: fill.order.clone(),
            instrument: fill.instrument,
            at: fill.at,
            qty: fill.qty,
            price: fill.price,
            fee: fill.fee,
            corrects: None,
        };
        self.executions.push(execution.clone());
        self.said.push(Heard::Executed(execution));
        let Some(order) = self.orders.get_mut(&fill.order) else { return };
        order.filled += fill.qty;
        self.moved(&fill.order, OrderState::Working, "");
        self.filled_now.push(fill.order.clone());
    }

    /// Orders that filled and wait no more are full. What their group took off them counts as done
    /// too; only the exchange knows.
    fn end_full(&mut self) {
        if self.filled_now.is_empty() {
            return;
        }
        let waiting = self.exchange.snapshot().open_orders;
        for order in std::mem::take(&mut self.filled_now) {
            let ended = self.orders.get(&order).is_none_or(|order| order.state.is_done());
            if !ended && !waiting.contains(&order) {
                self.moved(&order, OrderState::Filled, "");
            }
        }
    }

    fn pay(&mut self, amount: Cash, reason: String) {
        let payment = Payment { id: self.name("p"), amount, reason };
        self.payments.push((self.now, payment.clone()));
        self.said.push(Heard::Paid(payment));
    }

    /// Someone trades on the account at the broker's own screen.
    pub(super) fn trade_by_hand(&mut self, instrument: InstrumentId, qty: Qty) {
        let id = ClientOrderId::from_text(self.name("hand").0);
        self.hands.push((instrument, qty));
        let request = OrderRequest {
            id,
            instrument,
            qty,
            kind: OrderKind::Market,
            tif: TimeInForce::Day,
            oco_group: None,
            parent: None,
            reduce_only: false,
        };
        self.on_submit(&request, None);
    }

    /// The price of an execution was wrong.
    pub(super) fn correct(&mut self, index: usize, by: Price) {
        let id = self.name("c");
        let Some(wrong) = self.executions.get(index).filter(|it| it.corrects.is_none()) else {
            return;
        };
        // An execution is put right once.
        if self.executions.iter().any(|it| it.corrects.as_ref() == Some(&wrong.id)) {
            return;
        }
        let corrects = Some(wrong.id.clone());
        let right = Execution { id, price: wrong.price + by, corrects, ..wrong.clone() };
        self.adjusted -= by.times(right.qty);
        let right = Execution { at: self.now, ..right };
        self.executions.push(right.clone());
        self.said.push(Heard::Executed(right));
    }

    /// An open order is gone, and the broker never knew it.
    pub(super) fn forget(&mut self, order: &ClientOrderId) {
        self.exchange.cancel(self.now, order);
        self.drained.clear();
        self.exchange.drain(&mut self.drained);
        self.orders.remove(order);
        self.forgotten.insert(order.clone());
        let others = std::mem::take(&mut self.drained);
        for answer in others {
            if let BrokerEvent::Moved { order: other, state, reason } = answer
                && other != *order
            {
                self.moved(&other, state, &reason);
            }
        }
    }

    /// What was traded by hand, or asked for.
    pub(super) fn hands(&self) -> &[(InstrumentId, Qty)] {
        &self.hands
    }

    /// Orders that wait, ours and by hand.
    pub(super) fn open(&self) -> impl Iterator<Item = (&ClientOrderId, &Remembered)> {
        self.orders.iter().filter(|(_, order)| !order.state.is_done())
    }

    /// All that is on the account.
    pub(super) fn books(&self, number: u64, since: Ts) -> Books {
        let recent = |order: &Remembered| !order.state.is_done() || order.changed >= since;
        let orders = self.orders.iter().filter(|(_, order)| recent(order));
        let first = self.executions.partition_point(|it| it.at < since);
        let payments = self.payments.iter().filter(|(at, _)| *at >= since);
        Books {
            number,
            cash: self.cash(),
            positions: self.exchange.snapshot().positions,
            orders: orders.map(|(id, order)| told(id, order)).collect(),
            executions: self.executions[first..].to_vec(),
            payments: payments.map(|(_, payment)| payment.clone()).collect(),
        }
    }
}

fn told(id: &ClientOrderId, order: &Remembered) -> Report {
    Report {
        order: id.clone(),
        instrument: order.request.instrument,
        state: order.state,
        filled: order.filled,
        reason: order.reason.clone(),
    }
}
