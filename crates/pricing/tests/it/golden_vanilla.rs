//! Values of QuantLib and py_lets_be_rational (`proving/peers/golden_vanilla.py`).

use pricing::american::grid::{self, Fineness};
use pricing::american::{Dividend, Exercise, tree};
use pricing::{Market, Right, Vanilla, implied, vanilla};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    european: Vec<European>,
    implied: Vec<Implied>,
    american: Vec<American>,
}

#[derive(Deserialize)]
struct European {
    option: Vanilla,
    market: Market,
    value: f64,
    delta: f64,
    gamma: f64,
    vega: f64,
    theta: f64,
    rho: f64,
    yield_rho: f64,
}

#[derive(Deserialize)]
struct Implied {
    right: Right,
    strike: f64,
    price: f64,
    deviation: f64,
}

#[derive(Deserialize)]
struct American {
    option: Vanilla,
    market: Market,
    dividends: Vec<Dividend>,
    value: f64,
    delta: f64,
    gamma: f64,
    tree: Option<f64>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/vanilla.json")).unwrap()
}

/// QuantLib takes the value as a difference of two terms of the size of the spot, 100, and its
/// error function is good to about 1e-15: what is near zero has absolute accuracy only.
fn close(ours: f64, theirs: f64, size: f64) -> bool {
    (ours - theirs).abs() <= 1e-13 * theirs.abs() + 1e-13 * size
}

#[test]
fn european_values_and_greeks_are_those_of_quantlib() {
    for case in golden().european {
        let ours = vanilla::greeks(&case.option, &case.market).unwrap();
        let years = case.option.years;
        let pairs = [
            ("value", ours.value, case.value, 100.0),
            ("delta", ours.delta, case.delta, 1.0),
            ("gamma", ours.gamma, case.gamma, 0.01),
            ("vega", ours.vega, case.vega, 100.0 * years.sqrt()),
            ("theta", ours.theta, case.theta, 100.0 / years.min(1.0)),
            ("rho", ours.rho, case.rho, 100.0 * years),
            ("yield_rho", ours.yield_rho, case.yield_rho, 100.0 * years),
        ];
        for (name, ours, theirs, size) in pairs {
            let (option, market) = (case.option, case.market);
            assert!(close(ours, theirs, size), "{name}: {ours} {theirs} {option:?} {market:?}");
        }
    }
}

#[test]
fn implied_deviations_are_those_of_lets_be_rational() {
    for case in golden().implied {
        let found = implied::deviation(case.right, case.price, 100.0, case.strike).unwrap();
        let off = (found / case.deviation - 1.0).abs();
        assert!(off < 1e-12, "{off:e} at {} {}", case.strike, case.deviation);
    }
}

/// The reference is itself off by up to 1.5e-3 where the spot stands near the boundary before an
/// ex-date: ours at 1600 prices and 800 steps has settled that far from it.
#[test]
fn american_values_are_those_of_a_fine_grid_of_quantlib() {
    let fineness = Fineness::default();
    for case in golden().american {
        let American { option, market, dividends, .. } = &case;
        let ours = grid::value(option, market, dividends, Exercise::American, &fineness).unwrap();
        let off = [ours.value - case.value, ours.delta - case.delta, ours.gamma - case.gamma];
        let within = off[0].abs() < 2.5e-3 && off[1].abs() < 1.5e-3 && off[2].abs() < 2e-4;
        assert!(within, "{off:?} {option:?} {market:?} {dividends:?} {}", case.value);
    }
}

/// Two methods on two discretisations: what a tree of 1001 steps is off by is seen to fall as it
/// grows, from what 251 steps are off by.
#[test]
fn trees_with_dividends_in_cash_are_close_to_a_fine_grid_of_quantlib() {
    let (mut coarse, mut fine, mut cases) = (0.0, 0.0, 0);
    for case in golden().american.into_iter().filter(|case| !case.dividends.is_empty()) {
        let American { option, market, dividends, .. } = &case;
        let tree = |steps| tree::value(option, market, dividends, Exercise::American, steps);
        let (small, large) = (tree(251).unwrap(), tree(1001).unwrap());
        let off = [large.value - case.value, large.delta - case.delta, large.gamma - case.gamma];
        // Gamma jumps where exercise begins: beside it the neighbours of the spot straddle the jump.
        let gain = option.right.sign() * (market.spot - option.strike);
        let wide = if gain > 0.0 && case.value < 1.02 * gain { 5.0 } else { 1.0 };
        let slopes = off[1].abs() < wide * 1e-3 && off[2].abs() < wide * 5e-4;
        let within = off[0].abs() < 5e-3 && slopes;
        assert!(within, "{off:?} {option:?} {market:?} {dividends:?} {}", case.value);
        coarse += (small.value - case.value).abs();
        fine += (large.value - case.value).abs();
        cases += 1;
    }
    assert_eq!(cases, 36);
    assert!(fine < 0.6 * coarse, "{fine} {coarse}");
}

#[test]
fn trees_are_those_of_quantlib_to_rounding() {
    for case in golden().american {
        let Some(theirs) = case.tree else { continue };
        let ours = tree::value(&case.option, &case.market, &[], Exercise::American, 101).unwrap();
        let off = (ours.value - theirs).abs();
        assert!(off < 1e-9, "{off:e} {:?} {:?} {theirs}", case.option, case.market);
    }
}
