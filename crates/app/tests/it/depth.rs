//! Recorded order books from the command line.

use serde_json::Value as Json;

use crate::recording::made;
use crate::{run, trimtab};

#[test]
fn a_look_says_what_is_in_a_recording() {
    let home = tempfile::tempdir().unwrap();
    let file = made(home.path());
    let words = ["depth", "look", &file, "--tick", "0.1", "--lot", "0.1"];
    let text = run(&mut trimtab(home.path(), &words));
    for said in ["tick 0.1", "300 trade", "1.000 ticks on average", "lots traded   300"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let json: Json =
        serde_json::from_str(&run(trimtab(home.path(), &words).arg("--json"))).unwrap();
    assert_eq!(json["changes"]["trade"], 300);
    assert_eq!(json["shows"], "levels");
}

#[test]
fn steps_of_price_and_size_are_found_in_the_file() {
    let home = tempfile::tempdir().unwrap();
    let text = run(&mut trimtab(home.path(), &["depth", "look", &made(home.path())]));
    assert!(text.contains("tick 0.1 · lot 0.1, inferred from the file"), "{text}");
}

#[test]
fn a_replay_fills_what_the_queue_lets_through_and_writes_a_report() {
    let home = tempfile::tempdir().unwrap();
    let file = made(home.path());
    let words = ["depth", "replay", &file, "--tick", "0.1", "--lot", "0.1", "--size", "1"];
    let json = run(trimtab(home.path(), &words).args(["--maker-bps", "1", "--json"]));
    let answer: Json = serde_json::from_str(&json).unwrap();
    let outcome = &answer["outcome"];
    // Forty lots stand in front of the ask; each trade is one: the forty-first is ours.
    assert!(outcome["fills"].as_u64().unwrap() > 0, "{outcome}");
    assert_eq!(outcome["fills"], outcome["maker_fills"]);
    assert!(outcome["fills_by_rule"]["queue_passed"].as_u64().unwrap() > 0);
    let report = std::fs::read_to_string(answer["report"].as_str().unwrap()).unwrap();
    assert!(report.contains("What was assumed"));
}

#[test]
fn money_of_contracts_is_counted_as_they_settle() {
    let home = tempfile::tempdir().unwrap();
    let file = made(home.path());
    let words = ["depth", "replay", &file, "--tick", "0.1", "--lot", "0.1", "--size", "1"];
    let money = |more: &[&str]| {
        let json =
            run(trimtab(home.path(), &words).args(["--maker-bps", "1", "--json"]).args(more));
        let answer: Json = serde_json::from_str(&json).unwrap();
        let number = |name: &str| answer["outcome"][name].to_string().trim_matches('"').to_owned();
        [number("fees"), number("fills")].map(|text| text.parse::<f64>().unwrap())
    };
    let (plain, fifty) = (money(&[]), money(&["--multiplier", "50"]));
    assert_eq!(fifty[1], plain[1]);
    assert!((fifty[0] / plain[0] - 50.0).abs() < 1e-2, "{fifty:?} {plain:?}");
    let text = run(trimtab(home.path(), &words).args(["--inverse", "--multiplier", "100"]));
    assert!(text.contains("in millionths of the coin"), "{text}");
    let mut none = trimtab(home.path(), &words);
    let done = none.args(["--multiplier", "0"]).output().unwrap();
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!done.status.success() && told.contains("--multiplier"), "{told}");
}

#[test]
fn what_is_no_recording_is_refused_with_its_name() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("prices.txt");
    std::fs::write(&path, "hello\n").unwrap();
    let words = ["depth", "look", &path.display().to_string()];
    let done = trimtab(home.path(), &words).output().unwrap();
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!done.status.success());
    assert!(told.contains("prices.txt") && told.contains("DBN"), "{told}");
}

#[test]
fn a_latency_that_no_line_has_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let file = made(home.path());
    let words = ["depth", "replay", &file, "--latency-ms", "-3"];
    let done = trimtab(home.path(), &words).output().unwrap();
    assert!(!done.status.success());
}
