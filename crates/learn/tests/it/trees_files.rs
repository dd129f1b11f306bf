//! Model files: XGBoost's read by us, ours read by XGBoost, and files that are neither.
//!
//! `proving/peers/trees_golden.py` made the numbers with XGBoost 3.2.0.

use std::collections::BTreeMap;

use base::{Panel, Seed};
use learn::split::everything;
use learn::trees::{TreeLearner, TreeModel};
use learn::{Error, Learner as _, Model as _};
use proptest::prelude::*;

use crate::data;
use crate::tree_cases::cases;

const FRESH: u64 = 500_000;

#[derive(serde::Deserialize)]
struct Expected {
    values: Vec<Vec<f64>>,
    margins: Vec<Vec<f64>>,
    /// Rows by outputs by columns and the base value.
    contributions: Vec<Vec<Vec<f64>>>,
}

/// The rows XGBoost predicted; of the coded ones some are missing, and one is no known category.
fn rows(coded: bool) -> Panel {
    let target: data::Target<'_> = &|_, scores| learn::Targets::Numbers(scores.to_vec());
    if !coded {
        return data::samples_of(FRESH, 40, target).panel().clone();
    }
    let panel = data::coded(FRESH, 40, target).panel().clone();
    let mut changed = Panel::new(panel.names().to_vec());
    for row in 0..panel.len() {
        let mut values = panel.row(row);
        values[9] = if row % 7 == 0 { f64::NAN } else { values[9] };
        values[9] = if row == 3 { 1000.0 } else { values[9] };
        changed.push(panel.keys()[row], &values).unwrap();
    }
    changed
}

fn close(ours: f64, theirs: f64, room: f64) -> bool {
    (ours - theirs).abs() <= room * theirs.abs().max(1.0)
}

fn predicts_as_xgboost(name: &str, model: &TreeModel, expected: &Expected) {
    let panel = rows(matches!(name, "partitions" | "one_hot"));
    let outputs = expected.margins[0].len();
    let found = model.predict(&panel).unwrap();
    let margins = model.margins(&panel).unwrap();
    for (row, theirs) in expected.margins.iter().enumerate() {
        for (output, &their) in theirs.iter().enumerate() {
            let our = f64::from(margins[row * outputs + output]);
            assert!(close(our, their, 1e-6), "{name}, margin of row {row}: {our} {their}");
        }
    }
    if name == "softmax" {
        let theirs: Vec<u32> = expected.values.iter().map(|row| row[0] as u32).collect();
        assert_eq!(found.classes(), theirs, "{name}");
    } else {
        for (row, (ours, theirs)) in found.rows().zip(&expected.values).enumerate() {
            for (&our, &their) in ours.iter().zip(theirs) {
                assert!(close(our.into(), their, 1e-6), "{name}, row {row}: {our} {their}");
            }
        }
    }
    let few = panel.take(&(0..8).collect::<Vec<_>>());
    for output in 0..outputs {
        let found = model.explain_class(&few, output).unwrap();
        for (row, ours) in found.rows.iter().enumerate() {
            let theirs = &expected.contributions[row][output];
            for (our, &their) in ours.iter().chain([&found.base]).zip(theirs) {
                assert!(close(*our, their, 3e-6), "{name}, Shapley of row {row}: {our} {their}");
            }
        }
    }
}

fn expected(text: &str) -> BTreeMap<String, Expected> {
    serde_json::from_str(text).unwrap()
}

const THEIRS: [(&str, &str); 9] = [
    ("squared", include_str!("../golden/theirs_squared.json")),
    ("quantile", include_str!("../golden/theirs_quantile.json")),
    ("pairwise", include_str!("../golden/theirs_pairwise.json")),
    ("ndcg", include_str!("../golden/theirs_ndcg.json")),
    ("softprob", include_str!("../golden/theirs_softprob.json")),
    ("softmax", include_str!("../golden/theirs_softmax.json")),
    ("partitions", include_str!("../golden/theirs_partitions.json")),
    ("one_hot", include_str!("../golden/theirs_one_hot.json")),
    ("monotone", include_str!("../golden/theirs_monotone.json")),
];

