//! Step 8 on a broker outside: a session lived through, turn by turn.
//!
//! A turn asks for the time, the kill switch, what a person has settled and the words on intents
//! that wait, lets the engine hear the broker, keeps what it decides in the journal, and only then
//! sends; tables follow after that. Cut off anywhere, the same command goes on: what was written is
//! folded, what was sent is found at the broker. Alarms on the way to it go on record whether or not
//! it answers. Bars shorter than the session are told as the broker makes them, where the simulated
//! day would take them from the lake; the daily ones after the close. Then the account is compared
//! before the step counts as done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use ::desk::Line;
use ::desk::courier::Clocks;
use ::desk::driver::{Driver, Durable as _};
use ::desk::reconcile::Difference;
use base::{Span, Ts};
use books::breakout::BreakoutBook;
use market::remote::Wire;
use market::{BarSize, Command, Event, InstrumentId, Session, Vertical, What};
use serde_json::json;
use store::{Durability, Equity, Incident, StepKey, Tx};

use super::session::{MANAGED, concerned};
use super::{phases, plan, splits};
use crate::Error;
use crate::day::desk::Numbers;
use crate::day::outside::Outside;
use crate::day::{BOOK, Step, Walk, alarms, approvals, brake, incidents, news, records};
use crate::journal::StoreJournal;
use crate::lake_history::LakeHistory;

/// After the close before the session's bars are asked for: they have to be complete.
const LATE: Span = Span::from_minutes(1);
/// Longest time after that for the account to come to rest.
const REST: Span = Span::from_minutes(5);
/// Longest time after the close for a broker to tell the session's bars.
const TELL: Span = Span::from_minutes(15);

type Live = Driver<BreakoutBook, Box<dyn Wire>>;

/// Lives through the session.
pub(crate) fn manage(
    walk: &Walk<'_>,
    outside: &mut dyn Outside,
    session: &Session,
) -> Result<(), Error> {
    let key = StepKey::new(session.day, walk.steps_of(), Step::Manage.name());
    if walk.store.read(|tx| tx.step_record(&key))?.is_some_and(|step| step.state.is_over()) {
        return Ok(());
    }
    let mut life = Life::begin(walk, outside, session)?;
    life.ask_for_words()?;
    while life.turn(outside)? {
        if walk.progress.stop().load(Ordering::Relaxed) {
            return Err(Error::LeaveSession { day: session.day });
        }
        outside.wait();
    }
    let (found, equity) = life.end();
    walk.store.step(&key, &walk.inputs(), |tx| {
        for incident in &found {
            tx.record_incident(incident)?;
        }
        tx.put_equity(&equity)?;
        tx.set(MANAGED, session.day.to_string().into())?;
        Ok::<usize, Error>(found.len())
    })?;
    Ok(())
}

/// What the clock has said of the session in this life. The engine takes each word once.
#[derive(Debug, Default)]
struct Said {
    opened: bool,
    closing: bool,
}

/// A session that is being lived through.
struct Life<'a, 'w> {
    walk: &'a Walk<'w>,
    session: &'a Session,
    numbers: Numbers,
    driver: Live,
    journal: StoreJournal<'a>,
    /// When the session was first seen to be over, by the clock that never jumps.
    over: Option<Ts>,
    /// When its bars were told, by the same clock.
    told: Option<Ts>,
    /// What the clock has said of the session.
    said: Said,
    /// Minutes of the bars that are told while the session runs; none where the days' bars do.
    minutes: Option<u16>,
    /// What was held, ordered or planned since the session began.
    concerned: BTreeMap<String, InstrumentId>,
    alarms: alarms::Kept,
    /// Splits that were not told yet.
    splits: Vec<Event>,
}

impl<'a, 'w> Life<'a, 'w> {
    fn begin(
        walk: &'a Walk<'w>,
        outside: &mut dyn Outside,
        session: &'a Session,
    ) -> Result<Life<'a, 'w>, Error> {
        let reach = |what: String| Error::ReachBroker { what };
        let clocks = outside.clocks().map_err(reach)?;
        let splits = splits::tell(walk, session, clocks.wall)?;
        let (lines, numbers): (Vec<Line>, Numbers) = walk.journal()?;
        let universe = numbers.universe()?;
        let wire = outside.wire(&universe).map_err(reach)?;
        let clocks = outside.clocks().map_err(reach)?;
        let wire = (wire, outside.patience());
        let config = (walk.engine_config(), &universe);
        let driver = Driver::start(config, BreakoutBook::default(), wire, clocks, &lines)?;
        let journal = StoreJournal::new(walk.store.appender(Durability::Machine)?);
        let minutes = match &walk.request.parts.finer {
            Some(_) => LakeHistory::open(walk.lake, &walk.request.parts, walk.planned_at())?
                .shorter_minutes()?,
            None => None,
        };
        let (concerned, alarms) = (BTreeMap::new(), alarms::Kept::default());
        let (over, told, said) = Default::default();
        let life = Life {
            walk,
            session,
            numbers,
            driver,
            journal,
            over,
            told,
            said,
            minutes,
            concerned,
            alarms,
            splits,
        };
        Ok(life)
    }

