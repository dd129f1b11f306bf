//! The agent's place at the venue: its orders, what it owns, what it paid.

use base::Ts;
use market::depth::{BookSide, Lots, OrderKey, Ticks};
use serde::{Deserialize, Serialize};
use sim::depth::{Command, Guard, Kind, NewOrder, Outbox, Owner, Posting, Trade, VenueEvent};
use sim::flow::{Crowd, CrowdState};

/// What trading costs.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fees {
    /// Ticks a lot for what rested; negative is a rebate.
    pub maker_ticks: f64,
    /// Ticks a lot for what took.
    pub taker_ticks: f64,
}

impl Fees {
    pub(super) fn fault(&self) -> Option<String> {
        let wide = |fee: f64| !(-1e3..=1e3).contains(&fee);
        (wide(self.maker_ticks) || wide(self.taker_ticks))
            .then(|| format!("fees of {self:?} are not within 1,000 ticks a lot"))
    }
}

/// What a step brought, ticks × lots.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Gain {
    /// Change of cash, and of the position at the middle, before fees.
    pub gross: f64,
    /// Fees paid; negative where rebates were more.
    pub fees: f64,
    /// Penalty on inventory; no money.
    pub penalty: f64,
}

impl Gain {
    /// What is rewarded.
    pub fn net(&self) -> f64 {
        self.gross - self.fees - self.penalty
    }
}

/// An order of the agent's that rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Its key.
    pub key: OrderKey,
    /// Its limit.
    pub price: Ticks,
    /// What remains of it.
    pub left: Lots,
}

/// The agent's orders and its account, exact in ticks × lots.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Seat {
    /// Received less paid, ticks × lots, before fees.
    pub cash: i64,
    /// Lots held; negative is short.
    pub position: i64,
    /// Fees paid, ticks × lots.
    pub fees: f64,
    /// The bid that rests.
    pub bid: Option<Standing>,
    /// The ask that rests.
    pub ask: Option<Standing>,
    /// Lots traded since the beginning.
    pub traded: i64,
    /// Lots bought less sold by those who took, in the last step; the agent's own included.
    pub(super) flow: (i64, i64),
    serial: u64,
}

/// Owner of the agent's orders.
pub(super) const SELF: Owner = Owner(1);

impl Seat {
    /// What it owns at that middle, less fees, ticks × lots.
    pub fn equity(&self, mid_ticks: f64) -> f64 {
        self.cash as f64 + self.position as f64 * mid_ticks - self.fees
    }

    /// The order that rests on a side.
    pub fn standing(&self, side: BookSide) -> Option<Standing> {
        match side {
            BookSide::Bid => self.bid,
            BookSide::Ask => self.ask,
        }
    }

    fn standing_mut(&mut self, side: BookSide) -> &mut Option<Standing> {
        match side {
            BookSide::Bid => &mut self.bid,
            BookSide::Ask => &mut self.ask,
        }
    }

    fn key(&mut self) -> OrderKey {
        self.serial += 1;
        Crowd::guest_key(self.serial)
    }

    /// Takes in what happened at the venue.
    pub(super) fn note(&mut self, events: &[VenueEvent], fees: &Fees) {
        for event in events {
            match event {
                VenueEvent::Traded(trade) => self.traded(trade, fees),
                VenueEvent::Cancelled { order, left: Lots::ZERO, .. }
                | VenueEvent::Rejected { order, .. }
                | VenueEvent::Expired { order, .. } => self.gone(*order),
                _ => {}
            }
        }
    }

    fn gone(&mut self, order: OrderKey) {
        for standing in [&mut self.bid, &mut self.ask] {
            if standing.is_some_and(|it| it.key == order) {
                *standing = None;
            }
        }
    }

    fn traded(&mut self, trade: &Trade, fees: &Fees) {
        let Some(aggressor) = trade.aggressor else { return };
        let (size, price) = (trade.size.0, trade.price.0);
        self.flow.0 += aggressor.sign() * size;
        self.flow.1 += size;
        let mut book = |sign: i64, fee: f64| {
            self.cash -= sign * size * price;
            self.position += sign * size;
            self.fees += fee * size as f64;
            self.traded += size;
        };
        if trade.taker_owner == SELF {
            book(aggressor.sign(), fees.taker_ticks);
        }
        if trade.maker_owner == SELF {
            book(-aggressor.sign(), fees.maker_ticks);
            let standing = self.standing_mut(aggressor.opposite());
            *standing = standing.map(|it| Standing { left: trade.maker_left, ..it });
            if trade.maker_left == Lots::ZERO {
                *standing = None;
            }
        }
    }

    /// Has an order of that price and size rest, or none. One that rests at the price already
    /// keeps its place. What would take is refused by the venue.
    pub(super) fn quote(
        &mut self,
        desk: &mut Desk<'_>,
        side: BookSide,
        wanted: Option<(Ticks, Lots)>,
    ) {
        let standing = self.standing(side);
        let keeps = |it: &Standing| wanted.is_some_and(|(price, _)| price == it.price);
        if let Some(old) = standing.filter(|it| !keeps(it)) {
            self.send(desk, &Command::Cancel { order: old.key });
        }
        let (Some((limit, size)), None) = (wanted, self.standing(side)) else { return };
        let key = self.key();
        *self.standing_mut(side) = Some(Standing { key, price: limit, left: size });
        let kind = Kind::Limit { limit, posting: Posting::PostOrReject };
        let order = NewOrder { kind, ..NewOrder::limit(key, SELF, side, limit, size) };
        self.send(desk, &Command::Submit(order));
    }

    /// Trades so many lots at once, as far as the book goes. Own orders in the way are cancelled.
    pub(super) fn take(&mut self, desk: &mut Desk<'_>, side: BookSide, size: Lots) {
        if size > Lots::ZERO {
            let order = NewOrder::market(self.key(), SELF, side, size);
            let guard = Guard::CancelOldest;
            self.send(desk, &Command::Submit(NewOrder { guard, ..order }));
        }
    }

    fn send(&mut self, desk: &mut Desk<'_>, command: &Command) {
        let seen = desk.out.events.len();
        desk.crowd.send(desk.begin, command, desk.out);
        let (events, fees) = (&desk.out.events[seen..], desk.fees);
        self.note(events, &fees);
    }
}

/// Where a seat's commands go.
pub(super) struct Desk<'a> {
    pub(super) crowd: &'a mut CrowdState,
    pub(super) begin: Ts,
    pub(super) out: &'a mut Outbox,
    pub(super) fees: Fees,
}
