//! Resuming, threads, failures, refusals: the same for every method.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use base::Seed;
use learn::Error;
use learn::search::{
    Method, Outcome, Ports, Run, Silent, State, Study, Trial, TrialLog as _, TrialMemory, Value,
    best,
};

use super::{floats, learners, mixed, numbers, run, run_in, stepwise, study};

fn whole(study: &Study, threads: usize) -> Vec<Trial> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| run_in(study, &stepwise, &mut TrialMemory::default())).unwrap()
}

#[test]
fn the_thread_count_changes_no_trial() {
    for method in learners() {
        assert_eq!(whole(&mixed(method), 1), whole(&mixed(method), 3), "{method:?}");
    }
}

#[test]
fn an_interrupted_study_ends_like_an_uninterrupted_one() {
    for method in learners() {
        let wanted = whole(&mixed(method), 1);
        for stop_after in [1, 6, 17] {
            assert_eq!(interrupted(&mixed(method), stop_after), wanted, "{method:?} {stop_after}");
        }
    }
}

/// Stops a study after so many trials and runs it again.
fn interrupted(study: &Study, stop_after: usize) -> Vec<Trial> {
    let (mut log, stop) = (TrialMemory::default(), AtomicBool::new(false));
    let count = AtomicUsize::new(0);
    let stopping = |run: &mut Run<'_>| {
        if run.is_stopping() {
            return Err(Error::Stopped { done: 0, total: 0, unit: "trials" });
        }
        if count.fetch_add(1, Ordering::Relaxed) + 1 == stop_after {
            stop.store(true, Ordering::Relaxed);
        }
        stepwise(run)
    };
    let mut ports = Ports { log: &mut log, progress: &Silent, stop: &stop };
    let broken = study.run(&stopping, &mut ports);
    assert!(matches!(broken, Err(Error::Stopped { .. })), "{broken:?}");
    assert!((stop_after..42).contains(&log.count()), "{}", log.count());
    run_in(study, &stepwise, &mut log).unwrap()
}

#[test]
fn the_optimum_of_a_mixed_space_is_found() {
    for method in learners() {
        let trials = whole(&Study { trials: 80, ..mixed(method) }, 2);
        assert!(trials.iter().any(|trial| trial.state == State::Pruned));
        let found = best(&trials).unwrap();
        assert_eq!(found.params["kind"], Value::Choice("high".into()), "{method:?}");
        assert!(found.value.unwrap() < 0.5, "{method:?}: {found:?}");
    }
}

#[test]
fn a_loss_that_is_no_number_is_a_failure_and_is_kept_away_from() {
    // Half of the square has no loss; the optimum lies in the other half.
    let loss = |x: &[f64]| if x[0] > 0.5 { f64::NAN } else { (x[0] - 0.3).powi(2) + x[1] };
    for method in learners() {
        let trials = run(&study(floats(2, 0.0, 1.0), method, 4), loss);
        let failed = |trials: &[Trial]| trials.iter().filter(|t| t.value.is_none()).count();
        assert!(trials.iter().all(|t| (t.state == State::Failed) == (numbers(&t.params)[0] > 0.5)));
        assert!(failed(&trials) > 0, "{method:?}");
        assert!(failed(&trials[60..]) <= 8, "{method:?}: {}", failed(&trials[60..]));
        assert!(best(&trials).unwrap().value.unwrap() < 0.05, "{method:?}");
    }
}

#[test]
fn a_study_whose_every_trial_fails_ends_without_a_best() {
    for method in learners() {
        let study = Study { trials: 30, ..study(floats(2, 0.0, 1.0), method, 4) };
        let failing = |_: &mut Run<'_>| Ok(Outcome::Failed);
        let trials = run_in(&study, &failing, &mut TrialMemory::default()).unwrap();
        assert!(trials.iter().all(|trial| trial.state == State::Failed), "{method:?}");
        assert!(trials.len() == 30 && best(&trials).is_none());
    }
}

#[test]
fn equal_losses_do_not_disturb_a_search() {
    for method in learners() {
        let trials = run(&study(floats(3, 0.0, 1.0), method, 4), |_| 1.0);
        assert_eq!(best(&trials).unwrap().number, 0, "{method:?}");
    }
}

#[test]
fn a_space_that_is_used_up_is_tried_again() {
    let space = super::named([("kind", super::choice(&["a", "b", "c"]))]);
    for method in learners() {
        let study = Study { trials: 30, ..study(space.clone(), method, 4) };
        let objective = |run: &mut Run<'_>| {
            let is_best = run.params["kind"] == Value::Choice("b".into());
            Ok(Outcome::Value(if is_best { 0.0 } else { 1.0 }))
        };
        let trials = run_in(&study, &objective, &mut TrialMemory::default()).unwrap();
        assert_eq!((trials.len(), best(&trials).unwrap().value), (30, Some(0.0)), "{method:?}");
    }
}

#[test]
fn an_error_of_the_objective_ends_the_study_and_keeps_what_was_tried() {
    let broken = |run: &mut Run<'_>| match run.number {
        6 => Err(Error::Fit { model: "test", what: "broken".to_owned() }),
        _ => stepwise(run),
    };
    let mut log = TrialMemory::default();
    let study = mixed(Method::Random);
    let error = run_in(&study, &broken, &mut log).unwrap_err();
    assert!(matches!(error, Error::Fit { .. }), "{error}");
    // Batches of four: the second one kept its other three.
    assert_eq!(log.count(), 7);
    assert_eq!(run_in(&study, &stepwise, &mut log).unwrap(), whole(&study, 1));
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
    let study = mixed(Method::Random);
    let mut log = TrialMemory::default();
    for trial in whole(&study, 1) {
        log.append("test", &trial).unwrap();
    }
    let other = Study { seed: Seed::root(10), ..study };
    let error = run_in(&other, &stepwise, &mut log).unwrap_err();
    assert!(matches!(error, Error::ResumeStudy { .. }), "{error}");
}
