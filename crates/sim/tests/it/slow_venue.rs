//! A venue as one would write it on a blackboard: one list of orders, searched for everything.

use market::depth::{BookSide, Lots, OrderKey, Ticks};
use sim::depth::{
    CancelReason, Command, Display, Guard, Kind, Life, NewOrder, PegTo, Phase, Posting, Priority,
    RejectReason, Session, Trade, VenueConfig, VenueEvent,
};

pub(crate) const FAR: i64 = 1 << 60;

/// Where an order is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum State {
    /// In the book at a price, showing so much.
    Book(Ticks, Lots),
    /// Waiting for a trade at its trigger.
    Stop(Ticks),
    /// Waiting for an auction.
    Call(Session),
    /// Pegged to something that is missing.
    Parked,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Slow {
    pub(crate) order: NewOrder,
    pub(crate) left: Lots,
    pub(crate) state: State,
    /// When it joined its queue.
    pub(crate) turn: u64,
    /// When it came to wait.
    pub(crate) arrival: u64,
    /// When it was sent.
    entered: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct SlowVenue {
    pub(crate) config: VenueConfig,
    pub(crate) phase: Phase,
    pub(crate) orders: Vec<Slow>,
    pub(crate) events: Vec<VenueEvent>,
    turns: u64,
    pub(crate) last: Option<Ticks>,
    swept: Option<(Ticks, Ticks)>,
    followed: [Option<Ticks>; 2],
}

type Refusal = Result<(), RejectReason>;

impl SlowVenue {
    pub(crate) fn new(config: VenueConfig) -> SlowVenue {
        SlowVenue {
            config,
            phase: config.phase,
            orders: Vec::new(),
            events: Vec::new(),
            turns: 0,
            last: None,
            swept: None,
            followed: [None, None],
        }
    }

    pub(crate) fn step(&mut self, command: &Command) {
        self.events.clear();
        match *command {
            Command::Submit(order) => match self.admit(&order) {
                Ok(kind) => {
                    self.events.push(VenueEvent::Accepted { order: order.key });
                    if kind != order.kind {
                        let Kind::Limit { limit, .. } = kind else { unreachable!() };
                        let price = Some(limit);
                        self.events.push(VenueEvent::Repriced { order: order.key, price });
                    }
                    self.turns += 1;
                    self.place(NewOrder { kind, ..order }, order.size, self.turns);
                }
                Err(reason) => self.reject(order.key, reason),
            },
            Command::Cancel { order } => match self.find(order) {
                Some(at) => self.drop_order(at, CancelReason::Asked),
                None => self.reject(order, RejectReason::UnknownOrder),
            },
            Command::Replace { order, price, size } => self.replace(order, price, size),
            Command::Enter(phase) => self.enter(phase),
        }
        self.settle();
    }

    /// Displayed orders of a side in the order in which they trade.
    pub(crate) fn shown(&self, side: BookSide) -> Vec<(Ticks, OrderKey, Lots)> {
        let mut all: Vec<&Slow> = self.orders.iter().collect();
        all.retain(|slow| slow.order.side == side && slow.order.display != Display::Hidden);
        all.sort_by_key(|slow| self.rank(slow));
        let entry = |slow: &&Slow| match slow.state {
            State::Book(price, visible) => Some((price, slow.order.key, visible)),
            _ => None,
        };
        all.iter().filter_map(entry).collect()
    }

    pub(crate) fn find(&self, key: OrderKey) -> Option<usize> {
        self.orders.iter().position(|slow| slow.order.key == key)
    }

    fn reject(&mut self, order: OrderKey, reason: RejectReason) {
        self.events.push(VenueEvent::Rejected { order, reason });
    }

    pub(crate) fn cancelled(
        &mut self,
        order: OrderKey,
        size: Lots,
        left: Lots,
        reason: CancelReason,
    ) {
        self.events.push(VenueEvent::Cancelled { order, size, left, reason });
    }

    pub(crate) fn drop_order(&mut self, at: usize, reason: CancelReason) {
        let gone = self.orders.remove(at);
        self.cancelled(gone.order.key, gone.left, Lots(0), reason);
    }

    // What is refused.

    fn size(&self, size: Lots) -> Refusal {
        let good = size.0 >= 1 && size <= self.config.largest;
        good.then_some(()).ok_or(RejectReason::Size)
    }

    fn price(&self, price: Ticks) -> Refusal {
        let good = price >= self.config.lowest && price <= self.config.highest;
        good.then_some(()).ok_or(RejectReason::OffBand)
    }

    fn trigger(&self, side: BookSide, trigger: Ticks) -> Refusal {
        self.price(trigger)?;
        let late = self.last.is_some_and(|last| match side {
            BookSide::Bid => trigger <= last,
            BookSide::Ask => trigger >= last,
        });
        if late { Err(RejectReason::StopWrongSide) } else { Ok(()) }
    }

    fn admit(&self, order: &NewOrder) -> Result<Kind, RejectReason> {
        self.size(order.size)?;
        if let Display::Peak(Lots(..=0)) = order.display {
            return Err(RejectReason::Peak);
        }
        let waits = order.life == Life::Gtc || order.life == Life::Day;
        let makes_sense = match order.kind {
            Kind::Market => !waits,
            Kind::Limit { limit, posting } => {
                self.price(limit)?;
                waits || posting == Posting::MayTake
            }
            Kind::Stop { trigger } => {
                self.trigger(order.side, trigger)?;
                true
            }
            Kind::StopLimit { trigger, limit } => {
                self.trigger(order.side, trigger)?;
                self.price(limit)?;
                true
            }
            Kind::Peg { offset, cap, .. } => {
                self.price(cap.unwrap_or(self.config.lowest))?;
                if offset.checked_abs().is_none_or(|far| far > VenueConfig::WIDEST) {
                    return Err(RejectReason::OffBand);
                }
                waits && order.display == Display::Hidden
            }
            Kind::Auction { limit, .. } => {
                self.price(limit.unwrap_or(self.config.lowest))?;
                waits && order.display == Display::Whole
            }
        };
        if !makes_sense {
            return Err(RejectReason::Contradiction);
        }
        if self.find(order.key).is_some() {
            return Err(RejectReason::DuplicateKey);
        }
        let sleeps = matches!(order.kind, Kind::Stop { .. } | Kind::StopLimit { .. });
        match self.phase {
            Phase::Closed => Err(RejectReason::NotInPhase),
            Phase::Call(_) if !waits && !sleeps => Err(RejectReason::NotInPhase),
            _ => self.post(order.side, order.kind),
        }
    }

    fn post(&self, side: BookSide, kind: Kind) -> Result<Kind, RejectReason> {
        let Kind::Limit { limit, posting } = kind else { return Ok(kind) };
        let Some(met) = self.contra(side, limit).map(|at| self.orders[at]) else {
            return Ok(kind);
        };
        let State::Book(wall, _) = met.state else { unreachable!() };
        match posting {
            _ if self.phase != Phase::Continuous => Ok(kind),
            Posting::MayTake => Ok(kind),
            Posting::PostOrReject => Err(RejectReason::WouldTake),
            Posting::PostOrSlide => {
                let limit = Ticks(if side == BookSide::Bid { wall.0 - 1 } else { wall.0 + 1 });
                self.price(limit)?;
                Ok(Kind::Limit { limit, posting })
            }
        }
    }

    // Trading.

    /// Best first.
    fn rank(&self, slow: &Slow) -> (i64, bool, u64) {
        let State::Book(price, _) = slow.state else { return (i64::MAX, true, 0) };
        let badness = if slow.order.side == BookSide::Bid { -price.0 } else { price.0 };
        (badness, slow.order.display == Display::Hidden, slow.turn)
    }

    /// Whom an order of that side and limit would trade with.
    fn contra(&self, side: BookSide, limit: Ticks) -> Option<usize> {
        let may = |slow: &Slow| match slow.state {
            State::Book(price, _) if slow.order.side != side => match side {
                BookSide::Bid => price <= limit,
                BookSide::Ask => price >= limit,
            },
            _ => false,
        };
        let all = (0..self.orders.len()).filter(|at| may(&self.orders[*at]));
        all.min_by_key(|at| self.rank(&self.orders[*at]))
    }

    fn place(&mut self, order: NewOrder, left: Lots, entered: u64) {
        let limit = match order.kind {
            Kind::Limit { limit, .. } => limit,
            Kind::Market => Ticks(if order.side == BookSide::Bid { FAR } else { -FAR }),
            Kind::Stop { trigger } | Kind::StopLimit { trigger, .. } => {
                return self.put(order, left, State::Stop(trigger), entered);
            }
            Kind::Auction { session, .. } => {
                return self.put(order, left, State::Call(session), entered);
            }
            Kind::Peg { .. } => {
                self.put(order, left, State::Parked, entered);
                return self.move_peg(order.key);
            }
        };
        let mut left = left;
        if self.phase == Phase::Continuous {
            left = self.take(&order, limit, left);
        }
        if left == Lots(0) {
            return;
        }
        match order.life {
            Life::Fok => self.cancelled(order.key, left, Lots(0), CancelReason::NotWhole),
            Life::Ioc => self.cancelled(order.key, left, Lots(0), CancelReason::NoMatch),
            _ => self.put(order, left, State::Book(limit, visible(&order, left)), entered),
        }
    }

    fn put(&mut self, order: NewOrder, left: Lots, state: State, entered: u64) {
        self.turns += 1;
        let (turn, arrival) = (self.turns, self.turns);
        self.orders.push(Slow { order, left, state, turn, arrival, entered });
    }

    /// One that must trade wholly tries on a copy of the world first.
    fn take(&mut self, order: &NewOrder, limit: Ticks, left: Lots) -> Lots {
        if order.life != Life::Fok {
            return self.take_now(order, limit, left);
        }
        let mut copy = self.clone();
        copy.events.clear();
        copy.take_now(order, limit, left);
        let traded = copy.events.iter().map(|event| match event {
            VenueEvent::Traded(trade) => trade.size,
            _ => Lots(0),
        });
        if traded.sum::<Lots>() < left { left } else { self.take_now(order, limit, left) }
    }

    fn take_now(&mut self, order: &NewOrder, limit: Ticks, left: Lots) -> Lots {
        let mut left = left;
        while left > Lots(0) {
            let Some(at) = self.contra(order.side, limit) else { break };
            let maker = self.orders[at].order;
            let State::Book(price, showing) = self.orders[at].state else { unreachable!() };
            let size = left.min(showing);
            if maker.owner != order.owner || order.guard == Guard::Allow {
                left -= size;
                let maker_left = self.wear(maker.key, size);
                self.events.push(VenueEvent::Traded(Trade {
                    price,
                    size,
                    maker: maker.key,
                    maker_owner: maker.owner,
                    maker_left,
                    taker: order.key,
                    taker_owner: order.owner,
                    taker_left: left,
                    aggressor: Some(order.side),
                }));
                self.print(price);
                continue;
            }
            match order.guard {
                Guard::CancelOldest => self.drop_order(at, CancelReason::SelfTrade),
                Guard::Decrement => {
                    left -= size;
                    let maker_left = self.wear(maker.key, size);
                    self.cancelled(maker.key, size, maker_left, CancelReason::SelfTrade);
                    self.cancelled(order.key, size, left, CancelReason::SelfTrade);
                }
                _ => {
                    if order.guard == Guard::CancelBoth {
                        self.drop_order(at, CancelReason::SelfTrade);
                    }
                    self.cancelled(order.key, left, Lots(0), CancelReason::SelfTrade);
                    return Lots(0);
                }
            }
        }
        left
    }

    pub(crate) fn print(&mut self, price: Ticks) {
        self.last = Some(price);
        let (low, high) = self.swept.unwrap_or((price, price));
        self.swept = Some((low.min(price), high.max(price)));
    }

    /// Takes some of an order, of what it shows first; shows more where it has, behind the others.
    pub(crate) fn wear(&mut self, key: OrderKey, by: Lots) -> Lots {
        let at = self.find(key).unwrap();
        let slow = &mut self.orders[at];
        slow.left -= by;
        let left = slow.left;
        if let State::Book(price, showing) = &mut slow.state {
            *showing = Lots((showing.0 - by.0).max(0));
            if *showing == Lots(0) {
                self.turns += 1;
                slow.turn = self.turns;
                slow.state = State::Book(*price, visible(&slow.order, left));
            }
        }
        if left == Lots(0) {
            self.orders.remove(at);
        }
        left
    }

    fn replace(&mut self, key: OrderKey, price: Ticks, size: Lots) {
        let kind = match self.admit_replace(key, price, size) {
            Ok(kind) => kind,
            Err(reason) => return self.reject(key, reason),
        };
        let price = match kind {
            Kind::Limit { limit, .. } => limit,
            _ => price,
        };
        let at = self.find(key).unwrap();
        let Slow { order, left: before, entered, .. } = self.orders[at];
        let keeps = kind == order.kind && size <= before;
        let priority = if keeps { Priority::Kept } else { Priority::Lost };
        self.events.push(VenueEvent::Replaced { order: key, price, before, left: size, priority });
        if !keeps {
            self.orders.remove(at);
            return self.place(NewOrder { kind, ..order }, size, entered);
        }
        let slow = &mut self.orders[at];
        slow.left = size;
        if let State::Book(_, showing) = &mut slow.state {
            *showing = size.min(*showing);
        }
    }

    fn admit_replace(&self, key: OrderKey, price: Ticks, size: Lots) -> Result<Kind, RejectReason> {
        let at = self.find(key).ok_or(RejectReason::UnknownOrder)?;
        if self.phase == Phase::Closed {
            return Err(RejectReason::NotInPhase);
        }
        self.size(size)?;
        self.price(price)?;
        let order = self.orders[at].order;
        match order.kind {
            Kind::Limit { posting, .. } => {
                self.post(order.side, Kind::Limit { limit: price, posting })
            }
            Kind::Stop { .. } => {
                self.trigger(order.side, price).map(|()| Kind::Stop { trigger: price })
            }
            Kind::StopLimit { limit, .. } => {
                let kind = Kind::StopLimit { trigger: price, limit };
                self.trigger(order.side, price).map(|()| kind)
            }
            Kind::Auction { session, limit: Some(_) } => {
                Ok(Kind::Auction { session, limit: Some(price) })
            }
            _ => Err(RejectReason::NotReplaceable),
        }
    }

    // What follows by itself.

    fn settle(&mut self) {
        loop {
            self.move_pegs();
            let Some(at) = self.woken() else { return };
            let Slow { order, left, entered, .. } = self.orders.remove(at);
            self.events.push(VenueEvent::Triggered { order: order.key });
            let order = match order.kind {
                Kind::StopLimit { limit, .. } => {
                    NewOrder { kind: Kind::Limit { limit, posting: Posting::MayTake }, ..order }
                }
                _ if order.life == Life::Fok => NewOrder { kind: Kind::Market, ..order },
                _ => NewOrder { kind: Kind::Market, life: Life::Ioc, ..order },
            };
            self.place(order, left, entered);
        }
    }

    fn woken(&mut self) -> Option<usize> {
        let (low, high) = self.swept?;
        if self.phase != Phase::Continuous {
            return None;
        }
        let woken = |slow: &Slow| match slow.state {
            State::Stop(trigger) if slow.order.side == BookSide::Bid => trigger <= high,
            State::Stop(trigger) => trigger >= low,
            _ => false,
        };
        let rank = |at: &usize| {
            let slow = &self.orders[*at];
            let State::Stop(trigger) = slow.state else { unreachable!() };
            match slow.order.side {
                BookSide::Bid => (false, trigger.0, slow.turn),
                BookSide::Ask => (true, -trigger.0, slow.turn),
            }
        };
        let first = (0..self.orders.len()).filter(|at| woken(&self.orders[*at])).min_by_key(rank);
        if first.is_none() {
            self.swept = None;
        }
        first
    }

    fn touch(&self) -> [Option<Ticks>; 2] {
        let best = |side| match self.phase {
            Phase::Continuous => self.shown(side).first().map(|first| first.0),
            _ => None,
        };
        [best(BookSide::Bid), best(BookSide::Ask)]
    }

    fn move_pegs(&mut self) {
        let mut pegs: Vec<&Slow> = self.orders.iter().collect();
        pegs.retain(|slow| matches!(slow.order.kind, Kind::Peg { .. }));
        if pegs.is_empty() || self.touch() == self.followed {
            return;
        }
        self.followed = self.touch();
        pegs.sort_by_key(|slow| slow.entered);
        let keys: Vec<OrderKey> = pegs.iter().map(|slow| slow.order.key).collect();
        keys.into_iter().for_each(|key| self.move_peg(key));
    }

    fn move_peg(&mut self, key: OrderKey) {
        let Some(at) = self.find(key) else { return };
        let Slow { order, left, state, entered, .. } = self.orders[at];
        let now = match state {
            State::Book(price, _) => Some(price),
            _ => None,
        };
        let price = self.peg_price(&order);
        if price == now {
            return;
        }
        self.orders[at].state = State::Parked;
        self.events.push(VenueEvent::Repriced { order: key, price });
        let Some(price) = price else { return };
        self.orders.remove(at);
        let left = self.take_now(&order, price, left);
        if left > Lots(0) {
            self.put(order, left, State::Book(price, left), entered);
        }
    }

    fn peg_price(&self, order: &NewOrder) -> Option<Ticks> {
        let Kind::Peg { to, offset, cap } = order.kind else { unreachable!() };
        let [bid, ask] = self.touch();
        let mut price = match (order.side, to) {
            (BookSide::Bid, PegTo::Primary) | (BookSide::Ask, PegTo::Market) => bid?.0,
            (BookSide::Ask, PegTo::Primary) | (BookSide::Bid, PegTo::Market) => ask?.0,
            (BookSide::Bid, PegTo::Mid) => (bid?.0 + ask?.0).div_euclid(2),
            (BookSide::Ask, PegTo::Mid) => (bid?.0 + ask?.0 + 1).div_euclid(2),
        };
        if order.side == BookSide::Bid {
            price = (price + offset).min(ask.map_or(i64::MAX, |ask| ask.0 - 1));
            price = price.min(cap.map_or(i64::MAX, |cap| cap.0));
        } else {
            price = (price - offset).max(bid.map_or(i64::MIN, |bid| bid.0 + 1));
            price = price.max(cap.map_or(i64::MIN, |cap| cap.0));
        }
        self.price(Ticks(price)).ok().map(|()| Ticks(price))
    }

    // Phases.

    fn enter(&mut self, phase: Phase) {
        if phase == self.phase {
            return;
        }
        if let Phase::Call(session) = self.phase {
            self.uncross(session);
        }
        self.phase = phase;
        if phase == Phase::Closed {
            self.expire(|order| order.life == Life::Day);
        }
    }

    pub(crate) fn expire(&mut self, over: impl Fn(&NewOrder) -> bool) {
        let mut gone: Vec<Slow> = self.orders.clone();
        gone.retain(|slow| over(&slow.order));
        gone.sort_by_key(|slow| slow.order.key);
        self.orders.retain(|slow| !over(&slow.order));
        for slow in gone {
            self.events.push(VenueEvent::Expired { order: slow.order.key, size: slow.left });
        }
    }
}

fn visible(order: &NewOrder, left: Lots) -> Lots {
    match order.display {
        Display::Peak(peak) => left.min(peak),
        _ => left,
    }
}
