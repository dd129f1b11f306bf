//! A market in a lake, made once, and an account of its own for each test.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use base::{Day, Span, Ts};
use books::breakout::BreakoutConfig;
use lake::Lake;
use market::{Broker as _, Calendar, Cash, ClientOrderId, Qty};
use pipeline::day::{
    self, BOOK, Brake, Course, DayOutcome, DayRequest, Ports, Scoring, Sending, Step,
};
use pipeline::lake_history::{LakeHistory, Parts};
use pipeline::synth::{SynthRequest, fill};
use pipeline::{Error, Silent};
use sim::synth::SynthConfig;
use store::{Address, Clock, OpenOptions, Store};

/// Long after the synthetic market's last day.
pub(crate) const LATE: Ts = Ts::from_seconds(4_000_000_000);
const NOON: i64 = 1_700_000_000;

/// The market all tests share.
pub(crate) struct Market {
    folder: tempfile::TempDir,
    /// A session with signals of the session before it, and the sessions after it.
    pub(crate) sessions: Vec<Day>,
}

impl Market {
    pub(crate) fn lake(&self) -> Lake {
        Lake::at(self.folder.path().join("lake"))
    }
}

pub(crate) fn parts(finer: Option<&str>) -> Parts {
    Parts { finer: finer.map(str::to_owned), ..Parts::of("s") }
}

/// Makes the market when first asked for.
pub(crate) fn market() -> &'static Market {
    static MARKET: OnceLock<Market> = OnceLock::new();
    MARKET.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let config = SynthConfig { symbols: 60, years: 3, seed: 5, ..SynthConfig::default() };
        let (dataset, at) = ("s".to_owned(), Ts::from_seconds(NOON));
        let request = SynthRequest { config, dataset, minutes: Some(30), at };
        fill(&Lake::at(folder.path().join("lake")), &request, &Silent).unwrap();
        let sessions = busy(folder.path());
        Market { folder, sessions }
    })
}

/// From the session after the one with the most signals on.
fn busy(folder: &Path) -> Vec<Day> {
    let history = LakeHistory::open(&Lake::at(folder.join("lake")), &parts(None), LATE).unwrap();
    let found = pipeline::study::scan(&history, &BreakoutConfig::default(), &Silent).unwrap();
    let mut days: Vec<Day> = found.iter().map(|signal| signal.setup.day).collect();
    days.sort_unstable();
    let groups = days[..days.len() * 3 / 4].chunk_by(|a, b| a == b);
    let busiest = groups.max_by_key(|group| group.len()).unwrap()[0];
    let calendar = Calendar::of("XNYS").unwrap();
    calendar.between(busiest.plus(1), busiest.plus(60)).iter().map(|s| s.day).collect()
}

/// A clock moved by hand.
#[derive(Default)]
pub(crate) struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> Ts {
        Ts::from_seconds(NOON + self.0.load(Ordering::Relaxed))
    }
}

/// A kill switch that is pulled when it is asked for the n-th time, or by hand.
pub(crate) struct HandBrake {
    asked: AtomicUsize,
    pub(crate) at: AtomicUsize,
    pub(crate) on: AtomicBool,
}

impl Brake for HandBrake {
    fn is_pulled(&self) -> Result<bool, Error> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        if asked >= self.at.load(Ordering::Relaxed) {
            self.on.store(true, Ordering::Relaxed);
        }
        Ok(self.on.load(Ordering::Relaxed))
    }
}

/// An account over the market.
pub(crate) struct World {
    lake: Lake,
    pub(crate) store: Store,
    clock: Arc<HandClock>,
    pub(crate) brake: HandBrake,
    pub(crate) request: RefCell<DayRequest>,
}

impl World {
    /// Over the market that all tests share.
    pub(crate) fn new() -> World {
        World::over(market().lake())
    }

    /// Over a lake of its own.
    pub(crate) fn over(lake: Lake) -> World {
        let clock = Arc::new(HandClock::default());
        let options = OpenOptions { clock: clock.clone(), ..OpenOptions::default() };
        let store = Store::open_with(Address::read("sqlite::memory:").unwrap(), options).unwrap();
        let brake = HandBrake {
            asked: AtomicUsize::new(0),
            at: AtomicUsize::new(usize::MAX),
            on: AtomicBool::new(false),
        };
        let request = RefCell::new(DayRequest {
            session: Day::MIN,
            parts: parts(None),
            config: BreakoutConfig::default(),
            sending: Sending::Unattended,
            scoring: Scoring::ScannerOnly,
            course: Course::default(),
            approve_within: Span::from_hours(24),
            cash: Cash::from_raw(100_000 * Cash::SCALE),
            live: None,
            code_revision: "test".to_owned(),
        });
        World { lake, store, clock, brake, request }
    }

