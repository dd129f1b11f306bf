//! What is said on the stream, and what is heard: text in, text out.

use std::collections::BTreeSet;

use base::Span;
use market::Bar;
use serde_json::{Value, json};

use super::super::Access;
use super::super::words::moment;
use crate::feed::{Minute, Quote, Told};

/// Length of the bars.
pub(in crate::alpaca) const MINUTE: Span = Span::from_minutes(1);
/// Channels that each symbol is wanted on.
const CHANNELS: [&str; 3] = ["bars", "quotes", "statuses"];

/// How far the greeting is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The stream has to say that it is there.
    Greeting,
    /// The keys were told.
    Asking,
    /// It listens.
    Ready,
}

/// One line's talk, from its opening to its end.
#[derive(Debug)]
pub(crate) struct Talk {
    stage: Stage,
    wanted: BTreeSet<String>,
    asked: BTreeSet<String>,
}

impl Talk {
    pub(crate) fn new(wanted: BTreeSet<String>) -> Talk {
        Talk { stage: Stage::Greeting, wanted, asked: BTreeSet::new() }
    }

    /// Wants these symbols, and no others.
    pub(crate) fn want(&mut self, wanted: BTreeSet<String>, say: &mut Vec<Value>) {
        self.wanted = wanted;
        self.subscribe(say);
    }

    fn subscribe(&mut self, say: &mut Vec<Value>) {
        if self.stage != Stage::Ready {
            return;
        }
        let more: Vec<&String> = self.wanted.difference(&self.asked).collect();
        let less: Vec<&String> = self.asked.difference(&self.wanted).collect();
        for (action, symbols) in [("unsubscribe", less), ("subscribe", more)] {
            if symbols.is_empty() {
                continue;
            }
            let mut message = json!({ "action": action });
            for channel in CHANNELS {
                message[channel] = json!(symbols);
            }
            say.push(message);
        }
        self.asked = self.wanted.clone();
    }

    /// Hears one frame, which holds any number of messages.
    ///
    /// # Errors
    /// In words, where the line is of no use any more.
    pub(crate) fn hear(
        &mut self,
        frame: &[u8],
        access: &Access,
        say: &mut Vec<Value>,
        told: &mut Vec<Told>,
    ) -> Result<(), String> {
        let Ok(Value::Array(messages)) = serde_json::from_slice::<Value>(frame) else {
            return Err("what came is no list of messages".to_owned());
        };
        for message in &messages {
            match message["T"].as_str() {
                Some("success") => self.greet(message, access, say),
                Some("error") => return Err(fault(message)),
                Some("subscription") => told.push(Told::Hears(heard(message))),
                Some("b") => told.extend(minute(message).map(Told::Minute)),
                Some("q") => told.extend(quote(message).map(Told::Quote)),
                Some("s") => told.extend(halted(message)),
                _ => {}
            }
        }
        Ok(())
    }

    fn greet(&mut self, message: &Value, access: &Access, say: &mut Vec<Value>) {
        match (self.stage, message["msg"].as_str()) {
            (Stage::Greeting, Some("connected")) => {
                self.stage = Stage::Asking;
                let secret = access.secret.reveal();
                say.push(json!({ "action": "auth", "key": access.key, "secret": secret }));
            }
            (Stage::Asking, Some("authenticated")) => {
                self.stage = Stage::Ready;
                self.subscribe(say);
            }
            _ => {}
        }
    }
}

/// What Alpaca refuses, with what to do about it.
fn fault(message: &Value) -> String {
    let words = message["msg"].as_str().unwrap_or("an error without words");
    let advice = match message["code"].as_i64() {
        Some(401..=404) => ": check the keys",
        Some(405) => ": the data plan takes fewer symbols at once",
        Some(406) => ": another program of this account listens already",
        Some(409) => ": the data plan does not have this feed",
        _ => "",
    };
    format!("{words} ({}){advice}", message["code"])
}

