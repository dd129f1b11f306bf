//! A feed of every order told as a venue tells sizes: trades at once, levels together at times.
//!
//! A recording of sizes can only be compared with a made market that is told the same way: what
//! came and went between two times is seen in neither.

use std::collections::BTreeSet;

use base::{Span, Ts};
use market::depth::{BookSide, DepthChange, DepthMessage, Orders, Packet, Ticks};

/// Tells a feed of orders as levels that are told together, `every` so long.
pub(super) fn as_levels(feed: &[DepthMessage], every: Span) -> Vec<DepthMessage> {
    let mut teller = Teller { book: Orders::new(), changed: BTreeSet::new(), told: Vec::new() };
    let Some(first) = feed.first() else { return Vec::new() };
    let mut next = first.at;
    for message in feed {
        if message.at > next {
            teller.tell(next);
            let steps = ((message.at - next).nanos() + every.nanos() - 1) / every.nanos();
            next = next + Span::from_nanos(every.nanos() * steps);
        }
        teller.hear(message);
    }
    teller.tell(next);
    teller.told
}

struct Teller {
    book: Orders,
    /// Levels that changed since they were told; the side as 1 for bids.
    changed: BTreeSet<(bool, i64)>,
    told: Vec<DepthMessage>,
}

impl Teller {
    fn hear(&mut self, message: &DepthMessage) {
        let place = match message.change {
            DepthChange::Trade { .. } => {
                self.told.push(DepthMessage { packet: Packet::Last, ..*message });
                None
            }
            DepthChange::Add { side, price, .. } => Some((side, price)),
            DepthChange::Delete { order }
            | DepthChange::Reduce { order, .. }
            | DepthChange::Execute { order, .. }
            | DepthChange::Replace { order, .. } => {
                self.book.order(order).map(|resting| (resting.side, resting.price))
            }
            _ => None,
        };
        if let Some((side, price)) = place {
            self.changed.insert((side == BookSide::Bid, price.0));
            if let DepthChange::Replace { price, .. } = message.change {
                self.changed.insert((side == BookSide::Bid, price.0));
            }
        }
        // A made feed has no faults; a book it refused would show in every figure.
        let _made_without_faults = self.book.apply(message);
    }

    /// All that changed, as one packet.
    fn tell(&mut self, at: Ts) {
        let begun = self.told.len();
        for (is_bid, price) in std::mem::take(&mut self.changed) {
            let side = if is_bid { BookSide::Bid } else { BookSide::Ask };
            let (price, packet) = (Ticks(price), Packet::More);
            let size = self.book.size_at(side, price);
            let change = DepthChange::Level { side, price, size };
            self.told.push(DepthMessage { at, known: at, change, packet });
        }
        if let Some(last) = self.told[begun..].last_mut() {
            last.packet = Packet::Last;
        }
    }
}

#[cfg(test)]
mod tests {
    use market::depth::{Ladder, Lots, OrderKey};
    use sim::flow::{Crowd, FlowEdge};

    use super::*;

    fn millis(at: i64) -> Ts {
        Ts::from_seconds(1_000) + Span::from_nanos(at * 1_000_000)
    }

    #[test]
    fn what_comes_and_goes_between_two_times_is_not_told() {
        let message = |at, change| {
            let at = millis(at);
            DepthMessage { at, known: at, change, packet: Packet::Last }
        };
        let add = |order, price, size| DepthChange::Add {
            order: OrderKey(order),
            side: BookSide::Bid,
            price: Ticks(price),
            size: Lots(size),
        };
        let feed = [
            message(0, add(1, 100, 5)),
            message(3, add(2, 99, 7)),
            message(4, DepthChange::Delete { order: OrderKey(2) }),
            message(5, add(3, 100, 2)),
            message(29, add(4, 98, 1)),
        ];
        let told = as_levels(&feed, Span::from_nanos(10_000_000));
        let seen: Vec<(i64, i64, i64)> = told
            .iter()
            .map(|it| match it.change {
                DepthChange::Level { price, size, .. } => {
                    ((it.at - millis(0)).nanos() / 1_000_000, price.0, size.0)
                }
                _ => panic!("levels alone: {it:?}"),
            })
            .collect();
        assert_eq!(seen, [(0, 100, 5), (10, 99, 0), (10, 100, 7), (30, 98, 1)]);
    }

    #[test]
    fn the_book_of_the_levels_is_that_of_the_orders() {
        let crowd = Crowd::new(super::super::PlainMarket::market(FlowEdge::None)).unwrap();
        let feed = crowd.feed(base::Seed::root(1), 30.0).unwrap();
        let (mut orders, mut ladder) = (Orders::new(), Ladder::new());
        feed.iter().for_each(|message| orders.apply(message).unwrap());
        let told = as_levels(&feed, Span::from_nanos(50_000_000));
        told.iter().for_each(|message| ladder.apply(message).unwrap());
        assert!(told.windows(2).all(|pair| pair[0].at <= pair[1].at));
        for side in [BookSide::Bid, BookSide::Ask] {
            let wanted: Vec<_> = orders.levels(side).collect();
            assert_eq!(ladder.levels(side).collect::<Vec<_>>(), wanted);
        }
    }
}
