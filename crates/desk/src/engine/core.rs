//! State, prices and the handling of market events.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use base::{Day, Ts};
use market::{
    Broker, BrokerEvent, Cash, Command, Corporate, Currency, Event, InstrumentId, Kind, Price, Qty,
    SessionPhase, What,
};

use super::answers::Told;
use super::exposure::Opening;
use super::retry::Retry;
use super::{EngineConfig, View};
use crate::Error;
use crate::exit::plan::BEFORE_CLOSE;
use crate::exit::{Action, ExitReason, Keeper, Seen};
use crate::journal::{Journal, Line, Record, State};
use crate::ledger::{Booking, divided};
use crate::risk::Reason;

/// Broker and journal, side by side.
pub(super) struct Ports<'a, B, J> {
    pub(super) broker: &'a mut B,
    pub(super) journal: &'a mut J,
}

/// What every bar touches, dense by instrument.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Hot {
    /// Last price seen; zero before the first.
    pub(super) mark: Price,
    /// mark × qty.
    pub(super) value: Cash,
    /// Signed quantity held.
    pub(super) qty: Qty,
    /// Plans at work.
    pub(super) plans: u32,
    /// Plans, of whatever instrument, that wait for a price of this one.
    pub(super) watchers: u32,
}

/// What the engine needs to know of an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) currency: Currency,
    pub(super) kind: Kind,
    /// Whether who buys it gains from a fall: a spread of puts.
    pub(super) gains_from_fall: bool,
}

/// The engine without its book.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) config: EngineConfig,
    pub(super) listed: Vec<Listed>,
    pub(super) state: State,
    pub(super) hot: Vec<Hot>,
    /// Sum of the values of all positions, kept up by differences.
    pub(super) value: Cash,
    pub(super) now: Ts,
    pub(super) answers: Vec<BrokerEvent>,
    pub(super) actions: Vec<Action>,
    pub(super) touched: Vec<InstrumentId>,
    /// Frozen by an answer: their opening orders are taken back once all answers are heard.
    pub(super) frozen: Vec<InstrumentId>,
    /// When the opening orders of the last minute were sent.
    pub(super) recent: VecDeque<Opening>,
    /// Instruments of which something was held that nobody meant: looked at again at each bar.
    pub(super) astray: BTreeSet<InstrumentId>,
    /// When closing orders that were refused are asked for again.
    pub(super) retries: BTreeMap<InstrumentId, Retry>,
    started: bool,
}

impl Core {
    pub(super) fn new(config: EngineConfig, listed: Vec<Listed>) -> Result<Core, Error> {
        config.limits.check()?;
        config.size.check()?;
        Ok(Core {
            config,
            hot: vec![Hot::default(); listed.len()],
            listed,
            state: State::default(),
            value: Cash::ZERO,
            now: Ts::MIN,
            answers: Vec::new(),
            actions: Vec::new(),
            touched: Vec::new(),
            frozen: Vec::new(),
            recent: VecDeque::new(),
            astray: BTreeSet::new(),
            retries: BTreeMap::new(),
            started: false,
        })
    }

    /// Takes over a folded state; positions count at their last fill until a bar marks them.
    pub(super) fn restore(&mut self, state: State, lines: &[Line]) {
        self.started = !lines.is_empty();
        self.now = lines.last().map_or(Ts::MIN, |line| line.at);
        self.state = state;
        self.recall_orders(lines);
        let held: Vec<_> = self.state.ledger.positions().map(|(id, it)| (id, *it)).collect();
        for (instrument, position) in held {
            self.revalue(instrument, position.qty, position.last_price);
        }
        self.astray = self.state.ledger.positions().map(|(instrument, _)| instrument).collect();
        for (instrument, keepers) in &self.state.plans {
            if let Some(hot) = self.hot.get_mut(instrument.index()) {
                hot.plans = keepers.len() as u32;
            }
            for keeper in keepers {
                let watched = keeper.plan.close_on.map(|close| close.instrument);
                if let Some(hot) = watched.and_then(|it| self.hot.get_mut(it.index())) {
                    hot.watchers += 1;
                }
            }
        }
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    pub(super) fn view(&self) -> View<'_> {
        View::new(self)
    }

    pub(super) fn now(&self) -> Ts {
        self.now
    }

    pub(super) fn hot(&self, instrument: InstrumentId) -> Option<&Hot> {
        self.hot.get(instrument.index())
    }

    pub(super) fn cash(&self) -> Cash {
        self.state.ledger.cash(self.config.currency)
    }

