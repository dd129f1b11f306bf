//! A share that is held splits overnight: the broker splits the position and takes its orders back,
//! and the next session places stop and target anew at the new price and size.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use base::{Digest, Ts};
use lake::{Adjusted, Append, Lake, Origin, Quality, Source, Table};
use market::Calendar;
use serde_json::Value;
use sim::synth::{Market, SynthConfig};

use crate::exchange::Served;
use crate::live::{Broker, at, body, end, orders};
use crate::{run, trimtab};

/// In the market of this seed that stock breaks out before the first day and splits 3 to 1 on the
/// second.
const SEED: u64 = 19;
const STOCK: &str = "SYN00050";
const DAYS: [&str; 2] = ["2019-03-15", "2019-03-18"];

/// A lake with that stock and the fund beside it.
fn made(home: &Path) {
    let config = SynthConfig { symbols: 60, years: 5, seed: SEED, ..SynthConfig::default() };
    let market = Market::new(config).unwrap();
    let calendar = Calendar::of("XNYS").unwrap();
    let append = Append {
        dataset: "us".to_owned(),
        source: Source { name: "made".to_owned(), bytes: 0, sha256: Digest::of(b"made") },
        read_as: "generated".to_owned(),
        origin: Origin::Synthetic,
        adjusted: Adjusted::None,
        at: Ts::from_seconds(1_700_000_000),
    };
    let lake = Lake::at(home.join("lake"));
    let mut bars = lake.write(Table::BarsDaily, append.clone()).unwrap();
    let mut actions = lake.write(Table::CorporateActions, append).unwrap();
    for symbol in ["SPY", STOCK] {
        let (id, _) = market.universe().iter().find(|(_, it)| it.symbol == symbol).unwrap();
        let history = market.symbol_series(id).unwrap();
        let close = |day| calendar.session(day).unwrap().unwrap().close;
        let known: Vec<_> = history.candles.iter().map(|it| (*it, close(it.day))).collect();
        bars.daily(symbol, &known).unwrap();
        if symbol == STOCK {
            let its = history.actions.iter().map(|it| (symbol.to_owned(), it.clone()));
            actions.actions(&its.collect::<Vec<_>>()).unwrap();
        }
    }
    bars.finish(Quality::default()).unwrap();
    actions.finish(Quality::default()).unwrap();
}

fn exchange(home: &Path) -> (Served, String) {
    let words = ["--json", "exchange", "--dataset", "us", "--begin", DAYS[0], "--minutes", "30"];
    let mut command = trimtab(home, &words);
    command.args(["--speed", "stepped", "--listen", "127.0.0.1:0"]);
    command.args(["--requests-per-minute", "100000"]);
    command.env_remove("TRIMTAB_EXCHANGE_KEY").env_remove("TRIMTAB_EXCHANGE_SECRET");
    let served = Served::read(command.stdout(Stdio::piped()).spawn().unwrap());
    let secret = served.said["secret"].as_str().unwrap().to_owned();
    (served, secret)
}

fn day(home: &Path, session: &str, served: (&Served, &str)) -> Command {
    let words =
        ["day", "--session", session, "--stocks", "us", "--scanner-only", "--mode", "paper"];
    let mut command = trimtab(home, &words);
    at(&mut command, Broker::Alpaca, served);
    command.arg("--unattended");
    command
}

/// Quantity, stop and target of the exits in an order of that class.
fn exits(all: &[Value], class: &str) -> Option<(f64, f64, f64)> {
    let number = |value: &Value| value.as_str().and_then(|text| text.parse::<f64>().ok());
    let stands = |it: &&Value| it["status"] == "new" || it["status"] == "filled";
    let mut orders = all.iter().filter(|it| it["symbol"] == STOCK && it["order_class"] == class);
    let order = orders.find(stands)?;
    let parts = || std::iter::once(order).chain(order["legs"].as_array().into_iter().flatten());
    let stop = parts().find(|it| it["type"] == "stop")?;
    let target = parts().find(|it| it["type"] == "limit")?;
    Some((number(&stop["qty"])?, number(&stop["stop_price"])?, number(&target["limit_price"])?))
}

#[test]
fn a_split_that_a_session_finds_moves_stop_and_target_with_the_shares() {
    splits(Duration::ZERO);
}

#[test]
fn a_split_that_comes_while_a_session_waits_moves_stop_and_target_with_the_shares() {
    splits(Duration::from_secs(15));
}

/// Lives through both days; the market goes on so long after the second was begun.
fn splits(wait: Duration) {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    made(home);
    let (served, secret) = exchange(home);
    let step = || served.ask(&secret, "POST /control/step?bars=1", "");
    let close = |day: &str| {
        let to = format!("POST /control/advance?until={day}T20:30:00Z");
        served.ask(&secret, &to, "");
    };
    let first = day(home, DAYS[0], (&served, &secret)).spawn().unwrap();
    orders(&served, &secret, 1);
    step();
    step();
    close(DAYS[0]);
    let (is_well, told) = end(first);
    assert!(is_well, "{told}");
    let before = exits(&orders(&served, &secret, 1), "bracket").unwrap();

    // The day may begin before the split or find it there.
    let second = day(home, DAYS[1], (&served, &secret)).spawn().unwrap();
    std::thread::sleep(wait);
    let begun = std::time::Instant::now();
    let after = loop {
        step();
        match exits(&orders(&served, &secret, 1), "oco") {
            Some(found) if found.0 != before.0 => break found,
            _ => assert!(begun.elapsed().as_secs() < 100, "no exits anew"),
        }
        std::thread::sleep(Duration::from_secs(1));
    };
    close(DAYS[1]);
    let (is_well, told) = end(second);
    assert!(is_well, "{told}");
    assert_eq!(after.0, before.0 * 3.0);
    for (old, new) in [(before.1, after.1), (before.2, after.2)] {
        assert!((old / 3.0 - new).abs() < 0.01, "{old} became {new}");
    }
    let held = body(&served.ask(&secret, &format!("GET /v2/positions/{STOCK}"), ""));
    assert_eq!(held["qty"].as_str().unwrap().parse(), Ok(after.0));
    let all = orders(&served, &secret, 1);
    assert!(all.iter().all(|order| order["status"] != "rejected"), "{all:#?}");
    let told = run(&mut trimtab(home, &["orders", "ls"]));
    assert!(!told.contains("reconcile") && !told.contains("broker/"), "{told}");
}
