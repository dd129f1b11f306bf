//! Step 8: what the session brought.

use ::desk::Engine;
use base::Ts;
use books::breakout::BreakoutBook;
use market::{Bar, BarSize, Calendar, Event, InstrumentId, Session, What};
use store::StepKey;

use super::{phases, settle};
use crate::Error;
use crate::day::desk::{Desk, noted_day, save};
use crate::day::{Sending, Step, Walk, brake, records, sent_at};
use crate::lake_history::LakeHistory;

/// Name of the note that says up to which session bars were told.
pub(crate) const MANAGED: &str = "day/managed";

/// 8. The session's bars: the exchange first, then the engine with its stops and targets. The
///    kill switch is asked before each. False where something is held or ordered and the lake has
///    no bar of the session yet.
pub(crate) fn manage(walk: &Walk<'_>, session: &Session) -> Result<bool, Error> {
    let key = StepKey::new(session.day, walk.steps_of(), Step::Manage.name());
    if walk.request.sending == Sending::DryRun {
        walk.store.step(&key, &walk.inputs(), |_| Ok::<usize, Error>(0))?;
        return Ok(true);
    }
    if walk.store.read(|tx| tx.step_record(&key))?.is_some_and(|step| step.state.is_over()) {
        return Ok(true);
    }
    let desk = walk.desk(BreakoutBook::default())?;
    let events = match is_managed(walk, session)? {
        true => Some(Vec::new()),
        false => session_events(walk, &desk, session)?,
    };
    let Some(events) = events else { return Ok(false) };
    walk.store.prepared_step(
        &key,
        &walk.inputs(),
        || happen(walk, desk, &events),
        |tx, desk| {
            records::write(walk, tx, &desk)?;
            save(tx, &desk)?;
            tx.set(MANAGED, session.day.to_string().into())?;
            Ok::<usize, Error>(desk.journal.lines.len())
        },
    )?;
    Ok(true)
}

fn happen(walk: &Walk<'_>, mut desk: Desk, events: &[Event]) -> Result<Desk, Error> {
    for event in events {
        halt_if_pulled(walk, &mut desk, event.known)?;
        desk.happen(event)?;
    }
    Ok(desk)
}

fn halt_if_pulled(walk: &Walk<'_>, desk: &mut Desk, at: Ts) -> Result<(), Error> {
    if desk.engine.view().is_killed() || !walk.brake.is_pulled()? {
        return Ok(());
    }
    let what = What::Command(brake::kill());
    desk.happen(&Event { at, known: at, what })
}

/// The last session whose bars were told.
pub(super) fn managed(walk: &Walk<'_>) -> Result<Option<base::Day>, Error> {
    walk.store.read(|tx| noted_day(tx, MANAGED))
}

fn is_managed(walk: &Walk<'_>, session: &Session) -> Result<bool, Error> {
    Ok(managed(walk)?.is_some_and(|last| last >= session.day))
}

/// True where the bars of the day's session were told: nothing can be planned for it any more.
pub(crate) fn is_over(walk: &Walk<'_>) -> Result<bool, Error> {
    Ok(walk.request.sending != Sending::DryRun && is_managed(walk, &walk.session)?)
}

/// Sessions that nobody walked while the account was there: the broker worked its orders, so
/// their bars are told and the account is reconciled, each day for itself.
pub(crate) fn catch_up(walk: &Walk<'_>) -> Result<(), Error> {
    let Some(last) = managed(walk)? else { return Ok(()) };
    // Of sessions that nobody lived through a broker outside tells by itself.
    if walk.request.sending == Sending::DryRun || walk.outside.is_some() {
        return Ok(());
    }
    let calendar = Calendar::of("XNYS")?;
    for session in calendar.between(last.plus(1), walk.previous.day) {
        if !manage(walk, session)? {
            return Err(Error::FindSessionBars { day: session.day });
        }
        settle::reconcile(walk, session)?;
    }
    Ok(())
}

/// What happened to stocks with a position or an order, in the order in which it was known;
/// nothing where the lake has no bar of the session yet.
fn session_events(
    walk: &Walk<'_>,
    desk: &Desk,
    session: &Session,
) -> Result<Option<Vec<Event>>, Error> {
    let day = session.day;
    let concerned = concerned(&desk.engine);
    if concerned.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let after = day.plus(2).start();
    let history = LakeHistory::open(walk.lake, &walk.request.parts, after)?;
    if !history.has_session(day)? {
        return Ok(None);
    }
    let mut events: Vec<(Ts, u8, Event)> = Vec::new();
    events.push((session.open, 0, phases::opened(session, session.open)));
    let mut last_bar: Option<Ts> = None;
    for instrument in concerned {
        let symbol = desk.numbers.symbol(instrument);
        let (bar, actions) = history.session_bar(symbol, day)?;
        for action in actions {
            let at = sent_at(session);
            let what = What::Corporate { instrument, action: action.action };
            events.push((at, 0, Event { at, known: at, what }));
        }
        for bar in history.session_shorter(symbol, day)? {
            let prices = candle_bar(&bar.candle)?;
            let size = BarSize::Minutes(bar.minutes.clamp(1, 1_440) as u16);
            let what = What::Bar { instrument, size, start: bar.start, bar: prices };
            let end = bar.start + size.span();
            last_bar = last_bar.max(Some(bar.start));
            events.push((
                bar.known.max(end),
                1,
                Event { at: end, known: bar.known.max(end), what },
            ));
        }
        if let Some((candle, _)) = bar {
            let (size, start) = (BarSize::Daily, session.open);
            let what = What::Bar { instrument, size, start, bar: candle_bar(&candle)? };
            let at = session.close;
            events.push((at, 3, Event { at, known: at, what }));
        }
    }
    if let Some(at) = last_bar.map(|start| phases::last_chance(session, start)) {
        events.push((at, 2, phases::before_close(at, at)));
    }
    events.sort_by_key(|(known, order, _)| (*known, *order));
    Ok(Some(events.into_iter().map(|(_, _, event)| event).collect()))
}

/// Instruments with a position, an order or a plan, and those that plans wait for.
pub(crate) fn concerned(engine: &Engine<BreakoutBook>) -> Vec<InstrumentId> {
    let view = engine.view();
    let mut concerned: Vec<InstrumentId> = view.positions().map(|(id, _)| id).collect();
    concerned.extend(view.orders().map(|order| order.request.instrument));
    concerned.extend(view.all_plans().map(|keeper| keeper.instrument));
    let watched = view.all_plans().filter_map(|keeper| keeper.plan.close_on);
    concerned.extend(watched.map(|close| close.instrument));
    concerned.sort_unstable();
    concerned.dedup();
    concerned
}

fn candle_bar(candle: &market::Candle) -> Result<Bar, Error> {
    Ok(candle.to_bar(1.0)?)
}
