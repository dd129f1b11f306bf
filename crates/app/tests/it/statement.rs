//! A statement against the fills of a home folder.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;

use base::Ts;
use market::{ClientOrderId, InstrumentId, OrderKind, OrderRequest, OrderState, Qty, TimeInForce};
use serde_json::Value;
use store::{Address, FillRecord, OpenOptions, Order, Store};

use crate::{run, trimtab};

const SAMPLE: &str = include_str!("../../../brokers/tests/samples/statement.xml");

fn order(name: &str) -> Order {
    let id = ClientOrderId::from_text(name);
    Order {
        id: id.clone(),
        intent: None,
        book: "by hand".to_owned(),
        symbol: "SPY-CALL".to_owned(),
        state: OrderState::Draft,
        broker_id: None,
        created: Ts::from_seconds(0),
        updated: Ts::from_seconds(0),
        request: OrderRequest {
            id,
            instrument: InstrumentId(0),
            qty: Qty::whole(-2),
            kind: OrderKind::Market,
            tif: TimeInForce::Day,
            oco_group: None,
            parent: None,
            reduce_only: false,
        },
    }
}

/// The order for the option as it was booked, at this price, and one of another year.
fn book(home: &Path, price: &str) {
    let store = Store::open_with(Address::file(&home.join("state.db")), OpenOptions::default());
    // 2026-01-13, 10:00 in New York.
    let orders = [("spy-call", 1_768_316_400), ("long-ago", 1_700_000_000)];
    store
        .unwrap()
        .transaction("test", |tx| {
            for (name, seconds) in orders {
                tx.draft_order(&order(name))?;
                tx.record_fill(&FillRecord {
                    order_id: ClientOrderId::from_text(name),
                    seq: 0,
                    symbol: "SPY-CALL".to_owned(),
                    instrument: 0,
                    at: Ts::from_seconds(seconds),
                    qty: Qty::whole(-2),
                    price: price.parse().unwrap(),
                    fee: "1.31".parse().unwrap(),
                    evidence: None,
                })?;
            }
            Ok::<(), store::Error>(())
        })
        .unwrap();
}

fn differences(said: &str) -> Vec<String> {
    let said: Value = serde_json::from_str(said).unwrap();
    let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
    let found = said["differences"].as_array().unwrap();
    found.iter().map(|one| format!("{} {}", text(one, "differs"), text(one, "order"))).collect()
}

#[test]
fn what_the_broker_has_and_the_home_has_not_is_told_and_the_other_way_round() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("week.xml");
    std::fs::write(&file, SAMPLE).unwrap();
    let file = file.display().to_string();
    book(home.path(), "5.4");
    let said = run(&mut trimtab(home.path(), &["--json", "orders", "statement", &file]));
    let wanted = [
        "missing_here ",
        "price spy-call",
        "missing_here spy-long-entry",
        "missing_here spy-long-entry",
        "position ",
    ];
    assert_eq!(differences(&said), wanted);
    let table = run(&mut trimtab(home.path(), &["orders", "statement", &file]));
    assert!(table.contains("DU1234567: 1 fills booked here; 0 executions and 1 orders in both"));
    assert!(table.contains("missing here") && table.contains("5.35"), "{table}");
}

#[test]
fn what_is_no_statement_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("week.csv");
    std::fs::write(&file, "date,symbol\n").unwrap();
    let file = file.display().to_string();
    for (words, wanted) in [
        (vec!["orders", "statement", file.as_str()], "Activity Flex Query"),
        (vec!["orders", "statement", "none.xml"], "none.xml"),
        (vec!["orders", "statement", file.as_str(), "--fetch", "7"], "TRIMTAB_FLEX_TOKEN"),
    ] {
        let mut command = trimtab(home.path(), &words);
        let done = command.env_remove("TRIMTAB_FLEX_TOKEN").output().unwrap();
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!done.status.success() && told.contains(wanted), "{told}");
    }
}

#[test]
fn a_refused_fetch_shows_no_token_and_leaves_the_file_alone() {
    let home = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let service = format!("http://{}/service", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(socket.try_clone().unwrap()).lines();
        let asked = lines.next().unwrap().unwrap();
        let body = "<FlexStatementResponse><Status>Fail</Status><ErrorCode>1015</ErrorCode>\
                    <ErrorMessage>Token hush-hush is invalid.</ErrorMessage>\
                    </FlexStatementResponse>";
        let length = body.len();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        socket.write_all(head.as_bytes()).unwrap();
        socket.write_all(body.as_bytes()).unwrap();
        asked
    });
    let file = home.path().join("week.xml").display().to_string();
    let words = ["orders", "statement", &file, "--fetch", "7", "--service", &service];
    let mut command = trimtab(home.path(), &words);
    let done = command.env("TRIMTAB_FLEX_TOKEN", "hush-hush").output().unwrap();
    let told = [done.stdout, done.stderr].concat();
    let told = String::from_utf8(told).unwrap();
    assert!(!done.status.success() && told.contains("check the token"), "{told}");
    assert!(!told.contains("hush"), "{told}");
    assert!(server.join().unwrap().contains("t=hush-hush&q=7&v=3"));
    assert!(!Path::new(&file).exists());
}
