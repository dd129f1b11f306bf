//! Forests made by hand: what onnxruntime does where the standard is silent, and damaged ones.

use onnx::{Contract, Error, Kind, OnnxModel};
use prost::Message;
use tract_onnx::pb::NodeProto;

use crate::data::{panel, told};
use crate::make::{contract, end, floats, int, ints, longs, model, node, text, texts, with};

/// One tree: feature 0 at most 0.5 goes left to `left`, else right to `right`.
fn stump(mode: &str, children: [i64; 2], feature: i64) -> NodeProto {
    let mut forest = node("TreeEnsembleRegressor", &["x"], "y");
    forest.domain = "ai.onnx.ml".to_owned();
    forest.attribute = vec![
        int("n_targets", 1),
        ints("nodes_treeids", &[0, 0, 0]),
        ints("nodes_nodeids", &[0, 1, 2]),
        ints("nodes_featureids", &[feature, 0, 0]),
        floats("nodes_values", &[1.5, 0.0, 0.0]),
        texts("nodes_modes", &[mode, "LEAF", "LEAF"]),
        ints("nodes_truenodeids", &[children[0], 0, 0]),
        ints("nodes_falsenodeids", &[children[1], 0, 0]),
        ints("target_treeids", &[0, 0]),
        ints("target_nodeids", &[1, 2]),
        ints("target_ids", &[0, 0]),
        floats("target_weights", &[-1.0, 3.0]),
    ];
    forest
}

fn register(forest: NodeProto, contract: Contract) -> Result<OnnxModel, Error> {
    OnnxModel::register(&model(vec![forest], vec![]).encode_to_vec(), contract)
}

#[test]
fn each_way_to_branch_goes_where_it_says() {
    // The first feature is 1, the second 2; the threshold is 1.5.
    let cases = [
        ("BRANCH_LEQ", 0, -1.0),
        ("BRANCH_LEQ", 1, 3.0),
        ("BRANCH_LT", 0, -1.0),
        ("BRANCH_GTE", 0, 3.0),
        ("BRANCH_GT", 1, -1.0),
        ("BRANCH_EQ", 0, 3.0),
        ("BRANCH_NEQ", 0, -1.0),
    ];
    for (mode, feature, expected) in cases {
        register(stump(mode, [1, 2], feature), contract(expected)).unwrap();
    }
}

#[test]
fn a_tree_that_leads_back_is_refused() {
    for children in [[0, 2], [1, 1], [2, 0]] {
        let error = register(stump("BRANCH_LEQ", children, 0), contract(3.0)).unwrap_err();
        assert!(matches!(error, Error::BuildGraph { .. }), "{error:?}");
    }
}

#[test]
fn a_tree_that_leads_out_is_refused() {
    for children in [[1, 9], [-1, 2]] {
        let error = register(stump("BRANCH_LEQ", children, 0), contract(3.0)).unwrap_err();
        assert!(told(&error).contains("has no node"), "{}", told(&error));
    }
}

#[test]
fn a_tree_that_reads_more_features_than_there_are_is_refused() {
    for feature in [2, 1 << 30, -1] {
        assert!(register(stump("BRANCH_LEQ", [1, 2], feature), contract(3.0)).is_err());
    }
}

#[test]
fn lists_of_different_lengths_are_refused() {
    for at in 1..12 {
        let mut forest = stump("BRANCH_LEQ", [1, 2], 0);
        forest.attribute[at].ints.pop();
        forest.attribute[at].floats.pop();
        forest.attribute[at].strings.pop();
        assert!(register(forest, contract(-1.0)).is_err(), "list {at}");
    }
}

#[test]
fn trees_are_put_together_as_asked() {
    for (together, expected) in [("SUM", -2.0), ("AVERAGE", -1.0), ("MIN", -1.0), ("MAX", -1.0)] {
        let mut forest = stump("BRANCH_LEQ", [1, 2], 0);
        for attribute in &mut forest.attribute {
            let tree = attribute.name.ends_with("treeids");
            let again: Vec<i64> = attribute.ints.iter().map(|&id| id + i64::from(tree)).collect();
            attribute.ints.extend(again);
            let (floats, strings) = (attribute.floats.clone(), attribute.strings.clone());
            attribute.floats.extend(floats);
            attribute.strings.extend(strings);
        }
        let forest = with(forest, text("aggregate_function", together));
        register(forest, contract(expected)).unwrap_or_else(|e| panic!("{together} {}", told(&e)));
    }
}

/// Two classes with one score, as boosting writes them.
fn two_classes(weights: [f32; 2], ending: &str) -> NodeProto {
    let mut forest = stump("BRANCH_LEQ", [1, 2], 0);
    forest.op_type = "TreeEnsembleClassifier".to_owned();
    forest.output = vec!["label".to_owned(), "y".to_owned()];
    forest.attribute.remove(0);
    for attribute in &mut forest.attribute {
        attribute.name = attribute.name.replace("target_", "class_");
    }
    forest.attribute.last_mut().unwrap().floats = weights.to_vec();
    let forest = with(forest, ints("classlabels_int64s", &[0, 1]));
    with(forest, text("post_transform", ending))
}

fn pair(expected: [f64; 2]) -> Contract {
    let mut contract = contract(0.0);
    contract.kind = Kind::Numbers { count: 2 };
    contract.check[0].output = expected.to_vec();
    contract
}

#[test]
fn one_score_becomes_two_classes_as_onnxruntime_makes_them() {
    let cases = [
        ([0.25, 0.75], "NONE", [0.75, 0.25]),
        ([-0.5, 0.75], "NONE", [0.5, -0.5]),
        ([-0.5, 0.75], "LOGISTIC", [0.6224593, 0.3775407]),
        ([0.25, 0.75], "LOGISTIC", POSITIVE_LOGISTIC),
    ];
    for (weights, ending, expected) in cases {
        register(two_classes(weights, ending), pair(expected))
            .unwrap_or_else(|error| panic!("{weights:?} {ending}: {}", told(&error)));
    }
}

/// What onnxruntime 1.31 gives where all weights are positive and the score is a logit.
const POSITIVE_LOGISTIC: [f64; 2] = [0.4378235, 0.5621765];

#[test]
fn a_missing_value_goes_the_way_the_tree_says() {
    for (tracks, expected) in [(0, 3.0), (1, -1.0)] {
        let forest = stump("BRANCH_LEQ", [1, 2], 0);
        let forest = with(forest, ints("nodes_missing_value_tracks_true", &[tracks, 0, 0]));
        let mut contract = contract(-1.0);
        contract.missing = onnx::Missing::Pass;
        let model = register(forest, contract).unwrap();
        let names = ["a".to_owned(), "b".to_owned()];
        let found = model.forecast(&panel(&names, &[vec![None, Some(0.0)]])).unwrap();
        assert_eq!(found.values(), [expected]);
    }
}

#[test]
fn labels_are_no_forecast() {
    let forest = two_classes([0.25, 0.75], "NONE");
    let mut model = model(vec![forest], vec![longs("unused", &[1])]);
    let graph = model.graph.as_mut().unwrap();
    graph.output = vec![end("label", crate::make::INT64, &[-1])];
    let error = OnnxModel::register(&model.encode_to_vec(), contract(1.0)).unwrap_err();
    assert!(matches!(error, Error::MatchOutput { .. }), "{error:?}");
}
