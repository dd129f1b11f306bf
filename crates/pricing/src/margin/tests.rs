//! Margins against the exchange's own examples, and what no pairing may do.

use proptest::prelude::*;

use super::rules::required;
use super::*;
use crate::strategy::{Instrument, Leg, Moment, Strategy as Held};
use crate::{Market, Right, Vanilla, implied};

const IBM: Underlying = Underlying { class: Class::Equity, spot: 97.73 };
const SPX: Underlying = Underlying { class: Class::BroadIndex, spot: 1451.19 };

fn option(right: Right, strike: f64, quantity: f64, price: f64) -> Leg {
    let instrument = Instrument::Option { right, strike, years: 56.0 / 365.0 };
    Leg { instrument, quantity, multiplier: 100.0, price }
}

fn call(strike: f64, quantity: f64, price: f64) -> Leg {
    option(Right::Call, strike, quantity, price)
}

fn put(strike: f64, quantity: f64, price: f64) -> Leg {
    option(Right::Put, strike, quantity, price)
}

fn shares(quantity: f64, price: f64) -> Leg {
    Leg { instrument: Instrument::Underlying, quantity, multiplier: 1.0, price }
}

fn later(leg: Leg) -> Leg {
    let Instrument::Option { right, strike, years } = leg.instrument else { return leg };
    Leg { instrument: Instrument::Option { right, strike, years: years + 0.1 }, ..leg }
}

fn deposit(legs: &[Leg], underlying: &Underlying) -> f64 {
    required(legs, underlying, Stage::Initial).unwrap().deposit()
}

/// Cboe, "Margin Requirement Examples for Sample Options-based Positions" (2007), the columns of
/// strategy-based margin.
#[test]
fn shares_ask_what_the_exchange_says() {
    let stock = shares(10_000.0, 97.73);
    let cases = [
        ("short call", vec![call(100.0, -100.0, 1.68)], 172_760.0),
        ("short put", vec![put(100.0, -100.0, 3.18)], 195_460.0),
        ("covered call", vec![stock, call(100.0, -100.0, 1.68)], 471_850.0),
        ("protective put", vec![stock, put(95.0, 100.0, 1.02)], 498_850.0),
        ("synthetic", vec![call(100.0, 100.0, 1.68), put(100.0, -100.0, 3.18)], 212_260.0),
        ("risk reversal", vec![put(95.0, 100.0, 1.02), call(105.0, -100.0, 0.40)], 132_960.0),
        ("collar", vec![stock, put(95.0, 100.0, 1.02), call(105.0, -100.0, 0.40)], 494_850.0),
        ("vertical", vec![call(95.0, 100.0, 4.53), call(105.0, -100.0, 0.40)], 41_300.0),
        ("long straddle", vec![put(100.0, 100.0, 3.18), call(100.0, 100.0, 1.68)], 48_600.0),
    ];
    for (name, legs, wanted) in cases {
        let found = deposit(&legs, &IBM);
        assert!((found - wanted).abs() < 0.01, "{name}: {found}");
    }
}

#[test]
fn an_index_asks_what_the_exchange_says() {
    let cases = [
        ("short call", vec![call(1460.0, -100.0, 21.66)], 2_088_685.0),
        ("short put", vec![put(1460.0, -100.0, 22.55)], 2_176_785.0),
        ("synthetic", vec![call(1460.0, 100.0, 21.66), put(1460.0, -100.0, 22.55)], 2_393_385.0),
        ("risk reversal", vec![put(1450.0, 100.0, 18.72), call(1500.0, -100.0, 5.96)], 1_875_885.0),
        ("vertical", vec![call(1450.0, 100.0, 27.57), call(1500.0, -100.0, 5.96)], 216_100.0),
    ];
    for (name, legs, wanted) in cases {
        let found = deposit(&legs, &SPX);
        assert!((found - wanted).abs() < 0.01, "{name}: {found}");
    }
}

