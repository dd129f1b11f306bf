//! What the rooms say reaches a person: on standard error, and in a file where a command runs for
//! long. Answers stay answers.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::exchange::Served;
use crate::live::{attended, exchange, made, orders};
use crate::trimtab;

/// All that was kept below that home.
fn kept(home: &Path) -> String {
    let Ok(files) = std::fs::read_dir(home.join("logs")) else { return String::new() };
    files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

/// What a process that is ended now has told: its answer, and beside it.
fn ended(mut child: Child) -> (String, String) {
    child.kill().unwrap();
    let done = child.wait_with_output().unwrap();
    (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap())
}

#[test]
fn a_line_to_the_broker_that_breaks_is_told_and_kept_with_the_time() {
    let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    made(home.path());
    made(other.path());
    let (served, secret) = exchange(other.path());
    let mut day = attended(home.path(), (&served, &secret));
    let running = day.arg("--unattended").spawn().unwrap();
    orders(&served, &secret, 1);
    drop(served);
    let begun = Instant::now();
    while !kept(home.path()).contains(" WARN brokers::alpaca") {
        assert!(begun.elapsed() < Duration::from_secs(100), "{}", kept(home.path()));
        std::thread::sleep(Duration::from_millis(50));
    }
    let (answer, told) = ended(running);
    assert_eq!(answer, "");
    assert!(told.contains(" WARN brokers::alpaca"), "{told}");
    assert!(!told.contains(" INFO "), "{told}");
    let kept = kept(home.path());
    let first = kept.lines().next().unwrap();
    assert!(first.contains("Z  INFO trimtab::command::day: the day begins"), "{first}");
    assert!(first.contains("session=2024-06-25"), "{first}");
}

#[test]
fn answers_for_programs_stay_clean_whatever_is_told_beside_them() {
    let home = tempfile::tempdir().unwrap();
    let mut command = trimtab(home.path(), &["--json", "orders", "ls"]);
    let done = command.env("TRIMTAB_LOG", "trace").output().unwrap();
    let told = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.success() && told.contains("INFO trimtab: ended well"), "{told}");
    let answer: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(answer, serde_json::json!({ "intents": [], "incidents": [] }));
    assert!(!home.path().join("logs").exists(), "a short command keeps no log");
}

#[test]
fn a_filter_that_makes_no_sense_is_told_with_advice() {
    let home = tempfile::tempdir().unwrap();
    for filter in ["inof", "store=loud"] {
        let mut command = trimtab(home.path(), &["features", "list"]);
        let done = command.env("TRIMTAB_LOG", filter).output().unwrap();
        let told = String::from_utf8(done.stderr).unwrap();
        assert!(!done.status.success() && done.stdout.is_empty(), "{told}");
        assert!(told.contains(filter) && told.contains("TRIMTAB_LOG is a level"), "{told}");
        assert!(!told.contains("panic"), "{told}");
    }
}

#[test]
fn a_log_that_can_not_be_written_is_told_once_and_stops_nothing() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("logs"), "in the way").unwrap();
    let words = ["--json", "exchange", "--symbols", "2", "--years", "1", "--speed", "stepped"];
    let mut command = trimtab(home.path(), &words);
    command.args(["--listen", "127.0.0.1:0"]).env("TRIMTAB_LOG", "off");
    command.env_remove("TRIMTAB_EXCHANGE_KEY").env_remove("TRIMTAB_EXCHANGE_SECRET");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut errors = child.stderr.take().unwrap();
    let served = Served::read(child);
    let secret = served.said["secret"].as_str().unwrap();
    let answer = served.ask(secret, "GET /v2/account", "");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(served);
    let mut told = String::new();
    errors.read_to_string(&mut told).unwrap();
    assert_eq!(told.matches("this goes on without").count(), 1, "{told}");
}
