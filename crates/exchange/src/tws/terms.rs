//! The terms of an order: read from a client's words, told in them again.

use base::{Rounding, Span, Ts};
use market::{InstrumentId, Price, Qty};
use serde::{Deserialize, Serialize};

use super::contracts;
use super::messages::contracts::Contract;
use super::messages::orders::Order;
use super::refusals::Refusal;
use super::times::read_moment;
use crate::Venue;
use crate::venue::{HIGHEST_PRICE, Kind, MOST_SHARES, Side, Tif, Trail};

/// What is to be traded, and how.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Terms {
    pub(super) instrument: InstrumentId,
    pub(super) side: Side,
    pub(super) kind: Kind,
    pub(super) tif: Tif,
    pub(super) qty: Qty,
    /// When it ends; `None` where nothing but its time in force ends it.
    #[serde(default)]
    pub(super) until: Option<Ts>,
}

/// Reads the terms of an order; `id` is the client's number of it.
pub(super) fn read(
    venue: &Venue,
    id: i32,
    contract: Option<&Contract>,
    order: &Order,
) -> Result<Terms, Refusal> {
    let instrument = contracts::wanted(venue, id, contract)?;
    check_extras(id, order)?;
    if !order.conditions.is_empty() {
        let text = "conditions of orders on shares are not worked here";
        return Err(Refusal::invalid(id, text));
    }
    let side = side(id, order)?;
    let qty = quantity(id, order)?;
    let (kind, is_closing) = kind(id, side, order)?;
    let tif = match (order.tif.as_deref().unwrap_or_default(), is_closing) {
        ("" | "DAY", true) => Tif::Cls,
        ("" | "DAY", false) => Tif::Day,
        ("GTC" | "GTD", false) => Tif::Gtc,
        ("IOC", false) => Tif::Ioc,
        ("FOK", false) => Tif::Fok,
        ("OPG", false) => Tif::Opg,
        (other, _) => {
            return Err(Refusal::new(id, 10052, format!("Invalid time in force:{other}")));
        }
    };
    let until = until(venue, id, order)?;
    Ok(Terms { instrument, side, kind, tif, qty, until })
}

/// Which way.
pub(super) fn side(id: i32, order: &Order) -> Result<Side, Refusal> {
    match order.action.as_deref() {
        Some("BUY") => Ok(Side::Buy),
        Some("SELL") => Ok(Side::Sell),
        _ => Err(Refusal::invalid(id, "the action must be BUY or SELL")),
    }
}

/// When an order ends that is good till a date; a day alone names all of it.
pub(super) fn until(venue: &Venue, id: i32, order: &Order) -> Result<Option<Ts>, Refusal> {
    let text = order.good_till_date.as_deref().unwrap_or_default();
    if order.tif.as_deref() != Some("GTD") {
        return match text.is_empty() {
            true => Ok(None),
            false => Err(Refusal::invalid(id, "goodTillDate goes with GTD alone")),
        };
    }
    let wrong = || Refusal::invalid(id, format!("goodTillDate '{text}' can't be read"));
    let at = read_moment(text).ok_or_else(wrong)?;
    let at = if text.len() == 8 { at + Span::from_days(1) } else { at };
    match at > venue.now() {
        true => Ok(Some(at)),
        false => Err(Refusal::invalid(id, "goodTillDate lies in the past")),
    }
}

/// What would change how an order is worked, and is not worked here, is refused.
pub(super) fn check_extras(id: i32, order: &Order) -> Result<(), Refusal> {
    let said = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    let extras = [
        (order.all_or_none == Some(true), "allOrNone"),
        (said(&order.good_after_time), "goodAfterTime"),
        (said(&order.hedge_type), "hedgeType"),
        (said(&order.algo_strategy), "algoStrategy"),
        (said(&order.adjusted_order_type), "adjustedOrderType"),
        (amount(order.cash_qty).is_some(), "cashQty"),
    ];
    match extras.iter().find(|(is_there, _)| *is_there) {
        Some((_, name)) => Err(Refusal::invalid(id, format!("{name} is not worked here"))),
        None => Ok(()),
    }
}

