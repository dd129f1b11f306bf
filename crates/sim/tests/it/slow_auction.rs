//! Auctions on the blackboard.

use market::depth::{BookSide, Lots, Ticks};
use sim::depth::{Display, Kind, Session, Trade, VenueEvent};

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

    pub(crate) fn uncross(&mut self, session: Session) {
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
            let (price, size) = (None, Lots(0));
            self.events.push(VenueEvent::Auctioned { price, size });
        } else {
            rated.retain(|rate| rate.1 == most);
            let least = rated.iter().map(|rate| rate.2).min().unwrap();
            rated.retain(|rate| rate.2 == least);
            let low = rated.iter().map(|rate| rate.0).min().unwrap();
            let high = rated.iter().map(|rate| rate.0).max().unwrap();
            let middle = Ticks((low + high).div_euclid(2));
            let near = self.last.or(self.config.reference).unwrap_or(middle).0;
            rated.sort_by_key(|rate| ((rate.0 - near).abs(), -rate.0));
            self.auction_trades(session, Ticks(rated[0].0), Lots(most));
        }
        self.expire(
            |order| matches!(order.kind, Kind::Auction { session: of, .. } if of == session),
        );
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
