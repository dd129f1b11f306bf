//! Strategies against tables worked by hand, and their values before expiry.

use proptest::prelude::*;

use super::Strategy;
use super::build::*;
use super::*;
use crate::surface::{RawSvi, Slice, Term};

const LOT: Lot = Lot { quantity: 1.0, multiplier: 100.0, years: 0.25 };

fn at(strike: f64, price: f64) -> Struck {
    Struck { strike, price }
}

/// A strategy, its cost, breakevens, and its best and worst end, worked by hand.
type Case = (&'static str, Strategy, f64, Vec<f64>, Extreme, Extreme);

fn of_two_strikes() -> Vec<Case> {
    use Extreme::{Bounded, Unbounded};
    let spread = |kind, low, high| vertical(kind, low, high, LOT).unwrap();
    let (calls, puts) = ((at(95.0, 7.0), at(105.0, 2.0)), (at(95.0, 1.5), at(105.0, 6.0)));
    let bull_call = spread(Vertical::BullCall, calls.0, calls.1);
    let bear_call = spread(Vertical::BearCall, calls.0, calls.1);
    let bull_put = spread(Vertical::BullPut, puts.0, puts.1);
    let bear_put = spread(Vertical::BearPut, puts.0, puts.1);
    let straddle = straddle(at(100.0, 3.0), at(100.0, 4.0), LOT).unwrap();
    let strangle = strangle(at(95.0, 1.5), at(105.0, 2.0), LOT).unwrap();
    let reversal = risk_reversal(at(95.0, 1.5), at(105.0, 2.0), LOT).unwrap();
    vec![
        ("bull call", bull_call, 500.0, vec![100.0], Bounded(500.0), Bounded(-500.0)),
        ("bear call", bear_call, -500.0, vec![100.0], Bounded(500.0), Bounded(-500.0)),
        ("bull put", bull_put, -450.0, vec![100.5], Bounded(450.0), Bounded(-550.0)),
        ("bear put", bear_put, 450.0, vec![100.5], Bounded(550.0), Bounded(-450.0)),
        ("straddle", straddle, 700.0, vec![93.0, 107.0], Unbounded, Bounded(-700.0)),
        ("strangle", strangle, 350.0, vec![91.5, 108.5], Unbounded, Bounded(-350.0)),
        ("risk reversal", reversal, 50.0, vec![105.5], Unbounded, Bounded(-9550.0)),
    ]
}

fn with_wings_or_shares() -> Vec<Case> {
    use Extreme::{Bounded, Unbounded};
    let (put, call) = (at(95.0, 1.5), at(105.0, 2.0));
    let condor = iron_condor([at(90.0, 0.5), put, call, at(110.0, 0.75)], LOT).unwrap();
    let body = [at(90.0, 0.5), at(100.0, 3.0), at(100.0, 4.0), at(110.0, 0.75)];
    let iron = iron_butterfly(body, LOT).unwrap();
    let wings = [at(90.0, 11.0), at(100.0, 4.0), at(110.0, 1.0)];
    let butterfly = butterfly(Right::Call, wings, LOT).unwrap();
    let covered = covered_call(100.0, call, LOT).unwrap();
    let protected = protective_put(100.0, put, LOT).unwrap();
    let collared = collar(100.0, put, call, LOT).unwrap();
    vec![
        ("condor", condor, -225.0, vec![92.75, 107.25], Bounded(225.0), Bounded(-275.0)),
        ("iron", iron, -575.0, vec![94.25, 105.75], Bounded(575.0), Bounded(-425.0)),
        ("butterfly", butterfly, 400.0, vec![94.0, 106.0], Bounded(600.0), Bounded(-400.0)),
        ("covered call", covered, 9800.0, vec![98.0], Bounded(700.0), Bounded(-9800.0)),
        ("protective put", protected, 10150.0, vec![101.5], Unbounded, Bounded(-650.0)),
        ("collar", collared, 9950.0, vec![99.5], Bounded(550.0), Bounded(-450.0)),
    ]
}

fn same(found: Extreme, wanted: Extreme) -> bool {
    match (found, wanted) {
        (Extreme::Bounded(x), Extreme::Bounded(y)) => (x - y).abs() < 1e-9,
        _ => found == wanted,
    }
}

#[test]
fn each_strategy_is_the_table_worked_by_hand() {
    for (name, strategy, cost, breakevens, best, worst) in
        of_two_strikes().into_iter().chain(with_wings_or_shares())
    {
        let payoff = strategy.payoff().unwrap();
        assert!((strategy.cost() - cost).abs() < 1e-9, "{name}: {}", strategy.cost());
        let found = payoff.breakevens();
        assert_eq!(found.len(), breakevens.len(), "{name}: {found:?}");
        for (x, y) in found.iter().zip(&breakevens) {
            assert!((x - y).abs() < 1e-9, "{name}: {found:?}");
        }
        assert!(same(payoff.max_profit(), best), "{name}: {:?}", payoff.max_profit());
        assert!(same(payoff.max_loss(), worst), "{name}: {:?}", payoff.max_loss());
    }
}

#[test]
fn a_short_call_can_lose_without_end() {
    let other = Lot { quantity: -1.0, ..LOT };
    let payoff = strangle(at(95.0, 1.5), at(105.0, 2.0), other).unwrap().payoff().unwrap();
    assert_eq!(payoff.max_loss(), Extreme::Unbounded);
    assert!(same(payoff.max_profit(), Extreme::Bounded(350.0)));
}

#[test]
fn a_stretch_without_profit_or_loss_has_two_breakevens() {
    let payoff = vertical(Vertical::BullCall, at(95.0, 2.0), at(105.0, 2.0), LOT).unwrap();
    assert_eq!(payoff.payoff().unwrap().breakevens(), [0.0, 95.0]);
}

#[test]
fn cash_counts_as_itself() {
    let mut legs = straddle(at(100.0, 3.0), at(100.0, 4.0), LOT).unwrap().legs().to_vec();
    legs.push(Leg { instrument: Instrument::Cash, quantity: -5.0, multiplier: 1.0, price: 0.0 });
    let strategy = Strategy::new(legs).unwrap();
    assert!((strategy.payoff().unwrap().at(100.0) + 705.0).abs() < 1e-9);
}

fn moment(spot: f64, elapsed_years: f64) -> Moment {
    Moment { elapsed_years, spot, rate: 0.03, yield_rate: 0.01 }
}

#[test]
fn at_expiry_the_value_is_the_payoff() {
    for (name, strategy, ..) in of_two_strikes().into_iter().chain(with_wings_or_shares()) {
        let payoff = strategy.payoff().unwrap();
        for spot in [50.0, 94.0, 95.0, 99.0, 107.0, 300.0] {
            let profit = strategy.profit(&moment(spot, 0.25), &|_, _| f64::NAN).unwrap();
            assert!((profit - payoff.at(spot)).abs() < 1e-9, "{name} at {spot}");
        }
    }
}

#[test]
fn sensitivities_are_differences_of_the_value() {
    let condor = [at(90.0, 0.5), at(95.0, 1.5), at(105.0, 2.0), at(110.0, 0.75)];
    let strategy = iron_condor(condor, LOT).unwrap();
    let value = |spot, elapsed, volatility: f64| {
        let smile = move |strike: f64, _: f64| volatility + 0.001 * (100.0 - strike);
        strategy.value(&moment(spot, elapsed), &smile).unwrap()
    };
    let smile = |strike: f64, _: f64| 0.2 + 0.001 * (100.0 - strike);
    let greeks = strategy.greeks(&moment(101.0, 0.1), &smile).unwrap();
    let delta = (value(101.01, 0.1, 0.2) - value(100.99, 0.1, 0.2)) / 0.02;
    let theta = (value(101.0, 0.1001, 0.2) - value(101.0, 0.0999, 0.2)) / 0.0002;
    let vega = (value(101.0, 0.1, 0.2001) - value(101.0, 0.1, 0.1999)) / 0.0002;
    for (name, found, wanted) in [
        ("delta", greeks.delta, delta),
        ("theta", greeks.theta, theta),
        ("vega", greeks.vega, vega),
    ] {
        assert!((found / wanted - 1.0).abs() < 1e-5, "{name}: {found} {wanted}");
    }
    assert!((greeks.value - value(101.0, 0.1, 0.2)).abs() < 1e-9);
}

#[test]
fn a_calendar_gains_about_its_strike_at_the_near_expiry() {
    let (near, far) = (at(100.0, 4.0), at(100.0, 5.6));
    let strategy = calendar(Right::Call, near, far, 0.5, LOT).unwrap();
    assert!(strategy.payoff().is_err());
    let (now, flat) = (moment(100.0, 0.25), |_: f64, _: f64| 0.2);
    assert!(strategy.profit(&now, &flat).unwrap() > 200.0);
    let roots = strategy.breakevens_at(&now, &flat, (50.0, 150.0, 201)).unwrap();
    assert_eq!(roots.len(), 2, "{roots:?}");
    for root in &roots {
        let profit = strategy.profit(&Moment { spot: *root, ..now }, &flat).unwrap();
        assert!(profit.abs() < 1e-4, "{root}: {profit}");
    }
    let term = Term { years: 0.25, forward: 100.5, discount: 0.99 };
    let below = lognormal_below(term, 0.2).unwrap();
    let wanted = below(roots[1]) - below(roots[0]);
    let range = (50.0, 150.0, 201);
    let found = strategy.probability_of_profit_at(&now, &flat, range, below).unwrap();
    assert!((found - wanted).abs() < 1e-12 && found > 0.3, "{found} {wanted}");
}

#[test]
fn an_option_that_expired_before_is_refused() {
    let strategy = straddle(at(100.0, 3.0), at(100.0, 4.0), LOT).unwrap();
    assert!(strategy.value(&moment(100.0, 0.3), &|_, _| 0.2).is_err());
}

#[test]
fn the_probability_of_profit_is_that_of_the_prices_between() {
    let term = Term { years: 0.25, forward: 100.0, discount: 0.99 };
    let below = lognormal_below(term, 0.2).unwrap();
    let condor = [at(90.0, 0.5), at(95.0, 1.5), at(105.0, 2.0), at(110.0, 0.75)];
    let short = iron_condor(condor, LOT).unwrap().payoff().unwrap();
    let other = Lot { quantity: -1.0, ..LOT };
    let long = iron_condor(condor, other).unwrap().payoff().unwrap();
    let wanted = below(107.25) - below(92.75);
    assert!((short.probability_of_profit(&below) - wanted).abs() < 1e-12);
    assert!((long.probability_of_profit(&below) - (1.0 - wanted)).abs() < 1e-12);
    let free = vertical(Vertical::BullCall, at(95.0, 1.0), at(105.0, 2.0), LOT).unwrap();
    assert!((free.payoff().unwrap().probability_of_profit(&below) - 1.0).abs() < 1e-12);
}

#[test]
fn a_flat_smile_is_as_probable_as_a_lognormal() {
    let term = Term { years: 0.5, forward: 100.0, discount: 0.99 };
    let slice = Slice { term, smile: RawSvi::flat(0.09 * 0.5) };
    let (one, other) = (lognormal_below(term, 0.3).unwrap(), smile_below(slice));
    for price in [0.0, 40.0, 90.0, 100.0, 180.0] {
        assert!((one(price) - other(price)).abs() < 1e-12, "{price}");
    }
}

#[test]
fn samples_hold_both_ends_and_every_corner_between() {
    let payoff = straddle(at(100.0, 3.0), at(100.0, 4.0), LOT).unwrap().payoff().unwrap();
    assert_eq!(payoff.samples(90.0, 120.0), [(90.0, 300.0), (100.0, -700.0), (120.0, 1300.0)]);
}

#[test]
fn strikes_out_of_order_and_numbers_that_are_none_are_refused() {
    let (low, high) = (at(95.0, 1.0), at(105.0, 1.0));
    assert!(vertical(Vertical::BullPut, high, low, LOT).is_err());
    assert!(iron_condor([low, low, high, high], LOT).is_err());
    assert!(straddle(low, high, LOT).is_err());
    assert!(butterfly(Right::Put, [low, high, low], LOT).is_err());
    assert!(calendar(Right::Put, low, high, 0.5, LOT).is_err());
    assert!(diagonal(Right::Put, low, high, 0.25, LOT).is_err());
    assert!(collar(100.0, high, low, LOT).is_err());
    assert!(covered_call(f64::NAN, high, LOT).is_err());
    assert!(covered_call(100.0, high, Lot { multiplier: 0.0, ..LOT }).is_err());
    assert!(Strategy::new(vec![]).is_err());
}

proptest! {
    #[test]
    fn the_payoff_is_the_sum_of_its_legs_anywhere(
        strikes in proptest::collection::vec((50.0..150.0_f64, -3..4_i32), 1..6),
        shares in -2..3_i32,
        spot in 0.0..300.0_f64,
    ) {
        let leg = |(i, (strike, count)): (usize, &(f64, i32))| {
            let right = if i % 2 == 0 { Right::Call } else { Right::Put };
            let instrument = Instrument::Option { right, strike: *strike, years: 1.0 };
            Leg { instrument, quantity: f64::from(*count), multiplier: 10.0, price: 2.0 }
        };
        let mut legs: Vec<Leg> = strikes.iter().enumerate().map(leg).collect();
        let quantity = f64::from(shares);
        let instrument = Instrument::Underlying;
        legs.push(Leg { instrument, quantity, multiplier: 10.0, price: 99.0 });
        let strategy = Strategy::new(legs).unwrap();
        let payoff = strategy.payoff().unwrap();
        let now = Moment { elapsed_years: 1.0, spot, rate: 0.0, yield_rate: 0.0 };
        if spot > 0.0 {
            let profit = strategy.profit(&now, &|_, _| 0.2).unwrap();
            prop_assert!((profit - payoff.at(spot)).abs() < 1e-8);
        }
        for root in payoff.breakevens() {
            prop_assert!(payoff.at(root).abs() < 1e-7);
        }
        if let Extreme::Bounded(most) = payoff.max_profit() {
            prop_assert!(payoff.at(spot) <= most + 1e-9);
        }
        if let Extreme::Bounded(least) = payoff.max_loss() {
            prop_assert!(payoff.at(spot) >= least - 1e-9);
        }
    }
}
