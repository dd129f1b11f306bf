//! What of a running session a person wants to read as it happens: orders, fills, incidents.

use desk::journal::Record;
use market::{InstrumentId, OrderKind, OrderState};

use super::desk::Numbers;

/// A line of the journal in words; `None` where it is no news.
pub(crate) fn of(record: &Record, numbers: &Numbers) -> Option<String> {
    let symbol = |id: InstrumentId| numbers.symbol(id);
    Some(match record {
        Record::Sending { request, role, intent } => format!(
            "sends {} {} {} ({role:?} of {})",
            symbol(request.instrument),
            request.qty,
            kind(request.kind),
            if intent.is_empty() { "nothing planned" } else { intent },
        ),
        Record::Moved { order, state: OrderState::Rejected, reason } => {
            format!("refused by the broker: {order}: {reason}")
        }
        Record::Filled { fill, role, .. } => {
            let of = symbol(fill.instrument);
            format!("filled {of} {} at {} ({role:?})", fill.qty, fill.price)
        }
        Record::Closed(closed) => format!(
            "closed {} {} after {} sessions, net {} ({:?})",
            symbol(closed.instrument),
            closed.qty,
            closed.sessions,
            closed.gross - closed.fees,
            closed.reason,
        ),
        Record::Refused { intent, reason } => format!("refused by the rules: {intent}: {reason:?}"),
        Record::Killed { reason } => format!("KILLED: {reason}"),
        Record::Resumed { reason } => format!("resumed: {reason}"),
        Record::Frozen { instrument, incident } => {
            format!("frozen: {}: {incident}", instrument.map_or("the account", symbol))
        }
        Record::Thawed { instrument } => {
            format!("no longer frozen: {}", instrument.map_or("the account", symbol))
        }
        Record::Incident(text) => format!("incident: {text}"),
        _ => return None,
    })
}

fn kind(kind: OrderKind) -> String {
    match kind {
        OrderKind::Market => "at the market".to_owned(),
        OrderKind::MarketOnClose => "at the close".to_owned(),
        OrderKind::Limit { limit } => format!("limit {limit}"),
        OrderKind::Stop { stop } => format!("stop {stop}"),
        OrderKind::StopLimit { stop, limit } => format!("stop {stop} limit {limit}"),
    }
}
