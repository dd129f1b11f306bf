//! Models from the command line: what a person types, sees and gets back.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value as Json;

use crate::{json, refusal, run, trimtab};

/// A home folder with a file of rows in which one column says most of what wins.
struct Desk {
    home: tempfile::TempDir,
}

impl Desk {
    fn new() -> Desk {
        let desk = Desk { home: tempfile::tempdir().unwrap() };
        desk.file("rows.csv", &rows(0..300));
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn file(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }

    fn rows(&self) -> String {
        self.path("rows.csv").display().to_string()
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

fn rows(days: std::ops::Range<i64>) -> String {
    let mut text = "date,x,y,won\n".to_owned();
    for day in days {
        let (x, y) = ((day * 37 % 101) as f64 / 101.0, (day * 53 % 97) as f64 / 97.0);
        let date = base::Day::from_number(18_000 + day as i32);
        let won = u8::from(x + 0.3 * ((day * 71 % 89) as f64 / 89.0) > 0.65);
        text.push_str(&format!("{date},{x:.4},{y:.4},{won}\n"));
    }
    text
}

/// Settings that make a short work.
const SHORT: [&str; 2] = ["--set", "n_estimators=20"];

#[test]
fn a_model_is_trained_judged_once_explained_and_listed() {
    let desk = Desk::new();
    let data = desk.rows();
    let trained =
        desk.json(&["train", &data, "--target", "won", "--name", "m", SHORT[0], SHORT[1]]);
    let loss = &trained["walked"]["figures"]["log_loss"];
    assert!(
        loss["high"].as_f64().unwrap() < trained["walked"]["blind"]["log_loss"].as_f64().unwrap()
    );
    assert_eq!(trained["held_out_rows"], 60);
    let first = desk.json(&["evaluate", "m"]);
    let again = desk.json(&["evaluate", "m"]);
    assert_eq!((&first["from_record"], &again["from_record"]), (&false.into(), &true.into()));
    assert_eq!(first["sheet"], again["sheet"]);
    let told = desk.json(&["explain", "m", "--shuffles", "2"]);
    assert_eq!(told["rises"][0]["feature"], "x");
    assert_eq!(told["contributions"][0][0]["feature"], "x");
    let listed = desk.json(&["models", "ls"]);
    assert_eq!(listed[0]["version"], trained["version"]);
    let newer = desk.file("newer.csv", &rows(300..360));
    let judged = desk.json(&["evaluate", "m", &newer]);
    assert_eq!(judged["sheet"]["rows"], 60);
}

#[test]
fn a_figure_for_people_stands_beside_its_interval_and_blind_guessing() {
    let desk = Desk::new();
    let data = desk.rows();
    let words = ["train", &data, "--target", "won", "--model", "logistic"];
    let text = run(&mut trimtab(desk.home.path(), &words));
    for wanted in ["95 % interval", "blind", "log_loss *", "held out", "kept as rows-logistic"] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
}

#[test]
fn chances_are_calibrated_before_the_held_out_rows_and_shown_with_their_thresholds() {
    let desk = Desk::new();
    let data = desk.rows();
    let words = ["train", &data, "--target", "won", "--name", "c", SHORT[0], SHORT[1]];
    let trained = desk.json(&[&words[..], &["--calibrate", "platt"]].concat());
    let found = &trained["chances"]["calibrated"];
    assert_eq!((&found["curve"], &found["rows"]), (&"platt".into(), &180.into()));
    let plain = ["train", &data, "--target", "won", "--name", "plain", SHORT[0], SHORT[1]];
    let plain = desk.json(&plain);
    assert_ne!(trained["version"], plain["version"]);
    let told = run(&mut trimtab(desk.home.path(), &["evaluate", "c", "--reward-to-risk", "2"]));
    for wanted in ["won (95 % interval)", "a win brings 2 R", "expected value, R", "recall"] {
        assert!(told.contains(wanted), "{wanted} in {told}");
    }
}

#[test]
fn gains_of_trees_stand_beside_shapley_values_and_shuffles() {
    let desk = Desk::new();
    let data = desk.rows();
    desk.json(&["train", &data, "--target", "won", "--name", "g", SHORT[0], SHORT[1]]);
    let told = desk.json(&["explain", "g", "--shuffles", "2"]);
    for table in ["gains", "rises"] {
        assert_eq!(told[table][0]["feature"], "x", "{table}");
    }
    assert_eq!(told["contributions"][0][0]["feature"], "x");
}

#[test]
fn an_average_says_how_much_its_members_disagree() {
    let desk = Desk::new();
    let data = desk.rows();
    let words = ["train", &data, "--target", "won", "--model", "logistic+mlp*2", "--name", "avg"];
    let trained = desk.json(&[&words[..], &["--set", "members.1.epochs=3"]].concat());
    assert_eq!(trained["family"], "average");
    let judged = desk.json(&["evaluate", "avg"]);
    assert!(judged["disagreement"]["mean"]["value"].as_f64().unwrap() > 0.0, "{judged}");
}

#[test]
fn a_sequence_is_made_of_rows_and_a_setting_follows_its_path() {
    let desk = Desk::new();
    let data = desk.rows();
    let trained = desk.json(&[
        "train",
        &data,
        "--target",
        "won",
        "--model",
        "gru",
        "--steps",
        "5",
        "--set",
        "epochs=2",
        "--set",
        "design.units=8",
        "--folds",
        "0",
    ]);
    let features: Vec<&str> =
        trained["features"].as_array().unwrap().iter().filter_map(Json::as_str).collect();
    assert_eq!(features[..3], ["x@-4", "y@-4", "x@-3"]);
    assert_eq!(trained["walked"], Json::Null);
}

/// Long rows of two symbols: what stands still, what moves, and what a position would have met.
fn long() -> String {
    let mut text = "date,symbol,sector,ret,gain,fall,rise\n".to_owned();
    for day in 0..90 {
        for (sector, symbol) in ["A", "B"].into_iter().enumerate() {
            let ret = ((day * 37 + 11 * sector as i32) % 23 - 11) as f64 / 1_000.0;
            let date = base::Day::from_number(18_000 + day);
            let (fall, rise) = (0.002 - ret.min(0.0), 0.002 + ret.max(0.0));
            text.push_str(&format!("{date},{symbol},{sector},{ret},{ret},{fall},{rise}\n"));
        }
    }
    text
}

#[test]
fn a_row_of_a_series_has_columns_that_stand_still_in_front() {
    let desk = Desk::new();
    let data = desk.file("long.csv", &long());
    let words = ["train", &data, "--target", "gain,fall,rise", "--steps", "4", "--folds", "0"];
    let words = [&words[..], &["--still", "sector", "--set", "epochs=2"]].concat();
    for model in ["dual", "kan_stop_loss"] {
        let trained = desk.json(&[&words[..], &["--model", model, "--name", model]].concat());
        assert_eq!(
            trained["features"],
            serde_json::json!(["sector", "ret@-3", "ret@-2", "ret@-1", "ret@-0"])
        );
        let judged = desk.json(&["evaluate", model]);
        assert_eq!(judged["sheet"]["main"], "lost_per_barrier");
    }
    let without = ["train", &data, "--target", "gain,fall,rise", "--model", "dual", "--steps", "4"];
    let said = desk.refusal(&without);
    assert!(said.contains("--still"), "{said}");
    let wrong = [&without[..], &["--still", "sectr"]].concat();
    let said = desk.refusal(&wrong);
    assert!(said.contains("\"sectr\"") && said.contains("sector ret"), "{said}");
}

#[test]
fn what_was_mended_in_training_is_said() {
    let desk = Desk::new();
    let flat = rows(0..120).lines().map(|line| format!("{line},7\n")).collect::<String>();
    let data = desk.file("flat.csv", &flat.replacen(",7", ",flat", 1));
    let words = ["train", &data, "--target", "won", "--model", "mlp", "--set", "epochs=2"];
    let trained = desk.json(&[&words[..], &["--set", "batch=500", "--folds", "0"]].concat());
    let notes = trained["notes"].to_string();
    assert!(notes.contains("teach nothing: flat"), "{notes}");
    assert!(notes.contains("a batch of 500 rows was asked for"), "{notes}");
}

#[test]
fn settings_come_from_a_file_and_from_words() {
    let desk = Desk::new();
    let data = desk.rows();
    let settings = desk.file(
        "net.toml",
        "epochs = 2\n[design]\nhidden = [4]\n[schedule.linear]\nfrom = 0.01\nto = 0.001\n",
    );
    let words = ["train", &data, "--target", "won", "--model", "mlp", "--settings", &settings];
    let out = desk.path("net.safetensors").display().to_string();
    desk.json(&[&words[..], &["--set", "batch=16", "--out", &out]].concat());
    let bytes = std::fs::read(&out).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("\\\"hidden\\\":[4]"), "the card says the design");
}

#[test]
fn a_search_keeps_its_trials_and_trains_with_the_best() {
    let desk = Desk::new();
    let data = desk.rows();
    let space =
        desk.file("space.toml", "\"penalty\" = { log_float = { low = 1e-5, high = 1.0 } }\n");
    let words = ["tune", &data, "--target", "won", "--model", "logistic", "--trials", "8"];
    let words = [&words[..], &["--space", &space, "--name", "t"]].concat();
    let found = desk.json(&words);
    assert_eq!(found["trials"], 8);
    assert!(found["settings"]["penalty"].is_string());
    // All trials are on record, so that the second run searches nothing anew.
    assert_eq!(desk.json(&words)["model"]["digest"], found["model"]["digest"]);
}

#[test]
fn a_search_gives_trials_up_by_either_rule() {
    let desk = Desk::new();
    let data = desk.rows();
    for rule in ["median", "hyperband"] {
        let words = ["tune", &data, "--target", "won", "--model", "logistic", "--trials", "12"];
        let found = desk.json(&[&words[..], &["--pruning", rule, "--name", rule]].concat());
        assert_eq!((&found["trials"], &found["failed"]), (&12.into(), &0.into()), "{rule}");
        assert!(found["pruned"].as_u64().unwrap() > 0, "{rule}: {found}");
    }
}

#[test]
fn ctrl_c_leaves_a_checkpoint_and_says_how_to_go_on() {
    let desk = Desk::new();
    let data = desk.rows();
    let words = [
        "train",
        &data,
        "--target",
        "won",
        "--model",
        "mlp",
        "--set",
        "epochs=1000000",
        "--set",
        "patience=1000000",
    ];
    let mut command = trimtab(desk.home.path(), &words);
    let child = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // The state store is opened before training begins.
    let opened = || desk.path("checkpoints").is_dir();
    wait_until(&opened);
    std::thread::sleep(Duration::from_millis(500));
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let done = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!done.status.success() && told.contains("run the same command again"), "{told}");
    let left = std::fs::read_dir(desk.path("checkpoints")).unwrap().count();
    assert_eq!(left, 1, "{told}");
}

#[test]
fn three_processes_on_one_search_come_to_what_one_comes_to() {
    let words = ["--json", "tune", "rows.csv", "--target", "won", "--trials", "12"];
    let search = |home: &Path, more: &[&str]| {
        let mut command = trimtab(home, &words);
        command.args(more).args(["--set", "n_estimators=20"]).current_dir(home);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let found = |searches: Vec<std::process::Child>| -> Vec<Json> {
        let end = |search: std::process::Child| {
            let done = search.wait_with_output().unwrap();
            let told = String::from_utf8_lossy(&done.stderr).into_owned();
            assert!(done.status.success(), "{told}");
            let mut told: Json = serde_json::from_slice(&done.stdout).unwrap();
            told.as_object_mut().unwrap().retain(|name, _| name != "model");
            told
        };
        searches.into_iter().map(end).collect()
    };
    let (alone, together) = (Desk::new(), Desk::new());
    let one = found(vec![search(alone.home.path(), &[])]).remove(0);
    assert_eq!(one["trials"], 12);
    let three = (0..3).map(|_| search(together.home.path(), &["--shared"])).collect();
    assert_eq!(found(three), [one.clone(), one.clone(), one]);
}

fn wait_until(there: &dyn Fn() -> bool) {
    for _ in 0..600 {
        if there() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("it did not come within 30 s");
}

#[test]
fn a_model_from_elsewhere_is_registered_and_judged() {
    let desk = Desk::new();
    let golden = Path::new("../onnx/tests/golden");
    let file = |name: &str| golden.join(name).display().to_string();
    let (onnx, contract) = (file("sk_logistic.onnx"), file("sk_logistic.contract.json"));
    let words = ["models", "register", &onnx, "--contract", &contract];
    let kept = desk.json(&words);
    let name = kept["name"].as_str().unwrap();
    let features: Vec<&str> =
        kept["features"].as_array().unwrap().iter().filter_map(Json::as_str).collect();
    let mut text = format!("{},won\n", features.join(","));
    for row in 0..40 {
        let cells: Vec<String> = (0..features.len())
            .map(|at| format!("{}", (row * (at + 3) % 17) as f64 / 17.0))
            .collect();
        text.push_str(&format!("{},{}\n", cells.join(","), row % 2));
    }
    let data = desk.file("outside.csv", &text);
    let judged = desk.json(&["evaluate", name, &data, "--target", "won"]);
    assert_eq!(judged["sheet"]["rows"], 40);
    assert!(judged["notes"].to_string().contains("trained elsewhere"), "{judged}");
    let broken = desk.file("broken.onnx", "this is no model");
    let said = desk.refusal(&["models", "register", &broken, "--contract", &contract]);
    assert!(said.contains("register model"), "{said}");
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let desk = Desk::new();
    let data = desk.rows();
    let one = desk.file("one.csv", "x,won\n1,1\n2,1\n3,1\n4,1\n5,1\n6,1\n7,1\n8,1\n9,1\n10,1\n");
    let text = desk.file("text.csv", "x,name,won\n1,a,1\n2,b,0\n3,a,1\n4,c,0\n5,a,1\n6,b,0\n");
    let endless = desk.file("inf.csv", &rows(0..60).replace("0.0000", "inf"));
    let cases: [(&[&str], &str); 14] = [
        (&["train", &data, "--target", "x", "--calibrate", "best"], "chances of a win"),
        (&["train", &data, "--target", "won", "--model", "mlp*1"], "give 2 to 100"),
        (&["train", "--target", "won"], "name a CSV or Parquet file"),
        (&["train", &data], "--target"),
        (&["train", &data, "--target", "lost"], "there is date, x, y, won"),
        (&["train", &data, "--target", "won", "--model", "forest"], "one of trees, logistic"),
        (&["train", &data, "--target", "won", "--set", "depth=3"], "there is no \"depth\""),
        (&["train", &data, "--target", "won", "--set", "max_depth"], "--set epochs=50"),
        (&["train", "nowhere.csv", "--target", "won"], "there is no such file"),
        (&["train", &one, "--target", "won", "--folds", "0"], "positive"),
        (
            &["train", &text, "--target", "won", "--model", "mlp", "--features", "name"],
            "--drop name",
        ),
        (&["train", &endless, "--target", "won", "--model", "mlp"], "infinite"),
        (&["evaluate", "nobody"], "there is none; `trimtab train` makes one"),
        (&["tune", &data, "--target", "won", "--space", &data], "mend that line"),
    ];
    for (words, wanted) in cases {
        let said = desk.refusal(words);
        assert!(said.contains(wanted), "{words:?}: {said}");
    }
}

#[test]
fn rows_come_from_the_lake_as_well() {
    let desk = Desk::new();
    let home = desk.home.path();
    run(&mut trimtab(home, &["synth", "--symbols", "2", "--years", "1"]));
    let query = "select day, symbol, close / lag(close) over (partition by symbol order by day) - 1 \
                 as back, lead(close) over (partition by symbol order by day) / close - 1 as ahead, \
                 lead(day) over (partition by symbol order by day) as known_at from bars_daily";
    let trained = desk.json(&[
        "train", "--sql", query, "--target", "ahead", "--ends", "known_at", "--model", "trees",
        "--name", "lake", SHORT[0], SHORT[1],
    ]);
    assert_eq!(trained["features"], serde_json::json!(["back"]));
    assert_eq!(desk.json(&["evaluate", "lake"])["held_out"], true);
}
