//! One order of a spread, from the desk's word to its end.

use market::remote::Report;
use market::vertical::net_price;
use market::{OrderKind, OrderRequest, OrderState, Price, Qty, Vertical};

use crate::spread::{Leg, Order, legs_of};

/// The least that a share of a spread is sold for, though it is sold at the market. What is worth
/// less than its quotes are wide could cost money to be rid of: more would be lost than it cost.
const LEAST: Price = Price::from_raw(Price::SCALE / 100);

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Whether it may be placed is not known yet.
    New,
    /// The broker may not have it.
    ToPlace,
    /// The broker has it.
    Standing,
    /// From an earlier life: whether the broker has it is not known yet.
    Recalled,
}

/// An order that has not ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spot {
    pub(super) request: OrderRequest,
    /// Units to be placed; an order that closes has no more than are held.
    pub(super) units: u32,
    pub(super) stage: Stage,
    /// True once the desk was told that it works.
    pub(super) is_told: bool,
    pub(super) is_cancelling: bool,
    /// Units that the desk was told of.
    pub(super) told: u32,
    /// Looks at it while the cost of its trades was not told.
    pub(super) looks: u32,
}

impl Spot {
    /// One that may be placed where so many units are held, or how it ends instead.
    pub(super) fn checked(self, held: i64) -> Result<Spot, Report> {
        let refuse = |reason| Err(self.report(OrderState::Rejected, reason));
        if self.request.qty.raw() % Qty::SCALE != 0 {
            return refuse("a spread is traded in whole units");
        }
        if !matches!(self.request.kind, OrderKind::Market | OrderKind::Limit { .. }) {
            return refuse("a spread is traded by limit or at the market alone");
        }
        let is_closing = self.request.reduce_only;
        let units = if is_closing { self.units.min(held.max(0) as u32) } else { self.units };
        match units {
            0 if is_closing => Err(self.report(OrderState::Cancelled, "nothing of it is held")),
            0 => refuse("an order of nothing"),
            _ => Ok(Spot { units, stage: Stage::ToPlace, ..self }),
        }
    }

    /// An order that was said in an earlier life.
    pub(super) fn recalled(request: &OrderRequest, filled: Qty) -> Spot {
        let told = whole(filled);
        Spot { told, stage: Stage::Recalled, ..Spot::new(request) }
    }

    /// One that was said just now.
    pub(super) fn new(request: &OrderRequest) -> Spot {
        Spot {
            request: request.clone(),
            units: whole(request.qty),
            stage: Stage::New,
            is_told: false,
            is_cancelling: false,
            told: 0,
            looks: 0,
        }
    }

    /// Units that it may yet take off what is held.
    pub(super) fn closes(&self) -> i64 {
        let closes = self.request.reduce_only && self.stage != Stage::New;
        if closes { i64::from(self.units.saturating_sub(self.told)) } else { 0 }
    }

    pub(super) fn buys(&self) -> bool {
        self.request.qty > Qty::ZERO
    }

    /// In the words of brokers. Whoever sells takes the legs the other way round, and asks for
    /// money.
    pub(super) fn order(&self, spread: &Vertical) -> Order {
        let sign = if self.buys() { 1 } else { -1 };
        let legs = legs_of(spread).into_iter();
        let net = match self.request.kind {
            OrderKind::Limit { limit } => Some(net_price(limit)),
            _ if self.buys() => None,
            _ => Some(LEAST),
        };
        Order {
            name: self.request.id.clone(),
            legs: legs.map(|leg| Leg { ratio: sign * leg.ratio, ..leg }).collect(),
            units: self.units,
            net: net.map(|net| if self.buys() { net } else { -net }),
        }
    }

    pub(super) fn report(&self, state: OrderState, reason: &str) -> Report {
        let filled = Qty::whole(i64::from(self.told));
        Report {
            order: self.request.id.clone(),
            instrument: self.request.instrument,
            state,
            filled: if self.buys() { filled } else { -filled },
            reason: reason.to_owned(),
        }
    }
}

fn whole(qty: Qty) -> u32 {
    u32::try_from(qty.abs().raw() / Qty::SCALE).unwrap_or(u32::MAX)
}
