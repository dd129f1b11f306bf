use base::Seed;
use base::seed::Rng;
use base::stats;
use proptest::prelude::*;

use super::simulate::{exponential, uniform};
use super::*;

/// Two kinds that excite each other, with a fast and a slow kernel.
fn parameters() -> HawkesParameters {
    HawkesParameters {
        base: vec![0.4, 0.2],
        decays: vec![0.5, 20.0],
        branching: vec![0.15, 0.25, 0.1, 0.05, 0.05, 0.1, 0.2, 0.3],
    }
}

fn model() -> Hawkes {
    Hawkes::new(parameters()).unwrap()
}

fn fixed(decays: Vec<f64>) -> HawkesFitConfig {
    HawkesFitConfig { decays: Decays::Fixed(decays), ..HawkesFitConfig::default() }
}

/// The rate by its definition.
fn rate(model: &Hawkes, past: &[Arrival], kind: usize, now: f64) -> f64 {
    let it = model.parameters();
    let mut rate = it.base[kind];
    for one in past {
        for (kernel, decay) in it.decays.iter().enumerate() {
            let place = (one.kind * model.kinds() + kind) * model.kernels() + kernel;
            rate += it.branching[place] * decay * (-decay * (now - one.at_seconds)).exp();
        }
    }
    rate
}

/// The log-likelihood by its definition, with as many turns as there are pairs of events.
fn slow_log_likelihood(model: &Hawkes, arrivals: &[Arrival], seconds: f64) -> f64 {
    let it = model.parameters();
    let logs = arrivals.iter().enumerate();
    let logs: f64 =
        logs.map(|(at, one)| rate(model, &arrivals[..at], one.kind, one.at_seconds).ln()).sum();
    let mut expected = seconds * it.base.iter().sum::<f64>();
    for one in arrivals {
        for to in 0..model.kinds() {
            for (kernel, decay) in it.decays.iter().enumerate() {
                let place = (one.kind * model.kinds() + to) * model.kernels() + kernel;
                let part = 1.0 - (-decay * (seconds - one.at_seconds)).exp();
                expected += it.branching[place] * part;
            }
        }
    }
    logs - expected
}

/// Ogata's thinning (1981, IEEE Trans. Inf. Theory 27, 23–31), with rates by their definition.
fn thinned(model: &Hawkes, seconds: f64, rng: &mut Rng) -> Vec<Arrival> {
    let (mut now, mut past): (f64, Vec<Arrival>) = (0.0, Vec::new());
    loop {
        let recent = &past[past.len().saturating_sub(400)..];
        let rates = |now| (0..model.kinds()).map(move |kind| rate(model, recent, kind, now));
        let bound: f64 = rates(now + 1e-12).sum();
        now += exponential(rng) / bound;
        if now > seconds {
            return past;
        }
        let mut left = uniform(rng) * bound;
        let kind = rates(now).position(|rate| {
            left -= rate;
            left <= 0.0
        });
        if let Some(kind) = kind {
            past.push(Arrival { at_seconds: now, kind });
        }
    }
}

fn rates_of(arrivals: &[Arrival], kinds: usize, seconds: f64) -> Vec<f64> {
    let count = |kind| arrivals.iter().filter(|one| one.kind == kind).count();
    (0..kinds).map(|kind| count(kind) as f64 / seconds).collect()
}

#[test]
fn a_single_kind_comes_one_over_one_minus_n_as_often() {
    let branching = vec![0.6];
    let it = HawkesParameters { base: vec![2.0], decays: vec![3.0], branching };
    let model = Hawkes::new(it).unwrap();
    assert!((model.branching_ratio() - 0.6).abs() < 1e-12);
    assert!((model.mean_rates()[0] - 5.0).abs() < 1e-9);
}

#[test]
fn the_ratio_of_two_kinds_is_the_spectral_radius() {
    // numpy.linalg.eigvals([[0.4, 0.15], [0.15, 0.5]])
    assert!((model().branching_ratio() - 0.608_113_883_008_419).abs() < 1e-10);
    let circle = vec![0.0, 0.81, 0.25, 0.0];
    let it = HawkesParameters { base: vec![1.0; 2], decays: vec![1.0], branching: circle };
    assert!((Hawkes::new(it).unwrap().branching_ratio() - 0.45).abs() < 1e-9);
}

