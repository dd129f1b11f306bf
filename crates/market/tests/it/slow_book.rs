//! Order books as one would write them on a blackboard: ordered maps, and a scan for everything.

use std::collections::{BTreeMap, VecDeque};

use market::depth::{
    BookSide, DepthChange, DepthMessage, FARTHEST, Fault, Lots, OrderKey, Packet, Ticks,
};

/// Every order, by price. The sizes of a side summed by price are its ladder.
#[derive(Debug, Default)]
pub(crate) struct SlowOrders {
    sides: [BTreeMap<Ticks, VecDeque<(OrderKey, Lots)>>; 2],
    is_unsure: bool,
}

/// The size at each price.
#[derive(Debug, Default)]
pub(crate) struct SlowLadder {
    sides: [BTreeMap<Ticks, Lots>; 2],
    is_unsure: bool,
}

type Found = (BookSide, Ticks, usize);

impl SlowOrders {
    pub(crate) fn apply(&mut self, message: &DepthMessage) -> Result<(), Fault> {
        match message.change {
            DepthChange::Add { order, side, price, size } => {
                check_price(price)?;
                check_size(size)?;
                if self.find(order).is_ok() {
                    return Err(Fault::DuplicateOrder);
                }
                self.check_room(side, price, size)?;
                self.side(side).entry(price).or_default().push_back((order, size));
            }
            DepthChange::Replace { order, price, size } => {
                check_price(price)?;
                check_size(size)?;
                self.replace(order, price, size)?;
            }
            DepthChange::Delete { order } => {
                let found = self.find(order)?;
                self.remove(found);
            }
            DepthChange::Reduce { order, by } => self.take(order, by)?,
            DepthChange::Execute { order, size } => self.take(order, size)?,
            DepthChange::Clear => *self = SlowOrders::default(),
            DepthChange::Best { .. } | DepthChange::Level { .. } => {
                return Err(Fault::OtherDepth);
            }
            ref other => self.is_unsure |= trade_or_gap(other)?,
        }
        if let DepthChange::Gap { .. } = message.change {
            return Err(Fault::SequenceGap);
        }
        check_touch(message.packet, self.is_unsure, self.touch())
    }

    pub(crate) fn levels(&self, side: BookSide) -> Vec<(Ticks, Lots)> {
        let sum = |queue: &VecDeque<(OrderKey, Lots)>| queue.iter().map(|(_, size)| *size).sum();
        let up = self.sides[index(side)].iter().map(|(price, queue)| (*price, sum(queue)));
        best_first(side, up.collect())
    }

    pub(crate) fn queue(&self, side: BookSide, price: Ticks) -> Vec<(OrderKey, Lots)> {
        self.sides[index(side)].get(&price).into_iter().flatten().copied().collect()
    }

    pub(crate) fn is_trusted(&self) -> bool {
        !self.is_unsure
    }

    fn side(&mut self, side: BookSide) -> &mut BTreeMap<Ticks, VecDeque<(OrderKey, Lots)>> {
        &mut self.sides[index(side)]
    }

    fn touch(&self) -> [Option<Ticks>; 2] {
        let bid = self.sides[0].last_key_value().map(|(price, _)| *price);
        [bid, self.sides[1].first_key_value().map(|(price, _)| *price)]
    }

    /// Refuses what would make the sum of a price too large for its type.
    fn check_room(&self, side: BookSide, price: Ticks, more: Lots) -> Result<(), Fault> {
        let queue = self.sides[index(side)].get(&price).into_iter().flatten();
        let sum = queue.map(|(_, size)| i128::from(size.0)).sum::<i128>() + i128::from(more.0);
        if sum > i128::from(i64::MAX) { Err(Fault::OutOfRange) } else { Ok(()) }
    }

    fn find(&self, order: OrderKey) -> Result<Found, Fault> {
        for side in [BookSide::Bid, BookSide::Ask] {
            for (price, queue) in &self.sides[index(side)] {
                if let Some(at) = queue.iter().position(|(key, _)| *key == order) {
                    return Ok((side, *price, at));
                }
            }
        }
        Err(Fault::UnknownOrder)
    }

