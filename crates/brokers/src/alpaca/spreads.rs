//! Orders of option legs at Alpaca. The server holds names unique: an order that is sent again
//! after a lost answer is refused there, and looked for.
//!
//! Source: docs.alpaca.markets, "Options Level 3 Trading" and the reference of option contracts
//! and snapshots.

use base::{Day, Rounding};
use market::{ClientOrderId, OptionRight, Price};
use serde_json::{Value, json};

use super::line::Method;
use super::online::Http;
use super::words;
use super::{Access, Servers};
use crate::Error;
use crate::spread::{self, LegFilled, Order, Placed, Quote, Series, Standing, State};

/// Thousandths of a dollar, in which names tell strikes.
const THOUSANDTH: i64 = Price::SCALE / 1_000;
/// The most contracts in one answer.
const PAGE: u32 = 1_000;
/// More pages than any chain has.
const MOST_PAGES: usize = 200;

/// The way to Alpaca's servers: one question, one answer.
pub trait Talk {
    /// Asks once; the status of HTTP and the body.
    ///
    /// # Errors
    /// Where no answer came, in words: whether the question arrived, nobody knows.
    fn talk(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), String>;
}

/// The way over the network.
#[derive(Debug)]
pub struct Direct {
    http: Http,
    servers: Servers,
}

impl Direct {
    /// A way to these servers, of a paper account or the paper exchange: signed terms say nothing
    /// of option legs yet.
    ///
    /// # Errors
    /// [`Error::MeetRealMoney`].
    pub fn new(servers: Servers, access: Access) -> Result<Direct, Error> {
        match servers.are_live() {
            true => Err(Error::MeetRealMoney { account: servers.trading }),
            false => Ok(Direct { http: Http::new(access), servers }),
        }
    }
}

impl Talk for Direct {
    fn talk(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), String> {
        let is_data = path.starts_with("/v1beta1/");
        let server = if is_data { &self.servers.data } else { &self.servers.trading };
        let url = format!("{server}{path}");
        self.http.ask(method, &url, body).map_err(|error| format!("ask {url}: {error}"))
    }
}

/// Orders of option legs.
#[derive(Debug)]
pub struct Spreads<T> {
    way: T,
}

impl<T: Talk> Spreads<T> {
    /// Over a way to the servers.
    pub fn new(way: T) -> Spreads<T> {
        Spreads { way }
    }

    fn get(&mut self, path: &str) -> Result<Value, String> {
        let (status, body) = self.way.talk(Method::Get, path, None)?;
        match status {
            200..=299 => Ok(body),
            _ => Err(format!("{path}: {}", words::message(status, &body))),
        }
    }

    /// The order of a name in Alpaca's words.
    fn find(&mut self, name: &ClientOrderId) -> Result<Option<Value>, String> {
        let text: String = url::form_urlencoded::byte_serialize(name.as_str().as_bytes()).collect();
        let path = format!("/v2/orders:by_client_order_id?client_order_id={text}&nested=true");
        let (status, body) = self.way.talk(Method::Get, &path, None)?;
        match status {
            200..=299 => Ok(Some(body)),
            404 => Ok(None),
            _ => Err(format!("{path}: {}", words::message(status, &body))),
        }
    }
}

impl<T: Talk> spread::Spreads for Spreads<T> {
    fn chain(&mut self, underlying: &str, (from, to): (Day, Day)) -> Result<Vec<Quote>, String> {
        let mut quotes = Vec::new();
        let mut token = String::new();
        for _ in 0..MOST_PAGES {
            let path = format!(
                "/v1beta1/options/snapshots/{underlying}?limit={PAGE}&page_token={token}\
                 &expiration_date_gte={from}&expiration_date_lte={to}"
            );
            let body = self.get(&path)?;
            for (name, one) in body["snapshots"].as_object().into_iter().flatten() {
                let Some(series) = read_name(name, underlying) else { continue };
                let price = |field: &str| {
                    let value = one["latestQuote"][field].as_f64()?;
                    Price::from_f64(value, Rounding::HalfEven).ok().filter(|p| *p > Price::ZERO)
                };
                quotes.push(Quote { series, bid: price("bp"), ask: price("ap") });
            }
            match body["next_page_token"].as_str() {
                Some(next) => token = next.to_owned(),
                None => return Ok(quotes),
            }
        }
        Err(format!("the chain of {underlying} has no end"))
    }

    fn place(&mut self, order: &Order) -> Placed {
        match self.find(&order.name) {
            Ok(Some(body)) => return known(&body),
            Ok(None) => {}
            Err(why) => return Placed::Unknown(why),
        }
        let (status, body) = match self.way.talk(Method::Post, "/v2/orders", Some(&placing(order)))
        {
            Ok(answer) => answer,
            Err(why) => return Placed::Unknown(why),
        };
        let said = words::message(status, &body);
        match status {
            200..=299 => known(&body),
            // One that was sent before and came late has the name.
            422 if said.contains("must be unique") => match self.find(&order.name) {
                Ok(Some(body)) => known(&body),
                Ok(None) => Placed::Unknown("Alpaca has the name and no order of it".to_owned()),
                Err(why) => Placed::Unknown(why),
            },
            408 | 429 => Placed::Unknown(said),
            400..=499 => Placed::Refused(said),
            _ => Placed::Unknown(said),
        }
    }

