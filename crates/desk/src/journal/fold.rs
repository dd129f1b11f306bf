//! The state, and how records make it.

use std::collections::{BTreeMap, BTreeSet};

use base::{Day, Ts};
use market::{BrokerRef, Cash, Fill, InstrumentId, OrderState, Price, Qty};
use serde::{Deserialize, Serialize};

use super::{Closed, Line, Record};
use crate::Error;
use crate::exit::Keeper;
use crate::intent::Intent;
use crate::ledger::Ledger;
use crate::orders::{Orders, Working};
use crate::risk::{Reason, Regime};

/// All that the engine has to remember. Prices of the market are not in it: the feed brings
/// them again.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct State {
    /// Number of the next record.
    pub next_seq: u64,
    /// The trading day.
    pub day: Day,
    /// Equity as the last day left it.
    pub day_start_equity: Cash,
    /// The trading day of each book that had a plan on it.
    #[serde(default)]
    pub books: BTreeMap<String, BookDay>,
    /// Accounts and positions.
    pub ledger: Ledger,
    /// Orders not done.
    pub orders: Orders,
    /// Plans at work, by instrument.
    pub plans: BTreeMap<InstrumentId, Vec<Keeper>>,
    /// Intents that wait for a person, with the time they expire.
    pub waiting: BTreeMap<String, (Intent, Ts)>,
    /// Names of all intents ever seen.
    pub seen: BTreeSet<String>,
    /// Instruments that left their exchange.
    pub delisted: BTreeSet<InstrumentId>,
    /// The regime filter's word.
    pub regime: Regime,
    /// Why the kill switch is on; `None` while it is off.
    pub killed: Option<String>,
    /// Why the whole account is frozen; `None` while it is not.
    pub frozen: Option<String>,
    /// Instruments frozen, and why.
    pub frozen_instruments: BTreeMap<InstrumentId, String>,
    /// Refusals by reason.
    pub refusals: BTreeMap<Reason, u64>,
    /// Things a person should look at.
    pub incidents: u64,
    /// What the broker has told by name, so that hearing it twice is hearing it once.
    #[serde(default)]
    pub told: BTreeMap<BrokerRef, Told>,
    /// What is held that no plan keeps and that is meant to be there: opened without a plan, or by
    /// hand. What is held beyond plans and this is an accident.
    #[serde(default)]
    pub loose: BTreeMap<InstrumentId, Qty>,
}

/// The trading day of a book. Profits are after fees; what was traded without a plan and what the
/// broker put right later are in none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BookDay {
    /// What the plans that were at work as the day began had made by then.
    pub made_before: Cash,
    /// What the plans that ended on it made in all.
    pub ended: Cash,
}

/// A fact that the broker has a name for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Trading days that have begun since it was heard.
    pub days: u16,
    /// Instrument, signed quantity and price of a trade; `None` for all else.
    pub trade: Option<(InstrumentId, Qty, Price)>,
    /// What the trade was told to have cost; `None` for all else, and for trades of journals that
    /// were folded before this was kept.
    #[serde(default)]
    pub fee: Option<Cash>,
}

/// Trading days after which no broker tells a thing again. Counted, not reckoned from dates: an
/// account may lie still for months, and what it is told then is not old.
const REMEMBERED_DAYS: u16 = 30;

impl State {
    /// Folds a journal from its first line.
    pub fn fold(lines: &[Line]) -> Result<State, Error> {
        let mut state = State::default();
        // An intent is known by name once it waits or is refused; its text came before.
        let mut wanted: BTreeMap<&str, &Intent> = BTreeMap::new();
        for line in lines {
            if line.seq != state.next_seq {
                return Err(Error::FoldJournal { expected: state.next_seq, found: line.seq });
            }
            state.next_seq += 1;
            match &line.record {
                Record::Wanted(intent) => {
                    wanted.insert(&intent.id, intent);
                    state.seen.insert(intent.id.clone());
                }
                Record::Waiting { intent, until } => {
                    let text = wanted.get(intent.as_str()).ok_or_else(|| Error::FoldRecord {
                        line: line.seq,
                        what: format!("intent {intent:?}"),
                    })?;
                    state.waiting.insert(intent.clone(), ((*text).clone(), *until));
                }
                record => state.apply(line.at, record),
            }
        }
        Ok(state)
    }

