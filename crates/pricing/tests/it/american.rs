//! Early exercise: identities, bounds, convergence, boundary, dividends.

use pricing::american::grid::{self, Best, Fineness, Valuation};
use pricing::american::{Dividend, Exercise, implied, tree};
use pricing::implied::NoVolatility;
use pricing::{Market, Right, Vanilla, vanilla};
use proptest::prelude::*;

const MARKET: Market = Market { spot: 100.0, rate: 0.05, yield_rate: 0.0, volatility: 0.25 };
const COARSE: Fineness = Fineness { half: 100, steps: 50 };

fn option(right: Right, strike: f64) -> Vanilla {
    Vanilla { right, strike, years: 1.0 }
}

fn american(option: &Vanilla, market: &Market, dividends: &[Dividend]) -> Valuation {
    grid::value(option, market, dividends, Exercise::American, &Fineness::default()).unwrap()
}

#[test]
fn a_european_option_on_the_grid_is_the_formula() {
    for right in [Right::Call, Right::Put] {
        for strike in [70.0, 100.0, 130.0] {
            let option = option(right, strike);
            let market = Market { yield_rate: 0.02, ..MARKET };
            let fine = Fineness { half: 800, steps: 200 };
            let found = grid::value(&option, &market, &[], Exercise::European, &fine).unwrap();
            let exact = vanilla::greeks(&option, &market).unwrap();
            assert!((found.value - exact.value).abs() < 2e-4, "{} {}", found.value, exact.value);
            assert!((found.delta - exact.delta).abs() < 2e-5);
            assert!((found.gamma - exact.gamma).abs() < 2e-6);
            assert!((found.theta - exact.theta).abs() < 2e-3);
        }
    }
}

#[test]
fn twice_as_fine_is_four_times_as_close() {
    let option = option(Right::Put, 103.7);
    let exact = vanilla::price(&option, &MARKET).unwrap();
    let off = |factor: usize| {
        let fineness = Fineness { half: 50 * factor, steps: 50 * factor };
        let found = grid::value(&option, &MARKET, &[], Exercise::European, &fineness).unwrap();
        (found.value - exact).abs()
    };
    let [rough, middle, fine] = [off(1), off(2), off(4)];
    assert!((3.5..4.5).contains(&(rough / middle)), "{rough} {middle}");
    assert!((3.5..4.5).contains(&(middle / fine)), "{middle} {fine}");
}

#[test]
fn the_usual_fineness_is_right_to_two_ten_thousandths_of_the_price() {
    for years in [0.05, 0.5, 2.0] {
        let put = Vanilla { years, ..option(Right::Put, 100.0) };
        let finest = Fineness { half: 1000, steps: 800 };
        let exact = grid::value(&put, &MARKET, &[], Exercise::American, &finest).unwrap().value;
        let found = american(&put, &MARKET, &[]).value;
        assert!((found / exact - 1.0).abs() < 2e-4, "{years}: {found} {exact}");
    }
}

#[test]
fn grid_and_tree_agree_on_early_exercise() {
    let worlds = [(0.05, 0.0), (0.05, 0.08), (0.0, 0.04), (-0.02, 0.0)];
    for (rate, yield_rate) in worlds {
        for (right, strike) in [(Right::Put, 110.0), (Right::Call, 90.0), (Right::Put, 100.0)] {
            let market = Market { rate, yield_rate, ..MARKET };
            let option = option(right, strike);
            let grown = tree::value(&option, &market, &[], Exercise::American, 1501).unwrap();
            let found = american(&option, &market, &[]);
            assert!((found.value - grown.value).abs() < 2e-3, "{} {grown:?}", found.value);
            assert!((found.delta - grown.delta).abs() < 1e-3, "{} {grown:?}", found.delta);
            assert!((found.gamma - grown.gamma).abs() < 2e-4, "{} {grown:?}", found.gamma);
        }
    }
}

#[test]
fn a_call_without_dividends_is_never_exercised_early() {
    let call = option(Right::Call, 80.0);
    let found = american(&call, &MARKET, &[]);
    let exact = vanilla::price(&call, &MARKET).unwrap();
    assert!((found.value - exact).abs() < 1e-3, "{} {exact}", found.value);
    assert_eq!(found.best, Best::Hold);
    assert!(found.boundary.iter().all(|edge| edge.spot.is_none()));
}

