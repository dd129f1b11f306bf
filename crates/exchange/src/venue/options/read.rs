//! Orders on contracts and orders of legs, read from a request's body.

use market::{OptionContract, Price, Qty};
use serde_json::{Map, Value};

use super::place::ComboWish;
use super::{Lot, Thing};
use crate::Answer;
use crate::figures::decimal;
use crate::venue::Venue;
use crate::venue::order::{Class, Kind, Side, Tif};
use crate::venue::read::{self, HIGHEST_PRICE, given, word};

type Fields = Map<String, Value>;

impl Venue {
    /// The wish in a body that names a contract, or has legs; `None` for an order on a share.
    pub(crate) fn combo_in(&self, fields: &Fields) -> Option<Result<ComboWish, Answer>> {
        if given(fields, "order_class").is_some_and(|class| class == "mleg") {
            return Some(self.legs_in(fields));
        }
        let symbol = given(fields, "symbol").and_then(Value::as_str)?;
        let known = self.find_contract(symbol).or_else(|| super::names::read(&self.tape, symbol));
        known.map(|contract| single_in(fields, contract))
    }

    fn legs_in(&self, fields: &Fields) -> Result<ComboWish, Answer> {
        let legs = given(fields, "legs").and_then(Value::as_array);
        let legs = legs.filter(|legs| legs.len() > 1);
        let legs = legs.ok_or_else(|| Answer::invalid("mleg orders require 2 to 4 legs"))?;
        let (mut parts, mut intents) = (Vec::new(), Vec::new());
        for leg in legs {
            let Value::Object(leg) = leg else { return Err(Answer::invalid("invalid legs")) };
            let symbol = word(leg, "symbol")?;
            let symbol = symbol.ok_or_else(|| Answer::invalid("legs.symbol is required"))?;
            let contract = self.find_contract(symbol).ok_or_else(|| {
                Answer::invalid(format!("could not find option contract \"{symbol}\""))
            })?;
            let (side, intent) = side_of(leg)?;
            let ratio = read::qty(leg, "ratio_qty")?.unwrap_or(Qty::whole(1));
            if ratio.raw() % Qty::SCALE != 0 {
                return Err(Answer::invalid("legs.ratio_qty must be a whole number"));
            }
            let ratio = ratio.raw() / Qty::SCALE;
            parts.push((Thing::Option(contract), if side == Side::Buy { ratio } else { -ratio }));
            intents.push(intent);
        }
        if given(fields, "symbol").is_some() || given(fields, "side").is_some() {
            return Err(Answer::invalid("mleg orders have no symbol and no side"));
        }
        let kind = kind(fields, net_price(fields)?)?;
        wish(fields, Terms { parts, intents, side: Side::Buy, kind, class: Class::Mleg })
    }

    /// An order at the market that closes so many of a lot.
    pub(crate) fn closing_wish(&self, lot: &Lot, count: i64) -> ComboWish {
        ComboWish {
            parts: vec![(Thing::Option(lot.contract), 1)],
            side: if lot.count < 0 { Side::Buy } else { Side::Sell },
            kind: Kind::Market,
            tif: Tif::Day,
            qty: Qty::whole(count),
            class: Class::Simple,
            client_id: None,
            intents: Vec::new(),
            expires: None,
            condition: None,
        }
    }
}

struct Terms {
    parts: Vec<(Thing, i64)>,
    intents: Vec<Option<String>>,
    side: Side,
    kind: Kind,
    class: Class,
}

fn single_in(fields: &Fields, contract: OptionContract) -> Result<ComboWish, Answer> {
    if given(fields, "order_class").is_some_and(|class| class != "simple") {
        return Err(Answer::unprocessable("orders on options must be simple or mleg orders"));
    }
    let (side, intent) = side_of(fields)?;
    let kind = kind(fields, read::price(fields, "limit_price")?)?;
    let parts = vec![(Thing::Option(contract), 1)];
    wish(fields, Terms { parts, intents: vec![intent], side, kind, class: Class::Simple })
}

fn wish(fields: &Fields, terms: Terms) -> Result<ComboWish, Answer> {
    let qty = read::qty(fields, "qty")?.ok_or_else(|| Answer::invalid("qty is required"))?;
    if given(fields, "notional").is_some() {
        return Err(Answer::unprocessable("orders on options have no notional"));
    }
    let tif = read::tif(fields)?.ok_or_else(|| Answer::invalid("time_in_force is required"))?;
    if tif != Tif::Day {
        return Err(Answer::unprocessable("orders on options must be DAY orders"));
    }
    if given(fields, "extended_hours").is_some_and(|value| *value == Value::Bool(true)) {
        return Err(Answer::unprocessable("orders on options have no extended hours"));
    }
    Ok(ComboWish {
        parts: terms.parts,
        side: terms.side,
        kind: terms.kind,
        tif,
        qty,
        class: terms.class,
        client_id: read::client_id(fields)?,
        intents: terms.intents,
        expires: None,
        condition: None,
    })
}

/// Which way, and what it shall mean for the position; either says the way.
fn side_of(fields: &Fields) -> Result<(Side, Option<String>), Answer> {
    let intent = match word(fields, "position_intent")? {
        None => None,
        Some(intent @ ("buy_to_open" | "buy_to_close" | "sell_to_open" | "sell_to_close")) => {
            Some(intent.to_owned())
        }
        Some(_) => return Err(Answer::invalid("invalid position_intent")),
    };
    let side = match (word(fields, "side")?, &intent) {
        (Some("buy"), _) => Side::Buy,
        (Some("sell"), _) => Side::Sell,
        (Some(_), _) => return Err(Answer::invalid("invalid side")),
        (None, Some(intent)) if intent.starts_with("buy") => Side::Buy,
        (None, Some(_)) => Side::Sell,
        (None, None) => return Err(Answer::invalid("side is required")),
    };
    Ok((side, intent))
}

fn kind(fields: &Fields, limit: Option<Price>) -> Result<Kind, Answer> {
    if given(fields, "stop_price").or(given(fields, "trail_percent")).is_some() {
        return Err(Answer::unprocessable("orders on options have no stop and no trail"));
    }
    match (word(fields, "type")?, limit) {
        (Some("market"), None) => Ok(Kind::Market),
        (Some("market"), Some(_)) => {
            Err(Answer::invalid("market orders require no stop or limit price"))
        }
        (Some("limit"), Some(limit)) => Ok(Kind::Limit { limit }),
        (Some("limit"), None) => Err(Answer::invalid("limit orders require limit price")),
        (Some(_), _) => Err(Answer::unprocessable("orders on options must be market or limit")),
        (None, _) => Err(Answer::invalid("type is required")),
    }
}

/// A net price in whole cents: above nothing is paid, below it is received.
fn net_price(fields: &Fields) -> Result<Option<Price>, Answer> {
    let Some(value) = given(fields, "limit_price") else { return Ok(None) };
    let wrong = || Answer::invalid("invalid limit_price");
    let price: Price = decimal(value).and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
    let fits = price.raw().unsigned_abs() <= (HIGHEST_PRICE * Price::SCALE).unsigned_abs()
        && price.raw() % (Price::SCALE / 100) == 0;
    if fits { Ok(Some(price)) } else { Err(wrong()) }
}
