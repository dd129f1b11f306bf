//! Searches: quality on known functions, resuming, threads, pruning.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use base::Seed;
use base::stats::median;
use learn::Error;
use learn::search::{
    Domain, Method, Outcome, Params, Ports, Pruning, Silent, Space, State, Study, TpePlan, Trial,
    TrialLog as _, TrialMemory, best,
};
use learn::trees::Flow;

fn floats(count: usize, low: f64, high: f64) -> Space {
    let domain = |at: usize| (format!("x{at}"), Domain::Float { low, high });
    Space::new((0..count).map(domain)).unwrap()
}

fn numbers(params: &Params) -> Vec<f64> {
    params.values().map(|value| value.number().unwrap()).collect()
}

fn study(space: Space, method: Method, seed: u64) -> Study {
    let seed = Seed::root(seed);
    let name = "test".to_owned();
    Study { name, space, method, trials: 100, batch: 1, pruning: None, seed }
}

fn run(study: &Study, loss: impl Fn(&[f64]) -> f64 + Sync) -> Vec<Trial> {
    let (mut log, stop) = (TrialMemory::default(), AtomicBool::new(false));
    let mut ports = Ports { log: &mut log, progress: &Silent, stop: &stop };
    let objective = |run: &mut learn::search::Run<'_>| -> Result<Outcome, Error> {
        Ok(Outcome::Value(loss(&numbers(run.params))))
    };
    study.run(&objective, &mut ports).unwrap()
}

/// Branin on its usual box, from the unit square; least value 0 here.
fn branin(u: &[f64]) -> f64 {
    let (x, y) = (15.0 * u[0] - 5.0, 15.0 * u[1]);
    let pi = std::f64::consts::PI;
    let bowl = y - 5.1 / (4.0 * pi * pi) * x * x + 5.0 / pi * x - 6.0;
    bowl * bowl + 10.0 * (1.0 - 1.0 / (8.0 * pi)) * x.cos() + 10.0 - 0.397_887
}

