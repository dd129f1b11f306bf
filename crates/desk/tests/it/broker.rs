//! A small broker for daily bars: market, limit and stop orders, children, OCO groups. It checks
//! at every call that nothing held is without a stop.

use std::collections::{BTreeMap, BTreeSet};

use base::Ts;
use market::{
    Bar, BarSize, Broker, BrokerEvent, Cash, ClientOrderId, Event, Evidence, Fill, FillRule, Held,
    InstrumentId, OrderKind, OrderRequest, OrderState, Price, Qty, Snapshot, What,
};

/// An order at the broker.
#[derive(Debug, Clone)]
pub(crate) struct Resting {
    request: OrderRequest,
    left: Qty,
    filled: Qty,
    /// Taken off by fills of its group.
    reduced: Qty,
    woken: bool,
}

/// The broker and what it is told to do wrong.
#[derive(Debug, Default)]
pub(crate) struct TinyBroker {
    pub(crate) orders: Vec<Resting>,
    pub(crate) known: BTreeSet<ClientOrderId>,
    pub(crate) ended: BTreeMap<ClientOrderId, Qty>,
    pub(crate) answers: Vec<BrokerEvent>,
    pub(crate) cash: Cash,
    pub(crate) held: BTreeMap<InstrumentId, Qty>,
    /// Most units of one fill.
    pub(crate) most: Option<Qty>,
    /// Refuses the stop orders from this number on, counted from 0.
    pub(crate) refuse_stops_from: Option<usize>,
    pub(crate) stops_seen: usize,
    /// Refuses so many closing orders at the market.
    pub(crate) refuse_closing: usize,
    /// Fee of each fill.
    pub(crate) fee: Cash,
    /// Instruments whose positions must be covered by stops at every moment.
    pub(crate) guard: bool,
    /// Times a position was found without its stop.
    pub(crate) naked: usize,
    pub(crate) fills: Vec<Fill>,
}

impl TinyBroker {
    pub(crate) fn guarded() -> TinyBroker {
        TinyBroker { guard: true, ..TinyBroker::default() }
    }

    pub(crate) fn pay(&mut self, amount: Cash, reason: &str) {
        self.cash += amount;
        self.answers.push(BrokerEvent::CashMoved { amount, reason: reason.to_owned(), id: None });
    }

    pub(crate) fn on_event(&mut self, event: &Event) {
        match &event.what {
            What::Bar { instrument, start, bar, .. } => self.on_bar(*instrument, *start, bar),
            What::Corporate { instrument, action: market::Corporate::Split { ratio } } => {
                self.split(*instrument, *ratio);
            }
            What::Corporate {
                instrument,
                action: market::Corporate::Delisted { payout: Some(price) },
            } => {
                self.delist(*instrument, *price, event.at);
            }
            _ => {}
        }
    }

    fn delist(&mut self, instrument: InstrumentId, price: Price, at: Ts) {
        let gone = self.orders.extract_if(.., |o| o.request.instrument == instrument);
        let ids: Vec<_> = gone.map(|o| o.request.id).collect();
        for id in ids {
            self.say(&id, OrderState::Cancelled);
        }
        let qty = -self.held.remove(&instrument).unwrap_or_default();
        if qty != Qty::ZERO {
            let order = ClientOrderId::from_text("delisting");
            let fill = Fill {
                order,
                instrument,
                at,
                qty,
                price,
                fee: Cash::ZERO,
                evidence: None,
                execution: None,
            };
            self.cash -= price.times(qty);
            self.answers.push(BrokerEvent::Filled(fill));
        }
    }

    fn split(&mut self, instrument: InstrumentId, ratio: f64) {
        let times = |q: Qty| Qty::from_raw((q.raw() as f64 * ratio).round_ties_even() as i64);
        let by = |p: Price| Price::from_raw((p.raw() as f64 / ratio).round_ties_even() as i64);
        if let Some(qty) = self.held.get_mut(&instrument) {
            *qty = times(*qty);
        }
        for order in self.orders.iter_mut().filter(|o| o.request.instrument == instrument) {
            order.left = times(order.left);
            order.filled = times(order.filled);
            order.reduced = times(order.reduced);
            order.request.qty = times(order.request.qty);
            match &mut order.request.kind {
                OrderKind::Limit { limit: p } | OrderKind::Stop { stop: p } => *p = by(*p),
                _ => {}
            }
        }
    }