    pub(crate) fn set(&self, change: impl FnOnce(&mut DayRequest)) -> &World {
        change(&mut self.request.borrow_mut());
        self
    }

    pub(crate) fn course(&self, from: Option<Step>, only: Option<Step>, skip: &[Step]) -> &World {
        let skip = skip.iter().copied().collect();
        self.set(|request| request.course = Course { from, only, skip })
    }

    pub(crate) fn wait_hours(&self, hours: i64) {
        self.clock.0.fetch_add(hours * 3_600, Ordering::Relaxed);
    }

    /// How often the switch was asked.
    pub(crate) fn asked(&self) -> usize {
        self.brake.asked.load(Ordering::Relaxed)
    }

    pub(crate) fn try_walk(&self, session: Day) -> Result<DayOutcome, Error> {
        self.set(|request| request.session = session);
        let (store, lake, brake) = (&self.store, &self.lake, &self.brake);
        let ports = Ports { store, lake, brake, progress: &Silent, outside: None };
        day::walk(ports, &self.request.borrow())
    }

    pub(crate) fn walk(&self, session: Day) -> DayOutcome {
        self.try_walk(session).unwrap()
    }

    /// What the rows of the store say is held and ordered, and what the broker has in its books:
    /// quantities and names, in order.
    pub(crate) fn both_sides(&self) -> [(Vec<Qty>, Vec<ClientOrderId>); 2] {
        let account = self.store.read(|tx| tx.simulated_account(BOOK)).unwrap().unwrap();
        let broker: sim::BarExchange = serde_json::from_value(account.state).unwrap();
        let snapshot = broker.snapshot();
        let rows = self.store.read(|tx| tx.open_positions(BOOK)).unwrap();
        let mut ours: Vec<Qty> = rows.iter().map(|row| row.qty).collect();
        let mut theirs: Vec<Qty> = snapshot.positions.iter().map(|held| held.qty).collect();
        ours.sort();
        theirs.sort();
        let mut orders: Vec<ClientOrderId> =
            self.open_orders().into_iter().map(|order| order.id).collect();
        orders.sort();
        [(ours, orders), (theirs, snapshot.open_orders)]
    }

    /// States of the intents of a session, in order of name.
    pub(crate) fn intents(&self, session: Day) -> Vec<store::IntentState> {
        let intents = self.store.read(|tx| tx.intents_of_day(session, BOOK)).unwrap();
        intents.into_iter().map(|intent| intent.state).collect()
    }

    pub(crate) fn open_orders(&self) -> Vec<store::Order> {
        self.store.read(|tx| tx.open_orders(BOOK)).unwrap()
    }

    pub(crate) fn fills(&self) -> Vec<store::FillRecord> {
        self.store.read(|tx| tx.fills_between(Ts::from_seconds(0), LATE)).unwrap()
    }

    pub(crate) fn incidents(&self) -> Vec<store::Incident> {
        self.store.read(|tx| tx.open_incidents()).unwrap()
    }

    /// What trading left, without the record of how the steps went.
    pub(crate) fn account(&self) -> String {
        let mut text = String::new();
        self.store
            .read(|tx| -> Result<(), store::Error> {
                writeln!(text, "{:#?}", tx.fills_between(Ts::from_seconds(0), LATE)?).unwrap();
                writeln!(text, "{:?}", tx.balances()?).unwrap();
                writeln!(text, "{:#?}", tx.open_positions(BOOK)?).unwrap();
                writeln!(text, "{:#?}", tx.open_orders(BOOK)?).unwrap();
                writeln!(text, "{:#?}", tx.open_incidents()?).unwrap();
                for line in tx.journal_from(1, 100_000)? {
                    writeln!(text, "{line:?}").unwrap();
                }
                Ok(())
            })
            .unwrap();
        text
    }

    /// Changes what the simulated broker knows, behind our back.
    pub(crate) fn tamper(&self, change: impl Fn(&mut serde_json::Value)) {
        self.store
            .transaction("tamper", |tx| -> Result<(), store::Error> {
                let mut state = tx.simulated_account(BOOK)?.unwrap().state;
                change(&mut state);
                tx.put_simulated_account(BOOK, state)
            })
            .unwrap();
    }
}
