//! Trajectories against a brute-force solution of the same problem
//! (`proving/peers/golden_almgren_chriss.py`).

use desk::execution::AlmgrenChriss;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    plan: AlmgrenChriss,
    holdings: Vec<f64>,
    expected_cost: f64,
    variance: f64,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../golden/almgren_chriss.json")).unwrap()
}

fn plan() -> AlmgrenChriss {
    cases()[0].plan
}

#[test]
fn trajectories_minimise_cost_and_variance_together() {
    for Case { plan, holdings, expected_cost, variance } in cases() {
        let got = plan.trajectory().unwrap();
        for (ours, theirs) in got.holdings.iter().zip(&holdings) {
            assert!((ours - theirs).abs() < 1e-9 * plan.qty, "{plan:?}: {ours} {theirs}");
        }
        assert_eq!(got.holdings.len(), holdings.len());
        assert!((got.expected_cost / expected_cost - 1.0).abs() < 1e-10, "{plan:?}");
        let scale = variance.max(1.0);
        assert!(((got.variance - variance) / scale).abs() < 1e-9, "{plan:?} {}", got.variance);
    }
}

#[test]
fn the_papers_example_comes_out() {
    // Section 4: κ is 0.61 a day at λ = 1e-6; without a dislike of variance a fifth a day is sold.
    let urgency = plan().trajectory().unwrap().urgency;
    assert!((urgency - 0.61).abs() < 0.005, "{urgency}");
    let calm = AlmgrenChriss { risk_aversion: 0.0, ..plan() }.trajectory().unwrap();
    let even: Vec<f64> = (0..=5).map(|at| 1e6 * (1.0 - f64::from(at) / 5.0)).collect();
    assert!(calm.holdings.iter().zip(&even).all(|(a, b)| (a - b).abs() < 1e-6), "{calm:?}");
}

#[test]
fn the_frontier_trades_cost_for_certainty_and_beats_every_other_trajectory() {
    let lambdas: Vec<f64> = (0..20).map(|at| 1e-7 * f64::from(at * at)).collect();
    let frontier = plan().frontier(&lambdas).unwrap();
    for pair in frontier.windows(2) {
        assert!(pair[1].expected_cost > pair[0].expected_cost, "{pair:?}");
        assert!(pair[1].deviation < pair[0].deviation, "{pair:?}");
    }
    let best = plan().trajectory().unwrap();
    let utility = |cost: (f64, f64)| cost.0 + plan().risk_aversion * cost.1;
    let mut other = best.holdings.clone();
    other[2] *= 1.01;
    let worse = utility(plan().cost_of(&other).unwrap());
    assert!(worse > utility((best.expected_cost, best.variance)));
}

#[test]
fn great_urgency_does_not_overflow_and_trades_at_once() {
    let rash = AlmgrenChriss { risk_aversion: 1e300, ..plan() };
    let got = rash.trajectory().unwrap();
    assert!(got.holdings[1] < 1e-3 && got.holdings.iter().all(|held| held.is_finite()), "{got:?}");
}

#[test]
fn plans_that_make_no_sense_are_refused() {
    let bad = [
        AlmgrenChriss { qty: 0.0, ..plan() },
        AlmgrenChriss { qty: f64::NAN, ..plan() },
        AlmgrenChriss { horizon: -1.0, ..plan() },
        AlmgrenChriss { intervals: 0, ..plan() },
        AlmgrenChriss { risk_aversion: -1e-6, ..plan() },
        AlmgrenChriss { volatility: f64::INFINITY, ..plan() },
        AlmgrenChriss { permanent: 1e-5, ..plan() },
    ];
    for plan in bad {
        assert!(plan.trajectory().is_err(), "{plan:?}");
    }
    assert!(plan().cost_of(&[1e6, 0.0]).is_err());
}
