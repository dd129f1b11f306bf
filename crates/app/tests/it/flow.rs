//! The flow of orders from the command line: made, looked at, fitted, judged, traded in.

use std::path::Path;

use serde_json::Value as Json;

use crate::{run, trimtab};

/// A made recording in a folder.
fn made(folder: &Path, name: &str, words: &[&str]) -> (String, Json) {
    let file = folder.join(name).display().to_string();
    let all = [&["flow", "synth", "--out", &file], words].concat();
    let json = run(trimtab(folder, &all).arg("--json"));
    (file, serde_json::from_str(&json).unwrap())
}

#[test]
fn a_made_recording_is_read_replayed_and_worked_in_and_labelled_synthetic() {
    let home = tempfile::tempdir().unwrap();
    let words = ["--crowd", "--minutes", "3", "--seed", "5"];
    let (file, answer) = made(home.path(), "noise.dbn.zst", &words);
    let (_, again) = made(home.path(), "again.dbn.zst", &words);
    assert_eq!(answer["digest"], again["digest"], "one seed, one file");
    assert_eq!(answer["made"]["synthetic"], true);
    let look: Json =
        serde_json::from_str(&run(trimtab(home.path(), &["depth", "look", &file]).arg("--json")))
            .unwrap();
    assert_eq!(look["synthetic"], true);
    assert_eq!(look["shows"], "orders");
    assert_eq!(look["faults"], serde_json::json!({}));
    assert_eq!(look["changes"]["trade"], answer["made"]["trades"]);
    let replay = ["depth", "replay", &file, "--size", "1", "--latency-ms", "1"];
    let replay: Json =
        serde_json::from_str(&run(trimtab(home.path(), &replay).arg("--json"))).unwrap();
    assert!(replay["outcome"]["fills"].as_u64().unwrap() > 0);
    let page = std::fs::read_to_string(replay["report"].as_str().unwrap()).unwrap();
    assert!(page.contains("SYNTHETIC DATA"));
    let work = ["execute", &file, "--side", "buy", "--qty", "200", "--parents", "2"];
    let work: Json = serde_json::from_str(&run(trimtab(home.path(), &work).arg("--json"))).unwrap();
    assert_eq!(work["outcome"]["runs"][0]["summary"]["done"], 1.0);
    let (_, planted) =
        made(home.path(), "planted.dbn", &[&words[..], &["--planted-ticks", "2"]].concat());
    assert_eq!(planted["made"]["edge"]["imbalance"]["ticks"], 2.0);
    assert_ne!(planted["digest"], answer["digest"]);
}

#[test]
fn flows_are_fitted_kept_and_judged_by_another_recording() {
    let home = tempfile::tempdir().unwrap();
    let (first, _) = made(home.path(), "first.dbn.zst", &["--crowd", "--minutes", "5"]);
    let (second, _) =
        made(home.path(), "second.dbn.zst", &["--crowd", "--minutes", "5", "--seed", "2"]);
    let model = home.path().join("first.json").display().to_string();
    let fit = ["flow", "fit", &first, "--kernels", "1", "--out", &model];
    let text = run(&mut trimtab(home.path(), &fit));
    for said in ["zero intelligence", "branching ratio", "at 95 %", "chance", "held out"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let kept: Json = serde_json::from_str(&std::fs::read_to_string(&model).unwrap()).unwrap();
    assert_eq!(kept["version"], 1);
    assert_eq!(kept["source"]["digest"].as_str().map(str::len), Some(64));
    let facts = ["flow", "facts", &second, "--against", &model, "--minutes", "5"];
    let text = run(&mut trimtab(home.path(), &facts));
    assert!(text.contains("DIFFERS") && !text.contains("flatters"), "{text}");
    let answer: Json =
        serde_json::from_str(&run(trimtab(home.path(), &facts).arg("--json"))).unwrap();
    assert_eq!(answer["outcome"]["judged"].as_array().unwrap().len(), 3);
    assert_eq!(answer["outcome"]["fitted_here"], false);
    let page = std::fs::read_to_string(answer["report"].as_str().unwrap()).unwrap();
    assert!(page.contains("Where Hawkes fails") && page.contains("Memory of signs"));
    let made_of = home.path().join("third.dbn").display().to_string();
    let synth = ["flow", "synth", &model, "--model", "zi", "--minutes", "1", "--out", &made_of];
    let text = run(&mut trimtab(home.path(), &synth));
    assert!(text.contains("SYNTHETIC") && text.contains("no fair price"), "{text}");
    let alone = run(&mut trimtab(home.path(), &["flow", "facts", &made_of, "--alone"]));
    assert!(alone.contains("spread, mean") && !alone.contains("simulated"), "{alone}");
}

#[test]
fn what_can_t_be_done_is_refused_in_one_message() {
    let home = tempfile::tempdir().unwrap();
    let (file, _) = made(home.path(), "made.dbn", &["--crowd", "--minutes", "1"]);
    let no_model = home.path().join("none.json");
    std::fs::write(&no_model, "{\"format\": \"trimtab flow\", \"version\": 9}").unwrap();
    let no_model = no_model.display().to_string();
    let table: [(&[&str], &[&str]); 8] = [
        (&["synth", "--crowd", "--out", "x.csv"], &["x.csv", ".dbn.zst"]),
        (&["synth", "--crowd", "--out", "x.dbn", "--minutes", "0"], &["not in 1..=1000000"]),
        (&["synth", "--out", "x.dbn"], &["--crowd"]),
        (&["synth", &no_model, "--out", "x.dbn"], &["version 9", "fit it anew"]),
        (&["facts", &file, "--against", &no_model], &["version 9", "fit it anew"]),
        (&["fit", &file, "--from", "noon"], &["--from \"noon\"", "12:00:00"]),
        (&["fit", &file, "--kernels", "9"], &["9 kernels"]),
        (&["facts", "none.dbn"], &["read none.dbn: there is no such file"]),
    ];
    for (words, said) in table {
        let done = trimtab(home.path(), &["flow"]).args(words).output().unwrap();
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!done.status.success(), "{words:?} went well");
        assert!(said.iter().all(|part| told.contains(part)), "{words:?}: {told}");
        assert!(!told.contains("panicked"), "{words:?}: {told}");
    }
}
