//! Whole days of an engine over the wire to the paper exchange: bets at random, lines that lose,
//! processes that are killed between any two steps and begin anew from their journal. After each
//! session the line is whole for a while; then both sides must agree to the cent, and whatever is
//! held must be covered by orders at the broker.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use base::seed::Rng;
use base::{Seed, Span, Ts};
use desk::courier::Clocks;
use desk::driver::{Driver, Durable};
use desk::engine::Change;
use desk::exit::{CloseOn, Target, TargetAt, Way};
use desk::{
    Amount, Approval, Book, Decision, EngineConfig, Entry, ExitPlan, Intent, Journal, Line, Mode,
    Record, View,
};
use exchange::{Listing, Tape, TapeSource, Turn};
use market::{
    BarSize, Calendar, Candle, Event, Instrument, InstrumentId, OrderKind, Price, Qty, Side,
    TimeInForce, TimedCandle, Universe, What,
};
use rand::RngExt as _;

use crate::alpaca::AlpacaDoor;
use crate::ibkr::TwsDoor;
use crate::rig::{begin, usd};
use crate::spread_life::{self, SpreadDoor};
use crate::world::{Door, Near, World, truth, venue};

const SESSIONS: usize = 4;
const SYMBOLS: [&str; 2] = ["AAA", "BBB"];

/// A random walk of half hours.
fn market(seed: Seed) -> std::sync::Arc<Tape> {
    let calendar = Calendar::of("XNYS").unwrap();
    let sessions = calendar.between(begin().plus(-1), begin().plus(30));
    let mut rng = seed.child("prices").rng();
    let listing = |symbol: &str, rng: &mut Rng| {
        let instrument = Instrument { symbol: symbol.to_owned(), ..Instrument::default() };
        let mut listing = Listing { instrument, ..Listing::default() };
        let mut last = 100.0_f64;
        for session in sessions.iter().take(SESSIONS + 2) {
            let mut day = Candle {
                day: session.day,
                open: last,
                high: last,
                low: last,
                close: last,
                volume: 0.0,
            };
            for slot in 0..13 {
                let cents = |price: f64| (price * 100.0).round() / 100.0;
                let open = cents(last * (1.0 + rng.random_range(-0.002..0.002)));
                let close = cents(open * (1.0 + rng.random_range(-0.01..0.01)));
                let high = cents(open.max(close) * (1.0 + rng.random_range(0.0..0.004)));
                let low = cents(open.min(close) * (1.0 - rng.random_range(0.0..0.004)));
                let volume = if rng.random_bool(0.2) { 600.0 } else { 20_000.0 };
                let candle = Candle { day: session.day, open, high, low, close, volume };
                let start = session.open + Span::from_minutes(30 * slot);
                listing.finer.push(TimedCandle { start, size: BarSize::Minutes(30), candle });
                day.high = day.high.max(high);
                day.low = day.low.min(low);
                day.close = close;
                day.volume += volume;
                last = close;
            }
            listing.candles.push(day);
        }
        listing
    };
    let listings = SYMBOLS.iter().map(|symbol| listing(symbol, &mut rng)).collect();
    let source = TapeSource { name: "walk".into(), seed: 1, minutes: 30, listings };
    std::sync::Arc::new(Tape::new(source).unwrap())
}

/// Bets by the toss of a coin that hangs on the bar alone, so that a restart changes nothing.
#[derive(Debug)]
struct Gambler(Seed, Vec<InstrumentId>);

impl Book for Gambler {
    fn on(&mut self, event: &Event, view: &View<'_>, decision: &mut Decision) {
        let What::Bar { instrument, start, bar, .. } = &event.what else { return };
        let node = self.0.index(u64::from(instrument.0)).index(start.nanos().unsigned_abs());
        let mut rng = node.rng();
        let busy = !view.plans(*instrument).is_empty();
        if !busy && rng.random_bool(0.4) {
            decision.want(bet(
                &mut rng,
                format!("{start}/{}", instrument.0),
                *instrument,
                bar.close,
            ));
        }
        if !self.1.is_empty() {
            self.spread(&mut rng, (*instrument, *start, bar.close), view, decision);
        }
        for keeper in view.plans(*instrument) {
            let intent = keeper.intent.clone();
            match rng.random_range(0..40) {
                0 => decision.change(Change::ClosePlan(*instrument, intent)),
                1 => decision.change(Change::CancelEntry(*instrument, intent)),
                2..10 => {
                    let stop = (keeper.stop.to_f64() + 2.0 * bar.close.to_f64()) / 3.0;
                    decision.change(Change::TightenStop(*instrument, intent, usd(stop)));
                }
                _ => {}
            }
        }
    }
}