    pub(super) fn equity(&self) -> Cash {
        self.cash() + self.value
    }

    pub(super) fn mark(&mut self, instrument: InstrumentId, price: Price) -> Result<(), Error> {
        let hot = self.known(instrument)?;
        let qty = hot.qty;
        self.revalue(instrument, qty, price);
        Ok(())
    }

    fn known(&self, instrument: InstrumentId) -> Result<&Hot, Error> {
        let count = self.hot.len();
        self.hot(instrument).ok_or(Error::FindInstrument { instrument, count })
    }

    /// Writes the next record.
    pub(super) fn write<J: Journal>(&mut self, journal: &mut J, record: impl FnOnce() -> Record) {
        let seq = self.state.next_seq;
        self.state.next_seq += 1;
        journal.write(seq, self.now, record);
    }

    /// Sets quantity and price of an instrument and moves total value by the difference.
    pub(super) fn revalue(&mut self, instrument: InstrumentId, qty: Qty, mark: Price) {
        if let Some(hot) = self.hot.get_mut(instrument.index()) {
            let value = mark.times(qty);
            self.value += value - hot.value;
            *hot = Hot { mark, value, qty, ..*hot };
        }
    }

    /// Takes in an event: the broker's answers first, then the event itself.
    pub(super) fn take<B: Broker, J: Journal>(
        &mut self,
        event: &Event,
        ports: &mut Ports<'_, B, J>,
    ) -> Result<(), Error> {
        if event.known < self.now {
            return Err(Error::TakeEvent { known: event.known, now: self.now });
        }
        self.now = event.known;
        if !self.started {
            self.start(ports.journal);
        }
        if !self.state.waiting.is_empty() {
            self.expire_waiting(ports.journal);
        }
        match &event.what {
            What::Bar { instrument, size, start, bar } => {
                self.known(*instrument)?;
                let day = start.utc_day();
                if day > self.state.day {
                    self.begin_day(day, ports.journal);
                }
                self.answers(ports)?;
                let (plans, watchers) = self.mark_close(*instrument, bar.close);
                if !self.astray.is_empty() {
                    self.close_strays(*instrument, ports);
                }
                if watchers > 0 {
                    self.show_watchers(*instrument, (*start, bar), ports)?;
                }
                if plans == 0 {
                    return Ok(());
                }
                let seen = Seen { start: *start, size: *size, bar: *bar };
                self.show_plans(*instrument, &seen, ports)
            }
            What::Corporate { instrument, action } => self.on_corporate(*instrument, action, ports),
            What::Session { day, phase } => {
                self.answers(ports)?;
                self.on_session(*day, *phase, ports)
            }
            What::Timer { name } if name == BEFORE_CLOSE => {
                self.answers(ports)?;
                let step = self.config.limits.step;
                self.each_plan(ports, |keeper, out| {
                    keeper.on_before_close(step, out);
                    Told::IfChanged
                })
            }
            What::Broker(answer) => {
                self.on_answer(answer, ports)?;
                self.settle_touched(ports)?;
                self.answers(ports)
            }
            What::Command(command) => {
                self.answers(ports)?;
                self.on_command(command, ports)?;
                self.answers(ports)
            }
            What::Macro { .. } => self.answers(ports),
            What::Timer { .. } => {
                self.answers(ports)?;
                self.retry(ports)?;
                self.answers(ports)
            }
        }
    }

    fn start<J: Journal>(&mut self, journal: &mut J) {
        self.started = true;
        let mode = self.config.mode.word();
        self.write(journal, || Record::Started { mode });
        let booking = Booking::capital(self.now, self.config.currency, self.config.capital);
        self.state.ledger.book(&booking);
        self.write(journal, || Record::Booked { booking, position: None });
    }

    /// A trading day begins with the equity that the last one left.
    pub(super) fn begin_day<J: Journal>(&mut self, day: Day, journal: &mut J) {
        let equity = self.equity();
        let books = self.made_by_book();
        self.state.begin_day(day, equity, &books);
        self.write(journal, || Record::DayBegan { day, equity, books });
    }

    /// The hot path: without position it is one store. Gives the number of plans that want to
    /// see the bar, its instrument's and others'; only for them is it copied.
    #[inline]
    fn mark_close(&mut self, instrument: InstrumentId, close: Price) -> (u32, u32) {
        let hot = &mut self.hot[instrument.index()];
        hot.mark = close;
        if hot.qty != Qty::ZERO {
            let value = close.times(hot.qty);
            self.value += value - hot.value;
            hot.value = value;
        }
        (hot.plans, hot.watchers)
    }

