//! A day on the paper exchange, process against process: the same trades as on the simulated
//! broker, a kill in the middle, a home that belongs to one account, secrets that stay secret.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::exchange::Served;
use crate::{run, trimtab};

const SESSION: &str = "2024-06-25";
pub(crate) const AFTER_THE_CLOSE: &str = "POST /control/advance?until=2024-06-25T20:30:00Z";
pub(crate) const DAY: [&str; 9] =
    ["--json", "day", "--session", SESSION, "--stocks", "us", "--scanner-only", "--mode", "paper"];

pub(crate) fn made(home: &Path) {
    let words = ["synth", "--symbols", "60", "--years", "2", "--start", "2023-01-03"];
    run(trimtab(home, &words).args(["--dataset", "us"]));
}

pub(crate) fn exchange(home: &Path) -> (Served, String) {
    exchange_of(home, "30")
}

/// The exchange with bars of so many minutes.
pub(crate) fn exchange_of(home: &Path, minutes: &str) -> (Served, String) {
    let words = ["--json", "exchange", "--dataset", "us", "--begin", SESSION];
    let mut command = trimtab(home, &words);
    command.args(["--speed", "stepped", "--minutes", minutes, "--listen", "127.0.0.1:0"]);
    command
        .args(["--requests-per-minute", "100000", "--tws-port", "0"])
        .env("TRIMTAB_LOG", "trace");
    command.env_remove("TRIMTAB_EXCHANGE_KEY").env_remove("TRIMTAB_EXCHANGE_SECRET");
    let served = Served::read(command.stdout(Stdio::piped()).spawn().unwrap());
    let secret = served.said["secret"].as_str().unwrap().to_owned();
    (served, secret)
}

fn day(home: &Path, at: (&Served, &str)) -> Command {
    let mut command = attended(home, at);
    command.arg("--unattended");
    command
}

/// A day whose intents wait for a person.
pub(crate) fn attended(home: &Path, at: (&Served, &str)) -> Command {
    on(Broker::Alpaca, home, at)
}

/// As which broker the exchange is reached.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Broker {
    Alpaca,
    Ibkr,
}

pub(crate) fn on(broker: Broker, home: &Path, served: (&Served, &str)) -> Command {
    let mut command = trimtab(home, &DAY);
    at(&mut command, broker, served);
    command
}

/// Leads a command to the exchange.
pub(crate) fn at(command: &mut Command, broker: Broker, (served, secret): (&Served, &str)) {
    let said = |name: &str| served.said[name].as_str().unwrap();
    match broker {
        Broker::Alpaca => {
            command.args(["--broker", "alpaca", "--broker-address", said("url")]);
            command.env("APCA_API_KEY_ID", said("key")).env("APCA_API_SECRET_KEY", secret);
        }
        Broker::Ibkr => {
            command.args(["--broker", "ibkr", "--broker-clock-within", "any"]);
            command.args(["--broker-address", said("tws")]);
        }
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
}

/// That no file below a home holds a secret; the folders that must have been searched are there.
pub(crate) fn keeps_no(secret: &str, home: &Path) {
    let mut folders = vec![home.to_owned()];
    let mut searched = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let kept = std::fs::read(&path).unwrap();
            let found = kept.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{} holds the secret", path.display());
            searched.push_str(&path.display().to_string());
        }
    }
    for place in ["state.db", "/reports/day-", "/logs/", "/lake/", "/exchange/paper/"] {
        assert!(searched.contains(place), "{place} was not searched: {searched}");
    }
}

pub(crate) fn body(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// Orders at the exchange, once there are so many.
pub(crate) fn orders(served: &Served, secret: &str, count: usize) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let found = body(&served.ask(secret, "GET /v2/orders?status=all&nested=true", ""));
        let found = found.as_array().unwrap().clone();
        if found.len() >= count {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(200), "{} of {count} orders", found.len());
        std::thread::sleep(Duration::from_millis(100));
    }
}

pub(crate) fn end(day: Child) -> (bool, String) {
    let done = day.wait_with_output().unwrap();
    let told = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8(told).unwrap())
}

