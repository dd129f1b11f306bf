//! Requests: who may ask, how much, and what is kept.

use exchange::{Error, Pace};
use serde_json::json;

use crate::{Memory, Server, Wish};

const ORDER: &str = r#"{"symbol":"SPY","qty":"1","side":"buy","type":"market",
    "time_in_force":"day","client_order_id":"one"}"#;

#[test]
fn an_order_is_taken_filled_and_told() {
    let server = Server::start(Wish::default());
    let order = server.well("POST /v2/orders", ORDER);
    assert_eq!(order["status"], "pending_new");
    server.well("POST /control/step?bars=1", "");
    let found = server.well("GET /v2/orders:by_client_order_id?client_order_id=one", "");
    assert_eq!((&found["status"], &found["id"]), (&json!("filled"), &order["id"]));
    let position = server.well("GET /v2/positions/SPY", "");
    assert_eq!(position["qty"], "1");
}

#[test]
fn strangers_are_turned_away_without_a_word_about_the_secret() {
    let server = Server::start(Wish::default());
    let (status, _, body) = server.ask("GET /v2/account", "hunter2", "");
    assert_eq!((status, &body["code"]), (401, &json!(40_110_000)));
    assert!(!body.to_string().contains("hunter2"));
    let (status, _, body) = server.ask("GET /v2/stocks/SPY/bars/latest", "hunter2", "");
    assert_eq!((status, &body["message"]), (403, &json!("forbidden.")));
    let bare = server.raw(b"GET /v2/account HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert!(bare.starts_with("HTTP/1.1 401"), "{bare}");
}

#[test]
fn more_than_a_minute_holds_is_refused() {
    let server = Server::start(Wish { requests_per_minute: 2, ..Wish::default() });
    let (_, head, _) = server.ask("GET /v2/clock", "secret", "");
    assert!(head.to_lowercase().contains("x-ratelimit-remaining: 1"), "{head}");
    server.well("GET /v2/clock", "");
    let (status, _, body) = server.ask("GET /v2/clock", "secret", "");
    assert_eq!((status, &body["code"]), (429, &json!(42_910_000)));
}

#[test]
fn what_is_no_request_is_answered_and_does_no_harm() {
    let server = Server::start(Wish::default());
    let keys = "Host: a\r\nAPCA-API-KEY-ID: key\r\nAPCA-API-SECRET-KEY: secret\r\n";
    let cases = [
        ("nonsense\r\n\r\n".to_owned(), "HTTP/1.1 400"),
        (format!("PUT /v2/orders HTTP/1.1\r\n{keys}Connection: close\r\n\r\n"), "HTTP/1.1 405"),
        (
            format!("POST /v2/orders HTTP/1.1\r\n{keys}Content-Length: 99999999\r\n\r\n"),
            "HTTP/1.1 413",
        ),
        (
            format!(
                "POST /v2/orders HTTP/1.1\r\n{keys}Transfer-Encoding: chunked\r\n\
                 Connection: close\r\n\r\nzz\r\n"
            ),
            "HTTP/1.1 400",
        ),
        (format!("GET /stream HTTP/1.1\r\n{keys}Connection: close\r\n\r\n"), "HTTP/1.1 400"),
    ];
    for (bytes, wanted) in cases {
        let answer = server.raw(bytes.as_bytes());
        assert!(answer.starts_with(wanted), "{bytes:?}: {answer}");
    }
    for body in ["{", "[]", "\"x\"", "{\"symbol\":"] {
        let (status, _, answer) = server.ask("POST /v2/orders", "secret", body);
        assert_eq!((status, &answer["code"]), (400, &json!(40_010_000)), "{body}");
    }
    let long = "x".repeat(5_000);
    assert_eq!(server.ask("POST /v2/orders", "secret", &long).0, 413);
    assert_eq!(server.well("GET /v2/orders?status=all", ""), json!([]));
}

#[test]
fn an_account_goes_on_where_it_was_kept() {
    let memory = Memory::new();
    let server = Server::start(Wish { memory: memory.clone(), ..Wish::default() });
    server.well("POST /v2/orders", ORDER);
    server.well("POST /control/step?bars=2", "");
    let before = server.well("GET /v2/account", "");
    // What is there now is all that a power cut would leave.
    let torn = memory.copied();
    torn.journal.lock().unwrap().extend([9; 20]);
    drop(server);
    assert_eq!(memory.journal.lock().unwrap().as_slice(), exchange::journal::HEADING);
    for memory in [memory, torn] {
        let server = Server::start(Wish { memory, ..Wish::default() });
        assert_eq!(server.well("GET /v2/account", ""), before);
        let (status, _, body) = server.ask("POST /v2/orders", "secret", ORDER);
        assert_eq!((status, &body["message"]), (422, &json!("client_order_id must be unique")));
    }
}

#[test]
fn nothing_is_answered_that_could_not_be_kept() {
    let memory = Memory::new();
    let server = Server::start(Wish { memory: memory.clone(), ..Wish::default() });
    server.well("GET /v2/clock", "");
    *memory.left.lock().unwrap() = 0;
    let before = memory.copied();
    let (status, _, _) = server.ask("POST /v2/orders", "secret", ORDER);
    assert!(status == 500 || status == 0, "{status}");
    assert!(matches!(server.end(), Err(Error::KeepState(_))));
    assert!(*memory.state.lock().unwrap() == *before.state.lock().unwrap());
    assert!(*memory.journal.lock().unwrap() == *before.journal.lock().unwrap());
}

#[test]
fn a_clock_that_runs_is_in_nobodys_hand_and_fills_orders() {
    let server = Server::start(Wish { pace: Pace::Times(3_600.0), ..Wish::default() });
    let (status, _, _) = server.ask("POST /control/step", "secret", "");
    assert_eq!(status, 409);
    server.well("POST /v2/orders", ORDER);
    let filled = || server.well("GET /v2/orders?status=closed", "") != json!([]);
    let tries = (0..100_000).find(|_| filled());
    assert!(tries.is_some(), "no order filled");
}