    fn say(&mut self, id: &ClientOrderId, state: OrderState) {
        let reason = String::new();
        self.answers.push(BrokerEvent::Moved { order: id.clone(), state, reason });
    }

    fn on_bar(&mut self, instrument: InstrumentId, start: Ts, bar: &Bar) {
        // Open first, then stops, then limits; a child woken inside the bar is worked again.
        for pass in 0..3 {
            let mut index = 0;
            while index < self.orders.len() {
                let order = &self.orders[index];
                let price = self.price(order, pass, bar).filter(|_| {
                    order.request.instrument == instrument && order.woken && order.left != Qty::ZERO
                });
                match price {
                    Some((price, rule)) => {
                        self.fill(index, (start, price, rule));
                        index = 0;
                    }
                    None => index += 1,
                }
                if self.most.is_some() && price.is_some() {
                    index = self.orders.len();
                }
            }
            self.check();
        }
        let old = |o: &mut Resting| {
            o.request.tif == market::TimeInForce::Day && o.request.instrument == instrument
        };
        let ids: Vec<_> = self.orders.extract_if(.., old).collect();
        for order in ids {
            self.end(&order, OrderState::Expired);
        }
    }

    fn price(&self, order: &Resting, pass: usize, bar: &Bar) -> Option<(Price, FillRule)> {
        let buys = order.request.qty > Qty::ZERO;
        match (pass, order.request.kind) {
            (0, OrderKind::Market) => Some((bar.open, FillRule::NextOpen)),
            (0, OrderKind::Stop { stop })
                if (buys && bar.open >= stop) || (!buys && bar.open <= stop) =>
            {
                Some((bar.open, FillRule::StopGap))
            }
            (0, OrderKind::Limit { limit })
                if (buys && bar.open <= limit) || (!buys && bar.open >= limit) =>
            {
                Some((bar.open, FillRule::LimitGap))
            }
            (1, OrderKind::Stop { stop })
                if (buys && bar.high >= stop) || (!buys && bar.low <= stop) =>
            {
                Some((stop, FillRule::StopTouched))
            }
            (2, OrderKind::Limit { limit })
                if (buys && bar.low <= limit) || (!buys && bar.high >= limit) =>
            {
                Some((limit, FillRule::LimitTouched))
            }
            _ => None,
        }
    }

    fn fill(&mut self, index: usize, (start, price, rule): (Ts, Price, FillRule)) {
        let order = &mut self.orders[index];
        let size = order.left.abs().min(self.most.unwrap_or(order.left.abs()));
        let qty = if order.left.is_negative() { -size } else { size };
        order.left -= qty;
        order.filled += qty;
        let order = order.clone();
        let evidence =
            Evidence { bar_start: start, bar_known: start, bar_size: BarSize::Daily, rule };
        let fill = Fill {
            order: order.request.id.clone(),
            instrument: order.request.instrument,
            at: start,
            qty,
            price,
            fee: self.fee,
            evidence: Some(evidence),
            execution: None,
        };
        self.cash -= price.times(qty) + self.fee;
        *self.held.entry(order.request.instrument).or_default() += qty;
        self.fills.push(fill.clone());
        self.answers.push(BrokerEvent::Filled(fill));
        self.wake(&order);
        if order.request.oco_group.is_some() {
            self.reduce(&order, qty);
        }
        if order.filled + order.reduced == order.request.qty {
            self.orders.retain(|o| o.request.id != order.request.id);
            self.ended.insert(order.request.id.clone(), order.filled);
        }
    }

    fn wake(&mut self, parent: &Resting) {
        let whole = parent.request.qty.abs().raw() as i128;
        let filled = parent.filled.abs().raw() as i128;
        for child in &mut self.orders {
            if child.request.parent.as_ref() == Some(&parent.request.id) {
                child.woken = true;
                // In whole units, as a broker that sells no fractions does.
                let live = child.request.qty.raw() as i128 * filled / whole;
                let live = live / i128::from(Qty::SCALE) * i128::from(Qty::SCALE);
                child.left = Qty::from_raw(live as i64) - child.filled - child.reduced;
            }
        }
    }

