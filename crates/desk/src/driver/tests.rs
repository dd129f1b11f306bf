//! The desk against a broker that is the test.

use base::Ts;
use market::remote::{Books, Execution, Heard, Report, Said};
use market::{
    Bar, BarSize, BrokerRef, Cash, Held, Instrument, OrderKind, OrderRequest, OrderState, Price,
    Qty, Side,
};

use super::*;
use crate::courier::tin::Tin;
use crate::engine::{Approval, Decision, Mode, View};
use crate::exit::{ExitPlan, Target, TargetAt};
use crate::intent::{Amount, Entry, Intent};
use crate::journal::MemoryJournal;
use crate::risk::Limits;

const A: InstrumentId = InstrumentId(0);

fn price(units: i64) -> Price {
    Price::from_raw(units * Price::SCALE)
}

/// Wants 100 units behind a stop and a target at every bar.
struct Bettor;

impl Book for Bettor {
    fn on(&mut self, event: &Event, _: &View<'_>, decision: &mut Decision) {
        if !matches!(event.what, What::Bar { .. }) {
            return;
        }
        let target = Target { at: TargetAt::Price(price(108)), fraction: 1.0 };
        let plan = ExitPlan { targets: vec![target], ..ExitPlan::stop_only(price(100), price(96)) };
        decision.want(Intent {
            id: "one".to_owned(),
            book: "test".to_owned(),
            instrument: A,
            side: Side::Long,
            entry: Entry { reference: Some(price(100)), ..Entry::market() },
            amount: Amount::Units(Qty::whole(100)),
            plan: Some(plan),
            group: None,
            why: "test".to_owned(),
        });
    }
}

struct Desk {
    driver: Driver<Bettor, Tin>,
    journal: MemoryJournal,
    second: i64,
    cash: Cash,
    executions: Vec<Execution>,
    /// The number of the last question for the books that was answered.
    answered: Option<u64>,
}

impl Desk {
    /// One that has met its broker.
    fn new() -> Desk {
        let named = Instrument { symbol: "A".to_owned(), ..Instrument::default() };
        let universe = Universe::new(vec![named]).unwrap();
        let config = EngineConfig {
            mode: Mode::Paper,
            approval: Approval::Automatic,
            limits: Limits { position_fraction: 10.0, gross_leverage: 3.0, ..Limits::none() },
            ..EngineConfig::default()
        };
        let clocks = Clocks { wall: Ts::from_seconds(0), steady: Ts::from_seconds(0) };
        let wire = (Tin::default(), Patience::default());
        let capital = config.capital;
        let driver = Driver::start((config, &universe), Bettor, wire, clocks, &[]).unwrap();
        let journal = MemoryJournal::default();
        let mut desk = Desk {
            driver,
            journal,
            second: 0,
            cash: capital,
            executions: Vec::new(),
            answered: None,
        };
        desk.turn(&[]);
        desk.tell_books(0, &[]);
        desk
    }

    fn turn(&mut self, events: &[Event]) {
        self.second += 1;
        let now = Ts::from_seconds(self.second);
        self.driver.decide(Clocks { wall: now, steady: now }, events, &mut self.journal).unwrap();
        self.driver.flush();
    }

    fn sent(&mut self, is_it: impl Fn(&OrderKind) -> bool) -> OrderRequest {
        let said = self.driver.courier().wire().said.iter();
        let mut sent = said.filter_map(|said| match said {
            Said::Submit(request) if is_it(&request.kind) => Some(request.clone()),
            _ => None,
        });
        sent.next().unwrap()
    }

    fn report(&mut self, order: &OrderRequest, state: OrderState, filled: i64) {
        let report = report(order, state, filled);
        self.driver.courier().wire().heard.push(Heard::Order(report));
        self.turn(&[]);
    }

    fn execute(&mut self, order: &OrderRequest, units: i64, at: i64) {
        let execution = Execution {
            id: BrokerRef(format!("x{}", self.executions.len())),
            order: order.id.clone(),
            instrument: A,
            at: Ts::from_seconds(self.second),
            qty: Qty::whole(units),
            price: price(at),
            fee: Cash::ZERO,
            corrects: None,
        };
        self.cash -= execution.price.times(execution.qty);
        self.executions.push(execution.clone());
        self.driver.courier().wire().heard.push(Heard::Executed(execution));
        self.turn(&[]);
    }

    fn asked(&mut self) -> Option<u64> {
        let said = self.driver.courier().wire().said.iter().rev();
        let mut asked = said.filter_map(|said| match said {
            Said::AskBooks { number, .. } => Some(*number),
            _ => None,
        });
        asked.next()
    }

    /// Answers the last question for the books, which is asked first where none is open.
    fn tell_books(&mut self, held: i64, orders: &[Report]) {
        if self.asked() == self.answered {
            self.driver.courier().want_books();
            self.turn(&[]);
        }
        self.answered = self.asked();
        let number = self.answered.unwrap();
        let position = Held { instrument: A, qty: Qty::whole(held), average_price: Price::ZERO };
        let books = Books {
            number,
            cash: self.cash,
            positions: Vec::from_iter(Some(position).filter(|_| held != 0)),
            orders: orders.to_vec(),
            executions: self.executions.clone(),
            payments: Vec::new(),
        };
        self.driver.courier().wire().heard.push(Heard::Books(books));
        self.turn(&[]);
    }
}

fn report(order: &OrderRequest, state: OrderState, filled: i64) -> Report {
    let (order, instrument) = (order.id.clone(), A);
    Report { order, instrument, state, filled: Qty::whole(filled), reason: String::new() }
}