fn hartmann_6(x: &[f64]) -> f64 {
    const A: [[f64; 6]; 4] = [
        [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
        [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
        [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
        [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
    ];
    const P: [[f64; 6]; 4] = [
        [1312.0, 1696.0, 5569.0, 124.0, 8283.0, 5886.0],
        [2329.0, 4135.0, 8307.0, 3736.0, 1004.0, 9991.0],
        [2348.0, 1451.0, 3522.0, 2883.0, 3047.0, 6650.0],
        [4047.0, 8828.0, 8732.0, 5743.0, 1091.0, 381.0],
    ];
    let height = [1.0, 1.2, 3.0, 3.2];
    let bump = |row: usize| {
        let far: f64 = (0..6).map(|c| A[row][c] * (x[c] - 1e-4 * P[row][c]).powi(2)).sum();
        height[row] * (-far).exp()
    };
    3.322_37 - (0..4).map(bump).sum::<f64>()
}

fn rosenbrock(u: &[f64]) -> f64 {
    let x: Vec<f64> = u.iter().map(|u| 4.0 * u - 2.0).collect();
    x.windows(2).map(|p| 100.0 * (p[1] - p[0] * p[0]).powi(2) + (1.0 - p[0]).powi(2)).sum()
}

fn regret(width: usize, method: Method, loss: fn(&[f64]) -> f64) -> f64 {
    let one = |seed| {
        let trials = run(&study(floats(width, 0.0, 1.0), method, seed), loss);
        best(&trials).unwrap().value.unwrap()
    };
    median(&(100..131).map(one).collect::<Vec<_>>())
}

/// Median regret of Optuna 5.0.0's TPE after 100 trials: 0.019, 0.094, 3.2. The bars leave room
/// for the spread of a median of 31 seeds; on other seeds the medians move by a third.
#[test]
fn tpe_is_as_good_as_optuna_and_better_than_chance() {
    type Case = (&'static str, usize, fn(&[f64]) -> f64, f64);
    let cases: [Case; 3] = [
        ("branin", 2, branin, 0.019),
        ("hartmann-6", 6, hartmann_6, 0.094),
        ("rosenbrock-4", 4, rosenbrock, 3.2),
    ];
    for (name, width, loss, optuna) in cases {
        let ours = regret(width, Method::Tpe(TpePlan::default()), loss);
        let chance = regret(width, Method::Random, loss);
        assert!(ours < 0.5 * chance, "{name}: tpe {ours}, random {chance}");
        assert!(ours < 2.0 * optuna, "{name}: tpe {ours}, optuna {optuna}");
    }
}

fn mixed() -> Study {
    let choices = ["low", "high"].map(str::to_owned).to_vec();
    let space = Space::new([
        ("count".to_owned(), Domain::Int { low: 1, high: 20 }),
        ("kind".to_owned(), Domain::Choice(choices)),
        ("rate".to_owned(), Domain::LogFloat { low: 1e-3, high: 1.0 }),
    ])
    .unwrap();
    let pruning = Some(Pruning { warm_trials: 5, warm_steps: 1 });
    let tpe = Method::Tpe(TpePlan::default());
    Study { trials: 42, batch: 4, pruning, ..study(space, tpe, 9) }
}

/// Least at count 7, kind "high", rate 0.03; reports three steps.
fn objective(run: &mut learn::search::Run<'_>) -> Result<Outcome, Error> {
    let number = |name: &str| run.params[name].number().unwrap();
    let kind =
        if run.params["kind"] == learn::search::Value::Choice("high".into()) { 0.0 } else { 1.0 };
    let loss = (number("count") - 7.0).abs() / 5.0 + kind + (number("rate") / 0.03).ln().abs();
    for step in 0..3 {
        if run.report(step, loss + f64::from(2 - step)) == Flow::Stop {
            return Ok(Outcome::Pruned);
        }
    }
    Ok(Outcome::Value(loss))
}

fn whole(threads: usize) -> Vec<Trial> {
    let (mut log, stop) = (TrialMemory::default(), AtomicBool::new(false));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let mut ports = Ports { log: &mut log, progress: &Silent, stop: &stop };
    pool.install(|| mixed().run(&objective, &mut ports)).unwrap()
}

#[test]
fn the_thread_count_changes_no_trial() {
    assert_eq!(whole(1), whole(3));
}

#[test]
fn an_interrupted_study_ends_like_an_uninterrupted_one() {
    for stop_after in [1, 6, 17] {
        let (mut log, stop) = (TrialMemory::default(), AtomicBool::new(false));
        let count = AtomicUsize::new(0);
        let stopping = |run: &mut learn::search::Run<'_>| {
            if run.is_stopping() {
                return Err(Error::Stopped { done: 0, total: 0, unit: "trials" });
            }
            if count.fetch_add(1, Ordering::Relaxed) + 1 == stop_after {
                stop.store(true, Ordering::Relaxed);
            }
            objective(run)
        };
        let mut ports = Ports { log: &mut log, progress: &Silent, stop: &stop };
        let broken = mixed().run(&stopping, &mut ports);
        assert!(matches!(broken, Err(Error::Stopped { .. })), "{broken:?}");
        assert!(log.count() < 42);
        stop.store(false, Ordering::Relaxed);
        let mut ports = Ports { log: &mut log, progress: &Silent, stop: &stop };
        assert_eq!(mixed().run(&objective, &mut ports).unwrap(), whole(1));
    }
}

#[test]
fn bad_trials_are_given_up_and_the_optimum_is_found() {
    let trials = whole(2);
    assert!(trials.iter().any(|trial| trial.state == State::Pruned));
    let found = best(&trials).unwrap();
    assert_eq!(found.params["kind"], learn::search::Value::Choice("high".into()));
    assert!(found.value.unwrap() < 0.6, "{found:?}");
}

#[test]
fn the_grid_visits_each_point_once() {
    let trials = run(&study(floats(2, 0.0, 2.0), Method::Grid { steps: 3 }, 1), |x| x[0] + x[1]);
    let mut seen: Vec<Vec<f64>> = trials.iter().map(|trial| numbers(&trial.params)).collect();
    seen.sort_by(|a, b| a.partial_cmp(b).unwrap());
    seen.dedup();
    assert_eq!((trials.len(), seen.len()), (9, 9));
    assert_eq!(best(&trials).unwrap().value, Some(0.0));
}

#[test]
fn trials_of_another_seed_are_not_taken_over() {
    let (mut log, stop) = (TrialMemory::default(), AtomicBool::new(false));
    for trial in whole(1) {
        log.append("test", &trial).unwrap();
    }
    let mut ports = Ports { log: &mut log, progress: &Silent, stop: &stop };
    let other = Study { seed: Seed::root(10), ..mixed() };
    let error = other.run(&objective, &mut ports).unwrap_err();
    assert!(matches!(error, Error::ResumeStudy { .. }), "{error}");
}
