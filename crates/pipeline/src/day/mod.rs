//! The day (BRK-30): download → features → scan → score → plan → approve → execute → manage →
//! reconcile → report.
//!
//! The session D is traded on what was known before its open. Each step reads and writes the
//! store and is recorded as done in the same transaction as what it wrote: cut off anywhere and
//! run again, the day ends in the same state. The engine keeps nothing between steps; it is folded
//! from its journal each time. The simulated broker's account is a table of its own, as an outside
//! broker's would be; orders are written down before it hears of them, and it takes an order's
//! name only once.
//!
//! Start reading at [`walk`], then [`course`], then `steps`; `desk` restores the engine, `records`
//! turns its journal into rows, [`brake`] halts it, [`approvals`] takes a person's word, and
//! `incidents` are what a person has to look at.

mod alarms;
pub mod approvals;
pub mod brake;
pub mod course;
mod desk;
mod incidents;
mod news;
pub mod outside;
mod page;
pub mod parity;
mod parity_page;
mod records;
mod steps;

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use ::desk::live::Live;
use base::{Day, Digest, Span, Ts};
use books::breakout::BreakoutConfig;
use lake::Lake;
use market::{Calendar, Cash, Session};
use report::Page;
use serde::Serialize;
use store::{StepKey, StepRecord, Store};

pub use brake::{Brake, Released};
pub use course::{Course, Step};
pub use outside::{Alarm, Outside};

use crate::lake_history::{LakeHistory, Parts};
use crate::{Error, Progress};

/// The book whose day it is.
pub const BOOK: &str = books::breakout::bet::BOOK;
/// The name under which the steps of a dry run are kept.
pub const DRY_RUN: &str = "breakout.dry-run";
/// Name of the note that says which session was walked last.
const LAST_DAY: &str = "day/last";
/// Name of the note that says whose account this is.
const ACCOUNT: &str = "day/account";
/// The account of the broker in this process.
const SIMULATED: &str = "simulated";
/// Before the open: when intents are planned, and when approved ones are sent.
/// How long a day waits for who looks at the home just then: the kill switch does when it is pulled.
const PATIENCE: Duration = Duration::from_secs(5);
const PLANNED_BEFORE_OPEN: Span = Span::from_minutes(30);
const SENT_BEFORE_OPEN: Span = Span::from_minutes(1);

/// What may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sending {
    /// Nothing: what would be sent is written down (the default).
    DryRun,
    /// Orders that a person approved, to the simulated broker.
    Approved,
    /// All orders that pass the limits, to the simulated broker, without a person.
    Unattended,
}

/// Whether a signal without a model may be planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scoring {
    /// A model of each side must be there.
    Model,
    /// The scanner alone decides; small, equal risk.
    ScannerOnly,
}

/// A day to be walked.
#[derive(Debug, Clone)]
pub struct DayRequest {
    /// The session.
    pub session: Day,
    /// The data.
    pub parts: Parts,
    /// Numbers of the book.
    pub config: BreakoutConfig,
    /// What may be sent.
    pub sending: Sending,
    /// Whether models are needed.
    pub scoring: Scoring,
    /// Which steps are walked.
    pub course: Course,
    /// How long an intent waits for a person, by the clock of the store.
    pub approve_within: Span,
    /// Money at the very start of the account.
    pub cash: Cash,
    /// What a person has signed, where real money is traded.
    pub live: Option<Live>,
    /// Revision of the code.
    pub code_revision: String,
}

/// What a walk came to.
#[derive(Debug, Clone)]
pub struct DayOutcome {
    /// All steps as they stand, in their order.
    pub steps: Vec<StepRecord>,
    /// What the day waits for; the same command goes on from there.
    pub pause: Option<Pause>,
    /// The report, once the day is over.
    pub page: Option<Page>,
}

/// What a day may wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pause {
    /// A person, who must decide on these.
    Person(Vec<Waiting>),
    /// The session's bars, which are not in the lake yet.
    Bars,
}

/// An intent that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Its name.
    pub intent: String,
    /// When it expires.
    pub until: Ts,
}

/// What a walk works with.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// The one record of what was done.
    pub store: &'a Store,
    /// Market data.
    pub lake: &'a Lake,
    /// The kill switch.
    pub brake: &'a dyn Brake,
    /// Hears of long work.
    pub progress: &'a dyn Progress,
    /// The broker, where it is not the simulated one.
    pub outside: Option<&'a Mutex<dyn Outside>>,
}

/// All that a step may use.
pub(crate) struct Walk<'a> {
    pub(crate) store: &'a Store,
    pub(crate) lake: &'a Lake,
    pub(crate) brake: &'a dyn Brake,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) outside: Option<&'a Mutex<dyn Outside>>,
    pub(crate) request: &'a DayRequest,
    pub(crate) session: Session,
    pub(crate) previous: Session,
    history: OnceLock<LakeHistory>,
}

