//! Instruments that plans of others wait for.

use base::Ts;
use market::{Bar, Broker, InstrumentId};

use super::answers::Told;
use super::core::{Core, Ports};
use crate::Error;
use crate::exit::Keeper;
use crate::journal::Journal;

impl Core {
    /// Counts anew how many plans wait for an instrument, where a plan waits for one.
    pub(super) fn count_watched(&mut self, watched: Option<InstrumentId>) {
        let Some(watched) = watched else { return };
        let plans = self.state.plans.values().flatten();
        let watching = plans.filter(|keeper| keeper.waits_for(watched)).count();
        if let Some(hot) = self.hot.get_mut(watched.index()) {
            hot.watchers = watching as u32;
        }
    }

    /// Shows a bar to the plans that wait for a price of its instrument.
    pub(super) fn show_watchers<B: Broker, J: Journal>(
        &mut self,
        watched: InstrumentId,
        (start, bar): (Ts, &Bar),
        ports: &mut Ports<'_, B, J>,
    ) -> Result<(), Error> {
        let waits = |keepers: &[Keeper]| keepers.iter().any(|keeper| keeper.waits_for(watched));
        let plans = self.state.plans.iter().filter(|(_, keepers)| waits(keepers));
        let instruments: Vec<InstrumentId> = plans.map(|(instrument, _)| *instrument).collect();
        for instrument in instruments {
            self.with_plans(instrument, ports, |keeper, _| {
                if keeper.waits_for(watched) {
                    keeper.on_watched_bar(start, bar);
                }
                Told::IfChanged
            })?;
        }
        self.answers(ports)
    }
}
