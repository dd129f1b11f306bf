//! What people say while a session is lived through: a word on an intent, and that a difference is
//! settled.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::live::{AFTER_THE_CLOSE, DAY, attended, body, end, exchange, made, orders};
use crate::{run, trimtab};

/// What is shown of intents and incidents, once it is as wanted.
fn shown(home: &Path, is_wanted: impl Fn(&str) -> bool) -> String {
    let begun = Instant::now();
    loop {
        let told = run(&mut trimtab(home, &["orders", "ls"]));
        if is_wanted(&told) {
            return told;
        }
        assert!(begun.elapsed() < Duration::from_secs(100), "{told}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The second word of the line that begins with the first.
fn second<'a>(told: &'a str, first: &str) -> &'a str {
    let line = told.lines().find(|line| line.starts_with(first));
    line.and_then(|line| line.split_whitespace().nth(1)).unwrap()
}

#[test]
fn a_session_hears_that_a_difference_is_settled_and_then_a_word_on_what_waits() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    made(home);
    let (served, secret) = exchange(home);
    let running = attended(home, (&served, &secret)).spawn().unwrap();
    let told = shown(home, |told| told.contains("planned"));
    let intent = second(&told, "planned").to_owned();
    let symbol = intent.split('/').find(|part| !part.contains('-')).unwrap().to_owned();

    // Somebody buys the same stock beside us, and sells it again: nothing may be opened there
    // until a person has looked.
    for side in ["buy", "sell"] {
        let order = format!(
            r#"{{"symbol":"{symbol}","qty":"3","side":"{side}","type":"market",
                "time_in_force":"day"}}"#
        );
        let placed = served.ask(&secret, "POST /v2/orders", &order);
        assert!(placed.starts_with("HTTP/1.1 200"), "{placed}");
        for _ in 0..2 {
            served.ask(&secret, "POST /control/step?bars=1", "");
        }
    }
    let differences = |told: &str| told.matches("/reconcile/").count();
    let told = shown(home, |told| differences(told) >= 2);
    assert!(told.contains("is not ours"), "{told}");
    for incident in told.split_whitespace().filter(|word| word.contains("/reconcile/")) {
        run(&mut trimtab(home, &["orders", "resolve", incident, "--how", "traded by hand"]));
    }
    assert_eq!(differences(&shown(home, |_| true)), 0);
    // The session has asked at least once since then.
    std::thread::sleep(Duration::from_secs(2));

    run(&mut trimtab(home, &["orders", "approve", &intent]));
    shown(home, |told| told.contains("executed"));
    let entry = orders(&served, &secret, 3).remove(0);
    assert_eq!((&entry["symbol"], &entry["order_class"]), (&symbol.into(), &"bracket".into()));
    served.ask(&secret, AFTER_THE_CLOSE, "");
    let (is_well, told) = end(running);
    assert!(is_well, "{told}");
}

#[test]
fn what_nobody_approved_expires_with_the_session() {
    let home = tempfile::tempdir().unwrap();
    made(home.path());
    let (served, secret) = exchange(home.path());
    let running = attended(home.path(), (&served, &secret)).spawn().unwrap();
    shown(home.path(), |told| told.contains("planned"));
    served.ask(&secret, AFTER_THE_CLOSE, "");
    let (is_well, told) = end(running);
    assert!(is_well, "{told}");
    assert!(run(&mut trimtab(home.path(), &["orders", "ls"])).contains("expired"));
    let none = body(&served.ask(&secret, "GET /v2/orders?status=all", ""));
    assert_eq!(none, Value::Array(Vec::new()));
}

#[test]
fn what_is_pending_waits_for_a_word_and_says_until_when() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let pending = |seconds: &str| -> Value {
        let mut command = trimtab(home, &["--json", "orders", "pending"]);
        command.env("TRIMTAB_TEST_CLOCK_SECONDS", seconds);
        serde_json::from_str(&run(&mut command)).unwrap()
    };
    let nothing = Value::Array(Vec::new());
    let (planned, late) = ("1700000000", "1700086400");
    assert_eq!(pending(planned), nothing);
    made(home);
    let day: Value = serde_json::from_str(&run(&mut trimtab(home, &DAY))).unwrap();
    let intent = day["waiting"][0].as_str().unwrap();
    let found = pending(planned);
    let ids: Vec<&Value> = found.as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(Value::from_iter(ids.into_iter().cloned()), day["waiting"]);
    assert_eq!(found[0]["until"], "2023-11-15T22:13:20Z");
    let told = run(&mut trimtab(home, &["orders", "pending"]));
    assert!(told.starts_with(&format!("{intent}  until 2023-11-15T22:13:20Z  ")), "{told}");
    // Nobody can approve it any more, though no day was there to see it expire.
    assert_eq!(pending(late), nothing);

    run(&mut trimtab(home, &["orders", "approve", "--all"]));
    assert_eq!(pending(planned), nothing);
    assert!(run(&mut trimtab(home, &["orders", "ls"])).contains(intent));
}
