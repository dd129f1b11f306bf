//! XGBoost's JSON model format, version 3 (and back to 1): `gbtree` with the objectives of
//! [`super::Objective`].
//!
//! Field names and meanings: xgboost/doc/model.schema. Numbers are 32-bit floats written with as
//! many digits as bring them back exactly. Categories are codes; where a file also names them
//! (trained from a data frame), the names are dropped and panels hold the codes of training.

mod read;
mod write;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::forest::TreeModel;
use crate::Error;

/// XGBoost's mark for "no parent".
const NO_PARENT: i64 = i32::MAX as i64;

#[derive(Serialize, Deserialize)]
struct File {
    learner: LearnerPart,
    version: [u32; 3],
}

#[derive(Serialize, Deserialize)]
struct LearnerPart {
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    feature_names: Vec<String>,
    #[serde(default)]
    feature_types: Vec<String>,
    gradient_booster: Booster,
    learner_model_param: ModelParam,
    objective: ObjectivePart,
}

#[derive(Serialize, Deserialize)]
struct Booster {
    model: Forest,
    name: String,
}

#[derive(Serialize, Deserialize)]
struct Forest {
    #[serde(default)]
    cats: Categories,
    gbtree_model_param: BTreeMap<String, String>,
    #[serde(default)]
    iteration_indptr: Vec<u32>,
    tree_info: Vec<u32>,
    trees: Vec<TreePart>,
}

#[derive(Serialize, Deserialize, Default)]
struct Categories {
    enc: Vec<serde_json::Value>,
    feature_segments: Vec<u32>,
    sorted_idx: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
struct TreePart {
    base_weights: Vec<f32>,
    /// Categories that go right, node after node.
    #[serde(default)]
    categories: Vec<u32>,
    /// The nodes that ask for categories, ascending.
    #[serde(default)]
    categories_nodes: Vec<usize>,
    /// Where the categories of each of them begin.
    #[serde(default)]
    categories_segments: Vec<usize>,
    /// How many there are.
    #[serde(default)]
    categories_sizes: Vec<usize>,
    default_left: Vec<u8>,
    id: u32,
    left_children: Vec<i64>,
    loss_changes: Vec<f32>,
    parents: Vec<i64>,
    right_children: Vec<i64>,
    split_conditions: Vec<f32>,
    split_indices: Vec<u32>,
    #[serde(default)]
    split_type: Vec<u8>,
    sum_hessian: Vec<f32>,
    tree_param: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct ModelParam {
    base_score: String,
    #[serde(default)]
    boost_from_average: String,
    #[serde(default)]
    num_class: String,
    num_feature: String,
    #[serde(default)]
    num_target: String,
}

#[derive(Serialize, Deserialize, Default)]
struct ObjectivePart {
    name: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    lambdarank_param: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    quantile_loss_param: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    reg_loss_param: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    softmax_multiclass_param: BTreeMap<String, String>,
}

/// The model as XGBoost would have saved it.
pub(super) fn write(model: &TreeModel) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(&write::to_file(model))
        .map_err(|source| Error::WriteJson { what: "boosted trees", source })
}

/// A model saved by us or by XGBoost.
pub(super) fn read(bytes: &[u8]) -> Result<TreeModel, Error> {
    let file: File = serde_json::from_slice(bytes).map_err(|source| refuse(source.to_string()))?;
    read::from_file(file.learner)
}

impl Serialize for TreeModel {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write::to_file(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TreeModel {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<TreeModel, D::Error> {
        let file = File::deserialize(deserializer)?;
        read::from_file(file.learner).map_err(serde::de::Error::custom)
    }
}

fn refuse(what: String) -> Error {
    Error::ReadModel { what }
}