#[test]
fn what_does_not_come_to_rest_is_refused() {
    let cases: [(&str, fn(&mut HawkesParameters)); 6] = [
        ("ratio", |it| it.branching.iter_mut().for_each(|alpha| *alpha *= 1.7)),
        ("negative", |it| it.branching[3] = -0.1),
        ("not a number", |it| it.base[0] = f64::NAN),
        ("shape", |it| it.branching.truncate(5)),
        ("decay", |it| it.decays[1] = 0.0),
        ("nothing", |it| it.base.clear()),
    ];
    for (name, spoil) in cases {
        let mut it = parameters();
        spoil(&mut it);
        let refused = Hawkes::new(it.clone());
        assert!(matches!(refused, Err(Error::ReadSetting { .. })), "{name}");
        let text = serde_json::to_string(&it).unwrap();
        assert!(serde_json::from_str::<Hawkes>(&text).is_err(), "{name} read from a text");
    }
}

#[test]
fn mean_rates_of_simulation_and_of_thinning_are_those_of_theory() {
    let model = model();
    let seconds = 400.0;
    type Maker = fn(&Hawkes, f64, &mut Rng) -> Vec<Arrival>;
    let makers: [(&str, u64, Maker); 2] = [
        ("exact", 400, |model, seconds, rng| model.simulate(seconds, rng)),
        ("thinned", 60, thinned),
    ];
    for (name, runs, make) in makers {
        let all: Vec<Vec<f64>> = (0..runs)
            .map(|run| make(&model, seconds, &mut Seed::root(3).child(name).index(run).rng()))
            .map(|arrivals| rates_of(&arrivals, 2, seconds))
            .collect();
        for (kind, wanted) in model.mean_rates().into_iter().enumerate() {
            let rates: Vec<f64> = all.iter().map(|rates| rates[kind]).collect();
            let error = stats::std_dev(&rates) / (runs as f64).sqrt();
            // A calm beginning costs λ̄ × n ÷ ((1 − n) β): below 1 % here.
            let miss = stats::mean(&rates) - wanted;
            assert!(miss.abs() < 3.5 * error + 0.01 * wanted, "{name} {kind}: {miss} ± {error}");
        }
    }
}

#[test]
fn counts_of_simulation_spread_as_those_of_thinning() {
    let model = model();
    let spread = |make: &dyn Fn(&mut Rng) -> Vec<Arrival>, name: &str, runs: u64| {
        let counts: Vec<f64> = (0..runs)
            .map(|run| make(&mut Seed::root(8).child(name).index(run).rng()).len() as f64)
            .collect();
        stats::variance(&counts) / stats::mean(&counts)
    };
    let exact = spread(&|rng| model.simulate(100.0, rng), "exact", 1_500);
    let slow = spread(&|rng| thinned(&model, 100.0, rng), "thinned", 250);
    // Both are far from the 1 of a Poisson process; the error of each ratio is √(2 ÷ runs).
    assert!(exact > 3.0 && (exact / slow - 1.0).abs() < 0.35, "{exact} {slow}");
}

#[test]
fn one_seed_one_simulation_and_a_stored_state_goes_on() {
    let model = model();
    let make = |seed: u64| model.simulate(50.0, &mut Seed::root(seed).rng());
    assert_eq!(make(1), make(1));
    assert_ne!(make(1), make(2));
    let mut state = Excitement::usual(&model);
    state.next(&model, 1.0, &mut Seed::root(1).rng());
    let text = serde_json::to_string(&state).unwrap();
    let mut stored: Excitement = serde_json::from_str(&text).unwrap();
    let on = |state: &mut Excitement| state.next(&model, 30.0, &mut Seed::root(2).rng());
    assert_eq!(on(&mut state), on(&mut stored));
}

#[test]
fn the_usual_state_has_the_mean_rates() {
    let model = model();
    let state = Excitement::usual(&model);
    for (rate, wanted) in state.rates(&model).iter().zip(model.mean_rates()) {
        assert!((rate - wanted).abs() < 1e-9, "{rate} {wanted}");
    }
}

#[test]
fn nothing_happens_without_a_rate() {
    let it = HawkesParameters { base: vec![0.0], decays: vec![1.0], branching: vec![0.5] };
    let model = Hawkes::new(it).unwrap();
    let mut state = Excitement::calm(&model);
    assert_eq!(state.next(&model, 7.0, &mut Seed::root(1).rng()), None);
    assert_eq!(state.now_seconds(), 7.0);
}

