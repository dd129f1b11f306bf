use base::Seed;
use base::stats::normal_quantile;
use proptest::prelude::*;

use super::*;

fn market() -> Market {
    Market { spot: 100.0, rate: 0.1, yield_rate: 0.0, volatility: 0.3 }
}

fn option() -> BarrierOption {
    BarrierOption {
        right: Right::Call,
        barrier: Barrier::Down,
        knock: Knock::Out,
        payoff: Payoff::Vanilla,
        strike: 100.0,
        level: 95.0,
        rebate: 0.0,
        years: 0.2,
        watched: Watched::Always,
    }
}

#[test]
fn a_barrier_seen_once_a_day_is_worth_what_paths_seen_once_a_day_pay() {
    let (steps, paths) = (50, 40_000);
    let years = 0.2 / f64::from(steps);
    let watched = Watched::Every { years };
    let corrected = BarrierOption { watched, ..option() }.value(&market()).unwrap();
    let mut rng = Seed::root(11).rng();
    let (mut sum, mut squares) = (0.0, 0.0);
    for _ in 0..paths {
        let (mut log, mut alive) = (100f64.ln(), true);
        for _ in 0..steps {
            let z = normal_quantile(rng.random_range(f64::EPSILON..1.0));
            log += log_drift(&market()) * years + 0.3 * years.sqrt() * z;
            alive &= log > 95f64.ln();
        }
        let paid = if alive { (log.exp() - 100.0).max(0.0) * (-0.02f64).exp() } else { 0.0 };
        sum += paid;
        squares += paid * paid;
    }
    let count = f64::from(paths);
    let mean = sum / count;
    let error = ((squares / count - mean * mean) / count).sqrt();
    let continuous = option().value(&market()).unwrap();
    assert!((corrected - mean).abs() < 3.0 * error, "{corrected} {mean} ± {error}");
    assert!(mean - continuous > 5.0 * error, "{continuous} {mean} ± {error}");
}

#[test]
fn what_no_contract_has_is_refused_by_name() {
    let told =
        |option: BarrierOption, market: Market| option.value(&market).unwrap_err().to_string();
    let cases = [
        (
            BarrierOption { level: 100.0, ..option() },
            market(),
            "barrier: 100 is not below the spot",
        ),
        (
            BarrierOption { barrier: Barrier::Up, ..option() },
            market(),
            "barrier: 95 is not above the spot",
        ),
        (option(), Market { volatility: 0.0, ..market() }, "volatility: 0 is not"),
        (option(), Market { volatility: f64::NAN, ..market() }, "volatility: NaN is not"),
        (option(), Market { spot: -1.0, ..market() }, "spot: -1 is not"),
        (BarrierOption { strike: f64::INFINITY, ..option() }, market(), "strike: inf is not"),
        (BarrierOption { years: 0.0, ..option() }, market(), "expiry: 0 is not"),
        (BarrierOption { rebate: -1.0, ..option() }, market(), "rebate: -1 is not"),
        (BarrierOption { level: f64::NAN, ..option() }, market(), "barrier: NaN is not"),
        (
            BarrierOption { watched: Watched::Every { years: 0.0 }, ..option() },
            market(),
            "interval of watching: 0 is not",
        ),
        (
            BarrierOption { rebate: 1.0, ..option() },
            Market { rate: -0.5, yield_rate: -0.545, ..market() },
            "rate: -0.5 is not above",
        ),
    ];
    for (option, market, wanted) in cases {
        let found = told(option, market);
        assert!(found.contains(wanted), "{found:?} lacks {wanted:?}");
    }
}

prop_compose! {
    fn worlds()(
        rate in -0.02..0.1f64, yield_rate in -0.02..0.1f64, volatility in 0.02..1.0f64,
    ) -> Market {
        Market { spot: 100.0, rate, yield_rate, volatility }
    }
}

prop_compose! {
    fn options()(
        call: bool, down: bool, away in 0.001..0.9f64, strike in 40.0..250.0f64,
        years in 0.001..5.0f64,
    ) -> BarrierOption {
        let barrier = if down { Barrier::Down } else { Barrier::Up };
        let level = if down { 100.0 * (-away).exp() } else { 100.0 * away.exp() };
        let right = if call { Right::Call } else { Right::Put };
        BarrierOption { right, barrier, level, strike, years, ..option() }
    }
}

proptest! {
    #[test]
    fn in_and_out_sum_to_the_same_for_either_side_of_barrier(
        option in options(), market in worlds(), away in 0.001..0.9f64,
    ) {
        let sum = |option: BarrierOption| {
            let value = |knock| BarrierOption { knock, ..option }.value(&market).unwrap();
            value(Knock::In) + value(Knock::Out)
        };
        let down = BarrierOption {
            barrier: Barrier::Down, level: 100.0 * (-away).exp(), ..option
        };
        let up = BarrierOption { barrier: Barrier::Up, level: 100.0 * away.exp(), ..option };
        prop_assert!((sum(down) - sum(up)).abs() < 1e-8, "{} {}", sum(down), sum(up));
    }

    #[test]
    fn a_barrier_further_away_leaves_more_of_an_option_that_it_kills(
        option in options(), market in worlds(), further in 0.001..0.5f64,
    ) {
        let level = option.level * (-option.barrier.sign() * further).exp();
        let (near, far) = (option.value(&market).unwrap(),
            BarrierOption { level, ..option }.value(&market).unwrap());
        prop_assert!(far >= near - 1e-8, "{near} {far}");
    }

    #[test]
    fn the_touch_and_the_no_touch_are_worth_a_bond(option in options(), market in worlds()) {
        let BarrierOption { barrier, level, years, watched, .. } = option;
        let touch = Touch { barrier, level, years, watched };
        let bond = market.discount(years);
        let both = touch.value(&market, PaidAt::Expiry).unwrap()
            + touch.no_touch_value(&market).unwrap();
        prop_assert!((both - bond).abs() < 1e-12);
        if market.rate > 0.0 {
            let at_once = touch.value(&market, PaidAt::Touch).unwrap();
            let later = touch.value(&market, PaidAt::Expiry).unwrap();
            prop_assert!(at_once >= later - 1e-12 && at_once <= 1.0 + 1e-12, "{at_once} {later}");
        }
    }

    #[test]
    fn values_are_finite_however_extreme_the_numbers(
        volatility in 1e-4..5.0f64, away in 1e-6..5.0f64, rate in 0.0..0.5f64,
        yield_rate in 0.0..0.5f64,
    ) {
        let market = Market { spot: 100.0, rate, yield_rate, volatility };
        let level = 100.0 * (-away).exp();
        let value = BarrierOption { level, rebate: 1.0, ..option() }.value(&market).unwrap();
        prop_assert!(value.is_finite() && (0.0..=101.0).contains(&value), "{value}");
    }
}
