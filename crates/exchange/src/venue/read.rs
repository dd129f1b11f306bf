//! A wish for an order, read from a request's body.

use market::{Cash, Price, Qty};
use serde_json::{Map, Value};

use super::order::{Class, Kind, Side, Tif, Trail};
use crate::Answer;
use crate::figures::decimal;

/// More shares than this, and money no longer fits its type.
pub(crate) const MOST_SHARES: i64 = 10_000_000;
/// A higher price, and money no longer fits its type.
pub(crate) const HIGHEST_PRICE: i64 = 500_000;
/// Longest name that a client may give.
pub(crate) const LONGEST_NAME: usize = 128;

/// The second and third order of a complex one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Leg {
    TakeProfit(Price),
    StopLoss { stop: Price, limit: Option<Price> },
}

/// A wish for an order, each part read, nothing held against the account yet.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wish {
    pub symbol: String,
    pub side: Side,
    pub kind: Kind,
    pub tif: Tif,
    pub qty: Option<Qty>,
    pub notional: Option<Cash>,
    pub class: Class,
    pub extended: bool,
    pub client_id: Option<String>,
    pub legs: Vec<Leg>,
}

/// The body as fields.
pub(super) fn fields(body: &[u8]) -> Result<Map<String, Value>, Answer> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(Answer::refuse(400, 40_010_000, "request body format is invalid")),
    }
}

pub(super) fn given<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null() && value.as_str() != Some(""))
}

pub(super) fn word<'a>(
    fields: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<&'a str>, Answer> {
    match given(fields, name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Answer::invalid(format!("invalid {name}"))),
    }
}

/// A price: positive, and in whole cents above a dollar.
pub(super) fn price(fields: &Map<String, Value>, name: &str) -> Result<Option<Price>, Answer> {
    let Some(value) = given(fields, name) else { return Ok(None) };
    let wrong = || Answer::invalid(format!("invalid {name}"));
    let price: Price = decimal(value).and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
    if price <= Price::ZERO || price.raw() > HIGHEST_PRICE * Price::SCALE {
        return Err(Answer::invalid(format!("{name} must be > 0 and <= {HIGHEST_PRICE}")));
    }
    let step = if price.raw() >= Price::SCALE { 100 } else { 10_000 };
    if price.raw() % (Price::SCALE / step) != 0 {
        return Err(Answer::unprocessable(format!(
            "invalid {name} {price}. sub-penny increment does not fulfill minimum pricing criteria"
        )));
    }
    Ok(Some(price))
}

/// A quantity of shares.
pub(super) fn qty(fields: &Map<String, Value>, name: &str) -> Result<Option<Qty>, Answer> {
    let Some(value) = given(fields, name) else { return Ok(None) };
    let wrong = || Answer::invalid(format!("invalid {name}"));
    let qty: Qty = decimal(value).and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
    if qty <= Qty::ZERO {
        return Err(Answer::invalid(format!("{name} must be > 0")));
    }
    if qty > Qty::whole(MOST_SHARES) {
        return Err(Answer::invalid(format!("{name} must be <= {MOST_SHARES}")));
    }
    Ok(Some(qty))
}

/// How long an order may wait.
pub(super) fn tif(fields: &Map<String, Value>) -> Result<Option<Tif>, Answer> {
    Ok(Some(match word(fields, "time_in_force")? {
        None => return Ok(None),
        Some("day") => Tif::Day,
        Some("gtc") => Tif::Gtc,
        Some("opg") => Tif::Opg,
        Some("cls") => Tif::Cls,
        Some("ioc") => Tif::Ioc,
        Some("fok") => Tif::Fok,
        Some(_) => return Err(Answer::invalid("invalid time_in_force")),
    }))
}

/// The client's own name.
pub(super) fn client_id(fields: &Map<String, Value>) -> Result<Option<String>, Answer> {
    match word(fields, "client_order_id")? {
        Some(text) if text.chars().count() > LONGEST_NAME => Err(Answer::invalid(format!(
            "client_order_id must be no more than {LONGEST_NAME} characters"
        ))),
        other => Ok(other.map(str::to_owned)),
    }
}

/// How a trailing stop follows.
pub(super) fn trail(fields: &Map<String, Value>) -> Result<Trail, Answer> {
    let percent = given(fields, "trail_percent");
    match (price(fields, "trail_price")?, percent) {
        (Some(_), Some(_)) => {
            Err(Answer::invalid("trail_price and trail_percent must not be specified together"))
        }
        (Some(away), None) => Ok(Trail::Price(away)),
        (None, Some(value)) => match decimal(value).and_then(|text| text.parse::<f64>().ok()) {
            Some(percent) if percent > 0.0 && percent < 100.0 => Ok(Trail::Percent(percent)),
            _ => Err(Answer::invalid("trail_percent must be > 0 and < 100")),
        },
        (None, None) => {
            Err(Answer::invalid("trailing stop orders require trail_price or trail_percent"))
        }
    }
}

