//! A person's word on intents, from wherever it comes: the command line, a page, a message. All of
//! them call [`decide`]; a day that is walked, or lived through, reads what was decided.

use ::desk::journal::State;
use std::collections::BTreeSet;

use base::Ts;
use market::Command;
use store::{Approval, Decision, Intent, IntentState, StepKey, Store, Tx};

use super::desk::noted_day;
use super::steps::plan::Planned;
use super::{BOOK, LAST_DAY, Step, Walk};
use crate::Error;

/// What a person says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Who.
    pub who: String,
    /// What.
    pub decision: Decision,
    /// Why.
    pub why: String,
}

/// The intents of the last day walked, in order of name.
pub fn last_intents(store: &Store) -> Result<Vec<Intent>, Error> {
    match store.read(|tx| noted_day(tx, LAST_DAY))? {
        Some(day) => Ok(store.read(|tx| tx.intents_of_day(day, BOOK))?),
        None => Ok(Vec::new()),
    }
}

/// Writes down a decision on each of the intents, or on none where one can't be decided on any
/// more.
pub fn decide(store: &Store, intents: &[String], word: &Word) -> Result<(), Error> {
    let at = store.now();
    store.transaction("orders", |tx| {
        for id in intents {
            may_decide(tx, id, word, at)?;
            let (who, reason) = (word.who.clone(), word.why.clone());
            let (intent, decision) = (id.clone(), word.decision);
            tx.decide(&Approval { intent, who, at, decision, reason })?;
        }
        Ok(())
    })
}

/// What was decided on the intents of the session.
pub(crate) fn decided(walk: &Walk<'_>) -> Result<Vec<Approval>, Error> {
    walk.store.read(|tx| {
        let mut decided = Vec::new();
        for intent in tx.intents_of_day(walk.request.session, BOOK)? {
            decided.extend(tx.approval(&intent.id)?);
        }
        Ok(decided)
    })
}

/// What the engine has to be told of its waiting intents: the words on them, and once it is late
/// that the others expire. Those that do not wait were told before, or a halt has refused them.
pub(crate) fn words(walk: &Walk<'_>, state: &State, is_late: bool) -> Result<Vec<Command>, Error> {
    let mut open: BTreeSet<&String> = state.waiting.keys().collect();
    let mut commands = Vec::new();
    for Approval { intent, who, decision, .. } in decided(walk)? {
        if open.remove(&intent) {
            commands.push(match decision {
                Decision::Approve => Command::Approve { intent, who },
                Decision::Reject => Command::Reject { intent, who },
            });
        }
    }
    if is_late {
        commands.extend(open.into_iter().map(|intent| Command::Expire { intent: intent.clone() }));
    }
    Ok(commands)
}

/// Whether the time for a person's word is over.
pub(crate) fn is_late(store: &Store, planned: &Planned) -> bool {
    planned.expires.is_some_and(|until| store.now() >= until)
}

/// The same for all that wait, each by itself: one that can't be decided on any more stands in
/// nobody's way. Gives those decided on, and of the others why not.
pub fn decide_each(store: &Store, intents: &[String], word: &Word) -> Result<Decided, Error> {
    let mut decided = Decided::default();
    for id in intents {
        match decide(store, std::slice::from_ref(id), word) {
            Ok(()) => decided.done.push(id.clone()),
            Err(Error::Approve { intent, fault }) => decided.left.push((intent, fault)),
            Err(other) => return Err(other),
        }
    }
    Ok(decided)
}

/// What became of a word on many intents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decided {
    /// Those that it was written down for.
    pub done: Vec<String>,
    /// The others, and why.
    pub left: Vec<(String, String)>,
}

fn may_decide(tx: &Tx<'_>, id: &str, word: &Word, at: Ts) -> Result<(), Error> {
    let refuse = |fault: String| Err(Error::Approve { intent: id.to_owned(), fault });
    let Some(intent) = tx.intent(id)? else {
        return refuse("there is no such intent; `trimtab orders ls` lists them".to_owned());
    };
    if tx.approval(id)?.is_none() && intent.state != IntentState::Planned {
        let state = format!("{:?}", intent.state).to_lowercase();
        return refuse(format!("it waits no more: it is {state}"));
    }
    let key = StepKey::new(intent.day, BOOK, Step::Plan.name());
    let record = tx.step_record(&key)?;
    let planned = record.and_then(|step| serde_json::from_value::<Planned>(step.output).ok());
    match planned.and_then(|planned| planned.expires) {
        Some(until) if at >= until && word.decision == Decision::Approve => {
            refuse(format!("it expired at {until}"))
        }
        _ => Ok(()),
    }
}