/// The put far out of the money: a tenth of the strike is asked, not of the underlying.
#[test]
fn far_out_of_the_money_the_least_is_asked() {
    let found = deposit(&[put(50.0, -1.0, 0.05)], &IBM);
    assert!((found - 500.0).abs() < 1e-9, "{found}");
    let found = deposit(&[call(200.0, -1.0, 0.05)], &IBM);
    assert!((found - 977.30).abs() < 1e-9, "{found}");
}

#[test]
fn a_short_straddle_asks_for_the_greater_side_and_the_other_premium() {
    let legs = [call(100.0, -1.0, 1.68), put(100.0, -1.0, 3.18)];
    let made = required(&legs, &IBM, Stage::Initial).unwrap();
    assert_eq!(made.groups.iter().map(|g| g.cover).collect::<Vec<_>>(), [Cover::Straddle]);
    assert!((made.required - (1954.60 + 318.0 + 168.0)).abs() < 1e-9, "{}", made.required);
    assert!((made.received - 486.0).abs() < 1e-9);
}

#[test]
fn a_condor_asks_for_one_side() {
    let legs =
        [put(85.0, 1.0, 0.2), put(90.0, -1.0, 0.6), call(105.0, -1.0, 0.7), call(110.0, 1.0, 0.3)];
    let made = required(&legs, &IBM, Stage::Initial).unwrap();
    let condor = made.groups.iter().find(|g| g.cover == Cover::Condor).unwrap();
    assert_eq!((condor.required, condor.units), (500.0, 100.0));
    assert!((made.deposit() - (500.0 + 50.0 - 130.0)).abs() < 1e-9, "{}", made.deposit());
}

#[test]
fn wings_of_different_width_ask_for_the_wider_one() {
    let legs =
        [put(80.0, 1.0, 0.1), put(90.0, -1.0, 0.6), call(105.0, -1.0, 0.7), call(110.0, 1.0, 0.3)];
    let made = required(&legs, &IBM, Stage::Initial).unwrap();
    assert!(made.groups.iter().any(|g| g.cover == Cover::Condor && g.required == 1000.0));
}

#[test]
fn a_long_that_expires_first_covers_nothing() {
    let legs = [later(call(100.0, -1.0, 1.68)), call(100.0, 1.0, 1.5)];
    let made = required(&legs, &IBM, Stage::Initial).unwrap();
    assert!(made.groups.iter().any(|g| g.cover == Cover::Naked), "{:?}", made.groups);
    let legs = [call(100.0, -1.0, 1.68), later(call(100.0, 1.0, 2.2))];
    assert!((deposit(&legs, &IBM) - 52.0).abs() < 1e-9);
}

#[test]
fn each_long_covers_once_and_the_cheapest_way() {
    // One long call of 105: it saves more against the short of 104 than against that of 95.
    let legs = [call(95.0, -1.0, 4.5), call(104.0, -1.0, 0.5), call(105.0, 1.0, 0.4)];
    let made = required(&legs, &IBM, Stage::Initial).unwrap();
    let naked = |strike: f64, price: f64| price + (0.2 * 97.73 - (strike - 97.73_f64).max(0.0));
    let one = naked(104.0, 0.5) + 10.0;
    let other = naked(95.0, 4.5) + 1.0;
    assert!((made.required - 100.0 * (one.min(other) + 0.4)).abs() < 1e-9, "{}", made.required);
    let spread = made.groups.iter().find(|g| g.cover == Cover::Spread).unwrap();
    assert_eq!(spread.units, 100.0);
}

#[test]
fn a_ratio_spread_leaves_one_short_naked() {
    let legs = [call(100.0, 1.0, 1.68), call(105.0, -2.0, 0.4)];
    let made = required(&legs, &IBM, Stage::Initial).unwrap();
    let units =
        |cover| made.groups.iter().filter(|g| g.cover == cover).map(|g| g.units).sum::<f64>();
    assert_eq!((units(Cover::Spread), units(Cover::Naked)), (100.0, 100.0));
}

#[test]
fn shares_short_cover_a_put_but_never_a_call() {
    let stock = shares(-100.0, 97.73);
    let covered = required(&[stock, put(95.0, -1.0, 1.02)], &IBM, Stage::Initial).unwrap();
    assert!((covered.required - 1.5 * 9773.0).abs() < 1e-9, "{}", covered.required);
    let call = required(&[stock, call(105.0, -1.0, 0.4)], &IBM, Stage::Initial).unwrap();
    assert!(call.groups.iter().any(|g| g.cover == Cover::Naked));
}

