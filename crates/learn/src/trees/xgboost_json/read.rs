//! From the file to a model: everything is checked before it is used.

use super::super::forest::TreeModel;
use super::super::objective::Objective;
use super::super::tree::{Branch, CATEGORY_LIMIT, Kind, Node, Test, Tree};
use super::{LearnerPart, ObjectivePart, TreePart, refuse};
use crate::Error;

/// Trees deeper than this are refused: walks over them use the stack.
const DEEPEST: usize = 256;

pub(super) fn from_file(learner: LearnerPart) -> Result<TreeModel, Error> {
    let booster = learner.gradient_booster;
    if booster.name != "gbtree" {
        return Err(refuse(format!(
            "its booster is {:?}; only \"gbtree\" is supported",
            booster.name
        )));
    }
    let objective = objective(&learner.objective)?;
    let width: usize = number("num_feature", &learner.learner_model_param.num_feature)?;
    let names = learner.feature_names;
    if names.len() != width {
        return Err(refuse(format!(
            "it has {width} columns but names {}; train it with feature_names",
            names.len()
        )));
    }
    if let Some(twice) = twice(&names) {
        return Err(refuse(format!("it names column {twice:?} twice")));
    }
    let kinds = learner.feature_types;
    if !kinds.is_empty() && kinds.len() != width {
        return Err(refuse(format!("it has {width} columns but types of {}", kinds.len())));
    }
    let mut categorical = vec![false; width];
    categorical.iter_mut().zip(&kinds).for_each(|(is, kind)| *is = kind == "c");
    let base_scores = base_scores(&learner.learner_model_param.base_score, objective)?;
    let scale = learner.objective.reg_loss_param.get("scale_pos_weight");
    let scale_pos_weight = scale.map_or(Ok(1.0), |text| number("scale_pos_weight", text))?;
    check_outputs(&booster.model.tree_info, booster.model.trees.len(), objective)?;
    let parts = booster.model.trees.into_iter();
    let trees = parts.map(|part| from_part(&part, width)).collect::<Result<Vec<_>, _>>()?;
    let branches = trees.iter().flat_map(|tree| &tree.nodes).filter_map(|node| match node.kind {
        Kind::Branch(branch) => Some(branch),
        Kind::Leaf { .. } => None,
    });
    for branch in branches {
        categorical[branch.column as usize] |= matches!(branch.test, Test::NotIn(_));
    }
    Ok(TreeModel { features: names, categorical, objective, base_scores, scale_pos_weight, trees })
}

