//! From an event to an order on the wire, through rules and journal; and back on one's feet after
//! a kill.
//!
//! A book bets on every other bar and takes the bet back on the one between: an entry with stop
//! and target, sized by its risk, looked at by all rules. The order counts as out once its bytes
//! lie ready for a socket. Engine, courier, driver and journal are those of a live session.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use base::{Prob, Span, Ts};
use desk::courier::{Clocks, Patience};
use desk::driver::{Driver, Durable};
use desk::engine::Change;
use desk::exit::{ExitPlan, Target, TargetAt};
use desk::risk::Limits;
use desk::{
    Amount, Approval, Bet, Book, Decision, EngineConfig, Entry, Intent, MemoryJournal, Mode,
    Record, View,
};
use market::remote::{Books, Heard, Report, Said, Wire};
use market::{
    Bar as PriceBar, BarSize, Event, Instrument, InstrumentId, OrderKind, OrderState, Price, Qty,
    Side, TimeInForce, Universe, What,
};
use pipeline::journal::{StoreJournal, lines};
use store::{Appender, Durability, Entry as Kept, Store};

use crate::Bench;
use crate::clock::timed;
use crate::line::{Bar, Line};

const INSTRUMENTS: u32 = 500;
/// Lines of the journal after which a kill is recovered from.
const LINES_AT_KILL: usize = 10_000;

/// Latencies with each journal, and the recovery.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let orders = bench.size.pick(20_000, 300);
    let mut told = Vec::new();
    let mut nowhere = Bare::default();
    let bare = latencies(orders, &mut nowhere)?;
    told.extend(shown("without_journal", (&bare, None), [Bar::AtMost(5.0), Bar::None]));
    let folder = tempfile::tempdir_in(&bench.scratch).context("make a folder for journals")?;
    for (name, durability, orders, bars) in [
        ("sqlite_wal_normal", Durability::Process, orders, [Bar::AtMost(20.0), Bar::AtMost(100.0)]),
        ("sqlite_wal_full", Durability::Machine, orders.min(2_000), [Bar::None, Bar::None]),
    ] {
        let store = Store::open_file(&folder.path().join(format!("{name}.db")))?;
        let mut journal = StoreJournal::new(store.appender(durability)?);
        let ours = latencies(orders, &mut journal)?;
        let beside = Store::open_file(&folder.path().join(format!("{name}_alone.db")))?;
        let alone = transactions(orders, beside.appender(durability)?, &nowhere.bet)?;
        told.extend(shown(name, (&ours, Some(&alone)), bars));
    }
    let seconds = recovery(folder.path())?;
    told.push(Line::alone("orders/recovery_of_10k_lines_s", seconds, Bar::AtMost(1.0)));
    Ok(told)
}

type Micros<'a> = (&'a [f64], Option<&'a [f64]>);

/// Half and 99 of 100 of ours, beside the transaction alone where there is one.
fn shown(name: &str, (ours, alone): Micros<'_>, [median, tail]: [Bar; 2]) -> [Line; 2] {
    let at = |micros: &[f64], part: f64| micros[((micros.len() - 1) as f64 * part) as usize];
    let line = |unit: &str, part: f64, bar: Bar| {
        let line = Line::alone(format!("orders/{name}_{unit}"), at(ours, part), bar);
        let Some(alone) = alone else { return line };
        let who = "its transaction alone: SQLite, the same bytes".to_owned();
        Line { peer: Some(at(alone, part)), who, ..line }
    };
    [line("median_us", 0.5, median), line("p99_us", 0.99, tail)]
}

/// What a turn may do between two orders.
trait Rest: Durable<Error: Send + Sync + 'static> {
    fn rest(&mut self) -> Result<()>;
}

/// A journal that is kept nowhere.
#[derive(Default)]
struct Bare {
    journal: MemoryJournal,
    /// Records of a turn that bet, as JSON.
    bet: Vec<String>,
}

impl desk::Journal for Bare {
    fn write(&mut self, seq: u64, at: Ts, record: impl FnOnce() -> desk::Record) {
        self.journal.write(seq, at, record);
    }
}

impl Durable for Bare {
    type Error = std::convert::Infallible;

    fn commit(&mut self) -> Result<(), std::convert::Infallible> {
        Ok(())
    }
}

impl Rest for Bare {
    fn rest(&mut self) -> Result<()> {
        let lines = &mut self.journal.lines;
        let bets = lines.first().is_some_and(|line| matches!(line.record, Record::Wanted(_)));
        if bets && self.bet.is_empty() {
            let text = lines.iter().map(|line| serde_json::to_string(&line.record));
            self.bet = text.collect::<Result<_, _>>()?;
        }
        lines.clear();
        Ok(())
    }
}

