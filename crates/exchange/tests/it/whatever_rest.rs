//! What must hold of any requests that a client of Alpaca's API may make. Fuzzing runs this too.
//!
//! The input is lines of text: `GET /path?query`, `POST /path {"json": 1}` and so on, each a request
//! that the gate let in; `STEP` works a bar. An `@` is the name of the order that was told last.

use std::sync::{Arc, LazyLock};

use exchange::{Method, Opening, Request, Tape, Venue};
use sim::SynthConfig;
use sim::synth::Market;

static TAPE: LazyLock<Arc<Tape>> = LazyLock::new(|| {
    let config = SynthConfig { symbols: 2, years: 1, ..SynthConfig::default() };
    Arc::new(Tape::synthetic(&Market::new(config).unwrap(), 30).unwrap())
});

/// Lines of one input that are worked.
const MOST_LINES: usize = 60;

/// Whatever is asked, each answer has a status of HTTP, a refusal says why, and what is kept is
/// whole.
pub(crate) fn rest(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut venue = Venue::open(Arc::clone(&TAPE), &Opening::default()).unwrap();
    let mut name = String::new();
    for line in text.lines().take(MOST_LINES) {
        if line == "STEP" {
            venue.step(1).unwrap();
            continue;
        }
        let Some(request) = read(&line.replace('@', &name)) else { continue };
        let answer = venue.ask(&request).unwrap().answer;
        assert!((200..600).contains(&answer.status), "{}", answer.status);
        let body = answer.body.unwrap_or_default();
        if answer.status >= 400 {
            let says = body["message"].as_str().is_some_and(|words| !words.is_empty());
            assert!(says || body.is_null(), "{line}: {} {body}", answer.status);
        }
        if let Some(told) = body["id"].as_str() {
            told.clone_into(&mut name);
        }
    }
    let state = venue.write().unwrap();
    let again = Venue::restore(Arc::clone(&TAPE), &state).unwrap();
    assert_eq!(again.write().unwrap(), state);
}

fn read(line: &str) -> Option<Request> {
    let (method, rest) = line.split_once(' ')?;
    let method = match method {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        _ => return None,
    };
    let (path, body) = rest.split_once(' ').unwrap_or((rest, ""));
    // Whatever stands there is the body, JSON or not.
    Some(Request { body: body.as_bytes().to_vec(), ..Request::new(method, path) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn seeds_and_what_was_found_hold() {
        let kept = crate::inputs("rest");
        assert!(kept.len() >= 2);
        for bytes in kept {
            rest(&bytes);
        }
    }

    /// A value that no client means, in place of one that it does.
    fn odd() -> impl Strategy<Value = String> {
        let words = ["null", "-1", "1e400", "\"\"", "\"NaN\"", "[]", "{}", "true", "\"1e18\""];
        prop_oneof![
            prop::sample::select(words.to_vec()).prop_map(str::to_owned),
            any::<f64>().prop_map(|value| format!("\"{value}\"")),
            "\"[a-zA-Z0-9é./-]{0,12}\"",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn orders_of_odd_values_hold(
            values in prop::collection::vec(odd(), 6),
            class in prop::sample::select(vec!["simple", "bracket", "oco", "oto", "mleg"]),
        ) {
            let [a, b, c, d, e, f] = &values[..] else { unreachable!("six were asked for") };
            let order = format!(
                "POST /v2/orders {{\"symbol\":{a},\"qty\":{b},\"side\":\"buy\",\"type\":\"limit\",\
                 \"limit_price\":{c},\"time_in_force\":\"day\",\"order_class\":\"{class}\",\
                 \"take_profit\":{{\"limit_price\":{d}}},\"stop_loss\":{{\"stop_price\":{e}}},\
                 \"legs\":[{f}]}}"
            );
            let change = format!("PATCH /v2/orders/@ {{\"qty\":{b},\"limit_price\":{f}}}");
            rest([&order, "STEP", &change, "DELETE /v2/orders/@", "STEP"].join("\n").as_bytes());
        }
    }
}
