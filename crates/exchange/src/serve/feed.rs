//! Messages of the market data stream: what is subscribed, and both ways of writing it down.

use std::collections::BTreeSet;

use base::Ts;
use market::Bar;
use rmpv::Value as Packed;
use serde_json::{Map, Value, json};
use sim::BarPrint;

use crate::Tape;
use crate::venue::{quote, trade_number};

/// Deepest nesting of a message that is read.
const DEPTH: usize = 16;
/// Type of a point in time in MessagePack.
const TIMESTAMP: i8 = -1;

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Json,
    MessagePack,
}

/// What is listened to, by channel.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    channels: [BTreeSet<String>; 9],
}

const CHANNELS: [&str; 9] = [
    "trades",
    "quotes",
    "bars",
    "updatedBars",
    "dailyBars",
    "statuses",
    "lulds",
    "corrections",
    "cancelErrors",
];

impl Wanted {
    /// Takes symbols in or out, as a message says.
    pub(super) fn change(&mut self, message: &Value) {
        let adds = message["action"] == "subscribe";
        for (name, symbols) in CHANNELS.iter().zip(&mut self.channels) {
            for symbol in message[*name].as_array().into_iter().flatten() {
                let Some(symbol) = symbol.as_str() else { continue };
                match adds {
                    true => symbols.insert(symbol.to_uppercase()),
                    false => symbols.remove(&symbol.to_uppercase()),
                };
            }
        }
    }

    /// What is listened to now.
    pub(super) fn told(&self) -> Value {
        let mut told = Map::new();
        told.insert("T".to_owned(), "subscription".into());
        for (name, symbols) in CHANNELS.iter().zip(&self.channels) {
            told.insert((*name).to_owned(), symbols.iter().cloned().collect());
        }
        json!([told])
    }

    fn has(&self, channel: &str, symbol: &str) -> bool {
        let at = CHANNELS.iter().position(|name| *name == channel);
        at.is_some_and(|at| {
            let symbols = &self.channels[at];
            symbols.contains(symbol) || symbols.contains("*")
        })
    }

    /// Messages about bars for who listens to this; times are numbers of nanoseconds.
    pub(super) fn of(&self, prints: &[BarPrint], tape: &Tape, half_spread_bps: f64) -> Vec<Value> {
        let mut told = Vec::new();
        for print in prints {
            let symbol = &tape.universe().get(print.instrument).symbol;
            let (bar, end) = (&print.bar, print.end.nanos());
            if self.has("trades", symbol) {
                told.push(json!({
                    "T": "t", "S": symbol, "i": trade_number(print), "x": "V",
                    "p": bar.close.to_f64(), "s": (bar.volume / 100).max(1), "c": ["@"],
                    "t": end, "z": "A",
                }));
            }
            if self.has("quotes", symbol) {
                let (bid, ask) = quote(bar.close, half_spread_bps);
                told.push(json!({
                    "T": "q", "S": symbol, "bx": "V", "bp": bid, "bs": 1, "ax": "V", "ap": ask,
                    "as": 1, "c": ["R"], "t": end, "z": "A",
                }));
            }
            if self.has("bars", symbol) {
                told.push(shown_bar("b", symbol, bar, print.start));
            }
            if self.has("dailyBars", symbol)
                && let Some((start, bar)) = tape.ended_day(print)
            {
                told.push(shown_bar("d", symbol, &bar, start));
            }
        }
        told
    }
}

fn shown_bar(kind: &str, symbol: &str, bar: &Bar, start: Ts) -> Value {
    let [open, high, low, close] =
        [bar.open, bar.high, bar.low, bar.close].map(market::Price::to_f64);
    json!({
        "T": kind, "S": symbol, "o": open, "h": high, "l": low, "c": close, "v": bar.volume,
        "t": start.nanos(), "n": (bar.volume / 100).max(1), "vw": (high + low + close) / 3.0,
    })
}

impl Codec {
    /// Reads a message of either kind.
    pub(super) fn read(self, bytes: &[u8]) -> Option<Value> {
        match self {
            Codec::Json => serde_json::from_slice(bytes).ok(),
            Codec::MessagePack => {
                let mut rest = bytes;
                let packed = rmpv::decode::read_value_with_max_depth(&mut rest, DEPTH).ok()?;
                rest.is_empty().then(|| unpacked(&packed)).flatten()
            }
        }
    }