#[test]
fn a_deep_put_is_exercised_now_and_stands_still() {
    let found = american(&option(Right::Put, 180.0), &MARKET, &[]);
    assert_eq!((found.value, found.best, found.theta), (80.0, Best::Exercise, 0.0));
    assert!((found.delta + 1.0).abs() < 1e-3, "{}", found.delta);
}

#[test]
fn the_boundary_of_a_put_rises_to_the_strike_and_never_falls() {
    let found = american(&option(Right::Put, 100.0), &MARKET, &[]);
    let spots: Vec<f64> = found.boundary.iter().map(|edge| edge.spot.unwrap()).collect();
    assert!(spots.windows(2).all(|pair| pair[0] <= pair[1] + 0.02), "{spots:?}");
    assert!(found.boundary.windows(2).all(|pair| pair[0].years < pair[1].years));
    assert!(spots[0] > 70.0 && spots[0] < 85.0, "{}", spots[0]);
    assert!(*spots.last().unwrap() > 97.0 && *spots.last().unwrap() <= 100.0);
}

#[test]
fn just_before_an_ex_date_calls_are_exercised_and_puts_are_not() {
    let dividends = [Dividend { years: 0.5, cash: 3.0 }];
    let near = |right| {
        let found = american(&option(right, 100.0), &MARKET, &dividends);
        found.boundary.iter().find(|edge| edge.years == 0.5).unwrap().spot
    };
    assert!(near(Right::Put).is_none_or(|spot| spot < 60.0), "{:?}", near(Right::Put));
    let edge = near(Right::Call).unwrap();
    let after = Vanilla { years: 0.5, ..option(Right::Call, 100.0) };
    let kept = vanilla::price(&after, &Market { spot: edge - 3.0, ..MARKET }).unwrap();
    assert!((edge - 100.0 - kept).abs() < 0.02, "{edge} {kept}");
}

#[test]
fn a_dividend_moves_value_from_calls_to_puts() {
    let dividends = [Dividend { years: 0.5, cash: 3.0 }];
    for strike in [90.0, 100.0, 110.0] {
        let call = option(Right::Call, strike);
        let put = option(Right::Put, strike);
        assert!(american(&call, &MARKET, &dividends).value < american(&call, &MARKET, &[]).value);
        assert!(american(&put, &MARKET, &dividends).value > american(&put, &MARKET, &[]).value);
    }
}

#[test]
fn european_calls_less_puts_are_the_forward_after_dividends() {
    let dividends = [Dividend { years: 0.25, cash: 2.0 }, Dividend { years: 0.75, cash: 2.0 }];
    let worth = |right| {
        let option = option(right, 105.0);
        let fine = Fineness { half: 400, steps: 200 };
        grid::value(&option, &MARKET, &dividends, Exercise::European, &fine).unwrap().value
    };
    let paid: f64 = dividends.iter().map(|d| d.cash * MARKET.discount(d.years)).sum();
    let parity = MARKET.spot - paid - 105.0 * MARKET.discount(1.0);
    let apart = worth(Right::Call) - worth(Right::Put);
    assert!((apart - parity).abs() < 1e-3, "{apart} {parity}");
}

#[test]
fn a_dividend_of_nearly_all_the_spot_leaves_nearly_nothing() {
    let dividends = [Dividend { years: 0.5, cash: 99.0 }];
    let call = american(&option(Right::Call, 150.0), &MARKET, &dividends);
    let put = american(&option(Right::Put, 100.0), &MARKET, &dividends);
    assert!(call.value >= 0.0 && call.value < 2.0, "{}", call.value);
    // The put is exercised the moment the share is ex: the strike less what is left of the share.
    let left = Vanilla { right: Right::Call, strike: 99.0, years: 0.5 };
    let expected = 100.0 * MARKET.discount(0.5) - vanilla::price(&left, &MARKET).unwrap();
    assert!((put.value - expected).abs() < 0.05, "{} {expected}", put.value);
}

#[test]
fn sensitivities_of_a_european_grid_are_those_of_the_formula() {
    let option = option(Right::Put, 95.0);
    let exact = vanilla::greeks(&option, &MARKET).unwrap();
    let found =
        grid::slopes(&option, &MARKET, &[], Exercise::European, &Fineness::default()).unwrap();
    assert!((found.vega - exact.vega).abs() < 0.02, "{} {}", found.vega, exact.vega);
    assert!((found.rho - exact.rho).abs() < 0.02, "{} {}", found.rho, exact.rho);
    assert!((found.yield_rho - exact.yield_rho).abs() < 0.02);
}