#[test]
fn arrivals_that_are_none_are_refused() {
    let model = model();
    let one = |at_seconds, kind| Arrival { at_seconds, kind };
    let cases = [
        vec![one(2.0, 0), one(1.0, 0)],
        vec![one(-1.0, 0)],
        vec![one(11.0, 0)],
        vec![one(f64::NAN, 0)],
        vec![one(1.0, 2)],
    ];
    for arrivals in cases {
        let refused = model.log_likelihood(&arrivals, 10.0);
        assert!(matches!(refused, Err(Error::ReadArrivals { .. })), "{arrivals:?}");
        assert!(model.residuals(&arrivals, 10.0).is_err());
        assert!(fit(&arrivals, 2, 10.0, &fixed(vec![1.0])).is_err());
    }
    assert!(model.log_likelihood(&[], 0.0).is_err());
    let absent = fit(&[one(1.0, 0)], 2, 10.0, &fixed(vec![1.0]));
    assert!(matches!(absent, Err(Error::ReadArrivals { .. })), "a kind that never came");
    assert!(fit(&[one(1.0, 0)], 1, 10.0, &fixed(vec![])).is_err(), "no kernel");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_log_likelihood_is_that_of_its_definition(seed in 0u64..1_000, seconds in 5.0f64..60.0) {
        let model = model();
        let arrivals = model.simulate(seconds, &mut Seed::root(seed).rng());
        let fast = model.log_likelihood(&arrivals, seconds).unwrap();
        let slow = slow_log_likelihood(&model, &arrivals, seconds);
        prop_assert!((fast - slow).abs() < 1e-9 * (1.0 + slow.abs()), "{} {}", fast, slow);
    }
}

#[test]
fn a_fit_finds_the_known_parameters_within_its_intervals() {
    let (model, seconds, seeds) = (model(), 3_000.0, 12);
    let (mut inside, mut all) = (0, 0);
    for seed in 0..seeds {
        let arrivals = model.simulate(seconds, &mut Seed::root(seed).child("fit").rng());
        let found = fit(&arrivals, 2, seconds, &fixed(vec![0.5, 20.0])).unwrap();
        assert_eq!(found.stability, Stability::Free);
        let truth = model.parameters().base.iter().chain(&model.parameters().branching);
        for (interval, wanted) in found.base.iter().chain(&found.branching).zip(truth) {
            let held = interval.is_some_and(|it| it.low <= *wanted && *wanted <= it.high);
            (inside, all) = (inside + usize::from(held), all + 1);
        }
    }
    // 120 intervals of 95 %: 114 are expected; 105 is four deviations below.
    assert_eq!(all, 120);
    assert!(inside >= 105, "{inside} of {all} intervals hold the truth");
}

#[test]
fn the_interval_of_the_ratio_is_as_wide_as_the_ratio_varies() {
    let (model, seconds, seeds) = (model(), 2_000.0, 24);
    let (mut ratios, mut halves, mut inside) = (Vec::new(), Vec::new(), 0);
    for seed in 0..seeds {
        let arrivals = model.simulate(seconds, &mut Seed::root(seed).child("ratio").rng());
        let found = fit(&arrivals, 2, seconds, &fixed(vec![0.5, 20.0])).unwrap().ratio.unwrap();
        inside += usize::from(found.low <= model.branching_ratio())
            * usize::from(model.branching_ratio() <= found.high);
        ratios.push(found.value);
        halves.push((found.high - found.low) / 2.0 / 1.96);
    }
    let part = stats::mean(&halves) / stats::variance(&ratios).sqrt();
    // The error of a deviation from 24 values is 15 %.
    assert!((0.55..1.6).contains(&part), "{part}");
    assert!(inside >= 19, "{inside} of {seeds}");
}

#[test]
fn a_fit_is_at_least_as_likely_as_the_truth_and_as_a_poisson_process() {
    let model = model();
    let arrivals = model.simulate(500.0, &mut Seed::root(11).rng());
    let found = fit(&arrivals, 2, 500.0, &fixed(vec![0.5, 20.0])).unwrap();
    let truth = model.log_likelihood(&arrivals, 500.0).unwrap();
    assert!(found.log_likelihood >= truth && truth > found.poisson_log_likelihood);
    let again = found.model.log_likelihood(&arrivals, 500.0).unwrap();
    assert!((again - found.log_likelihood).abs() < 1e-7, "{again} {}", found.log_likelihood);
}