/// Symbols on all channels: only those are whole.
fn heard(message: &Value) -> BTreeSet<String> {
    let texts = message["bars"].as_array().into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

/// A bar of a minute; none where it is none, for what can't be read was not heard.
fn minute(message: &Value) -> Option<Minute> {
    let symbol = message["S"].as_str()?.to_owned();
    bar(message).map(|(start, bar)| Minute { symbol, start, length: MINUTE, bar })
}

/// Start and prices of a bar, as the stream and history both write them.
pub(in crate::alpaca) fn bar(message: &Value) -> Option<(base::Ts, Bar)> {
    let start = moment(message["t"].as_str())?;
    let [open, high, low, close] = ["o", "h", "l", "c"].map(|name| message[name].as_f64());
    let mut bar = Bar::from_f64(open?, high?, low?, close?).ok()?;
    bar.volume = message["v"].as_f64().unwrap_or(0.0).max(0.0) as u64;
    Some((start, bar))
}

fn quote(message: &Value) -> Option<Quote> {
    let side = |price: &str, size: &str| {
        let price = message[price].as_f64()?;
        let price = market::Price::from_f64(price, base::Rounding::HalfEven).ok()?;
        let price = Some(price).filter(|price| *price > market::Price::ZERO)?;
        Some((price, message[size].as_f64().unwrap_or(0.0).max(0.0) as u64))
    };
    Some(Quote {
        symbol: message["S"].as_str()?.to_owned(),
        at: moment(message["t"].as_str()),
        bid: side("bp", "bs"),
        ask: side("ap", "as"),
    })
}

/// A status: `H` and `2` are halts, `T` and `3` trading goes on (docs.alpaca.markets, status codes
/// of the two tapes).
fn halted(message: &Value) -> Option<Told> {
    let is_halted = match message["sc"].as_str()? {
        "H" | "2" => true,
        "T" | "3" => false,
        _ => return None,
    };
    let words = message["rm"].as_str().or(message["sm"].as_str()).unwrap_or_default();
    let symbol = message["S"].as_str()?.to_owned();
    Some(Told::Halted { symbol, is_halted, words: words.to_owned() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Secret;

    proptest! {
        #[test]
        fn whatever_a_frame_holds_what_is_told_can_be_traded_on(
            kind in prop::sample::select(vec!["b", "q", "s", "t", "success", "error", "é"]),
            numbers in prop::collection::vec(any::<f64>(), 4),
            symbol in ".{0,4}",
            time in "[0-9T:Z.-]{0,24}",
            bytes: Vec<u8>,
        ) {
            let [o, h, l, c] = numbers[..] else { unreachable!("four were asked for") };
            let t = if time.len() < 4 { "2024-01-03T14:30:00Z" } else { &time };
            let frame = json!([{ "T": kind, "S": symbol, "o": o, "h": h, "l": l, "c": c, "v": o,
                "bp": l, "ap": h, "bs": c, "as": o, "t": t, "sc": "H", "code": o, "msg": symbol }]);
            let (mut talk, _) = ready(&["A"]);
            if let Ok((_, told)) = hear(&mut talk, &frame) {
                for one in told {
                    match one {
                        Told::Minute(minute) => prop_assert!(minute.bar.check().is_ok()),
                        Told::Quote(quote) => {
                            let sides = [quote.bid, quote.ask].into_iter().flatten();
                            let mut prices = sides.map(|(price, _)| price);
                            prop_assert!(prices.all(|price| price > market::Price::ZERO));
                        }
                        _ => {}
                    }
                }
            }
            let (mut say, mut told) = (Vec::new(), Vec::new());
            let _ = talk.hear(&bytes, &access(), &mut say, &mut told);
            prop_assert!(told.is_empty());
        }
    }

    fn access() -> Access {
        Access { key: "name".to_owned(), secret: Secret::new("hunter2") }
    }

    fn names(symbols: &[&str]) -> BTreeSet<String> {
        symbols.iter().map(|symbol| (*symbol).to_owned()).collect()
    }

    fn hear(talk: &mut Talk, frame: &Value) -> Result<(Vec<Value>, Vec<Told>), String> {
        let (mut say, mut told) = (Vec::new(), Vec::new());
        talk.hear(frame.to_string().as_bytes(), &access(), &mut say, &mut told)?;
        Ok((say, told))
    }

    fn ready(symbols: &[&str]) -> (Talk, Vec<Value>) {
        let mut talk = Talk::new(names(symbols));
        let connected = json!([{ "T": "success", "msg": "connected" }]);
        let (say, _) = hear(&mut talk, &connected).unwrap();
        assert_eq!(say[0]["action"], "auth");
        let known = json!([{ "T": "success", "msg": "authenticated" }]);
        let (say, _) = hear(&mut talk, &known).unwrap();
        (talk, say)
    }

    #[test]
    fn nothing_is_subscribed_before_the_keys_are_known() {
        let mut talk = Talk::new(BTreeSet::new());
        let mut say = Vec::new();
        talk.want(names(&["A"]), &mut say);
        assert!(say.is_empty());
        let (_, say) = ready(&["A", "B"]);
        let wanted = json!(["A", "B"]);
        let told = json!({ "action": "subscribe", "bars": wanted, "quotes": wanted,
            "statuses": wanted });
        assert_eq!(say, [told]);
    }

    #[test]
    fn a_change_of_mind_takes_out_and_adds_what_differs() {
        let (mut talk, _) = ready(&["A", "B"]);
        let mut say = Vec::new();
        talk.want(names(&["B", "C"]), &mut say);
        let told: Vec<_> = say.iter().map(|it| (&it["action"], &it["bars"])).collect();
        assert_eq!(
            told,
            [(&json!("unsubscribe"), &json!(["A"])), (&json!("subscribe"), &json!(["C"])),]
        );
        say.clear();
        talk.want(names(&["B", "C"]), &mut say);
        assert!(say.is_empty());
    }

    #[test]
    fn bars_quotes_and_halts_are_read() {
        let (mut talk, _) = ready(&["A"]);
        let t = "2024-01-03T14:30:00Z";
        let frame = json!([
            { "T": "b", "S": "A", "o": 10.0, "h": 11.0, "l": 9.5, "c": 10.5, "v": 300, "t": t },
            { "T": "q", "S": "A", "bp": 10.1, "bs": 2, "ap": 0, "as": 0, "t": t },
            { "T": "s", "S": "A", "sc": "H", "rm": "News pending", "t": t },
            { "T": "b", "S": "A", "o": 10.0, "h": 9.0, "l": 9.5, "c": 10.5, "v": 300, "t": t },
            { "T": "x" },
        ]);
        let (_, told) = hear(&mut talk, &frame).unwrap();
        let at = moment(Some(t)).unwrap();
        let price = |text: &str| text.parse::<market::Price>().unwrap();
        let bar = Bar {
            open: price("10"),
            high: price("11"),
            low: price("9.5"),
            close: price("10.5"),
            volume: 300,
        };
        let symbol = || "A".to_owned();
        assert_eq!(
            told,
            [
                Told::Minute(Minute { symbol: symbol(), start: at, length: MINUTE, bar }),
                Told::Quote(Quote {
                    symbol: symbol(),
                    at: Some(at),
                    bid: Some((price("10.1"), 2)),
                    ask: None
                }),
                Told::Halted {
                    symbol: symbol(),
                    is_halted: true,
                    words: "News pending".to_owned()
                },
            ]
        );
    }

    #[test]
    fn a_refusal_ends_the_line_and_says_what_to_do_without_the_secret() {
        let mut talk = Talk::new(BTreeSet::new());
        let refused = json!([{ "T": "error", "code": 402, "msg": "auth failed" }]);
        let why = hear(&mut talk, &refused).unwrap_err();
        assert_eq!(why, "auth failed (402): check the keys");
        assert!(hear(&mut talk, &json!({ "T": "b" })).is_err());
    }
}