    /// Writes messages; the field `t` becomes a point in time.
    pub(super) fn write(self, messages: &Value) -> Vec<u8> {
        match self {
            Codec::Json => {
                let mut messages = messages.clone();
                for message in messages.as_array_mut().into_iter().flatten() {
                    if let Some(nanos) = message["t"].as_i64() {
                        message["t"] = Ts::from_nanos(nanos).to_string().into();
                    }
                }
                messages.to_string().into_bytes()
            }
            Codec::MessagePack => {
                let mut bytes = Vec::new();
                // Writing into memory does not fail.
                let _ = rmpv::encode::write_value(&mut bytes, &packed(messages, ""));
                bytes
            }
        }
    }
}

fn unpacked(packed: &Packed) -> Option<Value> {
    Some(match packed {
        Packed::Nil => Value::Null,
        Packed::Boolean(value) => (*value).into(),
        Packed::Integer(value) => value.as_i64()?.into(),
        Packed::F32(value) => json!(value),
        Packed::F64(value) => json!(value),
        Packed::String(text) => text.as_str()?.into(),
        Packed::Binary(bytes) => str::from_utf8(bytes).ok()?.into(),
        Packed::Array(values) => Value::Array(values.iter().map(unpacked).collect::<Option<_>>()?),
        Packed::Map(pairs) => {
            let field = |(name, value): &(Packed, Packed)| {
                Some((name.as_str()?.to_owned(), unpacked(value)?))
            };
            Value::Object(pairs.iter().map(field).collect::<Option<_>>()?)
        }
        Packed::Ext(..) => return None,
    })
}

fn packed(value: &Value, name: &str) -> Packed {
    match value {
        Value::Null => Packed::Nil,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), name) {
            (Some(nanos), _, "t") => timestamp(nanos),
            (Some(value), _, _) => value.into(),
            (None, Some(value), _) => value.into(),
            (None, None, _) => number.as_f64().unwrap_or(0.0).into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(values) => Packed::Array(values.iter().map(|v| packed(v, "")).collect()),
        Value::Object(fields) => Packed::Map(
            fields.iter().map(|(name, v)| (name.as_str().into(), packed(v, name))).collect(),
        ),
    }
}

/// A point in time of 96 bits, which holds any.
fn timestamp(nanos: i64) -> Packed {
    let (seconds, rest) = (nanos.div_euclid(1_000_000_000), nanos.rem_euclid(1_000_000_000));
    let mut bytes = (rest as u32).to_be_bytes().to_vec();
    bytes.extend(seconds.to_be_bytes());
    Packed::Ext(TIMESTAMP, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back_as_they_were_packed() {
        let message = json!({ "action": "auth", "key": "k", "n": 3, "list": ["a", "b"] });
        let bytes = Codec::MessagePack.write(&message);
        assert_eq!(Codec::MessagePack.read(&bytes), Some(message.clone()));
        assert_eq!(Codec::Json.read(message.to_string().as_bytes()), Some(message));
        assert_eq!(Codec::MessagePack.read(&bytes[..bytes.len() - 1]), None);
    }

    #[test]
    fn what_is_no_message_is_none() {
        let deep = [0x91_u8; 10_000];
        let huge = [0xdd, 0xff, 0xff, 0xff, 0xff];
        for bytes in [&deep[..], &huge[..], b"", b"\x81"] {
            assert_eq!(Codec::MessagePack.read(bytes), None);
        }
        assert_eq!(Codec::Json.read(b"{"), None);
    }

    #[test]
    fn a_subscription_is_changed_and_told() {
        let mut wanted = Wanted::default();
        wanted.change(&json!({ "action": "subscribe", "bars": ["spy", "QQQ"], "trades": "x" }));
        wanted.change(&json!({ "action": "unsubscribe", "bars": ["QQQ"] }));
        let told = wanted.told();
        assert_eq!(told[0]["bars"], json!(["SPY"]));
        assert_eq!(told[0]["trades"], json!([]));
        assert!(wanted.has("bars", "SPY") && !wanted.has("bars", "QQQ"));
    }
}
