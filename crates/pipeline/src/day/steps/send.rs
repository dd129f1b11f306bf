//! Steps 6 and 7: a person's word, then orders.

use books::breakout::BreakoutBook;
use market::{Broker as _, Command, Event, OrderState, What};
use store::{Approval, Decision, IntentState, Tx};

use super::plan::outcome;
use crate::Error;
use crate::day::desk::{Desk, save, unsent};
use crate::day::{Ended, Pause, Sending, Waiting, Walk, approvals, brake, records};

/// 6. A person, or the rule for unattended mode, decides. The step is done once nothing waits;
///    what waited too long expires.
pub(crate) fn approve(walk: &Walk<'_>) -> Result<Ended, Error> {
    brake::obey(walk)?;
    let record = walk.store.read(|tx| tx.step_record(&walk.key("approve")))?;
    if record.is_some_and(|record| record.state == store::StepState::Skipped) {
        return Ok(Ended::Over);
    }
    let planned = outcome(walk)?;
    let waiting = walk.store.read(|tx| undecided(tx, &planned.intents))?;
    let is_open = !approvals::is_late(walk.store, &planned);
    // On a broker outside positions want to be looked after whether a person has come or not: the
    // session begins, and hears the word when it is said.
    let goes_on = walk.outside.is_some();
    if walk.request.sending == Sending::Approved && !waiting.is_empty() && is_open && !goes_on {
        let until = planned.expires.unwrap_or(base::Ts::MAX);
        let waits = |intent| Waiting { intent, until };
        return Ok(Ended::Paused(Pause::Person(waiting.into_iter().map(waits).collect())));
    }
    let look = || -> Result<Desk, Error> {
        let mut desk = walk.desk(BreakoutBook::default())?;
        if walk.request.sending == Sending::Approved && !is_open {
            let at = walk.not_before(&desk.engine, walk.planned_at());
            for intent in &waiting {
                let what = What::Command(Command::Expire { intent: intent.clone() });
                desk.tell(&Event { at, known: at, what })?;
            }
        }
        Ok(desk)
    };
    walk.store.prepared_step(&walk.key("approve"), &walk.inputs(), look, |tx, desk| {
        records::write(walk, tx, &desk)?;
        if walk.request.sending == Sending::Unattended {
            for intent in &waiting {
                tx.decide(&unattended(walk, intent))?;
            }
        }
        Ok::<usize, Error>(waiting.len())
    })?;
    Ok(Ended::Over)
}

fn unattended(walk: &Walk<'_>, intent: &str) -> Approval {
    Approval {
        intent: intent.to_owned(),
        who: "unattended".to_owned(),
        at: walk.planned_at(),
        decision: Decision::Approve,
        reason: "unattended mode was asked for".to_owned(),
    }
}

/// Those of the intents on which nobody has decided.
fn undecided(tx: &Tx<'_>, intents: &[String]) -> Result<Vec<String>, Error> {
    let mut waiting = Vec::new();
    for id in intents {
        let undecided = tx.approval(id)?.is_none();
        if undecided && tx.intent(id)?.is_some_and(|i| i.state == IntentState::Planned) {
            waiting.push(id.clone());
        }
    }
    Ok(waiting)
}

/// 7. Approved intents become orders, written down before anyone hears of them; then the broker
///    is told.
pub(crate) fn execute(walk: &Walk<'_>) -> Result<(), Error> {
    brake::obey(walk)?;
    let look = || -> Result<Desk, Error> {
        let mut desk = walk.desk(BreakoutBook::default())?;
        let at = walk.not_before(&desk.engine, walk.sending_time()?);
        for command in approvals::words(walk, desk.engine.state(), false)? {
            desk.tell(&Event { at, known: at, what: What::Command(command) })?;
        }
        Ok(desk)
    };
    walk.store.prepared_step(&walk.key("execute"), &walk.inputs(), look, |tx, desk| {
        if walk.request.sending != Sending::DryRun {
            records::write(walk, tx, &desk)?;
        }
        Ok::<usize, Error>(desk.journal.lines.len())
    })?;
    transmit(walk)
}

/// Tells the broker of orders that are written down and not sent. It knows an order by its name,
/// so telling it twice is telling it once.
fn transmit(walk: &Walk<'_>) -> Result<(), Error> {
    brake::obey(walk)?;
    if walk.request.sending == Sending::DryRun || walk.outside.is_some() {
        // To a broker outside they go in the session, once it was asked what stands.
        return Ok(());
    }
    let mut desk = walk.desk(BreakoutBook::default())?;
    walk.store.transaction("breakout.transmit", |tx| {
        for order in unsent(tx)? {
            let at = walk.not_before(&desk.engine, walk.sent_at());
            desk.account.submit(at, &order.request);
            tx.move_order(&order.id, OrderState::Sent, "to the simulated broker")?;
        }
        save(tx, &desk)
    })
}
