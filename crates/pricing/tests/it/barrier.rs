//! Barrier options, binary barriers and touches against QuantLib's analytic engines.

use pricing::{Barrier, BarrierOption, Knock, Market, PaidAt, Payoff, Right, Touch, Watched};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/barrier.json")).unwrap()
}

fn number(row: &Value, at: usize) -> f64 {
    row[at].as_f64().unwrap()
}

fn market(row: &Value, at: usize) -> Market {
    let (rate, yield_rate, volatility) =
        (number(row, at), number(row, at + 1), number(row, at + 2));
    Market { spot: 100.0, rate, yield_rate, volatility }
}

fn side(name: &Value) -> Barrier {
    if name == "down" { Barrier::Down } else { Barrier::Up }
}

fn option(row: &Value) -> BarrierOption {
    BarrierOption {
        right: if row[0] == "call" { Right::Call } else { Right::Put },
        barrier: side(&row[1]),
        knock: if row[2] == "in" { Knock::In } else { Knock::Out },
        payoff: Payoff::Vanilla,
        strike: number(row, 3),
        level: number(row, 4),
        rebate: 0.0,
        years: number(row, 6) / 365.0,
        watched: Watched::Always,
    }
}

fn near(ours: f64, theirs: f64, row: &Value) {
    assert!((ours - theirs).abs() < 1e-9 * (1.0 + theirs.abs()), "{ours} {theirs} {row}");
}

#[test]
fn barrier_options_with_rebates_are_worth_what_quantlib_says() {
    let golden = golden();
    let rows = golden["vanilla"].as_array().unwrap();
    assert!(rows.len() > 900, "{}", rows.len());
    for row in rows {
        let priced = BarrierOption { rebate: number(row, 5), ..option(row) };
        near(priced.value(&market(row, 7)).unwrap(), number(row, 10), row);
    }
}

#[test]
fn binary_barriers_are_worth_what_quantlib_says() {
    let golden = golden();
    let rows = golden["binary"].as_array().unwrap();
    assert!(rows.len() > 400, "{}", rows.len());
    for row in rows {
        let payoff = if row[5] == "cash" { Payoff::Cash(1.0) } else { Payoff::Asset };
        let priced = BarrierOption { payoff, ..option(row) };
        near(priced.value(&market(row, 7)).unwrap(), number(row, 10), row);
    }
}

#[test]
fn touches_are_worth_what_quantlib_says() {
    let golden = golden();
    let rows = golden["touch"].as_array().unwrap();
    assert!(rows.len() > 150, "{}", rows.len());
    for row in rows {
        let touch = Touch {
            barrier: side(&row[0]),
            level: number(row, 1),
            years: number(row, 2) / 365.0,
            watched: Watched::Always,
        };
        let paid = if row[6] == "touch" { PaidAt::Touch } else { PaidAt::Expiry };
        near(touch.value(&market(row, 3), paid).unwrap(), number(row, 7), row);
    }
}
