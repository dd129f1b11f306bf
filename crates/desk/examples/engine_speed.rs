//! Bars a second through engine, ledger and exit plans on one core, with a broker that fills at
//! the next open: `cargo run --release -p desk --example engine_speed`.
#![allow(clippy::disallowed_methods, clippy::print_stdout)] // an example measures and prints

use std::time::Instant;

use base::{Day, Seed, Span, Ts};
use desk::engine::Change;
use desk::{
    Amount, Approval, Book, Decision, Engine, EngineConfig, Entry, ExitPlan, Intent, Limits, Mode,
    NullJournal, View,
};
use market::{
    Bar, BarSize, Broker, BrokerEvent, Cash, ClientOrderId, Event, Fill, Instrument, InstrumentId,
    OrderKind, OrderRequest, Price, Qty, Side, Snapshot, Universe, What,
};
use rand::RngExt as _;

const A: InstrumentId = InstrumentId(0);
const BARS: usize = 5_000_000;

/// Fills market orders at the next open; stops and limits rest.
#[derive(Default)]
struct NextOpen {
    resting: Vec<OrderRequest>,
    answers: Vec<BrokerEvent>,
}

impl NextOpen {
    fn cancel_where(&mut self, gone: impl Fn(&OrderRequest) -> bool) {
        for order in self.resting.extract_if(.., |order| gone(order)) {
            let (order, reason) = (order.id, String::new());
            let state = market::OrderState::Cancelled;
            self.answers.push(BrokerEvent::Moved { order, state, reason });
        }
    }

    fn on_bar(&mut self, at: Ts, bar: &Bar) {
        while let Some(index) = self.resting.iter().position(|order| reached(order, bar)) {
            let order = self.resting.swap_remove(index);
            for other in &mut self.resting {
                if other.parent.as_ref() == Some(&order.id) {
                    other.parent = None;
                }
            }
            if order.oco_group.is_some() {
                self.cancel_where(|other| other.oco_group == order.oco_group);
            }
            let price = match order.kind {
                OrderKind::Stop { stop } => stop,
                OrderKind::Limit { limit } => limit,
                _ => bar.open,
            };
            let (instrument, qty) = (order.instrument, order.qty);
            let fee = Cash::from_raw(10_000);
            let order = order.id;
            let evidence = None;
            let fill = Fill { order, instrument, at, qty, price, fee, evidence, execution: None };
            self.answers.push(BrokerEvent::Filled(fill));
        }
    }
}

fn reached(order: &OrderRequest, bar: &Bar) -> bool {
    let buys = order.qty > Qty::ZERO;
    order.parent.is_none()
        && match order.kind {
            OrderKind::Stop { stop } => (buys && bar.high >= stop) || (!buys && bar.low <= stop),
            OrderKind::Limit { limit } => {
                (buys && bar.low <= limit) || (!buys && bar.high >= limit)
            }
            _ => true,
        }
}

impl Broker for NextOpen {
    fn submit(&mut self, _: Ts, order: &OrderRequest) {
        self.resting.push(order.clone());
        let (order, reason) = (order.id.clone(), String::new());
        let state = market::OrderState::Working;
        self.answers.push(BrokerEvent::Moved { order, state, reason });
    }

    fn cancel(&mut self, _: Ts, order: &ClientOrderId) {
        self.cancel_where(|resting| resting.id == *order);
    }

    fn drain(&mut self, into: &mut Vec<BrokerEvent>) {
        into.append(&mut self.answers);
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot::default()
    }
}

/// Long while the 10-bar mean is above the 30-bar mean.
struct SmaCross {
    closes: [i64; 30],
    count: usize,
    fast: i64,
    slow: i64,
    planned: Planned,
    number: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum Planned {
    MarketOrders,
    ExitPlans,
}

impl Book for SmaCross {
    fn on(&mut self, event: &Event, view: &View<'_>, decision: &mut Decision) {
        let What::Bar { bar, .. } = &event.what else { return };
        let close = bar.close.raw();
        self.fast += close - self.closes[(self.count + 20) % 30];
        self.slow += close - self.closes[self.count % 30];
        self.closes[self.count % 30] = close;
        self.count += 1;
        if self.count < 30 {
            return;
        }
        let (above, held) = (self.fast * 3 > self.slow, view.qty(A) != Qty::ZERO);
        if above && !held && view.orders().next().is_none() {
            self.number += 1;
            decision.want(self.intent(bar.close));
        } else if !above && held {
            decision.change(Change::CloseInstrument(A));
        }
    }
}

impl SmaCross {
    fn intent(&self, close: Price) -> Intent {
        let stop = Price::from_raw(close.raw() * 97 / 100);
        let plan = ExitPlan { breakeven_r: Some(0.5), ..ExitPlan::stop_only(close, stop) };
        Intent {
            id: format!("sma/{}", self.number),
            book: String::from("sma"),
            instrument: A,
            side: Side::Long,
            entry: Entry::market().decided_at(close),
            amount: Amount::Units(Qty::whole(10)),
            plan: (self.planned == Planned::ExitPlans).then_some(plan),
            group: None,
            why: String::new(),
        }
    }
}

fn events() -> Vec<Event> {
    let mut rng = Seed::root(1).child("bars").rng();
    let mut last = 100.0f64;
    let mut bar = |index: usize| {
        let open = last;
        let close = (open * (1.0 + 0.01 * (rng.random::<f64>() - 0.5))).clamp(20.0, 500.0);
        let (high, low) = (open.max(close) * 1.002, open.min(close) * 0.998);
        last = close;
        let start = Day::from_number(0).start() + Span::from_minutes(index as i64);
        let at = start + Span::from_minutes(1);
        let bar = Bar::from_f64(open, high, low, close).unwrap_or_default();
        let what = What::Bar { instrument: A, size: BarSize::Minutes(1), start, bar };
        Event { at, known: at, what }
    };
    (0..BARS).map(&mut bar).collect()
}

fn run(events: &[Event], planned: Planned) -> Result<(), desk::Error> {
    let instrument = Instrument { symbol: "A".to_owned(), ..Instrument::default() };
    let universe = Universe::new(vec![instrument])?;
    let config = EngineConfig {
        mode: Mode::Paper,
        approval: Approval::Automatic,
        limits: Limits::none(),
        ..EngineConfig::default()
    };
    let closes = [0; 30];
    let book = SmaCross { closes, count: 0, fast: 0, slow: 0, planned, number: 0 };
    let mut engine = Engine::new(config, &universe, book)?;
    let mut broker = NextOpen::default();
    let began = Instant::now();
    for event in events {
        if let What::Bar { start, bar, .. } = &event.what
            && !broker.resting.is_empty()
        {
            broker.on_bar(*start, bar);
        }
        engine.step(event, &mut broker, &mut NullJournal)?;
    }
    let seconds = began.elapsed().as_secs_f64();
    let name = if planned == Planned::ExitPlans { "exit plans" } else { "market orders" };
    let rate = events.len() as f64 / seconds / 1e6;
    let (trades, equity) = (engine.book().number, engine.equity());
    println!("{name}: {rate:.1} M bars/s, {trades} trades, equity {equity:.2}");
    Ok(())
}

fn main() -> Result<(), desk::Error> {
    let events = events();
    run(&events, Planned::MarketOrders)?;
    run(&events, Planned::ExitPlans)
}
