//! What a book answers to an event.

use market::{Event, InstrumentId, Price};

use super::View;
use crate::intent::Intent;
use crate::risk::Regime;

/// A strategy: it sees events and a view of the desk, and says what it wants.
pub trait Book {
    /// Takes in an event. `decision` is empty; what is put there is carried out.
    fn on(&mut self, event: &Event, view: &View<'_>, decision: &mut Decision);
}

/// A book's answer; reused from event to event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decision {
    pub(super) intents: Vec<Intent>,
    pub(super) changes: Vec<Change>,
    pub(super) regime: Option<Regime>,
}

/// A wish that concerns what is already there.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Close all of an instrument at the market.
    CloseInstrument(InstrumentId),
    /// Close one plan at the market.
    ClosePlan(InstrumentId, String),
    /// Take back the entry of a plan; what has filled stays, protected.
    CancelEntry(InstrumentId, String),
    /// Move a plan's stop; only tighter is allowed.
    TightenStop(InstrumentId, String, Price),
}

impl Decision {
    /// Asks for a position.
    pub fn want(&mut self, intent: Intent) {
        self.intents.push(intent);
    }

    /// Asks for a change.
    pub fn change(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Sets the regime filter; it stays until set again.
    pub fn set_regime(&mut self, regime: Regime) {
        self.regime = Some(regime);
    }

    /// True when nothing is wanted.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.intents.is_empty() && self.changes.is_empty() && self.regime.is_none()
    }

    pub(super) fn clear(&mut self) {
        self.intents.clear();
        self.changes.clear();
        self.regime = None;
    }
}
