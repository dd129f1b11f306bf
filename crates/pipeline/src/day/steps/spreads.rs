//! Before the plan: the spreads of options that express the session's signals (BRK-25), chosen from
//! the broker's chains. What was chosen is on record before anything is planned with it, so a walk
//! that was cut off goes on with the same spreads.

use std::collections::BTreeMap;

use books::breakout::bet::Signal as BetSignal;
use books::breakout::overlay::{Express, NoSpread, Pick};
use serde::{Deserialize, Serialize};
use store::Tx;

use super::plan::each_signal;
use crate::Error;
use crate::day::Walk;
use crate::day::desk::Numbers;

/// What became of each signal, by its name.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Spreads(BTreeMap<String, Result<Pick, NoSpread>>);

impl Spreads {
    /// The spread of a signal; `None` where there is none.
    pub(super) fn of(&self, signal: &str) -> Option<&Pick> {
        self.0.get(signal).and_then(|it| it.as_ref().ok())
    }

    /// Signals without one, and why.
    pub(super) fn refused(&self) -> impl Iterator<Item = (String, String)> + '_ {
        self.0.iter().filter_map(|(signal, chosen)| {
            let why = chosen.as_ref().err()?;
            Some((format!("{signal}/spread"), format!("{why:?}")))
        })
    }
}

/// Chooses, or reads what was chosen. Nothing where signals are expressed as shares, or where the
/// plan was made already.
pub(super) fn choose(walk: &Walk<'_>) -> Result<Spreads, Error> {
    let is_planned = walk.store.read(|tx| tx.step_record(&walk.key("plan")))?;
    let is_planned = is_planned.is_some_and(|step| step.state.is_over());
    if walk.request.config.overlay.express == Express::Shares || is_planned {
        return Ok(Spreads::default());
    }
    let note = format!("{}/spreads/{}", walk.steps_of(), walk.request.session);
    if let Some(chosen) = walk.store.read(|tx| tx.get(&note))? {
        return serde_json::from_value(chosen.body).map_err(Error::ReadAccount);
    }
    let numbers = walk.store.read(|tx: &Tx<'_>| Numbers::read(tx))?;
    let mut chosen = Spreads::default();
    each_signal(walk, &numbers, |id, signal| {
        chosen.0.insert(id.to_owned(), pick(walk, signal)?);
        Ok(())
    })?;
    let body = serde_json::to_value(&chosen).map_err(Error::ReadAccount)?;
    walk.store.transaction("breakout.spreads", |tx| -> Result<(), Error> {
        let names: Vec<String> =
            chosen.0.values().flatten().map(|pick| pick.spread.to_string()).collect();
        Numbers::extend(tx, names.iter().map(String::as_str))?;
        tx.set(&note, body)?;
        Ok(())
    })?;
    Ok(chosen)
}

fn pick(walk: &Walk<'_>, signal: &BetSignal<'_>) -> Result<Result<Pick, NoSpread>, Error> {
    let (session, config) = (walk.request.session, &walk.request.config.overlay);
    let part = signal.chain_part(session, config);
    if walk.outside.is_none() {
        return Err(Error::FindChain);
    }
    let chain = walk.with_outside(|outside| {
        let chain = outside.chain(signal.symbol, &part);
        chain.map_err(|what| Error::ReachBroker { what })
    })?;
    Ok(signal.spread(&chain, session, config))
}
