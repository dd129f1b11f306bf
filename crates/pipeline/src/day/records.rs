//! The engine's journal as rows: intents, orders, fills, postings, positions, plans, incidents.
//!
//! The journal is the truth, and the rows follow from it: mostly in the same transaction, in a live
//! session right after what was decided was sent. A note says how far they have come; what a kill
//! left behind follows at the next start ([`catch_up`]).

use ::desk::Engine;
use ::desk::journal::{Line, Record, State};
use ::desk::ledger::{Booking, Posting};
use ::desk::orders::Role;
use ::desk::risk::Reason;
use base::Ts;
use books::breakout::BreakoutBook;
use market::{Fill, OrderKind, OrderRequest, OrderState, Qty, TimeInForce};
use store::{
    FillRecord, Intent, IntentState, JournalRecord, Order, Plan, PlanStatus, Position, Tx,
};

use super::desk::{Desk, Numbers};
use super::{BOOK, Walk, incidents};
use crate::Error;

/// Writes what the engine wrote since it was restored, and what follows from it.
pub(crate) fn write(walk: &Walk<'_>, tx: &Tx<'_>, desk: &Desk) -> Result<(), Error> {
    debug_assert_eq!(
        State::fold(&[desk.before.as_slice(), &desk.journal.lines].concat()).ok().as_ref(),
        Some(desk.engine.state()),
        "a restart would not find the engine as it is"
    );
    let (lines, numbers) = (&desk.journal.lines, &desk.numbers);
    for line in lines {
        let record = serde_json::to_value(&line.record).map_err(Error::WriteJournal)?;
        let kind = match record.as_object().and_then(|fields| fields.keys().next()) {
            Some(kind) => kind.clone(),
            None => record.as_str().unwrap_or("record").to_owned(),
        };
        let seq = line.seq as i64 + 1;
        tx.append_journal(&JournalRecord { seq, at: micros(line.at), kind, record })?;
    }
    follow_all(walk, tx, &Wrote { lines, engine: &desk.engine, numbers })
}

/// What an engine wrote, and the engine after it.
pub(crate) struct Wrote<'a> {
    pub(crate) lines: &'a [Line],
    pub(crate) engine: &'a Engine<BreakoutBook>,
    pub(crate) numbers: &'a Numbers,
}

/// Name of the note that says how many lines of the journal the rows have followed.
const FOLLOWED: &str = "journal/followed";

/// Writes what follows from lines that the journal holds.
pub(crate) fn follow_all(walk: &Walk<'_>, tx: &Tx<'_>, wrote: &Wrote<'_>) -> Result<(), Error> {
    for line in wrote.lines {
        follow(walk, tx, line, wrote.numbers)?;
    }
    filled(tx, wrote)?;
    split(tx, wrote)?;
    if let Some(last) = wrote.lines.last() {
        tx.set(FOLLOWED, (last.seq + 1).into())?;
    }
    Ok(())
}

/// Lines that a killed session kept and did not turn into rows any more.
pub(crate) fn catch_up(walk: &Walk<'_>) -> Result<(), Error> {
    let (followed, kept) = walk.store.read(|tx| -> Result<_, Error> {
        let followed = tx.get(FOLLOWED)?.and_then(|note| note.body.as_u64());
        Ok((followed, tx.next_journal_seq()?.unsigned_abs() - 1))
    })?;
    if followed == Some(kept) {
        return Ok(());
    }
    let desk = walk.desk(BreakoutBook::default())?;
    walk.store.transaction("breakout.follow", |tx| match followed {
        // Before there was a note, all rows came with their lines.
        None => Ok(tx.set(FOLLOWED, kept.into()).map(drop)?),
        Some(followed) => {
            let lines = &desk.before[desk.before.len().min(followed as usize)..];
            follow_all(walk, tx, &Wrote { lines, engine: &desk.engine, numbers: &desk.numbers })
        }
    })
}