/// Reads a whole wish.
pub(super) fn wish(fields: &Map<String, Value>) -> Result<Wish, Answer> {
    let symbol = word(fields, "symbol")?.ok_or_else(|| Answer::invalid("symbol is required"))?;
    let side = match word(fields, "side")? {
        Some("buy") => Side::Buy,
        Some("sell") => Side::Sell,
        Some(_) => return Err(Answer::invalid("invalid side")),
        None => return Err(Answer::invalid("side is required")),
    };
    let class = match word(fields, "order_class")? {
        None | Some("simple") => Class::Simple,
        Some("bracket") => Class::Bracket,
        Some("oco") => Class::Oco,
        Some("oto") => Class::Oto,
        Some(_) => return Err(Answer::invalid("invalid order_class")),
    };
    let legs = legs(fields)?;
    let kind = kind(fields, class, &legs)?;
    let tif = tif(fields)?.ok_or_else(|| Answer::invalid("time_in_force is required"))?;
    let (qty, notional) = (qty(fields, "qty")?, notional(fields)?);
    match (qty, notional) {
        (None, None) => return Err(Answer::invalid("qty or notional is required")),
        (Some(_), Some(_)) => {
            return Err(Answer::invalid("only one of qty or notional is accepted"));
        }
        _ => {}
    }
    let extended = match given(fields, "extended_hours") {
        None => false,
        Some(Value::Bool(value)) => *value,
        Some(_) => return Err(Answer::invalid("invalid extended_hours")),
    };
    let symbol = symbol.to_owned();
    let client_id = client_id(fields)?;
    Ok(Wish { symbol, side, kind, tif, qty, notional, class, extended, client_id, legs })
}

fn notional(fields: &Map<String, Value>) -> Result<Option<Cash>, Answer> {
    let Some(value) = given(fields, "notional") else { return Ok(None) };
    let wrong = || Answer::invalid("invalid notional");
    let notional: Cash = decimal(value).and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
    if notional < Cash::from_raw(Cash::SCALE) {
        return Err(Answer::unprocessable("cost basis must be >= minimal amount of order 1"));
    }
    if notional.raw() % (Cash::SCALE / 100) != 0 {
        return Err(Answer::unprocessable("notional value must be limited to 2 decimal places"));
    }
    Ok(Some(notional))
}

fn kind(fields: &Map<String, Value>, class: Class, legs: &[Leg]) -> Result<Kind, Answer> {
    let word = word(fields, "type")?.ok_or_else(|| Answer::invalid("type is required"))?;
    let (limit, stop) = (price(fields, "limit_price")?, price(fields, "stop_price")?);
    let target = legs.iter().find_map(|leg| match leg {
        Leg::TakeProfit(limit) => Some(*limit),
        Leg::StopLoss { .. } => None,
    });
    // The first order of an OCO is its target, which may stand in either place.
    let limit = if class == Class::Oco { target.or(limit) } else { limit };
    let none = |price: Option<Price>, text: &'static str| match price {
        Some(_) => Err(Answer::invalid(text)),
        None => Ok(()),
    };
    match word {
        "market" => {
            none(limit.or(stop), "market orders require no stop or limit price")?;
            Ok(Kind::Market)
        }
        "limit" => {
            none(stop, "limit orders require only limit price")?;
            let limit = limit.ok_or_else(|| Answer::invalid("limit orders require limit price"))?;
            Ok(Kind::Limit { limit })
        }
        "stop" => {
            none(limit, "stop orders require only stop price")?;
            let stop = stop.ok_or_else(|| Answer::invalid("stop orders require stop price"))?;
            Ok(Kind::Stop { stop })
        }
        "stop_limit" => match (stop, limit) {
            (Some(stop), Some(limit)) => Ok(Kind::StopLimit { stop, limit }),
            _ => Err(Answer::invalid("stop limit orders require both stop and limit price")),
        },
        "trailing_stop" => {
            none(limit.or(stop), "trailing stop orders require no stop or limit price")?;
            Ok(Kind::Trailing { trail: trail(fields)?, best: Price::ZERO })
        }
        _ => Err(Answer::invalid("invalid order type")),
    }
}

fn legs(fields: &Map<String, Value>) -> Result<Vec<Leg>, Answer> {
    let mut legs = Vec::new();
    let part = |name: &str| match given(fields, name) {
        None => Ok(None),
        Some(Value::Object(part)) => Ok(Some(part)),
        Some(_) => Err(Answer::invalid(format!("invalid {name}"))),
    };
    if let Some(part) = part("take_profit")? {
        let limit = price(part, "limit_price")?
            .ok_or_else(|| Answer::invalid("take_profit.limit_price is required"))?;
        legs.push(Leg::TakeProfit(limit));
    }
    if let Some(part) = part("stop_loss")? {
        let stop = price(part, "stop_price")?
            .ok_or_else(|| Answer::invalid("stop_loss.stop_price is required"))?;
        legs.push(Leg::StopLoss { stop, limit: price(part, "limit_price")? });
    }
    Ok(legs)
}
