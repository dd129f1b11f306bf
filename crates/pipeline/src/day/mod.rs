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
//! Start reading at [`walk`], then [`steps`]; [`desk`] restores the engine, [`records`] turns its
//! journal into rows.

mod desk;
mod page;
mod records;
mod steps;

use base::{Day, Digest, Span, Ts};
use books::breakout::BreakoutConfig;
use lake::Lake;
use market::{Calendar, Cash, Session};
use report::Page;
use serde::Serialize;
use store::{StepKey, StepRecord, Store};

use crate::lake_history::{LakeHistory, Parts};
use crate::{Error, Progress};

/// The book whose day it is.
pub const BOOK: &str = books::breakout::bet::BOOK;
/// The name under which the steps of a dry run are kept.
pub const DRY_RUN: &str = "breakout.dry-run";
/// Before the open: when intents are planned, and when approved ones are sent.
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

/// Whether trading is halted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Brake {
    /// It is not.
    Released,
    /// Nothing is sent.
    Pulled,
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
    /// The kill switch, as its file stands.
    pub brake: Brake,
    /// Money at the very start of the account.
    pub cash: Cash,
    /// Revision of the code.
    pub code_revision: String,
}

/// What a walk came to.
#[derive(Debug, Clone)]
pub struct DayOutcome {
    /// All steps as they stand, in their order.
    pub steps: Vec<StepRecord>,
    /// Intents that wait for a person.
    pub waiting: Vec<String>,
    /// The report, once the day is over.
    pub page: Option<Page>,
}

/// The steps, in their order.
pub const STEPS: [&str; 10] = [
    "download",
    "features",
    "scan",
    "score",
    "plan",
    "approve",
    "execute",
    "manage",
    "reconcile",
    "report",
];

/// All that a step may use.
pub(crate) struct Walk<'a> {
    pub(crate) store: &'a Store,
    pub(crate) lake: &'a Lake,
    pub(crate) request: &'a DayRequest,
    pub(crate) session: Session,
    pub(crate) previous: Session,
    pub(crate) progress: &'a dyn Progress,
}

/// Walks the day as far as it goes: to its end, or to where a person must decide.
pub fn walk(
    store: &Store,
    lake: &Lake,
    request: &DayRequest,
    progress: &dyn Progress,
) -> Result<DayOutcome, Error> {
    let calendar = Calendar::of("XNYS")?;
    let Some(session) = calendar.session(request.session)? else {
        let next = calendar.next(request.session)?.day;
        return Err(Error::FindSession { day: request.session, next });
    };
    let walk = Walk {
        store,
        lake,
        request,
        session: *session,
        previous: *calendar.previous(request.session)?,
        progress,
    };
    let _only_one = store.lock("day")?;
    walk.refuse_the_past()?;
    steps::download(&walk)?;
    steps::features(&walk)?;
    steps::scan(&walk)?;
    steps::score(&walk)?;
    let planned = steps::plan(&walk)?;
    let waiting = steps::approve(&walk, &planned)?;
    if !waiting.is_empty() {
        return Ok(DayOutcome { steps: walk.records()?, waiting, page: None });
    }
    steps::execute(&walk)?;
    steps::transmit(&walk)?;
    steps::manage(&walk)?;
    steps::reconcile(&walk)?;
    let page = page::page(&walk)?;
    steps::report(&walk, &page)?;
    Ok(DayOutcome { steps: walk.records()?, waiting: Vec::new(), page: Some(page) })
}

/// The steps of a day as they stand, in their order.
pub fn records(store: &Store, day: Day, book: &str) -> Result<Vec<StepRecord>, Error> {
    let mut steps = store.read(|tx| tx.steps_of_day(day, book))?;
    steps.sort_by_key(|step| STEPS.iter().position(|name| *name == step.name));
    Ok(steps)
}

impl Walk<'_> {
    pub(crate) fn key(&self, step: &str) -> StepKey {
        StepKey::new(self.request.session, self.steps_of(), step)
    }

    /// Under which name the steps are kept: a dry run must not stand in for the day itself.
    fn steps_of(&self) -> &'static str {
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
        self.session.open + Span::from_nanos(-SENT_BEFORE_OPEN.nanos())
    }

    /// The data as known when intents are made.
    pub(crate) fn history(&self) -> Result<LakeHistory, Error> {
        LakeHistory::open(self.lake, &self.request.parts, self.planned_at())
    }

    /// What a step's result hangs on, for the record.
    pub(crate) fn inputs(&self) -> String {
        let request = self.request;
        let words = format!("{:?} {:?} {:?}", request.parts, request.config, request.scoring);
        Digest::of(words.as_bytes()).to_string()
    }

    fn records(&self) -> Result<Vec<StepRecord>, Error> {
        records(self.store, self.request.session, self.steps_of())
    }

    /// Days are walked in order: the account can't go back.
    fn refuse_the_past(&self) -> Result<(), Error> {
        let walked = self.store.read(|tx| tx.get("day/last"))?;
        let last = walked.and_then(|note| note.body.as_str().and_then(|day| day.parse().ok()));
        match last {
            Some(last) if self.request.session < last => {
                Err(Error::WalkBack { day: self.request.session, last })
            }
            _ => Ok(()),
        }
    }
}
