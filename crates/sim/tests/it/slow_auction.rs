//! Auctions on the blackboard.

use market::depth::{BookSide, Lots, Ticks};
use sim::depth::{CancelReason, Display, Guard, Kind, Session, Trade, VenueEvent};

use crate::slow_venue::{FAR, Slow, SlowVenue, State};

impl SlowVenue {
    /// Limit in an auction of one that takes part.
    fn auction_limit(&self, session: Session, slow: &Slow) -> Option<i64> {
        let any = if slow.order.side == BookSide::Bid { FAR } else { -FAR };
        match (slow.state, slow.order.kind) {
            (State::Book(price, _), _) => Some(price.0),
            (State::Call(of), Kind::Auction { limit, .. }) if of == session => {
                Some(limit.map_or(any, |limit| limit.0))
            }
            _ => None,
        }
    }

    fn wanting(&self, session: Session, side: BookSide, price: i64) -> Vec<Slow> {
        let mut all: Vec<Slow> = self.orders.clone();
        all.retain(|slow| slow.order.side == side);
        all.retain(|slow| {
            self.auction_limit(session, slow).is_some_and(|limit| match side {
                BookSide::Bid => limit >= price,
                BookSide::Ask => limit <= price,
            })
        });
        all.sort_by_key(|slow| {
            let limit = self.auction_limit(session, slow).unwrap();
            let badness = if side == BookSide::Bid { -limit } else { limit };
            let class = match slow.state {
                State::Call(_) => 1,
                _ if slow.order.display == Display::Hidden => 2,
                _ => 0,
            };
            (badness, class, slow.turn)
        });
        all
    }

    /// Price and size at which an auction would end now.
    fn outcome(&self, session: Session) -> Option<(Ticks, Lots)> {
        let sum = |all: Vec<Slow>| all.iter().map(|slow| slow.left).sum::<Lots>().0;
        let mut prices: Vec<i64> =
            self.orders.iter().filter_map(|slow| self.auction_limit(session, slow)).collect();
        prices.retain(|price| price.abs() != FAR);
        prices.extend(self.last.or(self.config.reference).map(|price| price.0));
        let rated = prices.into_iter().map(|price| {
            let buys = sum(self.wanting(session, BookSide::Bid, price));
            let sells = sum(self.wanting(session, BookSide::Ask, price));
            (price, buys.min(sells), (buys - sells).abs())
        });
        let mut rated: Vec<(i64, i64, i64)> = rated.collect();
        let most = rated.iter().map(|rate| rate.1).max().unwrap_or(0);
        if most == 0 {
            return None;
        }
        rated.retain(|rate| rate.1 == most);
        let least = rated.iter().map(|rate| rate.2).min().unwrap();
        rated.retain(|rate| rate.2 == least);
        let low = rated.iter().map(|rate| rate.0).min().unwrap();
        let high = rated.iter().map(|rate| rate.0).max().unwrap();
        let middle = Ticks((low + high).div_euclid(2));
        let near = self.last.or(self.config.reference).unwrap_or(middle).0;
        rated.sort_by_key(|rate| ((rate.0 - near).abs(), -rate.0));
        Some((Ticks(rated[0].0), Lots(most)))
    }

    pub(crate) fn uncross(&mut self, session: Session) {
        while self.part_one(session) {}
        match self.outcome(session) {
            None => {
                let (price, size) = (None, Lots(0));
                self.events.push(VenueEvent::Auctioned { price, size });
            }
            Some((price, most)) => self.auction_trades(session, price, most),
        }
        self.expire(
            |order| matches!(order.kind, Kind::Auction { session: of, .. } if of == session),
        );
    }

    /// Lot by lot: whom the next lot of each side would meet. Heeds the first guard.
    fn part_one(&mut self, session: Session) -> bool {
        let Some((price, most)) = self.outcome(session) else { return false };
        let lots = |side| {
            let all = self.wanting(session, side, price.0);
            all.into_iter().flat_map(|slow| vec![slow; slow.left.0 as usize]).collect::<Vec<_>>()
        };
        let pairs: Vec<(Slow, Slow)> = lots(BookSide::Bid)
            .into_iter()
            .zip(lots(BookSide::Ask))
            .take(most.0 as usize)
            .collect();
        let is_own = |(bid, ask): &(Slow, Slow)| {
            let later = if bid.arrival > ask.arrival { bid } else { ask };
            bid.order.owner == ask.order.owner && later.order.guard != Guard::Allow
        };
        let Some((bid, ask)) = pairs.iter().find(|pair| is_own(pair)) else { return false };
        let same = |pair: &&(Slow, Slow)| {
            (pair.0.order.key, pair.1.order.key) == (bid.order.key, ask.order.key)
        };
        let both = Lots(pairs.iter().filter(same).count() as i64);
        let (old, new) = if bid.arrival > ask.arrival { (ask, bid) } else { (bid, ask) };
        let (old, new, guard) = (old.order.key, new.order.key, new.order.guard);
        let reason = CancelReason::SelfTrade;
        if guard == Guard::Decrement {
            for key in [old, new] {
                let left = self.wear(key, both);
                self.cancelled(key, both, left, reason);
            }
        }
        if matches!(guard, Guard::CancelOldest | Guard::CancelBoth) {
            self.drop_order(self.find(old).unwrap(), reason);
        }
        if matches!(guard, Guard::CancelNewest | Guard::CancelBoth) {
            self.drop_order(self.find(new).unwrap(), reason);
        }
        true
    }

    fn auction_trades(&mut self, session: Session, price: Ticks, most: Lots) {
        self.events.push(VenueEvent::Auctioned { price: Some(price), size: most });
        let buys = self.wanting(session, BookSide::Bid, price.0);
        let sells = self.wanting(session, BookSide::Ask, price.0);
        let (mut missing, mut buy, mut sell) = (most, 0, 0);
        while missing > Lots(0) {
            let left = |slow: &Slow| self.orders[self.find(slow.order.key).unwrap()].left;
            let (buyer, seller) = (buys[buy].order, sells[sell].order);
            let size = left(&buys[buy]).min(left(&sells[sell])).min(missing);
            let taker_left = self.wear(buyer.key, size);
            let maker_left = self.wear(seller.key, size);
            self.events.push(VenueEvent::Traded(Trade {
                price,
                size,
                maker: seller.key,
                maker_owner: seller.owner,
                maker_left,
                taker: buyer.key,
                taker_owner: buyer.owner,
                taker_left,
                aggressor: None,
            }));
            missing -= size;
            buy += usize::from(taker_left == Lots(0));
            sell += usize::from(maker_left == Lots(0));
        }
        self.print(price);
    }
}
