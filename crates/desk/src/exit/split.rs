//! What a split does to a plan.

use super::keeper::Keeper;
use super::plan::TargetAt;

impl Keeper {
    /// Prices are divided and quantities multiplied by the ratio of a split.
    pub fn split(&mut self, ratio: f64) {
        let plan = &mut self.plan;
        let first_stop = plan.trail.as_mut().and_then(|trail| trail.first_stop.as_mut());
        let own = [&mut plan.entry, &mut plan.stop, &mut self.stop, &mut self.risk];
        for price in own.into_iter().chain(first_stop).chain(self.refused_stop.as_mut()) {
            *price = crate::ledger::divided(*price, ratio);
        }
        let targets = plan.targets.iter_mut().map(|target| &mut target.at);
        let in_force = self.tranches.iter_mut().filter_map(|tranche| tranche.target.as_mut());
        for at in targets.chain(in_force) {
            if let TargetAt::Price(price) = at {
                *price = crate::ledger::divided(*price, ratio);
            }
        }
        self.watch.split(ratio);
        let legs = std::iter::once(&mut self.first).chain(self.add.as_mut());
        for leg in legs {
            leg.asked = crate::ledger::multiplied(leg.asked, ratio);
            leg.filled = crate::ledger::multiplied(leg.filled, ratio);
        }
        self.closed = crate::ledger::multiplied(self.closed, ratio);
        for tranche in &mut self.tranches {
            for qty in [&mut tranche.asked, &mut tranche.open, &mut tranche.entered] {
                *qty = crate::ledger::multiplied(*qty, ratio);
            }
            for live in tranche.slots().into_iter().flatten() {
                live.qty = crate::ledger::multiplied(live.qty, ratio);
                live.price = crate::ledger::divided(live.price, ratio);
            }
        }
    }
}
