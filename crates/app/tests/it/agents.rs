//! Agents from the command line: what a person types, sees and gets back.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value as Json;

use crate::{json, refusal, run, trimtab};

/// A home folder.
struct Desk {
    home: tempfile::TempDir,
}

impl Desk {
    fn new() -> Desk {
        Desk { home: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn text(&self, words: &[&str]) -> String {
        run(&mut trimtab(self.home.path(), words))
    }

    /// What it answers to programs.
    fn json(&self, words: &[&str]) -> Json {
        json(self.home.path(), words)
    }

    /// What it says as it refuses.
    fn refusal(&self, words: &[&str]) -> String {
        refusal(self.home.path(), words)
    }
}

/// A short training on made bars.
fn short<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let words = ["agents", "train", "--made-sessions", "12", "--members", "2", "--steps", "1000"];
    [&words[..], more].concat()
}

#[test]
fn agents_are_trained_judged_once_on_record_and_listed() {
    let desk = Desk::new();
    let trained = desk.json(&short(&["--name", "a"]));
    assert_eq!(trained["synthetic"], true);
    let (first, again) =
        (desk.json(&["agents", "evaluate", "a"]), desk.json(&["agents", "evaluate", "a"]));
    assert_eq!((&first["from_record"], &again["from_record"]), (&false.into(), &true.into()));
    assert_eq!(first["lines"], again["lines"]);
    let listed = desk.json(&["agents", "ls"]);
    assert_eq!(listed[0]["version"], trained["version"]);
}

#[test]
fn a_figure_stands_beside_its_interval_its_costs_and_its_data() {
    let desk = Desk::new();
    desk.text(&short(&["--name", "a"]));
    let told = desk.text(&["agents", "evaluate", "a"]);
    let wanted = [
        "95 % intervals",
        "half spread 0.3 bp",
        "(SYNTHETIC)",
        "naive, their vote",
        "aware, one of 2",
        "always long",
        "flat",
        "aware less naive",
        "of votes agree",
    ];
    for words in wanted {
        assert!(told.contains(words), "{words} in {told}");
    }
}

#[test]
fn each_algorithm_learns_with_dense_and_recurrent_networks() {
    let desk = Desk::new();
    for algorithm in ["dqn", "ppo", "a2c", "reinforce"] {
        let words = ["--agent", algorithm, "--costs", "on", "--environments", "2"];
        for more in [&[][..], &["--recurrent"]] {
            let trained = desk.json(&short(&[&words[..], more].concat()));
            assert_eq!(trained["algorithm"]["algorithm"], algorithm);
        }
    }
}

#[test]
fn bars_come_from_the_lake_by_the_minute_or_the_day() {
    let desk = Desk::new();
    desk.text(&["synth", "--symbols", "1", "--years", "1", "--minutes", "30", "--dataset", "s"]);
    let words = ["agents", "train", "--dataset", "s", "--symbol", "SPY", "--members", "1"];
    let words = [&words[..], &["--steps", "500", "--costs", "off"]].concat();
    assert_eq!(desk.json(&words)["minutes"], 30);
    let daily = [&words[..], &["--daily", "--episode", "20"]].concat();
    assert_eq!(desk.json(&daily)["minutes"], Json::Null);
}

#[test]
fn agents_are_judged_on_other_bars_with_a_word_on_those_they_know() {
    let desk = Desk::new();
    desk.text(&short(&["--name", "a"]));
    let words = ["agents", "evaluate", "a", "--made-sessions", "12"];
    let other = desk.json(&words);
    assert_eq!(other["held_out"], false);
    assert!(other["notes"].to_string().contains("flatters them"), "{other}");
}

#[test]
fn ctrl_c_leaves_checkpoints_and_says_how_to_go_on() {
    let desk = Desk::new();
    let words = ["agents", "train", "--made-sessions", "12", "--members", "2"];
    let words = [&words[..], &["--steps", "1000000000"]].concat();
    let mut command = trimtab(desk.home.path(), &words);
    let child = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let begun = std::time::Instant::now();
    while !desk.path("checkpoints").is_dir() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it did not begin");
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_millis(500));
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let done = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!done.status.success() && told.contains("run the same command again"), "{told}");
    assert!(std::fs::read_dir(desk.path("checkpoints")).unwrap().count() > 0, "{told}");
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let desk = Desk::new();
    let still = "ts,open,high,low,close,volume\n".to_owned()
        + &(0..60)
            .map(|at| format!("2024-01-02 {:02}:{:02},9,9,9,9,0\n", 10 + at / 12, 5 * (at % 12)))
            .collect::<String>();
    std::fs::write(desk.path("still.csv"), still).unwrap();
    let still = desk.path("still.csv").display().to_string();
    let cases: [(&[&str], &str); 10] = [
        (&["agents", "train"], "name a file"),
        (&["agents", "train", "nowhere.csv"], "no such file"),
        (&["agents", "train", &still], "have no volume"),
        (&["agents", "train", "--made-sessions", "2"], "too few"),
        (&["agents", "train", "--made-sessions", "12", "--held-out", "1"], "between 0 and 1"),
        (
            &["agents", "train", "--made-sessions", "12", "--set", "depth=3"],
            "there is no \"depth\"",
        ),
        (&["agents", "train", "--made-sessions", "12", "--set", "rate"], "--set gamma=0.95"),
        (&["agents", "train", "--made-sessions", "12", "--agent", "sac"], "possible values"),
        (&["agents", "train", "--dataset", "none", "--symbol", "A"], "find dataset"),
        (&["agents", "evaluate", "nobody"], "there are none; `trimtab agents train` makes some"),
    ];
    for (words, wanted) in cases {
        let said = desk.refusal(words);
        assert!(said.contains(wanted), "{words:?}: {said}");
    }
}
