//! The venue's side: the recorded book, our resting orders among it, and what trades.

use base::Ts;
use market::Cash;
use market::depth::{
    BookSide, DepthChange, DepthMessage, FaultCounts, Grid, Lots, OrderKey, Packet, Resting, Ticks,
};

use super::book::RecordedBook;
use super::impact::Footprint;
use super::order::{Answer, DepthEvidence, DepthFill, DepthRule, OwnId, Reject, Role, Terms, Wish};
use super::own::{Own, Waiting};
use super::queue::Place;
use super::rules::{Liquidity, OwnOrders, Rules};
use crate::Error;

/// What a fill rests on, before its rule is known.
#[derive(Debug, Clone, Copy)]
struct Shown {
    price: Ticks,
    size: Lots,
    order: Option<OrderKey>,
}

/// The venue.
#[derive(Debug)]
pub(super) struct Venue<B> {
    book: B,
    own: Own,
    /// What we took from the bids and from the asks.
    footprints: [Footprint; 2],
    rules: Rules,
    grid: Grid,
    /// Number and time of the last message that it published.
    last: (u64, Ts),
    now: Ts,
    /// From a clearing of the book to the end of its packet.
    rebuilding: bool,
    faults: FaultCounts,
    /// What it has said since it was last asked.
    pub(super) answers: Vec<Answer>,
}

const fn index(side: BookSide) -> usize {
    match side {
        BookSide::Bid => 0,
        BookSide::Ask => 1,
    }
}

impl<B: RecordedBook> Venue<B> {
    pub(super) fn new(grid: Grid, rules: Rules) -> Venue<B> {
        let footprints = [Footprint::new(rules.impact), Footprint::new(rules.impact)];
        Venue {
            book: B::default(),
            own: Own::default(),
            footprints,
            rules,
            grid,
            last: (0, Ts::MIN),
            now: Ts::MIN,
            rebuilding: false,
            faults: FaultCounts::default(),
            answers: Vec::new(),
        }
    }

    pub(super) const fn faults(&self) -> &FaultCounts {
        &self.faults
    }

    pub(super) const fn book(&self) -> &B {
        &self.book
    }

    /// Something happened at the venue.
    #[inline]
    pub(super) fn on_message(&mut self, number: u64, message: &DepthMessage) -> Result<(), Error> {
        self.last = (number, message.at);
        self.now = message.at;
        match message.change {
            DepthChange::Level { side, price, size } => {
                self.on_level(message, side, price, size);
            }
            DepthChange::Best { side, price, size } => self.on_best(message, side, price, size),
            DepthChange::Trade { resting, price, size } => {
                self.take_in(message);
                // Where orders are shown, their executions say more than the print does.
                let ours = |side: &BookSide| !B::SHOWS_ORDERS && !self.own.side(*side).is_empty();
                if let Some(side) = resting.filter(ours) {
                    self.on_trade(side, price, size)?;
                }
            }
            DepthChange::Clear => {
                self.take_in(message);
                self.rebuilding = true;
                self.footprints.iter_mut().for_each(Footprint::clear);
            }
            DepthChange::Gap { .. } => self.take_in(message),
            DepthChange::Add { .. }
            | DepthChange::Replace { .. }
            | DepthChange::Reduce { .. }
            | DepthChange::Delete { .. }
            | DepthChange::Execute { .. } => self.on_order(message)?,
        }
        if message.packet == Packet::Last {
            self.on_whole_book()?;
        }
        Ok(())
    }

    /// After a snapshot, orders that it does not have stand in front of nobody.
    #[cold]
    fn rebuilt(&mut self) {
        self.rebuilding = false;
        if B::SHOWS_ORDERS {
            let book = &self.book;
            self.own.recount(|key| book.resting(key));
        }
    }

    #[inline]
    fn take_in(&mut self, message: &DepthMessage) {
        if let Err(fault) = self.book.apply(message) {
            self.faults.count(fault, message.at);
        }
    }

    #[inline]
    fn on_level(&mut self, message: &DepthMessage, side: BookSide, price: Ticks, size: Lots) {
        let watched = self.own.rests_at(side, price);
        let before = match watched {
            true => self.book.shown(side, price).unwrap_or(Lots::ZERO),
            false => Lots::ZERO,
        };
        self.take_in(message);
        if watched {
            self.own.told(side, price, (before, size), self.rules.queue);
        }
        let footprint = &mut self.footprints[index(side)];
        if size == Lots::ZERO && !footprint.is_empty() {
            footprint.level_gone(price);
        }
    }

