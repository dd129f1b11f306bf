//! Training under a watcher: what it sees, when it ends, which trees are kept.

use base::{Seed, Span};
use learn::split::k_fold;
use learn::trees::{Flow, Round, TreeLearner, TreeModel, TreeParams, Watch};
use learn::{Learner as _, Model as _, Samples};

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
