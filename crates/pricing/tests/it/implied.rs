//! Implied volatility: there and back, and its refusals.

use pricing::implied::{self, NoVolatility};
use pricing::{Right, Vanilla, black};
use proptest::prelude::*;

fn outside(forward: f64, strike: f64) -> Right {
    if strike >= forward { Right::Call } else { Right::Put }
}

proptest! {
    #[test]
    fn the_volatility_of_a_price_is_the_one_it_was_made_with(
        z in -6.0..6.0f64, volatility in 0.01..3.0f64, years in 0.002..10.0f64,
        discount in 0.5..1.1f64,
    ) {
        let deviation = volatility * years.sqrt();
        let strike = 100.0 * (z * deviation).exp();
        let right = outside(100.0, strike);
        let option = Vanilla { right, strike, years };
        let price = discount * black::price(right, 100.0, strike, deviation).unwrap();
        let found = implied::volatility(&option, price, 100.0, discount).unwrap();
        prop_assert!((found / volatility - 1.0).abs() < 1e-12, "{found} {volatility}");
    }

    #[test]
    fn in_the_money_the_volatility_gives_the_price_back(
        z in -4.0..4.0f64, deviation in 0.01..2.0f64,
    ) {
        let strike = 100.0 * (z * deviation).exp();
        let right = outside(100.0, strike).other();
        let price = black::price(right, 100.0, strike, deviation).unwrap();
        let found = implied::deviation(right, price, 100.0, strike).unwrap();
        let again = black::price(right, 100.0, strike, found).unwrap();
        prop_assert!((again / price - 1.0).abs() < 1e-14, "{again} {price}");
    }
}

fn refusal(right: Right, price: f64, years: f64) -> NoVolatility {
    let option = Vanilla { right, strike: 90.0, years };
    implied::volatility(&option, price, 100.0, 1.0).unwrap_err()
}

#[test]
fn a_price_below_intrinsic_is_refused_with_both_numbers() {
    let expected = NoVolatility::BelowIntrinsic { price: 9.0, intrinsic: 10.0 };
    assert_eq!(refusal(Right::Call, 9.0, 1.0), expected);
    let negative = NoVolatility::BelowIntrinsic { price: -1.0, intrinsic: 0.0 };
    assert_eq!(refusal(Right::Put, -1.0, 1.0), negative);
}

#[test]
fn a_price_of_all_there_is_to_gain_is_refused() {
    let call = NoVolatility::AboveMost { price: 100.0, most: 100.0 };
    assert_eq!(refusal(Right::Call, 100.0, 1.0), call);
    let put = NoVolatility::AboveMost { price: 95.0, most: 90.0 };
    assert_eq!(refusal(Right::Put, 95.0, 1.0), put);
}

#[test]
fn an_expired_option_has_none() {
    assert_eq!(refusal(Right::Call, 12.0, 0.0), NoVolatility::Expired { years: 0.0 });
    assert_eq!(refusal(Right::Call, 12.0, -0.1), NoVolatility::Expired { years: -0.1 });
}

#[test]
fn what_is_no_number_is_named() {
    let named = |error| match error {
        NoVolatility::Unusable { what, .. } => what,
        other => panic!("{other}"),
    };
    assert_eq!(named(refusal(Right::Call, f64::NAN, 1.0)), "price");
    assert_eq!(named(refusal(Right::Call, f64::INFINITY, 1.0)), "price");
    assert_eq!(named(refusal(Right::Call, 12.0, f64::NAN)), "years");
    let forward = implied::deviation(Right::Put, 1.0, -3.0, 90.0).unwrap_err();
    assert_eq!(named(forward), "forward");
    let strike = implied::deviation(Right::Put, 1.0, 3.0, f64::NAN).unwrap_err();
    assert_eq!(named(strike), "strike");
}

#[test]
fn a_price_at_intrinsic_has_volatility_zero_even_after_rounding() {
    let below = 10.0 * (1.0 - f64::EPSILON);
    for price in [10.0, below] {
        assert_eq!(implied::deviation(Right::Call, price, 100.0, 90.0).unwrap(), 0.0);
    }
}
