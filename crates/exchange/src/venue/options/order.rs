//! The parts of an order, and how the broker shows them.

use base::Rounding;
use market::{Cash, InstrumentId, Price, Qty};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{STANDARD, Thing};
use crate::Venue;
use crate::figures::uuid;
use crate::venue::order::{Class, Order, Side};

/// One part of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) thing: Thing,
    /// How many in one unit of the order; below nothing where an order that buys sells them.
    pub(crate) ratio: i64,
    /// What it means for the position, as `buy_to_open`.
    pub(crate) intent: String,
    /// How many were traded, and for how much; unsigned.
    pub(crate) filled: i64,
    pub(crate) value: Cash,
}

/// A price of a share that an order waits for. It may fill from the bar after the one that
/// touched it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Condition {
    pub(crate) instrument: InstrumentId,
    pub(crate) price: Price,
    /// The share must cost so much or more; else so much or less.
    pub(crate) is_more: bool,
}

impl Condition {
    /// Whether a bar touched it.
    pub(super) fn is_met(&self, bar: &market::Bar) -> bool {
        if self.is_more { bar.high >= self.price } else { bar.low <= self.price }
    }
}

/// What makes an order one of several parts, or one of a contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Combo {
    pub(crate) parts: Vec<Part>,
    /// What the whole order takes of the buying power.
    pub(crate) need: Cash,
    /// What it waits for; nothing once that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) condition: Option<Condition>,
}

/// What one part of an order traded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LegTraded {
    pub(crate) thing: Thing,
    /// Below nothing where it was sold.
    pub(crate) count: i64,
    pub(crate) price: Price,
    /// What it earned; `None` where it closed nothing.
    pub(crate) earned: Option<Cash>,
}

impl Part {
    /// Which way it is traded in an order.
    pub(crate) fn side(&self, order: Side) -> Side {
        if self.ratio < 0 { order.other() } else { order }
    }

    fn average(&self) -> Option<Price> {
        let units = self.thing.times(self.filled).to_f64();
        let step = Price::from_raw(Price::SCALE / 1_000_000);
        let average = Price::from_f64(self.value.to_f64() / units, Rounding::HalfEven).ok();
        average.filter(|_| self.filled > 0).map(|price| price.round_to(step, Rounding::HalfEven))
    }
}

impl Combo {
    /// Units of money that one of its net price means: a hundred where options are in it.
    pub(crate) fn units(&self) -> i64 {
        let has_options = self.parts.iter().any(|part| part.thing.is_option());
        if has_options { STANDARD } else { 1 }
    }

    /// The one thing of an order on a single contract.
    pub(crate) fn single(&self) -> Option<&Part> {
        (self.parts.len() == 1).then(|| &self.parts[0])
    }
}

impl Order {
    /// The parts; none of an order on a share.
    pub(crate) fn parts(&self) -> &[Part] {
        self.combo.as_ref().map_or(&[], |combo| &combo.parts)
    }

    /// The sign of its side.
    pub(crate) fn sign(&self) -> i64 {
        if self.side == Side::Buy { 1 } else { -1 }
    }
}

impl Venue {
    /// Puts the broker's words for an order with parts in the place of those for a share.
    pub(crate) fn show_parts(&self, order: &Order, shown: &mut Value) {
        let Some(combo) = &order.combo else { return };
        if combo.single().is_some() && order.class == Class::Simple {
            shown["asset_class"] = "us_option".into();
            return;
        }
        for name in ["asset_id", "symbol", "asset_class", "side", "position_intent"] {
            shown[name] = "".into();
        }
        shown["legs"] = (0..combo.parts.len()).map(|place| self.show_part(order, place)).collect();
    }

    fn show_part(&self, order: &Order, place: usize) -> Value {
        let part = &order.parts()[place];
        let name = self.name_of(&part.thing);
        let class = if part.thing.is_option() { "us_option" } else { "us_equity" };
        let qty = order.qty.unwrap_or(Qty::ZERO).raw() / Qty::SCALE * part.ratio.abs();
        let mut shown = order.shown();
        let id = uuid(&["leg", &order.id, &place.to_string()]);
        let own = json!({
            "client_order_id": uuid(&["client", &id]),
            "id": id,
            "asset_id": uuid(&["asset", &name]),
            "symbol": name,
            "asset_class": class,
            "qty": qty.to_string(),
            "ratio_qty": part.ratio.abs().to_string(),
            "filled_qty": part.filled.to_string(),
            "filled_avg_price": part.average().map(|price| price.to_string()),
            "order_type": "",
            "type": "",
            "side": part.side(order.side).word(),
            "position_intent": part.intent,
            "limit_price": null,
            "legs": null,
        });
        if let (Value::Object(all), Value::Object(own)) = (&mut shown, own) {
            all.extend(own);
        }
        shown
    }
}
