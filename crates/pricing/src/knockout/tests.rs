use base::Seed;
use market::Side;
use proptest::prelude::*;

use super::*;

fn terms(side: Side) -> Terms {
    let financing = Financing { reference_rate: 0.039, margin: 0.035, year_days: 360.0 };
    Terms { side, ratio: 0.01, financing, rule: BarrierRule::AtStrike }
}

fn mini(side: Side) -> Terms {
    Terms { rule: BarrierRule::Buffer { fraction: 0.02 }, ..terms(side) }
}

fn sessions(count: usize, night: Night) -> Vec<Leg> {
    let session = Leg::Session { years: 1.0 / 252.0 };
    (0..count).flat_map(|_| [Leg::Night(night), session]).skip(1).collect()
}

fn forecast(up_chance: f64, legs: Vec<Leg>) -> Forecast {
    Forecast { up_chance, return_if_up: 0.02, return_if_down: -0.02, volatility: 0.2, legs }
}

const NIGHT: Night = Night {
    deviation: 0.004,
    jump_chance: 0.0,
    jump_deviation: 0.0,
    days: 1,
    turn: MonthTurn::Within,
};

fn bet(utility: Utility) -> Bet {
    Bet { stake: 0.2, spread_points: 2.0, stop_loss: None, utility, most_knock_out: None }
}

#[test]
fn a_weekend_costs_a_long_three_days_and_a_short_the_difference() {
    let after = |side, rate| {
        let mut terms = terms(side);
        terms.financing.reference_rate = rate;
        let turbo = Turbo::new(terms, 15_000.0, 15_000.0).unwrap();
        turbo.after_night(3, MonthTurn::Within).unwrap()
    };
    let cases = [
        (Side::Long, 0.039, 15_009.25),
        (Side::Short, 0.039, 15_000.5),
        (Side::Long, -0.005, 15_003.75),
        (Side::Short, -0.005, 14_995.0),
    ];
    for (side, rate, strike) in cases {
        let turbo = after(side, rate);
        assert!((turbo.strike() - strike).abs() < 1e-9, "{side} {rate}: {}", turbo.strike());
        assert_eq!(turbo.barrier(), turbo.strike());
    }
}

#[test]
fn the_barrier_of_a_mini_future_moves_when_a_month_begins() {
    let turbo = Turbo::new(mini(Side::Long), 10_000.0, 10_200.0).unwrap();
    let within = turbo.after_night(1, MonthTurn::Within).unwrap();
    assert_eq!(within.barrier(), 10_200.0);
    let begun = within.after_night(1, MonthTurn::Begins).unwrap();
    assert!((begun.barrier() / begun.strike() - 1.02).abs() < 1e-12);
    let short = Turbo::new(mini(Side::Short), 10_000.0, 9_800.0).unwrap();
    let begun = short.after_night(1, MonthTurn::Begins).unwrap();
    assert!((begun.barrier() / begun.strike() - 0.98).abs() < 1e-12);
}

#[test]
fn a_strike_that_catches_up_takes_its_barrier_along() {
    let mut turbo = Turbo::new(mini(Side::Long), 10_000.0, 10_001.0).unwrap();
    for _ in 0..3 {
        turbo = turbo.after_night(1, MonthTurn::Within).unwrap();
        assert!(turbo.barrier() >= turbo.strike());
    }
    assert_eq!(turbo.barrier(), turbo.strike());
}

#[test]
fn a_touch_leaves_the_buffer_and_a_gap_takes_it() {
    let turbo = Turbo::new(mini(Side::Long), 10_000.0, 10_200.0).unwrap();
    assert!((turbo.intrinsic(10_200.0) - 2.0).abs() < 1e-12);
    assert!((turbo.intrinsic(10_050.0) - 0.5).abs() < 1e-12);
    assert_eq!(turbo.intrinsic(9_000.0), 0.0);
    let turbo = Turbo::at_distance(terms(Side::Short), 15_000.0, 0.03).unwrap();
    assert_eq!((turbo.intrinsic(15_450.0), turbo.intrinsic(16_000.0)), (0.0, 0.0));
}

#[test]
fn a_quote_stands_around_the_value_and_never_below_zero() {
    let turbo = Turbo::new(terms(Side::Long), 14_999.5, 14_999.5).unwrap();
    let quote = turbo.quote(15_099.5, 2.0).unwrap();
    assert!((quote.bid - 0.99).abs() < 1e-12 && (quote.ask - 1.01).abs() < 1e-12, "{quote:?}");
    assert_eq!(turbo.quote(15_000.0, 2.0).unwrap().bid, 0.0);
}

