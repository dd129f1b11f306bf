//! Forests as files have them, checked.

use std::collections::BTreeMap;

use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::internal::*;

use super::{Branch, Ending, Forest, Pair, Step, Test, Together, Trees};
use crate::attributes::{floats, int, ints, text, texts};

/// Reads `TreeEnsembleClassifier`; its one output is the scores.
pub(crate) fn classifier(node: &NodeProto) -> TractResult<Forest> {
    let classes = ints(node, "classlabels_int64s").len() + texts(node, "classlabels_strings").len();
    ensure!(classes >= 2, "a forest that classifies has {classes} classes");
    let mut trees = trees(node, "class", classes)?;
    let weights = &trees.contributions;
    let alone = weights.iter().all(|&(target, _)| target == weights[0].0);
    if classes == 2 && alone && trees.base.len() < 2 {
        trees.pair = if weights.iter().all(|&(_, weight)| weight >= 0.0) {
            Pair::Shares
        } else {
            Pair::Signs
        };
        trees.scores = 1;
        trees.contributions.iter_mut().for_each(|(target, _)| *target = 0);
    }
    Ok(Forest(Arc::new(trees)))
}

/// Reads `TreeEnsembleRegressor`.
pub(crate) fn regressor(node: &NodeProto) -> TractResult<Forest> {
    let targets = usize::try_from(int(node, "n_targets").unwrap_or(1))?;
    ensure!((1..=100_000).contains(&targets), "a forest has {targets} targets");
    Ok(Forest(Arc::new(trees(node, "target", targets)?)))
}

fn trees(node: &NodeProto, prefix: &str, scores: usize) -> TractResult<Trees> {
    let (steps, roots, contributions, width) = grow(node, prefix, scores)?;
    let base = floats(node, "base_values").to_vec();
    ensure!(base.len() <= scores, "{} base values for {scores} scores", base.len());
    let together = match text(node, "aggregate_function").unwrap_or("SUM") {
        "SUM" => Together::Sum,
        "AVERAGE" => Together::Average,
        "MIN" => Together::Least,
        "MAX" => Together::Most,
        other => bail!("trees are put together by {other:?}, which is not known"),
    };
    let ending = match text(node, "post_transform").unwrap_or("NONE") {
        "NONE" => Ending::None,
        "LOGISTIC" => Ending::Logistic,
        "SOFTMAX" => Ending::Softmax,
        other => bail!("trees end in {other:?}; export them with NONE, LOGISTIC or SOFTMAX"),
    };
    let pair = Pair::No;
    Ok(Trees { steps, roots, contributions, base, scores, width, together, ending, pair })
}

/// Contributions by tree and node.
type Leaves = BTreeMap<(i64, i64), Vec<(u32, f32)>>;

/// Steps, roots, contributions, and the number of features that are read.
type Grown = (Vec<Step>, Vec<u32>, Vec<(u32, f32)>, usize);

/// The nodes of all trees under their places in the list, and each leaf's contributions together.
fn grow(node: &NodeProto, prefix: &str, scores: usize) -> TractResult<Grown> {
    let (tree_ids, node_ids) = (ints(node, "nodes_treeids"), ints(node, "nodes_nodeids"));
    let count = tree_ids.len();
    ensure!(count > 0 && count < u32::MAX as usize, "a forest has {count} nodes");
    let lists = ["nodes_nodeids", "nodes_featureids", "nodes_truenodeids", "nodes_falsenodeids"];
    let equal = lists.iter().all(|name| ints(node, name).len() == count)
        && floats(node, "nodes_values").len() == count
        && texts(node, "nodes_modes").len() == count;
    ensure!(equal, "the lists of nodes have different lengths");
    let mut places = BTreeMap::new();
    let mut roots = BTreeMap::new();
    for (at, key) in tree_ids.iter().copied().zip(node_ids.iter().copied()).enumerate() {
        ensure!(places.insert(key, at).is_none(), "tree {} has node {} twice", key.0, key.1);
        roots.entry(key.0).or_insert(at as u32);
    }
    let (mut contributions, mut spans) = (Vec::new(), BTreeMap::new());
    for (at, found) in leaves(node, prefix, scores)? {
        let place = places.get(&at).copied();
        let place = place.with_context(|| format!("no node {} in tree {}", at.1, at.0))?;
        let from = contributions.len() as u32;
        contributions.extend(found);
        spans.insert(place, (from, contributions.len() as u32));
    }
    ensure!(!contributions.is_empty(), "no leaf of the forest has a weight");
    let mut steps = Vec::with_capacity(count);
    for at in 0..count {
        let leaf = || {
            let (from, to) = spans.get(&at).copied().unwrap_or((0, 0));
            Step::Leaf { from, to }
        };
        steps.push(branch(node, at, &places)?.map_or_else(leaf, Step::Branch));
    }
    let width = one_way(&steps, roots.values())?;
    Ok((steps, roots.into_values().collect(), contributions, width))
}

