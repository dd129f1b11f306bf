//! What happens, one thing after another.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use base::seed::Rng;
use base::{Day, Seed, Span, Ts};
use desk::courier::{Clocks, Patience};
use desk::driver::{Driver, Durable as _};
use desk::exit::plan::BEFORE_CLOSE;
use desk::{Approval, EngineConfig, Mode, OnKill, State};
use market::remote::{Heard, Said};
use market::{
    Bar, BarSize, Calendar, ClientOrderId, Command, Event, Instrument, InstrumentId, Price,
    Session, SessionPhase, Universe, What,
};
use rand::RngExt as _;

use super::book::Gambler;
use super::far::Far;
use super::oracle::Oracle;
use super::people::People;
use super::pipe::{Disk, Pipe};
use super::quiet::Quiet;
use super::wrong::A_DAY;
use super::{Breadth, Fault, Shown, tale, wide};

pub(super) const INSTRUMENTS: usize = 2;
const BAR: Span = Span::from_minutes(15);
/// After the close nothing goes wrong for so long; then both sides are compared.
const STILL: Span = Span::from_minutes(30);

/// Something that will happen.
#[derive(Debug, Clone)]
pub(super) enum Happening {
    /// A bar is worked at the broker's, and told to us a little later.
    Bar(Event),
    /// The feed tells us something.
    Feed(Event),
    /// A person tells us something, until it is heard.
    Command(Command),
    /// A company splits its shares or pays a dividend.
    Corporate(Event),
    /// A message comes in at the broker's.
    ToBroker(Said),
    /// A message comes in here, over the wire of that number.
    ToUs(u32, Heard),
    /// We look at the clock.
    Tick,
    Connect,
    Restart,
    ClockBack,
    Fault(Fault),
}

pub(super) struct World {
    seed: Seed,
    pub(super) breadth: Breadth,
    pub(super) rng: Rng,
    /// For what narrow worlds do not draw, so that theirs stay what they are.
    pub(super) more: Rng,
    pub(super) far: Far,
    pub(super) pipe: Pipe,
    pub(super) disk: Disk,
    pub(super) driver: Option<Driver<Gambler, Pipe>>,
    universe: Universe,
    pub(super) config: EngineConfig,
    pub(super) queue: BTreeMap<(Ts, u64), Happening>,
    number: u64,
    pub(super) now: Ts,
    /// Number of the wire; what travels on an older one is lost.
    pub(super) wire: u32,
    pub(super) connected: bool,
    open: bool,
    still: bool,
    pub(super) offset: Span,
    tick: Option<Ts>,
    /// How the process ends at its next turn.
    pub(super) doomed: Option<Fault>,
    pub(super) prices: [f64; INSTRUMENTS],
    pub(super) oracle: Oracle,
    pub(super) quiet: Quiet,
    pub(super) people: People,
    /// Splits and dividends that are not on our record yet.
    pub(super) news: Vec<Event>,
    pub(super) shown: Shown,
    /// What happened, in lines, where someone wants to read it.
    tale: Option<Vec<String>>,
}

impl World {
    pub(super) fn new(seed: Seed, breadth: Breadth) -> Result<World> {
        let named =
            |index: usize| Instrument { symbol: format!("S{index}"), ..Instrument::default() };
        let universe = Universe::new((0..INSTRUMENTS).map(named).collect())?;
        let mut rng = seed.child("world").rng();
        let flatten = rng.random_bool(0.5);
        let mut more = seed.child("more").rng();
        let mut config = EngineConfig {
            mode: Mode::Paper,
            approval: Approval::Automatic,
            on_kill: if flatten { OnKill::Flatten } else { OnKill::KeepProtected },
            ..EngineConfig::default()
        };
        let mut price = 100.0;
        if breadth == Breadth::Wide {
            wide::configure(&mut config, &mut more);
            price = wide::FIRST_PRICE;
        }
        Ok(World {
            seed,
            breadth,
            rng,
            more,
            far: Far::new(INSTRUMENTS, config.capital)?,
            pipe: Pipe::default(),
            disk: Disk::default(),
            driver: None,
            universe,
            config,
            queue: BTreeMap::new(),
            number: 0,
            now: Ts::MIN,
            wire: 0,
            connected: true,
            open: false,
            still: true,
            offset: Span::from_nanos(0),
            tick: None,
            doomed: None,
            prices: [price; INSTRUMENTS],
            oracle: Oracle::new(INSTRUMENTS),
            quiet: Quiet::default(),
            people: People::default(),
            news: Vec::new(),
            shown: Shown::default(),
            tale: None,
        })
    }

    pub(super) fn speak(&mut self) {
        self.tale = Some(Vec::new());
    }

    pub(super) fn shown(self) -> Shown {
        let executions = self.far.executions.len() as u64;
        Shown { orders: self.far.orders.len() as u64, executions, ..self.shown }
    }

