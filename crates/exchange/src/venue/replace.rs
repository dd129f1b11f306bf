//! An order in the place of another.

use market::{Price, Qty};
use serde_json::{Map, Value};

use super::entry::Change;
use super::order::{Class, Kind, Order, Side, Status, Tif, Trail};
use super::read;
use super::submit::expiry;
use super::{Venue, entry};
use crate::figures::{money, value_of};
use crate::{Answer, Request};

/// Which quantity the legs of a replaced order are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LegSize {
    /// That of the new order.
    Follows,
    /// Their own.
    Stays,
}

impl Venue {
    /// Puts a new order in the place of an open one.
    pub(super) fn replace(&mut self, number: usize, request: &Request) -> Answer {
        self.reckon();
        let made = read::fields(&request.body).and_then(|fields| self.successor(number, &fields));
        match made {
            Ok(order) => {
                let number = self.succeed(number, order, LegSize::Follows);
                Answer::ok(self.shown_as_taken(number))
            }
            Err(refusal) => refusal,
        }
    }

    fn successor(&self, number: usize, fields: &Map<String, Value>) -> Result<Order, Answer> {
        let old = &self.state.orders[number];
        entry::may_change(old)?;
        let qty = read::qty(fields, "qty")?.unwrap_or(old.open_qty());
        check_lots(old, qty)?;
        let tif = read::tif(fields)?;
        check_tif(old, tif)?;
        let kind = changed_kind(old, fields)?;
        let client_id = read::client_id(fields)?;
        self.changed_order(number, Change { qty, kind, tif, expires: None, client_id })
    }

    /// The order that takes the place of an open one.
    pub(super) fn changed_order(&self, number: usize, change: Change) -> Result<Order, Answer> {
        let old = &self.state.orders[number];
        let mut order = old.clone();
        order.qty = Some(change.qty);
        order.kind = change.kind;
        if let Some(tif) = change.tif {
            order.tif = tif;
            order.expires = expiry(self.state.now, tif);
        }
        order.expires = change.expires.unwrap_or(order.expires);
        order.client_id = match change.client_id {
            Some(id) if self.by_client.find(&id).is_some() => {
                return Err(Answer::invalid("client_order_id must be unique"));
            }
            Some(id) => id,
            None => self.client_name(&self.order_id()),
        };
        if order.parent.is_none() {
            self.check_collar(order.kind, order.side, order.instrument)?;
        }
        self.check_growth(old, &order)?;
        order.id = self.order_id();
        order.replaces = Some(old.id.clone());
        order.filled = Qty::ZERO;
        order.value = market::Cash::ZERO;
        order.filled_at = None;
        order.submitted_at = self.state.now;
        order.updated_at = self.state.now;
        order.wire = None;
        order.revision = 0;
        Ok(order)
    }

    /// What a larger order needs more must be there.
    fn check_growth(&self, old: &Order, new: &Order) -> Result<(), Answer> {
        let mark = self.mark(old.instrument).unwrap_or(Price::ZERO);
        if new.intent.ends_with("to_close") {
            let Some(held) = self.position_of(old.instrument) else { return Ok(()) };
            let (wanted, was) = (new.qty.unwrap_or(Qty::ZERO), old.open_qty());
            let free = self.available(&held).abs();
            return match wanted > was && wanted - was > free && old.parent.is_none() {
                true => Err(Answer::forbidden(format!(
                    "insufficient qty available for order (requested: {wanted}, available: {})",
                    free + was
                ))),
                false => Ok(()),
            };
        }
        let price = |order: &Order| match order.side {
            Side::Buy => order.kind.limit().or(order.kind.stop(order.side)).unwrap_or(mark),
            Side::Sell => mark,
        };
        let before = value_of(price(old), old.open_qty());
        let after = value_of(price(new), new.qty.unwrap_or(Qty::ZERO));
        let power = self.buying_power();
        if after > before && after - before > power {
            return Err(Answer::forbidden("insufficient buying power")
                .saying("buying_power", money(power))
                .saying("cost_basis", money(after)));
        }
        Ok(())
    }