/// A number that was given; clients may send the largest or zero for one that was not.
fn amount(value: Option<f64>) -> Option<f64> {
    value.filter(|value| *value != f64::MAX && *value != 0.0)
}

pub(super) fn quantity(id: i32, order: &Order) -> Result<Qty, Refusal> {
    let text = order.total_quantity.as_deref().unwrap_or("0");
    let short = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    };
    let qty: Qty =
        short.parse().map_err(|_| Refusal::invalid(id, format!("{text} is no quantity")))?;
    if qty <= Qty::ZERO {
        return Err(Refusal::new(id, 434, "The order size cannot be zero."));
    }
    if qty.raw() % Qty::SCALE != 0 {
        let text = "Fractional-sized order cannot be placed via API.";
        return Err(Refusal::new(id, 10243, text));
    }
    if qty > Qty::whole(MOST_SHARES) {
        return Err(Refusal::new(id, 355, "Order size does not conform to market rule."));
    }
    Ok(qty)
}

/// A price on the grid.
fn price(id: i32, name: &str, value: Option<f64>) -> Result<Price, Refusal> {
    let value = amount(value).ok_or_else(|| Refusal::invalid(id, format!("{name} is missing")))?;
    let off_grid = || {
        let text = "The price does not conform to the minimum price variation for this contract.";
        Refusal::new(id, 110, text)
    };
    let price = Price::from_f64(value, Rounding::HalfEven).map_err(|_| off_grid())?;
    let step = if price.raw() >= Price::SCALE { 100 } else { 10_000 };
    let is_whole = price.raw() % (Price::SCALE / step) == 0;
    let is_sane = price > Price::ZERO && price.raw() <= HIGHEST_PRICE * Price::SCALE;
    if is_whole && is_sane { Ok(price) } else { Err(off_grid()) }
}

/// How it may be filled, and whether at the close.
fn kind(id: i32, side: Side, order: &Order) -> Result<(Kind, bool), Refusal> {
    let limit = || price(id, "lmtPrice", order.lmt_price);
    let stop = || price(id, "auxPrice", order.aux_price);
    let word = order.order_type.as_deref().unwrap_or_default().to_uppercase();
    Ok(match word.as_str() {
        "MKT" => (Kind::Market, false),
        "MOC" => (Kind::Market, true),
        "LMT" => (Kind::Limit { limit: limit()? }, false),
        "LOC" => (Kind::Limit { limit: limit()? }, true),
        "STP" => (Kind::Stop { stop: stop()? }, false),
        "STP LMT" | "STPLMT" => (Kind::StopLimit { stop: stop()?, limit: limit()? }, false),
        "TRAIL" => {
            let trail = match amount(order.trailing_percent) {
                Some(percent) if percent > 0.0 && percent < 100.0 => Trail::Percent(percent),
                Some(_) => return Err(Refusal::invalid(id, "trailingPercent is out of range")),
                None => Trail::Price(stop()?),
            };
            let best = match amount(order.trail_stop_price) {
                None => Price::ZERO,
                first => best_of(price(id, "trailStopPrice", first)?, trail, side),
            };
            (Kind::Trailing { trail, best }, false)
        }
        _ => {
            let text = "Unsupported order type for this exchange and security type.";
            return Err(Refusal::new(id, 387, text));
        }
    })
}

/// The best price that a trailing stop must have seen to stand at a price.
fn best_of(stop: Price, trail: Trail, side: Side) -> Price {
    match (trail, side) {
        (Trail::Price(away), Side::Sell) => stop + away,
        (Trail::Price(away), Side::Buy) => stop - away,
        (Trail::Percent(percent), side) => {
            let part = if side == Side::Sell { -percent } else { percent } / 100.0;
            Price::from_raw((stop.raw() as f64 / (1.0 + part)).round() as i64)
        }
    }
}