impl Gambler {
    /// Buys a spread, or sells one that is held.
    fn spread(
        &self,
        rng: &mut Rng,
        (share, start, close): (InstrumentId, Ts, Price),
        view: &View<'_>,
        decision: &mut Decision,
    ) {
        let spread = self.1[rng.random_range(0..self.1.len())];
        for keeper in view.plans(spread).iter().filter(|_| rng.random_bool(0.3)) {
            decision.change(Change::ClosePlan(spread, keeper.intent.clone()));
        }
        let limit = usd(f64::from(rng.random_range(50..260)));
        let way = if rng.random_bool(0.5) { Way::Rises } else { Way::Falls };
        let touch = usd(close.to_f64() * if way == Way::Rises { 1.01 } else { 0.99 });
        let close_on = Some(CloseOn { instrument: share, price: touch, way });
        decision.want(Intent {
            id: format!("{start}/{}/{}", share.0, spread.0),
            book: "gambler".to_owned(),
            instrument: spread,
            side: Side::Long,
            entry: Entry { kind: OrderKind::Limit { limit }, ..Entry::market() },
            amount: Amount::Units(Qty::whole(rng.random_range(1..4))),
            plan: Some(ExitPlan { close_on, ..ExitPlan::unstopped(limit) }),
            group: None,
            why: "a coin".to_owned(),
        });
    }
}

fn bet(rng: &mut Rng, id: String, instrument: InstrumentId, close: Price) -> Intent {
    let side = if rng.random_bool(0.6) { Side::Long } else { Side::Short };
    let away = |part: f64| usd(close.to_f64() * (1.0 + part * side.sign()));
    let mut plan = ExitPlan::stop_only(close, away(-0.012));
    let target = |part: f64, fraction: f64| Target { at: TargetAt::Price(away(part)), fraction };
    plan.targets = match rng.random_range(0..3) {
        0 => vec![],
        1 => vec![target(0.015, 1.0)],
        _ => vec![target(0.008, 0.5), target(0.016, 0.5)],
    };
    plan.breakeven_r = rng.random_bool(0.5).then_some(0.5);
    plan.max_sessions = Some(rng.random_range(1..3));
    let kind = match rng.random_range(0..3) {
        0 => OrderKind::Market,
        1 => OrderKind::Limit { limit: away(-0.002) },
        _ => OrderKind::Stop { stop: away(0.002) },
    };
    Intent {
        id,
        book: "gambler".to_owned(),
        instrument,
        side,
        entry: Entry {
            kind,
            tif: TimeInForce::Day,
            reference: Some(close),
            valid_sessions: Some(1),
        },
        amount: Amount::Units(Qty::whole(100)),
        plan: Some(plan),
        group: None,
        why: "a coin".to_owned(),
    }
}

/// A journal that keeps what was committed.
#[derive(Default)]
struct Disk {
    kept: Vec<Line>,
    pending: Vec<Line>,
}

impl Journal for Disk {
    fn write(&mut self, seq: u64, at: Ts, record: impl FnOnce() -> Record) {
        self.pending.push(Line { seq, at, record: record() });
    }
}

impl Durable for Disk {
    type Error = std::convert::Infallible;

    fn commit(&mut self) -> Result<(), Self::Error> {
        self.kept.append(&mut self.pending);
        Ok(())
    }
}

struct Life<D: Door> {
    seed: Seed,
    rng: Rng,
    world: Rc<RefCell<World<D>>>,
    universe: Universe,
    driver: Option<Driver<Gambler, D::Wire>>,
    disk: Disk,
    kills: u32,
    is_calm: bool,
}

impl<D: Door> Drop for Life<D> {
    /// Whoever looks at a failure wants to know what went over the line.
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.world.borrow().log.join("\n"));
            for line in &self.disk.kept {
                eprintln!("journal {} {:?}", line.at, line.record);
            }
        }
    }
}

impl<D: Door> Life<D> {
    fn new(seed: u64) -> Life<D> {
        let root = Seed::root(seed);
        let tape = market(root);
        let universe = D::universe(tape.universe());
        let world = Rc::new(RefCell::new(World::new(venue(tape), Some(seed))));
        let rng = root.child("kills").rng();
        let disk = Disk::default();
        let mut life =
            Life { seed: root, rng, world, universe, driver: None, disk, kills: 0, is_calm: false };
        life.start();
        life
    }

    fn clocks(&self) -> Clocks {
        let world = self.world.borrow();
        let steady = Ts::from_seconds(world.second);
        Clocks { wall: world.venue.now() + Span::from_seconds(1), steady }
    }

    fn start(&mut self) {
        let config = EngineConfig {
            mode: Mode::Paper,
            approval: Approval::Automatic,
            ..EngineConfig::default()
        };
        let wire = D::wire(Near(Rc::clone(&self.world)), self.universe.clone());
        let is_spread = |it: &Instrument| it.kind == market::Kind::Spread;
        let spreads = self.universe.iter().filter(|(_, it)| is_spread(it)).map(|(id, _)| id);
        let book = Gambler(self.seed.child("bets"), spreads.collect());
        let clocks = self.clocks();
        let driver = Driver::start(
            (config, &self.universe),
            book,
            (wire, D::patience()),
            clocks,
            &self.disk.kept,
        );
        self.driver = Some(driver.unwrap());
    }

    /// The process is gone, and with it what was not committed and what was on its way to it.
    fn kill(&mut self) {
        self.kills += 1;
        self.driver = None;
        self.disk.pending.clear();
        self.world.borrow_mut().hang_up();
        self.start();
    }

