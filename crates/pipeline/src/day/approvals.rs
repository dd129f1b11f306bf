//! A person's word on intents, from wherever it comes.

use base::Ts;
use store::{Approval, Decision, Intent, IntentState, StepKey, Store, Tx};

use super::desk::noted_day;
use super::steps::plan::Planned;
use super::{BOOK, LAST_DAY, Step};
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