    /// So many trading days.
    pub(super) fn live(&mut self, days: u32) -> Result<()> {
        let calendar = Calendar::of("XNYS")?;
        let mut day = Day::from_ymd(2024, 1, 1).unwrap_or_default();
        for _ in 0..days {
            let session = *calendar.next(day)?;
            day = session.day;
            self.day(&session).with_context(|| format!("on {day}, at {}", self.now))?;
        }
        Ok(())
    }

    fn day(&mut self, session: &Session) -> Result<()> {
        self.now = self.now.max(session.open - Span::from_minutes(1));
        if self.driver.is_none() {
            self.start()?;
        }
        if self.breadth == Breadth::Wide {
            self.companies();
        }
        self.schedule(session)?;
        // The night counts for nothing.
        let state = self.driver.as_ref().map(Driver::state);
        self.oracle.look(self.now, false, &self.far, state)?;
        (self.still, self.open) = (false, true);
        self.until(session.close)?;
        self.calm();
        self.open = false;
        self.until(session.close + STILL)?;
        // Books may be on their way at that very moment.
        let mut tries = 0;
        while self.driver.as_ref().is_some_and(|driver| !driver.is_settled()) {
            tries += 1;
            ensure!(tries < 200, "it does not come to rest after the close");
            let next = self.now + Span::from_seconds(3);
            self.until(next)?;
        }
        let state = self.state().context("the process is not up after the close")?;
        self.oracle.compare(&self.far, state)?;
        ensure!(State::fold(&self.disk.kept)? == *state, "the journal folds to another state");
        self.shown.days += 1;
        self.shown.compared += 1;
        Ok(())
    }

    pub(super) fn state(&self) -> Option<&State> {
        self.driver.as_ref().map(Driver::state)
    }

    /// Nothing more goes wrong today.
    fn calm(&mut self) {
        self.still = true;
        self.doomed = None;
        self.disk.full = false;
        self.offset = Span::from_nanos(0);
        if !self.connected {
            self.later(Span::from_seconds(1), Happening::Connect);
        }
        if self.driver.is_none() {
            self.later(Span::from_seconds(2), Happening::Restart);
        }
    }

    fn schedule(&mut self, session: &Session) -> Result<()> {
        let phase = |phase| What::Session { day: session.day, phase };
        let fact = |at, what| Event { at, known: at, what };
        self.at(session.open, Happening::Feed(fact(session.open, phase(SessionPhase::Open))));
        let mut start = session.open;
        for price in &mut self.prices {
            *price *= (1.0 + 0.01 * gauss(&mut self.rng)).clamp(0.9, 1.1);
        }
        while start < session.close {
            let end = (start + BAR).min(session.close);
            for index in 0..INSTRUMENTS {
                let bar = self.bar(index);
                let instrument = InstrumentId(index as u32);
                let what = What::Bar { instrument, size: BarSize::Minutes(15), start, bar };
                self.at(end, Happening::Bar(fact(end, what)));
            }
            start = end;
        }
        if self.breadth == Breadth::Wide {
            let due = session.close - BAR;
            let name = BEFORE_CLOSE.to_owned();
            self.at(due, Happening::Feed(fact(due, What::Timer { name })));
        }
        let close = session.close + Span::from_seconds(3);
        self.at(close, Happening::Feed(fact(close, phase(SessionPhase::Close))));
        for (fault, a_day) in A_DAY {
            let count = usize::from(self.rng.random_bool(a_day))
                + usize::from(self.rng.random_bool(a_day * a_day));
            for _ in 0..count {
                let share: f64 = self.rng.random_range(0.0..1.0);
                let nanos = (session.length().nanos() as f64 * share) as i64;
                self.at(session.open + Span::from_nanos(nanos), Happening::Fault(fault.clone()));
            }
        }
        Ok(())
    }

    fn bar(&mut self, index: usize) -> Bar {
        let rng = &mut self.rng;
        let open = self.prices[index];
        let close = (open * (1.0 + 0.003 * gauss(rng))).clamp(20.0, 500.0);
        let high = open.max(close) * (1.0 + 0.001 * gauss(rng).abs());
        let low = open.min(close) * (1.0 - 0.001 * gauss(rng).abs());
        self.prices[index] = close;
        let price =
            |value: f64| Price::from_raw((value * 100.0).round() as i64 * (Price::SCALE / 100));
        let (open, close) = (price(open), price(close));
        let (high, low) = (price(high).max(open).max(close), price(low).min(open).min(close));
        let volume = rng.random_range(200..5_000);
        Bar { open, high, low, close, volume }
    }

    pub(super) fn at(&mut self, at: Ts, what: Happening) {
        self.number += 1;
        self.queue.insert((at.max(self.now), self.number), what);
    }

