//! Splits of what is held at a broker outside. The broker splits shares and takes their orders back
//! by itself; the plans hear of it from the lake, once, before the stops are placed anew.

use std::collections::BTreeSet;

use ::desk::{Line, Record};
use base::{Span, Ts};
use books::breakout::BreakoutBook;
use market::{Calendar, Corporate, Event, InstrumentId, Session, What};

use super::session::{concerned, managed};
use crate::Error;
use crate::day::desk::{Numbers, Outbox};
use crate::day::{Walk, records};
use crate::lake_history::LakeHistory;

/// After the day's beginning in UTC: by then it is morning in New York and no order works.
const MORNING: Span = Span::from_hours(8);

/// When a session's splits are told.
pub(crate) fn due(session: &Session) -> Ts {
    session.day.start() + MORNING
}

/// Tells the plans of splits, where that is due; gives those that are still to come. It comes before
/// the wire is opened, which would place anew, as they were, the orders that the broker took back.
pub(crate) fn tell(walk: &Walk<'_>, session: &Session, wall: Ts) -> Result<Vec<Event>, Error> {
    let mut desk = walk.desk(BreakoutBook::default())?;
    let held = concerned(&desk.engine);
    let splits = since_last(walk, (session, &desk.numbers), &held, &desk.before)?;
    if splits.is_empty() || wall < due(session) {
        return Ok(splits);
    }
    let known = walk.not_before(&desk.engine, wall);
    walk.store.transaction("breakout.splits", |tx| {
        for event in splits {
            let of = match &event.what {
                What::Corporate { instrument, .. } => Some(*instrument),
                _ => None,
            };
            desk.tell(&Event { known, ..event })?;
            if let Some(instrument) = of {
                desk.engine.take_back(instrument, &mut Outbox, &mut desk.journal);
            }
        }
        records::write(walk, tx, &desk)
    })?;
    Ok(Vec::new())
}

/// Splits of instruments since the session that was lived through last, up to this one's, but for
/// those that the journal holds.
fn since_last(
    walk: &Walk<'_>,
    (session, numbers): (&Session, &Numbers),
    concerned: &[InstrumentId],
    lines: &[Line],
) -> Result<Vec<Event>, Error> {
    let Some(last) = managed(walk)? else { return Ok(Vec::new()) };
    if concerned.is_empty() || last >= session.day {
        return Ok(Vec::new());
    }
    let calendar = Calendar::of("XNYS")?;
    let closed = calendar.between(last, last).first().map_or(last.start(), |it| it.close);
    let told: BTreeSet<InstrumentId> = told_since(lines, closed).collect();
    let known = session.open.max(walk.planned_at());
    let history = LakeHistory::open(walk.lake, &walk.request.parts, known)?;
    let mut events = Vec::new();
    for instrument in concerned.iter().filter(|it| !told.contains(it)) {
        let symbol = numbers.symbol(*instrument);
        for day in calendar.between(last.plus(1), session.day) {
            let (_, actions) = history.session_bar(symbol, day.day)?;
            for action in actions {
                if matches!(action.action, Corporate::Split { .. }) {
                    let what = What::Corporate { instrument: *instrument, action: action.action };
                    let at = due(day);
                    events.push(Event { at, known: at, what });
                }
            }
        }
    }
    Ok(events)
}

fn told_since(lines: &[Line], since: Ts) -> impl Iterator<Item = InstrumentId> + '_ {
    let late = lines.iter().rev().take_while(move |line| line.at >= since);
    late.filter_map(|line| match line.record {
        Record::Split { instrument, .. } => Some(instrument),
        _ => None,
    })
}