#[test]
fn the_chance_of_a_knock_out_is_that_of_paths_with_a_barrier_at_rest() {
    let horizon = Horizon { years: 5.0 / 252.0, growth: 0.0, volatility: 0.2 };
    let legs = vec![Leg::Session { years: horizon.years }];
    let even = Forecast { return_if_up: 0.0, ..forecast(1.0, legs) };
    let paths = Paths::draw(15_000.0, &even, 40_000, Seed::root(1)).unwrap();
    for side in [Side::Long, Side::Short] {
        for distance in [0.005, 0.01, 0.02, 0.04, 0.08] {
            let turbo = Turbo::at_distance(mini(side), 15_000.0, distance).unwrap();
            let exact = turbo.knock_out_probability(15_000.0, &horizon).unwrap();
            let found = paths.knock_out(&turbo).unwrap();
            let away = (found.mean - exact).abs();
            assert!(
                away <= 3.5 * found.standard_error.max(1e-5),
                "{side} {distance} {exact} {found:?}"
            );
        }
    }
}

#[test]
fn the_chance_of_a_knock_out_is_that_of_paths_with_daily_financing() {
    // Financing of 80 % a year, so that the barrier's own way counts.
    let mut dear = terms(Side::Long);
    dear.financing.margin = 0.761;
    let horizon = Horizon { years: 60.0 / 365.0, growth: 0.0, volatility: 0.2 };
    let still = Night { deviation: 0.0, ..NIGHT };
    let day = [Leg::Session { years: 1.0 / 365.0 }, Leg::Night(still)];
    let legs: Vec<Leg> = day.into_iter().cycle().take(120).collect();
    let even = Forecast { return_if_up: 0.0, ..forecast(1.0, legs) };
    let paths = Paths::draw(15_000.0, &even, 10_000, Seed::root(2)).unwrap();
    let turbo = Turbo::at_distance(dear, 15_000.0, 0.15).unwrap();
    let exact = turbo.knock_out_probability(15_000.0, &horizon).unwrap();
    let at_rest = Turbo::at_distance(mini(Side::Long), 15_000.0, 0.15).unwrap();
    let at_rest = at_rest.knock_out_probability(15_000.0, &horizon).unwrap();
    let found = paths.knock_out(&turbo).unwrap();
    assert!((found.mean - exact).abs() < 3.5 * found.standard_error, "{exact} {found:?}");
    assert!(exact - at_rest > 20.0 * found.standard_error, "{exact} {at_rest}");
}

#[test]
fn jumps_overnight_kill_more_than_the_diffusion_says() {
    let night = Night { deviation: 0.0, jump_chance: 0.05, jump_deviation: 0.05, ..NIGHT };
    let even = Forecast { return_if_up: 0.0, ..forecast(1.0, sessions(5, night)) };
    let paths = Paths::draw(15_000.0, &even, 20_000, Seed::root(3)).unwrap();
    let turbo = Turbo::at_distance(mini(Side::Long), 15_000.0, 0.08).unwrap();
    let horizon = Horizon { years: 5.0 / 252.0, growth: 0.0, volatility: 0.2 };
    let bound = turbo.knock_out_probability(15_000.0, &horizon).unwrap();
    let found = paths.knock_out(&turbo).unwrap();
    assert!(found.mean - bound > 10.0 * found.standard_error, "{bound} {found:?}");
}

#[test]
fn staying_out_is_chosen_where_there_is_no_edge() {
    let paths = Paths::draw(15_000.0, &forecast(0.5, sessions(3, NIGHT)), 4_000, Seed::root(4));
    let bet = bet(Utility::Crra { aversion: 2.0 });
    let choice = choose_within(terms(Side::Long), (0.005, 0.2), &paths.unwrap(), &bet).unwrap();
    assert_eq!(choice.best, None);
    assert!(choice.judged.iter().all(|one| one.utility.mean < 0.0));
}

#[test]
fn with_an_edge_the_best_barrier_lies_within_the_range() {
    let paths = Paths::draw(15_000.0, &forecast(0.65, sessions(3, NIGHT)), 4_000, Seed::root(4));
    let paths = paths.unwrap();
    let choice =
        choose_within(terms(Side::Long), (0.003, 0.5), &paths, &bet(Utility::LogGrowth)).unwrap();
    let best = choice.judged[choice.best.unwrap()];
    let distance = best.turbo.distance(15_000.0);
    assert!((0.004..0.4).contains(&distance), "{best:?}");
    assert!(choice.judged.iter().all(|one| one.utility.mean <= best.utility.mean));
    assert!((best.leverage * distance - 1.0).abs() < 1e-9, "{best:?}");
    assert!(best.knock_out.standard_error > 0.0);
}