    fn on_best(&mut self, message: &DepthMessage, side: BookSide, price: Ticks, size: Lots) {
        let old = self.book.best(side);
        let before = self.book.shown(side, price);
        self.take_in(message);
        if self.own.side(side).is_empty() {
            return;
        }
        if let Some((gone, shown)) = old.filter(|old| side.is_better(old.0, price)) {
            self.own.told(side, gone, (shown, Lots::ZERO), self.rules.queue);
        }
        self.own.told(side, price, (before.unwrap_or(size), size), self.rules.queue);
    }

    /// A trade on a feed that shows sizes: `side` rested.
    fn on_trade(&mut self, side: BookSide, price: Ticks, size: Lots) -> Result<(), Error> {
        let shown = Shown { price, size, order: None };
        let liquidity = self.rules.liquidity;
        let (mut left, mut had) = (size, Lots::ZERO);
        for at in 0..self.own.side(side).len() {
            let order = &mut self.own.side_mut(side)[at];
            let (rule, most) = if side.is_better(order.price, price) {
                let most = if liquidity == Liquidity::Recorded { left } else { order.left };
                (DepthRule::TradedThrough, most)
            } else if order.price == price {
                order.place.traded(size.0 as f64);
                (DepthRule::QueuePassed, passed(order, liquidity, (left, had)))
            } else {
                break;
            };
            let most = most.min(order.left);
            if most > Lots::ZERO {
                self.fill_resting(side, at, most, (rule, shown))?;
                left -= most;
                had += if rule == DepthRule::QueuePassed { most } else { Lots::ZERO };
            }
        }
        self.own.drop_filled(side);
        Ok(())
    }

    /// A change of one order on a feed that shows orders.
    fn on_order(&mut self, message: &DepthMessage) -> Result<(), Error> {
        let key = match message.change {
            DepthChange::Execute { order, .. }
            | DepthChange::Reduce { order, .. }
            | DepthChange::Delete { order }
            | DepthChange::Replace { order, .. }
                if self.own.is_any() =>
            {
                order
            }
            _ => {
                self.take_in(message);
                return Ok(());
            }
        };
        let before = self.book.resting(key);
        self.take_in(message);
        let Some(before) = before else {
            return Ok(());
        };
        if let DepthChange::Execute { size, .. } = message.change {
            self.on_executed(key, &before, size)?;
        }
        let after = self.book.resting(key);
        self.own.changed(key, &before, after.as_ref());
        Ok(())
    }

    /// A recorded order traded. Ours that had priority over it would have traded instead.
    fn on_executed(&mut self, key: OrderKey, traded: &Resting, size: Lots) -> Result<(), Error> {
        let side = traded.side;
        let shown = Shown { price: traded.price, size, order: Some(key) };
        let mut left = size;
        for at in 0..self.own.side(side).len() {
            let order = &self.own.side(side)[at];
            let rule = if side.is_better(order.price, traded.price) {
                DepthRule::TradedThrough
            } else if order.price == traded.price && !order.in_front.contains(&key) {
                DepthRule::OrderBehindTraded
            } else {
                continue;
            };
            let most = match self.rules.liquidity {
                Liquidity::Recorded => left.min(order.left),
                Liquidity::Unlimited => order.left,
            };
            if most > Lots::ZERO {
                self.fill_resting(side, at, most, (rule, shown))?;
                left = Lots((left - most).0.max(0));
            }
        }
        self.own.drop_filled(side);
        Ok(())
    }

    /// The book is whole: ours that the other side has reached trade with it.
    #[inline]
    fn on_whole_book(&mut self) -> Result<(), Error> {
        if self.rebuilding {
            self.rebuilt();
        }
        for side in [BookSide::Bid, BookSide::Ask] {
            let Some(own) = self.own.best(side) else { continue };
            let Some((other, _)) = self.book.best(side.opposite()) else { continue };
            if side.accepts(own, other) && self.book.is_trusted() {
                self.on_reached(side)?;
            }
        }
        Ok(())
    }

    fn on_reached(&mut self, side: BookSide) -> Result<(), Error> {
        for at in 0..self.own.side(side).len() {
            match self.rules.liquidity {
                Liquidity::Unlimited => self.fill_whole_if_reached(side, at)?,
                Liquidity::Recorded => self.fill_with_reached(side, at)?,
            }
        }
        self.own.drop_filled(side);
        Ok(())
    }