/// Orders that their fills have ended: the engine works them no more. The fills say how much; an
/// exit that was reduced beside its sibling is filled with less than was ordered.
fn filled(tx: &Tx<'_>, wrote: &Wrote<'_>) -> Result<(), Error> {
    let view = wrote.engine.view();
    for line in wrote.lines {
        let Record::Filled { fill, .. } = &line.record else { continue };
        let works = view.orders().any(|order| order.request.id == fill.order);
        let open = tx.order(&fill.order)?.is_some_and(|order| !order.state.is_done());
        if open && !works {
            tx.move_order(&fill.order, OrderState::Filled, "by its fills")?;
        }
    }
    Ok(())
}

/// What is held and ordered of a stock that was split: more of it, at other prices.
fn split(tx: &Tx<'_>, wrote: &Wrote<'_>) -> Result<(), Error> {
    let view = wrote.engine.view();
    for line in wrote.lines {
        let Record::Split { instrument, ratio } = &line.record else { continue };
        let ours = view.orders().filter(|order| order.request.instrument == *instrument);
        for order in ours {
            tx.amend_order(&order.request, &format!("split {ratio}:1"))?;
        }
        let symbol = wrote.numbers.symbol(*instrument);
        let there = tx.position(BOOK, symbol)?;
        if let (Some(there), Some(held)) = (there, view.position(*instrument)) {
            let (qty, average_price) = (held.qty, held.average_price());
            tx.put_position(&Position { qty, average_price, updated: micros(line.at), ..there })?;
        }
    }
    Ok(())
}

/// The databases keep microseconds.
pub(crate) fn micros(at: Ts) -> Ts {
    Ts::from_micros(at.micros())
}

fn follow(walk: &Walk<'_>, tx: &Tx<'_>, line: &Line, numbers: &Numbers) -> Result<(), Error> {
    let at = micros(line.at);
    match &line.record {
        Record::Wanted(intent) => wanted(walk, tx, (intent, at), numbers)?,
        // The first of that name goes its own way.
        Record::Refused { reason: Reason::Duplicate, .. } => {}
        Record::Refused { intent, reason: Reason::ApprovalExpired } => {
            settle(tx, intent, IntentState::Expired)?;
        }
        Record::Refused { intent, .. } => settle(tx, intent, IntentState::Refused)?,
        Record::Sending { request, role, intent } => {
            let symbol = numbers.symbol(request.instrument).to_owned();
            tx.draft_order(&Order {
                id: request.id.clone(),
                intent: (!intent.is_empty()).then(|| intent.clone()),
                book: BOOK.to_owned(),
                symbol,
                state: OrderState::Draft,
                broker_id: None,
                created: at,
                updated: at,
                request: request.clone(),
            })?;
            if *role == Role::Entry {
                settle(tx, intent, IntentState::Executed)?;
            }
        }
        Record::Moved { order, state, reason } => {
            let open = tx.order(order)?.is_some_and(|order| !order.state.is_done());
            if open {
                tx.move_order(order, *state, reason)?;
            }
        }
        Record::Filled { fill, .. } => {
            if tx.order(&fill.order)?.is_none() {
                foreign_order(tx, fill, numbers.symbol(fill.instrument))?;
            }
            let seq = tx.fills_of_order(&fill.order)?.len() as u32;
            let symbol = numbers.symbol(fill.instrument);
            tx.record_fill(&FillRecord::new(fill, seq, symbol))?;
        }
        Record::Booked { booking, position } => {
            booked(tx, line.seq, (booking, position.as_ref()), (at, numbers))?;
        }
        Record::Planned(keeper) => {
            let of = (keeper.intent.as_str(), numbers.symbol(keeper.instrument));
            plan(tx, of, (PlanStatus::Open, at), keeper)?;
        }
        Record::Closed(closed) => {
            let of = (closed.intent.as_str(), numbers.symbol(closed.instrument));
            plan(tx, of, (PlanStatus::Closed, at), closed)?;
        }
        Record::Frozen { instrument, incident } => {
            frozen(walk, tx, line, (instrument.map(|id| numbers.symbol(id)), incident))?;
        }
        Record::Incident(what) => {
            let when = (walk.request.session, at);
            tx.record_incident(&incidents::met(when, line.seq, what))?;
        }
        _ => {}
    }
    Ok(())
}

