//! A day on the paper exchange as a client of TWS, process against process: it trades as on the
//! other broker and as on the simulated one, also through a kill; what is wrong on the way there is
//! on record until it is well again.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::disguise::Disguise;
use crate::live::{
    AFTER_THE_CLOSE, Broker, DAY, at, body, end, exchange, exchange_of, made, on, orders,
};
use crate::{run, trimtab};

/// Intents and what became of them.
fn intents(home: &Path) -> Value {
    let told = run(trimtab(home, &["orders", "ls"]).arg("--json"));
    let mut listed: Value = serde_json::from_str(&told).unwrap();
    listed["intents"].take()
}

/// A day on a broker to its end: what the account traded.
fn traded(broker: Broker, home: &Path) -> Vec<Value> {
    made(home);
    let (served, secret) = exchange(home);
    let day = on(broker, home, (&served, &secret)).arg("--unattended").spawn().unwrap();
    orders(&served, &secret, 1);
    served.ask(&secret, AFTER_THE_CLOSE, "");
    let (is_well, told) = end(day);
    assert!(is_well, "{broker:?}: {told}");
    let path = "GET /v2/account/activities/FILL?direction=asc";
    let fills = body(&served.ask(&secret, path, ""));
    let fields = ["symbol", "side", "qty", "price", "transaction_time"];
    let short = |fill: &Value| fields.iter().map(|name| fill[*name].clone()).collect();
    fills.as_array().unwrap().iter().map(short).collect()
}

#[test]
fn a_day_trades_alike_on_each_broker() {
    let homes = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let [ibkr, alpaca, simulated] = homes.each_ref().map(tempfile::TempDir::path);
    let fills = traded(Broker::Ibkr, ibkr);
    assert!(!fills.is_empty());
    assert_eq!(fills, traded(Broker::Alpaca, alpaca));
    made(simulated);
    run(trimtab(simulated, &DAY).arg("--unattended"));
    let became = intents(ibkr);
    assert!(became.to_string().contains("\"executed\""), "{became}");
    assert_eq!((&became, &became), (&intents(alpaca), &intents(simulated)));

    // Beside the simulated broker nothing is missed or done at another time; prices and costs
    // differ, and exits, which that broker keeps to itself until a bar.
    let page = ibkr.join("parity.html");
    let mut held = trimtab(ibkr, &["--json", "parity", "--against"]);
    let held = held.arg(simulated).arg("--page").arg(&page).output().unwrap();
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("SYNTHETIC") && page.contains("The same was filled"));
    let parity: Value = serde_json::from_slice(&held.stdout).unwrap();
    assert_eq!(parity["same_fills"], fills.len(), "{parity:#}");
    for difference in parity["differences"].as_array().unwrap() {
        let kind = difference["kind"].as_str().unwrap();
        assert!(["price", "fee", "order"].contains(&kind), "{parity:#}");
    }
}

/// The price of the entry, and closes of the bars that a plan was shown after it.
fn shown(home: &Path) -> Vec<i64> {
    let store = store::Store::open_file(&home.join("state.db")).unwrap();
    let lines = store.read(|tx| tx.journal_from(1, 10_000)).unwrap();
    // A bar that moves the stop changes all of the plan.
    let plan = |line: &store::JournalRecord| line.record[&line.kind]["watch"]["close"].as_i64();
    lines.iter().filter_map(plan).collect()
}

#[test]
fn bars_shorter_than_the_session_are_told_while_it_runs() {
    for broker in [Broker::Alpaca, Broker::Ibkr] {
        let home = tempfile::tempdir().unwrap();
        made(home.path());
        let words = ["synth", "--symbols", "2", "--years", "1", "--minutes", "30"];
        run(trimtab(home.path(), &words).args(["--dataset", "half"]));
        let (served, secret) = exchange_of(home.path(), "1");
        let mut day = on(broker, home.path(), (&served, &secret));
        let day = day.args(["--unattended", "--finer", "half"]).spawn().unwrap();
        let entry = orders(&served, &secret, 1).remove(0);
        let symbol = entry["symbol"].as_str().unwrap();
        for half_hour in ["14:15", "15:01", "15:31", "18:50"] {
            let path = format!("POST /control/advance?until=2024-06-25T{half_hour}:00Z");
            served.ask(&secret, &path, "");
            std::thread::sleep(std::time::Duration::from_millis(400));
        }
        served.ask(&secret, AFTER_THE_CLOSE, "");
        let (is_well, told) = end(day);
        assert!(is_well, "{broker:?}: {told}");
        let path = format!(
            "GET /v2/stocks/bars?symbols={symbol}&timeframe=30Min&start=2024-06-25T13:30:00Z\
             &end=2024-06-25T19:59:00Z"
        );
        let bars = body(&served.ask(&secret, &path, ""));
        let bars = bars["bars"][symbol].as_array().unwrap();
        let close = |bar: &Value| (bar["c"].as_f64().unwrap() * 1e8).round() as i64;
        let mut truth: Vec<i64> = bars.iter().map(close).collect();
        truth.dedup();
        let mut told = shown(home.path());
        told.dedup();
        assert!(told.ends_with(&truth), "{broker:?}: {told:?}, and there were {truth:?}");
    }
}

