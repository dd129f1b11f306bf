//! Our orders that rest at the venue, in the order in which they trade.

use std::collections::BTreeSet;

use base::Ts;
use market::depth::{BookSide, Lots, OrderKey, Resting, Ticks};

use super::order::OwnId;
use super::queue::{Place, QueueModel};

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Waiting {
    pub(super) id: OwnId,
    pub(super) price: Ticks,
    pub(super) left: Lots,
    pub(super) place: Place,
    /// Recorded orders that stood in front when it joined and still do; of a feed that shows
    /// orders.
    pub(super) in_front: BTreeSet<OrderKey>,
    pub(super) since: Ts,
}

/// Both sides, each with its best first.
#[derive(Debug, Clone, Default)]
pub(super) struct Own {
    bids: Vec<Waiting>,
    asks: Vec<Waiting>,
}

impl Own {
    #[inline]
    pub(super) fn side(&self, side: BookSide) -> &[Waiting] {
        match side {
            BookSide::Bid => &self.bids,
            BookSide::Ask => &self.asks,
        }
    }

    #[inline]
    pub(super) fn side_mut(&mut self, side: BookSide) -> &mut Vec<Waiting> {
        match side {
            BookSide::Bid => &mut self.bids,
            BookSide::Ask => &mut self.asks,
        }
    }

    /// Price of the first order of a side.
    #[inline]
    pub(super) fn best(&self, side: BookSide) -> Option<Ticks> {
        self.side(side).first().map(|order| order.price)
    }

    /// True where one of ours rests at that price.
    #[inline]
    pub(super) fn rests_at(&self, side: BookSide, price: Ticks) -> bool {
        self.side(side).iter().any(|order| order.price == price)
    }

    /// True where any rests.
    #[inline]
    pub(super) fn is_any(&self) -> bool {
        !self.bids.is_empty() || !self.asks.is_empty()
    }

    pub(super) fn contains(&self, id: OwnId) -> bool {
        self.bids.iter().chain(&self.asks).any(|order| order.id == id)
    }

    /// Joins behind all of the same price.
    pub(super) fn join(&mut self, side: BookSide, order: Waiting) {
        let orders = self.side_mut(side);
        let at = orders.partition_point(|other| !side.is_better(order.price, other.price));
        orders.insert(at, order);
    }

    /// Takes one out.
    pub(super) fn remove(&mut self, id: OwnId) -> Option<Waiting> {
        let orders = match self.bids.iter().any(|order| order.id == id) {
            true => &mut self.bids,
            false => &mut self.asks,
        };
        let at = orders.iter().position(|order| order.id == id)?;
        Some(orders.remove(at))
    }

    /// Drops those that have nothing left.
    pub(super) fn drop_filled(&mut self, side: BookSide) {
        self.side_mut(side).retain(|order| order.left > Lots::ZERO);
    }

    /// A level was told anew.
    pub(super) fn told(
        &mut self,
        side: BookSide,
        price: Ticks,
        sizes: (Lots, Lots),
        model: QueueModel,
    ) {
        let (before, after) = (sizes.0.0 as f64, sizes.1.0 as f64);
        for order in self.side_mut(side).iter_mut().filter(|order| order.price == price) {
            order.place.told(before, after, model);
        }
    }

    /// We took so much at a price ourselves: those of ours that rest there come forward.
    pub(super) fn taken_in_front(&mut self, side: BookSide, price: Ticks, size: Lots) {
        for order in self.side_mut(side).iter_mut().filter(|order| order.price == price) {
            order.place.ahead_lots = (order.place.ahead_lots - size.0 as f64).max(0.0);
        }
    }

    /// A recorded order is not what it was: those of ours behind it come forward.
    pub(super) fn changed(&mut self, key: OrderKey, before: &Resting, after: Option<&Resting>) {
        let keeps = after.filter(|now| now.price == before.price && now.size <= before.size);
        let gone = before.size - keeps.map_or(Lots::ZERO, |now| now.size);
        let orders = self.side_mut(before.side).iter_mut();
        for order in orders.filter(|order| order.price == before.price) {
            if !order.in_front.contains(&key) {
                continue;
            }
            order.place.ahead_lots -= gone.0 as f64;
            if keeps.is_none() {
                order.in_front.remove(&key);
            }
        }
    }

    /// Counts anew what stands in front of each, after the book was built anew.
    pub(super) fn recount(&mut self, resting: impl Fn(OrderKey) -> Option<Resting>) {
        for order in self.bids.iter_mut().chain(&mut self.asks) {
            let price = order.price;
            let there = |key: &OrderKey| resting(*key).filter(|recorded| recorded.price == price);
            order.in_front.retain(|key| there(key).is_some());
            let sizes = order.in_front.iter().filter_map(there).map(|r| r.size);
            order.place.ahead_lots = sizes.sum::<Lots>().0 as f64;
        }
    }
}
