//! What of the desk's orders is to stand at Alpaca now.

use std::collections::BTreeMap;

use market::{ClientOrderId, InstrumentId, Qty};

use super::Alpaca;
use super::line::Line;
use super::packs::Pack;
use crate::shelf::Kept;

/// What of a group should stand at the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub instrument: InstrumentId,
    /// The target before the stop, or one alone.
    pub orders: Vec<ClientOrderId>,
    /// Without a sign.
    pub qty: Qty,
    /// What a target left of a share: it goes at the market, in the target's name.
    pub is_remnant: bool,
}

impl Wanted {
    /// Whether a pack stands for just this.
    pub(super) fn is_pack(&self, pack: &Pack) -> bool {
        pack.open_qty() == self.qty && pack.open_legs().map(|leg| &leg.order).eq(&self.orders)
    }
}

/// Exits of which one cancels the others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Group {
    /// All of them that are awake, also those that are being taken back.
    pub members: Vec<ClientOrderId>,
    /// Two where a fraction stands behind a stop of its own.
    pub wanted: Vec<Wanted>,
}

impl<L: Line> Alpaca<L> {
    /// Takes an order back: at once where it does not stand at the broker, else when that says so.
    pub(super) fn drop_order(&mut self, order: &ClientOrderId) {
        if let Some(kept) = self.shelf.kept.get_mut(order) {
            kept.is_cancelling = true;
            return;
        }
        // An order of ours that the desk does not know: it goes with all of its packs.
        for pack in self.packs.values_mut().filter(|pack| pack.serves(order)) {
            pack.is_ours_to_end = true;
        }
    }

    /// The groups of exits, and what of each should stand at the broker: the newest stop with the
    /// newest target, or what closes at the market alone.
    pub(super) fn groups(&self) -> Vec<Group> {
        let mut groups: BTreeMap<&str, Vec<&Kept>> = BTreeMap::new();
        for kept in
            self.shelf.kept.values().filter(|kept| !kept.is_recalled && !self.shelf.is_asleep(kept))
        {
            if let Some(group) = kept.group() {
                groups.entry(group).or_default().push(kept);
            }
        }
        groups.into_values().map(|members| self.group(&members)).collect()
    }

    fn group(&self, members: &[&Kept]) -> Group {
        let newest = |fits: &dyn Fn(&Kept) -> bool| {
            let live = members.iter().copied().filter(|kept| {
                !kept.is_cancelling && self.shelf.open_qty(kept) > Qty::ZERO && fits(kept)
            });
            live.max_by_key(|kept| kept.arrived)
        };
        let market = newest(&Kept::is_market);
        let stop = newest(&Kept::is_stop);
        let target = newest(&|kept| !kept.is_stop() && !kept.is_market());
        let alone = |kept: &Kept| Wanted {
            instrument: kept.request.instrument,
            qty: self.shelf.open_qty(kept),
            orders: vec![kept.request.id.clone()],
            is_remnant: false,
        };
        let members: Vec<ClientOrderId> =
            members.iter().map(|kept| kept.request.id.clone()).collect();
        let wanted = match (market, target, stop) {
            (None, Some(target), Some(stop)) => self.split((target, stop), &members),
            _ => market.or(target).or(stop).map(alone).into_iter().collect(),
        };
        Group { members, wanted }
    }

    /// Orders that are taken back or used up, and stand nowhere: they have ended.
    pub(super) fn release(&mut self) {
        let packs = &self.packs;
        self.shelf.release(|order| packs.values().any(|pack| pack.serves(order)));
    }
}