    pub(super) fn later(&mut self, after: Span, what: Happening) {
        self.at(self.now + after, what);
    }

    fn until(&mut self, end: Ts) -> Result<()> {
        while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= end) {
            let ((at, _), what) = entry.remove_entry();
            self.now = self.now.max(at);
            let up = self.open && self.connected && self.driver.is_some();
            let state = self.driver.as_ref().map(Driver::state);
            self.oracle.look(self.now, up, &self.far, state)?;
            self.happen(what)?;
            self.carry_back();
        }
        self.now = self.now.max(end);
        Ok(())
    }

    pub(super) fn say(&mut self, what: impl FnOnce() -> String) {
        if let Some(tale) = &mut self.tale {
            tale.push(format!("{} {}", self.now, what()));
        }
    }

    /// What happened so far.
    pub(super) fn tale(&mut self) -> Vec<String> {
        self.tale.take().unwrap_or_default()
    }

    fn happen(&mut self, what: Happening) -> Result<()> {
        match what {
            Happening::Bar(event) => {
                self.compare_if_quiet()?;
                self.far.on_bar(&event)?;
                let after = Span::from_nanos(self.rng.random_range(0..2_000_000_000));
                self.later(after, Happening::Feed(event));
                Ok(())
            }
            Happening::Feed(event) => {
                self.turn(std::slice::from_ref(&event))?;
                self.looks_at_bar(&event)
            }
            Happening::Command(command) => self.command(command),
            Happening::Corporate(event) => self.corporate(event),
            Happening::ToBroker(said) => {
                let refuse = matches!(said, Said::Submit(_)) && self.message_fault(0.01);
                if refuse {
                    self.count(Fault::Refused);
                }
                self.say(|| format!("at the broker's: {} {refuse}", tale::said(&said)));
                self.quiet.asked(self.now, &said);
                self.far.on_said(self.now, &said, refuse.then_some("not today"));
                Ok(())
            }
            Happening::ToUs(wire, heard) => {
                if wire != self.wire || self.driver.is_none() {
                    self.quiet.lost(self.now);
                    return Ok(());
                }
                self.quiet.heard(&heard);
                self.say(|| format!("here: {}", tale::heard(&heard)));
                self.pipe.0.borrow_mut().arrived.push(heard);
                self.turn(&[])
            }
            Happening::Tick if self.tick == Some(self.now) => self.turn(&[]),
            Happening::Tick => Ok(()),
            Happening::Connect => {
                if !self.connected {
                    self.connected = true;
                    self.pipe.0.borrow_mut().arrived.push(Heard::Connected);
                }
                self.turn(&[])
            }
            Happening::Restart => {
                if self.driver.is_none() {
                    self.start()?;
                }
                Ok(())
            }
            Happening::ClockBack => {
                self.offset = Span::from_nanos(0);
                Ok(())
            }
            Happening::Fault(fault) => self.go_wrong(fault),
        }
    }

    fn message_fault(&mut self, chance: f64) -> bool {
        !self.still && self.rng.random_bool(chance)
    }

    pub(super) fn count(&mut self, fault: Fault) {
        *self.shown.faults.entry(fault).or_default() += 1;
    }

    /// What the broker said goes on its way to us.
    fn carry_back(&mut self) {
        for heard in std::mem::take(&mut self.far.said) {
            if let Heard::Executed(it) = &heard {
                let held = self.far.position(it.instrument);
                self.say(|| {
                    let (id, order, price) = (&it.id.0, &it.order, it.price);
                    format!(
                        "== {id}: {order} {} of {} at {price}, holds {held}",
                        it.qty, it.instrument.0
                    )
                });
            }
            if self.connected {
                let wire = self.wire;
                self.carry(|| Happening::ToUs(wire, heard.clone()));
            } else {
                self.quiet.lost(self.now);
            }
        }
    }

    /// One message on its way: lost, doubled, late, or just on its way.
    fn carry(&mut self, message: impl Fn() -> Happening) {
        if self.message_fault(0.01) {
            self.quiet.lost(self.now);
            return self.count(Fault::Lost);
        }
        let copies = if self.message_fault(0.01) { 2 } else { 1 };
        if copies == 2 {
            self.count(Fault::Doubled);
        }
        for _ in 0..copies {
            let mut after = self.rng.random_range(5_000_000..150_000_000);
            if self.message_fault(0.02) {
                self.count(Fault::Late);
                after += self.rng.random_range(0..4_000_000_000_i64);
            }
            self.later(Span::from_nanos(after), message());
        }
    }

    fn start(&mut self) -> Result<()> {
        self.pipe = Pipe::default();
        if !self.connected {
            self.pipe.0.borrow_mut().arrived.push(Heard::Lost);
        }
        let patience = Patience { books: Span::from_minutes(5), ..Patience::default() };
        let more = (self.breadth == Breadth::Wide).then(|| self.seed.child("more bets"));
        let book = Gambler { seed: self.seed.child("book"), more };
        let driver = Driver::start(
            (self.config.clone(), &self.universe),
            book,
            (self.pipe.clone(), patience),
            self.clocks(),
            &self.disk.kept,
        )?;
        self.driver = Some(driver);
        match self.news.is_empty() {
            true => self.turn(&[]),
            false => self.tell_news(),
        }
    }

    fn clocks(&self) -> Clocks {
        Clocks { wall: self.now + self.offset, steady: self.now }
    }

    /// A turn of the process, and how it may end in the middle of it.
    pub(super) fn turn(&mut self, events: &[Event]) -> Result<()> {
        let clocks = self.clocks();
        let Some(driver) = &mut self.driver else { return Ok(()) };
        driver.decide(clocks, events, &mut self.disk)?;
        if let Some(told) = &mut self.tale {
            let lines = self.disk.pending().iter().map(|line| tale::record(&line.record));
            let lines = lines.filter(|line| !line.is_empty());
            told.extend(lines.map(|line| format!("{}   {line}", self.now)));
        }
        let doom = self.doomed.take();
        if doom == Some(Fault::KilledBeforeCommit) {
            return self.die(doom);
        }
        let before = self.disk.kept.len();
        if self.disk.commit().is_err() {
            self.disk.full = false;
            return self.die(Some(Fault::JournalFailed));
        }
        if doom == Some(Fault::KilledAfterCommit) {
            let whole = State::fold(&self.disk.kept)? == *driver.state();
            ensure!(whole, "the journal folds to another state");
            self.read_over(before);
            return self.die(doom);
        }
        driver.flush();
        self.read_over(before);
        self.send(doom.as_ref())?;
        if doom.is_some() {
            return self.die(doom);
        }
        let settled = self.driver.as_ref().is_some_and(Driver::is_settled);
        let next = self.now + Span::from_seconds(if settled { 300 } else { 2 });
        if self.tick.is_none_or(|tick| tick <= self.now || tick > next) {
            self.tick = Some(next);
            self.at(next, Happening::Tick);
        }
        Ok(())
    }

    /// What was flushed goes on its way, or half of it.
    fn send(&mut self, doom: Option<&Fault>) -> Result<()> {
        let mut said = std::mem::take(&mut self.pipe.0.borrow_mut().said);
        if doom == Some(&Fault::KilledInFlush) {
            said.truncate(said.len() / 2);
        }
        for said in said {
            self.kill_switch_wins(&said)?;
            self.nobody_is_passed_over(&said)?;
            if self.connected {
                self.carry(|| Happening::ToBroker(said.clone()));
            } else {
                self.quiet.lost(self.now);
            }
        }
        Ok(())
    }

    /// While the kill switch is on, nothing that opens leaves.
    fn kill_switch_wins(&self, said: &Said) -> Result<()> {
        let (Some(state), Said::Submit(request)) = (self.state(), said) else { return Ok(()) };
        let opens = |id: &ClientOrderId| state.orders.get(id).is_some_and(|it| it.role.opens());
        let violated = state.killed.is_some() && opens(&request.id);
        ensure!(!violated, "order {} opens while the kill switch is on", request.id);
        Ok(())
    }

    fn die(&mut self, by: Option<Fault>) -> Result<()> {
        self.say(|| format!("the process ends: {by:?}"));
        if let Some(fault) = by {
            self.count(fault);
        }
        self.shown.restarts += 1;
        if let Some(driver) = self.driver.take() {
            self.shown.incidents = self.shown.incidents.max(driver.state().incidents);
        }
        self.disk.lose();
        self.quiet.lost(self.now);
        self.wire += 1;
        let seconds = if self.rng.random_bool(0.7) {
            self.rng.random_range(1..20)
        } else {
            self.rng.random_range(60..3_600)
        };
        self.later(Span::from_seconds(seconds), Happening::Restart);
        Ok(())
    }

    /// A person says it until it is on record.
    pub(super) fn command(&mut self, command: Command) -> Result<()> {
        let what = What::Command(command.clone());
        let at = self.now + self.offset;
        let before = self.disk.kept.len();
        self.people.heard(&command, at);
        self.turn(&[Event { at, known: at, what }])?;
        if self.disk.kept.len() == before {
            self.later(Span::from_seconds(30), Happening::Command(command));
        }
        Ok(())
    }
}

/// A normal number by the sum of twelve even ones: quick, and no tail matters here.
fn gauss(rng: &mut Rng) -> f64 {
    (0..12).map(|_| rng.random_range(0.0..1.0)).sum::<f64>() - 6.0
}
