//! Knock-out certificates from the command line.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value as Json;

use crate::{json, run, trimtab};

const LONG: [&str; 6] = ["--side", "long", "--index", "18000", "--volatility", "18"];

/// Hourly bars of Xetra from July 2024 on: up a tenth of a percent and down again hour by hour,
/// so that volatility can be measured, and on the session of a number a plunge of a tenth.
fn made(folder: &Path, sessions: i32, plunge: Option<i32>) -> String {
    let mut text = "ts,open,high,low,close\n".to_owned();
    let mut day: base::Day = "2024-07-01".parse().unwrap();
    for session in 0..sessions {
        let down = plunge.is_some_and(|at| session >= at);
        for hour in 9..17 {
            let level = if down { 16_200.0 } else { 18_000.0 };
            let (open, close): (f64, f64) = match hour % 2 {
                0 => (level * 1.001, level),
                _ => (level, level * 1.001),
            };
            let _ = writeln!(
                text,
                "{day} {hour:02}:00,{open},{},{},{close}",
                open.max(close) + 5.0,
                open.min(close) - 5.0
            );
        }
        day = day.plus(if day.weekday() == 4 { 3 } else { 1 });
    }
    let path = folder.join("dax.csv");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn a_quote_is_told_to_people_and_to_programs() {
    let home = tempfile::tempdir().unwrap();
    let words = ["knockout", "quote", "--strike", "17100", "--paths", "2000"];
    let words = [&words[..], &LONG].concat();
    let text = run(&mut trimtab(home.path(), &words));
    for said in [
        "value         9.0000; bid 8.99, ask 9.01",
        "leverage      20.00",
        "closed form",
        "by paths",
        "+0.02850 a night",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let answer = json(home.path(), &words);
    assert_eq!(answer["barrier"], 17_100.0);
    let by_paths = &answer["by_paths"];
    assert!(by_paths["low"].as_f64().unwrap() < by_paths["high"].as_f64().unwrap());
}

#[test]
fn a_ladder_is_weighed_and_drawn() {
    let home = tempfile::tempdir().unwrap();
    let words = ["knockout", "choose", "--drift-percent", "80", "--paths", "3000"];
    let ladder = ["--utility", "expected", "--max-knock-out-percent", "5", "--distances"];
    let words = [&words[..], &LONG, &ladder, &["1,2,4,6,9"]].concat();
    let text = run(&mut trimtab(home.path(), &words));
    assert!(text.contains("P(knock-out) at most 5.0 %") && text.contains("→ barrier"), "{text}");
    let answer = json(home.path(), &words);
    let rungs = answer["outcome"]["rungs"].as_array().unwrap();
    assert_eq!(rungs.len(), 5);
    let best = &rungs[answer["outcome"]["best"].as_u64().unwrap() as usize];
    assert!(best["knock_out"]["high"].as_f64().unwrap() <= 0.055, "{best}");
    assert_eq!(rungs[0]["is_borne"], false);
    let page = std::fs::read_to_string(answer["report"].as_str().unwrap()).unwrap();
    for said in ["Along the barrier", "What was assumed", "upper end"] {
        assert!(page.contains(said), "{said}");
    }
}

#[test]
fn certificates_live_on_bars_of_a_file_and_a_leap_kills_one() {
    let home = tempfile::tempdir().unwrap();
    let file = made(home.path(), 60, Some(40));
    let words = ["knockout", "life", &file, "--calendar", "XETR", "--distance-percent", "5"];
    let words = [&words[..], &["--paths", "200", "--buffer-percent", "8"]].concat();
    let text = run(&mut trimtab(home.path(), &words));
    for said in ["480 60-minute bars", "60 sessions", "Too short a sample", "cost: spread"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let answer = json(home.path(), &words);
    let trades = answer["outcome"]["trades"].as_array().unwrap();
    let dead: Vec<&Json> = trades.iter().filter(|one| one["ended"] == "knocked_out").collect();
    assert_eq!(dead.len(), 1, "{text}");
    // Down by a tenth over night, five percent behind the barrier: half of what stood there.
    assert_eq!(dead[0]["closed"]["proof"]["rule"], "barrier_gap");
    assert!(dead[0]["split"]["leapt"].as_f64().unwrap() > 0.0);
    assert_eq!(dead[0]["split"]["slid"], 0.0);
    let fills = answer["outcome"]["fills"].as_array().unwrap();
    assert!(fills.iter().all(|fill| fill["proof"]["print"]["kind"] == "candle"));
    let page = std::fs::read_to_string(answer["report"].as_str().unwrap()).unwrap();
    for said in ["Deaths before the planned sale", "each with its evidence", "how coarse the data"]
    {
        assert!(page.contains(said), "{said}");
    }
}

#[test]
fn a_made_index_says_so_and_the_same_seed_gives_the_same() {
    let home = tempfile::tempdir().unwrap();
    let words = ["knockout", "life", "--made-sessions", "300", "--paths", "200", "--sigmas", "1"];
    let first = json(home.path(), &words);
    assert_eq!(first, json(home.path(), &words));
    let page = std::fs::read_to_string(first["report"].as_str().unwrap()).unwrap();
    assert!(page.contains("SYNTHETIC DATA"));
}

#[test]
fn what_can_t_be_asked_is_refused_in_one_message() {
    let home = tempfile::tempdir().unwrap();
    let file = made(home.path(), 8, None);
    let life = ["life", &file, "--calendar", "XETR"];
    let quote = ["quote", "--strike", "17100"];
    let table: [(Vec<&str>, &[&str]); 12] = [
        (vec!["quote", "--side", "long", "--index", "18000", "--volatility", "18"], &["--strike"]),
        ([&["quote", "--strike", "18100"], &LONG[..]].concat(), &["above the barrier"]),
        ([&["quote", "--strike", "-5"], &LONG[..]].concat(), &[]),
        ([&quote[..], &LONG, &["--paths", "1"]].concat(), &["--paths"]),
        ([&quote[..], &LONG, &["--sessions", "0"]].concat(), &["0 sessions", "give 1 to 252"]),
        ([&quote[..], &LONG, &["--ratio", "0"]].concat(), &["ratio", "above 0"]),
        ([&["choose", "--barriers", "19000"], &LONG[..]].concat(), &["below it"]),
        ([&["choose", "--stake-percent", "200"], &LONG[..]].concat(), &["stake", "at most 1"]),
        (vec!["life", "none.csv"], &["read none.csv: there is no such file", "check the path"]),
        (life.to_vec(), &["8 sessions", "--volatility-sessions"]),
        ([&life[..], &["--symbol", "X"]].concat(), &["--symbol", "DAX"]),
        ([&life[..], &["--latency-ms=-1"]].concat(), &["--latency-ms", "not in 0..="]),
    ];
    for (words, said) in table {
        let done = trimtab(home.path(), &["knockout"]).args(&words).output().unwrap();
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!done.status.success(), "{words:?} went well");
        assert!(said.iter().all(|part| told.contains(part)), "{words:?}: {told}");
        assert!(!told.contains("panicked"), "{words:?}: {told}");
    }
}
