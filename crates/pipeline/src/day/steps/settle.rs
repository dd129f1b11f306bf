//! Steps 9 and 10: the broker's account against ours, and the page.

use std::collections::BTreeSet;

use base::Digest;
use books::breakout::BreakoutBook;
use market::{Broker as _, ClientOrderId, InstrumentId, Session};
use serde_json::json;
use store::{Equity, Incident, StepKey};

use crate::Error;
use crate::day::desk::Desk;
use crate::day::incidents;
use crate::day::{BOOK, Ended, Sending, Walk, page};

/// 9. The broker's account against our ledger: cash to the cent, positions to the share, working
///    orders by name. What differs is frozen until a person settles it.
pub(crate) fn reconcile(walk: &Walk<'_>, session: &Session) -> Result<(), Error> {
    let look = || -> Result<(Desk, Vec<Incident>), Error> {
        let desk = walk.desk(BreakoutBook::default())?;
        let incidents = match walk.request.sending {
            // A dry run has no account that could differ, and neither has an engine that has not
            // begun.
            Sending::DryRun => Vec::new(),
            _ if desk.before.is_empty() => Vec::new(),
            _ => differences(session, &desk),
        };
        Ok((desk, incidents))
    };
    let key = StepKey::new(session.day, walk.steps_of(), "reconcile");
    walk.store.prepared_step(&key, &walk.inputs(), look, |tx, (desk, incidents)| {
        for incident in &incidents {
            tx.record_incident(incident)?;
        }
        if walk.request.sending != Sending::DryRun && !desk.before.is_empty() {
            tx.put_equity(&Equity {
                book: BOOK.to_owned(),
                day: session.day,
                currency: market::Currency::USD,
                cash: desk.engine.view().cash(),
                positions: desk.account.equity() - desk.account.cash(),
            })?;
        }
        Ok::<usize, Error>(incidents.len())
    })?;
    Ok(())
}

/// Collects differences.
struct Differences<'a> {
    session: &'a Session,
    found: Vec<Incident>,
}

impl Differences<'_> {
    /// Notes what differs. The name holds a digest of what was seen: another difference is
    /// another incident, the same one is written once.
    fn hold(&mut self, what: &str, symbol: Option<&str>, (ours, theirs): (String, String)) {
        if ours == theirs {
            return;
        }
        let name = format!("{what}/{}", incidents::digest_of(&format!("{ours} {theirs}")));
        let detail = json!({"what": what, "symbol": symbol, "ours": ours, "broker": theirs});
        let when = (self.session.day, self.session.close);
        self.found.push(incidents::difference(when, &name, detail));
    }
}

fn differences(session: &Session, desk: &Desk) -> Vec<Incident> {
    let mut differences = Differences { session, found: Vec::new() };
    let (snapshot, view) = (desk.account.snapshot(), desk.engine.view());
    let cash = (view.cash().to_string(), snapshot.cash.to_string());
    differences.hold("cash", None, cash);
    let mut instruments: BTreeSet<InstrumentId> = view.positions().map(|(id, _)| id).collect();
    instruments.extend(snapshot.positions.iter().map(|held| held.instrument));
    for instrument in instruments {
        let (ours, theirs) = (view.qty(instrument), desk.account.position(instrument));
        let symbol = desk.numbers.symbol(instrument);
        differences.hold(symbol, Some(symbol), (ours.to_string(), theirs.to_string()));
    }
    let ours: Vec<(&ClientOrderId, InstrumentId)> =
        view.orders().map(|order| (&order.request.id, order.request.instrument)).collect();
    for (order, instrument) in &ours {
        let word = if snapshot.open_orders.contains(order) { "working" } else { "unknown" };
        let symbol = desk.numbers.symbol(*instrument);
        let both = ("working".to_owned(), word.to_owned());
        differences.hold(&format!("order {order}"), Some(symbol), both);
    }
    for order in &snapshot.open_orders {
        let known = ours.iter().any(|(ours, _)| *ours == order);
        let word = if known { "working" } else { "unknown" };
        // Whose order it is, only the broker knows: nothing is opened until someone has looked.
        let both = (word.to_owned(), "working".to_owned());
        differences.hold(&format!("order {order}"), None, both);
    }
    differences.found
}

/// 10. The page; its digest is on record.
pub(crate) fn report(walk: &Walk<'_>) -> Result<Ended, Error> {
    let page = page::page(walk)?;
    let digest = Digest::of(page.html().as_bytes()).to_string();
    walk.store.step(&walk.key("report"), &walk.inputs(), |_| Ok::<String, Error>(digest))?;
    Ok(Ended::Told(page))
}