/// Walks the day as far as it goes: to its end, or to where a person must decide.
pub fn walk(ports: Ports<'_>, request: &DayRequest) -> Result<DayOutcome, Error> {
    let calendar = Calendar::of("XNYS")?;
    let Some(session) = calendar.session(request.session)? else {
        let next = calendar.next(request.session)?.day;
        return Err(Error::FindSession { day: request.session, next });
    };
    let Ports { store, lake, brake, progress, outside } = ports;
    let previous = *calendar.previous(request.session)?;
    let history = OnceLock::new();
    let session = *session;
    let walk = Walk { store, lake, brake, progress, outside, request, session, previous, history };
    let _only_one = store.lock_within("day", PATIENCE)?;
    if let Some(live) = &request.live {
        live.covers_book(BOOK).map_err(Error::TradeLive)?;
    }
    walk.own_account()?;
    walk.refuse_the_past()?;
    course::prepare(&walk)?;
    records::catch_up(&walk)?;
    steps::session::catch_up(&walk)?;
    brake::obey(&walk)?;
    let mut page = None;
    for step in Step::ALL.into_iter().filter(|step| request.course.holds(*step)) {
        match steps::run(&walk, step)? {
            Ended::Over => {}
            Ended::Paused(pause) => {
                let steps = walk.records()?;
                return Ok(DayOutcome { steps, pause: Some(pause), page: None });
            }
            Ended::Told(told) => page = Some(told),
        }
    }
    Ok(DayOutcome { steps: walk.records()?, pause: None, page })
}

/// How a step ended.
pub(crate) enum Ended {
    /// It is over: the next may begin.
    Over,
    /// It can't go on yet.
    Paused(Pause),
    /// The day is over; this is what it came to.
    Told(Page),
}

/// When what was approved is sent, and what happened overnight is told.
pub(crate) fn sent_at(session: &Session) -> Ts {
    session.open + Span::from_nanos(-SENT_BEFORE_OPEN.nanos())
}

impl Walk<'_> {
    pub(crate) fn key(&self, step: &str) -> StepKey {
        StepKey::new(self.request.session, self.steps_of(), step)
    }

    /// Under which name the steps are kept: a dry run must not stand in for the day itself.
    pub(crate) fn steps_of(&self) -> &'static str {
        match self.request.sending {
            Sending::DryRun => DRY_RUN,
            Sending::Approved | Sending::Unattended => BOOK,
        }
    }

    /// When the day's intents are made.
    pub(crate) fn planned_at(&self) -> Ts {
        self.session.open + Span::from_nanos(-PLANNED_BEFORE_OPEN.nanos())
    }

    /// When approved intents are sent.
    pub(crate) fn sent_at(&self) -> Ts {
        sent_at(&self.session)
    }

    /// Asks the broker outside, where there is one.
    pub(crate) fn with_outside<T>(
        &self,
        ask: impl FnOnce(&mut dyn Outside) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Some(outside) = self.outside else { return Err(Error::FindBroker) };
        ask(&mut *outside.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// When what is approved now goes out: by the clock of the broker where that is outside.
    pub(crate) fn sending_time(&self) -> Result<Ts, Error> {
        if self.outside.is_none() {
            return Ok(self.sent_at());
        }
        let ask = |outside: &mut dyn Outside| {
            outside.clocks().map_err(|what| Error::ReachBroker { what })
        };
        Ok(self.with_outside(ask)?.wall)
    }

    /// A journal tells of one account: it can't go on with another.
    fn own_account(&self) -> Result<(), Error> {
        if self.request.sending == Sending::DryRun {
            return Ok(());
        }
        let asked = match self.outside {
            None => SIMULATED.to_owned(),
            Some(_) => self.with_outside(|outside| Ok(outside.account().to_owned()))?,
        };
        let known = self.store.read(|tx| -> Result<_, Error> {
            let note = tx.get(ACCOUNT)?;
            let named = note.and_then(|note| note.body.as_str().map(str::to_owned));
            // Homes from before the name was kept.
            let begun = tx.next_journal_seq()? > 1;
            Ok(named.or_else(|| begun.then(|| SIMULATED.to_owned())))
        })?;
        match known {
            Some(known) if known == asked => Ok(()),
            Some(known) => Err(Error::ChangeAccount { known, asked }),
            None => self.store.transaction("breakout.account", |tx| {
                tx.set(ACCOUNT, asked.clone().into())?;
                Ok(())
            }),
        }
    }

    /// The data as known when intents are made. Bars shorter than a session are for fills, which
    /// come later.
    pub(crate) fn history(&self) -> Result<&LakeHistory, Error> {
        if let Some(history) = self.history.get() {
            return Ok(history);
        }
        let parts = Parts { finer: None, ..self.request.parts.clone() };
        let opened = LakeHistory::open(self.lake, &parts, self.planned_at())?;
        Ok(self.history.get_or_init(|| opened))
    }

    /// What a step's result hangs on, for the record.
    pub(crate) fn inputs(&self) -> String {
        let request = self.request;
        let words = format!("{:?} {:?} {:?}", request.parts, request.config, request.scoring);
        Digest::of(words.as_bytes()).to_string()
    }

    fn records(&self) -> Result<Vec<StepRecord>, Error> {
        course::records(self.store, self.request.session, self.steps_of())
    }

    /// Days are walked in order: the account can't go back.
    fn refuse_the_past(&self) -> Result<(), Error> {
        match self.store.read(|tx| desk::noted_day(tx, LAST_DAY))? {
            Some(last) if self.request.session < last => {
                Err(Error::WalkBack { day: self.request.session, last })
            }
            _ => Ok(()),
        }
    }
}
