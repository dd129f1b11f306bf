//! Training under a watcher: what it sees, when it ends, which trees are kept.

use base::{Seed, Span};
use learn::family::{Family, FamilyEnded, FamilyLearner, FamilyWatch, Step, Trained};
use learn::split::{everything, k_fold};
use learn::trees::{Flow, Round, TreeLearner, TreeModel, TreeParams, Watch};
use learn::{Learner as _, Model as _, Samples};
use serde_json::json;

use crate::data;

/// Settings that overfit soon, so that the best round comes early.
fn hasty(trees: u32) -> TreeLearner {
    let params = TreeParams {
        n_estimators: trees,
        learning_rate: 0.5,
        max_depth: 6,
        subsample: 0.8,
        ..TreeParams::default()
    };
    TreeLearner { params, seed: Seed::root(4) }
}

/// Fits on the first of three folds; gives the model and all rounds that were seen.
fn watched(
    samples: &Samples,
    trees: u32,
    patience: Option<u32>,
    stop_at: Option<u32>,
) -> (TreeModel, Vec<Round>) {
    let pairs = k_fold(samples, 3, Span::from_hours(3)).unwrap();
    let mut rounds = Vec::new();
    let mut after_round = |round: Round| {
        rounds.push(round);
        if stop_at == Some(round.trees) { Flow::Stop } else { Flow::Go }
    };
    let watch = Watch { valid: &pairs[0].valid, patience, after_round: &mut after_round };
    let model = hasty(trees).fit_watched(&pairs[0].train, watch).unwrap();
    (model, rounds)
}

/// The round of the smallest loss, the first among equals.
fn best(rounds: &[Round]) -> Round {
    *rounds.iter().min_by(|a, b| a.valid_loss.total_cmp(&b.valid_loss)).unwrap()
}

#[test]
fn a_watcher_without_patience_changes_nothing() {
    let samples = data::samples(0, 1_500);
    let (model, rounds) = watched(&samples, 30, None, None);
    let pairs = k_fold(&samples, 3, Span::from_hours(3)).unwrap();
    assert_eq!(model, hasty(30).fit(&pairs[0].train).unwrap());
    assert_eq!(rounds.iter().map(|round| round.trees).collect::<Vec<_>>(), Vec::from_iter(1..=30));
}

#[test]
fn the_loss_seen_is_that_of_the_model_so_far() {
    let samples = data::samples(0, 1_500);
    let (_, rounds) = watched(&samples, 12, None, None);
    let pairs = k_fold(&samples, 3, Span::from_hours(3)).unwrap();
    let valid = &pairs[0].valid;
    for round in [&rounds[0], &rounds[11]] {
        let model = hasty(round.trees).fit(&pairs[0].train).unwrap();
        let found = model.predict_proba(&valid.panel()).unwrap();
        let loss = |(p, label): (&base::Prob, bool)| {
            if label { -p.get().ln() } else { -(1.0 - p.get()).ln() }
        };
        let wanted = found.iter().zip(valid.labels()).map(loss).sum::<f64>() / found.len() as f64;
        let seen = round.valid_loss;
        assert!((seen - wanted).abs() < 1e-6, "{} trees: {seen} {wanted}", round.trees);
    }
}

#[test]
fn patience_ends_training_and_keeps_the_trees_of_the_best_round() {
    let (model, rounds) = watched(&data::samples(0, 1_500), 200, Some(5), None);
    let best = best(&rounds);
    assert!(rounds.len() < 200, "it never tired");
    assert_eq!(rounds.len() as u32, best.trees + 5);
    assert_eq!(model.tree_count() as u32, best.trees);
}

#[test]
fn patience_that_does_not_run_out_still_keeps_the_best_round() {
    let (model, rounds) = watched(&data::samples(0, 1_500), 40, Some(1_000), None);
    assert_eq!(rounds.len(), 40);
    assert!(best(&rounds).trees < 40, "the settings do not overfit");
    assert_eq!(model.tree_count() as u32, best(&rounds).trees);
}

#[test]
fn a_watcher_that_stops_gets_the_best_trees_so_far() {
    let (model, rounds) = watched(&data::samples(0, 1_500), 100, None, Some(25));
    assert_eq!(rounds.len(), 25);
    assert_eq!(model.tree_count() as u32, best(&rounds).trees);
}

/// Trees as a family whose last rows are watched.
fn patient(trees: u32, share: f64) -> FamilyLearner {
    let TreeLearner { params, seed } = hasty(trees);
    let family = Family::Trees(params).with("watched_share", &json!(share)).unwrap();
    FamilyLearner { family: family.with("patience", &json!(5)).unwrap(), seed }
}

/// All steps that were seen, and the model; broken off and gone on with after every so many.
fn in_sittings(learner: &FamilyLearner, samples: &Samples, every: u32) -> (Trained, Vec<Step>) {
    let (mut steps, mut left) = (Vec::new(), None::<Vec<u8>>);
    loop {
        let mut after_step = |step: Step| {
            steps.push(step);
            if step.done.is_multiple_of(every) { Flow::Stop } else { Flow::Go }
        };
        let watch = FamilyWatch { after_step: &mut after_step, resume: left.as_deref() };
        match learner.fit_watched(&everything(samples), watch).unwrap() {
            FamilyEnded::Fitted(model) => return (*model, steps),
            FamilyEnded::Stopped(checkpoint) => left = Some(checkpoint),
        }
    }
}

fn trees_of(model: &Trained) -> u32 {
    match model {
        Trained::Trees(trees) => trees.tree_count() as u32,
        _ => panic!("these are no trees"),
    }
}

#[test]
fn a_family_of_trees_stops_when_its_last_rows_get_no_better() {
    let samples = data::samples(0, 1_500);
    let learner = patient(200, 0.3);
    let (model, steps) = in_sittings(&learner, &samples, 0);
    let loss = |step: &Step| step.watched_loss.unwrap();
    let best = steps.iter().min_by(|a, b| loss(a).total_cmp(&loss(b))).unwrap().done;
    assert!(steps.len() < 200, "it never tired");
    assert_eq!((steps.len() as u32, trees_of(&model)), (best + 5, best));
    assert_eq!(learner.fit(&everything(&samples)).unwrap(), model, "fitted without a watcher");
    // The labels of the last hours before the watched rows reach into them, and are left out.
    let earlier = samples.take(&(0..1_050 - 3).collect::<Vec<_>>());
    let TreeLearner { params, seed } = hasty(best);
    assert_eq!(
        Trained::Trees(TreeLearner { params, seed }.fit(&everything(&earlier)).unwrap()),
        model
    );
}

#[test]
fn watched_trees_grown_in_sittings_are_those_grown_in_one() {
    let samples = data::samples(0, 1_500);
    let learner = patient(60, 0.3);
    let (whole, steps) = in_sittings(&learner, &samples, 0);
    assert_eq!(in_sittings(&learner, &samples, 2), (whole, steps));
}

#[test]
fn no_row_is_watched_unless_that_is_asked_for() {
    let samples = data::samples(0, 300);
    let TreeLearner { params, seed } = hasty(20);
    let (model, steps) =
        in_sittings(&FamilyLearner { family: Family::Trees(params), seed }, &samples, 0);
    assert!(steps.len() == 20 && steps.iter().all(|step| step.watched_loss.is_none()));
    assert_eq!(trees_of(&model), 20);
}