    fn remove(&mut self, (side, price, at): Found) {
        let levels = self.side(side);
        levels.get_mut(&price).unwrap().remove(at);
        if levels[&price].is_empty() {
            levels.remove(&price);
        }
    }

    fn take(&mut self, order: OrderKey, by: Lots) -> Result<(), Fault> {
        check_size(by)?;
        let found = self.find(order)?;
        let size = &mut self.side(found.0).get_mut(&found.1).unwrap()[found.2].1;
        let left = *size - by;
        *size = left;
        if left <= Lots::ZERO {
            self.remove(found);
        }
        if left < Lots::ZERO { Err(Fault::Overdrawn) } else { Ok(()) }
    }

    fn replace(&mut self, order: OrderKey, price: Ticks, size: Lots) -> Result<(), Fault> {
        let found = self.find(order)?;
        let place = &mut self.side(found.0).get_mut(&found.1).unwrap()[found.2];
        let old = place.1;
        if price == found.1 && size <= old {
            place.1 = size;
            return Ok(());
        }
        let freed = if price == found.1 { old } else { Lots::ZERO };
        self.check_room(found.0, price, size - freed)?;
        self.remove(found);
        self.side(found.0).entry(price).or_default().push_back((order, size));
        Ok(())
    }
}

impl SlowLadder {
    pub(crate) fn apply(&mut self, message: &DepthMessage) -> Result<(), Fault> {
        match message.change {
            DepthChange::Level { side, price, size } => {
                check_price(price)?;
                if size != Lots::ZERO {
                    check_size(size)?;
                }
                self.sides[index(side)].insert(price, size);
                self.sides[index(side)].retain(|_, size| *size > Lots::ZERO);
            }
            DepthChange::Clear => *self = SlowLadder::default(),
            DepthChange::Trade { .. } | DepthChange::Gap { .. } => {
                self.is_unsure |= trade_or_gap(&message.change)?;
            }
            _ => return Err(Fault::OtherDepth),
        }
        if let DepthChange::Gap { .. } = message.change {
            return Err(Fault::SequenceGap);
        }
        let bid = self.sides[0].last_key_value().map(|(price, _)| *price);
        let ask = self.sides[1].first_key_value().map(|(price, _)| *price);
        check_touch(message.packet, self.is_unsure, [bid, ask])
    }

    pub(crate) fn levels(&self, side: BookSide) -> Vec<(Ticks, Lots)> {
        let up = self.sides[index(side)].iter().map(|(price, size)| (*price, *size));
        best_first(side, up.collect())
    }

    pub(crate) fn is_trusted(&self) -> bool {
        !self.is_unsure
    }
}

fn index(side: BookSide) -> usize {
    usize::from(side == BookSide::Ask)
}

fn best_first(side: BookSide, mut up: Vec<(Ticks, Lots)>) -> Vec<(Ticks, Lots)> {
    if side == BookSide::Bid {
        up.reverse();
    }
    up
}

fn trade_or_gap(change: &DepthChange) -> Result<bool, Fault> {
    if let DepthChange::Trade { price, size, .. } = change {
        check_price(*price)?;
        check_size(*size)?;
    }
    Ok(matches!(change, DepthChange::Gap { .. }))
}

fn check_price(price: Ticks) -> Result<(), Fault> {
    let range = Ticks(-FARTHEST)..=Ticks(FARTHEST);
    if range.contains(&price) { Ok(()) } else { Err(Fault::OutOfRange) }
}

fn check_size(size: Lots) -> Result<(), Fault> {
    match size.0 {
        ..0 => Err(Fault::NegativeSize),
        0 => Err(Fault::ZeroSize),
        _ if size.0 > FARTHEST => Err(Fault::OutOfRange),
        _ => Ok(()),
    }
}

fn check_touch(packet: Packet, is_unsure: bool, touch: [Option<Ticks>; 2]) -> Result<(), Fault> {
    match touch {
        _ if packet == Packet::More || is_unsure => Ok(()),
        [Some(bid), Some(ask)] if bid > ask => Err(Fault::Crossed),
        [Some(bid), Some(ask)] if bid == ask => Err(Fault::Locked),
        _ => Ok(()),
    }
}
