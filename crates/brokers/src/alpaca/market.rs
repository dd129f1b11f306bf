//! What Alpaca says of the market and of an account as a whole: asked one by one, each answer
//! waited for.

use std::collections::BTreeMap;

use base::{Day, Ts};
use market::{Candle, Cash};
use serde_json::Value;

use super::line::Method;
use super::online::Http;
use super::prices::{MINUTE, Source, bar};
use super::words;
use super::{Access, Servers};
use crate::feed::{History, Minute};

/// Questions that are answered while one waits.
#[derive(Debug, Clone)]
pub struct Inquiry {
    http: Http,
    servers: Servers,
    source: Source,
}

/// Bars in one answer.
const PAGE: u32 = 10_000;

impl Inquiry {
    /// Questions to these servers; bars of a running session are of that source.
    pub fn new(servers: Servers, source: Source, access: Access) -> Inquiry {
        Inquiry { http: Http::new(access), servers, source }
    }

    fn get(&self, server: &str, path: &str) -> Result<Value, String> {
        let asked = self.http.ask(Method::Get, &format!("{server}{path}"), None);
        let (status, body) = asked.map_err(|error| format!("ask {server}{path}: {error}"))?;
        match status {
            200..=299 => Ok(body),
            401 | 403 => Err(format!(
                "{server} refuses the keys ({}): check APCA_API_KEY_ID and APCA_API_SECRET_KEY",
                words::message(status, &body)
            )),
            _ => Err(format!("{server}{path}: {}", words::message(status, &body))),
        }
    }

    /// The time there.
    ///
    /// # Errors
    /// In words, without a secret.
    pub fn time(&self) -> Result<Ts, String> {
        let body = self.get(&self.servers.trading, "/v2/clock")?;
        words::moment(body["timestamp"].as_str())
            .ok_or_else(|| "the clock tells no time".to_owned())
    }

    /// The name of the account, and its cash.
    ///
    /// # Errors
    /// In words, without a secret; of an account that is not kept in dollars too.
    pub(super) fn account(&self) -> Result<(String, Cash), String> {
        words::account(&self.get(&self.servers.trading, "/v2/account")?)
    }

    /// Daily bars of a session, raw; symbols without one are left out.
    ///
    /// # Errors
    /// In words, without a secret.
    pub fn daily(&self, day: Day, symbols: &[String]) -> Result<BTreeMap<String, Candle>, String> {
        let (start, end) = (day.start(), day.plus(1).start());
        // Of the past every plan has the bars of all exchanges, and they are what is given.
        let path = bars_path(symbols, "1Day", start, end);
        let body = self.get(&self.servers.data, &path)?;
        let mut found = BTreeMap::new();
        for (symbol, bars) in body["bars"].as_object().into_iter().flatten() {
            let number = |name: &str| bars[0][name].as_f64();
            let (Some(open), Some(high), Some(low), Some(close)) =
                (number("o"), number("h"), number("l"), number("c"))
            else {
                continue;
            };
            let volume = number("v").unwrap_or(0.0);
            let candle = Candle { day, open, high, low, close, volume };
            found.insert(symbol.clone(), candle);
        }
        Ok(found)
    }
}

fn bars_path(symbols: &[String], frame: &str, from: Ts, to: Ts) -> String {
    let list: String = url::form_urlencoded::byte_serialize(symbols.join(",").as_bytes()).collect();
    format!(
        "/v2/stocks/bars?symbols={list}&timeframe={frame}&adjustment=raw&limit={PAGE}\
         &start={from}&end={to}"
    )
}

impl History for Inquiry {
    fn minutes(&self, symbols: &[String], from: Ts, to: Ts) -> Result<Vec<Minute>, String> {
        let path = bars_path(symbols, "1Min", from, to);
        let path = format!("{path}&feed={}", self.source.name());
        let mut found = Vec::new();
        let mut token = String::new();
        loop {
            let body = self.get(&self.servers.data, &format!("{path}{token}"))?;
            for (symbol, bars) in body["bars"].as_object().into_iter().flatten() {
                let bars = bars.as_array().into_iter().flatten();
                // The broker's end belongs to the stretch, ours does not.
                let inside = bars.filter_map(bar).filter(|(start, _)| *start < to);
                found.extend(inside.map(|(start, bar)| Minute {
                    symbol: symbol.clone(),
                    start,
                    length: MINUTE,
                    bar,
                }));
            }
            let Some(next) = body["next_page_token"].as_str() else { return Ok(found) };
            let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
            token = format!("&page_token={next}");
        }
    }
}
