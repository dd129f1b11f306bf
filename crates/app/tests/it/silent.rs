//! A broker that falls silent in the middle of a session: it is said, kept on record, and the kill
//! switch is heard all the same.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::live::{Broker, end, exchange, made, on, orders};
use crate::{run, trimtab};

/// Waits until something holds.
fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(120), "{what} is nowhere");
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn incidents(home: &Path) -> String {
    run(&mut trimtab(home, &["orders", "ls"]))
}

/// Whether the engine's journal, as it lies on disk, holds some words.
fn is_kept(home: &Path, words: &str) -> bool {
    let read = |name: &str| std::fs::read(home.join(name)).unwrap_or_default();
    let files = ["state.db", "state.db-wal"].map(read);
    files.iter().any(|file| file.windows(words.len()).any(|part| part == words.as_bytes()))
}

#[test]
fn a_broker_that_falls_silent_is_an_incident_and_the_kill_switch_is_heard_meanwhile() {
    let home = tempfile::tempdir().unwrap();
    made(home.path());
    let (served, secret) = exchange(home.path());
    let mut day = on(Broker::Alpaca, home.path(), (&served, &secret));
    let mut day = day.arg("--unattended").spawn().unwrap();
    orders(&served, &secret, 1);
    drop(served);
    until("the alarm", || incidents(home.path()).contains("the broker does not answer"));
    // The words of the engine, not those that a person gave.
    assert!(!is_kept(home.path(), "the kill switch was pulled"));
    std::fs::write(home.path().join("KILL"), "a person").unwrap();
    until("the halt", || is_kept(home.path(), "the kill switch was pulled"));
    day.kill().unwrap();
    let (_, words) = end(day);
    assert!(!words.contains(&secret));
}