fn bar() -> Event {
    let (open, at) = (price(100), Ts::from_seconds(1));
    let bar = Bar { open, high: open, low: open, close: open, volume: 1 };
    let what = What::Bar { instrument: A, size: BarSize::Daily, start: at, bar };
    Event { at, known: at, what }
}

#[test]
fn an_order_that_is_larger_at_the_broker_than_here_is_taken_back_and_freezes_nothing() {
    let mut desk = Desk::new();
    desk.turn(&[bar()]);
    let entry = desk.sent(|kind| *kind == OrderKind::Market);
    desk.report(&entry, OrderState::Working, 0);
    let stop = desk.sent(|kind| matches!(kind, OrderKind::Stop { .. }));
    let target = desk.sent(|kind| matches!(kind, OrderKind::Limit { .. }));
    desk.report(&stop, OrderState::Working, 0);
    desk.report(&target, OrderState::Working, 0);
    desk.execute(&entry, 100, 100);
    desk.execute(&target, -90, 108);
    // The stop came after that fill, and nothing was taken off it: 90 still wait.
    desk.report(&target, OrderState::Cancelled, -90);
    desk.execute(&stop, -10, 96);
    assert!(!desk.driver.is_out(&stop.id));
    desk.tell_books(0, &[report(&stop, OrderState::Working, -10)]);
    let is_back = |said: &&Said| matches!(said, Said::Cancel(order) if *order == stop.id);
    assert_eq!(desk.driver.courier().wire().said.iter().filter(is_back).count(), 1);
    desk.report(&stop, OrderState::Cancelled, -10);
    for _ in 0..BOOKS_THAT_AGREE {
        desk.tell_books(0, &[]);
    }
    assert!(desk.driver.differences().is_empty());
    assert!(!desk.driver.is_frozen(A));
}

impl Desk {
    /// Seconds pass.
    fn wait(&mut self, seconds: i64) {
        for _ in 0..seconds {
            self.turn(&[]);
        }
    }

    fn told_of_stops(&self) -> usize {
        let tells = |line: &&Line| matches!(&line.record, crate::journal::Record::Incident(text) if text.contains("stops for"));
        self.journal.lines.iter().filter(tells).count()
    }
}

#[test]
fn what_is_held_for_a_minute_without_a_stop_that_the_broker_took_is_told_once() {
    let mut desk = Desk::new();
    desk.turn(&[bar()]);
    let entry = desk.sent(|kind| *kind == OrderKind::Market);
    desk.report(&entry, OrderState::Working, 0);
    let stop = desk.sent(|kind| matches!(kind, OrderKind::Stop { .. }));
    desk.execute(&entry, 100, 100);
    let minute = BARE.seconds() as i64;
    desk.wait(minute - 5);
    assert_eq!(desk.told_of_stops(), 0);
    desk.wait(10);
    assert_eq!(desk.told_of_stops(), 1);
    desk.wait(minute * 2);
    assert_eq!(desk.told_of_stops(), 1, "once for each time");
    desk.report(&stop, OrderState::Working, 0);
    desk.wait(minute * 2);
    assert_eq!(desk.told_of_stops(), 1);
}

#[test]
fn a_split_that_is_told_before_its_orders_end_moves_the_stop_and_leaves_no_difference() {
    let mut desk = Desk::new();
    desk.turn(&[bar()]);
    let entry = desk.sent(|kind| *kind == OrderKind::Market);
    desk.report(&entry, OrderState::Working, 0);
    let stop = desk.sent(|kind| matches!(kind, OrderKind::Stop { .. }));
    let target = desk.sent(|kind| matches!(kind, OrderKind::Limit { .. }));
    desk.report(&stop, OrderState::Working, 0);
    desk.report(&target, OrderState::Working, 0);
    desk.execute(&entry, 100, 100);
    let at = Ts::from_seconds(desk.second);
    let action = market::Corporate::Split { ratio: 2.0 };
    desk.turn(&[Event { at, known: at, what: What::Corporate { instrument: A, action } }]);
    desk.report(&stop, OrderState::Cancelled, 0);
    desk.report(&target, OrderState::Cancelled, 0);
    // What takes the place of an order that ended unasked waits for books that were asked since.
    for _ in 0..2 {
        desk.tell_books(200, &[]);
    }
    let anew = desk.sent(|kind| *kind == OrderKind::Stop { stop: price(48) });
    assert_eq!(anew.qty, Qty::whole(-200));
    let target = desk.sent(|kind| *kind == OrderKind::Limit { limit: price(54) });
    desk.report(&anew, OrderState::Working, 0);
    desk.report(&target, OrderState::Working, 0);
    let standing = [report(&anew, OrderState::Working, 0), report(&target, OrderState::Working, 0)];
    for _ in 0..=BOOKS_THAT_AGREE {
        desk.tell_books(200, &standing);
    }
    assert!(desk.driver.differences().is_empty(), "{:?}", desk.driver.differences());
    assert!(!desk.driver.is_frozen(A));
}

#[test]
fn an_order_that_is_not_ours_freezes_its_instrument_and_is_left_alone() {
    let mut desk = Desk::new();
    let theirs = Report {
        order: market::ClientOrderId::from_text("by hand"),
        instrument: A,
        state: OrderState::Working,
        filled: Qty::ZERO,
        reason: String::new(),
    };
    for round in 0..BOOKS_THAT_AGREE {
        assert!(!desk.driver.is_frozen(A), "books {round}");
        desk.tell_books(0, std::slice::from_ref(&theirs));
    }
    desk.turn(&[]);
    assert!(desk.driver.is_frozen(A));
    let said = &desk.driver.courier().wire().said;
    assert!(!said.iter().any(|said| matches!(said, Said::Cancel(_))));
}