    fn apply(&mut self, at: Ts, record: &Record) {
        match record {
            Record::DayBegan { day, equity, books } => self.begin_day(*day, *equity, books),
            Record::Approved { intent, .. } => {
                self.waiting.remove(intent);
            }
            Record::Refused { intent, reason } => self.refuse(intent, *reason),
            Record::Sending { request, role, intent } => self.orders.send(Working {
                request: request.clone(),
                role: *role,
                intent: intent.clone(),
                sent: at,
                state: OrderState::Sent,
                filled: Qty::ZERO,
                reduced: Qty::ZERO,
                cancelling: false,
            }),
            Record::Cancelling(order) => {
                self.orders.cancel(order);
            }
            Record::Moved { order, state, .. } => self.orders.moved(order, *state),
            Record::Filled { fill, .. } => {
                self.orders.filled(fill);
                self.note_fill(fill);
            }
            Record::Paid(id) => self.note(id, None),
            Record::Corrected { id, execution, price } => self.correct(id, execution, *price),
            Record::Loose { instrument, qty } => self.set_loose(*instrument, *qty),
            Record::Booked { booking, position } => {
                self.ledger.book(booking);
                if let (Some(instrument), Some(position)) = (booking.instrument, position) {
                    self.ledger.hold(instrument, *position);
                }
            }
            Record::Planned(keeper) => self.plan((**keeper).clone()),
            Record::Watched { instrument, intent, watch } => {
                if let Some(keeper) = self.keeper_mut(*instrument, intent) {
                    keeper.watch = *watch;
                }
            }
            Record::Closed(closed) => self.close_plan(closed),
            Record::Split { instrument, ratio } => self.split(*instrument, *ratio),
            Record::Delisted(instrument) => {
                self.delisted.insert(*instrument);
            }
            Record::RegimeSet(regime) => self.regime = *regime,
            Record::Killed { reason } => self.killed = Some(reason.clone()),
            Record::Resumed { .. } => self.killed = None,
            Record::Frozen { instrument, incident } => self.freeze(*instrument, incident),
            Record::Thawed { instrument } => self.thaw(*instrument),
            Record::Incident(_) => self.incidents += 1,
            Record::Started { .. }
            | Record::Wanted(_)
            | Record::Waiting { .. }
            | Record::WouldSend(_) => {}
        }
    }

    /// A trading day begins.
    pub(crate) fn begin_day(&mut self, day: Day, equity: Cash, books: &BTreeMap<String, Cash>) {
        self.day = day;
        self.day_start_equity = equity;
        let begun = |(book, made): (&String, &Cash)| {
            (book.clone(), BookDay { made_before: *made, ended: Cash::ZERO })
        };
        self.books = books.iter().map(begun).collect();
        self.told.retain(|_, told| {
            told.days += 1;
            told.days <= REMEMBERED_DAYS
        });
    }

    pub(crate) fn note(&mut self, id: &BrokerRef, trade: Option<(InstrumentId, Qty, Price)>) {
        self.told.insert(id.clone(), Told { days: 0, trade, fee: None });
    }

    pub(crate) fn note_fill(&mut self, fill: &Fill) {
        if let Some(id) = &fill.execution {
            let trade = Some((fill.instrument, fill.qty, fill.price));
            self.told.insert(id.clone(), Told { days: 0, trade, fee: Some(fill.fee) });
        }
    }

    pub(crate) fn correct(&mut self, id: &BrokerRef, execution: &BrokerRef, price: Price) {
        self.note(id, None);
        if let Some((_, _, was)) = self.told.get_mut(execution).and_then(|it| it.trade.as_mut()) {
            *was = price;
        }
    }

    pub(crate) fn set_loose(&mut self, instrument: InstrumentId, qty: Qty) {
        if qty == Qty::ZERO {
            self.loose.remove(&instrument);
        } else {
            self.loose.insert(instrument, qty);
        }
    }

    /// What plans keep of an instrument, signed.
    pub fn kept(&self, instrument: InstrumentId) -> Qty {
        let plans = self.plans.get(&instrument).into_iter().flatten();
        plans.map(|keeper| keeper.side.signed(keeper.open())).sum()
    }

    /// What plans and intentions account for of an instrument, signed.
    pub fn meant(&self, instrument: InstrumentId) -> Qty {
        self.kept(instrument) + self.loose.get(&instrument).copied().unwrap_or_default()
    }

    pub(crate) fn freeze(&mut self, instrument: Option<InstrumentId>, incident: &str) {
        match instrument {
            Some(instrument) => {
                self.frozen_instruments.insert(instrument, incident.to_owned());
            }
            None => self.frozen = Some(incident.to_owned()),
        }
    }

