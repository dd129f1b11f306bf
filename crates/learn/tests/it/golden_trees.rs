//! Against XGBoost 3.2.0; `proving/peers/trees_golden.py` made the numbers.

use std::collections::BTreeMap;

use base::Seed;
use learn::split::everything;
use learn::trees::{TreeLearner, TreeModel, TreeParams};
use learn::{Learner as _, Model as _};

use crate::data;

#[derive(serde::Deserialize)]
struct Expected {
    predictions: Vec<f64>,
    /// One entry a row: a contribution a column, then the base value.
    contributions: Vec<Vec<f64>>,
    importances: BTreeMap<String, BTreeMap<String, f64>>,
    auc: BTreeMap<String, f64>,
}

fn expected() -> Expected {
    serde_json::from_str(include_str!("../golden/xgboost_expected.json")).unwrap()
}

fn their_model() -> TreeModel {
    TreeModel::from_bytes(include_bytes!("../golden/xgboost_model.json")).unwrap()
}

#[test]
fn a_model_trained_by_xgboost_predicts_the_same() {
    let found = their_model().predict_proba(data::samples(500_000, 200).panel()).unwrap();
    for (row, (ours, theirs)) in found.iter().zip(expected().predictions).enumerate() {
        assert!((ours.get() - theirs).abs() <= 1e-6, "row {row}: {} {theirs}", ours.get());
    }
}

#[test]
fn contributions_are_those_of_xgboost() {
    let wanted = expected().contributions;
    let found = their_model().explain(data::samples(500_000, 50).panel()).unwrap();
    assert_eq!(found.rows.len(), wanted.len());
    for (at, (ours, theirs)) in found.rows.iter().zip(&wanted).enumerate() {
        for (column, (our, their)) in ours.iter().chain([&found.base]).zip(theirs).enumerate() {
            assert!((our - their).abs() < 2e-6, "row {at}, column {column}: {our} {their}");
        }
    }
}

#[test]
fn importances_are_those_of_xgboost() {
    let wanted = expected().importances;
    for line in their_model().importances() {
        let found = [
            ("gain", line.gain),
            ("total_gain", line.total_gain),
            ("weight", line.weight as f64),
            ("cover", line.cover),
        ];
        for (kind, ours) in found {
            let theirs = wanted[kind].get(&line.feature).copied().unwrap_or(0.0);
            let room = 1e-4 * theirs.abs().max(1.0);
            assert!((ours - theirs).abs() < room, "{kind} of {}: {ours} {theirs}", line.feature);
        }
    }
}

#[test]
fn a_model_of_xgboost_written_by_us_reads_back_equal() {
    let model = their_model();
    assert_eq!(TreeModel::from_bytes(&model.to_bytes().unwrap()).unwrap(), model);
}

/// Ranking quality of our own training, on 20,000 fresh rows.
fn auc_of(params: TreeParams) -> f64 {
    let train = data::samples(0, 20_000);
    let test = data::samples(1_000_000, 20_000);
    let learner = TreeLearner { params, seed: Seed::root(1) };
    let model = learner.fit(&everything(&train)).unwrap();
    let scores = model.predict_proba(test.panel()).unwrap();
    learn::score::roc_auc(&scores, test.labels())
}

fn plain() -> TreeParams {
    TreeParams { n_estimators: 100, ..TreeParams::default() }
}

#[test]
fn ranking_is_as_good_as_that_of_xgboost() {
    let cases = [
        ("plain", plain()),
        (
            "drawn",
            TreeParams {
                max_depth: 5,
                subsample: 0.8,
                colsample_bytree: 0.8,
                min_child_weight: 5.0,
                gamma: 0.1,
                reg_alpha: 0.1,
                reg_lambda: 2.0,
                ..plain()
            },
        ),
        (
            "weighted",
            TreeParams { max_depth: 4, learning_rate: 0.05, scale_pos_weight: 2.5, ..plain() },
        ),
    ];
    for (name, params) in cases {
        let (ours, theirs) = (auc_of(params), expected().auc[name]);
        assert!(ours > theirs - 0.002, "{name}: ours {ours:.4}, xgboost {theirs:.4}");
    }
}
