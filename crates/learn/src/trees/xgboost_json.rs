//! XGBoost's JSON model format, version 3 (and back to 1): `gbtree`, `binary:logistic`.
//!
//! Field names and meanings: xgboost/doc/model.schema. Numbers are 32-bit floats written with as
//! many digits as bring them back exactly.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::forest::TreeModel;
use super::tree::{Kind, Node, Tree};
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
    feature_types: Vec<String>,
    gradient_booster: Booster,
    learner_model_param: ModelParam,
    objective: Objective,
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
    #[serde(default)]
    categories: Vec<i64>,
    #[serde(default)]
    categories_nodes: Vec<i64>,
    #[serde(default)]
    categories_segments: Vec<i64>,
    #[serde(default)]
    categories_sizes: Vec<i64>,
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

#[derive(Serialize, Deserialize)]
struct Objective {
    name: String,
    #[serde(default)]
    reg_loss_param: BTreeMap<String, String>,
}

/// The model as XGBoost would have saved it.
pub(super) fn write(model: &TreeModel) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(&to_file(model))
        .map_err(|source| Error::WriteJson { what: "boosted trees", source })
}

/// A model saved by us or by XGBoost.
pub(super) fn read(bytes: &[u8]) -> Result<TreeModel, Error> {
    let file: File = serde_json::from_slice(bytes).map_err(|source| refuse(source.to_string()))?;
    from_file(file.learner)
}