/// The contributions of all leaves.
fn leaves(node: &NodeProto, prefix: &str, scores: usize) -> TractResult<Leaves> {
    let list = |name: &str| ints(node, &format!("{prefix}_{name}"));
    let (trees, nodes, targets) = (list("treeids"), list("nodeids"), list("ids"));
    let weights = floats(node, &format!("{prefix}_weights"));
    let count = weights.len();
    ensure!(
        trees.len() == count && nodes.len() == count && targets.len() == count,
        "the lists of leaves have different lengths"
    );
    let mut leaves = Leaves::new();
    for at in 0..count {
        let target = usize::try_from(targets[at]).ok().filter(|&target| target < scores);
        let target = target.with_context(|| format!("leaf {at} speaks of {}", targets[at]))?;
        leaves.entry((trees[at], nodes[at])).or_default().push((target as u32, weights[at]));
    }
    Ok(leaves)
}

/// The branch at this place; none where it is a leaf.
fn branch(
    node: &NodeProto,
    at: usize,
    places: &BTreeMap<(i64, i64), usize>,
) -> TractResult<Option<Branch>> {
    let list = |name| ints(node, name).get(at).copied().with_context(|| format!("{name} is short"));
    let mode = texts(node, "nodes_modes").get(at).context("nodes_modes is short")?;
    let test = match mode.as_slice() {
        b"LEAF" => return Ok(None),
        b"BRANCH_LEQ" => Test::AtMost,
        b"BRANCH_LT" => Test::Below,
        b"BRANCH_GTE" => Test::AtLeast,
        b"BRANCH_GT" => Test::Above,
        b"BRANCH_EQ" => Test::Same,
        b"BRANCH_NEQ" => Test::Other,
        other => bail!("a tree branches by {:?}", String::from_utf8_lossy(other)),
    };
    let tree = list("nodes_treeids")?;
    let child = |name| -> TractResult<u32> {
        let id = list(name)?;
        let place = places.get(&(tree, id)).copied();
        Ok(place.with_context(|| format!("tree {tree} has no node {id}"))? as u32)
    };
    let missing = ints(node, "nodes_missing_value_tracks_true").get(at).copied().unwrap_or(0);
    Ok(Some(Branch {
        test,
        feature: u32::try_from(list("nodes_featureids")?)?,
        value: *floats(node, "nodes_values").get(at).context("nodes_values is short")?,
        yes: child("nodes_truenodeids")?,
        no: child("nodes_falsenodeids")?,
        missing_is_yes: missing != 0,
    }))
}

/// Refuses trees in which a walk could come back; gives the number of features that are read.
fn one_way<'a>(steps: &[Step], roots: impl Iterator<Item = &'a u32>) -> TractResult<usize> {
    let mut seen = vec![false; steps.len()];
    roots.for_each(|&root| seen[root as usize] = true);
    let mut width = 0;
    for step in steps {
        let Step::Branch(branch) = step else { continue };
        width = width.max(branch.feature as usize + 1);
        for child in [branch.yes, branch.no] {
            let again = std::mem::replace(&mut seen[child as usize], true);
            ensure!(!again, "two ways lead to a node of a tree; the forest is damaged");
        }
    }
    Ok(width)
}
