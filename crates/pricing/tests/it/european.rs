//! European values: identities, shapes, limits.

use pricing::{Greeks, Market, Right, Vanilla, black, future, vanilla};
use proptest::prelude::*;

fn rights() -> impl Strategy<Value = Right> {
    prop_oneof![Just(Right::Call), Just(Right::Put)]
}

/// Options within some deviations of the money, in markets of all sorts.
fn cases() -> impl Strategy<Value = (Vanilla, Market)> {
    let numbers = (0.01..5.0f64, -0.05..0.15f64, -0.05..0.15f64, 0.05..1.5f64, -3.0..3.0f64);
    (rights(), numbers).prop_map(|(right, (years, rate, yield_rate, volatility, z))| {
        let market = Market { spot: 100.0, rate, yield_rate, volatility };
        let strike = market.forward(years) * (z * volatility * years.sqrt()).exp();
        (Vanilla { right, strike, years }, market)
    })
}

fn close(a: f64, b: f64, size: f64, share: f64) -> bool {
    (a - b).abs() <= share * size.max(a.abs())
}

proptest! {
    #[test]
    fn a_call_less_a_put_is_the_forward_less_the_strike((option, market) in cases()) {
        let worth = |right| vanilla::price(&Vanilla { right, ..option }, &market).unwrap();
        let discount = market.discount(option.years);
        let forward = market.forward(option.years);
        let parity = discount * (forward - option.strike);
        let apart = worth(Right::Call) - worth(Right::Put);
        prop_assert!(close(apart, parity, discount * forward.max(option.strike), 1e-14));
    }

    #[test]
    fn the_value_lies_between_intrinsic_and_most((option, market) in cases()) {
        let value = vanilla::price(&option, &market).unwrap();
        let discount = market.discount(option.years);
        let forward = market.forward(option.years);
        let least = discount * (option.right.sign() * (forward - option.strike)).max(0.0);
        let most = discount * if option.right == Right::Call { forward } else { option.strike };
        prop_assert!(value >= least * (1.0 - 1e-15) && value <= most);
    }

    #[test]
    fn values_are_monotone_and_convex_in_the_strike((option, market) in cases()) {
        let gap = 0.01 * option.strike;
        let at = |shift: f64| {
            vanilla::price(&Vanilla { strike: option.strike + shift, ..option }, &market).unwrap()
        };
        let [low, middle, high] = [at(-gap), at(0.0), at(gap)];
        let rounding = 1e-14 * option.strike.max(market.spot);
        prop_assert!(option.right.sign() * (low - high) >= -rounding);
        prop_assert!(low - 2.0 * middle + high >= -rounding);
    }

    #[test]
    fn the_value_of_the_greeks_is_the_price((option, market) in cases()) {
        let price = vanilla::price(&option, &market).unwrap();
        let value = vanilla::greeks(&option, &market).unwrap().value;
        prop_assert!(close(price, value, 0.0, 1e-13), "{price} {value}");
    }

    #[test]
    fn greeks_are_the_slopes_of_what_they_derive((option, market) in cases()) {
        let here = vanilla::greeks(&option, &market).unwrap();
        let move_spot = 1e-4 * market.spot * (market.volatility * option.years.sqrt()).min(1.0);
        let move_time = 1e-4 * option.years;
        let move_volatility = 1e-4 * market.volatility;
        let slope = |by: f64, shift: &dyn Fn(f64) -> (Vanilla, Market)| {
            let at = |by: f64| {
                let (option, market) = shift(by);
                vanilla::greeks(&option, &market).unwrap()
            };
            let (up, down) = (at(by), at(-by));
            move |of: fn(&Greeks) -> f64| (of(&up) - of(&down)) / (2.0 * by)
        };
        let spot = slope(move_spot, &|by| (option, Market { spot: market.spot + by, ..market }));
        let volatility = slope(move_volatility, &|by| {
            (option, Market { volatility: market.volatility + by, ..market })
        });
        let time =
            slope(move_time, &|by| (Vanilla { years: option.years - by, ..option }, market));
        let rate = slope(1e-5, &|by| (option, Market { rate: market.rate + by, ..market }));
        let yields =
            slope(1e-5, &|by| (option, Market { yield_rate: market.yield_rate + by, ..market }));
        let deviation = market.volatility * option.years.sqrt();
        let years = option.years;
        // The size that each number can have, for the error of a difference.
        let (value, width) = (100.0, 100.0 * deviation.min(1.0));
        let pairs = [
            ("delta", here.delta, spot(|g| g.value), 1.0),
            ("gamma", here.gamma, spot(|g| g.delta), 1.0 / width),
            ("speed", here.speed, spot(|g| g.gamma), 1.0 / width / width),
            ("vega", here.vega, volatility(|g| g.value), value * years.sqrt()),
            ("vanna", here.vanna, volatility(|g| g.delta), 1.0 / market.volatility),
            ("volga", here.volga, volatility(|g| g.vega), value * years.sqrt() / market.volatility),
            ("theta", here.theta, time(|g| g.value), value / years),
            ("charm", here.charm, time(|g| g.delta), 1.0 / years),
            ("veta", here.veta, time(|g| g.vega), value / years.sqrt() / years.min(1.0)),
            ("color", here.color, time(|g| g.gamma), 1.0 / width / years),
            ("rho", here.rho, rate(|g| g.value), value * years / deviation.min(1.0)),
            ("yield", here.yield_rho, yields(|g| g.value), value * years / deviation.min(1.0)),
        ];
        for (name, exact, differenced, size) in pairs {
            let fits = close(exact, differenced, size, 2e-6);
            prop_assert!(fits, "{name}: {exact} {differenced} {option:?} {market:?}");
        }
    }

    #[test]
    fn a_future_answers_to_the_rate_by_its_discount_alone((option, market) in cases()) {
        let Market { spot, rate, volatility, .. } = market;
        let at = |rate| {
            future::greeks(&option, &future::Future { price: spot, rate, volatility }).unwrap()
        };
        let slope = (at(rate + 1e-5).value - at(rate - 1e-5).value) / 2e-5;
        prop_assert!(close(at(rate).rho, slope, 100.0 * option.years, 1e-7));
    }
}