impl Serialize for TreeModel {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        to_file(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TreeModel {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<TreeModel, D::Error> {
        from_file(File::deserialize(deserializer)?.learner).map_err(serde::de::Error::custom)
    }
}

fn to_file(model: &TreeModel) -> File {
    let count = model.trees.len();
    let width = model.features.len().to_string();
    let texts = |pairs: &[(&str, String)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    };
    let booster_param =
        texts(&[("num_parallel_tree", "1".to_owned()), ("num_trees", count.to_string())]);
    let forest = Forest {
        cats: Categories::default(),
        gbtree_model_param: booster_param,
        iteration_indptr: (0..=count as u32).collect(),
        tree_info: vec![0; count],
        trees: (0..).zip(&model.trees).map(|(id, tree)| to_part(id, tree, &width)).collect(),
    };
    let learner = LearnerPart {
        attributes: BTreeMap::new(),
        feature_names: model.features.clone(),
        feature_types: vec!["float".to_owned(); model.features.len()],
        gradient_booster: Booster { model: forest, name: "gbtree".to_owned() },
        learner_model_param: ModelParam {
            base_score: format!("[{:E}]", model.base_score),
            boost_from_average: "1".to_owned(),
            num_class: "0".to_owned(),
            num_feature: width,
            num_target: "1".to_owned(),
        },
        objective: Objective {
            name: "binary:logistic".to_owned(),
            reg_loss_param: texts(&[("scale_pos_weight", model.scale_pos_weight.to_string())]),
        },
    };
    File { learner, version: [3, 2, 0] }
}

fn to_part(id: u32, tree: &Tree, width: &str) -> TreePart {
    let count = tree.nodes.len();
    let mut part = TreePart {
        base_weights: Vec::with_capacity(count),
        categories: Vec::new(),
        categories_nodes: Vec::new(),
        categories_segments: Vec::new(),
        categories_sizes: Vec::new(),
        default_left: Vec::with_capacity(count),
        id,
        left_children: Vec::with_capacity(count),
        loss_changes: Vec::with_capacity(count),
        parents: vec![NO_PARENT; count],
        right_children: Vec::with_capacity(count),
        split_conditions: Vec::with_capacity(count),
        split_indices: Vec::with_capacity(count),
        split_type: vec![0; count],
        sum_hessian: tree.nodes.iter().map(|node| node.cover).collect(),
        tree_param: [
            ("num_deleted", "0"),
            ("num_feature", width),
            ("num_nodes", count.to_string().as_str()),
            ("size_leaf_vector", "1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
    };
    for (index, node) in tree.nodes.iter().enumerate() {
        let (weight, condition, column, missing_left, children, gain) = match node.kind {
            Kind::Leaf { value } => (value, value, 0, false, (-1, -1), 0.0),
            Kind::Branch { column, below, missing_left, left, right, gain } => {
                part.parents[left as usize] = index as i64;
                part.parents[right as usize] = index as i64;
                let children = (i64::from(left), i64::from(right));
                (node.weight, below, column, missing_left, children, gain)
            }
        };
        part.base_weights.push(weight);
        part.split_conditions.push(condition);
        part.split_indices.push(column);
        part.default_left.push(u8::from(missing_left));
        part.left_children.push(children.0);
        part.right_children.push(children.1);
        part.loss_changes.push(gain);
    }
    part
}

fn from_file(learner: LearnerPart) -> Result<TreeModel, Error> {
    let booster = learner.gradient_booster;
    for (what, found, wanted) in [
        ("booster", &booster.name, "gbtree"),
        ("objective", &learner.objective.name, "binary:logistic"),
    ] {
        if found != wanted {
            return Err(refuse(format!("its {what} is {found:?}; only {wanted:?} is supported")));
        }
    }
    let width: usize = number("num_feature", &learner.learner_model_param.num_feature)?;
    if learner.feature_names.len() != width {
        return Err(refuse(format!(
            "it has {width} columns but names {}; train it with feature_names",
            learner.feature_names.len()
        )));
    }
    let text = learner.learner_model_param.base_score;
    let base_score: f32 = number("base_score", text.trim_matches(['[', ']']))?;
    if !(base_score > 0.0 && base_score < 1.0) {
        return Err(refuse(format!("base_score {base_score} is not inside 0..1")));
    }
    let scale = learner.objective.reg_loss_param.get("scale_pos_weight");
    let scale_pos_weight = scale.map_or(Ok(1.0), |text| number("scale_pos_weight", text))?;
    let parts = booster.model.trees.into_iter();
    let trees = parts.map(|part| from_part(part, width)).collect::<Result<_, _>>()?;
    Ok(TreeModel { features: learner.feature_names, base_score, scale_pos_weight, trees })
}

fn from_part(part: TreePart, width: usize) -> Result<Tree, Error> {
    let (id, count) = (part.id, part.left_children.len());
    let lengths = [
        part.right_children.len(),
        part.base_weights.len(),
        part.default_left.len(),
        part.loss_changes.len(),
        part.split_conditions.len(),
        part.split_indices.len(),
        part.sum_hessian.len(),
    ];
    if count == 0 || lengths.iter().any(|&length| length != count) {
        return Err(refuse(format!("tree {id} has node lists of different or no length")));
    }
    if part.split_type.iter().any(|&kind| kind != 0) || !part.categories.is_empty() {
        return Err(refuse(format!("tree {id} splits on categories; only numbers are supported")));
    }
    let mut nodes = Vec::with_capacity(count);
    for index in 0..count {
        let (left, right) = (part.left_children[index], part.right_children[index]);
        let kind = if left == -1 {
            Kind::Leaf { value: part.split_conditions[index] }
        } else {
            let column = part.split_indices[index];
            let child = |at: i64| u32::try_from(at).ok().filter(|&at| inside(at, index, count));
            let (Some(left), Some(right), true) =
                (child(left), child(right), (column as usize) < width)
            else {
                return Err(refuse(format!("node {index} of tree {id} points outside the model")));
            };
            Kind::Branch {
                column,
                below: part.split_conditions[index],
                missing_left: part.default_left[index] != 0,
                left,
                right,
                gain: part.loss_changes[index],
            }
        };
        let (weight, cover) = (part.base_weights[index], part.sum_hessian[index]);
        nodes.push(Node { kind, weight, cover });
    }
    Ok(Tree { nodes })
}

/// Children come after their parent, so that no walk runs in a circle.
fn inside(child: u32, parent: usize, count: usize) -> bool {
    (child as usize) < count && child as usize > parent
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, Error> {
    text.trim().parse().map_err(|_| refuse(format!("{name} is {text:?}, not a number")))
}

fn refuse(what: String) -> Error {
    Error::ReadModel { what }
}
