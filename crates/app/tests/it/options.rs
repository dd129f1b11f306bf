//! Options from the command line.

use std::fmt::Write as _;
use std::path::Path;

use pricing::{Right, black};
use serde_json::Value as Json;

use crate::{json, refusal, run, trimtab};

/// Quotes of three weekly expiries at three closes of 2014: nine strikes about a price of 100 at
/// a volatility of 30 %, ten cents between bid and ask.
fn quotes(folder: &Path) -> String {
    let day = |text: &str| text.parse::<base::Day>().unwrap();
    let mut text =
        "symbol,ts,expiry,strike,right,bid_close,bid_size,ask_close,ask_size\n".to_owned();
    for (now, spot) in [("2014-06-10", 100.0), ("2014-06-12", 101.0), ("2014-06-13", 102.5)] {
        for expiry in ["2014-06-13", "2014-06-20", "2014-06-27"] {
            let deviation = 0.3 * (f64::from(day(expiry) - day(now)) / 365.25).sqrt();
            for strike in (92..=108).step_by(2).map(f64::from) {
                for (word, right) in [("C", Right::Call), ("P", Right::Put)] {
                    let mid = black::price(right, spot, strike, deviation).unwrap() + 0.06;
                    let (bid, ask) = (mid - 0.05, mid + 0.05);
                    let sides = format!("{bid:.2},10,{ask:.2},10");
                    let _ = writeln!(text, "ABC,{now},{expiry},{strike},{word},{sides}");
                }
            }
        }
    }
    let path = folder.join("quotes.csv");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn a_contract_is_priced_with_its_method_and_inverted_again() {
    let home = tempfile::tempdir().unwrap();
    let base = ["options", "price", "put", "--strike", "100", "--spot", "98", "--rate", "0.05"];
    let words = |more: &[&'static str]| [&base[..], more].concat();
    let european = json(home.path(), &words(&["--days", "182.625", "--volatility", "0.25"]));
    assert_eq!(european["method"], "black_scholes_merton");
    // d1 = 0.115526: 100 exp(-0.025) N(-d2) - 98 N(-d1), worked out apart.
    let value = european["value"]["value"].as_f64().unwrap();
    assert!((value - 6.653_841_577_364).abs() < 1e-9, "{value}");
    let dates = ["--at", "2024-01-15", "--expiry", "2024-07-15", "--american"];
    let american = words(&[&dates[..], &["--dividend", "2024-03-01=0.5"]].concat());
    let found = json(home.path(), &[&american[..], &["--volatility", "0.25"]].concat());
    assert_eq!(found["method"], "grid");
    assert!(found["value"]["error"].as_f64().unwrap() < 0.01);
    assert!(found["early_exercise"].as_f64().unwrap() > 0.0);
    let price = found["value"]["value"].to_string();
    let back = json(home.path(), &[&american[..], &["--price", &price]].concat());
    assert!((back["volatility"]["value"].as_f64().unwrap() - 0.25).abs() < 1e-6);
    let names = |it: &Json| it["sensitivities"].as_array().map(Vec::len);
    assert_eq!((names(&european), names(&found)), (Some(10), Some(10)));
    let text = run(&mut trimtab(home.path(), &words(&["--days", "30", "--volatility", "0.2"])));
    for said in ["exact to rounding", "vanna", "volga", "charm"] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn what_no_option_can_be_is_told_with_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let base = ["options", "price", "call", "--strike", "100"];
    let table: [(&[&str], &str); 6] = [
        (&["--spot", "120", "--days", "30", "--price", "5"], "below the intrinsic"),
        (&["--spot", "100", "--volatility", "0.2"], "--years, --days"),
        (&["--spot", "100", "--days", "0", "--volatility", "0.2"], "expired"),
        (&["--spot", "0", "--days", "3", "--volatility", "0.2"], "spot: 0"),
        (&["--spot", "100", "--days", "9", "--volatility", "0.2", "--rate", "4"], "4 % as 0.04"),
        (
            &["--spot", "9", "--days", "9", "--volatility", "0.2", "--dividend", "2024-03-01=1"],
            "--at",
        ),
    ];
    for (more, said) in table {
        let told = refusal(home.path(), &[&base[..], more].concat());
        assert!(told.contains(said), "{more:?}: {told}");
    }
    let dates = ["--at", "2024-01-15", "--expiry", "2024-07-15", "--spot", "100"];
    let paid = ["--volatility", "0.2", "--american", "--dividend", "2024-03-01=150"];
    let told = refusal(home.path(), &[&base[..], &dates, &paid].concat());
    assert!(told.contains("dividends") && told.contains("below the spot"), "{told}");
}

#[test]
fn a_pay_off_is_drawn_with_its_breakevens_margin_and_chance() {
    let home = tempfile::tempdir().unwrap();
    let mut words = vec!["options", "payoff", "iron-condor", "--strikes", "90,95,105,110"];
    words.extend(["--prices", "0.5,1.2,1.3,0.4", "--spot", "100", "--days", "30"]);
    words.extend(["--volatility", "0.2"]);
    let answer = json(home.path(), &words);
    let picture = &answer["picture"];
    let at = |place: usize| picture["breakevens"][place].as_f64().unwrap();
    assert!((at(0) - 93.4).abs() < 1e-9 && (at(1) - 106.6).abs() < 1e-9, "{picture}");
    assert_eq!(picture["max_profit"]["Bounded"].as_f64().unwrap().round(), 160.0);
    assert_eq!(picture["max_loss"]["Bounded"].as_f64().unwrap().round(), -340.0);
    let page = std::fs::read_to_string(answer["report"].as_str().unwrap()).unwrap();
    assert!(page.contains("Margin, in money") && page.contains("given by hand"));
    let legs = ["--leg", "+1 call 100 @3", "--leg", "-1 call 110 @1", "--leg", "-1 shares"];
    let mut words = vec!["options", "payoff", "legs", "--spot", "100", "--days", "30"];
    words.extend(["--volatility", "0.2"]);
    words.extend(legs);
    let text = run(&mut trimtab(home.path(), &words));
    assert!(text.contains("without end"), "{text}");
    let told = refusal(
        home.path(),
        &[
            "options",
            "payoff",
            "straddle",
            "--strikes",
            "90,95",
            "--spot",
            "100",
            "--days",
            "30",
            "--volatility",
            "0.2",
        ],
    );
    assert!(told.contains("1 strikes, not 2"), "{told}");
}

#[test]
fn a_chain_says_what_it_holds_refuses_what_is_wrong_and_fits_the_rest() {
    let home = tempfile::tempdir().unwrap();
    let file = quotes(home.path());
    let text = std::fs::read_to_string(&file).unwrap();
    // One quote crossed, one without a bid.
    let text = text.replacen("2014-06-20,96,P,", "2014-06-20,96,P,9", 1);
    let text = text.replacen("2014-06-27,104,C,", "2014-06-27,104,C,,10,1.00,10\n#", 1);
    let text: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    std::fs::write(&file, text.join("\n")).unwrap();
    let words = ["options", "chain", &file, "--at", "2014-06-10"];
    let answer = json(home.path(), &words);
    let look = &answer["look"];
    assert_eq!((&look["symbol"], &look["style"]), (&"ABC".into(), &"american".into()));
    assert_eq!(look["refused"]["crossed"], 1, "{}", look["refused"]);
    assert!((look["spot"].as_f64().unwrap() - 100.0).abs() < 0.11);
    let expiries = look["expiries"].as_array().unwrap();
    assert_eq!(expiries.len(), 3);
    assert!(expiries.iter().any(|it| it["fits"].as_array().unwrap().len() == 2));
    let page = std::fs::read_to_string(answer["report"].as_str().unwrap()).unwrap();
    assert!(page.contains("Term structure") && page.contains("crossed: the bid is above"));
    let told = refusal(home.path(), &["options", "chain", &file, "--at", "2014-07-10"]);
    assert!(told.contains("2014-06-13"), "{told}");
}

#[test]
fn a_plan_fills_at_bid_and_ask_with_evidence_and_claims_nothing_of_three_days() {
    let home = tempfile::tempdir().unwrap();
    let file = quotes(home.path());
    let mut words = vec!["options", "backtest", &file, "--strategy", "vertical", "--right", "put"];
    words.extend(["--moneyness", "0.98", "--width", "4", "--days", "1..5"]);
    let answer = json(home.path(), &words);
    let outcome = &answer["outcome"];
    let fills = outcome["report"]["fills"].as_array().unwrap();
    assert!(fills.len() >= 2, "{outcome}");
    for fill in fills {
        let side = if fill["qty"].as_i64().unwrap() > 0 { "ask" } else { "bid" };
        assert_eq!(fill["price"], fill["evidence"][side]["price"], "{fill}");
    }
    // Sold on the tenth with a price of 100, over on the thirteenth at 102.5: both end worthless.
    assert_eq!(outcome["report"]["events"]["expired_worthless"], 2, "{}", outcome["report"]);
    assert!(!outcome["too_short"].as_array().unwrap().is_empty());
    let page = std::fs::read_to_string(answer["report"].as_str().unwrap()).unwrap();
    assert!(page.contains("Too short for any claim") && page.contains("got the bid"));
    let told = refusal(home.path(), &["options", "backtest", &file, "--strategy", "vertical"]);
    assert!(told.contains("--delta"), "{told}");
}

#[test]
fn made_chains_are_labelled_and_give_intervals() {
    let home = tempfile::tempdir().unwrap();
    let mut words = vec!["options", "backtest", "--made", "2021-01-04..2023-12-29"];
    words.extend(["--strategy", "iron-condor", "--delta", "0.25", "--width", "5"]);
    words.extend(["--days", "14..28", "--close-days", "5"]);
    let answer = json(home.path(), &words);
    let figures = &answer["outcome"]["figures"]["profit_a_trade"];
    let [low, value, high] = ["low", "value", "high"].map(|it| figures[it].as_f64().unwrap());
    assert!(low < value && value < high, "{figures}");
    assert_eq!(answer["outcome"]["too_short"], serde_json::json!([]));
    let page = std::fs::read_to_string(answer["report"].as_str().unwrap()).unwrap();
    assert!(page.contains("SYNTHETIC DATA"));
}

#[test]
fn a_file_that_holds_no_quotes_is_told() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("x.csv");
    let file = path.display().to_string();
    std::fs::write(&path, "hello\n").unwrap();
    assert!(refusal(home.path(), &["options", "chain", &file]).contains("neither Parquet"));
    std::fs::write(&path, "symbol,ts,expiry,strike,right\nA,2014-06-06,2014-06-20,1,C\n").unwrap();
    assert!(refusal(home.path(), &["options", "chain", &file]).contains("no rows of options"));
    assert!(refusal(home.path(), &["options", "chain", "/no/such"]).contains("check the path"));
}
