//! What a book may see of the desk.

use base::{Day, Ts};
use market::{Cash, InstrumentId, Price, Qty};

use super::core::Core;
use crate::exit::Keeper;
use crate::ledger::Position;
use crate::orders::Working;
use crate::risk::Regime;

/// The desk as it stands at an event.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    core: &'a Core,
}

impl<'a> View<'a> {
    pub(super) fn new(core: &'a Core) -> View<'a> {
        View { core }
    }

    /// When the event was known.
    pub fn now(&self) -> Ts {
        self.core.now()
    }

    /// The trading day.
    pub fn day(&self) -> Day {
        self.core.state().day
    }

    /// Cash on the account.
    pub fn cash(&self) -> Cash {
        self.core.cash()
    }

    /// Cash and positions at the last prices seen.
    pub fn equity(&self) -> Cash {
        self.core.equity()
    }

    /// Signed quantity held; zero for an unknown instrument. The quickest question there is.
    pub fn qty(&self, instrument: InstrumentId) -> Qty {
        self.core.hot(instrument).map_or(Qty::ZERO, |hot| hot.qty)
    }

    /// Last price seen.
    pub fn mark(&self, instrument: InstrumentId) -> Option<Price> {
        self.core.hot(instrument).map(|hot| hot.mark).filter(|mark| *mark > Price::ZERO)
    }

    /// The position in an instrument, if one is open.
    pub fn position(&self, instrument: InstrumentId) -> Option<&'a Position> {
        self.core.state().ledger.position(instrument)
    }

    /// Open positions, ordered by instrument.
    pub fn positions(&self) -> impl ExactSizeIterator<Item = (InstrumentId, &'a Position)> {
        self.core.state().ledger.positions()
    }

    /// Plans at work on an instrument.
    pub fn plans(&self, instrument: InstrumentId) -> &'a [Keeper] {
        self.core.state().plans.get(&instrument).map_or(&[], Vec::as_slice)
    }

    /// All plans at work.
    pub fn all_plans(&self) -> impl Iterator<Item = &'a Keeper> {
        self.core.state().plans.values().flatten()
    }

    /// Orders not done, ordered by id.
    pub fn orders(&self) -> impl Iterator<Item = &'a Working> {
        self.core.state().orders.iter()
    }

    /// True where an order of the instrument is out or a plan at work.
    pub fn is_busy(&self, instrument: InstrumentId) -> bool {
        self.core.hot(instrument).is_some_and(|hot| hot.plans > 0)
            || self.orders().any(|order| order.request.instrument == instrument)
    }

    /// The regime filter's word.
    pub fn regime(&self) -> Regime {
        self.core.state().regime
    }

    /// True where nothing may be opened until a difference with the broker is settled.
    pub fn is_frozen(&self, instrument: InstrumentId) -> bool {
        self.core.state().is_frozen(instrument)
    }

    /// True while the kill switch is on.
    pub fn is_killed(&self) -> bool {
        self.core.state().killed.is_some()
    }
}