#[test]
fn a_stop_in_front_of_the_barrier_leaves_knock_outs_to_the_gaps() {
    let stopped = Bet { stop_loss: Some(0.4), ..bet(Utility::LogGrowth) };
    let judge = |night: Night| {
        let forecast = forecast(0.5, sessions(5, night));
        let paths = Paths::draw(15_000.0, &forecast, 4_000, Seed::root(5)).unwrap();
        let turbo = Turbo::at_distance(terms(Side::Long), 15_000.0, 0.02).unwrap();
        choose(&[turbo], &paths, &stopped).unwrap().judged[0]
    };
    let still = judge(Night { deviation: 0.0, ..NIGHT });
    assert_eq!(still.knock_out.mean, 0.0);
    assert!(still.stopped.mean > 0.1, "{still:?}");
    assert!(judge(Night { deviation: 0.02, ..NIGHT }).knock_out.mean > 0.05);
}

#[test]
fn a_certificate_written_down_comes_back_and_one_that_never_was_does_not() {
    let turbo = Turbo::at_distance(mini(Side::Short), 15_000.0, 0.03).unwrap();
    let text = serde_json::to_string(&turbo).unwrap();
    assert_eq!(serde_json::from_str::<Turbo>(&text).unwrap(), turbo);
    let beyond = text.replace(&format!("\"strike\":{}", turbo.strike()), "\"strike\":1.0");
    let told = serde_json::from_str::<Turbo>(&beyond).unwrap_err().to_string();
    assert!(told.contains("at or below the strike"), "{told}");
}

#[test]
fn losing_all_with_everything_staked_is_worth_minus_infinity() {
    let paths = Paths::draw(15_000.0, &forecast(0.9, sessions(5, NIGHT)), 500, Seed::root(6));
    let all = Bet { stake: 1.0, ..bet(Utility::LogGrowth) };
    let turbo = Turbo::at_distance(terms(Side::Long), 15_000.0, 0.005).unwrap();
    let choice = choose(&[turbo], &paths.unwrap(), &all).unwrap();
    assert_eq!(choice.judged[0].utility.mean, f64::NEG_INFINITY);
    assert_eq!(choice.best, None);
}

#[test]
fn a_bound_on_the_chance_of_a_knock_out_moves_the_choice_away() {
    let paths = Paths::draw(15_000.0, &forecast(0.8, sessions(5, NIGHT)), 4_000, Seed::root(8));
    let paths = paths.unwrap();
    let near_to_far = [0.01, 0.02, 0.03, 0.05, 0.08, 0.12];
    let offered = near_to_far
        .map(|distance| Turbo::at_distance(terms(Side::Long), 15_000.0, distance).unwrap());
    let gain = bet(Utility::MeanVariance { aversion: 0.0 });
    let chosen = |most_knock_out| {
        let choice = choose(&offered, &paths, &Bet { most_knock_out, ..gain }).unwrap();
        let best = choice.best.unwrap();
        (best, choice.judged[best].knock_out.upper())
    };
    let (free, bound) = (chosen(None), chosen(Some(0.05)));
    assert!(bound.0 > free.0 && bound.1 <= 0.05 && free.1 > 0.05, "{free:?} {bound:?}");
    let none = choose(&offered[..1], &paths, &Bet { most_knock_out: Some(1e-3), ..gain }).unwrap();
    assert_eq!(none.best, None);
}