    fn look(&mut self, name: &ClientOrderId) -> Result<Option<Standing>, String> {
        let body = self.find(name)?;
        body.map(|body| standing(&body).ok_or_else(unread)).transpose()
    }

    fn cancel(&mut self, name: &ClientOrderId) -> Result<(), String> {
        let Some(body) = self.find(name)? else { return Ok(()) };
        let id = body["id"].as_str().ok_or_else(unread)?;
        let (status, body) = self.way.talk(Method::Delete, &format!("/v2/orders/{id}"), None)?;
        match status {
            // 422 is an order that can't be taken back any more.
            200..=299 | 404 | 422 => Ok(()),
            _ => Err(format!("cancel {id}: {}", words::message(status, &body))),
        }
    }
}

fn unread() -> String {
    "Alpaca tells an order that can't be read".to_owned()
}

fn known(body: &Value) -> Placed {
    standing(body).map_or_else(|| Placed::Unknown(unread()), Placed::Known)
}

fn placing(order: &Order) -> Value {
    let leg = |leg: &spread::Leg| {
        json!({
            "symbol": name_of(&leg.series),
            "ratio_qty": leg.ratio.unsigned_abs().to_string(),
            "side": if leg.ratio < 0 { "sell" } else { "buy" },
        })
    };
    json!({
        "order_class": "mleg",
        "type": "limit",
        "time_in_force": "day",
        "qty": order.units.to_string(),
        "limit_price": order.net.to_string(),
        "client_order_id": order.name.as_str(),
        "legs": order.legs.iter().map(leg).collect::<Vec<Value>>(),
    })
}

fn standing(body: &Value) -> Option<Standing> {
    let number = |value: &Value| value.as_str()?.parse::<f64>().ok();
    let price = |value: &Value| value.as_str()?.parse::<Price>().ok();
    let state = match body["status"].as_str()? {
        "filled" => State::Filled,
        "canceled" | "expired" | "rejected" | "replaced" | "done_for_day" => State::Ended,
        _ => State::Open,
    };
    let leg = |leg: &Value| {
        let name = leg["symbol"].as_str()?;
        let root = name.get(..name.len().checked_sub(15)?)?;
        let contracts = number(&leg["filled_qty"])? as i64;
        let sold = leg["side"] == "sell";
        Some(LegFilled {
            series: read_name(name, root)?,
            contracts: if sold { -contracts } else { contracts },
            price: price(&leg["filled_avg_price"]),
        })
    };
    Some(Standing {
        state,
        filled: number(&body["filled_qty"])? as u32,
        net: price(&body["filled_avg_price"]),
        legs: body["legs"].as_array()?.iter().map(leg).collect::<Option<_>>()?,
    })
}

/// The name of an option as the clearing house writes it.
fn name_of(series: &Series) -> String {
    let root: String = series.underlying.chars().filter(char::is_ascii_alphanumeric).collect();
    let day = series.expiry.to_string().replace('-', "");
    let letter = if series.right == OptionRight::Call { 'C' } else { 'P' };
    format!("{root}{}{letter}{:08}", &day[2..], series.strike.raw() / THOUSANDTH)
}

/// The option of a name; `None` for one that was adjusted, whose root is another.
fn read_name(name: &str, underlying: &str) -> Option<Series> {
    let at = name.len().checked_sub(15).filter(|_| name.is_ascii())?;
    let (root, rest) = name.split_at(at);
    let plain: String = underlying.chars().filter(char::is_ascii_alphanumeric).collect();
    let day = format!("20{}-{}-{}", &rest[..2], &rest[2..4], &rest[4..6]);
    let right = match &rest[6..7] {
        "C" => OptionRight::Call,
        "P" => OptionRight::Put,
        _ => return None,
    };
    let strike = Price::from_raw(rest[7..].parse::<i64>().ok()?.checked_mul(THOUSANDTH)?);
    let underlying = underlying.to_owned();
    let series = Series { underlying, expiry: day.parse().ok()?, right, strike };
    (root == plain).then_some(series)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let table = [("SPY", "SPY240119C00470000"), ("BRK.B", "BRKB260618P00412500")];
        for (underlying, name) in table {
            let series = read_name(name, underlying).unwrap();
            assert_eq!(name_of(&series), name);
            assert_eq!(series.underlying, underlying);
        }
        let wrong = ["SPY1240119C00470000", "SPY240119X00470000", "SPY249919C00470000", "C", "é"];
        assert!(wrong.iter().all(|name| read_name(name, "SPY").is_none()));
    }
}
