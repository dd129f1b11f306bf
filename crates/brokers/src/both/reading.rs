//! What the clerk brings back: orders that moved, and what goes into the account's books.

use std::collections::BTreeMap;

use base::Ts;
use market::remote::{Books, Execution, Heard, Report, Said, Wire};
use market::{
    BrokerRef, Cash, ClientOrderId, Held, InstrumentId, OrderState, Price, Qty, Vertical,
};

use super::clerk::{Clerk, Errand, Reply};
use super::held::units_of;
use super::spot::{Spot, Stage};
use super::units::{UnitTrade, units};
use super::{Both, Question};
use crate::spread::{LegFilled, Placed, Series, Standing, State};

/// Looks after which a trade whose cost no broker tells counts as free: the account then shows
/// the difference.
const MOST_LOOKS: u32 = 20;

/// A look at the options on the account, for the desk's books.
#[derive(Debug, Default)]
pub(super) struct Reading {
    wanted: Option<Question>,
    /// What goes into the books of that number.
    read: Option<(u64, Vec<Report>, Vec<Execution>)>,
}

impl Reading {
    pub(super) fn want(&mut self, number: u64, since: Ts) {
        (self.wanted, self.read) = (Some((number, since)), None);
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.wanted.is_some()
    }
}

type Seen = Vec<(ClientOrderId, Option<Standing>)>;

impl<W: Wire, C: Clerk> Both<W, C> {
    pub(super) fn take(&mut self, reply: Reply) {
        match reply {
            Reply::Placed(name, Placed::Known(standing)) => self.stands(&name, &standing),
            Reply::Placed(name, Placed::Refused(reason)) => {
                if let Some(spot) = self.spots.remove(&name) {
                    self.heard.push(Heard::Order(spot.report(OrderState::Rejected, &reason)));
                }
            }
            // It is placed again under its name, which finds it where it arrived.
            Reply::Placed(name, Placed::Unknown(why)) => {
                tracing::warn!(order = name.as_str(), why, "place an order of a spread");
            }
            Reply::Stand(seen) => self.seen(&seen),
            Reply::Account { orders, held } => self.read(&orders, &held),
            Reply::Failed(errand, why) => {
                tracing::warn!(why, "ask about spreads");
                self.go_without(&errand);
            }
        }
    }

    fn seen(&mut self, seen: &Seen) {
        for (name, standing) in seen {
            // What the desk is done with is told in the next books.
            self.strangers.remove(name);
            match standing {
                Some(standing) => self.stands(name, standing),
                None => self.is_not_there(name),
            }
        }
    }

    /// The broker knows none of that name. One that is taken back has ended so.
    fn is_not_there(&mut self, name: &ClientOrderId) {
        if let Some(spot) = self.spots.remove(name) {
            if spot.is_cancelling {
                self.heard.push(Heard::Order(spot.report(OrderState::Cancelled, "")));
            } else if spot.stage != Stage::Recalled {
                self.spots.insert(name.clone(), spot);
            }
        }
    }

    /// Takes in where an order stands: trades first, then its end.
    fn stands(&mut self, name: &ClientOrderId, standing: &Standing) {
        let Some(mut spot) = self.spots.remove(name) else { return };
        spot.stage = Stage::Standing;
        if let Some(trades) = costed(&mut spot, standing) {
            for trade in trades.iter().filter(|trade| trade.filled > spot.told) {
                let of = (name, spot.request.instrument, spot.buys());
                self.heard.push(Heard::Executed(execution(of, trade)));
                let sign = if spot.buys() { 1 } else { -1 };
                let held = self.held.entry(spot.request.instrument).or_default();
                *held += sign * i64::from(trade.units);
            }
            let last = trades.last().map_or(0, |trade| trade.filled);
            spot.told = spot.told.max(last);
        }
        let is_whole = spot.told >= standing.filled;
        let asked = Qty::whole(i64::from(spot.told)) >= spot.request.qty.abs();
        match standing.state {
            State::Filled if is_whole && asked => {
                self.heard.push(Heard::Order(spot.report(OrderState::Filled, "")));
            }
            State::Filled | State::Ended if is_whole => {
                self.heard.push(Heard::Order(spot.report(OrderState::Cancelled, "")));
            }
            _ => {
                if !spot.is_told && standing.state == State::Open {
                    spot.is_told = true;
                    self.heard.push(Heard::Order(spot.report(OrderState::Working, "")));
                }
                self.spots.insert(name.clone(), spot);
            }
        }
    }

