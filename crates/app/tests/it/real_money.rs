//! Live mode: nothing reaches an account that no signed terms name.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::live::{AFTER_THE_CLOSE, DAY, body, end, exchange, made, orders};
use crate::{run, trimtab};

const HOLDS: (&str, &str) = ("2024-06-01", "2024-06-30");

/// A key that the home trusts, and terms signed with it.
fn terms(home: &Path, account: &str, (first, last): (&str, &str), largest_order: &str) {
    let key = home.join("secret.key");
    if !key.exists() {
        let made = run(trimtab(home, &["--json", "live", "key", "--to"]).arg(&key));
        let made: Value = serde_json::from_str(&made).unwrap();
        run(trimtab(home, &["live", "trust"]).arg(made["public"].as_str().unwrap()));
    }
    let mut sign = trimtab(home, &["live", "sign", "--broker", "alpaca", "--account", account]);
    sign.args(["--largest-order", largest_order, "--largest-gross", "50000"]);
    sign.args(["--first-day", first, "--last-day", last, "--key"]).arg(&key);
    run(sign.arg("--to").arg(home.join("live.toml")));
}

fn live(home: &Path) -> Command {
    let words: Vec<&str> =
        DAY.iter().map(|word| if *word == "paper" { "live" } else { word }).collect();
    let mut command = trimtab(home, &words);
    command.arg("--unattended").arg("--live-terms").arg(home.join("live.toml"));
    command
}

fn refused(command: &mut Command, wanted: &str) {
    let done = command.output().unwrap();
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!done.status.success() && told.contains(wanted), "{wanted}: {told}");
}

#[test]
fn a_live_day_trades_on_the_account_of_its_terms_and_no_larger_than_they_say() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    made(home);
    let (served, secret) = exchange(home);
    let (url, key) = (served.said["url"].as_str().unwrap(), served.said["key"].as_str().unwrap());
    let account = body(&served.ask(&secret, "GET /v2/account", ""));
    let account = account["account_number"].as_str().unwrap();
    let on_the_exchange = || {
        let mut command = live(home);
        command.args(["--broker", "alpaca", "--broker-address", url]);
        command.env("APCA_API_KEY_ID", key).env("APCA_API_SECRET_KEY", &secret);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command
    };
    terms(home, "PA0", HOLDS, "2000");
    refused(&mut on_the_exchange(), "the terms are for PA0");
    terms(home, account, HOLDS, "2000");
    let running = on_the_exchange().spawn().unwrap();
    let entry = orders(&served, &secret, 1).remove(0);
    for _ in 0..2 {
        served.ask(&secret, "POST /control/step?bars=1", "");
    }
    served.ask(&secret, AFTER_THE_CLOSE, "");
    let (is_well, told) = end(running);
    assert!(is_well, "{told}");
    let filled = orders(&served, &secret, 1).into_iter().find(|it| it["id"] == entry["id"]);
    let filled = filled.unwrap();
    let number = |key: &str| filled[key].as_str().unwrap().parse::<f64>().unwrap();
    let value = number("filled_qty") * number("filled_avg_price");
    assert!(value > 500.0 && value < 2_200.0, "{value}");
}

#[test]
fn terms_of_other_days_terms_changed_by_hand_and_none_at_all_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let days = ["--mode", "live"];
    refused(trimtab(home, &DAY[..6]).args(days), "--live-terms");
    refused(&mut live(home), "trimtab live trust");
    terms(home, "PA1", ("2024-07-01", "2024-07-31"), "2000");
    refused(&mut live(home), "the terms hold from 2024-07-01");
    terms(home, "PA1", HOLDS, "2000");
    refused(&mut live(home), "the simulated broker has none");
    let file = home.join("live.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("PA1", "PA2")).unwrap();
    refused(&mut live(home), "check the signature");
    let other = "07".repeat(32);
    run(trimtab(home, &["live", "trust"]).arg(other));
    terms(home, "PA1", HOLDS, "2000");
    refused(&mut live(home), "check the signature");
}
