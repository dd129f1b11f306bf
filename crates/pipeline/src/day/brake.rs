//! What halts the day: the kill switch, and differences with the broker that nobody has settled.

use std::collections::BTreeMap;

use ::desk::Engine;
use ::desk::journal::State;
use books::breakout::BreakoutBook;
use market::{BrokerEvent, Command, Event, InstrumentId, OrderState, What};
use store::Incident;

use super::desk::{Numbers, save, unsent};
use super::incidents::DIFFERENCE;
use super::{Sending, Walk, records};
use crate::Error;

/// The kill switch, asked again and again while a day is walked.
pub trait Brake: Sync {
    /// True while it is pulled.
    fn is_pulled(&self) -> Result<bool, Error>;
}

/// A kill switch that nobody can pull.
#[derive(Debug, Clone, Copy, Default)]
pub struct Released;

impl Brake for Released {
    fn is_pulled(&self) -> Result<bool, Error> {
        Ok(false)
    }
}

/// What the engine has to be told so that it stands as the switch and the incidents do.
pub(crate) fn commands(
    walk: &Walk<'_>,
    (state, numbers): (&State, &Numbers),
) -> Result<Vec<Command>, Error> {
    let mut commands = Vec::new();
    commands.extend(switch(walk, state.killed.is_some())?);
    let open = walk.store.read(|tx| tx.open_incidents())?;
    let mut wanted: BTreeMap<Option<InstrumentId>, String> = BTreeMap::new();
    for incident in open.into_iter().filter(|incident| incident.kind == DIFFERENCE) {
        wanted.entry(concerned(&incident, numbers)).or_insert(incident.id);
    }
    let here = state.frozen_instruments.keys().copied().map(Some);
    let frozen: Vec<Option<InstrumentId>> =
        here.chain(state.frozen.is_some().then_some(None)).collect();
    for (instrument, incident) in &wanted {
        if !frozen.contains(instrument) {
            let (instrument, incident) = (*instrument, incident.clone());
            commands.push(Command::Freeze { instrument, incident });
        }
    }
    let over = frozen.into_iter().filter(|instrument| !wanted.contains_key(instrument));
    commands.extend(over.map(|instrument| Command::Thaw { instrument }));
    Ok(commands)
}

/// What the kill switch says, where it is news to the engine.
fn switch(walk: &Walk<'_>, is_killed: bool) -> Result<Option<Command>, Error> {
    Ok(match (walk.brake.is_pulled()?, is_killed) {
        (true, false) => Some(kill()),
        (false, true) => {
            Some(Command::Resume { reason: "the kill switch was released".to_owned() })
        }
        _ => None,
    })
}

pub(crate) fn kill() -> Command {
    Command::Kill { reason: "the kill switch was pulled".to_owned() }
}

/// The instrument of a difference; none where it is cash, which freezes the account.
fn concerned(incident: &Incident, numbers: &Numbers) -> Option<InstrumentId> {
    incident.detail["symbol"].as_str().and_then(|symbol| numbers.of(symbol))
}

/// Tells the engine what the switch and the incidents say. Orders that a halt takes back are
/// taken back at the broker too; those it has never heard of are never sent.
pub(crate) fn obey(walk: &Walk<'_>) -> Result<(), Error> {
    if walk.request.sending == Sending::DryRun || walk.outside.is_some() {
        // With a broker outside they are heard in the session, where orders can be taken back.
        return Ok(());
    }
    let mut desk = walk.desk(BreakoutBook::default())?;
    let commands = commands(walk, (desk.engine.state(), &desk.numbers))?;
    if commands.is_empty() {
        return Ok(());
    }
    let at = walk.not_before(&desk.engine, walk.planned_at());
    walk.store.transaction("breakout.obey", |tx| {
        for command in &commands {
            let what = What::Command(command.clone());
            desk.happen(&Event { at, known: at, what })?;
        }
        let view = desk.engine.view();
        let halted = |of: InstrumentId| view.is_killed() || view.is_frozen(of);
        let unsent = unsent(tx)?.into_iter();
        let halted: Vec<_> =
            unsent.filter(|order| halted(order.request.instrument)).map(|order| order.id).collect();
        for order in halted {
            let reason = "never sent: trading was halted".to_owned();
            let state = OrderState::Cancelled;
            let what = What::Broker(BrokerEvent::Moved { order, state, reason });
            desk.tell(&Event { at, known: at, what })?;
        }
        records::write(walk, tx, &desk)?;
        save(tx, &desk)
    })
}

impl Walk<'_> {
    /// A time for an event that is no earlier than what the engine has seen.
    pub(crate) fn not_before(&self, engine: &Engine<BreakoutBook>, at: base::Ts) -> base::Ts {
        at.max(engine.view().now())
    }
}