const OURS: [(&str, &str); 9] = [
    ("logistic", include_str!("../golden/ours_logistic.json")),
    ("squared", include_str!("../golden/ours_squared.json")),
    ("quantile", include_str!("../golden/ours_quantile.json")),
    ("pairwise", include_str!("../golden/ours_pairwise.json")),
    ("ndcg", include_str!("../golden/ours_ndcg.json")),
    ("softprob", include_str!("../golden/ours_softprob.json")),
    ("partitions", include_str!("../golden/ours_partitions.json")),
    ("one_hot", include_str!("../golden/ours_one_hot.json")),
    ("monotone", include_str!("../golden/ours_monotone.json")),
];

#[test]
fn models_trained_by_xgboost_predict_the_same_here() {
    let expected = expected(include_str!("../golden/theirs_expected.json"));
    for (name, json) in THEIRS {
        let model = TreeModel::from_bytes(json.as_bytes()).unwrap();
        predicts_as_xgboost(name, &model, &expected[name]);
        let again = TreeModel::from_bytes(&model.to_bytes().unwrap()).unwrap();
        assert_eq!(again, model, "{name}: not the same when written and read again");
    }
}

#[test]
fn models_trained_here_predict_the_same_in_xgboost() {
    let expected = expected(include_str!("../golden/ours_expected.json"));
    for (name, json) in OURS {
        let model = TreeModel::from_bytes(json.as_bytes()).unwrap();
        predicts_as_xgboost(name, &model, &expected[name]);
    }
}

#[test]
fn the_models_xgboost_was_shown_are_those_trained_today() {
    for (case, (name, json)) in cases().iter().zip(OURS) {
        assert_eq!(case.name, name);
        let learner = TreeLearner { params: case.params.clone(), seed: Seed::root(1) };
        let model = learner.fit(&everything(&case.samples(0, 1_500))).unwrap();
        let written = String::from_utf8(model.to_bytes().unwrap()).unwrap();
        assert!(written == json, "{name}: run the steps of proving/peers/trees_golden.py again");
    }
}

/// A broken file is an error that says so; whatever is read after all also predicts.
fn survives(bytes: &[u8]) {
    match TreeModel::from_bytes(bytes) {
        Ok(model) => {
            let mut panel = Panel::new(model.features().to_vec());
            let row = vec![0.5; model.features().len()];
            panel.push(base::RowKey { at: base::Ts::MIN, id: 0 }, &row).unwrap();
            let _ = model.predict(&panel).unwrap();
            let _ = model.explain_class(&panel, 0).unwrap();
            let _ = model.importances();
        }
        Err(Error::ReadModel { what }) => assert!(!what.is_empty()),
        Err(other) => panic!("{other}"),
    }
}

/// A number or text somewhere in a file, replaced.
fn spoil(value: &mut serde_json::Value, place: &mut usize, with: &serde_json::Value) {
    match value {
        serde_json::Value::Array(items) => {
            items.iter_mut().for_each(|item| spoil(item, place, with));
        }
        serde_json::Value::Object(fields) => {
            fields.values_mut().for_each(|field| spoil(field, place, with));
        }
        leaf => {
            if *place == 0 {
                *leaf = with.clone();
            }
            *place = place.wrapping_sub(1);
        }
    }
}

fn leaves(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => items.iter().map(leaves).sum(),
        serde_json::Value::Object(fields) => fields.values().map(leaves).sum(),
        _ => 1,
    }
}

