//! The driver of a live engine: one turn after another, each on record before it has effects
//! (EXE-1, EXE-3).
//!
//! A turn hears the broker, steps the engine through what happened, commits the journal, and only
//! then lets the courier send. Killed between any two of these, [`Driver::start`] on what the
//! journal kept goes on as if nothing had been.

use std::collections::BTreeMap;

use market::remote::Wire;
use market::{Broker, ClientOrderId, Command, Event, InstrumentId, Universe, What};

use crate::courier::{Clocks, Courier, Patience};
use crate::engine::{Book, Engine, EngineConfig};
use crate::journal::{Journal, Line, State};
use crate::reconcile::{Difference, differences};

/// A journal that keeps what it was given once it says so.
pub trait Durable: Journal {
    /// Why it could not.
    type Error: std::error::Error;

    /// Keeps all that was written since the last commit, or nothing of it.
    ///
    /// # Errors
    /// Where nothing was kept. The driver must then be dropped, and started on what is there.
    fn commit(&mut self) -> Result<(), Self::Error>;
}

/// What ends a driver.
#[derive(Debug, thiserror::Error)]
pub enum Ended<E: std::error::Error> {
    /// The engine met what it can't go on with.
    #[error("step engine")]
    StepEngine(#[from] crate::Error),
    /// The journal kept nothing of the turn, and nothing of it was sent.
    #[error("commit journal")]
    CommitJournal(#[source] E),
}

/// Books in a row that must show a difference before anything is frozen by it: facts may be on
/// their way.
const BOOKS_THAT_AGREE: u32 = 3;

/// An engine, its courier, and what they have differed in.
#[derive(Debug)]
pub struct Driver<K, W> {
    engine: Engine<K>,
    courier: Courier<W>,
    config: EngineConfig,
    /// The number of the books last compared.
    compared: u64,
    /// How many books in a row have shown each difference.
    seen: BTreeMap<Difference, u32>,
}

impl<K: Book, W: Wire> Driver<K, W> {
    /// Starts on the lines that a journal kept; a fresh account has none.
    ///
    /// # Errors
    /// [`crate::Error`] for settings that make no sense and for a journal with gaps.
    pub fn start(
        (config, universe): (EngineConfig, &Universe),
        book: K,
        (wire, patience): (W, Patience),
        clocks: Clocks,
        lines: &[Line],
    ) -> Result<Driver<K, W>, crate::Error> {
        let engine = match lines {
            [] => Engine::new(config, universe, book)?,
            lines => Engine::restore(config, universe, book, lines)?,
        };
        let courier = Courier::restore(wire, patience, clocks, engine.state());
        Ok(Driver { engine, courier, config, compared: 0, seen: BTreeMap::new() })
    }

    /// Everything of a turn but its effects: what is decided is written, and nothing is sent.
    ///
    /// # Errors
    /// [`crate::Error`] where the engine can't go on.
    pub fn decide<J: Journal>(
        &mut self,
        clocks: Clocks,
        events: &[Event],
        journal: &mut J,
    ) -> Result<(), crate::Error> {
        self.courier.turn(clocks);
        for incident in self.courier.incidents() {
            self.engine.report(incident, journal);
        }
        for event in events {
            self.step(event.clone(), journal)?;
        }
        let timer = |name: &str| What::Timer { name: name.to_owned() };
        let tick = |what| Event { at: clocks.wall, known: clocks.wall, what };
        if events.is_empty() {
            self.step(tick(timer("turn")), journal)?;
        }
        for command in self.reconcile() {
            self.step(tick(What::Command(command)), journal)?;
        }
        Ok(())
    }

    /// Time never runs back for the engine, whatever the clock does.
    fn step<J: Journal>(&mut self, event: Event, journal: &mut J) -> Result<(), crate::Error> {
        let known = event.known.max(self.engine.view().now());
        self.engine.step(&Event { known, ..event }, &mut self.courier, journal)
    }

    /// A whole turn.
    ///
    /// # Errors
    /// [`Ended`], after which the driver must be dropped and started anew.
    pub fn turn<J: Durable>(
        &mut self,
        clocks: Clocks,
        events: &[Event],
        journal: &mut J,
    ) -> Result<(), Ended<J::Error>> {
        self.decide(clocks, events, journal)?;
        journal.commit().map_err(Ended::CommitJournal)?;
        self.courier.flush();
        Ok(())
    }

    /// Sends what was decided, once the journal has kept it. [`Driver::turn`] does so by itself.
    pub fn flush(&mut self) {
        self.courier.flush();
    }

    /// Compares the account with new books; what differs for long is frozen. An order of ours that
    /// the engine is done with is taken back at once.
    fn reconcile(&mut self) -> Vec<Command> {
        let Some((_, books)) = self.courier.books() else { return Vec::new() };
        if books.number == self.compared || !self.courier.is_settled() {
            return Vec::new();
        }
        self.compared = books.number;
        let found = differences(self.engine.state(), self.config.currency, books);
        self.seen.retain(|difference, _| found.contains(difference));
        let mut commands = Vec::new();
        for difference in found {
            let times = self.seen.entry(difference.clone()).or_default();
            *times += 1;
            if let Difference::Stranger { order, .. } = &difference {
                // One that the courier carried is larger there than the engine took it to be: the
                // engine is done with it.
                self.courier.cancel(self.engine.view().now(), order);
            }
            if *times == BOOKS_THAT_AGREE {
                let (instrument, incident) = (difference.instrument(), difference.to_string());
                commands.push(Command::Freeze { instrument, incident });
            }
        }
        if !self.seen.is_empty() {
            self.courier.want_books();
        }
        commands
    }

    /// Differences that the last books have shown, and in how many books in a row.
    pub fn differences(&self) -> &BTreeMap<Difference, u32> {
        &self.seen
    }

    /// Those that were not seen often enough to freeze anything.
    pub fn fresh_differences(&self) -> impl Iterator<Item = &Difference> {
        let fresh = self.seen.iter().filter(|(_, times)| **times < BOOKS_THAT_AGREE);
        fresh.map(|(difference, _)| difference)
    }

    /// True where the two sides differ and have differed for so long that it is frozen: more of
    /// the same will not help.
    pub fn is_stuck(&self) -> bool {
        !self.seen.is_empty() && self.seen.values().all(|times| *times >= BOOKS_THAT_AGREE)
    }

    /// All that the engine remembers.
    pub fn state(&self) -> &State {
        self.engine.state()
    }

    /// The engine.
    pub fn engine(&self) -> &Engine<K> {
        &self.engine
    }

    /// The courier.
    pub fn courier(&mut self) -> &mut Courier<W> {
        &mut self.courier
    }

    /// True when nothing is on its way and nothing is missing.
    pub fn is_settled(&self) -> bool {
        self.courier.is_settled()
    }

    /// Whether the engine takes an order to be out.
    pub fn is_out(&self, order: &ClientOrderId) -> bool {
        self.engine.state().orders.get(order).is_some()
    }

    /// Whether nothing may be opened in an instrument.
    pub fn is_frozen(&self, instrument: InstrumentId) -> bool {
        self.engine.state().is_frozen(instrument)
    }
}

#[cfg(test)]
mod tests {
    use base::Ts;
    use market::remote::{Books, Execution, Heard, Report, Said};
    use market::{
        Bar, BarSize, BrokerRef, Cash, Held, Instrument, OrderKind, OrderRequest, OrderState,
        Price, Qty, Side,
    };

    use super::*;
    use crate::engine::{Approval, Decision, Mode, View};
    use crate::exit::{ExitPlan, Target, TargetAt};
    use crate::intent::{Amount, Entry, Intent};
    use crate::journal::MemoryJournal;
    use crate::risk::Limits;

    const A: InstrumentId = InstrumentId(0);

    /// A wire whose far end is the test.
    #[derive(Debug, Default)]
    struct Tin {
        said: Vec<Said>,
        heard: Vec<Heard>,
    }

    impl Wire for Tin {
        fn say(&mut self, said: &Said) {
            self.said.push(said.clone());
        }

        fn hear(&mut self, into: &mut Vec<Heard>) {
            into.append(&mut self.heard);
        }
    }

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
            let plan =
                ExitPlan { targets: vec![target], ..ExitPlan::stop_only(price(100), price(96)) };
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
            let driver = Driver::start((config, &universe), Bettor, wire, clocks, &[]).unwrap();
            let journal = MemoryJournal::default();
            let mut desk = Desk {
                driver,
                journal,
                second: 0,
                cash: config.capital,
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
            self.driver
                .decide(Clocks { wall: now, steady: now }, events, &mut self.journal)
                .unwrap();
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
            let position =
                Held { instrument: A, qty: Qty::whole(held), average_price: Price::ZERO };
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
}