#[test]
fn far_out_of_the_money_a_price_keeps_its_digits() {
    // Integral of the tail to 40 digits: forward 100, strike 200, deviation 0.05.
    let price = black::price(Right::Call, 100.0, 200.0, 0.05).unwrap();
    assert!(price > 0.0 && price < 1e-40, "{price:e}");
    let double = black::price(Right::Call, 200.0, 400.0, 0.05).unwrap();
    assert!((double / price - 2.0).abs() < 1e-13);
    let mirrored = black::price(Right::Put, 200.0, 100.0, 0.05).unwrap();
    assert!((mirrored / price - 1.0).abs() < 1e-13);
}

#[test]
fn with_nothing_moving_the_price_is_the_intrinsic_value() {
    assert_eq!(black::price(Right::Call, 110.0, 100.0, 0.0).unwrap(), 10.0);
    assert_eq!(black::price(Right::Put, 110.0, 100.0, 0.0).unwrap(), 0.0);
    assert_eq!(black::time_value(110.0, 100.0, 0.0).unwrap(), 0.0);
}

#[test]
fn at_expiry_greeks_are_those_of_the_exercise() {
    let market = Market::new(110.0, 0.05, 0.02, 0.3).unwrap();
    let option = Vanilla::new(Right::Call, 100.0, 0.0).unwrap();
    let found = vanilla::greeks(&option, &market).unwrap();
    assert_eq!((found.value, found.delta, found.gamma, found.vega), (10.0, 1.0, 0.0, 0.0));
    let expected = 0.02 * 110.0 - 0.05 * 100.0;
    assert!((found.theta - expected).abs() < 1e-12);
}
