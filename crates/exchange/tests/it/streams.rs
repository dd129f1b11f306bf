//! The two streams, spoken to frame by frame.

use std::io::Write as _;
use std::net::TcpStream;

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest as _;
use tungstenite::{Message, WebSocket};

use crate::{Server, Wish};

type Line = WebSocket<TcpStream>;

fn open(server: &Server, path: &str, kind: &'static str) -> Line {
    let mut request = format!("ws://{}{path}", server.address).into_client_request().unwrap();
    request.headers_mut().insert("Content-Type", kind.parse().unwrap());
    tungstenite::client(request, server.connect()).unwrap().0
}

fn say(line: &mut Line, message: &Value) {
    line.send(Message::text(message.to_string())).unwrap();
}

/// The next message that says something.
fn hear(line: &mut Line) -> Value {
    loop {
        match line.read().unwrap() {
            Message::Binary(bytes) => return serde_json::from_slice(&bytes).unwrap(),
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            _ => {}
        }
    }
}

fn know(line: &mut Line, secret: &str) -> Value {
    let data = json!({ "key_id": "key", "secret_key": secret });
    say(line, &json!({ "action": "authenticate", "data": data }));
    hear(line)
}

const ORDER: &str = r#"{"symbol":"SPY","qty":"1","side":"buy","type":"market",
    "time_in_force":"day"}"#;

#[test]
fn changes_of_orders_are_told_in_binary_frames() {
    let server = Server::start(Wish::default());
    let mut line = open(&server, "/stream", "application/json");
    assert_eq!(know(&mut line, "secret")["data"]["status"], "authorized");
    say(&mut line, &json!({ "action": "listen", "data": { "streams": ["trade_updates"] } }));
    let listening = hear(&mut line);
    assert_eq!(listening["data"]["streams"], json!(["trade_updates"]));
    server.well("POST /v2/orders", ORDER);
    server.well("POST /control/step", "");
    let told: Vec<Value> = (0..3).map(|_| hear(&mut line)["data"]["event"].take()).collect();
    assert_eq!(told, ["pending_new", "new", "fill"]);
}

#[test]
fn a_stranger_hears_nothing() {
    let server = Server::start(Wish::default());
    let mut line = open(&server, "/stream", "application/json");
    say(&mut line, &json!({ "action": "listen", "data": { "streams": ["trade_updates"] } }));
    assert_eq!(hear(&mut line)["data"]["status"], "unauthorized");
    assert_eq!(know(&mut line, "wrong")["data"]["status"], "unauthorized");
    server.well("POST /v2/orders", ORDER);
    say(&mut line, &json!({ "action": "nothing" }));
    assert_eq!(hear(&mut line)["stream"], "error");
}

#[test]
fn market_data_come_once_they_are_subscribed() {
    let server = Server::start(Wish::default());
    let mut line = open(&server, "/v2/iex", "application/json");
    assert_eq!(hear(&mut line)[0]["msg"], "connected");
    say(&mut line, &json!({ "action": "subscribe", "bars": ["SPY"] }));
    assert_eq!(hear(&mut line)[0]["code"], 401);
    say(&mut line, &json!({ "action": "auth", "key": "key", "secret": "wrong" }));
    assert_eq!(hear(&mut line)[0]["code"], 402);
    say(&mut line, &json!({ "action": "auth", "key": "key", "secret": "secret" }));
    assert_eq!(hear(&mut line)[0]["msg"], "authenticated");
    say(&mut line, &json!({ "action": "subscribe", "bars": ["SPY"], "dailyBars": ["*"] }));
    assert_eq!(hear(&mut line)[0]["bars"], json!(["SPY"]));
    server.well("POST /control/step?bars=390", "");
    let bars = hear(&mut line);
    assert_eq!((&bars[0]["T"], &bars[0]["S"]), (&json!("b"), &json!("SPY")));
    assert_eq!(bars[0]["t"], "2016-02-02T14:30:00Z");
    let days = bars.as_array().unwrap().iter().filter(|bar| bar["T"] == "d");
    assert!(days.count() > 1);
}

#[test]
fn frames_that_are_none_cut_the_line_and_nothing_else() {
    let server = Server::start(Wish::default());
    let mut packed = open(&server, "/v2/iex", "application/msgpack");
    assert!(matches!(packed.read().unwrap(), Message::Binary(_)));
    packed.send(Message::binary(vec![0xdf, 0xff, 0xff, 0xff, 0xff])).unwrap();
    assert!(matches!(packed.read().unwrap(), Message::Binary(_)));
    // A frame that promises more than it holds, and one of a kind that is not.
    for bytes in [&[0x82, 0xfe, 0xff, 0xff, 1, 2, 3, 4, 5][..], &[0xff, 0xff, 0, 0]] {
        let mut line = open(&server, "/stream", "application/json");
        line.get_mut().write_all(bytes).unwrap();
        drop(line);
    }
    let mut large = open(&server, "/stream", "application/json");
    // The server may cut the line before all of it is sent.
    let _ = large.send(Message::text("x".repeat(2 << 20)));
    assert!((0..3).any(|_| large.read().is_err()));
    server.well("GET /v2/clock", "");
}