    /// Tells whoever watches which intents wait for a person.
    fn ask_for_words(&self) -> Result<(), Error> {
        if self.driver.state().waiting.is_empty() {
            return Ok(());
        }
        let until = plan::outcome(self.walk)?.expires.unwrap_or(Ts::MAX);
        for intent in self.driver.state().waiting.keys() {
            self.walk.progress.say(&format!(
                "waits for approval: {intent} (until {until}); `trimtab orders approve` or \
                 `reject` while this runs"
            ));
        }
        Ok(())
    }

    /// One turn; false once the session is over and all is settled.
    fn turn(&mut self, outside: &mut dyn Outside) -> Result<bool, Error> {
        for alarm in self.alarms.look(self.walk.store, self.session.day, outside.alarms())? {
            self.walk.progress.say(&alarm);
        }
        // A broker that does not answer is asked again; orders that stand there stand.
        let Ok(clocks) = outside.clocks() else { return Ok(true) };
        let commands = self.commands(clocks)?;
        if commands.is_empty() && self.is_too_early(clocks) {
            return Ok(true);
        }
        let mut events = self.splits(clocks);
        events.extend(commands);
        events.extend(self.phases(clocks));
        let shorter = self.shorter(outside, clocks);
        let all_told = shorter.is_some();
        events.extend(shorter.into_iter().flatten());
        events.extend(self.closing(clocks));
        if self.told.is_none() && clocks.wall >= self.session.close + LATE {
            let over = *self.over.get_or_insert(clocks.steady);
            // Daily bars come after all shorter ones.
            match if all_told { self.bars(outside)? } else { None } {
                Some(bars) => {
                    events.extend(bars);
                    self.told = Some(clocks.steady);
                }
                None if clocks.steady > over + TELL => return Err(untold()),
                None => {}
            }
        }
        self.driver.decide(clocks, &events, &mut self.journal)?;
        self.journal.commit()?;
        self.driver.flush();
        self.follow()?;
        let Some(told) = self.told else { return Ok(true) };
        let rested =
            self.has_read_books_since(told) && (self.driver.is_settled() || self.driver.is_stuck());
        if !rested && clocks.steady > told + REST {
            return Err(Error::ReachBroker {
                what: "the account does not come to rest: orders or answers are still on their \
                       way. Run the same command again"
                    .to_owned(),
            });
        }
        if told == clocks.steady {
            self.driver.courier().want_books();
        }
        Ok(!rested)
    }

    fn has_read_books_since(&mut self, told: Ts) -> bool {
        self.driver.courier().books().is_some_and(|(asked, _)| *asked >= told)
    }

    /// What was decided and sent becomes rows.
    fn follow(&mut self) -> Result<(), Error> {
        let lines: Vec<Line> = self.journal.take().collect();
        if lines.is_empty() {
            return self.journal.rest();
        }
        for words in lines.iter().filter_map(|line| news::of(&line.record, &self.numbers)) {
            self.walk.progress.say(&words);
        }
        let wrote =
            records::Wrote { lines: &lines, engine: self.driver.engine(), numbers: &self.numbers };
        let follow = |tx: &Tx<'_>| records::follow_all(self.walk, tx, &wrote);
        self.walk.store.transaction("breakout.live", follow)?;
        self.journal.rest()
    }

    /// What the kill switch and people say, as far as it is news.
    fn commands(&self, clocks: Clocks) -> Result<Vec<Event>, Error> {
        let state = self.driver.state();
        let mut commands = brake::commands(self.walk, (state, &self.numbers))?;
        if !state.waiting.is_empty() {
            let planned = plan::outcome(self.walk)?;
            let is_late = self.told.is_some() || approvals::is_late(self.walk.store, &planned);
            commands.extend(approvals::words(self.walk, state, is_late)?);
        }
        let at = clocks.wall;
        let event = |command: Command| Event { at, known: at, what: What::Command(command) };
        Ok(commands.into_iter().map(event).collect())
    }