#[test]
fn sensitivities_of_an_american_put_are_those_of_a_tree() {
    let put = option(Right::Put, 105.0);
    let grown = |market| tree::value(&put, &market, &[], Exercise::American, 1001).unwrap().value;
    let by = 0.01;
    let vega = grown(Market { volatility: 0.25 + by, ..MARKET })
        - grown(Market { volatility: 0.25 - by, ..MARKET });
    let rho =
        grown(Market { rate: 0.05 + by, ..MARKET }) - grown(Market { rate: 0.05 - by, ..MARKET });
    let found = grid::slopes(&put, &MARKET, &[], Exercise::American, &Fineness::default()).unwrap();
    assert!((found.vega - vega / (2.0 * by)).abs() < 0.05, "{} {vega}", found.vega);
    assert!((found.rho - rho / (2.0 * by)).abs() < 0.2, "{} {rho}", found.rho);
}

#[test]
fn grid_and_tree_agree_on_dividends_in_cash() {
    let series = [
        vec![Dividend { years: 0.5, cash: 3.0 }],
        vec![Dividend { years: 0.05, cash: 1.5 }, Dividend { years: 0.6, cash: 20.0 }],
        vec![Dividend { years: 0.002, cash: 2.0 }],
        vec![Dividend { years: 1.0, cash: 4.0 }],
        vec![Dividend { years: 1.5, cash: 4.0 }],
    ];
    let fine = Fineness { half: 600, steps: 300 };
    for dividends in &series {
        for (right, strike) in [(Right::Put, 110.0), (Right::Call, 90.0), (Right::Call, 100.0)] {
            for exercise in [Exercise::American, Exercise::European] {
                let option = option(right, strike);
                let grown = tree::value(&option, &MARKET, dividends, exercise, 1001).unwrap();
                let found = grid::value(&option, &MARKET, dividends, exercise, &fine).unwrap();
                let place = format!("{exercise:?} {right:?} {strike} {dividends:?}");
                let (ours, theirs) = (grown.value, found.value);
                assert!((ours - theirs).abs() < 6e-3, "{ours} {theirs} {place}");
                assert!((grown.delta - found.delta).abs() < 2e-3, "{grown:?} {place}");
                assert!((grown.gamma - found.gamma).abs() < 4e-4, "{grown:?} {place}");
            }
        }
    }
}

#[test]
fn a_dividend_that_the_spot_can_not_pay_is_refused_by_the_tree_too() {
    let option = option(Right::Call, 100.0);
    let ask = |cash| {
        let dividends = [Dividend { years: 0.5, cash }];
        tree::value(&option, &MARKET, &dividends, Exercise::American, 101)
    };
    assert!(ask(100.0).is_err() && ask(-1.0).is_err());
    let left = ask(99.0).unwrap();
    assert!(left.value >= 0.0 && left.value < 40.0 && left.delta.is_finite(), "{left:?}");
}

#[test]
fn at_expiry_the_value_is_the_exercise() {
    let expired = Vanilla { years: 0.0, ..option(Right::Put, 120.0) };
    let found = american(&expired, &MARKET, &[]);
    assert_eq!((found.value, found.delta, found.best), (20.0, -1.0, Best::Exercise));
}