impl Rest for StoreJournal<'_> {
    fn rest(&mut self) -> Result<()> {
        drop(self.take());
        Ok(StoreJournal::rest(self)?)
    }
}

/// Microseconds from a bar to the bytes of its order, ascending.
fn latencies<J: Rest>(orders: usize, journal: &mut J) -> Result<Vec<f64>> {
    let far = Rc::new(RefCell::new(Far::default()));
    let mut driver = start(&far, &[])?;
    turn(&mut driver, 0, &[], journal)?;
    let mut micros = Vec::with_capacity(orders);
    // The first orders warm caches up, on both sides.
    let warm = orders / 10;
    for number in 0..orders + warm {
        let bet = bar(number, 2 * number as u32);
        far.borrow_mut().out = None;
        let begun = Instant::now();
        turn(&mut driver, number, &[bet], journal)?;
        let out = far.borrow_mut().out.take().context("the bar brought no order")?;
        if number >= warm {
            micros.push((out - begun).as_secs_f64() * 1e6);
        }
        journal.rest()?;
        // What the broker answers, and the end of the bet, come in turns of their own.
        turn(&mut driver, number, &[], journal)?;
        turn(&mut driver, number, &[bar(number, 2 * number as u32 + 1)], journal)?;
        for _ in 0..2 {
            turn(&mut driver, number, &[], journal)?;
        }
        journal.rest()?;
    }
    let left = driver.engine().view().orders().count();
    ensure!(left < 10, "{left} orders stand that were to be taken back");
    micros.sort_by(f64::total_cmp);
    Ok(micros)
}

/// Microseconds of a transaction that holds these records and nothing else, ascending: what is
/// left when everything of ours is away.
fn transactions(count: usize, mut appender: Appender<'_>, records: &[String]) -> Result<Vec<f64>> {
    let mut micros = Vec::with_capacity(count);
    let entry = |record| Kept { at: clocks(0).wall, kind: "record", record };
    let entries: Vec<Kept<'_>> = records.iter().map(|record| entry(record)).collect();
    for _ in 0..count {
        let begun = Instant::now();
        appender.append(&entries)?;
        micros.push(begun.elapsed().as_secs_f64() * 1e6);
        appender.rest()?;
    }
    micros.sort_by(f64::total_cmp);
    Ok(micros)
}

/// Seconds from opening the files that a kill left to a driver that may go on.
fn recovery(folder: &Path) -> Result<f64> {
    let (there, left) = (folder.join("killed"), folder.join("left"));
    for folder in [&there, &left] {
        std::fs::create_dir(folder).with_context(|| format!("make {}", folder.display()))?;
    }
    let store = Store::open_file(&there.join("state.db"))?;
    let mut journal = StoreJournal::new(store.appender(Durability::Process)?);
    let far = Rc::new(RefCell::new(Far::default()));
    let mut driver = start(&far, &[])?;
    let mut kept = 0;
    for number in 0.. {
        turn(&mut driver, number / 2, &[bar(number / 2, number as u32)], &mut journal)?;
        kept += journal.take().count();
        if kept >= LINES_AT_KILL {
            break;
        }
    }
    // What a killed process leaves: the file, and its log beside it.
    for name in ["state.db", "state.db-wal"] {
        std::fs::copy(there.join(name), left.join(name)).context("copy the files of a journal")?;
    }
    let (seconds, state) = timed(|| -> Result<_> {
        let store = Store::open_file(&left.join("state.db"))?;
        let lines = store.read(lines)?;
        Ok(start(&far, &lines)?.state().clone())
    });
    ensure!(state? == *driver.state(), "the journal folds to another state");
    Ok(seconds)
}

fn start(far: &Rc<RefCell<Far>>, lines: &[desk::Line]) -> Result<Driver<Bettor, Near>> {
    let named = |index| Instrument { symbol: format!("S{index}"), ..Instrument::default() };
    let universe = Universe::new((0..INSTRUMENTS).map(named).collect())?;
    let limits = Limits { orders_a_minute: usize::MAX, ..Limits::default() };
    let config = EngineConfig {
        mode: Mode::Paper,
        approval: Approval::Automatic,
        limits,
        ..EngineConfig::default()
    };
    far.borrow_mut().cash = config.capital;
    let wire = (Near(Rc::clone(far)), Patience::default());
    Ok(Driver::start((config, &universe), Bettor, wire, clocks(0), lines)?)
}

/// A session that begins on 2024-01-03 at 14:30 UTC.
fn clocks(number: usize) -> Clocks {
    let since = Span::from_seconds(number as i64);
    let steady = Ts::from_seconds(0) + since;
    Clocks { wall: Ts::from_seconds(1_704_292_200) + since, steady }
}

