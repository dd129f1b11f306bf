//! A signal as a spread of options (BRK-25), process against process on the paper exchange: one
//! order of both legs, a kill in the middle, a second session that closes it.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::exchange::Served;
use crate::live::{Broker, at, body, end, exchange, made, orders};
use crate::{run, trimtab};

fn day(home: &Path, broker: Broker, session: &str, served: (&Served, &str)) -> Command {
    let book = home.join("book.toml");
    let numbers = "on_kill = \"flatten\"\n[overlay]\nexpress = \"spread\"\nabove_quote = 1.0\nmost_of_width = 1.0\n";
    std::fs::write(&book, numbers).unwrap();
    let words = ["--json", "day", "--session", session, "--stocks", "us", "--scanner-only"];
    let mut command = trimtab(home, &words);
    command.args(["--mode", "paper", "--unattended", "--book-config"]).arg(book);
    at(&mut command, broker, served);
    command
}

/// Waits until something is true of all orders, or says that it never was.
fn until(served: (&Served, &str), what: &str, is_so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let all = orders(served.0, served.1, 1);
        if is_so(&all) {
            return all;
        }
        assert!(begun.elapsed() < Duration::from_secs(100), "never {what}: {all:#?}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn positions((served, secret): (&Served, &str)) -> Vec<(String, i64)> {
    let all = body(&served.ask(secret, "GET /v2/positions", ""));
    let held = |one: &Value| {
        let text = |name: &str| one[name].as_str().unwrap().to_owned();
        (text("asset_class"), text("qty").parse().unwrap())
    };
    let mut held: Vec<(String, i64)> = all.as_array().unwrap().iter().map(held).collect();
    held.sort();
    held
}

fn trades_once(broker: Broker) {
    let home = tempfile::tempdir().unwrap();
    made(home.path());
    let (served, secret) = exchange(home.path());
    let here = (&served, secret.as_str());
    let mut first = day(home.path(), broker, "2024-06-25", here).spawn().unwrap();
    let entry = orders(&served, &secret, 1).remove(0);
    assert_eq!((&entry["order_class"], &entry["type"]), (&"mleg".into(), &"limit".into()));
    // As if the machine had lost power, with the order out and nobody listening when it fills.
    first.kill().unwrap();
    first.wait().unwrap();
    for _ in 0..4 {
        served.ask(&secret, "POST /control/step?bars=1", "");
    }
    let again = day(home.path(), broker, "2024-06-25", here).spawn().unwrap();
    served.ask(&secret, "POST /control/advance?until=2024-06-25T20:30:00Z", "");
    let (is_well, told) = end(again);
    assert!(is_well, "{told}");
    let all = orders(&served, &secret, 1);
    assert_eq!((all.len(), &all[0]["status"]), (1, &"filled".into()), "{all:#?}");
    let units: i64 = all[0]["qty"].as_str().unwrap().parse().unwrap();
    let (sold, bought) = (("us_option".to_owned(), -units), ("us_option".to_owned(), units));
    assert_eq!(positions(here), [sold, bought]);
    let told = run(trimtab(home.path(), &["orders", "ls"]).arg("--json"));
    assert!(told.contains("/spread\"") && told.contains("\"executed\""), "{told}");
    assert!(!told.contains("reconcile"), "{told}");

    // The next session finds it held, and the kill switch closes it as one order.
    served.ask(&secret, "POST /control/advance?until=2024-06-26T13:00:00Z", "");
    let next = day(home.path(), broker, "2024-06-26", here).spawn().unwrap();
    run(trimtab(home.path(), &["kill", "on", "--why", "a test"]).arg("--json"));
    until(here, "closing", |all| all.len() == 2);
    served.ask(&secret, "POST /control/step?bars=2", "");
    let all = until(here, "closed", |all| all[0]["status"] == "filled");
    assert_eq!(
        (&all[0]["order_class"], &all[0]["qty"]),
        (&"mleg".into(), &units.to_string().into())
    );
    assert_eq!(positions(here), []);
    served.ask(&secret, "POST /control/advance?until=2024-06-26T20:30:00Z", "");
    let (is_well, told) = end(next);
    assert!(is_well, "{told}");
    let told = run(trimtab(home.path(), &["orders", "ls"]).arg("--json"));
    assert!(!told.contains("reconcile"), "{told}");
}

#[test]
fn a_spread_is_bought_once_over_a_kill_and_closed_as_one_at_alpaca() {
    trades_once(Broker::Alpaca);
}

#[test]
fn a_spread_is_bought_once_over_a_kill_and_closed_as_one_at_ibkr() {
    trades_once(Broker::Ibkr);
}

#[test]
fn without_a_broker_that_tells_options_a_spread_is_refused_with_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    made(home.path());
    let book = home.path().join("book.toml");
    std::fs::write(&book, "overlay.express = \"spread\"").unwrap();
    let words = ["day", "--session", "2024-06-25", "--stocks", "us", "--scanner-only"];
    let done = trimtab(home.path(), &words).arg("--book-config").arg(book).output().unwrap();
    let told = String::from_utf8(done.stderr).unwrap();
    assert!(!done.status.success() && told.contains("--broker"), "{told}");
}
