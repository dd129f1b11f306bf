//! Numbers that can't be are refused with their name; nothing silently becomes NaN.

use pricing::american::grid::{self, Fineness};
use pricing::american::{Dividend, Exercise, tree};
use pricing::{Error, Market, Right, Vanilla, black, payoff, vanilla};
use proptest::prelude::*;

const MARKET: Market = Market { spot: 100.0, rate: 0.03, yield_rate: 0.01, volatility: 0.2 };
const OPTION: Vanilla = Vanilla { right: Right::Put, strike: 100.0, years: 0.5 };

fn named<T>(result: Result<T, Error>) -> &'static str {
    match result {
        Err(Error::Value { what, .. }) => what,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("accepted"),
    }
}

#[test]
fn every_broken_number_is_named() {
    let broken = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0];
    for number in broken {
        let strike = Vanilla { strike: number, ..OPTION };
        let years = Vanilla { years: number, ..OPTION };
        let spot = Market { spot: number, ..MARKET };
        let volatility = Market { volatility: number, ..MARKET };
        assert_eq!(named(vanilla::price(&strike, &MARKET)), "strike");
        assert_eq!(named(vanilla::greeks(&years, &MARKET)), "years to expiry");
        assert_eq!(named(vanilla::price(&OPTION, &spot)), "spot");
        assert_eq!(named(vanilla::price(&OPTION, &volatility)), "volatility");
        assert_eq!(named(Vanilla::new(Right::Call, number, 1.0)), "strike");
        assert_eq!(named(Market::new(number, 0.0, 0.0, 0.2)), "spot");
        assert_eq!(named(black::price(Right::Call, number, 1.0, 0.1)), "forward");
        assert_eq!(named(black::price(Right::Call, 1.0, 1.0, number)), "deviation");
        assert_eq!(named(payoff::intrinsic(Right::Call, number, 1.0)), "price");
        assert_eq!(named(tree::value(&strike, &MARKET, &[], Exercise::American, 101)), "strike");
    }
    for rate in [f64::NAN, f64::INFINITY] {
        assert_eq!(named(vanilla::price(&OPTION, &Market { rate, ..MARKET })), "rate");
        let market = Market { yield_rate: rate, ..MARKET };
        assert_eq!(named(vanilla::price(&OPTION, &market)), "yield rate");
    }
    assert_eq!(named(vanilla::price(&Vanilla { strike: 0.0, ..OPTION }, &MARKET)), "strike");
    assert_eq!(named(vanilla::price(&OPTION, &Market { spot: 0.0, ..MARKET })), "spot");
}

#[test]
fn at_the_strike_with_nothing_moving_there_are_no_greeks() {
    let expired = Vanilla { years: 0.0, ..OPTION };
    assert_eq!(vanilla::price(&expired, &MARKET).unwrap(), 0.0);
    let expected = Err(Error::Corner { forward: 100.0 });
    assert_eq!(vanilla::greeks(&expired, &MARKET), expected);
}

#[test]
fn a_forward_beyond_floats_is_refused() {
    let market = Market { rate: 1e4, ..MARKET };
    assert_eq!(named(vanilla::price(&OPTION, &market)), "forward");
}

#[test]
fn dividends_that_cannot_be_are_refused() {
    let value = |dividend: Dividend| {
        let fineness = Fineness { half: 20, steps: 10 };
        grid::value(&OPTION, &MARKET, &[dividend], Exercise::American, &fineness)
    };
    assert_eq!(named(value(Dividend { years: 0.0, cash: 1.0 })), "years to ex-date");
    assert_eq!(named(value(Dividend { years: f64::NAN, cash: 1.0 })), "years to ex-date");
    assert_eq!(named(value(Dividend { years: 0.2, cash: -1.0 })), "dividend");
    assert_eq!(named(value(Dividend { years: 0.2, cash: 100.0 })), "dividends");
    assert!(value(Dividend { years: 0.6, cash: 100.0 }).is_ok(), "after expiry it is no matter");
}

#[test]
fn methods_that_need_width_refuse_a_volatility_of_zero() {
    let still = Market { volatility: 0.0, ..MARKET };
    let fineness = Fineness::default();
    let on_grid = grid::value(&OPTION, &still, &[], Exercise::American, &fineness);
    assert_eq!(named(on_grid), "deviation");
    assert_eq!(named(tree::value(&OPTION, &still, &[], Exercise::American, 101)), "deviation");
}

fn wild() -> impl Strategy<Value = f64> {
    let sizes = (-320.0..310.0f64, any::<bool>());
    let any_size = sizes.prop_map(|(power, up)| if up { 10f64.powf(power) } else { -power });
    prop_oneof![any_size, Just(0.0), Just(1.0), Just(100.0), 0.0..5.0f64]
}

proptest! {
    #[test]
    fn what_is_accepted_is_a_number(
        right in prop_oneof![Just(Right::Call), Just(Right::Put)],
        (strike, years, spot, rate) in (wild(), wild(), wild(), wild()),
        (yield_rate, volatility) in (wild(), wild()),
    ) {
        let option = Vanilla { right, strike, years };
        let market = Market { spot, rate, yield_rate, volatility };
        if let Ok(price) = vanilla::price(&option, &market) {
            prop_assert!(price >= 0.0 && price.is_finite(), "{price}");
        }
        if let Ok(found) = vanilla::greeks(&option, &market) {
            let text = format!("{found:?}");
            prop_assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
            prop_assert!(found.value >= 0.0, "{text}");
        }
    }
}