#[test]
fn more_kernels_are_never_less_likely() {
    // Bursts at once, as of a feed that adds up: the likelihood is steep and most α are zero.
    let arrivals: Vec<Arrival> = (0..3_000)
        .map(|at| Arrival {
            at_seconds: f64::from(at / 10) * 0.1 + f64::from(at % 10) * 1e-6,
            kind: (at % 10 / 4) as usize,
        })
        .collect();
    let height =
        |decays: &[f64]| fit(&arrivals, 3, 31.0, &fixed(decays.to_vec())).unwrap().log_likelihood;
    let (one, two) = (height(&[2_000.0]), height(&[0.05, 2_000.0]));
    assert!(two >= one - 0.01, "{two} below {one}");
    assert!(height(&[0.05, 5.0, 2_000.0]) >= two - 0.01);
}

#[test]
fn a_decay_that_is_sought_is_found() {
    let it = HawkesParameters { base: vec![1.0], decays: vec![4.0], branching: vec![0.6] };
    let model = Hawkes::new(it).unwrap();
    for seed in 0..3 {
        let arrivals = model.simulate(2_000.0, &mut Seed::root(seed).child("decay").rng());
        let found = fit(&arrivals, 1, 2_000.0, &HawkesFitConfig::default()).unwrap();
        let decay = found.model.parameters().decays[0];
        assert!((decay / 4.0).ln().abs() < 0.25, "{decay}");
        assert!((found.model.branching_ratio() - 0.6).abs() < 0.06);
    }
}

#[test]
fn a_ratio_at_the_edge_is_held_and_told() {
    // Bursts and nothing between them: the likelihood asks for a ratio near one.
    let it = HawkesParameters { base: vec![0.02], decays: vec![5.0], branching: vec![0.97] };
    let arrivals = Hawkes::new(it).unwrap().simulate(3_000.0, &mut Seed::root(2).rng());
    let config = HawkesFitConfig { largest_ratio: 0.5, ..fixed(vec![5.0]) };
    let found = fit(&arrivals, 1, 3_000.0, &config).unwrap();
    assert!((found.model.branching_ratio() - 0.5).abs() < 1e-9);
    assert!(matches!(found.stability, Stability::Held { wanted } if wanted > 0.8));
    assert_eq!(found.ratio, None, "what was held has no interval of its own");
    let kept = found.model.mean_rates()[0] / (arrivals.len() as f64 / 3_000.0);
    assert!((kept - 1.0).abs() < 1e-6, "mean rates are kept: {kept}");
}

#[test]
fn residuals_accept_the_truth_and_refute_a_poisson_process() {
    let model = model();
    let mut accepted = 0;
    for seed in 0..20 {
        let arrivals = model.simulate(600.0, &mut Seed::root(seed).child("residual").rng());
        let right = model.residuals(&arrivals, 600.0).unwrap();
        accepted += right.iter().filter(|residual| residual.p_value > 0.05).count();
        let base = rates_of(&arrivals, 2, 600.0);
        let branching = vec![0.0; 4];
        let plain = HawkesParameters { base, decays: vec![1.0], branching };
        let plain = Hawkes::new(plain).unwrap().residuals(&arrivals, 600.0).unwrap();
        assert!(plain.iter().any(|residual| residual.p_value < 0.01), "seed {seed}");
    }
    // 38 of 40 are expected; 33 is more than three deviations below.
    assert!(accepted >= 33, "{accepted} of 40");
}

#[test]
fn the_distance_of_kolmogorov_and_smirnov_is_the_largest_of_both_sides() {
    // numpy: max(max(F - arange(n) / n), max(arange(1, n + 1) / n - F)) with F = 1 - exp(-x).
    let (statistic, p_value) = kolmogorov_smirnov(&[0.4, 0.1, 0.9, 0.7, 1.6], |x| 1.0 - (-x).exp());
    assert!((statistic - 0.206_569_659_740_599_15).abs() < 1e-12, "{statistic}");
    assert!(p_value > 0.9 && p_value <= 1.0, "{p_value}");
    let tail = kolmogorov_smirnov(&[0.99; 50], |x| x).1;
    assert!(tail < 1e-9, "{tail}");
}