fn strange() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::json;
    prop_oneof![
        Just(json!(-1)),
        Just(json!(0)),
        Just(json!(1)),
        Just(json!(2_147_483_647)),
        Just(json!(u64::MAX)),
        Just(json!(i64::MIN)),
        Just(json!(1e300)),
        Just(json!(null)),
        Just(json!("NaN")),
        Just(json!("[nan]")),
        Just(json!("-5")),
        Just(json!("99999999999999999999")),
        Just(json!([])),
        (0u32..20).prop_map(|n| json!(n)),
        (0u32..20).prop_map(|n| json!(n.to_string())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_changed_byte_never_panics(
        file in 0usize..9, at in any::<prop::sample::Index>(), byte: u8,
    ) {
        let mut bytes = THEIRS[file].1.as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        survives(&bytes);
    }

    #[test]
    fn a_file_cut_short_is_refused(file in 0usize..9, at in any::<prop::sample::Index>()) {
        let text = THEIRS[file].1.trim_end();
        let error = TreeModel::from_bytes(&text.as_bytes()[..at.index(text.len())]).unwrap_err();
        let is_refusal = matches!(error, Error::ReadModel { .. });
        prop_assert!(is_refusal);
    }

    #[test]
    fn changed_values_never_panic(
        file in 0usize..9,
        changes in prop::collection::vec((any::<prop::sample::Index>(), strange()), 1..4),
    ) {
        let mut json: serde_json::Value = serde_json::from_str(THEIRS[file].1).unwrap();
        for (place, with) in changes {
            let mut place = place.index(leaves(&json));
            spoil(&mut json, &mut place, &with);
        }
        survives(&serde_json::to_vec(&json).unwrap());
    }
}

/// One field of the first tree, changed.
fn with_field(file: usize, field: &str, change: impl Fn(&mut serde_json::Value)) -> String {
    let mut json: serde_json::Value = serde_json::from_str(THEIRS[file].1).unwrap();
    change(&mut json["learner"]["gradient_booster"]["model"]["trees"][0][field]);
    let read = TreeModel::from_bytes(&serde_json::to_vec(&json).unwrap());
    read.unwrap_err().to_string()
}

#[test]
fn each_fault_of_a_tree_is_named() {
    use serde_json::json;
    let cases = [
        // A circle, a node with two parents, a child outside.
        (with_field(0, "left_children", |field| field[1] = json!(0)), "points outside"),
        (with_field(0, "left_children", |field| field[1] = json!(2)), "do not form a tree"),
        (with_field(0, "right_children", |field| field[0] = json!(1_i64 << 40)), "points outside"),
        (with_field(0, "split_indices", |field| field[0] = json!(12)), "points outside"),
        (with_field(0, "split_conditions", |field| field[0] = json!("NaN")), "invalid type"),
        (with_field(0, "split_conditions", |field| field[0] = json!(1e39)), "out of range"),
        (with_field(0, "split_type", |field| field[0] = json!(1)), "lacks its categories"),
        (with_field(6, "split_type", |field| *field = json!([])), "do not ask for any"),
        (with_field(6, "categories", |field| *field = json!([])), "category lists"),
        (
            with_field(6, "categories_sizes", |field| field[0] = json!(1_i64 << 40)),
            "category lists",
        ),
        (with_field(0, "sum_hessian", |field| *field = json!([1.0])), "different or no length"),
    ];
    for (said, words) in cases {
        assert!(said.contains(words), "{said:?} lacks {words:?}");
    }
}

#[test]
fn foreign_files_are_refused_by_name() {
    let replaced = |from: &str, to: &str| {
        let text = THEIRS[0].1.replace(from, to);
        TreeModel::from_bytes(text.as_bytes()).unwrap_err().to_string()
    };
    for (said, words) in [
        (replaced("reg:squarederror", "reg:tweedie"), "\"reg:tweedie\""),
        (replaced("\"gbtree\"", "\"dart\""), "\"dart\""),
        (replaced("\"f3\"", "\"f4\""), "twice"),
        (replaced("\"size_leaf_vector\":\"1\"", "\"size_leaf_vector\":\"3\""), "hold 3 numbers"),
    ] {
        assert!(said.contains(words), "{said:?} lacks {words:?}");
    }
}

#[test]
fn a_chain_deeper_than_the_stack_is_refused() {
    let mut json: serde_json::Value = serde_json::from_str(THEIRS[0].1).unwrap();
    let depth = 100_000;
    let count = 2 * depth + 1;
    let children = |first: i64| -> Vec<i64> {
        (0..count as i64)
            .map(|at| if at % 2 == 0 && at + 2 < count as i64 { at + first } else { -1 })
            .collect()
    };
    let tree = &mut json["learner"]["gradient_booster"]["model"]["trees"][0];
    tree["left_children"] = serde_json::json!(children(1));
    tree["right_children"] = serde_json::json!(children(2));
    for field in ["base_weights", "loss_changes", "split_conditions", "sum_hessian"] {
        tree[field] = serde_json::json!(vec![0.5; count]);
    }
    for field in ["default_left", "split_indices", "split_type"] {
        tree[field] = serde_json::json!(vec![0; count]);
    }
    let said = TreeModel::from_bytes(&serde_json::to_vec(&json).unwrap()).unwrap_err().to_string();
    assert!(said.contains("100000 deep"), "{said}");
}