    fn fill_whole_if_reached(&mut self, side: BookSide, at: usize) -> Result<(), Error> {
        let (limit, own) = (self.own.side(side)[at].price, self.own.side(side)[at].left);
        let Some((price, size)) = self.book.best(side.opposite()) else {
            return Ok(());
        };
        if side.accepts(limit, price) {
            let shown = Shown { price, size, order: None };
            self.fill_resting(side, at, own, (DepthRule::BookReached, shown))?;
        }
        Ok(())
    }

    fn fill_with_reached(&mut self, side: BookSide, at: usize) -> Result<(), Error> {
        let limit = self.own.side(side)[at].price;
        for (price, size, left) in self.reach(side.opposite(), Some(limit)) {
            let most = left.min(self.own.side(side)[at].left);
            let shown = Shown { price, size, order: None };
            if most > Lots::ZERO {
                self.footprints[index(side.opposite())].take(price, most, self.now);
                self.fill_resting(side, at, most, (DepthRule::BookReached, shown))?;
            }
        }
        Ok(())
    }

    /// Levels of a side within a limit: price, size shown, and what we have left of it.
    fn reach(&self, side: BookSide, limit: Option<Ticks>) -> Vec<(Ticks, Lots, Lots)> {
        let footprint = &self.footprints[index(side)];
        let within = |price: Ticks| limit.is_none_or(|limit| side.opposite().accepts(limit, price));
        let levels = self.book.levels(side).take_while(|level| within(level.0));
        levels
            .map(|(price, size)| (price, size, footprint.left(price, size, self.now)))
            .filter(|level| level.2 > Lots::ZERO)
            .collect()
    }

    /// The venue receives an order.
    pub(super) fn on_wish(&mut self, wish: &Wish, at: Ts) -> Result<(), Error> {
        self.now = at;
        match self.refusal(wish) {
            Some(reject) => self.answers.push(Answer::Rejected(wish.id, reject)),
            None => {
                let left = match self.rules.liquidity {
                    Liquidity::Recorded => self.take_recorded(wish, at)?,
                    Liquidity::Unlimited => self.take_unlimited(wish, at)?,
                };
                self.settle(wish, left, at);
            }
        }
        Ok(())
    }

    fn settle(&mut self, wish: &Wish, left: Lots, at: Ts) {
        if left == Lots::ZERO {
            return;
        }
        let Some(price) = wish.terms.limit().filter(|_| wish.terms.rests()) else {
            self.answers.push(Answer::Cancelled(wish.id));
            return;
        };
        let shown = self.book.shown(wish.side, price).map(|size| size.0 as f64);
        let place = Place::last_of(shown);
        let in_front = self.book.waiting(wish.side, price).into_iter().collect();
        self.own.join(wish.side, Waiting { id: wish.id, price, left, place, in_front, since: at });
        self.answers.push(Answer::Accepted(wish.id));
    }

    fn refusal(&self, wish: &Wish) -> Option<Reject> {
        if wish.size <= Lots::ZERO {
            return Some(Reject::SizeNotPositive);
        }
        if self.own.contains(wish.id) {
            return Some(Reject::DuplicateId);
        }
        if !self.book.is_trusted() {
            return Some(Reject::BookNotKnown);
        }
        if self.meets_own(wish) {
            return Some(Reject::WouldTradeWithSelf);
        }
        let limit = wish.terms.limit();
        let other = wish.side.opposite();
        let reach = || self.reach(other, limit);
        match wish.terms {
            Terms::PostOnly { .. } => (!reach().is_empty()).then_some(Reject::WouldTake),
            Terms::Market | Terms::ImmediateOrCancel { .. } => {
                reach().is_empty().then_some(Reject::NothingToTake)
            }
            Terms::FillOrKill { .. } => {
                let left: Lots = reach().iter().map(|level| level.2).sum();
                let short = self.rules.liquidity == Liquidity::Recorded && left < wish.size;
                match left == Lots::ZERO {
                    true => Some(Reject::NothingToTake),
                    false => short.then_some(Reject::NotWhole),
                }
            }
            Terms::Limit { .. } => None,
        }
    }