    pub(crate) fn thaw(&mut self, instrument: Option<InstrumentId>) {
        match instrument {
            Some(instrument) => {
                self.frozen_instruments.remove(&instrument);
            }
            None => self.frozen = None,
        }
    }

    /// True where nothing may be opened in an instrument until a difference is settled.
    pub fn is_frozen(&self, instrument: InstrumentId) -> bool {
        self.frozen.is_some() || self.frozen_instruments.contains_key(&instrument)
    }

    /// Counts a refusal; a waiting intent of that name waits no more.
    pub(crate) fn refuse(&mut self, intent: &str, reason: Reason) {
        *self.refusals.entry(reason).or_default() += 1;
        if reason != Reason::Duplicate {
            self.waiting.remove(intent);
        }
    }

    /// The plan of an intent.
    pub fn keeper(&self, instrument: InstrumentId, intent: &str) -> Option<&Keeper> {
        self.plans.get(&instrument)?.iter().find(|keeper| keeper.intent == intent)
    }

    pub(crate) fn keeper_mut(
        &mut self,
        instrument: InstrumentId,
        intent: &str,
    ) -> Option<&mut Keeper> {
        keeper_in(&mut self.plans, instrument, intent)
    }

    /// Adds a plan, or replaces the one of the same intent.
    pub(crate) fn plan(&mut self, keeper: Keeper) {
        match self.keeper_mut(keeper.instrument, &keeper.intent) {
            Some(old) => *old = keeper,
            None => {
                // Mostly it stays the only one, and a keeper is large.
                let plans = self.plans.entry(keeper.instrument);
                plans.or_insert_with(|| Vec::with_capacity(1)).push(keeper);
            }
        }
    }

    /// A plan is over: what it made is its book's.
    pub(crate) fn close_plan(&mut self, closed: &Closed) {
        self.forget_plan(closed.instrument, &closed.intent);
        let made = closed.gross - closed.fees;
        match self.books.get_mut(&closed.book) {
            Some(day) => day.ended += made,
            None => {
                let day = BookDay { ended: made, ..BookDay::default() };
                self.books.insert(closed.book.clone(), day);
            }
        }
    }

    fn forget_plan(&mut self, instrument: InstrumentId, intent: &str) {
        if let Some(keepers) = self.plans.get_mut(&instrument) {
            keepers.retain(|keeper| keeper.intent != intent);
            if keepers.is_empty() {
                self.plans.remove(&instrument);
            }
        }
    }

    pub(crate) fn split(&mut self, instrument: InstrumentId, ratio: f64) {
        self.ledger.split(instrument, ratio);
        if let Some(qty) = self.loose.get_mut(&instrument) {
            *qty = crate::ledger::multiplied(*qty, ratio);
        }
        self.orders.split(instrument, ratio);
        for keeper in self.plans.get_mut(&instrument).into_iter().flatten() {
            keeper.split(ratio);
        }
        let plans = self.plans.values_mut().flatten();
        for keeper in plans.filter(|keeper| keeper.waits_for(instrument)) {
            keeper.on_watched_split(ratio);
        }
    }
}

/// The plan of an intent, where only the plans may be borrowed.
pub(crate) fn keeper_in<'a>(
    plans: &'a mut BTreeMap<InstrumentId, Vec<Keeper>>,
    instrument: InstrumentId,
    intent: &str,
) -> Option<&'a mut Keeper> {
    plans.get_mut(&instrument)?.iter_mut().find(|keeper| keeper.intent == intent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knows(state: &State) -> bool {
        state.told.contains_key(&BrokerRef("a".to_owned()))
    }

    #[test]
    fn a_fact_heard_before_the_first_day_or_after_months_is_remembered() {
        let mut state = State::default();
        let day = |number: i32| Day::from_number(number);
        state.note(&BrokerRef("a".to_owned()), None);
        let none = BTreeMap::new();
        state.begin_day(day(19_000), Cash::ZERO, &none);
        assert!(knows(&state));
        state.note(&BrokerRef("a".to_owned()), None);
        state.begin_day(day(19_400), Cash::ZERO, &none);
        assert!(knows(&state));
        for later in 1..=i32::from(REMEMBERED_DAYS) {
            state.begin_day(day(19_400 + later), Cash::ZERO, &none);
        }
        assert!(!knows(&state));
    }
}