#[test]
fn what_no_certificate_or_bet_has_is_refused_by_name() {
    let long = terms(Side::Long);
    let turbo = Turbo::new(long, 14_000.0, 14_000.0).unwrap();
    let horizon = Horizon { years: 0.1, growth: 0.0, volatility: 0.2 };
    let chance = |index, horizon| turbo.knock_out_probability(index, &horizon).err();
    let paths = Paths::draw(15_000.0, &forecast(0.5, sessions(1, NIGHT)), 10, Seed::root(1));
    let paths = paths.unwrap();
    let financing = Financing { margin: -0.01, ..long.financing };
    let cases = [
        (Turbo::new(Terms { ratio: 0.0, ..long }, 1.0, 1.0).err(), "ratio: 0 is not"),
        (Turbo::new(Terms { financing, ..long }, 1.0, 1.0).err(), "financing margin: -0.01 is not"),
        (Turbo::new(long, f64::NAN, 1.0).err(), "strike: NaN is not"),
        (
            Turbo::new(mini(Side::Long), 100.0, 99.0).err(),
            "barrier: 99 is not at or above the strike",
        ),
        (Turbo::new(mini(Side::Short), 100.0, 101.0).err(), "barrier: 101 is not at or below"),
        (Turbo::new(long, 100.0, 101.0).err(), "barrier: 101 is not equal to the strike"),
        (Turbo::at_distance(long, 100.0, 0.0).err(), "distance of the barrier: 0 is not"),
        (Turbo::at_distance(long, 100.0, 1.0).err(), "distance of the barrier: 1 is not below 1"),
        (turbo.quote(13_999.0, 1.0).err(), "index: 13999 is not above the barrier"),
        (turbo.quote(15_000.0, -1.0).err(), "spread: -1 is not"),
        (turbo.leverage(14_000.0).err(), "index: 14000 is not above the barrier"),
        (chance(13_000.0, horizon), "index: 13000 is not above the barrier"),
        (chance(15_000.0, Horizon { volatility: 0.0, ..horizon }), "volatility: 0 is not"),
        (chance(15_000.0, Horizon { volatility: f64::NAN, ..horizon }), "volatility: NaN is not"),
        (chance(15_000.0, Horizon { years: -1.0, ..horizon }), "horizon: -1 is not"),
        (choose(&[], &paths, &bet(Utility::LogGrowth)).err(), "number of certificates: 0"),
        (
            choose(&[turbo], &paths, &Bet { stake: 1.5, ..bet(Utility::LogGrowth) }).err(),
            "stake: 1.5 is not at most 1",
        ),
        (
            choose(&[turbo], &paths, &Bet { stop_loss: Some(1.0), ..bet(Utility::LogGrowth) })
                .err(),
            "stop-loss: 1 is not below 1",
        ),
        (
            choose(&[turbo], &paths, &Bet { most_knock_out: Some(0.0), ..bet(Utility::LogGrowth) })
                .err(),
            "bound on the chance of a knock-out: 0 is not",
        ),
        (
            Paths::draw(1.0, &forecast(1.5, sessions(1, NIGHT)), 10, Seed::root(1)).err(),
            "chance of up: 1.5 is not within",
        ),
        (
            Paths::draw(1.0, &forecast(0.5, vec![Leg::Night(NIGHT)]), 10, Seed::root(1)).err(),
            "length of all sessions: 0 is not",
        ),
    ];
    for (error, wanted) in cases {
        let found = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(found.contains(wanted), "{found:?} lacks {wanted:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn leverage_is_exact_for_any_move_that_leaves_the_certificate_alive(
        long: bool, distance in 0.002..0.9f64, share in -0.9..0.9f64,
    ) {
        let side = if long { Side::Long } else { Side::Short };
        let turbo = Turbo::at_distance(terms(side), 15_000.0, distance).unwrap();
        let moved = share * distance;
        let before = turbo.intrinsic(15_000.0);
        let gained = turbo.intrinsic(15_000.0 * (1.0 + moved)) / before - 1.0;
        let leverage = turbo.leverage(15_000.0).unwrap();
        prop_assert!((gained - side.sign() * leverage * moved).abs() < 1e-8);
    }

    #[test]
    fn more_risk_aversion_never_chooses_a_nearer_barrier(
        up in 0.5..0.8f64, seed: u64, calm in 0.0..10.0f64, more in 0.1..20.0f64,
        mean_variance: bool,
    ) {
        let legs = sessions(3, NIGHT);
        let paths = Paths::draw(15_000.0, &forecast(up, legs), 1_000, Seed::root(seed)).unwrap();
        let offered: Vec<Turbo> = (0..24)
            .map(|step| 0.006 * 1.2f64.powi(step))
            .map(|distance| Turbo::at_distance(terms(Side::Long), 15_000.0, distance).unwrap())
            .collect();
        let best = |aversion: f64| {
            let utility = if mean_variance {
                Utility::MeanVariance { aversion }
            } else {
                Utility::Crra { aversion }
            };
            choose(&offered, &paths, &bet(utility)).unwrap().best
        };
        // Staying out is the furthest barrier of all.
        let place = |best: Option<usize>| best.unwrap_or(offered.len());
        prop_assert!(place(best(calm + more)) >= place(best(calm)));
    }

    #[test]
    fn a_barrier_further_away_is_touched_less_often(
        long: bool, near in 0.005..0.1f64, further in 0.001..0.1f64, years in 0.001..1.0f64,
    ) {
        let side = if long { Side::Long } else { Side::Short };
        let horizon = Horizon { years, growth: 0.05, volatility: 0.25 };
        let chance = |distance| {
            let turbo = Turbo::at_distance(terms(side), 15_000.0, distance).unwrap();
            turbo.knock_out_probability(15_000.0, &horizon).unwrap()
        };
        prop_assert!(chance(near) >= chance(near + further));
    }
}