    /// Whether it would come to one of our own on the other side before it is done.
    fn meets_own(&self, wish: &Wish) -> bool {
        let other = wish.side.opposite();
        let Some(first) = self.own.side(other).first() else {
            return false;
        };
        let own = first.price;
        let within = wish.terms.limit().is_none_or(|limit| wish.side.accepts(limit, own));
        if self.rules.own_orders == OwnOrders::Ignore || !within {
            return false;
        }
        let reach = self.reach(other, wish.terms.limit());
        let better = reach.iter().take_while(|level| other.is_better(level.0, own));
        let before: Lots = better.map(|level| level.2).sum();
        before.0 as f64 + first.place.ahead_lots.max(0.0).floor() < wish.size.0 as f64
    }

    fn take_recorded(&mut self, wish: &Wish, at: Ts) -> Result<Lots, Error> {
        let mut left = wish.size;
        if matches!(wish.terms, Terms::PostOnly { .. }) {
            return Ok(left);
        }
        let other = wish.side.opposite();
        for (price, size, most) in self.reach(other, wish.terms.limit()) {
            let part = most.min(left);
            if part == Lots::ZERO {
                break;
            }
            self.footprints[index(other)].take(price, part, at);
            self.own.taken_in_front(other, price, part);
            let shown = Shown { price, size, order: None };
            self.fill_taking(wish, at, part, shown)?;
            left -= part;
        }
        Ok(left)
    }

    fn take_unlimited(&mut self, wish: &Wish, at: Ts) -> Result<Lots, Error> {
        let level = self.book.best(wish.side.opposite());
        let within = |price| wish.terms.limit().is_none_or(|l| wish.side.accepts(l, price));
        let Some((price, size)) = level.filter(|level| within(level.0)) else {
            return Ok(wish.size);
        };
        self.fill_taking(wish, at, wish.size, Shown { price, size, order: None })?;
        Ok(Lots::ZERO)
    }

    /// The venue receives a cancellation.
    pub(super) fn on_cancel(&mut self, id: OwnId) {
        self.answers.push(match self.own.remove(id) {
            Some(_) => Answer::Cancelled(id),
            None => Answer::CancelRejected(id, Reject::NoSuchOrder),
        });
    }

    fn fill_resting(
        &mut self,
        side: BookSide,
        at: usize,
        size: Lots,
        why: (DepthRule, Shown),
    ) -> Result<(), Error> {
        let order = &mut self.own.side_mut(side)[at];
        order.left -= size;
        order.place.is_at_front();
        debug_assert!(order.since <= self.last.1, "a fill on a message from before the order");
        let (id, price) = (order.id, order.price);
        let fee = self.fee(price, size, Role::Maker)?;
        self.answers.push(Answer::Filled(DepthFill {
            order: id,
            at: self.last.1,
            side,
            price,
            size,
            role: Role::Maker,
            fee,
            evidence: self.evidence(why.0, why.1),
        }));
        Ok(())
    }

    fn fill_taking(&mut self, wish: &Wish, at: Ts, size: Lots, shown: Shown) -> Result<(), Error> {
        let fee = self.fee(shown.price, size, Role::Taker)?;
        self.answers.push(Answer::Filled(DepthFill {
            order: wish.id,
            at,
            side: wish.side,
            price: shown.price,
            size,
            role: Role::Taker,
            fee,
            evidence: self.evidence(DepthRule::TookLevel, shown),
        }));
        Ok(())
    }

    fn fee(&self, price: Ticks, size: Lots, role: Role) -> Result<Cash, Error> {
        self.rules.fees.of(&self.grid, self.rules.contract, (price, size), role)
    }

    fn evidence(&self, rule: DepthRule, shown: Shown) -> DepthEvidence {
        DepthEvidence {
            rule,
            message: self.last.0,
            message_at: self.last.1,
            shown_price: shown.price,
            shown_size: shown.size,
            order: shown.order,
        }
    }
}

/// What an order may have of a trade at its price, of which so much is left after our orders in
/// front have `had` theirs.
fn passed(order: &Waiting, liquidity: Liquidity, (left, had): (Lots, Lots)) -> Lots {
    match liquidity {
        Liquidity::Recorded => Lots((order.place.passed_lots() - had.0).clamp(0, left.0.max(0))),
        Liquidity::Unlimited if order.place.is_passed() => order.left,
        Liquidity::Unlimited => Lots::ZERO,
    }
}
