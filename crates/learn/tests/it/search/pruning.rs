//! What pruning saves, and that it does not lose the best.

use std::sync::atomic::{AtomicUsize, Ordering};

use learn::Error;
use learn::search::{
    Method, Outcome, Pruning, Run, State, Study, TpePlan, Trial, TrialMemory, best,
};
use learn::trees::Flow;

use super::{floats, numbers, run_in, study};

const STEPS: u32 = 27;

/// Learning curves that fall to a level which depends on the settings: slow ones fall late.
fn curve(x: &[f64], step: u32) -> f64 {
    let level = (x[0] - 0.7).powi(2) + (x[1] - 0.2).powi(2);
    level + (-f64::from(step) / (2.0 + 4.0 * x[1])).exp()
}

/// Trials, and the steps they took in all.
fn tried(pruning: Option<Pruning>, seed: u64) -> (Vec<Trial>, usize) {
    let method = Method::Tpe(TpePlan::default());
    let study = Study { pruning, trials: 120, ..study(floats(2, 0.0, 1.0), method, seed) };
    let steps = AtomicUsize::new(0);
    let objective = |run: &mut Run<'_>| -> Result<Outcome, Error> {
        let x = numbers(run.params);
        for step in 1..=STEPS {
            steps.fetch_add(1, Ordering::Relaxed);
            if run.report(step, curve(&x, step)) == Flow::Stop && step < STEPS {
                return Ok(Outcome::Pruned);
            }
        }
        Ok(Outcome::Value(curve(&x, STEPS)))
    };
    let trials = run_in(&study, &objective, &mut TrialMemory::default()).unwrap();
    (trials, steps.into_inner())
}

#[test]
fn each_rule_saves_steps_and_keeps_the_best() {
    let (all, whole) = tried(None, 1);
    assert_eq!(whole, 120 * STEPS as usize);
    let level = best(&all).unwrap().value.unwrap();
    let rules = [
        (Pruning::Median { warm_trials: 5, warm_steps: 3 }, 0.75),
        (Pruning::Halving { first_step: 1, factor: 3 }, 0.35),
        (Pruning::Hyperband { first_step: 1, last_step: STEPS, factor: 3 }, 0.55),
    ];
    for (rule, share) in rules {
        let (trials, steps) = tried(Some(rule), 1);
        assert!(trials.iter().any(|trial| trial.state == State::Pruned));
        assert!((steps as f64) < share * whole as f64, "{rule:?}: {steps} of {whole}");
        let found = best(&trials).unwrap().value.unwrap();
        assert!(found < level + 0.03, "{rule:?}: {found}, without {level}");
    }
}

#[test]
fn a_loss_that_is_no_number_on_the_way_ends_a_trial_and_is_not_kept() {
    let pruning = Some(Pruning::Median { warm_trials: 5, warm_steps: 3 });
    let study = Study { pruning, trials: 4, ..study(floats(1, 0.0, 1.0), Method::Random, 1) };
    let objective = |run: &mut Run<'_>| {
        assert_eq!(run.report(1, 0.5), Flow::Go);
        Ok(if run.report(2, f64::NAN) == Flow::Stop { Outcome::Pruned } else { Outcome::Failed })
    };
    let trials = run_in(&study, &objective, &mut TrialMemory::default()).unwrap();
    assert!(trials.iter().all(|t| t.state == State::Pruned && t.intermediate == [(1, 0.5)]));
}

#[test]
fn a_rule_without_sense_is_refused_before_the_first_trial() {
    let pruning = Some(Pruning::Halving { first_step: 1, factor: 1 });
    let study = Study { pruning, ..study(floats(1, 0.0, 1.0), Method::Random, 1) };
    let objective = |_: &mut Run<'_>| unreachable!("no trial");
    let error = run_in(&study, &objective, &mut TrialMemory::default()).unwrap_err();
    assert!(error.to_string().contains("factor of at least 2"), "{error}");
}
