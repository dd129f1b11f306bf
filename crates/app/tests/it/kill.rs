//! The kill switch while no day runs: orders that stand at a broker outside are taken back there, or
//! it is said that they stand.

use std::path::Path;

use serde_json::Value;

use crate::live::{AFTER_THE_CLOSE, Broker, at, body, end, exchange, halts, made, on, orders};
use crate::{run, trimtab};

const PULL: [&str; 5] = ["--json", "kill", "on", "--why", "a test"];

fn is_on(home: &Path) -> bool {
    let status = run(&mut trimtab(home, &["--json", "kill", "status"]));
    serde_json::from_str::<Value>(&status).unwrap()["on"] == true
}

/// An entry stands, and the day that sent it is dead. The switch takes it back, and the next day
/// finds nothing that differs.
fn takes_back(broker: Broker) {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    made(home);
    let (served, secret) = exchange(home);
    let served_at = (&served, secret.as_str());
    let mut day = on(broker, home, served_at).arg("--unattended").spawn().unwrap();
    let entry = orders(&served, &secret, 1).remove(0);
    day.kill().unwrap();
    day.wait().unwrap();
    let state = || orders(&served, &secret, 1)[0]["status"].clone();
    let standing = state();
    assert_ne!(standing, "canceled");

    // Without a word where, it is said that it stands.
    let told: Value = serde_json::from_str(&run(&mut trimtab(home, &PULL))).unwrap();
    assert_eq!((&told["on"], &told["asked"]), (&true.into(), &false.into()), "{told:#}");
    assert_eq!(told["stand"][0]["symbol"], entry["symbol"], "{told:#}");
    assert!(run(&mut trimtab(home, &PULL[1..])).contains("trimtab kill on --broker"));
    assert_eq!(state(), standing);

    let pull = || {
        let mut pull = trimtab(home, &PULL);
        at(&mut pull, broker, served_at);
        serde_json::from_str::<Value>(&run(&mut pull)).unwrap()
    };
    let told = pull();
    assert_eq!(told["taken_back"].as_array().unwrap().len(), 1, "{told:#}");
    let back = &told["taken_back"][0];
    assert_eq!((&back["symbol"], &back["state"]), (&entry["symbol"], &"cancelled".into()));
    assert_eq!((state(), &told["stand"]), ("canceled".into(), &Value::Array(vec![])));
    assert_eq!(pull()["taken_back"], Value::Array(vec![]), "it is taken back once");

    for _ in 0..2 {
        served.ask(&secret, "POST /control/step?bars=1", "");
    }
    let again = on(broker, home, served_at).arg("--unattended").spawn().unwrap();
    served.ask(&secret, AFTER_THE_CLOSE, "");
    let (is_well, told) = end(again);
    assert!(is_well && told.contains("\"halted\": true"), "{told}");
    let held = body(&served.ask(&secret, "GET /v2/positions", ""));
    assert_eq!(held, Value::Array(vec![]));
    let told = run(trimtab(home, &["orders", "ls"]).arg("--json"));
    assert!(!told.contains("reconcile"), "{told}");
}

#[test]
fn the_switch_takes_entries_back_at_alpaca_where_no_day_runs() {
    takes_back(Broker::Alpaca);
}

#[test]
fn the_switch_takes_entries_back_at_tws_where_no_day_runs() {
    takes_back(Broker::Ibkr);
}

#[test]
fn the_switch_leaves_to_a_day_that_runs_what_it_takes_back_by_itself() {
    halts(|home, _| {
        // Nothing listens there, and nobody asks.
        let mut pull = trimtab(home, &PULL);
        pull.args(["--broker", "alpaca", "--broker-address", "http://127.0.0.1:9"]);
        let told: Value = serde_json::from_str(&run(&mut pull)).unwrap();
        assert_eq!(told["day_runs"], true, "{told:#}");
    });
}

#[test]
fn a_broker_that_can_not_be_reached_leaves_the_switch_on_and_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let mut pull = trimtab(home.path(), &PULL);
    pull.args(["--broker", "alpaca", "--broker-address", "http://127.0.0.1:9"]);
    pull.env("APCA_API_KEY_ID", "name").env("APCA_API_SECRET_KEY", "hunter2");
    let done = pull.output().unwrap();
    let told = String::from_utf8(done.stderr).unwrap();
    assert!(!done.status.success(), "{told}");
    for words in ["the kill switch is ON", "reach the broker", "at the broker itself"] {
        assert!(told.contains(words), "{told}");
    }
    assert!(!told.contains("hunter2") && is_on(home.path()));
}

#[test]
fn the_switch_is_pulled_though_the_database_is_down() {
    let home = tempfile::tempdir().unwrap();
    let nobody = ["--db", "postgres://nobody@127.0.0.1:1/none"];
    let done = trimtab(home.path(), &nobody).args(PULL).output().unwrap();
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!done.status.success() && told.contains("KILL is written"), "{told}");
    assert_eq!(std::fs::read_to_string(home.path().join("KILL")).unwrap(), "a test");
    assert!(run(&mut trimtab(home.path(), &["--json", "kill", "status"])).contains("true"));
}
