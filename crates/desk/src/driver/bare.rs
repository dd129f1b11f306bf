//! Watches that nothing is held for long without a stop that the broker has taken.
//!
//! Repairing is the keeper's work: it places, moves and resizes stops, and closes what the broker
//! refuses to protect. This is who says so when that takes too long.

use std::collections::BTreeMap;

use base::{Span, Ts};
use market::{InstrumentId, OrderState, Qty};

use crate::journal::State;
use crate::orders::Role;

/// Longest that a position may wait for its stop before a person is told.
pub const BARE: Span = Span::from_seconds(60);

/// Positions without a stop as large as they are.
#[derive(Debug, Default)]
pub(super) struct Bare {
    /// Since when, by the clock that never jumps, and whether it was told.
    since: BTreeMap<InstrumentId, (Ts, bool)>,
}

impl Bare {
    /// Looks at what is held; gives what a person should know, once for each time it lasts.
    pub(super) fn look(&mut self, state: &State, now: Ts) -> Vec<String> {
        let bare: BTreeMap<InstrumentId, (Qty, Qty)> = bare(state).collect();
        self.since.retain(|instrument, _| bare.contains_key(instrument));
        let mut told = Vec::new();
        for (instrument, (held, covered)) in bare {
            let (since, is_told) = self.since.entry(instrument).or_insert((now, false));
            if !*is_told && now >= *since + BARE {
                *is_told = true;
                told.push(format!(
                    "of instrument {}, {held} are held and stops for {covered} stand: for {} \
                     seconds and more. Look at the broker; close it there or place a stop by hand \
                     if it stays so",
                    instrument.0,
                    BARE.seconds(),
                ));
            }
        }
        told
    }
}

/// What plans hold, and how much of it stops cover that the broker has taken or orders that close
/// it; only where that is less.
fn bare(state: &State) -> impl Iterator<Item = (InstrumentId, (Qty, Qty))> + '_ {
    state.plans.iter().filter_map(|(instrument, keepers)| {
        let stopped = keepers.iter().filter(|keeper| keeper.plan.has_stop());
        let held: Qty = stopped.map(|keeper| keeper.open()).sum();
        let covers = |role: Role, at: OrderState| match role {
            Role::Stop(_) => at == OrderState::Working,
            Role::Exit(_) | Role::Close => true,
            _ => false,
        };
        let orders = state.orders.iter().filter(|order| order.request.instrument == *instrument);
        let covering = orders.filter(|order| covers(order.role, order.state));
        let covered: Qty = covering.map(|order| order.left().abs()).sum();
        (covered < held).then_some((*instrument, (held, covered)))
    })
}