/// A plan as it stands, or as it ended.
fn plan(
    tx: &Tx<'_>,
    (intent, symbol): (&str, &str),
    (status, updated): (PlanStatus, Ts),
    state: &impl serde::Serialize,
) -> Result<(), Error> {
    tx.put_plan(&Plan {
        id: intent.to_owned(),
        book: BOOK.to_owned(),
        symbol: symbol.to_owned(),
        status,
        updated,
        state: serde_json::to_value(state).map_err(Error::ReadAccount)?,
    })?;
    Ok(())
}

/// What the engine froze by itself stays frozen until a person settles the incident; where it was
/// told to freeze, the incident is there.
fn frozen(
    walk: &Walk<'_>,
    tx: &Tx<'_>,
    line: &Line,
    (symbol, what): (Option<&str>, &str),
) -> Result<(), Error> {
    if tx.incident(what)?.is_some() {
        return Ok(());
    }
    let when = (walk.request.session, micros(line.at));
    let detail = serde_json::json!({"what": what, "symbol": symbol});
    tx.record_incident(&incidents::difference(when, &format!("broker/{}", line.seq), detail))?;
    Ok(())
}

/// An order that the broker made itself: the end of a position in a stock that is no more.
fn foreign_order(tx: &Tx<'_>, fill: &Fill, symbol: &str) -> Result<(), Error> {
    let at = micros(fill.at);
    tx.draft_order(&Order {
        id: fill.order.clone(),
        intent: None,
        book: BOOK.to_owned(),
        symbol: symbol.to_owned(),
        state: OrderState::Draft,
        broker_id: None,
        created: at,
        updated: at,
        request: OrderRequest {
            id: fill.order.clone(),
            instrument: fill.instrument,
            qty: fill.qty,
            kind: OrderKind::Market,
            tif: TimeInForce::Day,
            oco_group: None,
            parent: None,
            reduce_only: false,
        },
    })?;
    tx.move_order(&fill.order, OrderState::Working, "made by the broker")?;
    Ok(())
}

/// Moves an intent, unless it has already come to an end.
fn settle(tx: &Tx<'_>, intent: &str, to: IntentState) -> Result<(), Error> {
    let Some(there) = tx.intent(intent)? else { return Ok(()) };
    let open = matches!(there.state, IntentState::Planned | IntentState::Approved);
    if open {
        tx.move_intent(intent, to)?;
    }
    Ok(())
}

fn wanted(
    walk: &Walk<'_>,
    tx: &Tx<'_>,
    (intent, at): (&::desk::Intent, Ts),
    numbers: &Numbers,
) -> Result<(), Error> {
    let payload = serde_json::to_value(intent).map_err(Error::ReadAccount)?;
    tx.plan_intent(&Intent {
        id: intent.id.clone(),
        day: walk.request.session,
        book: BOOK.to_owned(),
        symbol: numbers.symbol(intent.instrument).to_owned(),
        state: IntentState::Planned,
        created: at,
        updated: at,
        payload,
    })?;
    Ok(())
}

fn booked(
    tx: &Tx<'_>,
    seq: u64,
    (booking, held): (&Booking, Option<&::desk::Position>),
    (at, numbers): (Ts, &Numbers),
) -> Result<(), Error> {
    let line = |posting: &Posting| store::Line {
        account: format!("{:?}", posting.account).to_lowercase(),
        currency: booking.currency,
        amount: posting.amount,
    };
    let lines: Vec<store::Line> = booking.postings.iter().map(line).collect();
    tx.post(seq + 1, at, &lines)?;
    let (Some(instrument), Some(held)) = (booking.instrument, held) else { return Ok(()) };
    let symbol = numbers.symbol(instrument).to_owned();
    let before = tx.position(BOOK, &symbol)?.filter(|position| position.qty != Qty::ZERO);
    tx.put_position(&Position {
        book: BOOK.to_owned(),
        symbol,
        qty: held.qty,
        average_price: held.average_price(),
        opened: before.map_or(at, |position| position.opened),
        updated: at,
        plan: None,
        payload: serde_json::Value::Null,
    })?;
    Ok(())
}