#[test]
fn a_day_on_the_paper_exchange_survives_a_kill_and_trades_once() {
    let home = tempfile::tempdir().unwrap();
    made(home.path());
    let (served, secret) = exchange(home.path());
    let mut first = day(home.path(), (&served, &secret));
    let mut first = first.env("TRIMTAB_LOG", "trace").spawn().unwrap();
    let entry = orders(&served, &secret, 1).remove(0);
    assert_eq!((&entry["order_class"], &entry["type"]), (&"bracket".into(), &"market".into()));
    // As if the machine had lost power, with the order out and nobody listening when it fills.
    first.kill().unwrap();
    first.wait().unwrap();
    for _ in 0..4 {
        served.ask(&secret, "POST /control/step?bars=1", "");
    }
    let mut again = day(home.path(), (&served, &secret));
    let again = again.env("TRIMTAB_LOG", "trace").spawn().unwrap();
    served.ask(&secret, AFTER_THE_CLOSE, "");
    let (is_well, told) = end(again);
    assert!(is_well, "{told}");
    assert!(!told.contains(&secret) && told.contains(" INFO trimtab"), "{told}");

    // One entry, filled once; behind it one pair that keeps stop and target.
    let all = orders(&served, &secret, 2);
    assert_eq!(all.len(), 2, "{all:#?}");
    assert_eq!((&all[1]["status"], &all[1]["filled_qty"]), (&"filled".into(), &all[1]["qty"]));
    assert_eq!(all[0]["order_class"], "oco");
    let stop = &all[0]["legs"][0];
    assert_eq!((&stop["type"], &stop["qty"]), (&"stop".into(), &all[1]["qty"]));
    let told = run(trimtab(home.path(), &["orders", "ls"]).arg("--json"));
    assert!(told.contains("\"executed\"") && !told.contains("reconcile"), "{told}");

    // The account is this home's; the simulated broker can't go on with it.
    let other = trimtab(home.path(), &DAY).arg("--unattended").output().unwrap();
    let told = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(!other.status.success() && told.contains("change account"), "{told}");
    keeps_no(&secret, home.path());
}

#[test]
fn a_kill_file_takes_the_entry_back_at_the_broker_while_the_session_runs() {
    halts(|home, _| std::fs::write(home.join("KILL"), "a bad feeling").unwrap());
}

#[test]
fn a_signal_takes_the_entry_back_too_and_is_kept() {
    halts(|_, running| {
        let mut signal = Command::new("kill");
        assert!(signal.args(["-USR1", &running.id().to_string()]).status().unwrap().success());
    });
}

pub(crate) fn halts(pull: impl Fn(&Path, &Child)) {
    let home = tempfile::tempdir().unwrap();
    made(home.path());
    let (served, secret) = exchange(home.path());
    let running = day(home.path(), (&served, &secret)).spawn().unwrap();
    assert_eq!(orders(&served, &secret, 1)[0]["status"], "new");
    pull(home.path(), &running);
    let begun = Instant::now();
    while orders(&served, &secret, 1)[0]["status"] != "canceled" {
        assert!(begun.elapsed() < Duration::from_secs(100), "the entry stands");
        std::thread::sleep(Duration::from_millis(50));
    }
    for _ in 0..2 {
        served.ask(&secret, "POST /control/step?bars=1", "");
    }
    served.ask(&secret, AFTER_THE_CLOSE, "");
    let (is_well, told) = end(running);
    assert!(is_well && told.contains("\"halted\": true"), "{told}");
    let held = body(&served.ask(&secret, "GET /v2/positions", ""));
    assert_eq!((held, orders(&served, &secret, 1).len()), (Value::Array(vec![]), 1));
    let status = run(trimtab(home.path(), &["kill", "status"]).arg("--json"));
    assert!(status.contains("\"on\": true"), "{status}");
}

#[test]
fn an_account_that_can_not_be_reached_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let cases: [(&[&str], &str); 4] = [
        (&["--broker-address", "http://127.0.0.1:9"], "reach the broker"),
        (&["--broker-address", "http://example.com"], "without TLS"),
        (&["--broker-address", "https://api.alpaca.markets"], "real money"),
        (&[], "APCA_API_KEY_ID"),
    ];
    for (words, wanted) in cases {
        let mut command = trimtab(home.path(), &DAY);
        command.args(["--broker", "alpaca"]).args(words);
        command.env_remove("APCA_API_KEY_ID").env_remove("APCA_API_SECRET_KEY");
        if !words.is_empty() {
            command.env("APCA_API_KEY_ID", "name").env("APCA_API_SECRET_KEY", "hunter2");
        }
        let done = command.output().unwrap();
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!done.status.success() && told.contains(wanted), "{words:?}: {told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}
