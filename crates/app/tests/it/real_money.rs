//! Live mode: nothing reaches an account that no signed terms name.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::disguise::Disguise;
use crate::exchange::Served;
use crate::live::{AFTER_THE_CLOSE, DAY, body, end, exchange, keeps_no, made, orders};
use crate::{run, trimtab};

const HOLDS: (&str, &str) = ("2024-06-01", "2024-06-30");

/// A key that the home trusts, and terms signed with it.
fn terms(home: &Path, account: &str, days: (&str, &str), largest_order: &str) {
    terms_at("alpaca", home, account, days, largest_order);
}

fn terms_at(
    broker: &str,
    home: &Path,
    account: &str,
    (first, last): (&str, &str),
    largest_order: &str,
) {
    let key = home.join("secret.key");
    if !key.exists() {
        let made = run(trimtab(home, &["--json", "live", "key", "--to"]).arg(&key));
        let made: Value = serde_json::from_str(&made).unwrap();
        run(trimtab(home, &["live", "trust"]).arg(made["public"].as_str().unwrap()));
    }
    let mut sign = trimtab(home, &["live", "sign", "--broker", broker, "--account", account]);
    sign.args(["--largest-order", largest_order, "--largest-gross", "50000"]);
    sign.args(["--first-day", first, "--last-day", last, "--key"]).arg(&key);
    let done = sign.arg("--to").arg(home.join("live.toml")).env("TRIMTAB_LOG", "trace").output();
    let told = done.map(|done| [done.stdout, done.stderr].concat()).unwrap();
    let told = String::from_utf8(told).unwrap();
    let digits = std::fs::read_to_string(&key).unwrap();
    assert!(told.contains("signed in") && !told.contains(&digits), "{told}");
}

/// The secret half goes away, as the key of a person does, and is told to the test alone.
fn taken_away(home: &Path) -> String {
    let key = home.join("secret.key");
    let digits = std::fs::read_to_string(&key).unwrap();
    std::fs::remove_file(key).unwrap();
    assert_eq!(digits.len(), 64);
    digits
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
        command.env("TRIMTAB_LOG", "trace");
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command
    };
    terms(home, "PA0", HOLDS, "2000");
    refused(&mut on_the_exchange(), "the terms are for PA0");
    terms(home, account, HOLDS, "2000");
    let digits = taken_away(home);
    let value = traded((&served, &secret), &mut on_the_exchange());
    assert!(value > 500.0 && value < 2_200.0, "{value}");
    keeps_no(&digits, home);
    keeps_no(&secret, home);
}

/// A day to its end: what its entry was worth.
fn traded((served, secret): (&Served, &str), day: &mut Command) -> f64 {
    let running = day.spawn().unwrap();
    let entry = orders(served, secret, 1).remove(0);
    for _ in 0..2 {
        served.ask(secret, "POST /control/step?bars=1", "");
    }
    served.ask(secret, AFTER_THE_CLOSE, "");
    let (is_well, told) = end(running);
    assert!(is_well && !told.contains(secret), "{told}");
    let filled = orders(served, secret, 1).into_iter().find(|it| it["id"] == entry["id"]);
    let filled = filled.unwrap();
    let number = |key: &str| filled[key].as_str().unwrap().parse::<f64>().unwrap();
    number("filled_qty") * number("filled_avg_price")
}

/// Longer than from the time of the made market to now.
const AGES: &str = "3000000000";

/// A live day as a client of TWS.
fn live_at_tws(home: &Path, at: &str) -> Command {
    let mut command = live(home);
    command.args(["--broker", "ibkr", "--broker-address", at, "--broker-clock-within", AGES]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    command
}

/// The account that is found there, as it is told where it is refused.
fn account_at(home: &Path, at: &str) -> String {
    let mut paper = trimtab(home, &DAY);
    let paper = paper.args(["--unattended", "--broker", "ibkr", "--broker-address", at]);
    let told = String::from_utf8(paper.output().unwrap().stderr).unwrap();
    let (_, account) = told.split_once("the live account ").unwrap_or_else(|| panic!("{told}"));
    account.chars().take_while(char::is_ascii_alphanumeric).collect()
}

#[test]
fn a_live_day_as_a_client_of_tws_trades_on_the_account_of_its_terms_alone() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    made(home);
    let (served, secret) = exchange(home);
    let disguise = Disguise::of(served.said["tws"].as_str().unwrap());
    terms_at("ibkr", home, "UU1", HOLDS, "2000");
    refused(&mut live_at_tws(home, &disguise.at), "has the paper account DU");
    disguise.seem_live(true);
    let account = account_at(home, &disguise.at);
    refused(&mut live_at_tws(home, &disguise.at), "not the account UU1");
    terms_at("alpaca", home, &account, HOLDS, "2000");
    refused(&mut live_at_tws(home, &disguise.at), "the terms are for alpaca");
    terms_at("ibkr", home, &account, HOLDS, "2000");
    let other = ["--broker-account", "UU2"];
    refused(live_at_tws(home, &disguise.at).args(other), "the terms are for UU");
    let mut off = live(home);
    off.args(["--broker", "ibkr", "--broker-address", &disguise.at]);
    refused(&mut off, "the clock of this machine is");
    refused(off.args(["--broker-clock-within", "any"]), "that of the world");
    let value = traded((&served, &secret), &mut live_at_tws(home, &disguise.at));
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
