//! Parent orders worked through a recorded order book from the command line.

use serde_json::Value as Json;

use crate::recording::made;
use crate::{run, trimtab};

#[test]
fn four_paces_are_worked_analysed_and_drawn() {
    let home = tempfile::tempdir().unwrap();
    let file = made(home.path());
    let words = ["execute", &file, "--side", "buy", "--qty", "0.5", "--parents", "10", "--compare"];
    let style = ["--style", "aggressive", "--taker-bps", "5", "--tick", "0.1", "--lot", "0.1"];
    let all: Vec<&str> = words.into_iter().chain(style).collect();
    let text = run(&mut trimtab(home.path(), &all));
    for said in ["TWAP", "VWAP", "POV", "Almgren-Chriss", "reacts to nothing but the footprint"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let answer: Json =
        serde_json::from_str(&run(trimtab(home.path(), &all).arg("--json"))).unwrap();
    let twap = &answer["outcome"]["runs"][0];
    assert_eq!(twap["orders"].as_array().unwrap().len(), 10);
    assert_eq!(twap["summary"]["done"], 1.0);
    let total = twap["summary"]["costs_bps"].as_array().unwrap().last().unwrap();
    // Half a tick of 100.05 and five of fees on a price half a tick higher.
    let expected = 0.05 / 100.05 * 1e4 + 5.0 * 100.1 / 100.05;
    assert!((total[1]["value"].as_f64().unwrap() - expected).abs() < 1e-3, "{total}");
    let page = std::fs::read_to_string(answer["report"].as_str().unwrap()).unwrap();
    assert!(page.contains("Each order by Almgren-Chriss") && page.contains("What was assumed"));
}

#[test]
fn orders_that_can_t_be_worked_are_refused_in_one_message() {
    let home = tempfile::tempdir().unwrap();
    let file = made(home.path());
    let table: [(&[&str], &[&str]); 8] = [
        (&["--qty", "0.05"], &["--qty 0.05", "multiple of 0.1"]),
        (&["--qty", "0"], &["--qty 0", "multiple of 0.1"]),
        (&["--qty", "1", "--limit", "100.05"], &["between two ticks", "multiple of 0.1"]),
        (&["--qty", "1", "--from", "noon"], &["--from \"noon\"", "12:00:00"]),
        (&["--qty", "1", "--to", "2030-01-01T00:00:00"], &["whole books from", "within"]),
        (&["--qty", "1", "--parents", "100000"], &["give fewer parents"]),
        (&["--qty", "1", "--pace", "pov", "--rate", "1.5"], &["rate of volume", "between 0 and 1"]),
        (&["--qty", "1", "--latency-ms=-3"], &["--latency-ms", "not in 0..="]),
    ];
    for (words, said) in table {
        let mut command = trimtab(home.path(), &["execute", &file, "--side", "sell"]);
        command.args(["--tick", "0.1", "--lot", "0.1"]);
        let done = command.args(words).output().unwrap();
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!done.status.success(), "{words:?} went well");
        assert!(said.iter().all(|part| told.contains(part)), "{words:?}: {told}");
        assert!(!told.contains("panicked"), "{words:?}: {told}");
    }
    let missing = ["execute", "none.bin", "--side", "buy", "--qty", "1"];
    let done = trimtab(home.path(), &missing).output().unwrap();
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(told.contains("read none.bin: there is no such file"), "{told}");
}
