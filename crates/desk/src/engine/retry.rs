//! Closing orders that a broker refused are asked for again: soon, and then less and less often.
//!
//! Each bar asks again too. Between two bars of a quarter of an hour nothing else would.

use base::{Span, Ts};
use market::{Broker, InstrumentId};

use super::answers::Told;
use super::core::{Core, Ports};
use crate::Error;
use crate::journal::Journal;

/// From a refusal to the first time it is asked for again.
const SOON: Span = Span::from_seconds(30);
/// The longest that is waited between two times.
const LONGEST: Span = Span::from_minutes(5);

/// When to ask again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Retry {
    at: Ts,
    wait: Span,
}

impl Retry {
    fn new(now: Ts) -> Retry {
        Retry { at: now + SOON, wait: SOON }
    }

    /// Whether it is time; the next time is then later than this one.
    fn is_due(&mut self, now: Ts) -> bool {
        let is_due = now >= self.at;
        if is_due {
            self.wait = (self.wait + self.wait).min(LONGEST);
            self.at = now + self.wait;
        }
        is_due
    }
}

impl Core {
    /// Asks again where it is time, in instruments where a closing order was refused or something
    /// is held that nobody meant.
    pub(super) fn retry<B: Broker, J: Journal>(
        &mut self,
        ports: &mut Ports<'_, B, J>,
    ) -> Result<(), Error> {
        let plans = &self.state.plans;
        let refused = plans
            .iter()
            .filter(|(_, keepers)| keepers.iter().any(|keeper| keeper.watch.exit_refused));
        let open = refused.map(|(instrument, _)| *instrument);
        let open: Vec<InstrumentId> = open.chain(self.astray.iter().copied()).collect();
        // One whose plan goes on may be refused again: it has waited already.
        self.retries.retain(|it, _| plans.contains_key(it) || open.contains(it));
        for instrument in open {
            let now = self.now;
            let retry = self.retries.entry(instrument).or_insert_with(|| Retry::new(now));
            if !retry.is_due(now) {
                continue;
            }
            self.with_plans(instrument, ports, |keeper, _| {
                keeper.watch.exit_refused = false;
                Told::IfChanged
            })?;
            self.close_strays(instrument, ports);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_asked_for_less_and_less_often() {
        let begun = Ts::from_nanos(0);
        let mut retry = Retry::new(begun);
        let due = (0..1200_i64).filter(|second| retry.is_due(begun + Span::from_seconds(*second)));
        assert_eq!(due.collect::<Vec<_>>(), [30, 90, 210, 450, 750, 1050]);
    }
}