fn turn<J: Durable<Error: Send + Sync + 'static>>(
    driver: &mut Driver<Bettor, Near>,
    number: usize,
    events: &[Event],
    journal: &mut J,
) -> Result<()> {
    Ok(driver.turn(clocks(number), events, journal)?)
}

/// An even bar is bet on, an odd one takes the bet back.
fn bar(number: usize, start: u32) -> Event {
    let instrument = InstrumentId(number as u32 % INSTRUMENTS);
    let at = clocks(number).wall;
    let price = |cents| Price::from_raw(cents * (Price::SCALE / 100));
    let bar = PriceBar {
        open: price(10_000),
        high: price(10_050),
        low: price(9_950),
        close: price(10_000),
        volume: 1_000_000,
    };
    let size = BarSize::Minutes(1);
    let start = at - Span::from_nanos(i64::from(start % 2));
    let what = What::Bar { instrument, size, start, bar };
    Event { at, known: at, what }
}

/// Bets where nothing stands, and takes the bet back where one does.
#[derive(Debug)]
struct Bettor;

impl Book for Bettor {
    fn on(&mut self, event: &Event, view: &View<'_>, decision: &mut Decision) {
        let What::Bar { instrument, bar, .. } = &event.what else { return };
        if let Some(keeper) = view.plans(*instrument).first() {
            decision.change(Change::CancelEntry(*instrument, keeper.intent.clone()));
            return;
        }
        let away = |percent: i64| Price::from_raw(bar.close.raw() / 100 * (100 + percent));
        let mut plan = ExitPlan::stop_only(bar.close, away(-2));
        plan.targets = vec![Target { at: TargetAt::Price(away(4)), fraction: 1.0 }];
        decision.want(Intent {
            id: format!("{}/{}", event.at, instrument.0),
            book: "bettor".to_owned(),
            instrument: *instrument,
            side: Side::Long,
            entry: Entry {
                kind: OrderKind::Limit { limit: away(-1) },
                tif: TimeInForce::Day,
                reference: Some(bar.close),
                valid_sessions: None,
            },
            amount: Amount::Bet(Bet {
                confidence: Prob::new(0.6).unwrap_or(Prob::HALF),
                reward_to_risk: 2.0,
                cost_r: 0.05,
                average_daily_volume: Some(1e7),
                risk_pct: None,
            }),
            plan: Some(plan),
            group: None,
            why: "the bar is even".to_owned(),
        });
    }
}

/// A broker that takes every order and fills none.
#[derive(Debug, Default)]
struct Far {
    answers: Vec<Heard>,
    working: BTreeMap<market::ClientOrderId, InstrumentId>,
    cash: market::Cash,
    bytes: Vec<u8>,
    /// When the first order of the turn was ready.
    out: Option<Instant>,
}

impl Far {
    fn report(&mut self, order: &market::ClientOrderId, state: OrderState) {
        let Some(instrument) = self.working.get(order).copied() else { return };
        if state.is_done() {
            self.working.remove(order);
        }
        let (order, filled, reason) = (order.clone(), Qty::ZERO, String::new());
        self.answers.push(Heard::Order(Report { order, instrument, state, filled, reason }));
    }
}

#[derive(Debug)]
struct Near(Rc<RefCell<Far>>);

impl Wire for Near {
    fn say(&mut self, said: &Said) {
        let mut far = self.0.borrow_mut();
        far.bytes.clear();
        // Bytes in memory: nothing can fail.
        let _ = serde_json::to_writer(&mut far.bytes, said);
        match said {
            Said::Submit(order) => {
                far.out.get_or_insert_with(Instant::now);
                far.working.insert(order.id.clone(), order.instrument);
                far.report(&order.id, OrderState::Working);
            }
            Said::Cancel(order) => {
                far.report(order, OrderState::Cancelled);
            }
            Said::AskBooks { number, .. } => {
                let told = |(order, instrument): (&market::ClientOrderId, &InstrumentId)| Report {
                    order: order.clone(),
                    instrument: *instrument,
                    state: OrderState::Working,
                    filled: Qty::ZERO,
                    reason: String::new(),
                };
                let orders = far.working.iter().map(told).collect();
                let (number, cash) = (*number, far.cash);
                far.answers.push(Heard::Books(Books { number, cash, orders, ..Books::default() }));
            }
        }
    }

    fn hear(&mut self, into: &mut Vec<Heard>) {
        into.append(&mut self.0.borrow_mut().answers);
    }

    fn takes_families(&self) -> bool {
        true
    }
}