    fn read(&mut self, orders: &Seen, options: &[(Series, i64)]) {
        let Some((number, since)) = self.reading.wanted.take() else { return };
        let mut executions = Vec::new();
        let mut reports: BTreeMap<ClientOrderId, Report> = BTreeMap::new();
        for (name, standing) in orders {
            let Some(standing) = standing else { continue };
            let known = self.spots.get(name).map(|it| (it.request.instrument, it.buys()));
            let known = known.or_else(|| self.instrument_of(&standing.legs));
            let Some((instrument, buys)) = known else { continue };
            let Some(trades) = units(&standing.legs) else {
                // Asked again until the cost is told; `stands` says for how long.
                self.stands(name, standing);
                self.reading.wanted = Some((number, since));
                continue;
            };
            let of = (name, instrument, buys);
            executions.extend(trades.iter().map(|trade| execution(of, trade)));
            let filled: Qty = trades.iter().map(|trade| trade.qty(buys)).sum();
            let state = match standing.state {
                State::Open => OrderState::Working,
                State::Filled => OrderState::Filled,
                State::Ended => OrderState::Cancelled,
            };
            let (order, reason) = (name.clone(), String::new());
            let report = Report { order, instrument, state, filled, reason };
            reports.insert(name.clone(), report);
        }
        if self.reading.wanted.is_some() && self.looks_left() {
            return;
        }
        self.reading.wanted = None;
        self.seen(orders);
        let stands = |report: &&Report| report.state == OrderState::Working;
        let open = reports.values().filter(stands).map(|report| report.order.clone());
        let strangers = open.filter(|name| !self.spots.contains_key(name));
        self.strangers = strangers.map(|name| (name, false)).collect();
        self.held = units_of(options, &self.spreads, &self.held);
        self.is_loaded = true;
        let is_said = |spot: &&Spot| matches!(spot.stage, Stage::New | Stage::ToPlace);
        for spot in self.spots.values().filter(is_said) {
            let sent = spot.report(OrderState::Sent, "");
            reports.entry(sent.order.clone()).or_insert(sent);
        }
        executions.retain(|execution| execution.at >= since);
        self.reading.read = Some((number, reports.into_values().collect(), executions));
        self.shares.say(&Said::AskBooks { number, since });
    }

    /// Whether costs may still be told.
    fn looks_left(&self) -> bool {
        self.spots.values().any(|spot| (1..MOST_LOOKS).contains(&spot.looks))
    }

    /// Nothing is known of the options. Where none is held or sought that says nothing of the
    /// shares; otherwise it is asked again.
    fn go_without(&mut self, errand: &Errand) {
        let is_sought = self.spots.values().any(|spot| spot.stage != Stage::New);
        let is_none = !is_sought && self.is_loaded && self.held.values().all(|units| *units == 0);
        if matches!(errand, Errand::Read(_))
            && is_none
            && let Some((number, since)) = self.reading.wanted.take()
        {
            self.shares.say(&Said::AskBooks { number, since });
        }
    }

    /// Puts what was read of the options into the books of the shares.
    pub(super) fn add_to(&mut self, books: &mut Books) {
        let Some((_, orders, executions)) =
            self.reading.read.take_if(|(number, ..)| *number == books.number)
        else {
            return;
        };
        books.orders.extend(orders);
        books.executions.extend(executions);
        books.executions.sort_by_key(|execution| execution.at);
        let held = self.held.iter().filter(|(_, units)| **units != 0);
        books.positions.extend(held.map(|(instrument, units)| Held {
            instrument: *instrument,
            qty: Qty::whole(*units),
            average_price: Price::ZERO,
        }));
    }

    /// The spread of an order's legs, and whether it is bought.
    fn instrument_of(&self, legs: &[LegFilled]) -> Option<(InstrumentId, bool)> {
        let [one, other] = legs else { return None };
        let (long, short) = if one.ratio > 0 { (one, other) } else { (other, one) };
        if (long.ratio, short.ratio) != (1, -1) {
            return None;
        }
        let of = |bought: &LegFilled, sold: &LegFilled| Vertical {
            underlying: bought.series.underlying.clone(),
            expiry: bought.series.expiry,
            right: bought.series.right,
            bought: bought.series.strike,
            sold: sold.series.strike,
        };
        let (ahead, back) = (of(long, short), of(short, long));
        let find = |wanted: &Vertical| {
            self.spreads.iter().find(|(_, spread)| *spread == wanted).map(|(id, _)| *id)
        };
        find(&ahead).map(|id| (id, true)).or_else(|| find(&back).map(|id| (id, false)))
    }
}

/// The trades of an order in units; `None` while their cost may still be told.
fn costed(spot: &mut Spot, standing: &Standing) -> Option<Vec<UnitTrade>> {
    let told = units(&standing.legs);
    if told.is_some() {
        return told;
    }
    spot.looks += 1;
    if spot.looks < MOST_LOOKS {
        return None;
    }
    let mut legs = standing.legs.clone();
    for trade in legs.iter_mut().flat_map(|leg| &mut leg.trades) {
        trade.fee = trade.fee.or(Some(Cash::ZERO));
    }
    units(&legs)
}

/// Its name holds the order and what that had filled: so each is told once.
fn execution(
    (order, instrument, buys): (&ClientOrderId, InstrumentId, bool),
    trade: &UnitTrade,
) -> Execution {
    Execution {
        id: BrokerRef(format!("{}/{}", order.as_str(), trade.filled)),
        order: order.clone(),
        instrument,
        at: trade.at,
        qty: trade.qty(buys),
        price: if buys { trade.price } else { -trade.price },
        fee: trade.fee,
        corrects: None,
    }
}