    fn reduce(&mut self, filled: &Resting, qty: Qty) {
        let mut gone = Vec::new();
        for order in &mut self.orders {
            let sibling = order.request.oco_group == filled.request.oco_group
                && order.request.id != filled.request.id;
            if sibling {
                order.left -= qty;
                order.reduced += qty;
                let total = order.request.qty - order.reduced - order.filled;
                if order.left.signum() != order.request.qty.signum() {
                    order.left = Qty::ZERO;
                }
                if total.signum() != order.request.qty.signum() {
                    gone.push(order.request.id.clone());
                }
            }
        }
        self.orders.retain(|o| !gone.contains(&o.request.id));
        for id in gone {
            self.say(&id, OrderState::Cancelled);
        }
    }

    fn end(&mut self, order: &Resting, state: OrderState) {
        self.say(&order.request.id, state);
        self.ended.insert(order.request.id.clone(), order.filled);
        if order.filled == Qty::ZERO {
            let child = |o: &mut Resting| o.request.parent.as_ref() == Some(&order.request.id);
            let children: Vec<_> = self.orders.extract_if(.., child).collect();
            for child in children {
                self.end(&child, OrderState::Cancelled);
            }
        }
    }

    /// Every unit held must be behind a live stop on the other side.
    fn check(&mut self) {
        if !self.guard {
            return;
        }
        for (instrument, held) in &self.held {
            let stops = self.orders.iter().filter(|o| {
                o.request.instrument == *instrument
                    && o.woken
                    && matches!(o.request.kind, OrderKind::Stop { .. })
            });
            // Two stops of one OCO group cover their quantity once.
            let mut groups: BTreeMap<Option<String>, Qty> = BTreeMap::new();
            for stop in stops {
                let size = groups.entry(stop.request.oco_group.clone()).or_default();
                *size = (*size).max(stop.left.abs());
            }
            let covered: Qty = groups.into_values().sum();
            // While an entry fills, each of four brackets may lack the odd unit of its share.
            if covered + Qty::whole(3) < held.abs() {
                self.naked += 1;
            }
        }
    }

    pub(crate) fn open_orders(&self) -> usize {
        self.orders.len()
    }
}

impl Broker for TinyBroker {
    fn submit(&mut self, _at: Ts, order: &OrderRequest) {
        if !self.known.insert(order.id.clone()) {
            return;
        }
        if matches!(order.kind, OrderKind::Stop { .. }) {
            self.stops_seen += 1;
            if self.refuse_stops_from.is_some_and(|from| self.stops_seen > from) {
                self.say(&order.id, OrderState::Rejected);
                return;
            }
        }
        if order.kind == OrderKind::Market && order.reduce_only && self.refuse_closing > 0 {
            self.refuse_closing -= 1;
            self.say(&order.id, OrderState::Rejected);
            return;
        }
        let ended = order.parent.as_ref().and_then(|parent| self.ended.get(parent));
        let parent = order.parent.as_ref();
        let alive = parent.and_then(|id| self.orders.iter().find(|o| o.request.id == *id));
        let woken = parent.is_none() || ended.is_some_and(|q| *q != Qty::ZERO);
        let resting = Resting {
            request: order.clone(),
            left: order.qty,
            filled: Qty::ZERO,
            reduced: Qty::ZERO,
            woken,
        };
        let parent_now = alive.cloned();
        self.orders.push(resting);
        self.say(&order.id, OrderState::Working);
        if let Some(parent) = parent_now.filter(|p| p.filled != Qty::ZERO) {
            self.wake(&parent);
        }
    }

    fn cancel(&mut self, _at: Ts, order: &ClientOrderId) {
        let gone = self.orders.extract_if(.., |o| o.request.id == *order).next();
        if let Some(gone) = gone {
            self.end(&gone, OrderState::Cancelled);
        }
        self.check();
    }

    fn drain(&mut self, into: &mut Vec<BrokerEvent>) {
        into.append(&mut self.answers);
    }

    fn snapshot(&self) -> Snapshot {
        let held = |(instrument, qty): (&InstrumentId, &Qty)| Held {
            instrument: *instrument,
            qty: *qty,
            average_price: Price::ZERO,
        };
        let mut open_orders: Vec<_> = self.orders.iter().map(|o| o.request.id.clone()).collect();
        open_orders.sort();
        Snapshot { cash: self.cash, positions: self.held.iter().map(held).collect(), open_orders }
    }
}
