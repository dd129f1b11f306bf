//! Trees: `TreeEnsembleClassifier` and `TreeEnsembleRegressor`.
//!
//! Written here because the runtime knows no regression trees, and walks those of a classifier
//! without asking whether a branch leads out of the tree or back into it. Here each node has one
//! way to it, and a walk ends.
//!
//! Source: ONNX ML operators, version 3; where they are silent, what onnxruntime does.

use std::collections::BTreeMap;

use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::internal::*;

use crate::attributes::{floats, int, ints, text, texts};

/// Where a row goes next.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    /// To one of two nodes.
    Branch(Branch),
    /// Numbers from `from` to `to` of the contributions.
    Leaf { from: u32, to: u32 },
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Branch {
    test: Test,
    feature: u32,
    value: f32,
    yes: u32,
    no: u32,
    missing_is_yes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Test {
    AtMost,
    Below,
    AtLeast,
    Above,
    Same,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Together {
    Sum,
    Average,
    Least,
    Most,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    None,
    Logistic,
    Softmax,
}

/// What two classes with one score become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pair {
    /// There are as many scores as classes.
    No,
    /// The score is a share of votes.
    Shares,
    /// The score is above 0 for a win.
    Signs,
}

/// A forest ready to run; shape `[rows, features]` to `[rows, outputs]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Forest(Arc<Trees>);

#[derive(Debug, PartialEq)]
struct Trees {
    steps: Vec<Step>,
    roots: Vec<u32>,
    contributions: Vec<(u32, f32)>,
    base: Vec<f32>,
    scores: usize,
    width: usize,
    together: Together,
    ending: Ending,
    pair: Pair,
}

// Weights are compared as numbers, and a forest with a NaN equals no other: enough for a runtime
// that looks for equal operators to share.
impl Eq for Forest {}

impl Trees {
    fn walk(&self, root: u32, row: &[f32]) -> &[(u32, f32)] {
        let mut at = root;
        loop {
            match self.steps[at as usize] {
                Step::Branch(branch) => at = branch.next(row[branch.feature as usize]),
                Step::Leaf { from, to } => return &self.contributions[from as usize..to as usize],
            }
        }
    }

    fn scores(&self, row: &[f32], scores: &mut [f32]) {
        let start = match self.together {
            Together::Least => f32::INFINITY,
            Together::Most => f32::NEG_INFINITY,
            _ => 0.0,
        };
        scores.fill(start);
        for &root in &self.roots {
            for &(target, weight) in self.walk(root, row) {
                let score = &mut scores[target as usize];
                match self.together {
                    Together::Least => *score = score.min(weight),
                    Together::Most => *score = score.max(weight),
                    _ => *score += weight,
                }
            }
        }
        for (at, score) in scores.iter_mut().enumerate() {
            if self.together == Together::Average {
                *score /= self.roots.len() as f32;
            }
            // No tree spoke of this target.
            if score.is_infinite() && *score == start {
                *score = 0.0;
            }
            *score += self.base.get(at).copied().unwrap_or(0.0);
        }
    }

    fn end(&self, scores: &[f32], out: &mut [f32]) {
        let logistic = |x: f32| 1.0 / (1.0 + (-x).exp());
        match (self.pair, self.ending) {
            (Pair::Shares | Pair::Signs, Ending::Logistic) => {
                out.copy_from_slice(&[logistic(-scores[0]), logistic(scores[0])]);
            }
            (Pair::Shares, _) => out.copy_from_slice(&[1.0 - scores[0], scores[0]]),
            (Pair::Signs, _) => out.copy_from_slice(&[-scores[0], scores[0]]),
            (Pair::No, Ending::None) => out.copy_from_slice(scores),
            (Pair::No, Ending::Logistic) => {
                out.iter_mut().zip(scores).for_each(|(out, &score)| *out = logistic(score));
            }
            (Pair::No, Ending::Softmax) => {
                let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                out.iter_mut().zip(scores).for_each(|(out, score)| *out = (score - most).exp());
                let sum: f32 = out.iter().sum();
                out.iter_mut().for_each(|out| *out /= sum);
            }
        }
    }

    fn outputs(&self) -> usize {
        if self.pair == Pair::No { self.scores } else { 2 }
    }
}

impl Branch {
    fn next(&self, value: f32) -> u32 {
        let yes = match self.test {
            Test::AtMost => value <= self.value,
            Test::Below => value < self.value,
            Test::AtLeast => value >= self.value,
            Test::Above => value > self.value,
            Test::Same => value == self.value,
            Test::Other => value != self.value,
        };
        if yes || (self.missing_is_yes && value.is_nan()) { self.yes } else { self.no }
    }
}

impl Op for Forest {
    fn name(&self) -> StaticName {
        "Forest".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Forest {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let input = args_1!(inputs);
        let &[rows, width] = input.shape() else {
            bail!("trees take [rows, features], not {:?}", input.shape());
        };
        ensure!(width >= self.0.width, "trees read {} features of {width}", self.0.width);
        let input = input.cast_to::<f32>()?;
        let input = input.try_as_plain_ram()?.as_slice::<f32>()?;
        let outputs = self.0.outputs();
        let mut out = vec![0.0; rows * outputs];
        let mut scores = vec![0.0; self.0.scores];
        for (row, out) in input.chunks_exact(width).zip(out.chunks_exact_mut(outputs)) {
            self.0.scores(row, &mut scores);
            self.0.end(&scores, out);
        }
        Ok(tvec!(Tensor::from_shape(&[rows, outputs], &out)?.into_tvalue()))
    }
}

impl TypedOp for Forest {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        ensure!(inputs.len() == 1 && inputs[0].rank() == 2, "trees take [rows, features]");
        Ok(tvec!(f32::fact(&[inputs[0].shape[0].clone(), self.0.outputs().to_dim()])))
    }

    as_op!();
}

impl Expansion for Forest {
    fn name(&self) -> StaticName {
        "Forest".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_input_arity(inputs, 1)?;
        check_output_arity(outputs, 1)?;
        s.equals(&inputs[0].rank, 2)?;
        s.equals(&outputs[0].rank, 2)?;
        s.equals(&outputs[0].datum_type, DatumType::F32)?;
        s.equals(&outputs[0].shape[0], &inputs[0].shape[0])?;
        s.equals(&outputs[0].shape[1], self.0.outputs().to_dim())
    }

    fn wire(
        &self,
        prefix: &str,
        model: &mut TypedModel,
        inputs: &[OutletId],
    ) -> TractResult<TVec<OutletId>> {
        model.wire_node(prefix, self.clone(), inputs)
    }
}

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

/// Contributions by tree and node.
fn leaves(
    node: &NodeProto,
    prefix: &str,
    scores: usize,
) -> TractResult<BTreeMap<(i64, i64), Vec<(u32, f32)>>> {
    let list = |name: &str| ints(node, &format!("{prefix}_{name}"));
    let (trees, nodes, targets) = (list("treeids"), list("nodeids"), list("ids"));
    let weights = floats(node, &format!("{prefix}_weights"));
    let count = weights.len();
    ensure!(
        trees.len() == count && nodes.len() == count && targets.len() == count,
        "the lists of leaves have different lengths"
    );
    let mut leaves: BTreeMap<(i64, i64), Vec<(u32, f32)>> = BTreeMap::new();
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
