//! The whole job: what it finds, that it resumes, that it opens the vault once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use base::{Prob, Seed, Span, Ts};
use learn::eliminate::EliminationPlan;
use learn::search::{Domain, Method, Progress, Pruning, Silent, Space, TpePlan, TrialMemory};
use learn::split::VaultMemory;
use learn::trees::TreeModel;
use learn::tune::{Aim, Provenance, SearchPlan, TuneJob, TunePorts, Tuned, tree_space, tune};
use learn::{Classifier, Error, Model as _, Samples};

use crate::data;

/// The usual settings, with fewer and flatter trees, so that the test is short.
fn small_space() -> Space {
    let mut domains = tree_space().unwrap().domains().clone();
    domains.insert("max_depth".to_owned(), Domain::Int { low: 2, high: 4 });
    domains.insert("n_estimators".to_owned(), Domain::Int { low: 20, high: 80 });
    domains.insert("learning_rate".to_owned(), Domain::LogFloat { low: 0.05, high: 0.3 });
    Space::new(domains).unwrap()
}

fn job(aim: Aim) -> TuneJob {
    TuneJob {
        experiment: "made-up".to_owned(),
        aim,
        search: SearchPlan {
            space: small_space(),
            method: Method::Tpe(TpePlan { startup: 4, ..TpePlan::default() }),
            trials: 8,
            trials_again: 4,
            batch: 2,
            pruning: Some(Pruning::Median { warm_trials: 3, warm_steps: 1 }),
        },
        elimination: Some(EliminationPlan { drop_share: 0.4, fewest: 4 }),
        folds: 3,
        embargo: Span::from_hours(5),
        held_out_share: 0.25,
        seed: Seed::root(5),
        threads: 2,
        provenance: Provenance {
            data_version: "v1".to_owned(),
            code_revision: "abc".to_owned(),
            opened_by: "a test".to_owned(),
            opened_at: Ts::from_seconds(0),
        },
    }
}

fn samples() -> Samples {
    data::samples(0, 2_400)
}

#[derive(Default)]
struct Logs {
    trials: TrialMemory,
    vault: VaultMemory,
}

fn run(
    job: &TuneJob,
    logs: &mut Logs,
    watch: (&dyn Progress, &AtomicBool),
) -> Result<Tuned, Error> {
    let (progress, stop) = watch;
    let Logs { trials, vault } = logs;
    tune(&samples(), job, TunePorts { trials, vault, progress, stop })
}

fn whole(job: &TuneJob, logs: &mut Logs) -> Tuned {
    run(job, logs, (&Silent, &AtomicBool::new(false))).unwrap()
}

#[test]
fn the_job_finds_what_there_is_to_find() {
    for aim in [Aim::Brier, Aim::PrecisionWeighted] {
        let mut logs = Logs::default();
        let tuned = whole(&job(aim), &mut logs);
        let report = &tuned.held_out.result;
        assert!(report.scorecard.figures["auc"].low > 0.62, "{:?}", report.scorecard);
        assert_eq!(report.scorecard.rows, 600);
        assert_eq!(tuned.cross.trials, logs.trials.count());
        let chosen = &tuned.cross.steps[tuned.cross.chosen];
        assert!(chosen.features.contains(&"f0".to_owned()), "{:?}", chosen.features);
        assert_eq!(tuned.classifier.features(), chosen.features);
        // f1 × f2 and f5 matter by interaction and curve, f0 and the gap in f11 by themselves.
        let strongest = &report.contributions[0];
        assert!(strongest.feature == "f0" || strongest.feature == "f11", "{strongest:?}");
        assert_eq!(report.contributions.len(), chosen.features.len());
        let wins = tuned.cross.out_of_fold.iter().filter(|row| row.won).count() as f64;
        let base_rate = wins / tuned.cross.out_of_fold.len() as f64;
        let constant = base_rate * (1.0 - base_rate);
        assert!(report.scorecard.value("brier").unwrap() < constant);
    }
}

#[test]
fn the_thread_count_changes_nothing() {
    let one = whole(&TuneJob { threads: 1, ..job(Aim::Brier) }, &mut Logs::default());
    let three = whole(&TuneJob { threads: 3, ..job(Aim::Brier) }, &mut Logs::default());
    assert_eq!(one.classifier.to_artifact().unwrap(), three.classifier.to_artifact().unwrap());
    assert_eq!(one.held_out, three.held_out);
}

/// Raises the stop flag when the given number of trials is done.
struct StopAt<'a>(usize, &'a AtomicBool, AtomicUsize);

impl Progress for StopAt<'_> {
    fn step(&self, done: usize, total: usize, _note: &str) {
        assert!(done <= total, "{done} of {total}");
        self.2.fetch_max(done, Ordering::Relaxed);
        if done >= self.0 {
            self.1.store(true, Ordering::Relaxed);
        }
    }
}

#[test]
fn a_stopped_job_goes_on_to_the_same_end() {
    let wanted = whole(&job(Aim::Brier), &mut Logs::default());
    let mut logs = Logs::default();
    for at in [3, 11] {
        let stop = AtomicBool::new(false);
        let watch = StopAt(at, &stop, AtomicUsize::new(0));
        let stopped = run(&job(Aim::Brier), &mut logs, (&watch, &stop)).unwrap_err();
        assert!(matches!(stopped, Error::Stopped { .. }), "{stopped}");
    }
    let resumed = whole(&job(Aim::Brier), &mut logs);
    assert!(resumed == wanted);
}

#[test]
fn a_second_run_gives_the_stored_score_and_another_model_is_refused() {
    let mut logs = Logs::default();
    let first = whole(&job(Aim::Brier), &mut logs);
    let again = whole(&job(Aim::Brier), &mut logs);
    assert!(!first.held_out.from_record && again.held_out.from_record);
    assert_eq!(first.held_out.result, again.held_out.result);
    let other = TuneJob { seed: Seed::root(6), ..job(Aim::Brier) };
    let error = run(&other, &mut logs, (&Silent, &AtomicBool::new(false))).unwrap_err();
    assert!(matches!(error, Error::OpenVault { .. }), "{error}");
}

#[test]
fn a_classifier_comes_back_whole_and_its_trees_are_plain_xgboost_json() {
    let tuned = whole(&job(Aim::Brier), &mut Logs::default());
    let artifact = tuned.classifier.to_artifact().unwrap();
    let back = Classifier::from_artifact(&artifact).unwrap();
    assert!(back == tuned.classifier);
    let json = back.trees().to_bytes().unwrap();
    assert!(TreeModel::from_bytes(&json).unwrap() == *back.trees());
    let fresh = data::samples(9_000, 50);
    let found = back.predict_proba(fresh.panel()).unwrap();
    assert!(found.iter().any(|p| *p > Prob::HALF) && found.iter().any(|p| *p < Prob::HALF));
}