#[test]
fn a_volatility_below_the_grid_s_own_diffusion_stays_close_to_the_sure_thing() {
    let market = Market { volatility: 1e-3, ..MARKET };
    let call = option(Right::Call, 95.0);
    let sure = 100.0 - 95.0 * market.discount(1.0);
    let found = american(&call, &market, &[]);
    assert!((found.value - sure).abs() < 1e-2, "{} {sure}", found.value);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn an_american_option_is_worth_its_exercise_and_the_european_one_at_least(
        strike in 60.0..150.0f64, volatility in 0.05..1.0f64, rate in -0.03..0.1f64,
        yield_rate in 0.0..0.1f64, call in any::<bool>(),
    ) {
        let option = option(if call { Right::Call } else { Right::Put }, strike);
        let market = Market { rate, yield_rate, volatility, ..MARKET };
        let at = |exercise| grid::value(&option, &market, &[], exercise, &COARSE).unwrap().value;
        let exercised = (option.right.sign() * (100.0 - strike)).max(0.0);
        let (american, european) = (at(Exercise::American), at(Exercise::European));
        prop_assert!(american >= exercised - 1e-9, "{american} {exercised}");
        prop_assert!(american >= european - 1e-9, "{american} {european}");
    }

    #[test]
    fn a_call_is_a_put_with_money_and_underlying_swapped(
        strike in 70.0..140.0f64, volatility in 0.1..0.8f64, rate in 0.0..0.1f64,
        yield_rate in 0.0..0.1f64,
    ) {
        // McDonald and Schroder 1998, Journal of Computational Finance 1, p. 5.
        let market = Market { spot: 100.0, rate, yield_rate, volatility };
        let swapped = Market { spot: strike, rate: yield_rate, yield_rate: rate, volatility };
        let call = american(&option(Right::Call, strike), &market, &[]).value;
        let put = american(&option(Right::Put, 100.0), &swapped, &[]).value;
        prop_assert!((call - put).abs() < 2e-3 + 2e-4 * call, "{call} {put}");
    }

    #[test]
    fn calls_less_puts_keep_the_bounds_of_early_exercise(
        strike in 70.0..140.0f64, volatility in 0.1..0.8f64, rate in 0.0..0.1f64,
        yield_rate in 0.0..0.1f64,
    ) {
        let market = Market { spot: 100.0, rate, yield_rate, volatility };
        let worth = |right| american(&option(right, strike), &market, &[]).value;
        let apart = worth(Right::Call) - worth(Right::Put);
        let (carried, paid) = (100.0 * (-yield_rate).exp(), strike * (-rate).exp());
        prop_assert!(apart >= carried - strike - 2e-3, "{apart}");
        prop_assert!(apart <= 100.0 - paid + 2e-3, "{apart}");
    }

    #[test]
    fn the_volatility_of_an_american_price_is_the_one_it_was_made_with(
        strike in 80.0..120.0f64, volatility in 0.1..0.9f64, call in any::<bool>(),
    ) {
        let option = option(if call { Right::Call } else { Right::Put }, strike);
        let market = Market { volatility, ..MARKET };
        let dividends = [Dividend { years: 0.4, cash: 1.0 }];
        let made =
            grid::value(&option, &market, &dividends, Exercise::American, &COARSE).unwrap();
        prop_assume!(made.best == Best::Hold && made.gamma > 1e-5);
        let found = implied::volatility(&option, made.value, &MARKET, &dividends, &COARSE).unwrap();
        prop_assert!((found / volatility - 1.0).abs() < 1e-6, "{found} {volatility}");
    }
}

#[test]
fn american_prices_without_a_volatility_are_refused() {
    let ask = |right, strike, price| {
        implied::volatility(&option(right, strike), price, &MARKET, &[], &COARSE).unwrap_err()
    };
    let below = ask(Right::Put, 120.0, 19.0);
    assert_eq!(below, NoVolatility::BelowIntrinsic { price: 19.0, intrinsic: 20.0 });
    let above = ask(Right::Put, 120.0, 120.0);
    assert_eq!(above, NoVolatility::AboveMost { price: 120.0, most: 120.0 });
    assert!(matches!(
        ask(Right::Call, 90.0, f64::NAN),
        NoVolatility::Unusable { what: "price", .. }
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn whatever_the_market_a_value_stays_within_its_bounds(
        (strike, years) in (1.0..1000.0f64, 0.001..10.0f64),
        (rate, yield_rate, volatility) in (-0.1..0.3f64, -0.1..0.3f64, 0.001..4.0f64),
        (cash, share) in (0.01..60.0f64, 0.01..0.99f64), call in any::<bool>(),
    ) {
        let right = if call { Right::Call } else { Right::Put };
        let option = Vanilla { right, strike, years };
        let market = Market { spot: 100.0, rate, yield_rate, volatility };
        let dividends = [Dividend { years: share * years, cash }];
        let fineness = Fineness { half: 60, steps: 30 };
        let found =
            grid::value(&option, &market, &dividends, Exercise::American, &fineness).unwrap();
        let least = (right.sign() * (100.0 - strike)).max(0.0);
        let growth = (-yield_rate.min(0.0) * years).exp();
        let most = if call { 100.0 * growth } else { strike * (-rate.min(0.0) * years).exp() };
        prop_assert!(found.value >= least - 1e-9, "{} {least}", found.value);
        prop_assert!(found.value <= most * 1.001, "{} {most}", found.value);
        let steepest = growth.max((-rate.min(0.0) * years).exp()) * 1.01;
        prop_assert!(found.delta.abs() <= steepest, "{}", found.delta);
        // A put bends down where the payment is all that the spot is.
        prop_assert!(!call || found.gamma >= -1e-4, "{}", found.gamma);
    }
}