#[test]
fn prices_are_watched_at_each_broker() {
    let home = tempfile::tempdir().unwrap();
    made(home.path());
    let (served, secret) = exchange_of(home.path(), "1");
    for broker in [Broker::Alpaca, Broker::Ibkr] {
        let mut watch = trimtab(home.path(), &["--json", "watch", "SYN00003", "--lines", "12"]);
        at(&mut watch, broker, (&served, &secret));
        let mut watch = watch.spawn().unwrap();
        while watch.try_wait().unwrap().is_none() {
            served.ask(&secret, "POST /control/step?bars=1", "");
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        let (is_well, told) = end(watch);
        assert!(is_well && !told.contains(&secret), "{broker:?}: {told}");
        let kinds: std::collections::BTreeSet<&str> = ["bar", "quote", "hears"].into();
        let said = kinds.iter().filter(|kind| told.contains(&format!("\"kind\":\"{kind}\"")));
        assert_eq!(said.count(), 3, "{broker:?}: {told}");
    }
}

#[test]
fn a_day_as_a_client_of_tws_survives_a_kill_and_trades_once() {
    let home = tempfile::tempdir().unwrap();
    made(home.path());
    let (served, secret) = exchange(home.path());
    let start = || {
        let mut day = on(Broker::Ibkr, home.path(), (&served, &secret));
        day.arg("--unattended").spawn().unwrap()
    };
    let mut first = start();
    let entry = orders(&served, &secret, 1).remove(0);
    assert_eq!((&entry["type"], &entry["status"]), (&"market".into(), &"new".into()));
    // As if the machine had lost power, with the order out and nobody listening when it fills.
    first.kill().unwrap();
    first.wait().unwrap();
    for _ in 0..4 {
        served.ask(&secret, "POST /control/step?bars=1", "");
    }
    let again = start();
    served.ask(&secret, AFTER_THE_CLOSE, "");
    let (is_well, told) = end(again);
    assert!(is_well, "{told}");

    // One entry, filled once; behind it one stop and one target for all of it.
    let all = orders(&served, &secret, 1);
    let flat: Vec<&Value> = all
        .iter()
        .flat_map(|order| {
            let legs = order["legs"].as_array().into_iter().flatten();
            std::iter::once(order).chain(legs)
        })
        .collect();
    let found = |kind: &str, status: &str| {
        let fits = |order: &&&Value| order["type"] == kind && order["status"] == status;
        flat.iter().filter(fits).map(|order| order["qty"].clone()).collect::<Vec<_>>()
    };
    let whole = vec![entry["qty"].clone()];
    assert_eq!(found("market", "filled"), whole, "{all:#?}");
    assert_eq!((found("stop", "held"), found("limit", "new")), (whole.clone(), whole), "{all:#?}");
    let told = intents(home.path()).to_string();
    assert!(told.contains("\"executed\"") && !told.contains("reconcile"), "{told}");

    // The account is this home's; the simulated broker can't go on with it.
    let other = trimtab(home.path(), &DAY).arg("--unattended").output().unwrap();
    let told = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(!other.status.success() && told.contains("change account"), "{told}");
}

#[test]
fn a_tws_that_is_not_there_or_has_another_account_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    made(home.path());
    let (served, _) = exchange(home.path());
    let there = served.said["tws"].as_str().unwrap();
    for (words, wanted) in [
        (&["--broker-address", "127.0.0.1:9"][..], "nothing listens on 9"),
        (&["--broker-address", "127.0.0.1:9"], "start IB Gateway"),
        (&["--broker-address", "127.0.0.1"], "write HOST:PORT"),
        (&["--broker-address", there, "--broker-account", "DU1"], "not the account DU1"),
        (&["--broker-address", there], "--broker-clock-within any"),
    ] {
        let mut command = trimtab(home.path(), &DAY);
        let done = command.args(["--broker", "ibkr"]).args(words).output().unwrap();
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!done.status.success() && told.contains(wanted), "{words:?}: {told}");
    }
}

/// Waits until incidents say that, or do no more.
fn until_on_record(home: &Path, words: &str, is_there: bool) {
    let begun = Instant::now();
    loop {
        let told = run(&mut trimtab(home, &["orders", "ls"]));
        if told.contains(words) == is_there {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(200), "{words} {is_there}: {told}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn another_login_in_the_middle_of_a_day_is_on_record_until_the_first_is_back() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    made(home);
    let (served, secret) = exchange(home);
    let disguise = Disguise::of(served.said["tws"].as_str().unwrap());
    let mut day = trimtab(home, &DAY);
    day.args(["--unattended", "--broker", "ibkr", "--broker-address", &disguise.at]);
    day.args(["--broker-clock-within", "any"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let day = day.spawn().unwrap();
    orders(&served, &secret, 1);
    disguise.seem_live(true);
    until_on_record(home, "has the live account UU", true);
    disguise.seem_live(false);
    until_on_record(home, "has the live account UU", false);
    served.ask(&secret, AFTER_THE_CLOSE, "");
    let (is_well, told) = end(day);
    assert!(is_well, "{told}");
    let told = intents(home).to_string();
    assert!(told.contains("\"executed\""), "{told}");
}
