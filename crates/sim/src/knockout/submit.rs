//! Orders: how they are taken, how they leave, how a fill is booked.

use base::{Day, Ts};
use market::{
    BrokerEvent, Cash, ClientOrderId, Fill, FillRule, InstrumentId, OrderKind, OrderRequest,
    OrderState, Price, Qty, TimeInForce,
};
use serde::{Deserialize, Serialize};

use super::exchange::KnockOutExchange;
use super::print::Print;
use super::record::{Happened, Proof, Rule};
use crate::Error;

/// An order that is not done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Working {
    pub(super) request: OrderRequest,
    /// Signed pieces.
    pub(super) pieces: i64,
    /// When it reaches the issuer.
    pub(super) arrival: Ts,
    /// When a cancellation reaches the issuer.
    pub(super) cancelled: Option<Ts>,
    /// The issuer's local day in which it first could fill; a day order ends with it.
    session: Option<Day>,
}

impl Working {
    /// True for an order that a print which begins now may fill.
    pub(super) fn has_arrived(&self, begins: Ts) -> bool {
        self.arrival <= begins
    }
}

impl KnockOutExchange {
    /// Takes an order, or says why not. One that was sent before is passed over.
    pub(super) fn take(&mut self, at: Ts, request: &OrderRequest) {
        let waits = self.orders.iter().any(|order| order.request.id == request.id);
        if waits || self.done.contains(&request.id) {
            return;
        }
        let pieces = request.qty.raw() / Qty::SCALE;
        let arrival = at.max(self.clock()) + self.rules.latency;
        let request = request.clone();
        let working = Working { pieces, arrival, cancelled: None, session: None, request };
        match self.fault_of(at, &working) {
            Some(fault) => self.finish(working, OrderState::Rejected, fault),
            None => {
                let order = working.request.id.clone();
                let (state, reason) = (OrderState::Working, String::new());
                self.answers.push(BrokerEvent::Moved { order, state, reason });
                self.orders.push(working);
            }
        }
    }

    fn fault_of(&self, at: Ts, order: &Working) -> Option<&'static str> {
        let request = &order.request;
        let Some(listed) = self.certificates.get(request.instrument.index()) else {
            return Some("no such certificate");
        };
        let limit_is_no_price = match request.kind {
            OrderKind::Market => false,
            OrderKind::Limit { limit: level } | OrderKind::Stop { stop: level } => {
                level <= Price::ZERO
            }
            OrderKind::MarketOnClose | OrderKind::StopLimit { .. } => {
                return Some("issuers take market, limit and stop orders only");
            }
        };
        let is_stop = matches!(request.kind, OrderKind::Stop { .. });
        let sells = |one: &&Working| {
            one.request.instrument == request.instrument && one.pieces < 0 && one.arrival > at
        };
        let faults = [
            (at < self.clock(), "sent before what was already shown"),
            (listed.is_dead, "knocked out"),
            (!listed.is_listed, "no longer listed"),
            (order.pieces == 0 || request.qty != Qty::whole(order.pieces), "not whole pieces"),
            (limit_is_no_price, "limit or stop is not positive"),
            (is_stop && order.pieces > 0, "a stop protects what is held; it does not buy"),
            (
                request.oco_group.is_some() || request.parent.is_some(),
                "issuers know no groups and parents",
            ),
            // What is on its way already counts; limits and stops may wait side by side.
            (
                order.pieces < 0
                    && self.orders.iter().filter(sells).map(|one| one.pieces).sum::<i64>()
                        + order.pieces
                        + listed.pieces
                        < 0,
                "sells more than is held",
            ),
        ];
        faults.iter().find(|(is, _)| *is).map(|(_, fault)| *fault)
    }

    /// Lets go of orders that were taken back or ran out before a print begins.
    pub(super) fn release(&mut self, begins: Ts) {
        let today = self.rules.hours.session(begins);
        let mut at = 0;
        while at < self.orders.len() {
            let order = &mut self.orders[at];
            let ended = if order.cancelled.is_some_and(|when| when <= begins) {
                Some((OrderState::Cancelled, ""))
            } else if order.request.tif != TimeInForce::Gtc
                && order.session.is_some()
                && order.session != today
            {
                Some((OrderState::Expired, "the issuer's day ended"))
            } else {
                if order.has_arrived(begins) {
                    order.session = order.session.or(today);
                }
                None
            };
            match ended {
                Some((state, reason)) => {
                    let order = self.orders.remove(at);
                    self.finish(order, state, reason);
                }
                None => at += 1,
            }
        }
    }

    /// Fills an order that was taken out of the waiting ones, or ends it where it can't be paid.
    pub(super) fn fill(
        &mut self,
        order: Working,
        price: Price,
        rule: Rule,
        print: &Print,
    ) -> Result<(), Error> {
        let (pieces, certificate) = (order.pieces, order.request.instrument);
        let fee = self.rules.order_fee.to_cents();
        let amount = -price.times(Qty::whole(pieces)).to_cents() - fee;
        let held = &mut self.certificates[certificate.index()];
        if held.pieces + pieces < 0 {
            self.finish(order, OrderState::Cancelled, "no longer held");
            return Ok(());
        }
        if self.cash + amount < Cash::ZERO {
            self.finish(order, OrderState::Cancelled, "not enough cash");
            return Ok(());
        }
        if pieces > 0 {
            let paid = |price: Price, pieces: i64| i128::from(price.raw()) * i128::from(pieces);
            let total = paid(held.average_price, held.pieces) + paid(price, pieces);
            let mean = total / i128::from(held.pieces + pieces);
            held.average_price = Price::from_raw(mean as i64);
        }
        held.pieces += pieces;
        self.cash += amount;
        let id = order.request.id.clone();
        let touched = matches!(rule, Rule::LimitTouched | Rule::StopTouched);
        let at = if touched { print.ends() } else { print.begins() };
        self.answer_fill(id.clone(), certificate, (pieces, price, fee), (at, rule, print));
        self.finish(order, OrderState::Filled, "");
        let what = Happened::Filled { order: id, certificate, pieces, price, amount };
        self.record(at, what, Proof::of(print, rule));
        Ok(())
    }

    /// Writes an order off; a fill has said so itself.
    pub(super) fn finish(&mut self, order: Working, state: OrderState, reason: &str) {
        self.done.insert(order.request.id.clone());
        if state != OrderState::Filled {
            let (order, reason) = (order.request.id, reason.to_owned());
            self.answers.push(BrokerEvent::Moved { order, state, reason });
        }
    }

    pub(super) fn answer_fill(
        &mut self,
        order: ClientOrderId,
        instrument: InstrumentId,
        (pieces, price, fee): (i64, Price, Cash),
        (at, rule, print): (Ts, Rule, &Print),
    ) {
        let rule = match rule {
            Rule::QuoteAtOpen | Rule::Overnight => FillRule::NextOpen,
            Rule::LimitAtOpen => FillRule::LimitGap,
            Rule::LimitTouched => FillRule::LimitTouched,
            Rule::StopGap | Rule::BarrierGap => FillRule::StopGap,
            Rule::StopTouched | Rule::BarrierTouched => FillRule::StopTouched,
        };
        let (qty, evidence) = (Qty::whole(pieces), Some(print.evidence(rule)));
        let fill = Fill { order, instrument, at, qty, price, fee, evidence, execution: None };
        self.answers.push(BrokerEvent::Filled(fill));
    }
}