/// Writes how an order may be filled into a message.
pub(super) fn write(kind: Kind, side: Side, tif: Tif, into: &mut Order) {
    let number = |price: Option<Price>| price.map(Price::to_f64);
    let word = match (kind, tif) {
        (Kind::Market, Tif::Cls) => "MOC",
        (Kind::Market, _) => "MKT",
        (Kind::Limit { .. }, Tif::Cls) => "LOC",
        (Kind::Limit { .. }, _) => "LMT",
        (Kind::Stop { .. }, _) => "STP",
        (Kind::StopLimit { .. }, _) => "STP LMT",
        (Kind::Trailing { .. }, _) => "TRAIL",
    };
    into.order_type = Some(word.to_owned());
    into.tif = Some(
        match tif {
            Tif::Day | Tif::Cls => "DAY",
            Tif::Gtc => "GTC",
            Tif::Opg => "OPG",
            Tif::Ioc => "IOC",
            Tif::Fok => "FOK",
        }
        .to_owned(),
    );
    into.lmt_price = number(kind.limit());
    match kind {
        Kind::Trailing { trail: Trail::Price(away), .. } => {
            into.aux_price = Some(away.to_f64());
            into.trail_stop_price = number(kind.stop(side));
        }
        Kind::Trailing { trail: Trail::Percent(percent), .. } => {
            into.trailing_percent = Some(percent);
            into.trail_stop_price = number(kind.stop(side));
        }
        _ => into.aux_price = number(kind.stop(side)),
    }
    into.action = Some(if side == Side::Buy { "BUY" } else { "SELL" }.to_owned());
}

/// True where two orders would be filled alike; where a trailing stop stands does not count.
pub(super) fn is_same(a: Kind, b: Kind) -> bool {
    match (a, b) {
        (Kind::Trailing { trail: a, .. }, Kind::Trailing { trail: b, .. }) => a == b,
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(order_type: &str) -> Order {
        Order { order_type: Some(order_type.to_owned()), ..Order::default() }
    }

    #[test]
    fn each_kind_is_told_as_it_was_read() {
        let priced = |order_type: &str, lmt_price, aux_price| Order {
            lmt_price,
            aux_price,
            ..order(order_type)
        };
        let cases = [
            (order("MKT"), Tif::Day),
            (order("MOC"), Tif::Cls),
            (priced("LMT", Some(10.25), None), Tif::Gtc),
            (priced("LOC", Some(10.25), None), Tif::Cls),
            (priced("STP", None, Some(9.5)), Tif::Day),
            (priced("STP LMT", Some(9.4), Some(9.5)), Tif::Day),
            (priced("TRAIL", None, Some(0.5)), Tif::Gtc),
        ];
        for (asked, tif) in cases {
            let (kind, _) = kind(1, Side::Sell, &asked).unwrap();
            let mut told = Order::default();
            write(kind, Side::Sell, tif, &mut told);
            assert_eq!(told.order_type, asked.order_type);
            assert_eq!((told.lmt_price, told.aux_price), (asked.lmt_price, asked.aux_price));
        }
    }

    #[test]
    fn a_price_that_is_missing_or_off_the_grid_is_refused() {
        let cases = [
            (None, 321),
            (Some(f64::MAX), 321),
            (Some(0.0), 321),
            (Some(10.255), 110),
            (Some(-1.0), 110),
            (Some(f64::NAN), 110),
            (Some(1e300), 110),
        ];
        for (lmt_price, code) in cases {
            let asked = Order { lmt_price, ..order("LMT") };
            assert_eq!(kind(7, Side::Buy, &asked).unwrap_err().code, code, "{lmt_price:?}");
        }
    }

    #[test]
    fn quantities_are_whole_and_of_some_size() {
        for (text, code) in
            [("0", 434), ("-5", 434), ("0.5", 10243), ("99999999", 355), ("much", 321), ("", 321)]
        {
            let asked = Order { total_quantity: Some(text.to_owned()), ..Order::default() };
            assert_eq!(quantity(1, &asked).unwrap_err().code, code, "{text}");
        }
        let asked = Order { total_quantity: Some("100.00".to_owned()), ..Order::default() };
        assert_eq!(quantity(1, &asked), Ok(Qty::whole(100)));
    }
}