    /// Takes the new order in, and its legs over from the old one.
    pub(super) fn succeed(&mut self, number: usize, order: Order, legs_are: LegSize) -> usize {
        let now = self.state.now;
        self.tell("pending_replace", number, now);
        let legs = std::mem::take(&mut self.state.orders[number].legs);
        for leg in &legs {
            self.recall(*leg, now);
        }
        self.recall(number, now);
        let instrument = order.instrument;
        self.take_answers(instrument, now);
        let qty = order.qty;
        let next = self.add(Order { legs: legs.clone(), ..order });
        self.state.orders[number].replaced_by = Some(self.state.orders[next].id.clone());
        self.end(number, Status::Replaced, now);
        if let Some(parent) = self.state.orders[next].parent {
            for leg in &mut self.state.orders[parent].legs {
                if *leg == number {
                    *leg = next;
                }
            }
        }
        let timed = self.state.orders[next].tif.is_timed();
        if !timed {
            self.send(next, now);
        }
        for leg in legs {
            let order = &mut self.state.orders[leg];
            if order.status.is_open() {
                order.parent = Some(next);
                if legs_are == LegSize::Follows {
                    order.qty = qty;
                }
                self.send(leg, now);
            }
        }
        let live = self.state.orders[next].status;
        if live == Status::PartiallyFilled {
            self.state.orders[next].status = Status::New;
        }
        match live {
            Status::Held => self.note(next, now, None),
            Status::Accepted => self.tell("accepted", next, now),
            _ => self.tell("new", next, now),
        }
        self.take_answers(instrument, now);
        next
    }
}

/// Whole lots stay whole.
fn check_lots(old: &Order, qty: Qty) -> Result<(), Answer> {
    let lots = |qty: Option<Qty>| qty.is_some_and(|qty| qty.raw() % Qty::SCALE == 0);
    match lots(old.qty) && !lots(Some(qty)) {
        true => Err(Answer::unprocessable("qty must be a whole number to replace this order")),
        false => Ok(()),
    }
}

/// Orders with a moment of their own are single and simple ones.
fn check_tif(old: &Order, tif: Option<Tif>) -> Result<(), Answer> {
    if !tif.is_some_and(Tif::is_timed) {
        return Ok(());
    }
    if old.class != Class::Simple {
        return Err(Answer::unprocessable("complex orders must be DAY or GTC orders"));
    }
    match old.kind {
        Kind::Market | Kind::Limit { .. } => Ok(()),
        _ => Err(Answer::unprocessable("ioc and fok orders must be market or limit orders")),
    }
}

/// The kind with the prices that are to change.
fn changed_kind(old: &Order, fields: &Map<String, Value>) -> Result<Kind, Answer> {
    let limit = read::price(fields, "limit_price")?;
    let stop = read::price(fields, "stop_price")?;
    let trail = match fields.get("trail").filter(|value| !value.is_null()) {
        None => None,
        Some(value) => {
            let text = crate::figures::decimal(value);
            let number = text.as_deref().and_then(|text| text.parse::<f64>().ok());
            Some(number.filter(|n| *n > 0.0).ok_or_else(|| Answer::invalid("trail must be > 0"))?)
        }
    };
    let foreign = |name: &str| {
        let word = old.kind.word();
        Err(Answer::unprocessable(format!("{name} cannot be set on a {word} order")))
    };
    match old.kind {
        _ if trail.is_some() && !matches!(old.kind, Kind::Trailing { .. }) => foreign("trail"),
        Kind::Market | Kind::Trailing { .. } if limit.is_some() => foreign("limit_price"),
        Kind::Market | Kind::Limit { .. } | Kind::Trailing { .. } if stop.is_some() => {
            foreign("stop_price")
        }
        Kind::Stop { .. } if limit.is_some() => foreign("limit_price"),
        Kind::Market => Ok(Kind::Market),
        Kind::Limit { limit: was } => Ok(Kind::Limit { limit: limit.unwrap_or(was) }),
        Kind::Stop { stop: was } => Ok(Kind::Stop { stop: stop.unwrap_or(was) }),
        Kind::StopLimit { stop: s, limit: l } => {
            Ok(Kind::StopLimit { stop: stop.unwrap_or(s), limit: limit.unwrap_or(l) })
        }
        Kind::Trailing { trail: was, best } => {
            let trail = match (was, trail) {
                (was, None) => was,
                (Trail::Percent(_), Some(percent)) if percent < 100.0 => Trail::Percent(percent),
                (Trail::Price(_), Some(away)) => {
                    let away = Price::from_f64(away, base::Rounding::HalfEven);
                    Trail::Price(away.map_err(|_| Answer::invalid("invalid trail"))?)
                }
                _ => return Err(Answer::invalid("trail_percent must be < 100")),
            };
            Ok(Kind::Trailing { trail, best })
        }
    }
}
