//! What of the desk's orders is to stand at Alpaca now.

use std::collections::BTreeMap;

use market::{ClientOrderId, InstrumentId, Qty};

use super::Alpaca;
use super::line::Line;
use crate::shelf::Kept;

/// What of a group should stand at the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub instrument: InstrumentId,
    /// The target before the stop, or one alone.
    pub orders: Vec<ClientOrderId>,
    /// Without a sign.
    pub qty: Qty,
}

/// Exits of which one cancels the others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Group {
    /// All of them that are awake, also those that are being taken back.
    pub members: Vec<ClientOrderId>,
    pub wanted: Option<Wanted>,
}

impl<L: Line> Alpaca<L> {
    /// Takes an order back: at once where it does not stand at the broker, else when that says so.
    pub(super) fn drop_order(&mut self, order: &ClientOrderId) {
        if let Some(kept) = self.shelf.kept.get_mut(order) {
            kept.is_cancelling = true;
        } else if let Some(pack) = self.pack_of(order)
            && let Some(pack) = self.packs.get_mut(&pack)
        {
            // An order of ours that the desk does not know: it goes with all of its pack.
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
        let chosen: Vec<&Kept> = match market {
            Some(market) => vec![market],
            None => target.into_iter().chain(stop).collect(),
        };
        let wanted = chosen.last().map(|last| Wanted {
            instrument: last.request.instrument,
            qty: self.shelf.open_qty(last),
            orders: chosen.iter().map(|kept| kept.request.id.clone()).collect(),
        });
        let members = members.iter().map(|kept| kept.request.id.clone()).collect();
        Group { members, wanted }
    }

    /// Orders that are taken back or used up, and stand nowhere: they have ended.
    pub(super) fn release(&mut self) {
        let packs = &self.packs;
        self.shelf.release(|order| packs.values().any(|pack| pack.serves(order)));
    }
}
