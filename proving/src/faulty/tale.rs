//! What happens in a world, in short lines for the eye.

use desk::Record;
use market::OrderRequest;
use market::remote::{Heard, Said};

fn order(it: &OrderRequest) -> String {
    let (group, parent) = (it.oco_group.as_deref().unwrap_or("-"), it.parent.as_ref());
    let parent = parent.map_or("-", |parent| parent.as_str());
    format!(
        "{} {} of {} {:?} group {group} parent {parent}",
        it.id, it.qty, it.instrument.0, it.kind
    )
}

pub(super) fn said(said: &Said) -> String {
    match said {
        Said::Submit(request) => format!("submit {}", order(request)),
        Said::Cancel(order) => format!("cancel {order}"),
        Said::AskBooks { number, .. } => format!("ask books {number}"),
    }
}

pub(super) fn heard(heard: &Heard) -> String {
    match heard {
        Heard::Order(it) => {
            format!("report {} {:?} filled {} {}", it.order, it.state, it.filled, it.reason)
        }
        Heard::Executed(it) => format!("executed {} {} {}", it.id.0, it.order, it.qty),
        Heard::Books(books) => {
            let open = books.orders.iter().filter(|it| !it.state.is_done()).count();
            format!("books {}: cash {}, {open} orders open", books.number, books.cash)
        }
        other => format!("{other:?}"),
    }
}

pub(super) fn record(record: &Record) -> String {
    match record {
        Record::Wanted(it) => format!("wanted {} {:?} {:?}", it.id, it.side, it.entry.kind),
        Record::Sending { request, role, .. } => format!("sending {role:?} {}", order(request)),
        Record::Filled { fill, role, .. } => {
            format!("filled {role:?} {} {} at {}", fill.order, fill.qty, fill.price)
        }
        Record::Planned(it) => {
            let tranches = it.tranches.iter().map(|tranche| {
                let name = |live: &Option<desk::exit::parts::Live>| {
                    live.as_ref().map_or("-".to_owned(), |live| format!("{}:{}", live.id, live.qty))
                };
                let (stop, next) = (name(&tranche.stop), name(&tranche.next_stop));
                let (target, exit) = (name(&tranche.target_order), name(&tranche.exit_order));
                format!("[{} stop {stop} next {next} target {target} exit {exit}]", tranche.open)
            });
            let tranches: Vec<String> = tranches.collect();
            let entry = if it.first.done { "entered" } else { "entering" };
            format!(
                "plan {} {:?} {entry} {:?} {}",
                it.intent,
                it.side,
                it.phase,
                tranches.join(" ")
            )
        }
        Record::Booked { .. } | Record::Watched { .. } => String::new(),
        other => format!("{other:?}"),
    }
}