#[test]
fn a_covered_call_in_the_money_counts_the_shares_at_the_strike() {
    let legs = [shares(100.0, 97.73), call(90.0, -1.0, 9.0)];
    let made = required(&legs, &IBM, Stage::Maintenance).unwrap();
    assert!((made.required - (0.25 * 9773.0 + 773.0)).abs() < 1e-9, "{}", made.required);
}

#[test]
fn positions_that_are_none_are_refused() {
    let bad = |legs: &[Leg], spot: f64| {
        required(legs, &Underlying { class: Class::Equity, spot }, Stage::Initial).is_err()
    };
    assert!(bad(&[call(100.0, -1.0, 1.0)], 0.0));
    assert!(bad(&[call(100.0, -1.0, -1.0)], 100.0));
    assert!(bad(&[call(0.0, -1.0, 1.0)], 100.0));
    assert!(bad(&[call(100.0, f64::NAN, 1.0)], 100.0));
    assert!(bad(&[Leg { multiplier: 0.0, ..call(100.0, -1.0, 1.0) }], 100.0));
}

/// Scan of one leg at the volatility that its price implies.
fn scanned(legs: &[Leg], spot: f64, range: Range) -> Scan {
    let (rate, yield_rate) = (0.053, 0.012);
    let moment = Moment { elapsed_years: 0.0, spot, rate, yield_rate };
    let market = Market { spot, rate, yield_rate, volatility: 0.0 };
    let implied = |leg: &Leg| {
        let Instrument::Option { right, strike, years } = leg.instrument else { return None };
        let (forward, discount) = (market.forward(years), market.discount(years));
        let option = Vanilla { right, strike, years };
        Some((strike, implied::volatility(&option, leg.price, forward, discount).unwrap()))
    };
    let smile: Vec<(f64, f64)> = legs.iter().filter_map(implied).collect();
    let volatility = |strike: f64, _: f64| {
        smile.iter().find(|point| point.0 == strike).map_or(f64::NAN, |point| point.1)
    };
    scan::required(&Held::new(legs.to_vec()).unwrap(), &moment, &volatility, range).unwrap()
}

/// The same table's column of portfolio margin. Its rates and volatilities are not given, so the
/// values are met within 3 % where time value matters.
#[test]
fn a_scan_asks_about_what_the_exchange_says() {
    let stock = shares(10_000.0, 97.73);
    let near = |name: &str, scan: Scan, wanted: f64, share: f64| {
        let found = scan.required;
        assert!((found / wanted - 1.0).abs() < share, "{name}: {found} {wanted}");
    };
    let equity = |legs: &[Leg]| scanned(legs, 97.73, Range::Equity);
    near("short call", equity(&[call(100.0, -100.0, 1.68)]), 115_429.0, 0.02);
    near("covered", equity(&[stock, call(100.0, -100.0, 1.68)]), 129_804.0, 0.001);
    let calls = [call(95.0, 100.0, 4.53), call(105.0, -100.0, 0.40)];
    near("vertical", equity(&calls), 40_881.0, 0.02);
    let index = |legs: &[Leg]| scanned(legs, 1451.19, Range::HighCapitalisationIndex);
    near("index call", index(&[call(1460.0, -100.0, 21.66)]), 654_514.0, 0.03);
    near("index put", index(&[put(1460.0, -100.0, 22.55)]), 948_203.0, 0.02);
}

