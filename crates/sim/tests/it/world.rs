//! A small world: one or more instruments, real sessions of New York, bars written as text.

use base::{Span, Ts};
use market::{
    Bar, BarSize, Broker, BrokerEvent, Calendar, ClientOrderId, InstrumentId, OrderKind,
    OrderRequest, Price, Qty, Session, TimeInForce,
};
use sim::{BarExchange, BarPrint, CostConfig, CostModel, Error, ExchangeConfig};

pub(crate) const FIRST: InstrumentId = InstrumentId(0);

pub(crate) struct World {
    pub(crate) exchange: BarExchange,
    sessions: &'static [Session],
    next: usize,
    /// When the last event was known.
    pub(crate) now: Ts,
}

pub(crate) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub(crate) fn bar(text: &str) -> Bar {
    let mut parts = text.split_whitespace();
    let mut next = || price(parts.next().unwrap());
    let (open, high, low, close) = (next(), next(), next(), next());
    let volume = parts.next().map_or(1_000_000, |text| text.parse().unwrap());
    let bar = Bar { open, high, low, close, volume };
    bar.check().unwrap();
    bar
}

pub(crate) fn order(id: &str, qty: i64, kind: OrderKind) -> OrderRequest {
    OrderRequest {
        id: ClientOrderId::from_text(id),
        instrument: FIRST,
        qty: Qty::whole(qty),
        kind,
        tif: TimeInForce::Gtc,
        oco_group: None,
        parent: None,
        reduce_only: false,
    }
}

pub(crate) fn limit(at: &str) -> OrderKind {
    OrderKind::Limit { limit: price(at) }
}

pub(crate) fn stop(at: &str) -> OrderKind {
    OrderKind::Stop { stop: price(at) }
}

pub(crate) fn stop_limit(stop: &str, limit: &str) -> OrderKind {
    OrderKind::StopLimit { stop: price(stop), limit: price(limit) }
}

impl World {
    pub(crate) fn new(config: ExchangeConfig, costs: CostConfig) -> World {
        let costs = CostModel::new(costs).unwrap();
        let exchange = BarExchange::new(config, costs, 3).unwrap();
        let day = |text: &str| text.parse().unwrap();
        let sessions = Calendar::of("XNYS").unwrap().between(day("2024-01-02"), day("2024-12-31"));
        let now = sessions[0].open - Span::from_hours(1);
        World { exchange, sessions, next: 0, now }
    }

    /// No costs, no bound on the volume taken.
    pub(crate) fn free() -> World {
        World::new(unbounded(), CostConfig::free())
    }

    /// The session whose bar comes next.
    pub(crate) fn session(&self) -> &'static Session {
        &self.sessions[self.next]
    }

    pub(crate) fn send(&mut self, order: &OrderRequest) {
        self.exchange.submit(self.now, order);
    }

    /// The next session as one daily bar.
    pub(crate) fn daily(&mut self, text: &str) -> Vec<String> {
        let session = self.session();
        self.print(BarPrint {
            instrument: FIRST,
            size: BarSize::Daily,
            start: session.open,
            end: session.close,
            known: session.close,
            bar: bar(text),
        })
        .unwrap();
        self.next += 1;
        self.answers()
    }

    /// The bar that begins so many hours after the open of the next session, one hour long.
    pub(crate) fn hour(&mut self, hour: i64, text: &str) -> Vec<String> {
        let session = self.session();
        let start = session.open + Span::from_hours(hour);
        let end = (start + Span::from_hours(1)).min(session.close);
        let size = BarSize::Minutes(60);
        let print = BarPrint { instrument: FIRST, size, start, end, known: end, bar: bar(text) };
        self.print(print).unwrap();
        self.answers()
    }

    pub(crate) fn print(&mut self, print: BarPrint) -> Result<(), Error> {
        self.exchange.on_bar(&print)?;
        self.now = self.now.max(print.known);
        Ok(())
    }

    /// What the exchange said, one line each: fills as `id qty @price rule`.
    pub(crate) fn answers(&mut self) -> Vec<String> {
        let mut answers = Vec::new();
        self.exchange.drain(&mut answers);
        answers.iter().filter_map(line).collect()
    }
}

pub(crate) fn unbounded() -> ExchangeConfig {
    ExchangeConfig { participation: None, ..ExchangeConfig::default() }
}

fn line(answer: &BrokerEvent) -> Option<String> {
    match answer {
        BrokerEvent::Moved { state: market::OrderState::Working, .. } => None,
        BrokerEvent::Moved { order, state, .. } => Some(format!("{order} {state:?}")),
        BrokerEvent::Filled(fill) => {
            let rule = fill.evidence.unwrap().rule;
            Some(format!("{} {} @{} {rule:?}", fill.order, fill.qty, fill.price))
        }
        BrokerEvent::CashMoved { amount, reason, .. } => Some(format!("cash {amount} {reason}")),
        BrokerEvent::Corrected { execution, price, .. } => Some(format!("{} {price}", execution.0)),
    }
}

impl World {
    /// Goes on to the next session.
    pub(crate) fn skip(&mut self) {
        self.next += 1;
    }
}