    fn second(&mut self, events: &[Event]) {
        self.world.borrow_mut().second();
        let clocks = self.clocks();
        let doom = match self.is_calm {
            true => 0,
            false => self.rng.random_range(0..300),
        };
        let Some(driver) = &mut self.driver else { return };
        driver.decide(clocks, events, &mut self.disk).unwrap();
        if doom == 1 {
            return self.kill();
        }
        self.disk.commit().unwrap();
        if doom == 2 {
            return self.kill();
        }
        driver.flush();
        if doom == 3 {
            self.kill();
        }
    }

    fn bar(&mut self) {
        let turn = self.world.borrow_mut().bar();
        let events = events(&turn);
        self.second(&events);
        (0..90).for_each(|_| self.second(&[]));
    }

    /// The line is whole, nobody is killed, and nothing trades.
    fn rest(&mut self) {
        self.world.borrow_mut().calm();
        self.is_calm = true;
        (0..400).for_each(|_| self.second(&[]));
        // The books are asked for every minute: it may be just at that.
        let settles = |life: &Life<D>| life.driver.as_ref().is_some_and(Driver::is_settled);
        for _ in 0..30 {
            if !settles(self) {
                self.second(&[]);
            }
        }
        self.compare();
        self.is_calm = false;
        self.world.borrow_mut().rage();
    }

    fn compare(&mut self) {
        let Some(driver) = &self.driver else { return };
        assert!(driver.is_settled(), "it does not settle: {driver:#?}");
        assert!(driver.differences().is_empty(), "{:?}", driver.differences());
        let view = driver.engine().view();
        let truth = truth(&mut self.world.borrow_mut().venue, &self.universe);
        assert_eq!(view.cash(), truth.cash);
        let all: BTreeMap<InstrumentId, Qty> =
            view.positions().map(|(id, held)| (id, held.qty)).collect();
        let (options, ours) = spread_life::split(&all, &self.universe);
        assert_eq!(options, spread_life::held(&mut self.world.borrow_mut().venue));
        let theirs: BTreeMap<InstrumentId, Qty> =
            truth.positions.iter().map(|held| (held.instrument, held.qty)).collect();
        assert_eq!(ours, theirs);
        for (instrument, qty) in theirs {
            let covered = self.covered(instrument, qty);
            assert_eq!(covered, qty.abs(), "{instrument:?} holds {qty}");
        }
    }

    /// Shares that stops and closing market orders at the broker stand for.
    fn covered(&self, instrument: InstrumentId, held: Qty) -> Qty {
        let symbol = &self.universe.get(instrument).symbol;
        let side = if held.is_negative() { "buy" } else { "sell" };
        self.world.borrow_mut().covered(symbol, side)
    }
}

/// The bars that became known.
fn events(turn: &Turn) -> Vec<Event> {
    let event = |print: &sim::BarPrint| {
        let what = What::Bar {
            instrument: print.instrument,
            size: print.size,
            start: print.start,
            bar: print.bar,
        };
        Event { at: print.end, known: print.known, what }
    };
    turn.prints.iter().map(event).collect()
}

/// What a life came to.
#[derive(Default)]
struct Lived {
    kills: u32,
    fills: usize,
    /// Of them, those of spreads.
    spreads: usize,
}

fn live<D: Door>(seed: u64) -> Lived {
    let mut life = Life::<D>::new(seed);
    for _ in 0..SESSIONS {
        (0..13).for_each(|_| life.bar());
        life.rest();
    }
    let mut lived = Lived { kills: life.kills, ..Lived::default() };
    for line in &life.disk.kept {
        let Record::Filled { fill, .. } = &line.record else { continue };
        let kind = life.universe.get(fill.instrument).kind;
        lived.fills += 1;
        lived.spreads += usize::from(kind == market::Kind::Spread);
    }
    lived
}

/// An engine agrees with its broker whatever the line does and whenever it is killed.
fn agrees<D: Door>() -> Lived {
    let mut all = Lived::default();
    for seed in 0..LIVES {
        let outcome = std::panic::catch_unwind(|| live::<D>(seed));
        let Ok(lived) = outcome else { panic!("seed {seed}") };
        all.kills += lived.kills;
        all.fills += lived.fills;
        all.spreads += lived.spreads;
    }
    // It was hard, and it did trade.
    let Lived { kills, fills, .. } = all;
    assert!(kills > LIVES as u32 && fills > 10 * LIVES as usize, "{kills} kills, {fills} fills");
    all
}

#[test]
fn an_engine_agrees_with_alpaca() {
    agrees::<AlpacaDoor>();
}

#[test]
fn an_engine_that_trades_spreads_beside_shares_agrees_with_alpaca() {
    let all = agrees::<SpreadDoor>();
    assert!(all.spreads > 10 * LIVES as usize, "{} fills of spreads", all.spreads);
}

#[test]
fn an_engine_agrees_with_ibkr() {
    agrees::<TwsDoor>();
}

/// Lives that are tried, each of other bets, prices and faults.
const LIVES: u64 = 12;