    /// Whether a split is still to come: until it is told, nothing is heard of the orders that the
    /// broker takes back for it.
    fn is_too_early(&self, clocks: Clocks) -> bool {
        !self.splits.is_empty() && clocks.wall < splits::due(self.session)
    }

    /// Splits since the last session, once.
    fn splits(&mut self, clocks: Clocks) -> Vec<Event> {
        if self.is_too_early(clocks) {
            return Vec::new();
        }
        let now = |event: Event| Event { known: event.known.max(clocks.wall), ..event };
        std::mem::take(&mut self.splits).into_iter().map(now).collect()
    }

    /// That the session opened, once.
    fn phases(&mut self, clocks: Clocks) -> Option<Event> {
        let runs = (self.session.open..self.session.close).contains(&clocks.wall);
        let is_news = runs && !self.said.opened;
        self.said.opened |= runs;
        is_news.then(|| phases::opened(self.session, clocks.wall))
    }

    /// That the close can still be traded, once, where shorter bars tell what it would be.
    fn closing(&mut self, clocks: Clocks) -> Option<Event> {
        let last_bar = phases::last_bar(self.session, self.minutes?);
        let at = phases::last_chance(self.session, last_bar);
        let runs = (at..self.session.close).contains(&clocks.wall);
        let is_news = runs && !self.said.closing;
        self.said.closing |= runs;
        is_news.then(|| phases::before_close(at, clocks.wall))
    }

    /// Bars shorter than the session that ended since the last turn; none while the broker does
    /// not answer.
    fn shorter(&mut self, outside: &mut dyn Outside, clocks: Clocks) -> Option<Vec<Event>> {
        let Some(minutes) = self.minutes else { return Some(Vec::new()) };
        if self.told.is_some() || clocks.wall < self.session.open {
            return Some(Vec::new());
        }
        for id in concerned(self.driver.engine()) {
            let symbol = self.numbers.symbol(id);
            if symbol.parse::<Vertical>().is_err() {
                self.concerned.insert(symbol.to_owned(), id);
            }
        }
        let symbols: BTreeSet<String> = self.concerned.keys().cloned().collect();
        let bars = outside.bars(self.session, minutes, &symbols).ok()?;
        let event = |(symbol, start, bar): (String, Ts, market::Bar)| {
            let (instrument, size) = (*self.concerned.get(&symbol)?, BarSize::Minutes(minutes));
            let at = start + size.span();
            let what = What::Bar { instrument, size, start, bar };
            Some(Event { at, known: at.max(clocks.wall), what })
        };
        Some(bars.into_iter().filter_map(event).collect())
    }

    /// The session's daily bars of what is held, ordered or planned; none while the broker does
    /// not answer.
    fn bars(&self, outside: &mut dyn Outside) -> Result<Option<Vec<Event>>, Error> {
        let concerned = concerned(self.driver.engine());
        let symbol = |id| self.numbers.symbol(id).to_owned();
        let symbols: Vec<String> = concerned.iter().map(|id| symbol(*id)).collect();
        if symbols.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let Ok(bars) = outside.daily(self.session.day, &symbols) else { return Ok(None) };
        let mut events = Vec::new();
        for (instrument, symbol) in concerned.into_iter().zip(&symbols) {
            let Some(candle) = bars.get(symbol) else { continue };
            let (size, start) = (BarSize::Daily, self.session.open);
            let what = What::Bar { instrument, size, start, bar: candle.to_bar(1.0)? };
            let at = self.session.close;
            events.push(Event { at, known: at, what });
        }
        Ok(Some(events))
    }

    /// What differs at the end, and what the account is worth.
    fn end(self) -> (Vec<Incident>, Equity) {
        let view = self.driver.engine().view();
        let equity = Equity {
            book: BOOK.to_owned(),
            day: self.session.day,
            currency: market::Currency::USD,
            cash: view.cash(),
            positions: view.equity() - view.cash(),
        };
        let found = self.driver.fresh_differences().map(|it| self.incident(it)).collect();
        (found, equity)
    }

    fn incident(&self, difference: &Difference) -> Incident {
        let words = difference.to_string();
        let symbol = difference.instrument().map(|id| self.numbers.symbol(id));
        let name = format!("broker/{}", incidents::digest_of(&words));
        let detail = json!({"what": words, "symbol": symbol});
        incidents::difference((self.session.day, self.session.close), &name, detail)
    }
}

fn untold() -> Error {
    Error::ReachBroker {
        what: "it does not tell the bars of the session, which is over. Orders that stand there \
               stand. Once it answers, run the same command again"
            .to_owned(),
    }
}