    fn show_plans<B: Broker, J: Journal>(
        &mut self,
        instrument: InstrumentId,
        seen: &Seen,
        ports: &mut Ports<'_, B, J>,
    ) -> Result<(), Error> {
        let step = self.config.limits.step;
        self.with_plans(instrument, ports, |keeper, out| {
            keeper.on_bar(seen, step, out);
            Told::IfChanged
        })?;
        self.answers(ports)
    }

    fn on_session<B: Broker, J: Journal>(
        &mut self,
        day: Day,
        phase: SessionPhase,
        ports: &mut Ports<'_, B, J>,
    ) -> Result<(), Error> {
        match phase {
            SessionPhase::Open => {
                if day > self.state.day {
                    self.begin_day(day, ports.journal);
                }
                self.each_plan(ports, |keeper, _| {
                    keeper.watch.exit_refused = false;
                    Told::IfChanged
                })
            }
            SessionPhase::Close => {
                let step = self.config.limits.step;
                self.each_plan(ports, |keeper, out| {
                    keeper.on_session_close(day, step, out);
                    Told::IfChanged
                })?;
                self.answers(ports)
            }
        }
    }

    fn each_plan<B: Broker, J: Journal>(
        &mut self,
        ports: &mut Ports<'_, B, J>,
        mut with: impl FnMut(&mut Keeper, &mut Vec<Action>) -> Told,
    ) -> Result<(), Error> {
        let instruments: Vec<InstrumentId> = self.state.plans.keys().copied().collect();
        for instrument in instruments {
            self.with_plans(instrument, ports, &mut with)?;
        }
        Ok(())
    }

    /// Splits and delistings are noted before the broker's answers, which already rest on them.
    /// Dividends move no cash here: the broker says what it paid or charged.
    fn on_corporate<B: Broker, J: Journal>(
        &mut self,
        instrument: InstrumentId,
        action: &Corporate,
        ports: &mut Ports<'_, B, J>,
    ) -> Result<(), Error> {
        self.known(instrument)?;
        match action {
            Corporate::Split { ratio } => {
                self.split(instrument, *ratio, ports.journal)?;
                self.answers(ports)
            }
            Corporate::Delisted { .. } => {
                self.state.delisted.insert(instrument);
                self.write(ports.journal, || Record::Delisted(instrument));
                self.answers(ports)?;
                self.with_plans(instrument, ports, |keeper, _| {
                    if keeper.open() == Qty::ZERO {
                        keeper.leave(ExitReason::Delisted);
                    }
                    Told::IfChanged
                })?;
                self.answers(ports)
            }
            Corporate::Dividend { .. } | Corporate::Renamed { .. } => self.answers(ports),
        }
    }

    fn split<J: Journal>(
        &mut self,
        instrument: InstrumentId,
        ratio: f64,
        journal: &mut J,
    ) -> Result<(), Error> {
        if !(ratio > 0.0 && ratio.is_finite()) {
            return Err(Error::ApplySplit { instrument, ratio });
        }
        self.write(journal, || Record::Split { instrument, ratio });
        self.state.split(instrument, ratio);
        let mark = divided(self.hot[instrument.index()].mark, ratio);
        let held = self.state.ledger.position(instrument);
        let qty = held.map_or(Qty::ZERO, |position| position.qty);
        self.revalue(instrument, qty, mark);
        Ok(())
    }

    fn on_command<B: Broker, J: Journal>(
        &mut self,
        command: &Command,
        ports: &mut Ports<'_, B, J>,
    ) -> Result<(), Error> {
        match command {
            Command::Approve { intent, who } => self.approve_waiting(intent, who, ports),
            Command::Kill { reason } => self.kill(reason, ports),
            Command::Reject { intent, .. } => {
                self.turn_down(intent, Reason::Rejected, ports.journal);
                Ok(())
            }
            Command::Expire { intent } => {
                self.turn_down(intent, Reason::ApprovalExpired, ports.journal);
                Ok(())
            }
            Command::Resume { reason } => {
                self.resume(reason, ports.journal);
                Ok(())
            }
            Command::Freeze { instrument, incident } => {
                self.freeze(*instrument, incident, ports);
                Ok(())
            }
            Command::Thaw { instrument } => {
                self.thaw(*instrument, ports.journal);
                Ok(())
            }
        }
    }
}