#[test]
fn a_scan_has_five_points_a_side_and_a_least_for_each_contract() {
    let straddle = [put(100.0, 100.0, 3.18), call(100.0, 100.0, 1.68)];
    let implied = scanned(&straddle[..1], 97.73, Range::Equity);
    let shares: Vec<f64> = implied.points.iter().map(|p| p.0 / 97.73 - 1.0).collect();
    let wanted = [-0.15, -0.12, -0.09, -0.06, -0.03, 0.03, 0.06, 0.09, 0.12, 0.15];
    assert!(shares.iter().zip(wanted).all(|(x, y)| (x - y).abs() < 1e-12), "{shares:?}");
    assert_eq!(scanned(&straddle, 97.73, Range::Equity).least, 7500.0);
    let house = Range::House { down: 0.0, up: 0.1 };
    let moment = Moment { elapsed_years: 0.0, spot: 97.73, rate: 0.0, yield_rate: 0.0 };
    let strategy = Held::new(straddle.to_vec()).unwrap();
    assert!(scan::required(&strategy, &moment, &|_, _| 0.2, house).is_err());
}

/// The cheapest way to give longs to shorts, by trying all of them.
fn cheapest(shorts: &[Leg], longs: &[Leg], from: usize, used: &mut Vec<usize>) -> f64 {
    let Some(short) = shorts.get(from) else { return 0.0 };
    let alone = required(&[*short], &IBM, Stage::Initial).unwrap().required;
    let mut best = alone + cheapest(shorts, longs, from + 1, used);
    for j in 0..longs.len() {
        if used.contains(&j) {
            continue;
        }
        used.push(j);
        let strikes = [short, &longs[j]].map(|leg| match leg.instrument {
            Instrument::Option { strike, .. } => strike,
            _ => 0.0,
        });
        let width = (strikes[1] - strikes[0]).max(0.0) * 100.0;
        best = best.min(width.min(alone) + cheapest(shorts, longs, from + 1, used));
        used.pop();
    }
    best
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_way_of_covering_calls_is_cheaper(
        sold in proptest::collection::vec(80..120_i32, 1..5),
        bought in proptest::collection::vec(80..120_i32, 0..4),
    ) {
        let shorts: Vec<Leg> = sold.iter().map(|k| call(f64::from(*k), -1.0, 2.0)).collect();
        let longs: Vec<Leg> = bought.iter().map(|k| call(f64::from(*k), 1.0, 2.0)).collect();
        let all = [shorts.clone(), longs.clone()].concat();
        let paid = 200.0 * longs.len() as f64;
        let found = required(&all, &IBM, Stage::Initial).unwrap().required - paid;
        let wanted = cheapest(&shorts, &longs, 0, &mut Vec::new());
        prop_assert!((found - wanted).abs() < 1e-6, "{} {}", found, wanted);
    }

    #[test]
    fn spreads_never_ask_for_less_than_they_can_lose(
        strikes in proptest::collection::vec(80..120_i32, 8),
        spot in 1.0..300.0_f64,
    ) {
        let strike = |i: usize| f64::from(strikes[i]);
        let legs = [
            call(strike(0), -1.0, 0.0), call(strike(1), 1.0, 0.0),
            call(strike(2), -1.0, 0.0), call(strike(3), 1.0, 0.0),
            put(strike(4), -1.0, 0.0), put(strike(5), 1.0, 0.0),
            put(strike(6), -1.0, 0.0), put(strike(7), 1.0, 0.0),
        ];
        let made = required(&legs, &IBM, Stage::Initial).unwrap();
        let limited = |g: &Group| matches!(g.cover, Cover::Spread | Cover::Condor);
        for group in made.groups.iter().filter(|g| limited(g)) {
            // What stands without its long asks for the naked amount and may lose more.
            let naked: f64 = group.legs.iter().map(|leg| {
                required(&[legs[*leg]], &IBM, Stage::Initial).unwrap().required
            }).sum();
            let held = group.legs.iter().map(|leg| legs[*leg]).collect();
            let lost = -Held::new(held).unwrap().payoff().unwrap().at(spot);
            let asked = group.required;
            prop_assert!(asked >= lost.min(naked) - 1e-9, "{group:?} at {spot}: {lost}");
        }
        let units: f64 = made.groups.iter().map(|g| match g.cover {
            Cover::Straddle | Cover::Condor => 2.0 * g.units,
            Cover::Naked | Cover::Spread => g.units,
            _ => 0.0,
        }).sum();
        prop_assert!((units - 400.0).abs() < 1e-6, "{:?}", made.groups);
    }
}
