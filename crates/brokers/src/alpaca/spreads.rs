//! Orders of option legs at Alpaca. The server holds names unique: an order that is sent again
//! after a lost answer is refused there, and looked for.
//!
//! Source: docs.alpaca.markets, "Options Level 3 Trading" and the reference of option contracts
//! and snapshots.

use base::{Day, Rounding};
use market::{Cash, ChainPart, ClientOrderId, OptionRight, Price};
use serde_json::{Value, json};

use super::line::Method;
use super::online::Http;
use super::words;
use super::{Account, Servers};
use crate::Error;
use crate::spread::{self, LegFilled, LegTrade, Order, Placed, Quote, Series, Standing, State};

/// Thousandths of a dollar, in which names tell strikes.
const THOUSANDTH: i64 = Price::SCALE / 1_000;
/// The most contracts in one answer.
const PAGE: u32 = 1_000;
/// More pages than any chain has.
const MOST_PAGES: usize = 200;
/// The most orders, and lines of the account's history, in one answer.
const ORDERS: usize = 500;
const ACTIVITIES: usize = 100;

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
    /// A way to an account that may be traded.
    ///
    /// # Errors
    /// [`Error::AdmitAccount`] where it is one with real money, whose terms allow no options.
    pub fn to(account: &Account) -> Result<Direct, Error> {
        account.covers_options()?;
        let (servers, access) = (account.servers().clone(), account.access().clone());
        Ok(Direct { http: Http::new(access), servers })
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

    fn known(&mut self, body: &Value) -> Placed {
        match self.standing(body) {
            Ok(standing) => Placed::Known(standing),
            Err(why) => Placed::Unknown(why),
        }
    }

    /// Where an order stands, with the trades in its legs.
    fn standing(&mut self, body: &Value) -> Result<Standing, String> {
        let mut standing = standing(body).ok_or_else(unread)?;
        if standing.legs.iter().any(|leg| leg.contracts != 0) {
            self.add_trades(body, &mut standing)?;
        }
        Ok(standing)
    }

    /// Adds the trades in an order's legs, out of the account's history. They bear the name of the
    /// order or that of the leg, and what they cost is charged by itself at the end of a day.
    fn add_trades(&mut self, body: &Value, standing: &mut Standing) -> Result<(), String> {
        let after = body["submitted_at"].as_str().ok_or_else(unread)?;
        let legs = body["legs"].as_array().map_or(&[][..], Vec::as_slice);
        let mut token = String::new();
        for _ in 0..MOST_PAGES {
            let path = format!(
                "/v2/account/activities/FILL?direction=asc&page_size={ACTIVITIES}&after={after}\
                 &page_token={token}"
            );
            let lines = self.get(&path)?;
            let lines = lines.as_array().ok_or_else(unread)?;
            for line in lines {
                let of = |leg: &Value| {
                    let names = [&body["id"], &leg["id"]];
                    line["symbol"] == leg["symbol"] && names.contains(&&line["order_id"])
                };
                let Some(at) = legs.iter().position(of) else { continue };
                let Some(leg) = standing.legs.get_mut(at) else { continue };
                leg.trades.push(trade(line).ok_or_else(unread)?);
            }
            match lines.last().filter(|_| lines.len() == ACTIVITIES) {
                Some(last) => token = last["id"].as_str().ok_or_else(unread)?.to_owned(),
                None => return Ok(()),
            }
        }
        Err("the account's history has no end".to_owned())
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
    fn chain(&mut self, underlying: &str, part: &ChainPart) -> Result<Vec<Quote>, String> {
        let (from, to) = part.days;
        let mut quotes: Vec<Quote> = Vec::new();
        let mut token = String::new();
        for _ in 0..MOST_PAGES {
            let path = format!(
                "/v1beta1/options/snapshots/{underlying}?limit={PAGE}&page_token={token}\
                 &expiration_date_gte={from}&expiration_date_lte={to}"
            );
            let body = self.get(&path)?;
            for (name, one) in body["snapshots"].as_object().into_iter().flatten() {
                let series = read_name(name, underlying).filter(|series| part.holds(series));
                let Some(series) = series else { continue };
                let price = |field: &str| {
                    let value = one["latestQuote"][field].as_f64()?;
                    Price::from_f64(value, Rounding::HalfEven).ok().filter(|p| *p > Price::ZERO)
                };
                quotes.push(Quote { series, bid: price("bp"), ask: price("ap") });
            }
            match body["next_page_token"].as_str() {
                Some(next) => token = next.to_owned(),
                None => {
                    let last = quotes.iter().map(|quote| quote.series.expiry).max();
                    let is_wanted = |day: Day| !part.latest || Some(day) == last;
                    quotes.retain(|quote| is_wanted(quote.series.expiry));
                    return Ok(quotes);
                }
            }
        }
        Err(format!("the chain of {underlying} has no end"))
    }

    fn place(&mut self, order: &Order) -> Placed {
        match self.find(&order.name) {
            Ok(Some(body)) => return self.known(&body),
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
            200..=299 => self.known(&body),
            // One that was sent before and came late has the name.
            422 if said.contains("must be unique") => match self.find(&order.name) {
                Ok(Some(body)) => self.known(&body),
                Ok(None) => Placed::Unknown("Alpaca has the name and no order of it".to_owned()),
                Err(why) => Placed::Unknown(why),
            },
            408 | 429 => Placed::Unknown(said),
            400..=499 => Placed::Refused(said),
            _ => Placed::Unknown(said),
        }
    }

    fn look(&mut self, name: &ClientOrderId) -> Result<Option<Standing>, String> {
        let Some(body) = self.find(name)? else { return Ok(None) };
        self.standing(&body).map(Some)
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

    fn open(&mut self) -> Result<Vec<ClientOrderId>, String> {
        let path = format!("/v2/orders?status=open&nested=true&limit={ORDERS}");
        let body = self.get(&path)?;
        let ours = body.as_array().into_iter().flatten();
        let ours = ours.filter(|order| order["order_class"] == "mleg");
        Ok(ours
            .filter_map(|order| order["client_order_id"].as_str())
            .map(ClientOrderId::from_text)
            .collect())
    }

    fn held(&mut self) -> Result<Vec<(Series, i64)>, String> {
        let body = self.get("/v2/positions")?;
        let all = body.as_array().into_iter().flatten();
        let options = all.filter(|one| one["asset_class"] == "us_option");
        options.map(|one| position(one).ok_or_else(unread)).collect()
    }
}

/// A position in an option; one that was adjusted bears its root as that of the share.
fn position(one: &Value) -> Option<(Series, i64)> {
    let name = one["symbol"].as_str()?;
    let root = name.get(..name.len().checked_sub(15)?)?;
    let count = one["qty"].as_str()?.parse::<f64>().ok()? as i64;
    let count = if one["side"] == "short" { -count.abs() } else { count };
    Some((read_name(name, root)?, count))
}

fn unread() -> String {
    "Alpaca tells an order that can't be read".to_owned()
}

fn trade(line: &Value) -> Option<LegTrade> {
    let figure = |name: &str| line[name].as_str();
    Some(LegTrade {
        at: words::moment(figure("transaction_time"))?,
        contracts: figure("qty")?.parse::<f64>().ok()?.abs() as u32,
        price: figure("price")?.parse().ok()?,
        fee: Some(Cash::ZERO),
    })
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
        "type": if order.net.is_some() { "limit" } else { "market" },
        "time_in_force": "day",
        "qty": order.units.to_string(),
        "limit_price": order.net.map(|net| net.to_string()),
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
            ratio: {
                let ratio = number(&leg["ratio_qty"])? as i32;
                if sold { -ratio } else { ratio }
            },
            contracts: if sold { -contracts } else { contracts },
            price: price(&leg["filled_avg_price"]),
            trades: Vec::new(),
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