fn twice(names: &[String]) -> Option<&String> {
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    sorted.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

fn objective(part: &ObjectivePart) -> Result<Objective, Error> {
    let text = |map: &std::collections::BTreeMap<String, String>, name: &str| {
        map.get(name).cloned().unwrap_or_default()
    };
    let found = match part.name.as_str() {
        "binary:logistic" => Objective::Logistic,
        "reg:squarederror" => Objective::SquaredError,
        "rank:pairwise" => Objective::RankPairwise,
        "rank:ndcg" => Objective::RankNdcg,
        "reg:quantileerror" => {
            let alphas = text(&part.quantile_loss_param, "quantile_alpha");
            let alphas = numbers("quantile_alpha", &alphas)?;
            let [alpha] = alphas[..] else {
                return Err(refuse(format!(
                    "it holds {} quantiles; train one model for each",
                    alphas.len()
                )));
            };
            Objective::Quantile { alpha }
        }
        "multi:softprob" | "multi:softmax" => Objective::Softmax {
            classes: number("num_class", &text(&part.softmax_multiclass_param, "num_class"))?,
        },
        other => {
            return Err(refuse(format!(
                "its objective is {other:?}; supported are binary:logistic, reg:squarederror, \
                 reg:quantileerror, rank:pairwise, rank:ndcg, multi:softprob, multi:softmax"
            )));
        }
    };
    found.check().map_err(|error| refuse(format!("its objective can't be: {error}")))?;
    Ok(found)
}

/// One score for each output; older files keep one for all.
fn base_scores(text: &str, objective: Objective) -> Result<Vec<f32>, Error> {
    let mut scores: Vec<f32> = numbers("base_score", text)?;
    let outputs = objective.outputs();
    if scores.len() == 1 {
        scores = vec![scores[0]; outputs];
    }
    if scores.len() != outputs {
        let given = scores.len();
        return Err(refuse(format!("it has {given} base scores for {outputs} outputs")));
    }
    let wrong = |score: &&f32| match objective {
        Objective::Logistic => !(**score > 0.0 && **score < 1.0),
        _ => !score.is_finite(),
    };
    match scores.iter().find(wrong) {
        Some(score) if objective == Objective::Logistic => {
            Err(refuse(format!("base_score {score} is not inside 0..1")))
        }
        Some(score) => Err(refuse(format!("base_score {score} is not finite"))),
        None => Ok(scores),
    }
}

/// Trees take the outputs in turn.
fn check_outputs(tree_info: &[u32], trees: usize, objective: Objective) -> Result<(), Error> {
    let outputs = objective.outputs();
    let in_turn = |(tree, &output): (usize, &u32)| output as usize == tree % outputs;
    if tree_info.len() != trees || !tree_info.iter().enumerate().all(in_turn) {
        return Err(refuse(format!(
            "its {trees} trees do not take {outputs} outputs in turn (tree_info)"
        )));
    }
    if !trees.is_multiple_of(outputs) {
        return Err(refuse(format!("{trees} trees for {outputs} outputs: a round is cut short")));
    }
    Ok(())
}

fn from_part(part: &TreePart, width: usize) -> Result<Tree, Error> {
    let (id, count) = (part.id, part.left_children.len());
    check_lengths(part, count)?;
    if let Some(size) = part.tree_param.get("size_leaf_vector")
        && !matches!(size.as_str(), "0" | "1")
    {
        return Err(refuse(format!("the leaves of tree {id} hold {size} numbers, not one")));
    }
    let mut tree = Tree { nodes: Vec::with_capacity(count), sets: Vec::new() };
    let mut found = vec![0u8; count];
    for index in 0..count {
        let (weight, cover) = (part.base_weights[index], part.sum_hessian[index]);
        let condition = part.split_conditions[index];
        for (what, value) in [
            ("weight", weight),
            ("cover", cover),
            ("condition", condition),
            ("loss change", part.loss_changes[index]),
        ] {
            if !value.is_finite() {
                return Err(refuse(format!(
                    "the {what} of node {index} of tree {id} is {value}, not a finite number"
                )));
            }
        }
        let kind = if part.left_children[index] == -1 {
            Kind::Leaf { value: condition }
        } else {
            let branch = branch(part, (index, width), &mut tree.sets)?;
            found[branch.left as usize] += 1;
            found[branch.right as usize] = found[branch.right as usize].saturating_add(1);
            Kind::Branch(branch)
        };
        tree.nodes.push(Node { kind, weight, cover });
    }
    // One way to each node but the root, and children after parents: a tree.
    if found[0] != 0 || found[1..].iter().any(|&ways| ways != 1) {
        return Err(refuse(format!("the nodes of tree {id} do not form a tree")));
    }
    if tree.sets.len() != part.categories_nodes.len() {
        return Err(refuse(format!("tree {id} has categories of nodes that do not ask for any")));
    }
    let depth = tree.depth();
    if depth > DEEPEST {
        return Err(refuse(format!("tree {id} is {depth} deep; {DEEPEST} is the most")));
    }
    Ok(tree)
}

fn check_lengths(part: &TreePart, count: usize) -> Result<(), Error> {
    let id = part.id;
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
    if !part.split_type.is_empty() && part.split_type.len() != count {
        return Err(refuse(format!("tree {id} has split types of some nodes only")));
    }
    let sets = part.categories_nodes.len();
    let named = part.categories_sizes.iter().fold(0usize, |sum, &size| sum.saturating_add(size));
    if part.categories_segments.len() != sets
        || part.categories_sizes.len() != sets
        || named > part.categories.len()
    {
        return Err(refuse(format!("tree {id} has category lists of different lengths")));
    }
    Ok(())
}

fn branch(
    part: &TreePart,
    (index, width): (usize, usize),
    sets: &mut Vec<Vec<u32>>,
) -> Result<Branch, Error> {
    let (id, count) = (part.id, part.left_children.len());
    let column = part.split_indices[index];
    // Children come after their parent, so that no walk runs in a circle.
    let child =
        |at: i64| u32::try_from(at).ok().filter(|&at| (at as usize) < count && at as usize > index);
    let (Some(left), Some(right), true) = (
        child(part.left_children[index]),
        child(part.right_children[index]),
        (column as usize) < width,
    ) else {
        return Err(refuse(format!("node {index} of tree {id} points outside the model")));
    };
    let test = match part.split_type.get(index) {
        None | Some(0) => Test::Below(part.split_conditions[index]),
        Some(1) => {
            sets.push(categories(part, index)?);
            Test::NotIn(sets.len() as u32 - 1)
        }
        Some(other) => {
            return Err(refuse(format!("node {index} of tree {id} has split type {other}")));
        }
    };
    let (missing_left, gain) = (part.default_left[index] != 0, part.loss_changes[index]);
    Ok(Branch { column, test, missing_left, left, right, gain })
}

/// The categories of a node that go right, ascending.
fn categories(part: &TreePart, index: usize) -> Result<Vec<u32>, Error> {
    let id = part.id;
    let place = part.categories_nodes.binary_search(&index);
    let set = place.ok().and_then(|at| {
        let start = part.categories_segments[at];
        part.categories.get(start..start.checked_add(part.categories_sizes[at])?)
    });
    let Some(set) = set else {
        return Err(refuse(format!("node {index} of tree {id} lacks its categories")));
    };
    let mut set = set.to_vec();
    set.sort_unstable();
    set.dedup();
    if let Some(code) = set.iter().find(|&&code| code >= CATEGORY_LIMIT as u32) {
        return Err(refuse(format!("node {index} of tree {id} asks for category {code}")));
    }
    Ok(set)
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, Error> {
    text.trim().parse().map_err(|_| refuse(format!("{name} is {text:?}, not a number")))
}

/// `[1,2]`, or a number alone.
fn numbers<T: std::str::FromStr>(name: &str, text: &str) -> Result<Vec<T>, Error> {
    text.trim().trim_matches(['[', ']']).split(',').map(|part| number(name, part)).collect()
}
